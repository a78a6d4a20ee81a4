"""Values that are right nowhere, or not where they are passed, for the fuzzer in test_fuzz.py.

They are made anew at every call, for iterators are used up and arrays could be written to.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_array

HUGE_INT = 10**400


class Tensor:
    """What has a shape, and of which no array can be made, as of a tensor with a gradient."""

    shape, ndim = (6, 3), 2

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("use detach()")

    def __len__(self):
        return 6


def plain():
    """Values that hold no data, by name."""
    return {
        "None": None,
        "text": "to be",
        "empty text": "",
        "bytes": b"to be",
        "int": 3,
        "negative": -1,
        "float": 2.5,
        "nan": np.nan,
        "inf": np.inf,
        "huge int": HUGE_INT,
        "true": True,
        "complex": 1j,
        "date": date(2024, 1, 1),
        "object": object(),
        "function": len,
        "ellipsis": ...,
        "dict": {"a": 1},
        "set": {1, 2},
        "empty list": [],
        "NumPy int": np.int8(2),
        "list of None": [None],
        "list of texts": ["a", "b"],
        "zero": 0,
        "huge float": 1e308,
        "NumPy bool": np.False_,
        "duration": np.timedelta64(3, "D"),
        "duration without unit": np.array([3]).view("m8")[0],
        "fraction": Fraction(1, 2),
        "array of None": np.array(None),
        "array of an int": np.array(2),
        "two booleans": np.array([True, False]),
        "class": list,
        "module": np,
        "nested tuple": ((1, 2), (3,)),
        "tensor": Tensor(),
    }


def containers():
    """Values that hold some data, by name."""
    return {
        "range": range(6),
        "iterator": iter([[1.0], [2.0]]),
        "empty array": np.empty((0, 2)),
        "no columns": np.empty((6, 0)),
        "scalar array": np.array(1.0),
        "vector": np.arange(6.0),
        "matrix": np.arange(12.0).reshape(6, 2),
        "column": np.arange(6.0).reshape(6, 1),
        "4-D": np.ones((6, 3, 2, 1)),
        "strings": np.full((6, 3), "a"),
        "six texts": ["a", "b"] * 3,
        "six Nones": [None] * 6,
        "mixed": [1, "a", None, 2.5, (), {}],
        "uneven": [[[1.0, 2.0], [3.0]]] * 6,
        "deep": [[[[[1.0]]]]] * 6,
        "empty lists": [[]] * 6,
        "dates": np.full((6, 3), "2024", "M8[D]"),
        "durations": np.full(6, 1, "m8[s]"),
        "list of dates": [date(2024, 1, 1)] * 6,
        "complex array": np.full((6, 3, 2), 1j),
        "masked": np.ma.masked_array(np.ones((6, 3)), np.eye(6, 3)),
        "masked vector": np.ma.masked_array(np.arange(6.0), [1, 0, 0, 0, 0, 0]),
        "sparse": csr_array(np.eye(6, 3)),
        "list of sparse": [csr_array(np.eye(2))] * 6,
        "structured": np.zeros(6, [("a", float), ("b", int)]),
        "void": np.zeros((6, 2), "V4"),
        "objects": np.array([object()] * 6),
        "matrix of None": np.full((6, 2), None),
        "numbers and texts": np.array([[1, "a"]] * 6, object),
        "huge ints": [[HUGE_INT, 1]] * 6,
        "NaN": np.full((6, 3, 2), np.nan),
        "NaN vector": np.full(6, np.nan),
        "huge": np.full((6, 4), 1.7e308),
        "huge of both signs": np.tile([1.7e308, -1.7e308], 3),
        "longdouble": np.full((6, 3, 2), np.longdouble("1e4000")),
        "negative ids": [[0, -1]] * 6,
        "huge ids": [[2**62, 1]] * 6,
        "uint64": np.full((6, 3), 2**64 - 1, np.uint64),
        "surrogates": ["\ud800", "\0"] * 3,
        "infinity of both signs": np.array([1.0, np.inf, -np.inf, 1.0, 1.0, 1.0]),
        "smallest": np.full(6, 5e-324),
        "tensors": [Tensor()] * 6,
        "array of arrays of objects": np.array([[np.array([1], object)] * 2] * 6, object),
    } | frames()


def frames():
    """Frames and series, by name."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame, arrays = pd.DataFrame({"a": [0, 1, 2] * 2, "b": range(6)}), pl.Series(np.ones((6, 2)))
    return {
        "frame of texts": pd.DataFrame({"a": list("abcabc"), "b": range(6)}),
        "frame of dates": pd.DataFrame({"a": pd.date_range("2024", periods=6), "b": range(6)}),
        "frame with gaps": pd.DataFrame({"a": pd.array([1, None] * 3, "Int64"), "b": range(6)}),
        "frame of lists": pd.DataFrame({"a": [[1, 2]] * 6}),
        "frame of objects": pd.DataFrame({"a": [object()] * 6}),
        "frame of intervals": pd.DataFrame({"a": pd.interval_range(0, 6)}),
        "empty frame": pd.DataFrame(),
        "same name twice": pd.DataFrame(np.ones((6, 2)), columns=["a", "a"]),
        "mixed names": pd.DataFrame(np.ones((6, 2)), columns=["a", 1]),
        "categories": pd.Series(list("abcabc"), dtype="category"),
        "nullable series": pd.Series([1, None] * 3, dtype="Int64"),
        "NA in lists": [[pd.NA, 1]] * 6,
        "frame of categories of dates": pd.DataFrame(
            {"a": pd.Categorical(pd.date_range("2024", periods=6)), "b": range(6)}
        ),
        "index of two levels": pd.MultiIndex.from_product([[1, 2], [1, 2, 3]]),
        "array of categories": pd.Categorical(list("abcabc")),
        "lazy frame": pl.LazyFrame({"a": [1.0] * 6}),
        "polars nested lists": pl.Series([[[1.0, 2.0]], [[3.0, 4.0]]] * 3),
        "polars frame": pl.DataFrame({"a": [1, None] * 3, "b": ["x"] * 6}),
        "polars dates": pl.DataFrame({"a": [date(2024, 1, 1)] * 6}),
        "polars lists": pl.Series([[1.0], [2.0, 3.0]] * 3),
        "frame of polars lists": pl.DataFrame({"a": [[1.0, 2.0]] * 6, "b": range(6)}),
        "frame of polars arrays": pl.DataFrame({"a": arrays, "b": range(6)}),
        "frame of polars structs": pl.DataFrame({"a": [{"b": 1.0}] * 6, "c": range(6)}),
        "polars arrays": arrays,
        "groups": frame.groupby("a"),
        "groups of a column": frame.groupby("a")["b"],
        "rolling windows": frame.rolling(2),
        "polars groups": pl.from_pandas(frame).group_by("a"),
        "methods of strings": pd.Series(["a"] * 6).str,
    }


INSIDE = {
    "NaN": np.nan,
    "infinity": -np.inf,
    "None": None,
    "text": "a",
    "date": date(2024, 1, 1),
    "huge int": HUGE_INT,
    "complex": 1j,
    "list": [1, 2],
    "1e300": 1e300,
    "-1e9": -1e9,
    "half": 0.5,
    "signalling NaN": Decimal("sNaN"),
    "object": object(),
}


def spoilt(good):
    """Return a right value with one thing wrong about it, in many ways, by name."""
    if isinstance(good, dict) and good:
        name = next(iter(good))
        return {f"{how} in a dict": good | {name: bad} for how, bad in spoilt(good[name]).items()}
    if not isinstance(good, list | np.ndarray):
        return {}
    ways = {f"{name} inside": _with_last(good, value) for name, value in INSIDE.items()}
    ways |= {
        "too short": good[:-1],
        "too long": [*good, good[0]],
        "first only": good[:1],
        "nested": [good] * 2,
        "None at the end": [*good[:-1], None],
        "text at the end": [*good[:-1], "text"],
        "empty at the end": [*good[:-1], []],
    }
    if isinstance(good, np.ndarray) and good.dtype != object:
        with np.errstate(invalid="ignore"):  # NaN is no day
            days = good.astype("i8").astype("M8[D]")
        ways |= {
            "transposed": good.T,
            "one more axis": good[..., np.newaxis],
            "as text": good.astype(str),
            "words": np.full(good.shape, "word"),
            "complex": good * (1 + 1j),
            "days": days,
            "one masked": np.ma.masked_array(good, np.arange(good.size).reshape(good.shape) == 0),
            "as bytes": good.astype("S"),
        }
    return ways


def _with_last(good, bad):
    """Copy nested lists or arrays as lists, with the last of all values replaced."""
    if isinstance(good, list | np.ndarray) and len(good):
        good = good.tolist() if isinstance(good, np.ndarray) else good
        return [*good[:-1], _with_last(good[-1], bad)]
    return bad
