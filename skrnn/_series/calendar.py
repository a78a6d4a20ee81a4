"""The step that the times of rows keep, and the times that come next."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from skrnn._data.values import is_integer

_EPOCH = np.datetime64("1970-01-01", "D")
_MONTH = np.timedelta64(1, "M")
_SECOND = 10**6  # in microseconds
_MOST_TICKS = 2**62
_DAY = 24 * 3600 * _SECOND

# The units of pandas, polars and NumPy, and the clock that counts each, with its size there. A day
# is a day of the local clock, which has 23 hours when summer time begins.
_UNITS = {
    "us": ("even", 1),
    "ms": ("even", 1000),
    "s": ("even", _SECOND),
    "S": ("even", _SECOND),
    "min": ("even", 60 * _SECOND),
    "T": ("even", 60 * _SECOND),
    "m": ("even", 60 * _SECOND),
    "h": ("even", 3600 * _SECOND),
    "H": ("even", 3600 * _SECOND),
    "d": ("wall", _DAY),
    "D": ("wall", _DAY),
    "w": ("wall", 7 * _DAY),
    "W": ("wall", 7 * _DAY),
    "B": ("business", 1),
    **dict.fromkeys(("M", "MS", "ME", "mo"), ("months", 1)),
    **dict.fromkeys(("Q", "QS", "QE", "q"), ("months", 3)),
    **dict.fromkeys(("Y", "YS", "YE", "A", "AS", "y"), ("months", 12)),
}


class Step(NamedTuple):
    """From one row to the next: so many ticks of a clock.

    clock  'even' counts microseconds, or numbers; 'wall' microseconds of the local clock;
           'business' days from Monday to Friday; 'months'
    size   ticks in a step
    """

    clock: str
    size: int

    def __str__(self):
        if self.clock in ("business", "months"):
            return f"{self.size} {'business day(s)' if self.clock == 'business' else 'month(s)'}"
        return str(timedelta(microseconds=self.size)).removesuffix(", 0:00:00")


def parse_step(freq):
    """Return the `Step` that a string such as '15min', a duration or a number stands for."""
    if is_integer(freq) and 0 < freq < _MOST_TICKS:
        return Step("even", int(freq))
    if isinstance(freq, (timedelta, np.timedelta64)):
        size = int(np.timedelta64(freq, "us").astype(np.int64))
        if size > 0:
            return Step("wall" if size % _DAY == 0 else "even", size)
    match = re.fullmatch(r"(\d*)([A-Za-z]+)(-[A-Z]+)?", freq) if isinstance(freq, str) else None
    is_step = match is not None and match[2] in _UNITS and match[1] != "0"
    clock, size = _UNITS[match[2]] if is_step else ("even", 0)
    size *= int(match[1] or 1) if is_step else 0
    if not 0 < size < _MOST_TICKS:
        raise ValueError(
            f"freq={freq!r} is no step from row to row: give a string such as '15min', 'h', 'D', "
            "'B', 'W', 'MS' or 'YS', a duration, or a whole number for numbered rows."
        )
    return Step(clock, size)


def count_ticks(clock, times):
    """Return the tick of each time (n_rows,), or None where a time is not one of the clock's."""
    if clock == "even":
        return times.instants
    if times.wall is None:
        return None
    if clock == "wall":
        return times.wall.astype(np.int64)
    return _count_business(times.wall) if clock == "business" else _count_months(times.wall)


def _count_business(wall):
    days = wall.astype("M8[D]")
    if not np.is_busday(days).all() or not _are_equal(wall - days):
        return None
    return np.busday_count(_EPOCH, days)


def _count_months(wall):
    months = wall.astype("M8[M]")
    if not (_are_equal(wall - months) or _are_equal(wall - (months + _MONTH))):
        return None
    return months.astype(np.int64)


def _are_equal(values):
    return bool((values == values[:1]).all())


def find_step(times, follows):
    """Return the `Step` with the fewest gaps, or None if rows keep none.

    follows   (n_rows - 1,) whether a row follows the one before in the same series
    """
    best, fewest = None, np.inf
    for clock in ("months", "wall", "even", "business"):
        ticks = count_ticks(clock, times)
        if ticks is None or not follows.any():
            continue
        steps, counts = np.unique(np.diff(ticks)[follows], return_counts=True)
        size, n_gaps = steps[counts.argmax()], counts.sum() - counts.max()
        is_kept = size > 0 and n_gaps <= counts.max() and not (steps % size).any()
        is_kept &= clock != "wall" or size % _DAY == 0
        if is_kept and n_gaps < fewest:
            best, fewest = Step(clock, int(size)), n_gaps
    return best


def times_after(times, step, last, n_steps):
    """Return the next times (len(last), n_steps) after the rows `last`, as numbers or datetime64.

    Those of the clock 'even' are instants, all others times of the local clock.
    """
    ticks = count_ticks(step.clock, times)[last]
    ticks = ticks[:, np.newaxis] + step.size * np.arange(1, n_steps + 1)
    if step.clock == "business":
        wall = times.wall[last][:, np.newaxis]
        return np.busday_offset(_EPOCH, ticks, roll="forward") + (wall - wall.astype("M8[D]"))
    if step.clock == "months":
        return _times_of_months(ticks, times.wall, times.wall[last][:, np.newaxis])
    return ticks if step.clock == "even" else ticks.astype("M8[us]")


def _times_of_months(ticks, wall, last):
    """Return the times in these months: as far from their ends as all others, or from their starts.

    Months are counted from their ends where the times are those of last days. A day that a month
    lacks becomes its last.
    """
    day, month = np.timedelta64(1, "D"), last.astype("M8[M]")
    starts = ticks.astype("M8[M]")
    ends = (starts + _MONTH).astype(wall.dtype)
    to_end = (wall.astype("M8[M]") + _MONTH) - wall
    if _are_equal(to_end) and (to_end <= day).all():
        return ends - to_end[0]
    within_day = last - last.astype("M8[D]")
    return np.minimum(starts.astype(wall.dtype) + (last - month), ends - day + within_day)
