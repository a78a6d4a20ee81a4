"""Scale each window, and its target, by the window itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone, is_regressor
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skrnn._data.named_array import with_names
from skrnn._data.recognise import read_again, read_sequences
from skrnn._data.schema import Schema
from skrnn._data.values import (
    as_floats,
    check_choice,
    check_same_length,
    checked_array,
    converted,
    reject_too_large,
)
from skrnn._twin import all_or_nothing
from skrnn._typing import Sequences
from skrnn._version import VersionMixin

_FLOATS = (np.float64, np.float32)


def _last(windows):
    """Return the last step (n, D), and no change of scale."""
    return windows[:, -1], np.ones_like(windows[:, -1])


def _standard(windows):
    """Return the mean and the standard deviation (n, D) of every window; 1 where constant."""
    level, scale = windows.mean(axis=1), windows.std(axis=1)
    # The deviation of equal values is rounding, not always 0.
    rounding = 10 * np.finfo(scale.dtype).eps * np.abs(level)
    return level, np.where(scale > rounding, scale, np.ones_like(scale))


_SCALINGS = {"last": _last, "standard": _standard}


class WindowScaledRegressor(VersionMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Regress what a window does not know from its own level and scale.

    A feature of a window has its level ``m`` subtracted and is divided by its scale ``s``, and so
    is the target that continues it: the regressor inside learns ``(y - m) / s`` from
    ``(X - m) / s``, and a prediction ``p`` is returned as ``m + s * p``. A series whose level
    drifts out of the range of the training rows then still looks familiar.

    Parameters
    ----------
    regressor : regressor
        Fitted to scaled windows and scaled targets.

    scaling : {'last', 'standard'}, default='last'
        'last' takes the last value of the window as the level, with a scale of 1, so that the
        regressor predicts a change. 'standard' takes the mean and the standard deviation of the
        window, for series whose amplitude drifts too.

    target_feature : int, str or array-like of them of shape (n_outputs,), default=0
        Feature of the windows that the target continues, whose level and scale apply to it; an
        array names one for each column of `y`. That feature must be in the units of `y`.

    scaled_features : array-like of int or str, default=None
        Features of the windows to scale; None scales all. Leave out what has a meaning as it is:
        static columns, which subtracting a level would make zero, the calendar, flags.

    Attributes
    ----------
    regressor_ : regressor
        The fitted regressor.

    n_features_in_ : int
        Number of features of a window; for a 2-D `X`, windows of one feature, its number of
        columns.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of a 2-D data frame, where all of them are strings.

    See Also
    --------
    SlidingWindowTransformer : Makes the windows in a Pipeline.
    sklearn.compose.TransformedTargetRegressor : Transforms the target in one way for all rows.

    Notes
    -----
    The scaled windows are a new array of ``n_windows * window_size * n_features`` values, where
    the windows of a series are a view.

    References
    ----------
    Zeng et al., 2023, take the last value off, and Kim et al., 2022, mean and deviation. Papers are
    listed in docs/references.md.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skrnn import WindowScaledRegressor, sliding_windows
    >>> series = np.arange(20.0) ** 2
    >>> windows, y, _ = sliding_windows(series, series, window_size=3, horizon=1)
    >>> windows = windows[:, :, 0]
    >>> model = WindowScaledRegressor(LinearRegression()).fit(windows[:10], y[:10])
    >>> model.predict(windows[-2:]).round(6)  # far above the training targets
    array([324., 361.])
    """

    feature_names_in_: np.ndarray
    n_features_in_: int
    regressor_: Any

    def __init__(
        self,
        regressor: Any,
        *,
        scaling: str = "last",
        target_feature: int | str | ArrayLike = 0,
        scaled_features: ArrayLike | None = None,
    ):
        self.regressor = regressor
        self.scaling = scaling
        self.target_feature = target_feature
        self.scaled_features = scaled_features

    @all_or_nothing
    def fit(
        self,
        X: Sequences,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: Sequences = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Fit the regressor to scaled windows and targets.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_size, n_features) or (n_windows, window_size)
            Windows; a 2-D `X` has one feature.
        y : array-like of shape (n_windows,) or (n_windows, n_outputs)
            Targets, in the units of their feature.
        sample_weight : array-like of shape (n_windows,), default=None
            Passed on to the regressor, if given.
        X_val, y_val : array-like, default=None
            Windows and targets for validation, as `X` and `y`: passed on scaled, if given, to a
            regressor that takes them, such as :class:`RNNRegressor`.
        sample_weight_val : array-like, default=None
            Passed on to the regressor, if given.

        Returns
        -------
        self : WindowScaledRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If a parameter is not valid, or does not fit `X` and `y`.
        """
        if not (hasattr(self.regressor, "fit") and is_regressor(self.regressor)):
            raise ValueError(
                f"regressor={self.regressor!r} is not a regressor: pass one that predicts the "
                "continuation of a window, such as RNNRegressor()."
            )
        owner = type(self).__name__
        data, schema = read_sequences(X, owner=owner, categorical_features=None, is_scaled=True)
        schema = replace(schema, dtype="auto")
        scaled = self._scale_with_target(data, y, "y", schema)
        if X_val is not None and y_val is not None:
            data = read_again(X_val, schema, owner=owner)
            X_val, y_val = self._scale_with_target(data, y_val, "y_val", schema)
        given = {
            "sample_weight": sample_weight,
            "X_val": X_val,
            "y_val": y_val,
            "sample_weight_val": sample_weight_val,
        }
        given = {name: value for name, value in given.items() if value is not None}
        for name in given.keys() & {"sample_weight", "sample_weight_val"}:
            checked_array(as_floats(given[name], name), name, ensure_2d=False)
        self.regressor_ = clone(self.regressor).fit(*scaled, **given)
        self._schema = schema
        schema.publish(self)
        return self

    def predict(self, X: Sequences) -> np.ndarray:
        """Predict in the units of the target.

        Parameters
        ----------
        X : array-like of shape (n_windows, window_size, n_features) or (n_windows, window_size)
            Windows.

        Returns
        -------
        y_pred : ndarray of shape (n_windows,) or (n_windows, n_outputs)
            Predictions, with the level and the scale of their window put back.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` holds no windows with the features that `fit` saw.
        """
        check_is_fitted(self)
        schema = self._schema_for(X)
        data = read_again(X, schema, owner=type(self).__name__)
        scaled, level, scale = self._scale(_windows(data), schema.step_names)
        prediction = self.regressor_.predict(scaled)
        columns = prediction.reshape(len(prediction), -1)
        return (columns * scale + level).reshape(prediction.shape)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.regressor)
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = inner.target_tags.multi_output
        if inner.regressor_tags is not None:
            tags.regressor_tags.poor_score = inner.regressor_tags.poor_score
        tags.non_deterministic = inner.non_deterministic
        return tags

    def _schema_for(self, X):
        """Return what `fit` saw; saved models of format 1 do not tell its form, but X does."""
        if hasattr(self, "_schema"):
            return self._schema
        n_dims = X.ndim if getattr(X, "ndim", 1) > 1 else 1 + np.ndim(X[0])
        names = getattr(self, "feature_names_in_", None)
        return Schema(self.n_features_in_, names, "series" if n_dims == 2 else None)

    def _scale_with_target(self, data, y, name, schema):
        """Return the scaled windows and the scaled targets."""
        windows, y = _windows(data), _check_target(y, name, data)
        scaled, level, scale = self._scale(windows, schema.step_names)
        columns = y.reshape(len(y), -1)
        if level.shape[1] not in (1, columns.shape[1]):
            raise ValueError(
                f"target_feature names {level.shape[1]} features, but y has {columns.shape[1]} "
                "columns: name one feature for each column, or one for all of them."
            )
        return scaled, ((columns - level) / scale).reshape(y.shape)

    def _scale(self, windows, names):
        """Return the scaled windows, and the level and scale (n, n_outputs or 1) of the target."""
        check_choice(self.scaling, "scaling", _SCALINGS)
        steps = windows.reshape(*windows.shape[:2], -1)
        level, scale = _SCALINGS[self.scaling](steps)
        known = range(steps.shape[2]) if names is None else list(names)
        target = _positions("target_feature", self.target_feature, known)
        if not target.size:
            raise ValueError(f"target_feature={self.target_feature!r} must name a feature.")
        features = slice(None)
        if self.scaled_features is not None:
            features = _positions("scaled_features", self.scaled_features, known)
        scaled = steps.copy()
        scaled[:, :, features] -= level[:, np.newaxis, features]
        scaled[:, :, features] /= scale[:, np.newaxis, features]
        scaled = with_names(scaled.reshape(windows.shape), names)
        return scaled, level[:, target], scale[:, target]


def _check_target(y, name, data):
    """Return the targets of the windows as floats."""
    if y is None:
        raise ValueError(
            "WindowScaledRegressor requires y to be passed, but the target y is None: pass the "
            "value that continues each window."
        )
    floats = as_floats(y, name, "give the number that continues each window.")
    y = y if getattr(y, "dtype", None) == np.float32 else floats
    y = checked_array(y, name, ensure_2d=False, dtype=_FLOATS)
    reject_too_large(y, name)
    check_same_length(**{name.replace("y", "X"): data, name: y})
    return y


def _windows(data):
    """Return sequences as an array: (n_windows, window_size, n_features), or 2-D as X was."""
    if (data.lengths != data.lengths[0]).any():
        raise ValueError(
            f"The {len(data)} windows of X differ in length, but WindowScaledRegressor reads one "
            "array (n_windows, window_size, n_features): make windows of one length with "
            "sliding_windows or SlidingWindowTransformer."
        )
    windows = data.stacked()
    reject_too_large(windows, "X")
    return windows if data.has_feature_axis else windows[:, :, 0]


def _positions(name, features, known):
    """Return features given by number or by name as an array; raise if there are no such features.

    known   the names of all features, or their numbers
    """
    positions = np.atleast_1d(converted(features, name))
    if positions.dtype.kind in "UTO":
        places = {name: i for i, name in enumerate(known)}
        positions = [
            places.get(f, f) if isinstance(f, str) else f for f in positions.ravel().tolist()
        ]
        positions = converted(positions, name)
    is_number = positions.ndim == 1 and (positions.dtype.kind in "iu" or positions.size == 0)
    if not is_number or not np.isin(positions, np.arange(-len(known), len(known))).all():
        raise ValueError(
            f"{name}={features} is not a feature of X, whose windows have {len(known)} features, "
            f"{list(known)}: number them from 0, or name them as the table that the windows are "
            "made of does."
        )
    return positions.astype(np.intp)
