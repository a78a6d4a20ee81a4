"""Data frames of pandas and polars, read by what they have in common.

What other libraries hold becomes such, or an array. None is imported, but where names need a frame
to stand in, or to read Arrow.
"""

from contextlib import suppress
from importlib import import_module
from types import ModuleType

import numpy as np

_REMEDIES = {
    "LazyFrame": "pass {}.collect()",
    "Expr": "pass a column, frame.select(...)",
    "MultiIndex": "pass {}.to_frame()",
    "StringMethods": "pass the column, without .str",
}
_PARTS = "pass what it makes, or a list of tables, as [part for _, part in {}] makes of groups"


def readable(values, name):
    """Return what holds data in a way of its own as a frame, an array or a list.

    Tables of Arrow have other methods than data frames, its arrays hold objects of its own, and not
    every tensor can become an array. NumPy's arrays, frames, lists and all else stay as they are.
    """
    kind = type(values)
    if isinstance(values, type | ModuleType):
        raise TypeError(f"{name} is {values!r}, which holds no data.")
    remedy = _PARTS if _describes_parts(kind) else _REMEDIES.get(kind.__name__)
    if remedy is not None:
        raise TypeError(f"{name} is a {kind.__name__}, which holds no data: {remedy.format(name)}.")
    if kind.__module__.startswith("pyarrow"):
        return _of_arrow(values)
    if hasattr(values, "sparse"):  # of pandas, where every column is
        return values.sparse.to_dense()
    return to_array(values, name) if _is_holder(kind) or _is_table(values) else values


def _describes_parts(kind):
    """Whether objects of this type are groups or windows of rows, which are still to be computed.

    Lists of these would be their names and their tables, or tables of several lengths.
    """
    return hasattr(kind, "agg") and not hasattr(kind, "__array__")


def _is_table(values):
    """Whether this is a series of polars that holds several values for each row."""
    return type(values).__name__ == "Series" and str(values.dtype).startswith(("Array(", "Struct("))


def _is_holder(kind):
    """Whether objects of this type can become arrays, and are neither such nor frames or series."""
    is_known = issubclass(kind, np.ndarray | np.generic) or hasattr(kind, "to_numpy")
    return hasattr(kind, "__array__") and not is_known and not hasattr(kind, "columns")


def _of_arrow(values):
    if hasattr(values, "column_names"):
        return _frame_of_arrow(values)
    if not hasattr(values, "to_pylist"):
        return values.as_py() if hasattr(values, "as_py") else values
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" and not values.null_count else values.to_pylist()


def _frame_of_arrow(table):
    for library in ("pandas", "polars"):
        try:
            frames = import_module(library)
        except ImportError:
            continue
        # Integers beside missing values would become floats, and large ones merge.
        is_pandas = library == "pandas"
        return table.to_pandas(integer_object_nulls=True) if is_pandas else frames.from_arrow(table)
    raise TypeError("To read tables of Arrow takes pandas or polars: install one, or pass arrays.")


def readable_items(items, name):
    """Return the items of a list as :func:`readable` does, or the list itself if all are."""
    kinds = set(map(type, items)) if isinstance(items, list | tuple | np.ndarray) else ()
    if any(kind.__module__.startswith("pyarrow") or _is_holder(kind) for kind in kinds):
        return [readable(item, f"{name}[{i}]") for i, item in enumerate(items)]
    return items


def to_array(values, name):
    """Return an array-like or a data frame as an array, whatever it means.

    Lists of several lengths are NumPy's ValueError.
    """
    try:
        if hasattr(values, "to_numpy") and hasattr(values, "columns"):
            return values.to_numpy()  # np.asarray takes forty times as long
        return np.asarray(values)
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # of whichever library
        raise TypeError(
            f"{name} is of type {type(values).__name__}, of which no array can be made: {error}"
        ) from error


def column_names(values):
    """Return the names of a data frame's columns, or None."""
    return string_names(getattr(values, "columns", ()))


def string_names(names):
    """Return names in an array, or None unless, as in scikit-learn, all of them are strings."""
    names = list(names)
    is_named = names and all(isinstance(name, str) for name in names)
    return np.array(names, dtype=object) if is_named else None


def is_frame(values):
    """Whether these are a data frame."""
    return hasattr(values, "columns")


def frame_of(rows, names, like=None):
    """Return rows (n_rows, n_columns) with names, in a data frame of the kind of `like`.

    Without a frame to be like, it is one of the first library that is installed; without such a
    library, the rows stay an array.
    """
    kind = _kind_of_frame() if like is None else type(like)
    if kind is None:
        return rows
    if kind.__module__.startswith("polars"):
        return kind(rows, schema=list(names))
    return kind(rows, columns=list(names))


def _kind_of_frame():
    for library in ("pandas", "polars"):
        try:
            return import_module(library).DataFrame
        except ImportError:
            continue
    return None


def is_missing(column):
    """Tell which values of a column, or of an array, are NaN, None or missing in its own way."""
    if hasattr(column, "isna"):  # pandas
        with suppress(ArithmeticError):  # at a signalling NaN
            return np.asarray(column.isna())
    values = np.asarray(column)
    if values.dtype.kind == "O":
        return np.array([is_missing_cell(cell) for cell in values.flat], bool).reshape(values.shape)
    missing = np.asarray(column.is_null()) if hasattr(column, "is_null") else values == None  # noqa: E711
    return missing | (values != values)


def is_missing_cell(cell):
    """Tell whether a single value is None, NaN or missing in its own way."""
    try:
        return cell is None or bool(cell != cell)
    except (TypeError, ArithmeticError):  # pandas' NA, and a signalling NaN, say neither yes nor no
        return True
    except (ValueError, RuntimeError):  # an array, a tensor
        return False


def check_columns(frame, name):
    """Raise if a data frame has no columns, or two of one name."""
    if not (hasattr(frame, "to_numpy") and is_frame(frame)):
        return
    columns = list(frame.columns)
    if not columns:
        lacking = "feature(s)" if len(frame) else "sample(s)"
        raise ValueError(f"Found array with 0 {lacking} (shape={frame.shape}): {name} is empty.")
    for i, column in enumerate(columns):
        if len(set(columns)) < len(columns) and column in columns[:i]:
            raise ValueError(f"{name} has two columns {column!r}: give each a name of its own.")


def check_same_columns(frames, name):
    """Raise if the first sequence is a data frame, and another has other columns."""
    columns = list(getattr(frames[0], "columns", ()))
    for i, frame in enumerate(frames if columns else ()):
        if list(getattr(frame, "columns", columns)) != columns:
            raise ValueError(
                f"All data frames need the same columns in the same order: {name}[0] has {columns} "
                f"and {name}[{i}] has {list(frame.columns)}."
            )


def take_rows(table, rows):
    """Return rows of an array or of a data frame, by position."""
    return table.iloc[rows] if hasattr(table, "iloc") else table[rows]


def stack_rows(tables):
    """Return the rows of one table and then those of another, in their own kind."""
    kind = type(tables[0])
    if not hasattr(tables[0], "columns"):
        return np.concatenate(tables)
    library = import_module(kind.__module__.split(".")[0])
    options = {"how": "vertical_relaxed"} if library.__name__ == "polars" else {}
    return library.concat(tables, **options)


def with_columns(table, columns):
    """Return a table in which some columns have other values: {name or position: values}."""
    if not hasattr(table, "columns"):
        table = table.astype(np.result_type(table, *columns.values()))
        for position, values in columns.items():
            table[:, position] = values
        return table
    if hasattr(table, "with_columns"):  # polars
        return table.with_columns(**columns)
    table = table.copy()
    for name, values in columns.items():
        table[name] = values
    return table


def frame_from(columns, like, index=None):
    """Return columns {name: values} in a data frame of the kind of `like`."""
    return type(like)(columns) if index is None else type(like)(columns, index=index)
