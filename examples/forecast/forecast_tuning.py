"""Forecast with a tuned window
============================

Forecast a series that grows and repeats itself, with the window tuned by a grid search.

    python examples/forecast/forecast_tuning.py [--plot forecast.png]

A monthly series, generated, whose level grows and whose seasons and noise grow with it. Logarithms
make both even, and WindowScaledRegressor lets the network learn the change from the last month
instead of a level that it has never seen. GridSearchCV chooses the window and the network's cell
on the months before the last 48; a ridge regression gets the same search over windows. A fold
begins with months that only complete its first windows and are not scored. On the last 48 months
each month is forecast from those before it; then 24 of them are forecast in one go, by feeding
forecasts back.
"""

import argparse

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import (
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
    recursive_forecast,
)

N_TEST, N_AHEAD = 48, 24
WINDOW_SIZES = [6, 13, 25]


def generate(n_months=240, seed=0):
    """Trend, two harmonics of the year, and noise with a memory, all multiplicative."""
    rng, t = np.random.default_rng(seed), np.arange(n_months)
    noise = np.zeros(n_months)
    for i in range(1, n_months):
        noise[i] = 0.7 * noise[i - 1] + 0.03 * rng.standard_normal()
    seasons = 0.2 * np.sin(2 * np.pi * t / 12) + 0.1 * np.cos(4 * np.pi * t / 12)
    return 100 * np.exp(0.005 * t + seasons + noise)


def forecaster(regressor, output):
    """Predict a month from those before it, with `regressor` on changes of the logarithm."""
    pipeline = make_pipeline(
        FunctionTransformer(np.log),
        SlidingWindowTransformer(horizon=1, output=output),
        WindowScaledRegressor(regressor),
    )
    return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)


def score_complete_windows(model, rows, y):
    """Leave out the months that the longest window needs before the first it can forecast."""
    scored = slice(max(WINDOW_SIZES), None)
    return -root_mean_squared_error(y[scored], model.predict(rows)[scored])


def tune(model, grid, rows):
    grid = {"regressor__" + name: values for name, values in grid.items()}
    folds = TimeSeriesSplit(3, test_size=max(WINDOW_SIZES) + 12)
    search = GridSearchCV(model, grid, cv=folds, scoring=score_complete_windows)
    search.fit(rows, rows[:, 0])
    print("chosen:", ", ".join(f"{k.split('__')[-1]}={v}" for k, v in search.best_params_.items()))
    return search.best_estimator_


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="save a picture of the forecasts")
    path = parser.parse_args().plot

    series = generate()
    rows, test = series[:, np.newaxis], slice(-N_TEST, None)
    network = RNNRegressor(
        cell_type="gru", hidden_size=16, batch_size=16, learning_rate_init=0.01, max_iter=60,
        random_state=0,
    )  # fmt: skip
    windows = {"slidingwindowtransformer__window_size": WINDOW_SIZES}
    cells = {"windowscaledregressor__regressor__cell_type": ["gru", "rnn"]}
    rnn = tune(forecaster(network, "3d"), windows | cells, rows[:-N_TEST])
    ridge = tune(forecaster(Ridge(0.01), "2d"), windows, rows[:-N_TEST])
    forecasts = {
        "the month before": np.roll(series, 1)[test],
        "the same month of last year": np.roll(series, 12)[test],
        "ridge": ridge.predict(rows)[test],
        "RNNRegressor": rnn.predict(rows)[test],
    }
    print(f"\nRMSE of one-step forecasts of the last {N_TEST} months")
    for name, forecast in forecasts.items():
        print(f"{name:<28} {root_mean_squared_error(series[test], forecast):6.2f}")

    start, stop = len(series) - N_TEST, len(series) - N_TEST + N_AHEAD
    ahead = recursive_forecast(rnn, rows[:start], N_AHEAD)
    naive = np.tile(series[start - 12 : start], N_AHEAD // 12)
    print(f"\nRMSE of the first {N_AHEAD} of them, forecast from the month before the first")
    for name, forecast in {"last year repeated": naive, "RNNRegressor": ahead}.items():
        print(f"{name:<28} {root_mean_squared_error(series[start:stop], forecast):6.2f}")
    if path:
        plot(path, series, forecasts["RNNRegressor"], ahead)


def plot(path, series, one_step, ahead):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
    start = len(series) - N_TEST
    ax.plot(series, color="0.6", label="series")
    ax.plot(range(start, len(series)), one_step, label="one step ahead")
    ax.plot(range(start, start + N_AHEAD), ahead, label=f"{N_AHEAD} steps ahead")
    ax.set(xlabel="month", ylabel="value", xlim=(start - 60, len(series)))
    ax.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
