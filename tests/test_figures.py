"""The figures of a small package, counted by hand, and the limits that those of skrnn keep."""

from pathlib import Path

import pytest

from benchmarks import figures

CELLS = '''"""Docstring."""

import math  # a comment


class Cell:
    """Two

    lines."""

    _rows = 3

    def __init__(self, a, b, c, d):
        self._state = None

    # A comment
    @staticmethod
    def step(x, *, y=1, **options):
        """Not counted."""
        if x and y or options:  # 1 + 2 operands
            return [i for i in x if i]

        def inner(z):
            return z if z else math.pi

        return inner(y)
'''
BASE = """from pkg._core.cells import Cell
from pkg.top import _hidden


def look(cell):
    for _ in range(3):
        cell._state = cell._rows
    return cell._replace, cell._own, _hidden


class Look:
    _own = 1

    def look(self):
        return self._rows
"""
FLOORS = 'FLOORS = {"pkg": 9, "pkg.base": 2, "pkg._core": 1}\n'


@pytest.fixture
def package(tmp_path):
    files = {
        "pkg/__init__.py": "from pkg.base import look\n",
        "pkg/top.py": "_hidden = 1\n",
        "pkg/base.py": BASE,
        "pkg/_core/cells.py": CELLS,
        "tests/test_architecture.py": FLOORS,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "pkg"


def test_lines_and_comments(package):
    cells = figures.read_module(package / "_core" / "cells.py", package)
    assert (len(cells.code), len(cells.comments), len(cells.docstrings)) == (12, 3, 4)
    assert cells.n_lines == 17  # the comments of two code lines share these


def test_functions(package):
    modules = figures.read_package(package)
    found = {f.place: f[2:] for module in modules for f in figures.functions_of(module)}
    assert found == {
        "pkg._core.cells.Cell.__init__": (2, 1, 4),
        "pkg._core.cells.Cell.step": (7, 7, 3),
        "pkg._core.cells.Cell.step.inner": (2, 2, 1),
        "pkg.base.look": (4, 2, 1),
        "pkg.base.Look.look": (2, 1, 0),
    }


def test_reads_of_private_names_of_other_modules(package):
    reads = figures.private_reads(figures.read_package(package))
    assert sorted(reads) == [("pkg.base", "_hidden"), ("pkg.base", "_rows")]


def test_imports_up(package):
    modules = figures.read_package(package)
    assert figures.read_floors(package) == {"pkg": 9, "pkg.base": 2, "pkg._core": 1}
    assert figures.imports_up(modules, figures.read_floors(package)) == [("pkg.base", "pkg.top")]


def test_the_table(package, capsys):
    figures.main([str(package), str(package)])
    printed = capsys.readouterr().out
    assert "| core: function length, largest | 7 (pkg._core.cells.Cell.step) | 7 (pkg." in printed
    assert "| parameters, largest | 3 (pkg._core.cells.Cell.step) | 3 (" in printed
    assert "| comments | 10.3 %, 12.5 % |" in printed
    assert printed.endswith("pkg.base imports pkg.top\n")


SKRNN = figures.read_package(figures.find_package(Path(figures.__file__).parents[1]))
CORE = [module for module in SKRNN if "._core." in module.name]


def functions_of(modules):
    return [function for module in modules for function in figures.functions_of(module)]


@pytest.mark.parametrize("modules", [SKRNN, CORE], ids=["package", "core"])
def test_functions_are_short(modules):
    lengths = [function.n_lines for function in functions_of(modules)]
    assert figures.percentile(lengths, 0.5) <= 8
    assert figures.percentile(lengths, 0.95) <= 30


@pytest.mark.parametrize("modules, most", [(SKRNN, 15), (CORE, 12)], ids=["package", "core"])
def test_functions_have_few_branches(modules, most):
    assert not [f for f in functions_of(modules) if f.n_branches > most]


def test_functions_of_the_core_have_few_parameters():
    functions = [f for f in functions_of(CORE) if not f.name.endswith("__init__")]
    assert not [f for f in functions if f.n_parameters > 7]


def test_files_are_short():
    assert not [module.name for module in SKRNN if len(module.code) > 300]


def test_no_module_reads_what_is_private_to_another():
    assert not figures.private_reads(SKRNN)
