"""Figures of the source: how long, how branched and how entangled its functions are.

    python -m benchmarks.figures                 of this checkout
    python -m benchmarks.figures ../before .     of several checkouts or packages, side by side

How each is counted:

code lines       lines that hold more than comments, docstrings and blanks
comments         lines that hold a comment, as a share of all lines but blank ones and, second, of
                 the code lines
docstrings       lines of docstrings as a share of all lines but blank ones
function length  code lines of a function or method from ``def`` to its end, with the signature and
                 the functions inside; decorators count, its docstring does not
branches         cyclomatic complexity: 1, and 1 more for each ``if``, ``elif``, loop, ``except``,
                 ``case`` and ``assert``, conditional expression, ``for`` and ``if`` of a
                 comprehension, and operand after the first of ``and`` and ``or``. A function inside
                 another counts to both, for they are read together.
parameters       all of a function's signature but ``self`` and ``cls``; constructors do not count,
                 whose parameters are scikit-learn's way to configure an estimator
private reads    ``object._name`` for an object other than ``self`` and ``cls``, and imports of such
                 names, where another module of the package defines the name and this one does not
imports up       imports of a module of the package that stands on a higher floor, by the table
                 FLOORS in tests/test_architecture.py; none is counted where there is no such table

The core is the folder ``_core``. Names in brackets are where the largest value stands. Below the
table are the private reads and the imports up of the last package.
"""

import ast
import io
import sys
import tokenize
from math import ceil
from pathlib import Path
from typing import NamedTuple

SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)
BRANCHES += (ast.Assert, ast.IfExp, ast.comprehension)
NAMED_TUPLES = {"_replace", "_asdict", "_fields", "_make", "_field_defaults"}


class Function(NamedTuple):
    """One function or method."""

    name: str
    module: str
    n_lines: int
    n_branches: int
    n_parameters: int

    @property
    def place(self):
        return f"{self.module}.{self.name}"


class Module(NamedTuple):
    """One file of the package."""

    name: str
    tree: ast.Module
    code: set  # numbers of its code lines
    comments: set
    docstrings: set
    n_lines: int  # lines but blank ones


def read_module(path, root):
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS[:2])) and ast.get_docstring(node)
        for line in lines_of(node.body[0])
    }
    code, comments = set(), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        lines = range(token.start[0], token.end[0] + 1)
        if token.type == tokenize.COMMENT:
            comments.update(lines)
        elif token.type not in SKIPPED:
            code.update(lines)
    filled = {i for i, line in enumerate(source.splitlines(), start=1) if line.strip()}
    name = ".".join([root.name, *path.relative_to(root).with_suffix("").parts])
    return Module(
        name.removesuffix(".__init__"),
        tree,
        code=code - docstrings,
        comments=comments,
        docstrings=docstrings & filled,
        n_lines=len(filled),
    )


def lines_of(node):
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return range(first, node.end_lineno + 1)


def read_package(root):
    return [read_module(path, root) for path in sorted(root.rglob("*.py"))]


def functions_of(module):
    """Yield every function that has a name, those within others as well."""

    def walk(node, owner):
        for child in ast.iter_child_nodes(node):
            name = owner
            if isinstance(child, (ast.ClassDef, *FUNCTIONS[:2])):
                name = f"{owner}.{child.name}".lstrip(".")
            if isinstance(child, FUNCTIONS[:2]):
                yield Function(
                    name,
                    module.name,
                    len(module.code & set(lines_of(child))),
                    count_branches(child),
                    count_parameters(child),
                )
            yield from walk(child, name)

    yield from walk(module.tree, "")


def count_branches(function):
    n = 1
    for node in ast.walk(function):
        n += isinstance(node, BRANCHES)
        n += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
        n += len(node.ifs) if isinstance(node, ast.comprehension) else 0
    return n


def count_parameters(function):
    args = function.args
    names = [a.arg for a in args.posonlyargs + args.args]
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    return len(names) + len(args.kwonlyargs) + bool(args.vararg) + bool(args.kwarg)


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in NAMED_TUPLES


def defined_private(module):
    """Return the private names that a module defines, for itself or on any object."""
    names = set()
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.ClassDef, *FUNCTIONS[:2])):
            names.add(node.name)
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            names.add(getattr(node, "attr", None) or node.id)
    return {name for name in names if is_private(name)}


def private_reads(modules):
    """Return (module, name) of each read of a private name of another module."""
    defined = {module.name: defined_private(module) for module in modules}
    every = set().union(*defined.values())
    reads = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                names = [] if is_own else [node.attr]
            elif isinstance(node, ast.ImportFrom):
                names = [alias.name for alias in node.names]
            else:
                continue
            foreign = every - defined[module.name]
            reads += [(module.name, name) for name in names if name in foreign]
    return reads


def imports_of(module, names):
    """Yield the modules of the package, out of `names`, that a module imports."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [part if part in names else node.module for part in parts]
        else:
            continue
        yield from (name for name in found if name in names)


def read_floors(root):
    """Return the table FLOORS of the tests beside a package, or None."""
    path = root.parent / "tests" / "test_architecture.py"
    tree = ast.parse(path.read_text("utf-8")) if path.exists() else ast.Module([], [])
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FLOORS":
            return ast.literal_eval(node.value)
    return None


def imports_up(modules, floors):
    """Return (module, imported module) of each import from a higher floor."""

    def floor(name):
        fitting = [part for part in floors if f"{name}.".startswith(f"{part}.")]
        return floors[max(fitting, key=len)]

    names = {module.name for module in modules}
    return [
        (module.name, name)
        for module in modules
        for name in sorted(set(imports_of(module, names)))
        if floor(name) > floor(module.name)
    ]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def share(part, whole):
    return f"{100 * part / max(whole, 1):.1f} %"


def largest(items, value, place):
    top = max(items, key=value)
    return f"{value(top)} ({place(top)})"


def size_figures(modules):
    """Return the figures of a part of the package, by name."""
    functions = [function for module in modules for function in functions_of(module)]
    lengths = [function.n_lines for function in functions]
    n_code = sum(len(module.code) for module in modules)
    n_lines = sum(module.n_lines for module in modules)
    n_comments = sum(len(module.comments) for module in modules)
    others = [function for function in functions if not function.name.endswith("__init__")]
    return {
        "files": len(modules),
        "code lines": n_code,
        "comments": f"{share(n_comments, n_lines)}, {share(n_comments, n_code)}",
        "docstrings": share(sum(len(module.docstrings) for module in modules), n_lines),
        "largest file": largest(modules, lambda m: len(m.code), lambda m: m.name),
        "functions": len(functions),
        "function length, median": percentile(lengths, 0.5),
        "function length, 95 %": percentile(lengths, 0.95),
        "function length, largest": largest(functions, lambda f: f.n_lines, lambda f: f.place),
        "function length, largest but constructors": largest(
            others, lambda f: f.n_lines, lambda f: f.place
        ),
        "branches, 95 %": percentile([function.n_branches for function in functions], 0.95),
        "branches, largest": largest(functions, lambda f: f.n_branches, lambda f: f.place),
        "parameters, largest": largest(others, lambda f: f.n_parameters, lambda f: f.place),
    }


def figures(root):
    """Return all figures of a package, by name."""
    modules = read_package(root)
    core = [module for module in modules if "._core." in f"{module.name}."]
    floors = read_floors(root)
    up = "no table of floors" if floors is None else len(imports_up(modules, floors))
    return {
        **size_figures(modules),
        **{f"core: {name}": value for name, value in size_figures(core).items()},
        "private reads": len(private_reads(modules)),
        "imports up": up,
    }


def find_package(path):
    root = Path(path).resolve()
    return root if (root / "__init__.py").exists() else root / "skrnn"


def main(paths):
    roots = [find_package(path) for path in paths or [Path(__file__).parents[1]]]
    columns = [figures(root) for root in roots]
    print("|", *(f"| {root.parent.name}" for root in roots), "|")
    print("|---" * (1 + len(roots)) + "|")
    for name in columns[0]:
        print(f"| {name} |", " | ".join(str(column[name]) for column in columns), "|")
    modules, floors = read_package(roots[-1]), read_floors(roots[-1])
    for module, name in sorted(set(private_reads(modules))):
        print(f"{module} reads {name}")
    for module, name in imports_up(modules, floors) if floors else ():
        print(f"{module} imports {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
