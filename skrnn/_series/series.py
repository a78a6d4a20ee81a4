"""Which rows of a table are one series, and how many rows ahead a target may be."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from skrnn._data.frames import is_missing
from skrnn._data.labels import as_labels
from skrnn._data.values import check_integer, converted

MOST_ROWS = 2**31 - 1  # which a window can hold, or a target be ahead


def series_starts(groups):
    """Return the first row of each series, where each id in `groups` must form one run of rows."""
    if groups is None:
        return np.zeros(1, np.intp)
    ids, missing = _as_column(groups), np.ravel(is_missing(groups))
    if missing.any():
        raise ValueError(f"The series id of row {missing.argmax()} is missing: name it.")
    starts, seen = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1), set()
    for start in starts.tolist():
        if ids[start] in seen:
            raise ValueError(
                f"The series {ids[start]!s} starts again at row {start}: the rows of a series must "
                "be contiguous. Sort the table by series, then by time."
            )
        seen.add(ids[start])
    return starts


def lengths_of(starts, n_rows):
    """Return the number of rows of each series."""
    return np.diff(np.append(starts, n_rows))


def _as_column(groups):
    """Return one id for each row, from a table of one column too."""
    ids = as_labels(groups, "groups")
    kinds = set(map(type, ids.ravel())) if ids.dtype.kind in "OV" else ()
    if ids.size and ids.shape in ((ids.size,), (ids.size, 1)) and _can_name(kinds):
        return ids.ravel()
    raise ValueError(
        f"groups must name one series for each row, got values of dtype {ids.dtype}, shape "
        f"{ids.shape}."
    )


def _can_name(kinds):
    """Whether values of these types can be ids."""
    return all(issubclass(kind, Hashable) and kind is not np.void for kind in kinds)


def all_horizons(horizon):
    """Check one horizon or a list of them, and return a list of Python's integers."""
    horizons = list(np.ravel(converted(horizon, "horizon")))
    check_integer(len(horizons), "number of horizons")
    return [check_integer(h, "horizon", 0, MOST_ROWS) for h in horizons]


def largest_horizon(horizon):
    """Check one horizon or a list of them, and return the largest."""
    return max(all_horizons(horizon))
