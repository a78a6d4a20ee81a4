"""What is known in advance of the rows that come: columns, and their times."""

from __future__ import annotations

import numpy as np

from skrnn._data.frames import is_frame, is_missing, take_rows
from skrnn._series.columns import as_table, check_table, column_at, names_of
from skrnn._series.series import lengths_of, series_starts
from skrnn._series.times import read_times


def known_columns(X, future, apart):
    """Return the columns of X that `future` knows, by name or position.

    apart   columns that tell series and times apart

    Columns of missing values alone are not known: they are what is to be predicted.
    """
    if future is None:
        return []
    names = _checked_names(X, future)
    missing = {
        name: np.ravel(is_missing(_column(future, name))) for name in names if name not in apart
    }
    for name, is_unknown in missing.items():
        if is_unknown.any() and not is_unknown.all():
            raise ValueError(
                f"Column {name!r} of future is missing in row {is_unknown.argmax()}: what is known "
                "in advance must be known for all rows."
            )
    return [name for name, is_unknown in missing.items() if not is_unknown.all()]


def _checked_names(X, future):
    """Return the columns of `future`; raise unless they are those of X."""
    if is_frame(future) != is_frame(X):
        raise TypeError(
            f"future is of type {type(future).__name__}, but X of type {type(X).__name__}: pass "
            "both in one kind."
        )
    names, expected = names_of(check_table(future, "future")), names_of(as_table(X))
    are_known = set(names) <= set(expected) if is_frame(X) else names == expected
    if not are_known:
        raise ValueError(
            f"future has the columns {names}, but X has {expected}: pass columns of X, and leave "
            "out what is to be predicted, or fill it with NaN."
        )
    return names


def _column(table, name):
    return column_at(as_table(table), names_of(as_table(table)).index(name))


class Future:
    """Rows of `future`, in the order of the series of a `Past`.

    With the name of the column of series, each has `n_steps` rows that belong together.
    """

    def __init__(self, past, future, n_steps):
        self.past, self.table = past, as_table(future)
        self.rows = self._rows(n_steps)

    def _rows(self, n_steps):
        past, n_rows = self.past, len(self.table)
        if past.group is None:
            if n_rows != n_steps:
                raise ValueError(f"future has {n_rows} row(s), but {n_steps} rows come: {_EACH}")
            return np.arange(n_steps)
        name = past.names[past.group]
        if name not in names_of(self.table):
            raise ValueError(f"future has no column {name!r}, which tells the series apart.")
        ids = np.asarray(_column(self.table, name))
        starts = series_starts(ids)
        place = dict(zip(ids[starts].tolist(), starts.tolist(), strict=True))
        n_of = dict(zip(ids[starts].tolist(), lengths_of(starts, n_rows).tolist(), strict=True))
        for one in past.ids().tolist():
            if n_of.get(one) != n_steps:
                raise ValueError(
                    f"future has {n_of.get(one, 0)} row(s) for the series {one!s}, but {n_steps} "
                    f"rows come: {_EACH}"
                )
        first = np.array([place[one] for one in past.ids().tolist()])
        return np.add.outer(first, np.arange(n_steps)).ravel()

    def columns(self):
        """Return the values of the columns that are known in advance."""
        return [
            np.asarray(take_rows(_column(self.table, self.past.names[i]), self.rows))
            for i in self.past.known
        ]

    def times(self):
        """Return the `Times` of the rows, or None if they have none of the kind of the `Past`."""
        past, place = self.past, None
        if past.times is None:
            return None
        if past.time is not None:
            name = past.names[past.time]
            if name not in names_of(self.table):
                return None
            place = names_of(self.table).index(name)
        times = read_times(self.table, place)
        is_same = times is not None and times.unit == past.times.unit
        if not is_same or (times.unit == "number" and place is None):
            return None
        return times


_EACH = "pass one for each row that is forecast, in the order of time."
