"""Rolling origins: a Pipeline forecasts again and again what comes after rows that are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch

from skrnn._compat import safe_indexing
from skrnn._data.frames import frame_of
from skrnn._data.values import as_floats, check_boolean, check_integer, is_integer
from skrnn._series.baselines import Origins
from skrnn._series.columns import check_table
from skrnn._series.forecast import horizon_of, windows_of
from skrnn._series.rolling import RollingRecursion
from skrnn._series.series import MOST_ROWS, all_horizons
from skrnn._series.split import PurgedWindowSplit, as_splits
from skrnn._series.windows import groups_of, starts_of


def backtest(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: Any = 5,
    refit: bool = True,
    season: int | None = None,
    metric: Callable[..., float] = mean_absolute_error,
    groups: ArrayLike | None = None,
    horizon: int | ArrayLike | None = None,
) -> Bunch:
    """Forecast from many rows of a table as if they were the last, and compare with what came.

    In each split the estimator is fitted to the training rows, and each test row is forecast from
    the complete window that ends `horizon` rows before it, in whatever split these are: fitted in
    the past, used from row to row.

    Parameters
    ----------
    estimator : Pipeline
        With a :class:`SlidingWindowTransformer` of one horizon or several, above 0. It is cloned.

    X : array-like or DataFrame of shape (n_rows, n_features)
        The table, each series in time order.

    y : array-like of shape (n_rows,)
        Value of each row, of which later ones are forecast. Targets are made of it inside.

    cv : int or splitter, default=5
        Splits in time order. A number is that of a
        ``PurgedWindowSplit(window_size=1, horizon=...)``, whose gap keeps training targets from
        being later than the first origin.

    refit : bool, default=True
        Whether each split is forecast by an estimator that has learnt from all training rows of
        that split. False fits once, to those of the first, which takes a fraction of the time.

    season : int, default=None
        Rows in a season: 7 for days of the week, 12 for months. None leaves out the seasonal naive
        forecast.

    metric : callable, default=mean_absolute_error
        ``metric(y_true, y_pred)``, such as a function of :mod:`sklearn.metrics`.

    groups : array-like of shape (n_rows,), default=None
        Id of the series of each row, for `cv`. None takes the column that the windows name as
        `group_feature`.

    horizon : int or array-like of int, default=None
        Rows ahead that an estimator of one step, whose windows have ``horizon=1``, forecasts as
        :func:`recursive_forecast` does, each from the forecasts before it: from as many predictions
        for every origin as the largest asks for. `y` must be the only column of `X` that is not
        among the `known_features` of the windows. None takes the horizons of the windows.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with these attributes:

        table : DataFrame or ndarray of shape (n_horizons, n_columns)
            For each horizon the metric of the forecasts, of persistence (the last value) and, with
            `season`, of the seasonal naive forecast (the value of a season ago), all on the same
            rows. A data frame of pandas or polars, whichever is installed.
        columns : list of str
            Names of its columns.
        rows : ndarray of shape (n_scored,)
            Test rows with a complete window, of all splits.
        origin : ndarray of shape (n_scored,)
            The last row that each forecast knew.
        split : ndarray of shape (n_scored,)
            Number of the split.
        truth, forecast, persistence : ndarray of shape (n_scored, n_horizons)
            What came and what was forecast (of several quantiles the middle one);
            `seasonal_naive` likewise.
        lower, upper : ndarray of shape (n_scored, n_horizons)
            Bounds, and `coverage` the share of values between them at each horizon, if the
            estimator is a :class:`ConformalForecaster`.

    Raises
    ------
    ValueError
        If the estimator has no windows that look ahead, `y` has more than one column, or no test
        row has a complete window; with `horizon`, if the windows have another than 1, or `y` is not
        what is fed back.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import SlidingWindowTransformer, WindowScaledRegressor, backtest
    >>> from skrnn.datasets import load_airline
    >>> X, y = load_airline(return_X_y=True)
    >>> windows = SlidingWindowTransformer(13, horizon=[1, 6, 12], output="2d")
    >>> model = make_pipeline(windows, WindowScaledRegressor(Ridge()))
    >>> result = backtest(model, X, y, cv=2, season=12)
    >>> result.columns
    ['horizon', 'forecast', 'persistence', 'seasonal_naive']
    >>> bool((result.table["forecast"] < result.table["seasonal_naive"]).all())
    True
    """
    check_boolean(refit, "refit")
    horizon_of(estimator)
    windows, X, y = windows_of(estimator)[0], check_table(X, "X"), as_floats(y, "y")
    if y.ndim != 1:
        raise ValueError(f"y has shape {y.shape}, but one value for each row is needed: (n_rows,).")
    if season is not None:
        season = check_integer(season, "season", most=MOST_ROWS)
    targets, horizons = windows.targets(X, y), all_horizons(windows.horizon)
    rolling = None if horizon is None else RollingRecursion(windows, X, y, horizon)
    if rolling is not None:
        horizons = rolling.horizons
    groups = groups_of(windows, X) if groups is None else groups
    if is_integer(cv):
        cv = PurgedWindowSplit(
            cv,
            window_size=1,
            horizon=horizons,
            time_feature=windows.time_feature,
        )
    origins = Origins(windows, starts_of(windows, X, len(y)), len(y), horizons)
    values = {"truth": origins.truth(y), "persistence": origins.persistence(y)}
    if season is not None:
        values["seasonal_naive"] = origins.seasonal_naive(y, season)
    usable = origins.complete() & ~np.isnan(sum(values.values())).any(axis=1)

    def answer(fitted, rows):
        if rolling is not None:
            return {"forecast": rolling.forecasts(fitted, origins.origin[rows])}
        return _answers(fitted, X, rows, targets.ndim)

    splits = check_cv(as_splits(cv)).split(X, y, groups)
    result = _forecast(estimator, (X, targets), splits, usable, refit, answer)
    result |= {name: value[result["rows"]] for name, value in values.items()}
    result["origin"] = origins.origin[result["rows"]]
    return Bunch(**result, **_compare(result, origins.horizons, metric))


def _forecast(estimator, learnt, splits, usable, refit, answer):
    """Return the forecasts ``answer(fitted, rows)`` of the usable test rows of all splits."""
    (X, targets), found, fitted = learnt, [], None
    for i, (train, test) in enumerate(splits):
        if fitted is None or refit:
            fitted = clone(estimator).fit(safe_indexing(X, train), targets[train])
        rows = test[usable[test]]
        if len(rows):
            parts = {"rows": rows, "split": np.full(len(rows), i)}
            found.append(parts | answer(fitted, rows))
    if not found:
        raise ValueError(
            "No test row has a complete window, and a season before it: use fewer splits, smaller "
            "windows or longer series."
        )
    return {name: np.concatenate([parts[name] for parts in found]) for name in found[0]}


def _answers(fitted, X, rows, n_dims):
    """Return forecasts (n, n_horizons), and their bounds if there are any.

    Of several quantiles, which have one dimension more than targets, it is the middle one.
    """
    predicted = np.asarray(fitted.predict(X))[rows]
    if predicted.ndim > n_dims:
        predicted = predicted[..., predicted.shape[-1] // 2]
    answers = {"forecast": predicted}
    if hasattr(fitted, "predict_interval"):
        bounds = fitted.predict_interval(X)[rows]
        answers |= {"lower": bounds[..., 0], "upper": bounds[..., 1]}
    return {name: values.reshape(len(rows), -1) for name, values in answers.items()}


def _compare(result, horizons, metric):
    """Return the table of all forecasts by horizon, and the coverage of intervals."""
    names = [name for name in ("forecast", "persistence", "seasonal_naive") if name in result]
    truth = result["truth"]
    scores = [
        [h, *(float(metric(truth[:, i], result[name][:, i])) for name in names)]
        for i, h in enumerate(horizons)
    ]
    columns = ["horizon", *names]
    compared = {"table": frame_of(np.array(scores), columns), "columns": columns}
    if "lower" in result:
        is_inside = (result["lower"] <= truth) & (truth <= result["upper"])
        compared["coverage"] = is_inside.mean(axis=0)
    return compared
