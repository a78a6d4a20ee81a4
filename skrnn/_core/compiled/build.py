"""Kernels compiled for a cell and a type of numbers: once on a machine, and kept."""

import zlib
from functools import lru_cache
from pathlib import Path
from types import FunctionType

import numpy as np
from numba import cfunc, njit

from skrnn._core import cells
from skrnn._core.compiled import calls
from skrnn._core.compiled.vecmath import OPTIONS

# A kernel sees these functions of the cell under their names with "step_" before them.
FUNCTIONS = "forward_parts", "forward", "local_parts", "local", "back_parts", "back"


def as_argument(rows, dtype):
    """Return rows as kernels take them: contiguous, and writeable, though nobody writes to them."""
    is_right = rows.flags.carray and rows.dtype == dtype
    return rows if is_right else np.require(rows, dtype, ["C", "W"])


def built(kernel, signature, cell):
    """Compile a kernel with the equations of a cell; in a process, and on a machine, once.

    numba compiles in one thread at a time, so that of two that ask at once the second loads what
    the first has compiled.
    """
    return _build(kernel, signature, tuple(getattr(cell, name) for name in FUNCTIONS))


@lru_cache
def _build(kernel, signature, equations):
    names, number = dict(kernel.__globals__), checksum(equations, signature)
    for name, function in zip(FUNCTIONS, equations, strict=True):
        copy = renamed(function, name, function.__globals__ | calls.NAMES, number)
        names[f"step_{name}"] = njit(**OPTIONS)(copy)
    return kept(renamed(kernel, kernel.__name__, names, number), signature, **OPTIONS)


def renamed(function, name, names, number):
    """Return a function that sees these names, and is itself called by a name and a number.

    numba keeps compiled code under the name of the function.
    """
    copy = FunctionType(function.__code__, names, name)
    copy.__module__ = function.__module__
    return calls.named(number)(copy)


def checksum(equations, signature):
    """Number that changes with any of the sources: numba looks at one file only.

    It differs for each type of numbers, too: two processes may not add to one list of kept code.
    """
    paths = [Path(cells.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    codes = [function.__code__ for function in equations]
    sources = [path.read_bytes() for path in paths]
    sources.append(str(signature).encode())
    sources += [repr((code.co_code, code.co_names, code.co_consts)).encode() for code in codes]
    return zlib.crc32(b"".join(sources))


def kept_for_c(function, signature):
    """Compile a function that is called by its ``address``, and need not know any cell."""
    number = checksum((), signature)
    copy = renamed(function, function.__name__, function.__globals__, number)
    return kept(copy, signature, cfunc, error_model=OPTIONS["error_model"])


def kept(function, signature, compiler=njit, **options):
    """Compile, or load what an earlier process has compiled, if there is a place to keep it."""
    try:
        return compiler(signature, cache=True, **options)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return compiler(signature, **options)(function)
