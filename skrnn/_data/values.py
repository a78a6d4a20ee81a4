"""Values as arrays of real numbers, or an error that says what they are instead."""

import numpy as np

from skrnn._data.frames import to_array

ENCODE_TOKENS = "Encode tokens as integer ids first, with TokenEncoder."
UNEVEN = "is not an array: its steps have different numbers of features."
_CONTAINERS = (list, tuple, np.ndarray)
_MAKE_FEATURES = "make features of {}, such as the hour or the weekday."


def as_array(values, name):
    """Return an array-like or a data frame as an array; raise for what would lose its meaning."""
    check_meaning(values, name)
    return to_array(values)


def check_meaning(values, name):
    """Raise for masked values, and for times in a polars frame: ticks of a clock as numbers."""
    reject_masked(values, name)
    if hasattr(getattr(type(values), "schema", None) and values.schema, "items"):
        _reject_columns_of_times(values, name)


def reject_masked(values, name):
    """Raise if a mask hides some of the values, in an array or in a list of arrays."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise TypeError(
            f"{name} is a masked array, and what its mask hides would be read: impute it, or leave "
            "it out, as SequenceArray.from_padded(X.data, lengths) does with steps at the end of "
            "sequences."
        )
    is_nested = isinstance(values, (list, tuple)) or _holds_objects(values)
    if is_nested and any(issubclass(kind, _CONTAINERS) for kind in set(map(type, values))):
        for i, value in enumerate(values):
            reject_masked(value, f"{name}[{i}]")


def _holds_objects(values):
    return isinstance(values, np.ndarray) and values.dtype.kind == "O" and values.ndim > 0


def reject_times(values, name):
    """Raise if an array or a column of a data frame holds dates or durations."""
    if hasattr(values, "columns"):
        _reject_columns_of_times(values, name)
    elif _is_time(getattr(values, "dtype", None)):
        raise ValueError(
            f"{name} holds times ({values.dtype}), not numbers: {_MAKE_FEATURES.format('them')}"
        )


def _reject_columns_of_times(frame, name):
    for column, dtype in zip(list(frame.columns), list(getattr(frame, "dtypes", ())), strict=False):
        if _is_time(dtype):
            raise ValueError(
                f"Column {column!r} of {name} holds times ({dtype}), not numbers: drop it, or "
                f"{_MAKE_FEATURES.format('it')}"
            )


def _is_time(dtype):
    if hasattr(dtype, "is_temporal"):  # polars
        return dtype.is_temporal()
    return getattr(dtype, "kind", "O") in "mM" or str(dtype).startswith("period")


def as_real(array, where):
    """Return an array of floats, integers or booleans; raise for anything else."""
    kind = array.dtype.kind
    if kind in "fiub":
        return array
    if kind == "O":
        return _objects_as_real(array, where)
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {where} has dtype {array.dtype}, shape {array.shape}. "
            "Pass the real and imaginary parts as two features."
        )
    if kind in "UST":
        raise ValueError(f"{where} holds strings. {ENCODE_TOKENS}")
    reject_times(array, where)
    raise TypeError(f"{where} has dtype {array.dtype}, which does not hold real numbers.")


def _objects_as_real(array, where):
    """Return an array of Python objects, which may be arrays again, as real numbers."""
    try:
        array = np.array(array.tolist())
    except ValueError:
        raise ValueError(f"{where} {UNEVEN}") from None
    if array.dtype.kind != "O":
        return as_real(array, where)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where} holds objects that are not numbers: {error}.") from None


def check_cells(values, name):
    """Raise if a data frame, or a 2-D array of objects, holds times, strings or sequences.

    Numbers as text pass: scikit-learn converts them.
    """
    reject_times(values, name)
    cells = to_array(values)
    if cells.dtype.kind not in "OUST":
        return
    columns = list(getattr(values, "columns", ()))
    for i, column in enumerate(cells.T.tolist()):
        where = f"Column {columns[i]!r} of {name}" if columns else name
        strings = [cell for cell in column if isinstance(cell, str)]
        if not are_numbers_as_text(strings):
            raise ValueError(f"{where} holds strings. {ENCODE_TOKENS}")
        if columns and any(hasattr(kind, "__len__") for kind in set(map(type, column)) - {str}):
            raise ValueError(
                f"{where} holds a sequence in each cell: pass the column as a list, "
                f"list({name}[{columns[i]!r}])."
            )


def are_numbers_as_text(strings):
    """Whether all of these strings can be read as numbers."""
    try:
        np.array(strings, dtype=str).astype(np.float64)
    except ValueError:
        return False
    return True
