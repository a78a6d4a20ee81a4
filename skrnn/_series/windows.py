"""Sliding windows over long series: one per row for a Pipeline, or the textbook ones."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array, check_consistent_length, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from skrnn._compat import named
from skrnn._data.frames import is_missing
from skrnn._data.values import check_numbers, reject_masked
from skrnn._typing import available_if
from skrnn._version import VersionMixin

_TIMES = ("datetime64", "datetime", "date", "period", "timedelta64")  # as pandas calls them
_READ = {"dtype": (np.float64, np.float32), "ensure_all_finite": False}


def series_bounds(groups, n_rows):
    """Return (start, stop) of every series, where each id in `groups` must form one run of rows."""
    if groups is None:
        return [(0, n_rows)]
    reject_masked(groups, "groups")
    ids, missing = _as_column(groups), np.ravel(is_missing(groups))
    if missing.any():
        raise ValueError(f"The series id of row {missing.argmax()} is missing: name it.")
    edges = (np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist()
    starts, seen = [0, *edges], set()
    for start in starts:
        if ids[start] in seen:
            raise ValueError(
                f"The series {ids[start]!s} starts again at row {start}: the rows of a series must "
                "be contiguous. Sort the table by series, then by time."
            )
        seen.add(ids[start])
    return list(zip(starts, [*edges, n_rows], strict=True))


def _as_column(groups):
    """Return one id for each row, from a table of one column too."""
    ids = np.asarray(groups)
    if ids.ndim == 1 or (ids.ndim == 2 and ids.shape[1] == 1):
        return ids.ravel()
    raise ValueError(f"groups must name one series for each row, got shape {ids.shape}.")


def largest_horizon(horizon):
    """Check one horizon or a list of them, and return the largest."""
    horizons = np.ravel(horizon).tolist()
    check_scalar(len(horizons), "number of horizons", Integral, min_val=1)
    for h in horizons:
        check_scalar(h, "horizon", Integral, min_val=0)
    return max(horizons)


def check_time_order(X, bounds):
    """Refuse a pandas table whose times run backwards, or stand still, inside a series.

    Numbers that run backwards may be no times: they are worth a warning.
    """
    index = getattr(X, "index", None)
    if not hasattr(index, "inferred_type"):
        return
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    times = next((level for level in levels if level.inferred_type in _TIMES), None)
    if times is None:
        if len(levels) == 1 and index.inferred_type in ("integer", "floating"):
            _warn_of_disorder(index, bounds)
    elif not (times.is_monotonic_increasing and times.is_unique):
        for start, stop in bounds:
            _check_times(times[start:stop], start, several_levels=len(levels) > 1)


def _warn_of_disorder(index, bounds):
    """Warn once of numbers that decrease inside a series."""
    is_down = np.append(np.diff(index.to_numpy(dtype=np.float64, na_value=np.nan)) < 0, False)
    is_down[[stop - 1 for _, stop in bounds]] = False  # from one series to the next
    if is_down.any():
        warnings.warn(
            "The index of X is not in order, but windows take rows to be in time order as they "
            "come. If they were shuffled, split without shuffling; if they are in order, "
            "X.reset_index(drop=True) says so.",
            stacklevel=2,
        )


def _check_times(index, start, several_levels):
    if index.hasnans:
        raise ValueError(
            f"The time index of X is missing (NaT) in row {start + index.isna().argmax()}: drop "
            "such rows, or fill in their time."
        )
    apart = (
        "If these rows are several series, make a column of what tells them apart, as "
        "X.reset_index(level=...) does with a level of the index, and pass it as group_feature, or "
        "as groups of sliding_windows."
    )
    if not index.is_monotonic_increasing:
        message = (
            f"The time index of rows {start} to {start + len(index) - 1} is not sorted: windows "
            "need rows in time order. Sort them with X.sort_index(), and split without shuffling."
        )
        raise ValueError(f"{message} {apart}" if several_levels else message)
    if not (several_levels or index.is_unique):
        i = index.duplicated().argmax()
        raise ValueError(
            f"The time index of X has {index[i]} in row {start + i} as in the row before, but a "
            "window takes each row for a step in time: aggregate such rows, for example with "
            f"X.groupby(level=0).mean(). {apart} If the order of the rows is all that counts, "
            "X.reset_index(drop=True) says so."
        )


def _causal_windows(series, window_size, horizon, padding):
    """Return the windows (n, window_size, D) of `series` (n, D): a view of one padded copy.

    Window i is rows i - horizon - window_size + 1 to i - horizon. The last `horizon` rows are in
    no window.
    """
    n_rows, n_features = series.shape
    n_known = max(n_rows - horizon, 0)
    fill = {"edge": series[0], "zero": 0.0, "nan": np.nan}[padding]
    buffer = np.empty((n_rows + window_size - 1, n_features), series.dtype)
    buffer[: len(buffer) - n_known] = fill
    buffer[len(buffer) - n_known :] = series[:n_known]
    return sliding_window_view(buffer, window_size, axis=0).transpose(0, 2, 1)


def _has_feature_names(self):
    return self.output == "2d"


def _is_invertible(self):
    return self.horizon == 0 and self.group_feature is None


class SlidingWindowTransformer(VersionMixin, TransformerMixin, BaseEstimator):
    """Turn the rows of a long series into one causal window per row.

    Window `i` holds rows ``i - horizon - window_size + 1`` to ``i - horizon``. There are as many
    windows as rows, so `y` stays as it is, and the transformer works in an unmodified
    :class:`~sklearn.pipeline.Pipeline`, with `window_size` and `horizon` in the grid of a search.
    With ``horizon=1`` the estimator behind it predicts ``y[i]`` from the rows before `i`.

    Parameters
    ----------
    window_size : int, default=10
        Number of rows in a window.

    horizon : int, default=0
        Number of rows from the last row of a window to the row it stands for. 0 lets the window
        of row `i` end with row `i` itself; 1 is one-step-ahead forecasting.

    padding : {'edge', 'zero', 'nan'}, default='edge'
        What stands for the rows before the start of a series. 'edge' repeats its first row,
        'zero' and 'nan' are constants.

    output : {'3d', '2d'}, default='3d'
        '3d' gives windows of shape (n_rows, window_size, n_features) for the estimators of this
        package, '2d' gives (n_rows, window_size * n_features), oldest row first, for any other
        scikit-learn estimator.

    group_feature : int or str, default=None
        Column of `X` that tells the series apart. It is left out of the windows, and no window
        reaches into another series. The rows of a series must be contiguous.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in `fit`, `group_feature` included.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names seen in `fit`, where all of them are strings.

    See Also
    --------
    sliding_windows : The complete windows only, with a stride and their targets.
    PurgedWindowSplit : Splits that keep training and test windows apart.

    Notes
    -----
    The windows of a single series are a read-only view of one padded copy of the rows; those of
    several series are one copy. Integer columns become float64, float32 is kept.

    Only the first ``window_size - 1 + horizon`` windows of a series hold padding. The first
    `horizon` of them hold nothing else, since no row is known that early: with 'edge' they hold
    the first row itself, the one value here that is newer than ``i - horizon``.

    Rows that no window holds are not looked at, so the last `horizon` rows of a series may be
    NaN: append `horizon` such rows to predict beyond the end of the series.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import SlidingWindowTransformer
    >>> X = np.arange(5.0).reshape(-1, 1)
    >>> SlidingWindowTransformer(3, output="2d").fit_transform(X)
    array([[0., 0., 0.],
           [0., 0., 1.],
           [0., 1., 2.],
           [1., 2., 3.],
           [2., 3., 4.]])
    >>> print(SlidingWindowTransformer(3, horizon=1).explain_alignment(5))
    row  window   target
      0  [. . .]    y[0]
      1  [. . 0]    y[1]
      2  [. 0 1]    y[2]
      3  [0 1 2]    y[3]
      4  [1 2 3]    y[4]
    """

    feature_names_in_: np.ndarray
    n_features_in_: int

    def __init__(
        self,
        window_size: int = 10,
        *,
        horizon: int = 0,
        padding: str = "edge",
        output: str = "3d",
        group_feature: int | str | None = None,
    ):
        self.window_size = window_size
        self.horizon = horizon
        self.padding = padding
        self.output = output
        self.group_feature = group_feature

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters and the series; nothing is learned.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows in time order.
        y : None
            Ignored.

        Returns
        -------
        self : SlidingWindowTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter is out of range, a row that a window would hold has a missing or
            infinite value, the rows of a series are not contiguous or not in time order, a time
            occurs twice in one series, or no series is long enough for one complete window.
        TypeError
            If `X` is of a type that holds no numbers.

        Warns
        -----
        UserWarning
            If the numbers in the index of a pandas table are not in order: its rows may have been
            shuffled.
        """
        _, bounds = self._read(X, reset=True)
        longest = max(stop - start for start, stop in bounds)
        needed = sum(self._sizes)
        if longest < needed:
            raise ValueError(
                f"window_size={self.window_size} and horizon={self.horizon} need a series of at "
                f"least {needed} rows, but the longest series has n_samples={longest}. Lower "
                "window_size or horizon, or fit on more rows."
            )
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Return the window of every row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows in time order.

        Returns
        -------
        windows : ndarray of shape (n_rows, window_size, n_features), or \
                (n_rows, window_size * n_features) with ``output='2d'``
            Row `i` is the window of row `i`; read-only for a single series.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` has other columns than in `fit`, a row that a window holds has NaN or infinity,
            or the rows of a series are not contiguous or not in the order of time, each once.
        TypeError
            If `X` is of a type that holds no numbers.

        Warns
        -----
        UserWarning
            As `fit`.
        """
        check_is_fitted(self)
        rows, bounds = self._read(X, reset=False)
        parts = [
            _causal_windows(rows[start:stop], *self._sizes, self.padding) for start, stop in bounds
        ]
        windows = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return windows.reshape(len(windows), -1) if self.output == "2d" else windows

    if TYPE_CHECKING:  # scikit-learn's own: third-party stubs of it know no array-likes

        def fit_transform(self, X: ArrayLike, y: object = None, **params: Any) -> np.ndarray: ...

    @available_if(_is_invertible)
    def inverse_transform(self, X: np.ndarray) -> np.ndarray:
        """Return the rows of the series: the last one of every window.

        Available with ``horizon=0`` and without `group_feature`.

        Parameters
        ----------
        X : ndarray
            Windows, as `transform` returns them.

        Returns
        -------
        rows : ndarray of shape (n_rows, n_features)
            The rows of the series.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` has another shape than windows have.
        """
        check_is_fitted(self)
        return np.reshape(X, (len(X), self.window_size, -1))[:, -1]

    @available_if(_has_feature_names)
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the columns; available with ``output='2d'``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of `X`, in place of ``feature_names_in_`` or ``x0, x1, ...``.

        Returns
        -------
        feature_names_out : ndarray of str
            ``a_lag2`` is column ``a``, two rows before the row that the window stands for.
        """
        names = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        if self.group_feature is not None:
            names = np.delete(names, self._group_position())
        window_size, horizon = self._sizes
        lags = range(horizon + window_size - 1, horizon - 1, -1)
        return np.array([f"{name}_lag{lag}" for lag in lags for name in names], dtype=object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose the container of the result; 3-D windows fit no table and stay arrays.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'}, default=None
            Container of the windows with ``output='2d'``.

        Returns
        -------
        self : SlidingWindowTransformer
            The transformer.
        """
        return super().set_output(transform=transform) if self.output == "2d" else self

    def explain_alignment(self, n_rows: int | None = None) -> str:
        """Return a table of the rows in each window, and the target beside it.

        Parameters
        ----------
        n_rows : int, default=None
            Length of the series to show. By default two windows are complete.

        Returns
        -------
        table : str
            One line per row of the series; a dot is padding.
        """
        self._check_parameters()
        n_rows = sum(self._sizes) + 1 if n_rows is None else n_rows
        check_scalar(n_rows, "n_rows", Integral, min_val=1)
        ramp = np.arange(n_rows, dtype=float).reshape(-1, 1)
        windows = _causal_windows(ramp, *self._sizes, "nan")[:, :, 0]
        width = len(str(n_rows - 1))
        lines = []
        for i, window in enumerate(windows):
            rows = ["." if np.isnan(row) else f"{row:.0f}" for row in window]
            text = f"[{' '.join(row.rjust(width) for row in rows)}]".ljust(len("window"))
            lines.append(f"{i:>3}  {text}  {f'y[{i}]':>6}")
        return "\n".join([f"row  {'window'.ljust(len(text))}  target", *lines])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _sizes(self):
        """`window_size` and `horizon` as Python's integers, which do not overflow."""
        return int(self.window_size), int(self.horizon)

    def _check_parameters(self):
        check_scalar(self.window_size, "window_size", Integral, min_val=1)
        check_scalar(self.horizon, "horizon", Integral, min_val=0)
        for name, allowed in (("padding", ("edge", "zero", "nan")), ("output", ("3d", "2d"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}.")

    def _read(self, X, *, reset):
        """Return the checked float rows of `X` and the (start, stop) of every series."""
        self._check_parameters()
        if self.group_feature is None:
            rows, groups = self._read_rows(X), None
            validate_data(self, named(X), reset=reset, skip_check_array=True)
        else:
            validate_data(self, named(X), reset=reset, skip_check_array=True)
            table, groups = self._split_off_groups(X)
            rows = self._read_rows(table)
        bounds = series_bounds(groups, len(rows))
        check_time_order(X, bounds)
        for start, stop in bounds:
            self._check_finite(rows[start : max(stop - self._sizes[1], start)], start)
        return rows, bounds

    def _read_rows(self, table):
        check_numbers(table, "X")
        return check_array(table, input_name="X", estimator=self, **_READ)

    def _check_finite(self, rows, first_row):
        finite = np.isfinite(rows)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise ValueError(
                f"X has {rows[row, column]} (NaN is a missing value, inf an infinite one) in row "
                f"{first_row + row}, which up to {self.window_size} windows would hold: padding "
                "stands for rows before the start of a series only. Put an imputer in front of "
                "the windows."
            )

    def _group_position(self):
        """Return the position of `group_feature` among the columns."""
        names = getattr(self, "feature_names_in_", range(self.n_features_in_))
        try:
            if isinstance(self.group_feature, str):
                return list(names).index(self.group_feature)
            return range(self.n_features_in_)[self.group_feature]
        except (ValueError, IndexError) as error:
            raise ValueError(
                f"group_feature={self.group_feature!r} is not a column of X, which has "
                f"{self.n_features_in_} columns: {list(names)}."
            ) from error

    def _split_off_groups(self, X):
        position = self._group_position()
        if hasattr(X, "columns"):
            names = list(X.columns)
            group = names.pop(position)
            return X[names], X[group]
        # The ids may be strings beside numbers, which only an object array keeps apart.
        X = X if hasattr(X, "shape") else np.asarray(X, dtype=object)
        return np.delete(X, position, axis=1), X[:, position]


def sliding_windows(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    window_size: int,
    horizon: int | ArrayLike = 0,
    stride: int = 1,
    groups: ArrayLike | None = None,
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
        contiguous or not in time order, each time once.

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
    window_size = int(check_scalar(window_size, "window_size", Integral, min_val=1))
    check_scalar(stride, "stride", Integral, min_val=1)
    span = window_size + largest_horizon(horizon)
    check_consistent_length(X, y, groups)
    reject_masked(X, "X")
    reject_masked(y, "y")
    rows = check_array(X, dtype=None, ensure_2d=False, ensure_all_finite=False, input_name="X")
    bounds = series_bounds(groups, len(rows))
    check_time_order(X, bounds)

    starts = [np.arange(start, stop - span + 1, stride) for start, stop in bounds]
    starts = np.concatenate(starts)
    if len(starts) == 0:
        raise ValueError(
            f"window_size={window_size} and horizon={horizon} need a series of at least {span} "
            f"rows, but the longest series has {max(stop - start for start, stop in bounds)}."
        )
    windows = sliding_window_view(rows.reshape(len(rows), -1), window_size, axis=0)
    # Starts evenly spaced are a slice, which stays a view; those of several series are not.
    chosen = slice(0, starts[-1] + 1, stride) if len(bounds) == 1 else starts
    windows = windows[chosen].transpose(0, 2, 1)
    end = starts + window_size - 1
    if y is None:
        return windows, end
    return windows, np.asarray(y)[np.add.outer(end, horizon)], end
