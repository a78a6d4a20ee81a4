"""Cutting rows into causal windows, one for each row."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from skrnn._data.ragged import rows_between, sequence_starts


def causal_windows(series, window_size, delays, padding):
    """Return the windows (n, window_size, D) of `series` (n, D): a view of one padded copy.

    delays   (D,) number of rows by which each column comes late

    Window i holds the rows i - delay - window_size + 1 to i - delay of a column. The last rows, by
    its delay, are in no window.
    """
    n_rows, n_features = series.shape
    fill = {"edge": series[0], "zero": np.zeros(n_features), "nan": np.full(n_features, np.nan)}
    buffer = np.empty((n_rows + window_size - 1, n_features), series.dtype)
    for delay in set(delays.tolist()):
        columns = _as_slice(delays == delay)
        n_known = max(n_rows - delay, 0)
        buffer[: len(buffer) - n_known, columns] = fill[padding][columns]
        buffer[len(buffer) - n_known :, columns] = series[:n_known, columns]
    return sliding_window_view(buffer, window_size, axis=0).transpose(0, 2, 1)


def _as_slice(chosen):
    """Return a mask, or a slice where all are chosen, which copies nothing."""
    return slice(None) if chosen.all() else chosen


def windows_of_series(rows, lengths, window_size, delays, padding, unknown):
    """Return the windows of several series, one after the other: (n_rows, window_size, D).

    lengths   number of rows of each series
    unknown   (D,) what a window holds of a column of which no row is known yet, with 'edge'
    """
    starts, n_before = sequence_starts(lengths), window_size - 1
    place = np.arange(len(rows)) - np.repeat(starts, lengths)
    # Each series has its own padding in front of it, in one buffer for all.
    first = np.repeat(starts, lengths + n_before)
    place_in_buffer = np.arange(len(first)) - np.repeat(
        sequence_starts(lengths + n_before), lengths + n_before
    )
    buffer = np.empty((len(first), rows.shape[1]), rows.dtype)
    for delay in set(delays.tolist()):
        columns = np.flatnonzero(delays == delay)
        source = place_in_buffer - n_before - delay
        values = rows[:, columns][first + np.maximum(source, 0)]
        if padding != "edge":
            values[source < 0] = {"zero": 0.0, "nan": np.nan}[padding]
        buffer[:, columns] = values
    every = sliding_window_view(buffer, window_size, axis=0).transpose(0, 2, 1)
    windows = every[np.arange(len(rows)) + np.repeat(n_before * np.arange(len(lengths)), lengths)]
    if padding == "edge":
        _forget_unknown(windows, place, delays, unknown)
    return windows


def _forget_unknown(windows, place, delays, unknown):
    """Write over the windows whose rows are all newer than they may know."""
    for delay in {*delays.tolist()} - {0}:
        rows, columns = np.flatnonzero(place < delay), np.flatnonzero(delays == delay)
        windows[np.ix_(rows, range(windows.shape[1]), columns)] = unknown[columns]


def rows_never_held(starts, lengths, delay):
    """Return the last rows of each series, which are in no window."""
    stops = starts + lengths
    return rows_between(np.maximum(stops - delay, starts), stops)


def last_rows(windows, window_size):
    """Return the last row of each window, of an array of windows or of flat ones."""
    n_values = int(np.prod(windows.shape[1:]))
    if windows.ndim < 2 or not windows.size or n_values % window_size:
        raise ValueError(
            f"X has shape {windows.shape}, but windows are (n_windows, {window_size}, n_features), "
            "or flat in two dimensions."
        )
    return windows.reshape(len(windows), window_size, -1)[:, -1]
