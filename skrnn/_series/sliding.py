"""The windows of the textbooks: the complete ones of long series, with targets."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from skrnn._data.frames import readable
from skrnn._data.ragged import rows_between
from skrnn._data.values import check_choice, check_integer, check_same_length
from skrnn._series.columns import read_targets, rows_of
from skrnn._series.series import MOST_ROWS, all_horizons, lengths_of, series_starts
from skrnn._series.times import GAPS, check_order, cut_at_gaps, read_times, step_of


def sliding_windows(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    window_size: int,
    horizon: int | ArrayLike = 0,
    stride: int = 1,
    groups: ArrayLike | None = None,
    freq: str | timedelta | int | None = None,
    gaps: str = "raise",
) -> tuple[np.ndarray, ...]:
    """Return the complete windows of a series, their targets and where they end.

    These are the windows of the textbooks: 1000 rows and ``window_size=50`` give 951. Inside a
    Pipeline use :class:`SlidingWindowTransformer`, which keeps one window per row.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_rows, n_features) or (n_rows,)
        Rows in time order.

    y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
        Target of every row. For forecasts of the series itself pass the series again.

    window_size : int
        Number of rows in a window.

    horizon : int or list of int, default=0
        Number of rows from the end of a window to its target. A list asks for several targets.

    stride : int, default=1
        Number of rows from one window to the next.

    groups : array-like of shape (n_rows,), default=None
        Id of the series of every row. Neither a window nor its target crosses to another series.

    freq : str, timedelta or int, default=None
        Step in time from row to row of a pandas table with a time index, as
        :class:`SlidingWindowTransformer` takes it.

    gaps : {'raise', 'cut', 'ignore'}, default='raise'
        What to do where a time is missing: say which, begin another series, or take rows for
        steps.

    Returns
    -------
    windows : ndarray of shape (n_windows, window_size, n_features)
        A read-only view of `X` for one series, one copy for several.

    targets : ndarray of shape (n_windows,) or (n_windows, n_horizons)
        ``y[end + horizon]``, with the output axis of a 2-D `y` last. Left out if `y` is None.

    end : ndarray of shape (n_windows,)
        The last row of every window.

    Raises
    ------
    ValueError
        If no window is complete, a parameter is out of range, or the rows of a series are not
        contiguous or not in time order, each time once and none left out.

    See Also
    --------
    SlidingWindowTransformer : One window per row, for a Pipeline.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import sliding_windows
    >>> series = np.arange(6)
    >>> windows, targets, end = sliding_windows(series, series, window_size=3, horizon=[1, 2])
    >>> windows[:, :, 0]
    array([[0, 1, 2],
           [1, 2, 3]])
    >>> targets
    array([[3, 4],
           [4, 5]])
    >>> end
    array([2, 3])
    """
    window_size = check_integer(window_size, "window_size", most=MOST_ROWS)
    stride = check_integer(stride, "stride", most=MOST_ROWS)
    horizons = all_horizons(horizon)
    span = window_size + max(horizons)
    X, values = readable(X, "X"), None if y is None else read_targets(y)
    groups = readable(groups, "groups")
    check_same_length(X=X, y=values, groups=groups)
    rows = rows_of(X)
    first = _starts_of_table(X, groups, len(rows), freq, gaps)
    lengths = lengths_of(first, len(rows))

    starts = rows_between(first, np.maximum(first + lengths - span + 1, first))
    starts = starts[(starts - np.repeat(first, np.maximum(lengths - span + 1, 0))) % stride == 0]
    if len(starts) == 0:
        raise ValueError(
            f"window_size={window_size} and horizon={horizon} need a series of at least {span} "
            f"rows, but the longest series has {lengths.max()}."
        )
    windows = sliding_window_view(rows.reshape(len(rows), -1), window_size, axis=0)
    # Starts evenly spaced are a slice, which stays a view; those of several series are not.
    chosen = slice(0, starts[-1] + 1, stride) if len(first) == 1 else starts
    windows = windows[chosen].transpose(0, 2, 1)
    end = starts + window_size - 1
    if y is None:
        return windows, end
    later = np.add.outer(end, horizons if np.ndim(horizon) else horizons[0])
    return windows, values[later], end


def _starts_of_table(X, groups, n_rows, freq, gaps):
    """Return the first row of each series, once the times of a table are checked."""
    check_choice(gaps, "gaps", GAPS)
    starts, times = series_starts(groups), read_times(X)
    check_order(times, starts)
    step = step_of(times, starts, freq)
    return cut_at_gaps(times, starts, step, gaps)
