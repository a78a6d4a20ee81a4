"""One network for many series
===========================

One network for many series in one table: tomorrow's sales of 40 shops.

The table is generated: one row for each shop and day, with its sales, its area (a static column)
and the promotions of the next day, which are planned in advance. Shops differ in size and in how
well a promotion works there. group_feature keeps the windows of a shop apart from those of the
shop above it. The models learn from the first days of all shops, and forecast each of the last 60
days from the days before it.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNRegressor, SlidingWindowTransformer

N_SHOPS, N_DAYS, N_TEST = 40, 200, 60


def sales_of(shop, rng):
    """A row for each day of a shop."""
    area, effect = rng.uniform(50, 500), rng.uniform(0.1, 0.8)
    promotion = rng.random(N_DAYS + 1) < 0.15
    week = 0.3 * np.sin(2 * np.pi * (np.arange(N_DAYS) / 7 + rng.random()))
    # The days after a promotion are poorer: customers have stocked up.
    effects = effect * promotion[:-1] - 0.4 * effect * np.roll(promotion[:-1], 1)
    columns = {
        "shop": shop,
        "day": np.arange(N_DAYS),
        "log_sales": np.log(area) + week + effects + 0.1 * rng.standard_normal(N_DAYS),
        "log_area": np.log(area),
        "promotion_tomorrow": promotion[1:].astype(float),
    }
    return pd.DataFrame(columns)


rng = np.random.default_rng(0)
table = pd.concat([sales_of(shop, rng) for shop in range(N_SHOPS)], ignore_index=True)
y, is_test = table["log_sales"], table["day"] >= N_DAYS - N_TEST
shops = y.groupby(table["shop"])
forecasts = {"the day before": shops.shift(1), "the same day of last week": shops.shift(7)}
network = RNNRegressor(hidden_size=16, batch_size=64, max_iter=20, random_state=0)
columns = ["log_sales", "log_area", "promotion_tomorrow"]
for name, regressor, output in [
    ("ridge", RidgeCV(np.logspace(-2, 4, 7)), "2d"),
    ("RNNRegressor", network, "3d"),
]:
    scaler = make_column_transformer((StandardScaler(), columns), ("passthrough", ["shop"]))
    windows = SlidingWindowTransformer(28, horizon=1, group_feature=-1, output=output)
    model = make_pipeline(scaler, windows, regressor).fit(table[~is_test], y[~is_test])
    forecasts[name] = model.predict(table)  # test days with the days before them in front

print(f"RMSE of log sales, {N_SHOPS} shops, last {N_TEST} of {N_DAYS} days")
for name, forecast in forecasts.items():
    print(f"{name:<28} {np.sqrt(np.mean((forecast - y)[is_test] ** 2)):.3f}", flush=True)
print(f"{'noise of the series':<28} 0.100")

figure, axes = plt.subplots(2, 2, figsize=(9, 5), sharex=True, layout="constrained")
for shop, ax in enumerate(axes.flat):
    shown = (table["shop"] == shop) & is_test
    ax.plot(table["day"][shown], np.exp(y[shown]), "0.6", label="sales")
    ax.plot(table["day"][shown], np.exp(forecast[shown]), label="forecast a day ahead")
    ax.set(title=f"shop {shop}")
axes[0, 0].legend()
figure.supxlabel("day")
plt.show()
