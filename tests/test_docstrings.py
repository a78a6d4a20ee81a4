"""What docstrings share stands in one place, and the papers that they name on one page."""

import ast
import re
from itertools import pairwise
from textwrap import dedent

import pytest

from docs.docstrings import write

PARTS = write.read_shared((write.HERE / "shared.txt").read_text("utf-8"))
SOURCES = {path: path.read_text("utf-8") for path in sorted(write.PACKAGE.rglob("*.py"))}
EXAMPLES = sorted((write.PACKAGE.parent / "examples").rglob("*.py"))


def folder(path):
    return path.relative_to(write.PACKAGE).parts[0]


@pytest.mark.slow
def test_the_files_agree_with_the_shared_words():
    changed = [str(path) for path in write.changes()]
    assert not changed, "run python docs/docstrings/write.py"


@pytest.mark.slow
def test_every_shared_entry_is_used():
    used = set()
    for path, source in SOURCES.items():
        for docstring in write.find_docstrings(ast.parse(source), source):
            for section, body in write.sections(source.split("\n")[docstring.lines], docstring):
                entries = write.split_entries(body)
                names = {", ".join(write.names_of(entry)) for entry in entries}
                names = {""} if section in write.WHOLE else names
                used |= {
                    (i, section, name)
                    for i, part in enumerate(PARTS)
                    for name in names & part.entries.keys()
                    if part.section == section and part.is_for(folder(path), docstring.name)
                }
    every = {(i, part.section, name) for i, part in enumerate(PARTS) for name in part.entries}
    assert every == used


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_indented_in_an_example_is_code(path):
    """On its page it would be a quotation."""
    paragraphs = ast.get_docstring(ast.parse(path.read_text("utf-8"))).split("\n\n")
    for before, paragraph in pairwise(paragraphs):
        assert not paragraph.startswith(" ") or before.endswith("::"), paragraph


SHARED = """
[_estimators Net* *.fit: Parameters]

size : int
    Units of
    each layer.

rate : float
    Speed.

[_estimators NetB: Parameters]

rate
    ... Of B.

[_estimators Net*: Notes]

All ``a long piece of code`` is equal:

    x = 1
"""
MODULE = '''
class {0}:
    """A net.

    Parameters
    ----------
    own : str, default='x'
        Own words.

    Notes
    -----
    Old words.
    """

    def __init__(self, *, size=1_0, own="x", rate=5e-3):
        """Keep them."""

    def fit(self, rate):
        """Fit.

        Parameters
        ----------
        rate : str
            Old words.

        Returns
        -------
        self : object
            Own words.
        """
'''


@pytest.mark.parametrize("name, more", [("NetA", ""), ("NetB", " Of B.")])
def test_shared_words_and_defaults_are_written_beside_own_words(name, more):
    written = write.rewrite(MODULE.format(name), "_estimators", write.read_shared(SHARED))
    tree = ast.parse(written).body[0]
    assert ast.get_docstring(tree) == dedent(f"""\
        A net.

        Parameters
        ----------
        size : int, default=1_0
            Units of each layer.
        own : str, default='x'
            Own words.
        rate : float, default=5e-3
            Speed.{more}

        Notes
        -----
        All ``a long piece of code`` is equal:

            x = 1""")
    assert "rate : float\n            Speed.\n\n        Returns\n" in written
    assert "self : object\n            Own words.\n" in written
    assert write.rewrite(written, "_estimators", write.read_shared(SHARED)) == written
    assert write.rewrite(written, "_series", write.read_shared(SHARED)) == written


def test_long_lines_are_wrapped_and_code_is_not():
    first, second = write.format_text("word " * 3 + "``a b c d`` word", width=20)
    assert (first, second) == ("word word word", "``a b c d`` word")
    entry = write.format_entry("rate", "float in [0, 1)", "Speed.", default="0.5", width=30)
    assert entry == ["rate : float in [0, 1), \\", "        default=0.5", "    Speed."]


# The first author's name and the year.
CITATION = re.compile(
    r"([A-Z]\w+)(?:(?:, [A-Z]\w+)* & [A-Z]\w+| et al\.)?(?:, | \()((?:19|20)\d\d)(?=[;,.)])"
)


def test_papers_that_are_named_are_on_the_page_of_references():
    page = (write.HERE.parent / "references.md").read_text("utf-8")
    listed = set(CITATION.findall(page))
    assert len(listed) > 25
    entries = re.findall(r"^- \*\*(.*?)\.\*\*", page, re.MULTILINE)
    assert entries == sorted(entries)
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                words = " ".join((ast.get_docstring(node) or "").split())
                missing = set(CITATION.findall(words)) - listed
                assert not missing, f"{path}: add {missing} to docs/references.md"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_shapes_quote_names_that_end_in_an_underscore(path):
    # (n_outputs_,) is a link to the site.
    assert not re.findall(r"shape \(\w+_,", SOURCES[path])
