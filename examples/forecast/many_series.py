"""One network for many series
===========================

One network for many series in one table: tomorrow's sales of 40 shops.

    python examples/forecast/many_series.py [--plot sales.png]

The table is generated: one row for each shop and day, with its sales, its area (a static column)
and the promotions of the next day, which are planned in advance. Shops differ in size and in how
well a promotion works there. group_feature keeps the windows of a shop apart from those of the
shop above it. The models learn from the first days of all shops, and forecast each of the last 60
days from the days before it.
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNRegressor, SlidingWindowTransformer

N_SHOPS, N_DAYS, N_TEST = 40, 200, 60


def generate(seed=0):
    rng, tables = np.random.default_rng(seed), []
    for shop in range(N_SHOPS):
        area, effect = rng.uniform(50, 500), rng.uniform(0.1, 0.8)
        promotion = rng.random(N_DAYS + 1) < 0.15
        week = 0.3 * np.sin(2 * np.pi * (np.arange(N_DAYS) / 7 + rng.random()))
        # The days after a promotion are poorer: customers have stocked up.
        effects = effect * promotion[:-1] - 0.4 * effect * np.roll(promotion[:-1], 1)
        log_sales = np.log(area) + week + effects + 0.1 * rng.standard_normal(N_DAYS)
        columns = {
            "shop": shop,
            "day": np.arange(N_DAYS),
            "log_sales": log_sales,
            "log_area": np.log(area),
            "promotion_tomorrow": promotion[1:].astype(float),
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def forecaster(regressor, output):
    """Predict a day from the 28 days before it, the columns scaled and the shop kept as it is."""
    columns = ["log_sales", "log_area", "promotion_tomorrow"]
    scaler = make_column_transformer((StandardScaler(), columns), ("passthrough", ["shop"]))
    windows = SlidingWindowTransformer(28, horizon=1, group_feature=-1, output=output)
    return make_pipeline(scaler, windows, regressor)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="save a picture of four shops")
    path = parser.parse_args().plot

    table = generate()
    y = table["log_sales"]
    is_test = table["day"] >= N_DAYS - N_TEST
    shops = y.groupby(table["shop"])
    forecasts = {"the day before": shops.shift(1), "the same day of last week": shops.shift(7)}
    network = RNNRegressor(
        cell_type="gru", hidden_size=16, batch_size=64, max_iter=20, random_state=0
    )
    for name, regressor, output in [
        ("ridge", RidgeCV(np.logspace(-2, 4, 7)), "2d"),
        ("RNNRegressor", network, "3d"),
    ]:
        model = forecaster(regressor, output).fit(table[~is_test], y[~is_test])
        forecasts[name] = model.predict(table)  # test days with the days before them in front

    print(f"RMSE of log sales, {N_SHOPS} shops, last {N_TEST} of {N_DAYS} days")
    for name, forecast in forecasts.items():
        error = np.sqrt(np.mean((forecast - y)[is_test] ** 2))
        print(f"{name:<28} {error:.3f}", flush=True)
    print(f"{'noise of the series':<28} 0.100")
    if path:
        plot(path, table[is_test], np.exp(forecasts["RNNRegressor"][is_test]))


def plot(path, table, forecast):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 5), sharex=True, layout="constrained")
    for shop, ax in enumerate(axes.flat):
        chosen = (table["shop"] == shop).to_numpy()
        ax.plot(table["day"][chosen], np.exp(table["log_sales"][chosen]), "0.6", label="sales")
        ax.plot(table["day"][chosen], forecast[chosen], label="forecast a day ahead")
        ax.set(title=f"shop {shop}")
    axes[0, 0].legend()
    figure.supxlabel("day")
    figure.savefig(path)


if __name__ == "__main__":
    main()
