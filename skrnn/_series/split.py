"""Cross-validation that keeps training windows away from test windows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import TimeSeriesSplit

from skrnn._data.frames import readable
from skrnn._data.ragged import rows_between
from skrnn._data.values import as_list, check_integer, check_same_length, is_integer, reject_sparse
from skrnn._series.columns import names_of, position_of
from skrnn._series.series import largest_horizon, lengths_of, series_starts
from skrnn._series.times import check_order, read_times
from skrnn._typing import Sequences


class PurgedWindowSplit(TimeSeriesSplit):
    """Time-series splits with a gap as long as a window reaches back.

    A :class:`~sklearn.model_selection.TimeSeriesSplit` with ``gap = window_size + horizon - 1``:
    no row in the window of a test row is a training row or in the window of one. Windows that
    overlap the test set make scores look better than they are.

    Parameters
    ----------
    n_splits : int, default=5
        Number of splits, at least 2.

    window_size : int
        Number of rows in a window; the largest one if a search tunes it.

    horizon : int or list of int, default=0
        Number of rows from the end of a window to its target; the largest one counts.

    max_train_size : int, default=None
        Keep at most this many training rows of a series, the latest ones. None keeps all.

    test_size : int, default=None
        Number of test rows of a series in a split. None means
        ``n_rows // (n_splits + 1)``.

    time_feature : int or str, default=None
        Column of `X` with the times of the rows. None takes the time index of a pandas table, if
        there is one.

    See Also
    --------
    SlidingWindowTransformer : Windows of every row, inside a Pipeline.

    Notes
    -----
    Several series, told apart by `groups`, are all split at the same times where `X` has times:
    all test rows of a split are later than all training rows, of whatever series, by the gap. All
    sizes then count times, and a series may be shorter than a split. Without times, each series is
    split along its own rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import PurgedWindowSplit
    >>> for train, test in PurgedWindowSplit(2, window_size=2, horizon=1).split(np.zeros(12)):
    ...     print(train, test)
    [0 1] [4 5 6 7]
    [0 1 2 3 4 5] [ 8  9 10 11]
    """

    # Searches and cross_val_score hand on `groups` without a request, as they do for GroupKFold.
    __metadata_request__split = {"groups": True}

    def __init__(
        self,
        n_splits: int = 5,
        *,
        window_size: int,
        horizon: int | ArrayLike = 0,
        max_train_size: int | None = None,
        test_size: int | None = None,
        time_feature: int | str | None = None,
    ):
        window_size = check_integer(window_size, "window_size")
        sizes = {"max_train_size": max_train_size, "test_size": test_size}
        for name, size in sizes.items():
            if size is not None:
                sizes[name] = check_integer(size, name)
        n_splits = check_integer(n_splits, "n_splits", 2)
        gap = window_size + largest_horizon(horizon) - 1
        super().__init__(n_splits, **sizes, gap=gap)
        self.window_size = window_size
        self.horizon = horizon
        self.time_feature = time_feature

    def split(
        self, X: Sequences, y: object = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and the test rows of every split.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Rows in time order, or windows with ``stride=1``.
        y : None
            Ignored.
        groups : array-like of shape (n_rows,), default=None
            Id of the series of every row, contiguous. See the notes.

        Yields
        ------
        train : ndarray of int
            Training rows.
        test : ndarray of int
            Test rows, all later than the training rows of the same series.

        Raises
        ------
        ValueError
            If a series is too short for the splits, `groups` does not name one contiguous run of
            rows for each series, or the times of a series are not in order, each once.
        """
        X, groups = readable(X, "X"), readable(groups, "groups")
        if X is None:
            raise TypeError("X is None, but its rows are to be split.")
        reject_sparse(X, "X")
        check_same_length(X=X, groups=groups)
        starts = series_starts(groups)
        times = self._times(X)
        if groups is not None and times is not None:
            check_order(times, starts)
            yield from self._split_at_times(times.instants)
            return
        stops = starts + lengths_of(starts, len(X))
        # Series of one length are split in one way: tens of thousands have few lengths.
        _, first, same_as = np.unique(stops - starts, return_index=True, return_inverse=True)
        edges = np.array([self._split_edges(starts[i], stops[i]) for i in first])[same_as]
        edges += starts[:, np.newaxis, np.newaxis]
        for train_start, train_stop, test_start, test_stop in edges.transpose(1, 2, 0):
            yield rows_between(train_start, train_stop), rows_between(test_start, test_stop)

    def _times(self, X):
        """Return the dates of the rows, or the numbers in a column of them; None without any."""
        if self.time_feature is not None:
            return read_times(X, position_of(self.time_feature, names_of(X), "time_feature"))
        times = read_times(X)
        return None if times is None or times.unit == "number" else times

    def _split_at_times(self, instants):
        """Yield the rows of the training and of the test times of each split."""
        distinct, place = np.unique(instants, return_inverse=True)
        try:
            edges = self._split_edges(0, len(distinct))
        except ValueError as error:
            raise ValueError(f"X has {len(distinct)} different times. {error}") from None
        for train_start, train_stop, test_start, test_stop in edges:
            yield (
                np.flatnonzero((train_start <= place) & (place < train_stop)),
                np.flatnonzero((test_start <= place) & (place < test_stop)),
            )

    def _split_edges(self, start, stop):
        """Return the first row and the end of the training and of the test rows of each split.

        They count from the row `start`, at which the series begins.
        """
        try:
            splits = list(super().split(range(stop - start)))
        except ValueError as error:
            raise ValueError(f"The series of rows {start} to {stop - 1}: {error}") from None
        return [(train[0], train[-1] + 1, test[0], test[-1] + 1) for train, test in splits]


def as_splits(cv):
    """Return `cv` as scikit-learn takes it: a number, a splitter, or a list of pairs."""
    cv = readable(cv, "cv")
    is_splitter = hasattr(cv, "split") and not isinstance(cv, (str, bytes, bytearray))
    if cv is None or is_integer(cv) or is_splitter:
        return cv
    splits = as_list(cv, "cv", "a number of folds, a splitter or an iterable of splits")
    if not splits or not all(map(_is_pair, splits)):
        raise ValueError(f"cv must yield pairs of indices, of training and of testing, got {cv!r}.")
    return splits


def _is_pair(split):
    return not isinstance(split, (str, bytes)) and hasattr(split, "__len__") and len(split) == 2
