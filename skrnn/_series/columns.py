"""Columns of a table by the part they play: what is read, and what tells series and times apart."""

from __future__ import annotations

from operator import index

import numpy as np
from sklearn.utils import check_array

from skrnn._data.frames import check_columns, is_frame, readable, readable_items
from skrnn._data.tables import as_matrix
from skrnn._data.values import (
    as_array,
    check_numbers,
    converted,
    reject_masked,
    reject_sparse,
    reject_times,
    reject_what_is_no_array,
)


def position_of(feature, names, parameter):
    """Return the position of a column that is named, or numbered, among those of X."""
    names = list(names)
    try:
        return (
            names.index(feature) if isinstance(feature, str) else range(len(names))[index(feature)]
        )
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError(
            f"{parameter}={feature!r} is not a column of X, which has {len(names)} columns: "
            f"{names}."
        ) from error


def parts_of(windows, names):
    """Return the positions of columns by the part that a transformer of windows gives them.

    They are those that tell series and times apart, those that are known in advance, and all
    others, which nobody knows in advance.
    """
    apart = {name: getattr(windows, name) for name in ("group_feature", "time_feature")}
    known = () if windows.known_features is None else windows.known_features
    apart = [position_of(one, names, name) for name, one in apart.items() if one is not None]
    known = [position_of(one, names, "known_features") for one in known]
    return apart, known, [i for i in range(len(names)) if i not in {*apart, *known}]


def names_of(X):
    """Return the names of the columns of a table, or their numbers."""
    if hasattr(X, "columns"):
        return list(X.columns)
    shape = as_table(X).shape
    return list(range(shape[1])) if len(shape) == 2 else [0]


def take_columns(X, positions):
    """Return these columns of a table, in its own kind."""
    if hasattr(X, "columns"):
        names = list(X.columns)
        return X[[names[i] for i in positions]]
    return as_table(X)[:, list(positions)]


def column_at(X, position):
    """Return one column of a table."""
    return X[list(X.columns)[position]] if hasattr(X, "columns") else as_table(X)[:, position]


def as_table(X):
    """Return lists as an array of objects, which alone keeps strings and numbers apart."""
    if is_frame(X) or isinstance(X, np.ndarray):
        return X
    if hasattr(X, "__array__"):
        return converted(X, "X")
    try:
        return np.asarray(readable_items(X, "X"), dtype=object)
    except ValueError:
        raise ValueError("X is not an array: its rows differ in shape.") from None


def rows_of(X):
    """Return the rows of a table, or the values of one series, of any type."""
    if is_frame(X):
        check_columns(X, "X")
        return as_matrix(X, "sliding_windows", numeric=False)
    options = {"dtype": None, "ensure_2d": False, "ensure_all_finite": False}
    values = as_array(X, "X")
    reject_what_is_no_array(values, "X")
    return check_array(values, input_name="X", **options)


def read_targets(y):
    """Return the targets of rows as an array, whatever they are; raise if there are none."""
    reject_masked(y, "y")
    values = converted(y, "y")
    if values.shape[:1] == (0,):
        raise ValueError("Found array with 0 sample(s): y has no rows.")
    return values


def check_table(X, name):
    """Return a data frame, or an array of two dimensions; raise for what holds no rows."""
    X = readable(X, name)
    if is_frame(X):
        check_columns(X, name)
    else:
        reject_sparse(X, name)
        X = as_array(X, name) if hasattr(X, "shape") else as_table(X)
        if X.dtype.kind in "mM":
            reject_times(X, name)
        if X.ndim != 2 or X.dtype.kind in "Vc":
            raise ValueError(
                f"{name} must be a data frame, or an array (n_rows, n_features) of numbers, got "
                f"dtype {X.dtype} and shape {X.shape}."
            )
    if not len(X):
        raise ValueError(f"Found array with 0 sample(s): {name} has no rows.")
    return X


def check_cells(table):
    """Raise for what no window holds: dates among the columns, texts, masks."""
    remedy = "name {} as time_feature, or make features of it, such as the hour or the weekday."
    check_numbers(table, "X", remedy)
