"""2-D input, tables of numbers and data frames, as scikit-learn reads it."""

import numpy as np
from sklearn.utils.validation import check_array

from skrnn._data.checks import EXPECTED
from skrnn._data.frames import to_array
from skrnn._data.values import (
    BEYOND_FLOATS,
    ENCODE_TOKENS,
    are_numbers_as_text,
    as_real,
    columns_of,
    converted,
    reject_cells,
    reject_times,
)


def as_matrix(X, owner, numeric):
    """Return 2-D input as an array, of numbers if X must be `numeric`."""
    if _is_matrix(X):
        return X
    values = converted(X, "X")
    if values.ndim == 0 and values.dtype.kind == "O":
        raise TypeError(f"X is of type {type(X).__name__}; {EXPECTED}")
    if values.ndim == 1:
        raise one_dimension_error(len(values))
    if _is_matrix(values):
        return values
    X = X if hasattr(X, "columns") and values.size else values
    return _check_matrix(X, values, owner) if numeric else _check_any(X, owner)


def _is_matrix(X):
    """Whether `check_array` has nothing to do: a plain, numeric, 2-D array that is not empty."""
    return type(X) is np.ndarray and X.ndim == 2 and X.dtype.kind in "fiub" and X.size > 0


def _check_matrix(X, values, owner):
    """Return numbers that a frame, or an array of objects, holds; raise for anything else."""
    if values.dtype.kind == "c":
        as_real(values, "X")
    if values.ndim == 2 and (hasattr(X, "columns") or values.dtype.kind == "O"):
        check_cells(X, "X")
    elif values.ndim:
        X = as_real(values, "X")
    try:
        X = _check_array(X, owner)
        # scikit-learn leaves some frames of nullable columns as objects.
        return X.astype(np.float64) if X.dtype.kind == "O" else X
    except OverflowError:
        raise ValueError(f"X {BEYOND_FLOATS}") from None
    except TypeError as error:
        raise TypeError(f"X holds objects that are not numbers: {error}.") from None


def _check_any(X, owner):
    """Return values of any type; raise for columns that no array can hold together."""
    try:
        return _check_array(X, owner, dtype=None)
    except TypeError as error:
        raise TypeError(f"X has columns that differ in type: {error}.") from None


def _check_array(X, owner, **options):
    return check_array(X, ensure_all_finite=False, estimator=owner, input_name="X", **options)


def check_cells(values, name):
    """Raise if a column of a frame, or of an array of objects, holds anything but numbers.

    Numbers as text pass: scikit-learn converts them.
    """
    reject_times(values, name)
    if converted(values, name).dtype.kind not in "OUST":
        return
    for column, cells in columns_of(values, name):
        where = f"Column {column!r} of {name} holds"
        if not are_numbers_as_text([cell for cell in cells if isinstance(cell, (str, bytes))]):
            raise ValueError(f"{where} strings. {ENCODE_TOKENS}")
        if _sequence_among(cells) is not None:
            raise ValueError(
                f"{where} a sequence in each cell: pass the column as a list, "
                f"list({name}[{column!r}])."
            )
        reject_cells(cells, f"Column {column!r} of {name}", hasattr(values, "isna"))


def nested_column(table):
    """Return the name of a column that holds sequences, and one of these; or None."""
    if to_array(table, "X").dtype.kind == "O":
        for column, cells in columns_of(table, "X"):
            if (sequence := _sequence_among(cells)) is not None:
                return column, sequence
    return None


def _sequence_among(cells):
    kinds = {kind for kind in set(map(type, cells)) if hasattr(kind, "__len__")}
    kinds -= {str, bytes, dict, set}
    return next((cell for cell in cells if type(cell) in kinds), None) if kinds else None


def one_dimension_error(n_values):
    """Return the error for values of which nobody knows whether they are one sequence."""
    return ValueError(
        f"Expected 2D array, got 1D array instead: X has shape ({n_values},).\nReshape your data: "
        "X.reshape(1, -1) is one sequence. One long series is not a table: reshaped to (-1, 1), "
        "each of its values would be a sequence. Cut it into windows with sliding_windows or "
        "SlidingWindowTransformer."
    )
