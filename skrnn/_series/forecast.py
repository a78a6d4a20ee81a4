"""Forecasts of the rows after a table: step by step, or all horizons at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from skrnn._data.frames import readable, stack_rows, take_rows
from skrnn._data.ragged import rows_between, sequence_of_rows
from skrnn._data.values import check_integer
from skrnn._series.ahead import Ahead, read_past
from skrnn._series.columns import check_table, names_of, position_of
from skrnn._series.future import known_columns
from skrnn._series.series import all_horizons, largest_horizon
from skrnn._series.windows import SlidingWindowTransformer, seen_step


def recursive_forecast(
    estimator: Any,
    X: ArrayLike,
    n_steps: int,
    *,
    future: ArrayLike | None = None,
    group_feature: int | str | None = None,
    time_feature: int | str | None = None,
    freq: str | timedelta | int | None = None,
) -> Any:
    """Forecast the rows after `X`, feeding every prediction back as the next row.

    Parameters
    ----------
    estimator : estimator
        Fitted to predict row `i` of the series from the rows before it, as a Pipeline with
        ``SlidingWindowTransformer(horizon=1)`` does after ``fit(X, X)``. It must predict every
        column of `X` that is not known in advance.

    X : array-like or DataFrame of shape (n_rows, n_features), or Series of shape (n_rows,)
        The rows up to now, in time order. The last `window_size` rows of each series are needed;
        more are not faster.

    n_steps : int
        Number of rows to forecast.

    future : array-like or DataFrame, default=None
        Columns of `X` that are known in advance, for the `n_steps` rows after each series. In a
        data frame they are told by name; an array has all columns of `X`, with NaN in those that
        are predicted. Times in it must be those that come next.

    group_feature : int or str, default=None
        Column of `X` that tells several series apart. None takes that of the windows of
        `estimator`.

    time_feature : int or str, default=None
        Column of `X` with the times of the rows. None takes that of the windows, or the index of a
        pandas table.

    freq : str, timedelta or int, default=None
        Step in time from row to row, as :class:`SlidingWindowTransformer` takes it. None finds it.

    Returns
    -------
    forecast : ndarray, Series or DataFrame
        What `X` was, with the times that come next. An array is (n_steps,) or
        (n_steps, n_outputs), as predictions are, with an axis for the series in front if there is
        `group_feature`. A data frame has the columns of times and series, those that are
        predicted, and a row for each step of each series.

    Raises
    ------
    ValueError
        If the estimator does not predict one value for each column, its prediction of a row
        depends on that row, `X` has other columns than in the fit, or in another order, fewer rows
        than a window, or times that are not in order, not each once or have gaps, or if `future`
        is not of the rows that follow.
    TypeError
        If `future` is of another kind than `X`.

    See Also
    --------
    direct_forecast : All horizons that an estimator was fitted for.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import SlidingWindowTransformer, recursive_forecast
    >>> X = np.array([1.0, 1, 2, 3, 5, 8, 13, 21]).reshape(-1, 1)
    >>> windows = SlidingWindowTransformer(2, horizon=1, padding="zero", output="2d")
    >>> model = make_pipeline(windows, LinearRegression(fit_intercept=False)).fit(X, X[:, 0])
    >>> recursive_forecast(model, X, 3).round(6)
    array([34., 55., 89.])
    """
    n_steps = check_integer(n_steps, "n_steps")
    _check_predicts(estimator)
    windows = windows_of(estimator)
    told = Told(future, group_feature, time_feature, freq)
    past, ahead = look_ahead(estimator, X, n_steps, told)
    recent = Recent(past.table, past.n_rows)
    _check_recursion(_two_guesses(estimator, past, recent, ahead.at(0))[0], past)
    reach = max([int(part.window_size) + largest_horizon(part.horizon) for part in windows] or [0])
    n_kept = np.maximum(past.n_rows, reach)
    forecast, guess = [], past.values()[past.last]
    for step in range(n_steps):
        rows = ahead.at(step)
        forecast.append(recent.followed_by(past.filled(rows, guess)).predict(estimator))
        recent = recent.followed_by(past.filled(rows, forecast[-1])).at_most(n_kept)
    return ahead.answer(np.stack(forecast, axis=1), np.arange(n_steps))


def direct_forecast(
    estimator: Any,
    X: ArrayLike,
    *,
    interval: bool = False,
    future: ArrayLike | None = None,
    group_feature: int | str | None = None,
    time_feature: int | str | None = None,
    freq: str | timedelta | int | None = None,
) -> Any:
    """Forecast the rows after `X` at all horizons that an estimator was fitted for.

    Parameters
    ----------
    estimator : estimator
        Fitted Pipeline, or a search over one, with a :class:`SlidingWindowTransformer`. With
        ``horizon=[1, 2, 3]``, fitted to its `targets`, it predicts these rows; with ``horizon=3``,
        the three next rows, each from the window that ends three rows before it.

    X : array-like or DataFrame of shape (n_rows, n_features), or Series of shape (n_rows,)
        The rows up to now, in time order: of each series the last `window_size` at least.

    interval : bool, default=False
        Whether to return bounds as well, of a :class:`ConformalForecaster`.

    future : array-like or DataFrame, default=None
        Columns of `X` that are known in advance, as `known_features` of the windows are, for as
        many rows after each series as the largest horizon. In a data frame they are told by name;
        an array has all columns of `X`, with NaN in those that nobody knows.

    group_feature : int or str, default=None
        Column of `X` that tells several series apart. None takes that of the windows of
        `estimator`.

    time_feature : int or str, default=None
        Column of `X` with the times of the rows. None takes that of the windows, or the index of a
        pandas table.

    freq : str, timedelta or int, default=None
        Step in time from row to row, as :class:`SlidingWindowTransformer` takes it. None finds it.

    Returns
    -------
    forecast : ndarray, Series or DataFrame
        What `X` was, with the times that come next: a row for each horizon of each series. An array
        is (n_horizons,) or (n_horizons, n_outputs), with an axis for the series in front if there
        is `group_feature`. With `interval`, the columns are the forecast, ``lower`` and ``upper``.

    Raises
    ------
    ValueError
        If the estimator has no windows that end before the row that they stand for, `X` has other
        columns than in the fit, or in another order, fewer rows than a window, or times that are
        not in order, not each once or have gaps, or if `future` is not of the rows that follow.
    TypeError
        If `future` is of another kind than `X`, or `interval` is asked of what has no intervals.

    See Also
    --------
    recursive_forecast : Any number of steps, by an estimator of one step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import SlidingWindowTransformer, direct_forecast
    >>> X = np.arange(20.0).reshape(-1, 1)
    >>> windows = SlidingWindowTransformer(2, horizon=[1, 2, 3], output="2d")
    >>> model = make_pipeline(windows, LinearRegression())
    >>> model = model.fit(X, windows.targets(X, X[:, 0]))
    >>> direct_forecast(model, X).round(1)
    array([20., 21., 22.])
    """
    _check_predicts(estimator)
    horizon = horizon_of(estimator)
    n_steps = largest_horizon(horizon)
    told = Told(future, group_feature, time_feature, freq)
    past, ahead = look_ahead(estimator, X, n_steps, told)
    recent = Recent(past.table, past.n_rows)
    predicted = _two_guesses(estimator, past, recent, ahead.table, n_steps)[1]
    _check_targets(predicted, horizon)
    if interval:
        predicted = _with_bounds(estimator, predicted, past, recent, ahead.table)
    values, is_several = predicted.reshape(len(past.starts), n_steps, -1), predicted.ndim > 1
    steps = np.arange(n_steps)
    if np.ndim(horizon):
        steps = np.array(all_horizons(horizon)) - 1
        values = values[:, -1].reshape(len(values), len(steps), -1)
        is_several = predicted.ndim > 2 or values.shape[2] > 1
    names = ["lower", "upper"] if interval else []
    return ahead.answer(values if is_several else values[:, :, 0], steps, names)


def _with_bounds(estimator, predicted, past, recent, rows):
    """Return predictions with their lower and upper bounds as a last axis."""
    if not hasattr(estimator, "predict_interval"):
        raise TypeError(
            f"interval=True asks for bounds, but {type(estimator).__name__} has none: fit a "
            "ConformalForecaster around the Pipeline."
        )
    n_steps = len(rows) // len(past.starts)
    guess = np.repeat(past.values()[past.last], n_steps, axis=0)
    every = recent.followed_by(past.filled(rows, guess), n_steps)
    bounds = every.of_last(estimator.predict_interval(every.table), n_steps)
    return np.concatenate([predicted[..., np.newaxis], bounds], axis=-1)


def _check_predicts(estimator):
    if not hasattr(estimator, "predict"):
        raise TypeError(f"estimator must be a fitted regressor or Pipeline, got {estimator!r}.")


def horizon_of(estimator):
    """Return the horizon of the windows in an estimator; raise if they do not look ahead."""
    windows = windows_of(estimator)
    horizon = windows[0].horizon if windows else 0
    if largest_horizon(horizon) == 0:
        raise ValueError(
            "The estimator has no windows that look ahead: fit a Pipeline with "
            "SlidingWindowTransformer(horizon=[1, 2, 3]), or another horizon above 0."
        )
    return horizon


class Told(NamedTuple):
    """What the caller tells of a table besides its rows."""

    future: Any = None
    group_feature: int | str | None = None
    time_feature: int | str | None = None
    freq: Any = None


def look_ahead(estimator, X, n_steps, told):
    """Check X for an estimator; return the `Past` that it is, and the rows `Ahead` of it."""
    X, future = readable(X, "X"), readable(told.future, "future")
    told = told._replace(future=future)
    X = X.to_frame() if hasattr(X, "to_frame") and not hasattr(X, "columns") else X
    X = check_table(X, "X")
    _check_columns(estimator, X)
    windows = windows_of(estimator)
    part = _parts(windows, X, told)
    apart = [part["group_feature"], part["time_feature"]]
    known = known_columns(X, told.future, [name for name in apart if name is not None])
    past = read_past(X, part, known)
    _check_reach(windows, past)
    return past, Ahead(past, told.future, n_steps)


def windows_of(estimator):
    """Return the transformers that make windows in an estimator, or in the best of a search."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    inside = [getattr(estimator, name, None) for name in ("regressor_", "estimator_")]
    parts = [part for whole in (*inside, estimator) for part in _windows_among(whole)]
    return [part for part in parts if hasattr(part, "n_features_in_")] or parts


def _windows_among(estimator):
    parts = estimator.get_params().values() if hasattr(estimator, "get_params") else ()
    return [part for part in parts if isinstance(part, SlidingWindowTransformer)]


def _parts(windows, X, told):
    """Return what columns are for, the step of time, and what to do with gaps."""
    names, first = names_of(X), windows[0] if windows else SlidingWindowTransformer()
    part = {"gaps": first.gaps, "freq": told.freq, "step": None}
    for name in ("group_feature", "time_feature"):
        feature = getattr(told, name)
        part[name] = feature if feature is not None else _same_column(first, name, names)
    if part["group_feature"] is not None and first.group_feature is None:
        raise ValueError(
            f"group_feature={told.group_feature!r} tells several series apart, but the windows of "
            "the estimator do not: fit with SlidingWindowTransformer(group_feature=...)."
        )
    for name in ("group_feature", "time_feature"):
        if part[name] is not None:
            position_of(part[name], names, name)
    if told.freq is None:
        part |= {"freq": first.freq, "step": seen_step(first)}
    return part


def _same_column(windows, parameter, names):
    """Return the column that the windows leave out, if X tells it by the same name or position."""
    feature = getattr(windows, parameter)
    n_seen = getattr(windows, "n_features_in_", None)
    if feature is None or feature in names or (type(feature) is not str and n_seen == len(names)):
        return feature
    raise ValueError(
        f"The windows of the estimator have {parameter}={feature!r}, which is no column of X: name "
        f"the one it is made of as {parameter}; X has {names}."
    )


def _check_columns(estimator, X):
    """Raise if a table has other columns than in the fit, or in another order."""
    seen = _names_seen(getattr(estimator, "best_estimator_", estimator))
    if seen is not None and hasattr(X, "columns") and list(X.columns) != list(seen):
        raise ValueError(
            f"X has the columns {list(X.columns)}, but the estimator was fitted to {list(seen)}: "
            "select these, in that order."
        )


def _names_seen(estimator):
    names = getattr(estimator, "feature_names_in_", None)
    inner = getattr(estimator, "regressor_", getattr(estimator, "estimator_", None))
    return _names_seen(inner) if names is None and inner is not None else names


def _check_reach(windows, past):
    """Raise if a window would hold rows from before a series, or from before a gap."""
    i = past.n_recent.argmin()
    for transformer in windows:
        if past.n_recent[i] < transformer.window_size:
            raise ValueError(
                f"{past.name(i)} has {past.n_recent[i]} row(s), but the windows of the "
                f"estimator hold window_size={transformer.window_size}, and padding is no history "
                "to forecast from: pass the last window_size rows at least."
            )


def _two_guesses(estimator, past, recent, rows, n_steps=1):
    """Predict rows ahead with two guesses of what they are; raise if these make a difference."""
    known = past.values()
    lowest, highest = known.min(0), known.max(0)
    # A constant column is doubled rather than shifted: the sign stays, so a log still works.
    highest = np.where(lowest < highest, highest, np.where(highest == 0, 1, 2 * highest))
    low, high = (
        recent.followed_by(past.filled(rows, np.tile(guess, (len(rows), 1))), n_steps).predict(
            estimator, n_steps
        )
        for guess in (lowest, highest)
    )
    if not np.allclose(low, high, atol=1e-8 * np.abs(known).max()):
        raise ValueError(
            "The prediction of a row depends on that row, which is unknown when forecasting: "
            f"{_remedy(estimator, past)} as future."
        )
    return low, high


def _remedy(estimator, past):
    unknown = {past.names[i] for i in past.predicted}
    named = [name for part in windows_of(estimator) for name in part.known_features or ()]
    if missing := [name for name in named if name in unknown]:
        return f"pass {missing}, known_features of the windows,"
    return (
        "fit with SlidingWindowTransformer(horizon=1), and pass columns that are known in advance"
    )


def _check_targets(predicted, horizon):
    """Raise unless predictions hold as many values for each of several horizons."""
    n_values = np.size(predicted[0])
    if np.ndim(horizon) and n_values % len(all_horizons(horizon)):
        raise ValueError(
            f"The windows have horizon={horizon!r}, but estimator predicts {n_values} value(s) for "
            "each row: fit it to what the `targets` of the windows make of X and y, one for each "
            "horizon."
        )


def _check_recursion(predicted, past):
    """Raise unless every column that is not known in advance is predicted."""
    n_values = np.size(predicted[0])
    if n_values != len(past.predicted):
        raise ValueError(
            f"The estimator predicts {n_values} values, but X has {len(past.predicted)} "
            "columns: recursion needs a prediction of every column. Fit to y=X, pass the columns "
            "that are known in advance as future, or forecast directly, with several horizons."
        )


class Recent:
    """The rows that predictions read: so many of each series, end to end."""

    def __init__(self, table, n_rows):
        self.table, self.n_rows = table, n_rows

    def followed_by(self, rows, n_each=1):
        """Return them with `n_each` more rows at the end of each series."""
        more = np.repeat(np.arange(len(self.n_rows)), n_each)
        order = np.argsort(np.append(sequence_of_rows(self.n_rows), more), kind="stable")
        table = take_rows(stack_rows([self.table, rows]), order)
        return Recent(table, self.n_rows + n_each)

    def at_most(self, n_rows):
        """Return the last rows of each series."""
        stops, kept = np.cumsum(self.n_rows), np.minimum(self.n_rows, n_rows)
        return Recent(take_rows(self.table, rows_between(stops - kept, stops)), kept)

    def predict(self, estimator, n_last=1):
        """Predict the last rows of each series."""
        return self.of_last(estimator.predict(self.table), n_last)

    def of_last(self, values, n_last):
        """Return the values of the last rows of each series."""
        stops = np.cumsum(self.n_rows)
        return np.asarray(values)[rows_between(stops - n_last, stops)]
