"""The times of the rows of a table: in order, each once, and without gaps unless asked for."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from skrnn._data.frames import is_missing
from skrnn._series.calendar import Step, count_ticks, find_step, parse_step
from skrnn._series.columns import column_at, names_of

_TIMES = ("datetime64", "datetime", "date", "period", "timedelta64")  # as pandas calls them
GAPS = ("raise", "cut", "ignore")


class Times(NamedTuple):
    """The times of the rows of a table.

    instants  (n_rows,) integers that grow with time: microseconds, periods or numbers
    wall      (n_rows,) datetime64[us] of the local clock; None for periods, durations and numbers
    shown     (n_rows,) the times as they were given
    name      how messages call them
    unit      'time', 'duration', 'period' or 'number'
    shared    whether several rows may have one time: an index of several levels tells them apart
    """

    instants: np.ndarray
    wall: np.ndarray | None
    shown: Any
    name: str
    unit: str
    shared: bool = False


def read_times(X, time_feature=None):
    """Return the `Times` of the rows of X, or None.

    time_feature   position of the column that has them; None for the index of a pandas table
    """
    if time_feature is not None:
        return _times_of_column(X, time_feature)
    index = getattr(X, "index", None)
    if not hasattr(index, "inferred_type"):
        return None
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    level = next((level for level in levels if level.inferred_type in _TIMES), None)
    shared = len(levels) > 1
    if level is None:
        return None if shared else _numbers_of_index(index)
    if level.hasnans:
        raise ValueError(
            f"The time index of X is missing (NaT) in row {level.isna().argmax()}: drop "
            "such rows, or fill in their time."
        )
    return _times_of_index(level)._replace(shared=shared)


_NAME = "time index of X"


def _numbers_of_index(index):
    if index.inferred_type == "integer":
        return Times(index.to_numpy(), None, index, _NAME, "number")
    if index.inferred_type == "floating":
        values = index.to_numpy(dtype=np.float64, na_value=np.nan)
        return Times(values, None, index, _NAME, "number")
    return None


def _times_of_index(index):
    """Return the times in an index of pandas."""
    if index.inferred_type == "period":
        return Times(index.astype("int64").to_numpy(), None, index, _NAME, "period")
    if index.inferred_type == "timedelta64":
        return Times(_ticks(index.to_numpy(), "m8[us]"), None, index, _NAME, "duration")
    if getattr(index, "tz", None) is None:
        wall = index.to_numpy().astype("M8[us]")
        return Times(wall.astype(np.int64), wall, index, _NAME, "time")
    instants = index.tz_convert(None).to_numpy()
    wall = index.tz_localize(None).to_numpy().astype("M8[us]")
    return Times(_ticks(instants, "M8[us]"), wall, index, _NAME, "time")


def _ticks(values, unit):
    return values.astype(unit).astype(np.int64)


def times_of_target(y, n_rows):
    """Return the dates in the index of y, or None if it has none for each row."""
    times = None if y is None else read_times(y)
    if times is None or times.unit == "number" or len(times.instants) != n_rows:
        return None
    return times._replace(name="time index of y")


def _times_of_column(X, time_feature):
    """Return the times in a column of a frame, or of an array."""
    column, label = _column(X, time_feature)
    name = f"column {label!r} of X"
    missing = np.ravel(is_missing(column))
    if missing.any():
        raise ValueError(
            f"The {name} has no time in row {missing.argmax()}: drop such rows, or fill it in."
        )
    if hasattr(X, "set_index") and getattr(column.dtype, "kind", "O") not in "iufb":  # pandas
        index = _index_of(X, label)
        if index.inferred_type in _TIMES:
            return _times_of_index(index)._replace(name=name)
    if getattr(column.dtype, "time_zone", None) is not None:  # polars
        wall = column.dt.replace_time_zone(None)
        return _dates(column.to_numpy(), wall.to_numpy(), column, name)
    values = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    return _times_of_values(values, name)


def _index_of(X, label):
    """Return a column of pandas as an index; what it holds of Arrow as pandas' own times."""
    index = X.set_index(label).index
    if hasattr(index.dtype, "pyarrow_dtype"):
        return type(index)(index.tolist(), name=label)
    return index


def _dates(instants, wall, shown, name):
    return Times(_ticks(instants, "M8[us]"), wall.astype("M8[us]"), shown, name, "time")


def _column(X, position):
    """Return a column by its position, and what it is called."""
    label = names_of(X)[position]
    return column_at(X, position), label


def _times_of_values(values, name):
    """Return dates, durations or whole numbers in an array."""
    kind = values.dtype.kind
    if kind == "O":
        values = _unpacked(values)
        kind = values.dtype.kind
    if kind == "M":
        return _dates(values, values, values, name)
    if kind == "m":
        return Times(_ticks(values, "m8[us]"), None, values, name, "duration")
    is_whole = kind in "iu" or (kind == "f" and (values == np.floor(values)).all())
    if is_whole and values.ndim == 1:
        return Times(values.astype(np.int64), None, values, name, "number")
    raise ValueError(
        f"The {name} holds {values[:1].tolist()[0]!r}, which is no time: convert the column with "
        "pandas.to_datetime or str.to_datetime of polars, or number the steps."
    )


def _unpacked(values):
    """Return Python's dates and numbers in an array of their own kind, where they have one."""
    try:
        return np.array(values.tolist(), dtype=np.array(values[:1].tolist()).dtype)
    except (TypeError, ValueError):
        return values


# Order and gaps --------------------------------------------------------------------------------


def follows_of(starts, n_rows):
    """Return for each row but the first whether it follows the one before in the same series."""
    follows = np.ones(n_rows, bool)
    follows[starts] = False
    return follows[1:]


def check_order(times, starts, strict_numbers=False):
    """Refuse times that run backwards, or stand still, inside a series.

    Numbers of an index that run backwards may be no times: they are worth a warning, unless
    `strict_numbers`.
    """
    if times is None:
        return
    follows = follows_of(starts, len(times.instants))
    steps = np.diff(times.instants)
    is_down, is_equal = follows & (steps < 0), follows & (steps == 0)
    if times.unit == "number" and times.name == _NAME:
        if is_down.any() and not strict_numbers:
            warnings.warn(
                "The index of X is not in order, but windows take rows to be in time order as they "
                "come. If they were shuffled, split without shuffling; if they are in order, "
                "X.reset_index(drop=True) says so.",
                stacklevel=2,
            )
        is_equal[:] = False
        is_down &= strict_numbers
    if is_down.any():
        raise _disorder(times, starts, 1 + is_down.argmax())
    if is_equal.any() and not times.shared:
        raise _repetition(times, is_equal)


_APART = (
    "If these rows are several series, make a column of what tells them apart, as "
    "X.reset_index(level=...) does with a level of the index, and pass it as group_feature, or "
    "as groups of sliding_windows."
)


def _disorder(times, starts, row):
    bounds = [*starts, len(times.instants)]
    i = np.searchsorted(starts, row, side="right")
    sort = "X.sort_index()" if times.name == _NAME else "a sort by that column"
    message = (
        f"The {times.name} of rows {bounds[i - 1]} to {bounds[i] - 1} is not sorted: windows need "
        f"rows in time order, but {times.shown[row]} is in row {row} after "
        f"{times.shown[row - 1]}. Sort them with {sort}, and split without shuffling."
    )
    return ValueError(f"{message} {_APART}" if times.shared else message)


def _repetition(times, is_equal):
    row = 1 + int(is_equal.argmax())
    return ValueError(
        f"The {times.name} has {times.shown[row]} in row {row} as in the row before, and "
        f"{is_equal.sum()} row(s) in all repeat a time, but a window takes each row for a step in "
        "time: aggregate such rows, for example with "
        f"X.groupby(level=0).mean(). {_APART} If the order of the rows is all that counts, "
        "X.reset_index(drop=True) says so."
    )


def step_of(times, starts, freq):
    """Return the `Step` between rows: the one that `freq` names, or the one that is found.

    None if there are no times, or if they keep none; numbers are looked at only with a `freq`.
    """
    if times is None or times.shared:
        if freq is not None:
            raise ValueError(
                f"freq={freq!r} is the step of the times of rows, but X has none: pass a pandas "
                "table with a time index, or name the column of the times as time_feature."
            )
        return None
    if freq is None:
        return None if times.unit == "number" else _found(times, starts)
    # A period is a step of its own, whatever its length.
    step = Step("even", 1) if times.unit == "period" else parse_step(freq)
    if times.unit == "number" and isinstance(freq, str):
        raise ValueError(f"freq={freq!r} is for dates, but the {times.name} has numbers.")
    if count_ticks(step.clock, times) is None:
        raise ValueError(
            f"The {times.name} does not keep freq={freq!r}: its times are not those of one "
            f"place in a step ({times.shown[0]} is the first), or it has no dates."
        )
    return step


def _found(times, starts):
    follows = follows_of(starts, len(times.instants))
    if times.unit == "period":
        return Step("even", 1)
    return find_step(times, follows)


def cut_at_gaps(times, starts, step, gaps):
    """Return the first row of each series, cut at its gaps if `gaps` says so; raise for others."""
    if gaps == "cut" and (times is None or step is None):
        raise ValueError(
            "gaps='cut' needs times that keep a step, but X has none: a scaler in front hides the "
            "index unless set_output(transform='pandas') lets it pass. Name the column of the "
            "times as time_feature, or their step as freq."
        )
    if times is None or step is None or gaps == "ignore" or len(times.instants) < 2:
        return starts
    ticks = count_ticks(step.clock, times)
    if ticks is None:
        raise ValueError(f"The {times.name} does not keep the step {step} that fit saw.")
    steps = np.diff(ticks)
    is_gap = follows_of(starts, len(ticks)) & (steps != step.size)
    if not is_gap.any():
        return starts
    if gaps == "raise":
        raise _gap(times, step, is_gap, steps)
    return np.union1d(starts, 1 + np.flatnonzero(is_gap))


def _gap(times, step, is_gap, steps):
    row = 1 + int(is_gap.argmax())
    n_missing = steps[is_gap] // step.size - 1
    length = 1 if times.unit == "period" else step
    length = step.size if times.unit == "number" else length
    return ValueError(
        f"The {times.name} has {is_gap.sum()} gap(s) in steps of {length}, with "
        f"{np.maximum(n_missing, 0).sum()} row(s) missing: the first from {times.shown[row - 1]} "
        f"in row {row - 1} to {times.shown[row]} in row {row}. No window crosses a gap unasked: "
        "fill the missing rows in, such as by X.asfreq() and an imputer, cut the series there with "
        "gaps='cut', take rows for steps with gaps='ignore', or name another step as freq."
    )


# What comes next -------------------------------------------------------------------------------


def show_times(times, values, step):
    """Return times to come, from `times_after`, in the form in which those before were given."""
    shown = times.shown
    if times.unit == "number":
        is_index = hasattr(shown, "inferred_type")
        return type(shown[:1].repeat(2))(values, name=shown.name) if is_index else values
    if times.unit == "period":
        kind = type(shown[:0])
        return kind.from_ordinals(values, freq=shown.dtype.freq, name=shown.name)
    values = values.astype("m8[us]" if times.unit == "duration" else "M8[us]")
    if isinstance(shown, np.ndarray):
        return values.astype(shown.dtype)
    return _like(shown, values, is_instant=step.clock == "even")


def _like(shown, values, is_instant):
    """Return datetime64[us] in an index of pandas, or a series of polars, like that of `shown`."""
    zone = getattr(shown.dtype, "time_zone", None) or getattr(shown, "tz", None)
    if hasattr(shown, "inferred_type"):
        if shown.inferred_type == "date":
            return values.astype("M8[D]").astype(object)
        index = type(shown)(values, name=shown.name)
        if zone is not None:
            index = (
                index.tz_localize("UTC").tz_convert(zone) if is_instant else index.tz_localize(zone)
            )
        return index.as_unit(shown.unit)
    series = type(shown)(shown.name, values)
    if zone is not None:
        series = series.dt.replace_time_zone("UTC" if is_instant else zone)
        series = series.dt.convert_time_zone(zone)
    return series.cast(shown.dtype)
