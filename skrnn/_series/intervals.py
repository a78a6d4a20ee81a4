"""Intervals around forecasts, as wide as the errors on later rows than those learnt from."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import Interval, RealNotInt, check_parameters, safe_indexing
from skrnn._data.ragged import rows_between
from skrnn._data.values import as_floats, check_same_length
from skrnn._series.baselines import Origins
from skrnn._series.columns import check_table
from skrnn._series.forecast import windows_of
from skrnn._series.series import largest_horizon, lengths_of
from skrnn._series.windows import starts_of
from skrnn._twin import all_or_nothing
from skrnn._version import VersionMixin


class ConformalForecaster(VersionMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Put intervals around the forecasts of a Pipeline: split-conformal prediction in time order.

    The first rows of each series are learnt from, the last ones kept back: an interval is as wide
    as the errors there, so that it holds its share of what comes if errors go on as they were. A
    window lies between the rows of both kinds, as in :class:`PurgedWindowSplit`.

    Parameters
    ----------
    estimator : Pipeline
        With a :class:`SlidingWindowTransformer`, for one horizon or several. If it predicts several
        quantiles, the intervals are those from the lowest to the highest, made wider or narrower by
        as much as the errors ask for (Romano et al., 2019).

    coverage : float in (0, 1), default=0.9
        Share of values that intervals shall hold.

    calibration_fraction : float in (0, 1), default=0.25
        Share of the rows of each series that is kept back.

    refit : bool, default=False
        Whether to learn from all rows once the errors are known. Forecasts then know the latest
        rows; the errors are those of the estimator that did not, and mostly larger.

    Attributes
    ----------
    estimator_ : Pipeline
        The fitted estimator.

    scores_ : ndarray of shape (n_calibration,) or (n_calibration, n_horizons)
        Absolute errors of the rows kept back that have a complete window, or by how much quantiles
        missed.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all of them are strings.

    See Also
    --------
    backtest : The share that intervals really hold, from many origins.
    RNNRegressor : Several quantiles by one network.

    Notes
    -----
    The half width is the smallest score that at least ``ceil((n + 1) * coverage)`` of the `n`
    scores do not exceed, for each horizon by itself. Were rows exchangeable, the probability to
    hold the next value would be at least `coverage`. Series change, and where errors grow it is
    less: give `predict_interval` what came in the meantime.

    References
    ----------
    Vovk et al., 2005; Lei et al., 2018. Papers are listed in docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import ConformalForecaster, SlidingWindowTransformer
    >>> from skrnn.datasets import load_sunspots
    >>> X, y = load_sunspots(return_X_y=True)
    >>> windows = SlidingWindowTransformer(12, horizon=1, output="2d")
    >>> model = ConformalForecaster(make_pipeline(windows, Ridge()), coverage=0.8)
    >>> low, high = model.fit(X[:221], y[:221]).predict_interval(X, y)[221:].T
    >>> float(np.mean((low <= y[221:]) & (y[221:] <= high)).round(2))
    0.83
    """

    estimator_: Any
    scores_: np.ndarray
    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints = {
        "coverage": [Interval(RealNotInt, 0, 1, closed="neither")],
        "calibration_fraction": [Interval(RealNotInt, 0, 1, closed="neither")],
        "refit": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.9,
        calibration_fraction: float = 0.25,
        refit: bool = False,
    ):
        self.estimator = estimator
        self.coverage = coverage
        self.calibration_fraction = calibration_fraction
        self.refit = refit

    @all_or_nothing
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the estimator to early rows, and note its errors on late ones.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, each series in time order.
        y : array-like of shape (n_rows,) or (n_rows, n_horizons)
            What `estimator` is fitted to: values, or the `targets` of its windows.

        Returns
        -------
        self : ConformalForecaster
            The fitted forecaster.

        Raises
        ------
        ValueError
            If a parameter is not valid, `estimator` has no windows, or too few rows are kept back
            for `coverage`.
        """
        check_parameters(self)
        windows, y = self._windows(), as_floats(y, "y")
        X = check_table(X, "X")
        check_same_length(X=X, y=y)
        for name in ("scores_", "n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)  # they may be those of another table
        starts = starts_of(windows, X, len(y))
        early, late = self._split(windows, starts, len(y))
        late = late[Origins(windows, starts, len(y)).complete()[late]]
        self.estimator_ = clone(self.estimator).fit(safe_indexing(X, early), y[early])
        self.scores_ = self._scores(np.asarray(self.estimator_.predict(X))[late], y[late])
        self._place_of_width(len(self.scores_))
        if self.refit:
            self.estimator_ = clone(self.estimator).fit(X, y)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Forecast; of several quantiles, the middle one.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, with the rows that windows reach back to.

        Returns
        -------
        y_pred : ndarray of shape (n_rows,) or (n_rows, n_horizons)
            Forecasts of each row.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        return self._parts(np.asarray(self.estimator_.predict(X)))[1]

    def predict_interval(self, X: ArrayLike, y: ArrayLike | None = None) -> np.ndarray:
        """Return the bounds of each forecast.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, with the rows that windows reach back to.
        y : array-like of shape (n_rows,) or (n_rows, n_horizons), default=None
            What came: targets of the rows of `X`. Each interval then rests on the latest errors of
            its series that were known when its window ended, as many as `scores_` has, and on a
            share of them that grows with each miss and shrinks with each hit (Gibbs & Candès,
            2021), which follows errors that grow or shrink. Rows whose targets are not known yet
            are NaN.

        Returns
        -------
        bounds : ndarray of shape (n_rows, 2) or (n_rows, n_horizons, 2)
            Lower and upper bound.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `y` has not one target for each forecast.
        """
        check_is_fitted(self)
        predicted = np.asarray(self.estimator_.predict(X))
        low, _, high = self._parts(predicted)
        width = np.sort(self.scores_, axis=0)[self._place_of_width(len(self.scores_))]
        if y is not None:
            scores = self._scores(predicted, as_floats(y, "y"))
            starts = starts_of(self._windows(), X, len(scores))
            width = np.concatenate([self._rolling_width(s) for s in np.split(scores, starts[1:])])
        return np.stack([low - width, high + width], axis=-1)

    def _windows(self):
        found = windows_of(self.estimator)
        if not found:
            raise ValueError(
                f"estimator={self.estimator!r} has no windows: pass a Pipeline with a "
                "SlidingWindowTransformer."
            )
        return found[0]

    def _split(self, windows, starts, n_rows):
        """Return the rows to learn from and those to keep back, of each series."""
        lengths = lengths_of(starts, n_rows)
        stops = starts + lengths
        late = stops - np.ceil(self.calibration_fraction * lengths).astype(np.intp)
        gap = int(windows.window_size) + largest_horizon(windows.horizon) - 1
        early = np.maximum(late - gap, starts)
        return rows_between(starts, early), rows_between(late, stops)

    def _parts(self, predicted):
        """Return the lowest, the middle and the highest of the quantiles, or thrice the value."""
        if not self._has_quantiles(predicted):
            return predicted, predicted, predicted
        return predicted[..., 0], predicted[..., predicted.shape[-1] // 2], predicted[..., -1]

    def _has_quantiles(self, predicted):
        return predicted.ndim > self.scores_.ndim

    def _scores(self, predicted, y):
        """Return by how much each target is outside of what is predicted."""
        if not hasattr(self, "scores_"):
            self.scores_ = np.empty((0,) * y.ndim)
        low, _, high = self._parts(predicted)
        if low.shape != y.shape:
            raise ValueError(
                f"y has shape {y.shape}, but the forecasts have {low.shape}: pass one target for "
                "each of them."
            )
        return np.maximum(low - y, y - high)

    def _place_of_width(self, n_scores):
        """Return the place of the half width among the sorted scores."""
        place = int(np.ceil((n_scores + 1) * self.coverage))
        if place > n_scores:
            least = int(np.ceil(self.coverage / (1 - self.coverage)))
            raise ValueError(
                f"coverage={self.coverage} needs the errors of at least {least} rows, but "
                f"{n_scores} are kept back: raise calibration_fraction or lower coverage."
            )
        return place - 1

    def _rolling_width(self, scores):
        """Return the half width at each row, from the latest scores known at its origin.

        Of the latest scores a larger share is taken after a miss, and a smaller one after a hit.
        """
        windows = self._windows()
        horizon, n = largest_horizon(windows.horizon), len(self.scores_)
        scores[: int(windows.window_size) - 1 + horizon] = np.nan  # their windows hold padding
        # The latest scores in a ring: in what order they stand there does not matter.
        known, n_added, width = np.array(self.scores_), 0, np.empty_like(scores)
        ordered = np.sort(known, axis=0)
        share = np.full(scores.shape[1:], self.coverage)
        for row in range(len(scores)):
            # The targets of a row are known at that row; this one looks from `horizon` before it.
            latest = row - horizon
            if latest >= 0 and not np.isnan(scores[latest]).any():
                known[n_added % n] = scores[latest]
                n_added += 1
                ordered = np.sort(known, axis=0)
                missed = scores[latest] > width[latest]
                share = share + _STEP * (missed - (1 - self.coverage))
            width[row] = _at_share(ordered, share)
        return width


# How far one miss moves the share of scores that an interval holds.
_STEP = 0.05


def _at_share(ordered, share):
    """Return the score at a share of sorted ones, for each horizon."""
    n = len(ordered)
    place = np.clip(np.ceil((n + 1) * share) - 1, 0, n - 1).astype(np.intp)
    return np.take_along_axis(ordered, place[np.newaxis], axis=0)[0]
