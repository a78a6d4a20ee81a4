"""Intervals, and weeks that are missing
=====================================

Cases of three regions in which weeks are missing, two weeks ahead, with intervals.

Weekly cases, made on the spot: waves of different height in three regions, of which one week in
thirty was never reported. gaps="cut" ends a series where weeks are missing, so that no window
reaches over the gap; a forecast looks from the last rows without one. ConformalForecaster keeps a
part of the weeks back and makes intervals as wide as the errors there. The table has the errors of
the last 52 weeks beside those of the last known week, and the share of them that intervals of 0.8
hold.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skrnn import (
    ConformalForecaster,
    PurgedWindowSplit,
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
    backtest,
    direct_forecast,
)
from skrnn.inspection import ForecastDisplay


def generate(n_weeks=260, seed=0):
    rng, weeks = np.random.default_rng(seed), pd.date_range("2020-01-05", periods=n_weeks, freq="W")
    tables = []
    for region, level in [("coast", 4.0), ("hills", 5.0), ("city", 7.0)]:
        noise = np.zeros(n_weeks)
        for i in range(1, n_weeks):
            noise[i] = 0.5 * noise[i - 1] + 0.12 * rng.standard_normal()
        waves = 1.2 * np.sin(2 * np.pi * (np.arange(n_weeks) / 26 + rng.random()))
        table = pd.DataFrame({"region": region, "cases": level + waves + noise}, index=weeks)
        reported = rng.random(n_weeks) > 1 / 30
        reported[-20:] = True
        tables.append(table[reported])
    return pd.concat(tables)


table = generate()  # logarithms of cases
windows = SlidingWindowTransformer(6, horizon=[1, 2], group_feature="region", gaps="cut")
network = RNNRegressor(
    hidden_size=16, batch_size=16, max_iter=20, learning_rate_init=0.01, random_state=0
)
model = ConformalForecaster(make_pipeline(windows, WindowScaledRegressor(network)), coverage=0.8)
folds = PurgedWindowSplit(2, window_size=1, horizon=2, test_size=26)
result = backtest(model, table, table["cases"], cv=folds)
scores = result.table.assign(coverage=result.coverage)
print("mean absolute error of the logarithm, by weeks ahead, three regions, last 52 weeks")
print(scores.set_index("horizon").round(3).to_string())

known = table[table.index <= table.index.max() - pd.Timedelta(weeks=2)]
model.fit(known, windows.targets(known, known["cases"]))
forecast = direct_forecast(model, known, interval=True)
columns = ["cases", "lower", "upper"]
forecast[columns] = np.exp(forecast[columns])
print("\nthe next two weeks\n" + forecast.round(0).to_string())

cases = table.assign(cases=np.exp(table["cases"]))
before = cases[cases.index <= known.index.max()]
ForecastDisplay.from_tables(
    before, forecast, truth=cases[cases.index > known.index.max()],
    group_feature="region", target="cases", n_known=40,
)  # fmt: skip
plt.show()
