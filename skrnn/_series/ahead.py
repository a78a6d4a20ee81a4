"""The rows up to now of one series or of many, and the rows that come after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skrnn._data.frames import frame_from, is_frame, take_rows, with_columns
from skrnn._data.values import check_numbers, checked_array, reject_too_large
from skrnn._series.calendar import Step, find_step, times_after
from skrnn._series.columns import as_table, column_at, names_of, position_of, take_columns
from skrnn._series.future import Future
from skrnn._series.series import lengths_of, series_starts
from skrnn._series.times import (
    Times,
    check_order,
    cut_at_gaps,
    follows_of,
    read_times,
    show_times,
    step_of,
)


@dataclass
class Past:
    """The rows of a table up to now, each series by itself.

    table     a data frame or an array
    names     of the columns, or their positions
    group     position of the column that tells series apart, or None
    time      position of the column of the times, or None
    known     positions of the columns that are known in advance
    starts    (n_series,) first row of each series
    n_recent  (n_series,) number of rows of each series since its last gap
    times     of the rows, or None
    step      from one time to the next, or None
    """

    table: Any
    names: list
    group: int | None
    time: int | None
    known: list
    starts: np.ndarray
    n_recent: np.ndarray
    times: Times | None
    step: Step | None

    @property
    def n_rows(self):
        """Number of rows of each series."""
        return lengths_of(self.starts, len(self.table))

    @property
    def last(self):
        """The last row of each series."""
        return self.starts + self.n_rows - 1

    @property
    def predicted(self):
        """Positions of the columns that nobody knows in advance."""
        others = {self.group, self.time, *self.known}
        return [i for i in range(len(self.names)) if i not in others]

    def values(self):
        """Return the columns to predict as floats; raise if there are none, or no numbers."""
        table = take_columns(self.table, self.predicted)
        check_numbers(table, "X")
        values = checked_array(table, "X", dtype=(np.float64, np.float32))
        reject_too_large(values, "X")
        return values

    def filled(self, rows, values):
        """Return rows ahead with these values, (n, n_predicted) or (n,), of what is predicted."""
        columns = np.reshape(values, (len(rows), -1)).T
        names = [self.names[i] for i in self.predicted]
        return with_columns(rows, dict(zip(names, columns, strict=True)))

    def ids(self):
        """Return the id of each series in an array, or None."""
        if self.group is None:
            return None
        return np.asarray(take_rows(column_at(self.table, self.group), self.last))

    def name(self, i):
        """Return how messages call a series."""
        return "X" if self.group is None else f"The series {self.ids()[i]!s}"


def read_past(X, part, known=()):
    """Check a table up to now; return its `Past`.

    part    where its columns of series and times are, as parameters name them, what to do with
            gaps, freq, and the step that a fit has seen
    known   names, or positions, of the columns that are known in advance
    """
    table, names = as_table(X), names_of(X)
    group, time = (
        None if part[name] is None else position_of(part[name], names, name)
        for name in ("group_feature", "time_feature")
    )
    starts = series_starts(None if group is None else column_at(table, group))
    times = read_times(table, time)
    times = None if times is None or times.shared else times
    check_order(times, starts, strict_numbers=True)
    is_seen = part["step"] is not None and times is not None
    step = part["step"] if is_seen else step_of(times, starts, part["freq"])
    pieces = cut_at_gaps(times, starts, step, part["gaps"])
    n_rows = lengths_of(starts, len(table))
    last_piece = pieces[np.searchsorted(pieces, starts + n_rows) - 1]
    known = [position_of(name, names, "future") for name in known]
    n_recent = starts + n_rows - last_piece
    return Past(table, names, group, time, known, starts, n_recent, times, step)


def _times_ahead(past, future, n_steps):
    """Return the times of the rows that come as they are shown, or None."""
    times, given = past.times, None if future is None else future.times()
    if times is None:
        return None
    step = past.step
    if step is None and times.unit == "number":
        follows = follows_of(past.starts, len(times.instants))
        step = find_step(times, follows) or Step("even", 1)
    if step is None and given is None:
        raise ValueError(
            f"The {times.name} keeps no step, so that nobody knows when the next row comes: name "
            "the step as freq, or pass the times in future."
        )
    if step is None:
        return take_rows(given.shown, future.rows)
    ahead = times_after(times, step, past.last, n_steps).ravel()
    shown = show_times(times, ahead, step)
    if given is not None:
        differs = np.asarray(take_rows(given.shown, future.rows) != shown)
        if differs.any():
            i = differs.argmax()
            raise ValueError(
                f"future has the time {given.shown[future.rows[i]]} in row {future.rows[i]}, but "
                f"{shown[i]} comes next: pass the rows that follow those of X, step by step."
            )
    return shown


class Ahead:
    """The rows that come, series by series, the same number of each.

    table    like that of the `Past`, NaN where nobody knows what comes
    times    of the rows as they are shown, or None
    """

    def __init__(self, past, future, n_steps):
        self.past, self.n_steps = past, n_steps
        future = None if future is None else Future(past, future, n_steps)
        self.times = _times_ahead(past, future, n_steps)
        rows = take_rows(past.table, np.repeat(past.last, n_steps))
        columns = {i: np.full(len(rows), np.nan) for i in past.predicted}
        if future is not None:
            columns |= dict(zip(past.known, future.columns(), strict=True))
        if past.time is not None:
            columns[past.time] = self.times
        self.table = with_columns(rows, {past.names[i]: column for i, column in columns.items()})
        if hasattr(self.table, "set_axis"):  # pandas
            self.table = self.table.set_axis(self._index(), axis=0)

    def _index(self):
        """Return the index of a pandas table of the rows."""
        if self.times is not None and self.past.time is None:
            return self.times
        n_before = len(self.past.table) if self.past.group is None else 0
        return np.arange(n_before, n_before + len(self.table))

    def at(self, step):
        """Return the rows of one step, one for each series."""
        return take_rows(self.table, np.arange(step, len(self.table), self.n_steps))

    def answer(self, values, steps, bounds=()):
        """Return forecasts in the form of the table up to now.

        values   (n_series, n_steps, ...) for an array; a row for each step that is asked for
        bounds   names of the last columns
        """
        past = self.past
        if not is_frame(past.table):
            return values[0] if past.group is None else values
        chosen = np.add.outer(np.arange(len(values)) * self.n_steps, steps).ravel()
        rows = take_rows(self.table, chosen)
        columns = {
            past.names[i]: column_at(rows, i) for i in (past.time, past.group) if i is not None
        }
        flat = values.reshape(len(chosen), -1)
        names = [*_names_of_values(past, flat.shape[1] - len(bounds)), *bounds]
        columns |= dict(zip(names, flat.T, strict=True))
        frame = frame_from(columns, past.table, getattr(rows, "index", None))
        return frame[names[0]] if len(columns) == 1 and values.ndim == 2 else frame


def _names_of_values(past, n_values):
    """Return the names of what is predicted, where they are those of columns."""
    if len(past.predicted) == n_values:
        return [past.names[i] for i in past.predicted]
    return ["forecast"] if n_values == 1 else [f"forecast{i}" for i in range(n_values)]
