"""Forecasts of windows beside those that cost nothing: the last value, and that of a season ago."""

from __future__ import annotations

import numpy as np

from skrnn._series.series import all_horizons, lengths_of


class Origins:
    """Rows of a table as windows with horizons take them: where each looks from, and what at.

    starts    (n_series,) first row of each series
    horizons  rows from the end of a window to its targets; None for those of the windows

    The window of row i ends at row ``i - max(horizons)``, its origin.
    """

    def __init__(self, windows, starts, n_rows, horizons=None):
        self.window_size = int(windows.window_size)
        self.horizons = all_horizons(windows.horizon) if horizons is None else horizons
        self.first = np.repeat(starts, lengths_of(starts, n_rows))
        self.origin = np.arange(n_rows) - max(self.horizons)

    def complete(self):
        """Return whether the window of each row is complete."""
        return self.origin - self.first >= self.window_size - 1

    def truth(self, y):
        """Return the values (n_rows, n_horizons) that are looked at."""
        return self._at(y, np.add.outer(self.origin, self.horizons))

    def persistence(self, y):
        """Return the last value of the window, for every horizon."""
        return self._at(y, np.repeat(self.origin[:, np.newaxis], len(self.horizons), axis=1))

    def seasonal_naive(self, y, season):
        """Return the last known values of the same places in a season; NaN before there are any."""
        horizons = np.array(self.horizons)
        n_seasons = np.maximum(-(-horizons // season), 1)
        return self._at(y, np.add.outer(self.origin, horizons - season * n_seasons))

    def _at(self, y, rows):
        values = np.asarray(y, dtype=np.float64)[np.maximum(rows, 0)]
        return np.where(rows >= self.first[:, np.newaxis], values, np.nan)
