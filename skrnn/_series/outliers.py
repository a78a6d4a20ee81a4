"""Rows that a forecast did not expect."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, OutlierMixin, clone
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import Interval, RealNotInt, check_parameters
from skrnn._data.values import as_list, check_numbers, checked_array
from skrnn._series.baselines import Origins
from skrnn._series.columns import check_table, names_of, parts_of, position_of, take_columns
from skrnn._series.forecast import horizon_of, windows_of
from skrnn._series.windows import starts_of
from skrnn._twin import all_or_nothing
from skrnn._version import VersionMixin


class ForecastOutlierDetector(VersionMixin, OutlierMixin, MetaEstimatorMixin, BaseEstimator):
    """Find rows of a series that differ from what their past lets expect.

    A Pipeline forecasts each row from the rows before it; the score is how far off it is, in units
    of its usual error. Names and meanings are those of scikit-learn's outlier detectors.

    Parameters
    ----------
    estimator : Pipeline
        With ``SlidingWindowTransformer(horizon=1)``, or another single horizon above 0. It is
        fitted to forecast `target_features`.

    target_features : list of int or str, default=None
        Columns of `X` that are judged. None judges all columns, but those that the windows take for
        series, times or known in advance.

    contamination : float in (0, 0.5], default=0.01
        Share of the rows of the training set that are taken for outliers.

    Attributes
    ----------
    estimator_ : Pipeline
        The fitted estimator.

    center_, scale_ : ndarray of shape (n_targets,)
        Median error of each column, and its usual deviation from that: the median absolute one
        times 1.4826, which for normal errors is their standard deviation.

    offset_ : float
        Score below which a row is an outlier.

    See Also
    --------
    sklearn.ensemble.IsolationForest : Rows that are unusual whatever came before them.

    Notes
    -----
    A value that is missed makes the windows behind it unusual as well, so that rows after an
    outlier may have low scores too. Rows without a complete window are not judged: their score is
    0, the highest.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import ForecastOutlierDetector, SlidingWindowTransformer
    >>> x = np.sin(0.3 * np.arange(200)) + 0.02 * np.random.default_rng(0).normal(size=200)
    >>> x[125] = -x[125]  # within the range of the series, but not where it should be
    >>> windows = SlidingWindowTransformer(12, horizon=1, output="2d")
    >>> model = make_pipeline(windows, Ridge(0.1))
    >>> detector = ForecastOutlierDetector(model, contamination=0.001)
    >>> is_inlier = detector.fit(x[:120, np.newaxis]).predict(x[:, np.newaxis])
    >>> int(np.flatnonzero(is_inlier[120:] == -1)[0]) + 120  # those behind it look strange, too
    125
    """

    estimator_: Any
    center_: np.ndarray
    scale_: np.ndarray
    offset_: float

    _parameter_constraints = {
        "target_features": ["array-like", None],
        "contamination": [Interval(RealNotInt, 0, 0.5, closed="right")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        target_features: ArrayLike | None = None,
        contamination: float = 0.01,
    ):
        self.estimator = estimator
        self.target_features = target_features
        self.contamination = contamination

    @all_or_nothing
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn to forecast, and how far off forecasts usually are.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, each series in time order.
        y : None
            Ignored.

        Returns
        -------
        self : ForecastOutlierDetector
            The fitted detector.

        Raises
        ------
        ValueError
            If a parameter is not valid, `estimator` has no windows with one horizon above 0, or no
            row has a complete window.
        """
        check_parameters(self)
        if np.ndim(horizon_of(self.estimator)):
            raise ValueError(
                "estimator has several horizons, but each row is judged once: give its windows "
                "one, such as horizon=1."
            )
        values = self._values(X)
        target = values[:, 0] if values.shape[1] == 1 else values
        self.estimator_ = clone(self.estimator).fit(X, target)
        errors, is_judged = self._errors(X)
        if not is_judged.any():
            raise ValueError("No row of X has a complete window: pass more rows.")
        self.center_ = np.median(errors[is_judged], axis=0)
        deviation = 1.4826 * np.median(np.abs(errors[is_judged] - self.center_), axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        self.offset_ = float(np.quantile(self._scores(X)[is_judged], self.contamination))
        return self

    def score_samples(self, X: ArrayLike) -> np.ndarray:
        """Return how much each row was to be expected; lower is more unusual.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, with the rows that windows reach back to.

        Returns
        -------
        scores : ndarray of shape (n_rows,)
            The negative root mean square, over columns, of the errors in units of `scale_`; 0 for
            rows without a complete window.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        return self._scores(X)

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Return the scores, shifted so that outliers are below 0.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, with the rows that windows reach back to.

        Returns
        -------
        scores : ndarray of shape (n_rows,)
            ``score_samples(X) - offset_``.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Tell outliers from other rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            The table, with the rows that windows reach back to.

        Returns
        -------
        is_inlier : ndarray of shape (n_rows,)
            -1 for outliers, 1 for all others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _values(self, X):
        """Return the columns that are judged, as floats."""
        X = check_table(X, "X")
        windows, names = windows_of(self.estimator)[0], names_of(X)
        features = self.target_features
        if features is None:
            _, _, places = parts_of(windows, names)
        else:
            places = [
                position_of(feature, names, "target_features")
                for feature in as_list(features, "target_features", "a list of columns")
            ]
        if not places:
            raise ValueError(
                f"target_features={features!r} leaves no column of X to judge: name one at least."
            )
        table = take_columns(X, places)
        check_numbers(table, "X")
        return checked_array(table, "X", dtype=np.float64)

    def _errors(self, X):
        """Return the error of each row, and whether its window is complete."""
        values = self._values(X)
        windows = windows_of(self.estimator)[0]
        origins = Origins(windows, starts_of(windows, X, len(values)), len(values))
        predicted = np.asarray(self.estimator_.predict(X)).reshape(values.shape)
        return values - predicted, origins.complete()

    def _scores(self, X):
        errors, is_judged = self._errors(X)
        scaled = (errors - self.center_) / self.scale_
        return -np.where(is_judged, np.sqrt(np.mean(scaled**2, axis=1)), 0.0)
