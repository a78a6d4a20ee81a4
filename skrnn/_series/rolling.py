"""Recursive forecasts from many rows of a table, as if each were the last that is known."""

from __future__ import annotations

import numpy as np

from skrnn._compat import safe_indexing
from skrnn._data.frames import is_frame
from skrnn._data.values import as_floats
from skrnn._series.columns import column_at, names_of, parts_of
from skrnn._series.forecast import recursive_forecast
from skrnn._series.series import all_horizons, largest_horizon, series_starts
from skrnn._series.windows import groups_of


class RollingRecursion:
    """A table whose rows are forecast one after the other, each from the forecasts before it.

    windows   those of the estimator, one step ahead
    X, y      the table, and the only column of it that nobody knows in advance
    horizons  which of the steps are answers
    """

    def __init__(self, windows, X, y, horizon):
        self.windows, self.X = windows, X
        self.horizons = list(map(int, all_horizons(horizon)))
        self.starts = series_starts(groups_of(windows, X))
        self.names = names_of(X)
        self.apart, self.known, fed = parts_of(windows, self.names)
        self._check(fed, y)
        self.fed = self.names[fed[0]]

    def _check(self, fed, y):
        """Raise unless one step is learnt, of the column that is fed back."""
        if min(self.horizons) < 1:
            raise ValueError(f"horizon={self.horizons} must be at least 1: rows that come.")
        if largest_horizon(self.windows.horizon) != 1:
            raise ValueError(
                f"horizon={self.horizons} is reached step by step, but the windows of the "
                f"estimator have horizon={self.windows.horizon}: give them horizon=1, or leave "
                "horizon=None to take theirs."
            )
        if len(fed) != 1 or not np.array_equal(as_floats(column_at(self.X, fed[0]), "X"), y):
            raise ValueError(
                f"horizon={self.horizons} feeds forecasts of y back as the column of X that is not "
                f"known in advance, but X has {[self.names[i] for i in fed]} for it: pass that "
                "column as y, name the others in known_features of the windows, or leave "
                "horizon=None and let the windows have several horizons."
            )

    def forecasts(self, fitted, origins):
        """Return the forecasts (n_origins, n_horizons) of a fitted estimator from these rows."""
        result = np.empty((len(origins), len(self.horizons)))
        series = np.searchsorted(self.starts, origins, side="right")
        for batch in one_of_each(series):
            result[batch] = self._at_once(fitted, origins[batch])
        return result

    def _at_once(self, fitted, origins):
        """Forecast from one row of some series each, in their order."""
        n_steps, window = max(self.horizons), np.arange(1 - int(self.windows.window_size), 1)
        recent = safe_indexing(self.X, np.add.outer(origins, window).ravel())
        future = self._future(np.add.outer(origins, np.arange(1, n_steps + 1)).ravel())
        ahead = recursive_forecast(fitted, recent, n_steps, future=future)
        values = np.asarray(ahead[self.fed] if is_frame(ahead) else ahead, np.float64)
        return values.reshape(len(origins), n_steps)[:, np.array(self.horizons) - 1]

    def _future(self, rows):
        """Return what is known in advance of some rows, or None."""
        if not self.known:
            return None
        rows = safe_indexing(self.X, rows)
        if is_frame(rows):
            return rows[[self.names[i] for i in sorted({*self.apart, *self.known})]]
        rows = np.array(rows)
        rows[:, self.names.index(self.fed)] = np.nan
        return rows


def one_of_each(series):
    """Yield positions of which each has another series, in the order of these."""
    order = np.argsort(series, kind="stable")
    counts = np.unique(series, return_counts=True)[1]
    number = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
    for i in range(counts.max()):
        yield order[number == i]
