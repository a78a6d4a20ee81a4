"""Columns of a table by the part they play: what is read, and what tells series and times apart."""

from __future__ import annotations

import numpy as np


def position_of(feature, names, parameter):
    """Return the position of a column that is named, or numbered, among those of X."""
    names = list(names)
    try:
        return names.index(feature) if isinstance(feature, str) else range(len(names))[feature]
    except (ValueError, IndexError, TypeError) as error:
        raise ValueError(
            f"{parameter}={feature!r} is not a column of X, which has {len(names)} columns: "
            f"{names}."
        ) from error


def names_of(X):
    """Return the names of the columns of a table, or their numbers."""
    if hasattr(X, "columns"):
        return list(X.columns)
    return list(range(np.shape(X)[1])) if len(np.shape(X)) == 2 else [0]


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
    return X if hasattr(X, "shape") else np.asarray(X, dtype=object)
