"""The next three days of a stock
==============================

The next three days of a stock, from its past alone, with their dates.

The prices are made on the spot: small moves of a day go on the next day, large ones are partly
taken back. Prices of real stocks have much less of this, and the last price is hard to beat there.
The exchange is closed on weekends and on some other days, and gaps="ignore" takes the days on which
it is open for steps. One network learns all three days at once; a ridge regression gets the same
windows. Both are judged on the last 300 days, each forecast from the days before it, beside the
last price.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    PurgedWindowSplit,
    RNNRegressor,
    SlidingWindowTransformer,
    TimestepTransformer,
    WindowScaledRegressor,
    backtest,
    direct_forecast,
)
from skrnn.inspection import ForecastDisplay


def generate(n_days=1500, seed=0):
    rng, change = np.random.default_rng(seed), np.zeros(n_days)
    for i in range(1, n_days):
        goes_on = 0.5 if abs(change[i - 1]) < 0.015 else -0.7
        change[i] = goes_on * change[i - 1] + 0.01 * rng.standard_normal()
    days = pd.bdate_range("2019-01-02", periods=n_days + 40)
    days = days[np.sort(rng.permutation(len(days))[:n_days])]
    return pd.DataFrame({"close": 100 * np.exp(np.cumsum(change))}, index=days)


prices = np.log(generate())
windows = SlidingWindowTransformer(5, horizon=[1, 2, 3], gaps="ignore")
network = RNNRegressor(hidden_size=16, batch_size=32, max_iter=30, random_state=0)
changes = make_pipeline(TimestepTransformer(StandardScaler()), network)
model = make_pipeline(windows, WindowScaledRegressor(changes))
flat = SlidingWindowTransformer(5, horizon=[1, 2, 3], gaps="ignore", output="2d")
ridge = make_pipeline(flat, WindowScaledRegressor(RidgeCV(np.logspace(-6, 3, 10))))

folds = PurgedWindowSplit(2, window_size=1, horizon=3, test_size=150)
one = backtest(ridge, prices, prices["close"], cv=folds, refit=False)
other = backtest(model, prices, prices["close"], cv=folds, refit=False)
table = one.table.rename(columns={"forecast": "ridge", "persistence": "last price"})
table["RNNRegressor"] = other.table["forecast"]
print("mean absolute error of the logarithm, by days ahead, last 300 days")
print(table.set_index("horizon").round(4).to_string())

known = prices[:-3]
model.fit(known, windows.targets(known, known["close"]))
forecast = np.exp(direct_forecast(model, known))
print("\nthe next three days\n" + forecast.round(2).to_string())

ForecastDisplay.from_tables(np.exp(known), forecast, truth=np.exp(prices[-3:]), n_known=20)
plt.show()
