"""Write into the docstrings of the package what several of them share.

    python docs/docstrings/write.py            write, and name the files that have changed
    python docs/docstrings/write.py --check    name them only; fails if there are any

The shared words stand in ``shared.txt`` beside this file. A heading there says which docstrings,
and which of their sections, the entries below it are for::

    [_estimators *.fit *.partial_fit: Parameters]

    X : array-like or SequenceArray
        Sequences ...

The first word is a folder of the package; then come patterns of the names of functions, classes or
methods. An entry replaces the one of the same name in these docstrings; where two entries are for
the same place, the later one counts, so that variants stand below what they vary; one that begins
with ... goes on from the earlier one, and one without a type keeps the earlier one's. The sections
Notes and References have no entries and are replaced as a whole. All other words of a docstring are
its own and stay as they are.

A docstring says which entries it has: write only the name of one, and the rest comes from here.
Parameters need not even be named, for the signature has their names, and their defaults as well.
Paragraphs are wrapped to fit; those with indented lines are taken as they are.
"""

import ast
import re
import sys
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from textwrap import dedent, wrap
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "skrnn"
WIDTH = 100
WHOLE = {"Notes", "References"}
HEADING = re.compile(r"\[(\S+) ([^:]+): (\w+)\]\n")


class Part(NamedTuple):
    """What stands below one heading of the shared text."""

    folder: str
    patterns: list
    section: str
    entries: dict  # name -> (type, description); for a whole section "" -> ("", text)

    def is_for(self, folder, name):
        """Tell whether the docstring `name`, a function, class or method, takes the entries."""
        return folder == self.folder and any(
            name.count(".") == pattern.count(".") and fnmatchcase(name, pattern)
            for pattern in self.patterns
        )


def read_shared(text):
    """Return the parts of the shared text."""
    _, *pieces = HEADING.split(text)
    return [
        Part(folder, patterns.split(), section, read_part(section, body.strip("\n")))
        for folder, patterns, section, body in zip(*[iter(pieces)] * 4, strict=True)
    ]


def read_part(section, body):
    if section in WHOLE:
        return {"": ("", body)}
    entries = {}
    for lines in split_entries(body.split("\n")):
        name, _, kind = lines[0].partition(" : ")
        entries[name] = (kind, dedent("\n".join(lines[1:])).strip("\n"))
    return entries


def split_entries(lines):
    """Return the lines of each entry: one that is not indented, and those that follow it."""
    entries = []
    for line in lines:
        if line and not line[0].isspace():
            entries.append([])
        if entries:
            entries[-1].append(line)
    return entries


def names_of(entry):
    """Names that an entry of a section is for, such as ``y_true, y_pred : sequences``."""
    return entry[0].partition(" : ")[0].split(", ")


class Docstring(NamedTuple):
    """A docstring within the lines of its file."""

    name: str
    node: ast.AST
    defaults: dict  # parameter -> source of its default, or None if it has none

    @property
    def margin(self):
        return self.node.body[0].col_offset

    @property
    def lines(self):
        return slice(self.node.body[0].lineno - 1, self.node.body[0].end_lineno)


def find_docstrings(tree, source, owner=""):
    """Yield the docstrings of functions, classes and methods."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            yield Docstring(owner + node.name, node, defaults_of(node, source))
        if isinstance(node, ast.ClassDef):
            yield from find_docstrings(node, source, f"{node.name}.")


def defaults_of(node, source):
    """Return the parameters of a function, or of the constructor of a class, by name."""
    if isinstance(node, ast.ClassDef):
        inits = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        return defaults_of(inits[0], source) if inits else {}
    args = node.args
    positional = args.posonlyargs + args.args
    defaults = dict.fromkeys(arg.arg for arg in positional + args.kwonlyargs)
    given = zip(reversed(positional), reversed(args.defaults), strict=False)
    for arg, default in [*given, *zip(args.kwonlyargs, args.kw_defaults, strict=True)]:
        if default is not None:
            value = getattr(default, "value", None)
            is_text = isinstance(value, str)
            defaults[arg.arg] = repr(value) if is_text else ast.get_source_segment(source, default)
    return {name: value for name, value in defaults.items() if name not in ("self", "cls")}


def rewrite(source, folder, parts):
    """Return the source of a module with the shared words in its docstrings."""
    lines = source.split("\n")
    found = list(find_docstrings(ast.parse(source), source))
    # From the last to the first, so that the places of those before stay what they were.
    for docstring in sorted(found, key=lambda found: found.lines.start, reverse=True):
        shared = words_for(folder, docstring.name, parts)
        lines[docstring.lines] = rewrite_docstring(lines[docstring.lines], docstring, shared)
    return "\n".join(lines)


def words_for(folder, name, parts):
    """Return the entries, by section and name, that are for the docstring of this name."""
    shared = {}
    for part in parts:
        if part.is_for(folder, name):
            section = shared.setdefault(part.section, {})
            for entry, (kind, text) in part.entries.items():
                section[entry] = vary(*section.get(entry, ("", "")), kind, text)
    return shared


def vary(old_kind, old_text, kind, text):
    """Return an entry that takes the place of an earlier one, or goes on from it after ..."""
    if text.startswith("..."):
        text = f"{old_text} {text[3:].strip()}".strip()
    return kind or old_kind, text


def rewrite_docstring(lines, docstring, shared):
    """Return the lines of a docstring with the entries of `shared` in their sections."""
    heads = heads_of(lines, docstring.margin)
    if not heads:
        return lines
    result = lines[: heads[0]]
    for head, (section, body) in zip(heads, sections(lines, docstring), strict=True):
        if section in shared:
            body = rewrite_section(body, section, docstring, shared[section])
        margin = " " * docstring.margin
        result += lines[head : head + 2] + [margin + line if line else "" for line in body] + [""]
    return [*result[:-1], lines[-1]]


def heads_of(lines, margin):
    """Return the places of the section headings, which have a line of dashes below them."""
    dashes = re.compile(" " * margin + "-+")
    return [i for i, below in enumerate(lines[1:]) if dashes.fullmatch(below) and lines[i].strip()]


def sections(lines, docstring):
    """Yield the name and the lines, without margin, of each section of a docstring."""
    heads = heads_of(lines, docstring.margin)
    for head, end in pairwise([*heads, len(lines) - 1]):
        body = [line[docstring.margin :] for line in lines[head + 2 : end]]
        while body and not body[-1]:
            body.pop()
        yield lines[head].strip(), body


def rewrite_section(body, section, docstring, shared):
    """Return the lines of a section, without margin, with the entries of `shared`."""
    width = WIDTH - docstring.margin
    if section in WHOLE:
        return format_text(shared[""][1], width)
    defaults = docstring.defaults if section == "Parameters" else {}
    result = []
    for entry in in_order(split_entries(body), defaults, shared):
        name = ", ".join(names_of(entry))
        if name in shared:
            is_followed_by_blank = len(entry) > 1 and not entry[-1]
            default = defaults.get(names_of(entry)[0])
            entry = format_entry(name, *shared[name], default, width)
            entry += [""] * is_followed_by_blank
        result += entry
    return result


def in_order(entries, defaults, shared):
    """Sort entries as the parameters of the signature, adding those that only `shared` has."""
    described = {name for entry in entries for name in names_of(entry)}
    entries = entries + [[name] for name in defaults if name in shared and name not in described]
    order = list(defaults)
    return sorted(
        entries, key=lambda e: order.index(n) if (n := names_of(e)[0]) in order else len(order)
    )


def format_entry(name, kind, description, default, width):
    """Return the lines of an entry, the default of a parameter taken from its signature."""
    head = f"{name} : {kind}" if kind else name
    if default is not None:
        whole = f"{head}, default={default}"
        head = whole if len(whole) <= width else f"{head}, \\\n        default={default}"
    return [*head.split("\n"), *indented(format_text(description, width - 4))]


def indented(lines):
    return [f"    {line}" if line else "" for line in lines]


def format_text(text, width):
    """Return the lines of some paragraphs, wrapped unless they have indented lines."""
    lines = []
    for paragraph in text.split("\n\n"):
        if re.search(r"^\s", paragraph, re.MULTILINE):
            lines += [*paragraph.split("\n"), ""]
            continue
        # Code stays on one line.
        words = re.sub(r"``.+?``", lambda code: code[0].replace(" ", "\0"), paragraph)
        wrapped = wrap(words, width, break_long_words=False, break_on_hyphens=False)
        lines += [*(line.replace("\0", " ") for line in wrapped), ""]
    return lines[:-1]


def changes():
    """Return path -> source of the modules that do not agree with the shared text."""
    parts = read_shared((HERE / "shared.txt").read_text("utf-8"))
    changed = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text("utf-8")
        folder = path.relative_to(PACKAGE).parts[0]
        new = rewrite(source, folder, parts)
        if new != source:
            changed[path] = new
    return changed


def main():
    changed = changes()
    for path, source in changed.items():
        print(path.relative_to(PACKAGE.parent))
        if "--check" not in sys.argv:
            path.write_text(source, encoding="utf-8")
    return int("--check" in sys.argv and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
