"""Sliding windows over long series: one for each row, as a Pipeline needs them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from skrnn._compat import named
from skrnn._data.frames import readable
from skrnn._data.named_array import with_names
from skrnn._data.values import (
    as_array,
    as_list,
    check_choice,
    check_integer,
    check_same_length,
    reject_too_large,
)
from skrnn._series.calendar import Step
from skrnn._series.columns import (
    check_cells,
    check_table,
    column_at,
    names_of,
    parts_of,
    position_of,
    read_targets,
    take_columns,
)
from skrnn._series.cut import causal_windows, last_rows, rows_never_held, windows_of_series
from skrnn._series.series import MOST_ROWS, all_horizons, largest_horizon, lengths_of, series_starts
from skrnn._series.times import (
    GAPS,
    check_order,
    cut_at_gaps,
    read_times,
    step_of,
    times_of_target,
)
from skrnn._twin import all_or_nothing
from skrnn._typing import available_if
from skrnn._version import VersionMixin

_READ = {"dtype": (np.float64, np.float32), "ensure_all_finite": False}


def _has_feature_names(self):
    return self.output == "2d"


def _is_invertible(self):
    apart = (self.group_feature, self.time_feature, self.known_features)
    return np.ndim(self.horizon) == 0 and self.horizon == 0 and apart == (None, None, None)


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

    horizon : int or list of int, default=0
        Number of rows from the last row of a window to the row it stands for. 0 lets the window
        of row `i` end with row `i` itself; 1 is one-step-ahead forecasting. With several, such as
        ``[1, 2, 3]``, the window of row `i` is that of the largest, and `targets` makes the
        targets that go with it: all of them are later than the window, and none than row `i`.

    padding : {'edge', 'zero', 'nan'}, default='edge'
        What stands for the rows before the start of a series. 'edge' repeats its first row,
        'zero' and 'nan' are constants. See the notes for windows that know no row yet.

    output : {'3d', '2d'}, default='3d'
        '3d' gives windows of shape (n_rows, window_size, n_features) for the estimators of this
        package, '2d' gives (n_rows, window_size * n_features), oldest row first, for any other
        scikit-learn estimator.

    group_feature : int or str, default=None
        Column of `X` that tells the series apart. It is left out of the windows, and no window
        reaches into another series. The rows of a series must be contiguous.

    known_features : list of int or str, default=None
        Columns of `X` that are known in advance, such as the calendar or planned promotions: a
        window holds them `horizon` rows later than the others, up to row `i` itself.

    time_feature : int or str, default=None
        Column of `X` with the times of the rows, dates or whole numbers. It is left out of the
        windows. None takes the time index of a pandas table, if there is one.

    freq : str, timedelta or int, default=None
        Step in time from row to row: 'h', '15min', 'D', 'B' (Monday to Friday), 'W', 'MS', 'YS'
        or their like in polars, a duration, or a number of steps for whole numbers. None finds the
        step of dates that most rows keep; rows that keep none, and numbers, count as steps as they
        are.

    gaps : {'raise', 'cut', 'ignore'}, default='raise'
        What to do where a time is missing. 'raise' says which; 'cut' ends the series there, so
        that the rows behind the gap are another one; 'ignore' takes rows for steps.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of each column of the windows, over the rows seen in `fit`.

    n_features_in_ : int
        Number of columns seen in `fit`, `group_feature` and `time_feature` included.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
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
    `horizon` of them hold nothing else, since no row is known that early. With `group_feature` or
    ``gaps='cut'``, which make many such rows, 'edge' then means `mean_`, so that no series is told
    its own first target. The windows of a single series hold its first row there, the one value
    here that is newer than ``i - horizon``: leave these few rows out of scores.

    Rows that no window holds are not looked at, so the last `horizon` rows of a series may be
    NaN, but for `known_features`: append `horizon` such rows to predict beyond the end of the
    series, as :func:`direct_forecast` does.

    The names of the columns of a table go on to the estimator behind the windows, whose
    `categorical_features`, or `target_feature`, may name them.

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
    mean_: np.ndarray

    def __init__(
        self,
        window_size: int = 10,
        *,
        horizon: int | ArrayLike = 0,
        padding: str = "edge",
        output: str = "3d",
        group_feature: int | str | None = None,
        known_features: ArrayLike | None = None,
        time_feature: int | str | None = None,
        freq: str | timedelta | int | None = None,
        gaps: str = "raise",
    ):
        self.window_size = window_size
        self.horizon = horizon
        self.padding = padding
        self.output = output
        self.group_feature = group_feature
        self.known_features = known_features
        self.time_feature = time_feature
        self.freq = freq
        self.gaps = gaps

    @all_or_nothing
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters and the series; learn the step of time and the means.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows in time order.
        y : array-like of shape (n_rows,), default=None
            Its values are ignored, but the time index of a Series or a table is checked if `X` has
            no times, as behind a scaler in a Pipeline.

        Returns
        -------
        self : SlidingWindowTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter is out of range, a row that a window would hold has a missing or
            infinite value, the rows of a series are not contiguous or not in time order, a time
            occurs twice or is missing in one series, or no series is long enough for one complete
            window.
        TypeError
            If `X` is of a type that holds no numbers.

        Warns
        -----
        UserWarning
            If the numbers in the index of a pandas table are not in order: its rows may have been
            shuffled.
        """
        rows, starts = self._read(X, reset=True, y=y)
        lengths, (window_size, horizon) = lengths_of(starts, len(rows)), self._sizes
        longest, needed = lengths.max(), window_size + horizon
        if longest < needed:
            raise ValueError(
                f"window_size={self.window_size} and horizon={self.horizon} need a series of at "
                f"least {needed} rows, but the longest series has n_samples={longest}. Lower "
                "window_size or horizon, or fit on more rows."
            )
        never_held = rows_never_held(starts, lengths, horizon)
        held = np.delete(rows, never_held, axis=0)
        reject_too_large(held, "X")
        self.mean_ = held.mean(axis=0, dtype=np.float64)
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
        rows, starts = self._read(X, reset=False)
        lengths, size, delays = lengths_of(starts, len(rows)), self._sizes[0], self._delays()
        if self._may_be_several:
            unknown = getattr(self, "mean_", np.zeros(rows.shape[1]))
            windows = windows_of_series(rows, lengths, size, delays, self.padding, unknown)
        else:
            windows = causal_windows(rows, size, delays, self.padding)
        if self.output == "2d":
            return windows.reshape(len(windows), -1)
        names = getattr(self, "feature_names_in_", None)
        return windows if names is None else with_names(windows, names[self._held()])

    def targets(self, X: ArrayLike, y: ArrayLike) -> np.ndarray:
        """Return the targets of every row, for `horizon` with several values.

        Row `i` has those of the window of row `i`, which ends at row ``i - max(horizon)``: they are
        ``y[i - max(horizon) + h]`` for each ``h`` in `horizon`. They are made before a Pipeline,
        from the same table that is fitted to, and no row is dropped::

            Y = windows.targets(X, y)
            make_pipeline(StandardScaler(), windows, RNNRegressor()).fit(X, Y)

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, which tells series and times apart.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Value of every row, of which later ones are the targets.

        Returns
        -------
        targets : ndarray of shape (n_rows, n_horizons * n_outputs)
            All outputs of the first horizon, then of the next. Targets from before the start of a
            series, whose windows know no row either, are its first value. With a single horizon,
            `y` as it is.

        Raises
        ------
        ValueError
            As `fit`, or if `y` has not one value for each row.
        """
        self._check_parameters()
        horizons, X, values = all_horizons(self.horizon), readable(X, "X"), read_targets(y)
        check_same_length(X=X, y=values)
        if np.ndim(self.horizon) == 0:
            return values
        starts = starts_of(self, X, len(values))
        first = np.repeat(starts, lengths_of(starts, len(values)))[:, np.newaxis]
        rows = np.arange(len(values))[:, np.newaxis] - (max(horizons) - np.array(horizons))
        return values[np.maximum(rows, first)].reshape(len(values), -1)

    def is_complete(self, X: ArrayLike) -> np.ndarray:
        """Tell the rows whose window holds no padding.

        As weights, such as ``rnnregressor__sample_weight=windows.is_complete(X)`` in the fit of a
        Pipeline, they leave out the windows that reach back beyond the start of a series, or
        over a gap.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, which tells series and times apart.

        Returns
        -------
        is_complete : ndarray of bool of shape (n_rows,)
            Whether the window of each row is complete.

        Raises
        ------
        ValueError
            As `fit`.
        """
        self._check_parameters()
        table = check_table(X, "X")
        starts = starts_of(self, table, len(table))
        place = np.arange(len(table)) - np.repeat(starts, lengths_of(starts, len(table)))
        return place >= sum(self._sizes) - 1

    if TYPE_CHECKING:  # scikit-learn's own: third-party stubs of it know no array-likes

        def fit_transform(self, X: ArrayLike, y: object = None, **params: Any) -> np.ndarray: ...

    @available_if(_is_invertible)
    def inverse_transform(self, X: np.ndarray) -> np.ndarray:
        """Return the rows of the series: the last one of every window.

        It is available with ``horizon=0``, where all columns are in the windows.

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
        return last_rows(as_array(X, "X"), self.window_size)

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
        if input_features is not None:
            input_features = as_list(input_features, "input_features", "a list of names")
        names = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        held, delays = names[self._held()], self._delays()
        lags = range(self._sizes[0] - 1, -1, -1)
        return np.array(
            [f"{name}_lag{lag + d}" for lag in lags for name, d in zip(held, delays, strict=True)],
            dtype=object,
        )

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
        n_rows = check_integer(n_rows, "n_rows")
        window_size, horizon = self._sizes
        ramp = np.arange(n_rows, dtype=float).reshape(-1, 1)
        windows = causal_windows(ramp, window_size, np.array([horizon]), "nan")[:, :, 0]
        width = len(str(n_rows - 1))
        lines = []
        for i, window in enumerate(windows):
            rows = ["." if np.isnan(row) else f"{row:.0f}" for row in window]
            text = f"[{' '.join(row.rjust(width) for row in rows)}]".ljust(len("window"))
            later = [i - horizon + h for h in all_horizons(self.horizon)]
            target = " ".join(f"y[{row}]" if row >= 0 else "." for row in later)
            lines.append(f"{i:>3}  {text}  {target:>6}")
        return "\n".join([f"row  {'window'.ljust(len(text))}  target", *lines])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __setstate__(self, state):
        added = {"known_features": None, "time_feature": None, "freq": None, "gaps": "ignore"}
        super().__setstate__({**added, **state})  # files of earlier versions lack them

    @property
    def _sizes(self):
        """`window_size` and the largest horizon as Python's integers, which do not overflow."""
        return int(self.window_size), int(max(np.ravel(self.horizon).tolist()))

    @property
    def _may_be_several(self):
        """Whether the rows are those of several series, so that many have no row before them."""
        return self.group_feature is not None or self.gaps == "cut"

    def _check_parameters(self):
        check_integer(self.window_size, "window_size", most=MOST_ROWS)
        largest_horizon(self.horizon)
        allowed = {"padding": ("edge", "zero", "nan"), "output": ("3d", "2d"), "gaps": GAPS}
        for name, values in allowed.items():
            check_choice(getattr(self, name), name, values)
        if self.known_features is not None:
            as_list(self.known_features, "known_features", "a list of columns")

    def _read(self, X, *, reset, y=None):
        """Return the checked float rows of `X` and the first row of every series."""
        self._check_parameters()
        X = readable(X, "X")
        if self._held_apart() or self.known_features is not None:
            validate_data(self, named(X), reset=reset, skip_check_array=True)
            rows = self._read_rows(take_columns(X, self._held()) if self._held_apart() else X)
        else:
            rows = self._read_rows(X)
            validate_data(self, named(X), reset=reset, skip_check_array=True)
        starts, step = self._starts(X, len(rows), self._names(), reset, y)
        if reset:
            self._step = step and tuple(step)  # a plain value, which files can hold
        self._check_finite(rows, starts, self._delays())
        return rows, starts

    def _starts(self, X, n_rows, names, reset, y=None):
        """Return the first row of every series, once its times are checked, and their step."""
        groups, time = None, self.time_feature
        if self.group_feature is not None:
            groups = column_at(X, position_of(self.group_feature, names, "group_feature"))
        if time is not None:
            time = position_of(time, names, "time_feature")
        starts, times = series_starts(groups), read_times(X, time)
        if times is None and self.gaps != "cut":  # which new rows without times could not be
            times = times_of_target(y, n_rows)
        check_order(times, starts)
        is_seen = hasattr(self, "_step") and not reset
        step = step_of(times, starts, self.freq) if not is_seen else seen_step(self)
        return cut_at_gaps(times, starts, step, self.gaps), step

    def _read_rows(self, table):
        check_cells(table)
        return check_array(table, input_name="X", estimator=self, **_READ)

    def _check_finite(self, rows, starts, delays):
        finite = np.isfinite(rows)
        if finite.all():
            return
        for delay in set(delays.tolist()):
            unused = rows_never_held(starts, lengths_of(starts, len(rows)), delay)
            finite[np.ix_(unused, np.flatnonzero(delays == delay))] = True
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            name = self._names()[self._held()[column]]
            raise ValueError(
                f"X has {rows[row, column]} (NaN is a missing value, inf an infinite one) in row "
                f"{row} of column {name!r}, which up to {self.window_size} windows would hold: "
                "padding stands for rows before the start of a series only. Put an imputer in "
                "front of the windows."
            )

    def _names(self):
        return list(getattr(self, "feature_names_in_", range(self.n_features_in_)))

    def _held_apart(self):
        """Return the columns that are left out of the windows, as parameters name them."""
        apart = {"group_feature": self.group_feature, "time_feature": self.time_feature}
        return {name: feature for name, feature in apart.items() if feature is not None}

    def _held(self):
        """Return the positions of the columns that windows hold."""
        names, apart = self._names(), self._held_apart()
        left_out = [position_of(feature, names, name) for name, feature in apart.items()]
        held = [i for i in range(len(names)) if i not in left_out]
        if len(set(left_out)) < len(left_out) or not held:
            raise ValueError(
                f"{apart} must be different columns of X, and leave one for the windows: X has "
                f"{names}."
            )
        return held

    def _delays(self):
        """Return by how many rows each column of a window comes late."""
        names, held = self._names(), self._held()
        known = set(parts_of(self, names)[1])
        if not known <= set(held):
            raise ValueError(
                f"known_features={self.known_features} names a column that tells series or times "
                f"apart, {self._held_apart()}, and is in no window: leave it out."
            )
        return np.array([0 if i in known else self._sizes[1] for i in held], np.intp)


def seen_step(windows):
    """Return the step of time that a fitted transformer has seen, or None."""
    step = getattr(windows, "_step", None)
    return None if step is None else Step(*step)


def starts_of(windows, X, n_rows):
    """Return the first row of every series that a transformer would find in a table."""
    return windows._starts(X, n_rows, names_of(X), reset=True)[0]


def groups_of(windows, X):
    """Return the column of a table that tells series apart to a transformer, or None."""
    feature = windows.group_feature
    if feature is None:
        return None
    return np.asarray(column_at(X, position_of(feature, names_of(X), "group_feature")))
