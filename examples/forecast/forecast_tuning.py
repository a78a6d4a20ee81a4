"""Forecast with a tuned window
============================

Forecast a series that grows and repeats itself, with the window tuned by a grid search.

The series, generated, is monthly; its level grows, and its seasons and noise grow with it.
Logarithms make both even, and WindowScaledRegressor lets the network learn the change from the last
month instead of a level that it has never seen. GridSearchCV chooses the window and the network's
cell on the months before the last 48; a ridge regression gets the same search over windows. On the
last 48 months each month is forecast from those before it; then 24 of them are forecast in one go,
by feeding forecasts back.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import RNNRegressor, SlidingWindowTransformer, WindowScaledRegressor, recursive_forecast

N, N_TEST, N_AHEAD, WINDOW_SIZES = 240, 48, 24, [6, 13, 25]
rng, t, noise = np.random.default_rng(0), np.arange(N), np.zeros(N)
for i in range(1, N):
    noise[i] = 0.7 * noise[i - 1] + 0.03 * rng.standard_normal()
seasons = 0.2 * np.sin(2 * np.pi * t / 12) + 0.1 * np.cos(4 * np.pi * t / 12)
series = 100 * np.exp(0.005 * t + seasons + noise)
rows, start = series[:, np.newaxis], N - N_TEST


def score_complete_windows(model, rows, y):
    """Leave out the months that the longest window needs before the first it can forecast."""
    scored = slice(max(WINDOW_SIZES), None)
    return -root_mean_squared_error(y[scored], model.predict(rows)[scored])


def tune(regressor, output, **grid):
    windows = SlidingWindowTransformer(horizon=1, output=output)
    pipeline = make_pipeline(FunctionTransformer(np.log), windows, WindowScaledRegressor(regressor))
    model = TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
    grid = {f"regressor__windowscaledregressor__regressor__{k}": v for k, v in grid.items()}
    grid["regressor__slidingwindowtransformer__window_size"] = WINDOW_SIZES
    folds = TimeSeriesSplit(3, test_size=max(WINDOW_SIZES) + 12)
    search = GridSearchCV(model, grid, cv=folds, scoring=score_complete_windows)
    search.fit(rows[:start], series[:start])
    print("chosen:", ", ".join(f"{k.split('__')[-1]}={v}" for k, v in search.best_params_.items()))
    return search.best_estimator_


network = RNNRegressor(
    hidden_size=16, batch_size=16, learning_rate_init=0.01, max_iter=60, random_state=0
)
rnn = tune(network, "3d", cell_type=["gru", "rnn"])
forecasts = {
    "the month before": np.roll(series, 1)[start:],
    "the same month of last year": np.roll(series, 12)[start:],
    "ridge": tune(Ridge(0.01), "2d").predict(rows)[start:],
    "RNNRegressor": rnn.predict(rows)[start:],
}
print(f"\nRMSE of one-step forecasts of the last {N_TEST} months")
for name, forecast in forecasts.items():
    print(f"{name:<28} {root_mean_squared_error(series[start:], forecast):6.2f}")

ahead = recursive_forecast(rnn, rows[:start], N_AHEAD)
naive = np.tile(series[start - 12 : start], N_AHEAD // 12)
print(f"\nRMSE of the first {N_AHEAD} of them, forecast from the month before the first")
for name, forecast in {"last year repeated": naive, "RNNRegressor": ahead}.items():
    print(f"{name:<28} {root_mean_squared_error(series[start : start + N_AHEAD], forecast):6.2f}")

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ax.plot(series, color="0.6", label="series")
ax.plot(t[start:], forecasts["RNNRegressor"], label="one step ahead")
ax.plot(t[start : start + N_AHEAD], ahead, label=f"{N_AHEAD} steps ahead")
ax.set(xlabel="month", ylabel="value", xlim=(start - 60, N))
ax.legend()
plt.show()
