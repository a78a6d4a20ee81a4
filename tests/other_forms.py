"""The same data in other forms, for the fuzzer in test_fuzz.py."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from estimators import object_array

from skrnn import SequenceArray

try:
    import pyarrow
except ImportError:
    pyarrow = None

FOLDER = TemporaryDirectory()
TYPES = (np.float16, np.int8, bool)


class Holder:
    """What is no array, but can be made one."""

    def __init__(self, array):
        self.array, self.shape, self.ndim = array, array.shape, array.ndim

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)

    def __len__(self):
        return len(self.array)


def memory_map(array):
    """Return an array as a read-only file."""
    path = Path(FOLDER.name, "array")
    array.tofile(path)
    return np.memmap(path, array.dtype, "r", shape=array.shape)


def layouts(array):
    """The same numbers, laid out in another way, by name."""
    locked = array.copy()
    locked.flags.writeable = False
    return {
        "Fortran": np.asfortranarray(array),
        "backwards": array[::-1].copy()[::-1],
        "every other": np.repeat(array, 2, axis=0)[::2],
        "byte order": array.astype(array.dtype.newbyteorder()),
        "no mask": np.ma.masked_array(array),
        "read-only": locked,
    }


def types(array):
    """The same numbers in other types, by name; token ids stay integers."""
    with np.errstate(invalid="ignore"):  # NaN is no integer
        kinds = {np.dtype(kind).name: array.astype(kind) for kind in TYPES}
    kinds["object"] = array.astype(object)
    is_id = array.dtype.kind in "iu"
    return {
        name: found
        for name, found in kinds.items()
        if np.array_equal(found, array) and not (is_id and found.dtype.kind == "f")
    }


def frames(array):
    """Data frames of two dimensions, or series of one, by name."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    if array.ndim == 1:
        made = {"pandas": pd.Series(array), "polars": pl.Series(array)}
        return made | nullable(made["pandas"]) | arrow(array)
    names = [f"x{i}" for i in range(array.shape[1])]
    frame = pd.DataFrame(array, columns=names)
    made = {"pandas": frame, "polars": pl.DataFrame(array, schema=names)}
    made["sparse"] = frame.astype(pd.SparseDtype(array.dtype, 0))
    return made | nullable(frame) | arrow_table(dict(zip(names, array.T, strict=True)))


def nullable(frame):
    """The same frame or series in types of pandas that can be missing, by name."""
    made = {"nullable": frame.convert_dtypes()}
    if pyarrow is not None:
        made["pandas of arrow"] = frame.convert_dtypes(dtype_backend="pyarrow")
    return made


def arrow(values):
    """Values as arrays of Arrow, in one piece and in two, by name."""
    if pyarrow is None:
        return {}
    whole, half = pyarrow.array(values), len(values) // 2
    chunks = pyarrow.chunked_array([whole[:half], whole[half:]])
    return {"arrow": whole, "arrow chunks": chunks}


def arrow_table(columns):
    """Columns as tables of Arrow, by name."""
    if pyarrow is None:
        return {}
    return {"arrow": pyarrow.table(columns), "arrow batch": pyarrow.record_batch(columns)}


def arrays(array):
    """Every other form of an array, by name."""
    made = layouts(array) | types(array)
    made |= {"list": array.tolist(), "memory map": memory_map(array), "holder": Holder(array)}
    if array.ndim < 3:
        return made | frames(array)
    made |= {"list of arrays": list(array), "SequenceArray": SequenceArray.from_list(array)}
    return made | {f"list of {name}": [frames(x)[name] for x in array] for name in frames(array[0])}


def sequences(items):
    """Every other form of a list of arrays, by name."""
    pd = pytest.importorskip("pandas")
    made = {
        "tuple": tuple(items),
        "object array": object_array(items),
        "series": pd.Series(object_array(items)),
        "SequenceArray": SequenceArray.from_list(items),
        "lists": [item.tolist() for item in items],
    }
    if items[0].ndim == 1:
        made |= arrow(made["lists"])
    makers = [layouts, types, frames]
    for make in makers:
        each = [make(item) for item in items]
        common = set.intersection(*(set(found) for found in each))
        made |= {f"{name} each": [found[name] for found in each] for name in sorted(common)}
    return made


def is_text(item):
    """Whether an item is a text, or a list of strings."""
    return isinstance(item, str) or (
        isinstance(item, list) and all(isinstance(part, str) for part in item)
    )


def texts(items):
    """Every other form of a list of texts, or of lists, by name."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    made = {"tuple": tuple(items), "object array": object_array(items)}
    made |= {"pandas": pd.Series(items), "polars": pl.Series(items, strict=False)}
    if isinstance(items[0], str):
        return made | {"array": np.array(items)} | nullable(made["pandas"]) | arrow(items)
    made |= {"tuples": [tuple(item) for item in items]}
    return made | {"arrays": [np.array(item) for item in items]} | arrow(items)


def forms(value):
    """Other forms of a value of the entries, by name; none of what has but one."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
        return arrays(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {name: made for name, made in sequences(list(value)).items() if "Seq" not in name}
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return sequences(value)
    if isinstance(value, list) and value and all(map(is_text, value)):
        return texts(value)
    return {}
