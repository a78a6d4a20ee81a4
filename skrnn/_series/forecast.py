"""Forecasts of many steps by feeding predictions back."""

from __future__ import annotations

from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_scalar

from skrnn._data.values import check_numbers
from skrnn._series.windows import SlidingWindowTransformer, check_time_order


def recursive_forecast(estimator: Any, X: ArrayLike, n_steps: int) -> np.ndarray:
    """Forecast the rows after `X`, feeding every prediction back as the next row.

    Parameters
    ----------
    estimator : estimator
        Fitted to predict row `i` of the series from the rows before it, as a Pipeline with
        ``SlidingWindowTransformer(horizon=1)`` does after ``fit(X, X)``. It must predict every
        column of `X`.

    X : array-like or DataFrame of shape (n_rows, n_features)
        One series up to now, in time order. Its last `window_size` rows are needed; more are not
        faster.

    n_steps : int
        Number of rows to forecast.

    Returns
    -------
    forecast : ndarray of shape (n_steps,) or (n_steps, n_features)
        In the units and the shape of the predictions.

    Raises
    ------
    ValueError
        If the estimator does not predict one value for each column, its prediction of a row
        depends on that row, its windows are those of several series (`group_feature`), `X` has
        fewer rows than a window, or its times are not in order.

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
    check_scalar(n_steps, "n_steps", Integral, min_val=1)
    windows = _windows_of(estimator)
    _check_one_series(windows)
    check_numbers(X, "X")
    history = check_array(X, dtype=(np.float64, np.float32), input_name="X")
    check_time_order(X, [(0, len(history))])
    _check_reach(windows, len(history))
    predict_next = partial(_predict_next, estimator, X)
    _check_recursion(predict_next, history)
    reach = [int(part.window_size) + int(part.horizon) for part in windows]
    n_kept = max([len(history), *reach])
    forecast = []
    for _ in range(n_steps):
        forecast.append(predict_next(history, history[-1]))
        history = np.vstack([history, np.reshape(forecast[-1], (1, -1))])[-n_kept:]
    return np.array(forecast)


def _windows_of(estimator):
    """Return the transformers that make windows in an estimator, or in the best of a search."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    parts = estimator.get_params().values() if hasattr(estimator, "get_params") else ()
    return [part for part in parts if isinstance(part, SlidingWindowTransformer)]


def _check_one_series(windows):
    for transformer in windows:
        if transformer.group_feature is not None:
            raise ValueError(
                "recursive_forecast continues one series, but the windows of the estimator tell "
                f"several apart by group_feature={transformer.group_feature!r}. Fit with "
                "group_feature=None and forecast each series by itself, or forecast directly, with "
                "a target for each horizon from sliding_windows."
            )


def _check_reach(windows, n_rows):
    """Raise if a window would hold rows from before the series."""
    for transformer in windows:
        if n_rows < transformer.window_size:
            raise ValueError(
                f"X has {n_rows} row(s), but the windows of the estimator hold "
                f"window_size={transformer.window_size}, and padding is no history to forecast "
                "from: pass the last window_size rows at least."
            )


def _predict_next(estimator, like, history, guess):
    """Predict the row after `history`, for which `guess` stands, in a table like `like`."""
    rows = np.vstack([history, guess])
    if hasattr(like, "columns"):
        rows = type(like)(dict(zip(like.columns, rows.T, strict=True)))
    return estimator.predict(rows)[-1]


def _check_recursion(predict_next, history):
    """Raise unless every column is predicted, whatever stands for the unknown row."""
    lowest, highest = history.min(0), history.max(0)
    # A constant column is doubled rather than shifted: the sign stays, so a log still works.
    highest = np.where(lowest < highest, highest, np.where(highest == 0, 1, 2 * highest))
    low, high = (predict_next(history, guess) for guess in (lowest, highest))
    if np.size(low) != history.shape[1]:
        raise ValueError(
            f"The estimator predicts {np.size(low)} values, but X has {history.shape[1]} columns: "
            "recursion needs a prediction of every column. Fit to y=X, or forecast directly, with "
            "a target for each horizon from sliding_windows."
        )
    if not np.allclose(low, high, atol=1e-8 * np.abs(history).max()):
        raise ValueError(
            "The prediction of a row depends on that row, which is unknown when forecasting: fit "
            "with SlidingWindowTransformer(horizon=1)."
        )
