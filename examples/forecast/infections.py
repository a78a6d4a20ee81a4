"""Infections by region, two weeks ahead
=====================================

Infections in five regions, one and two weeks ahead, by one network for all of them.

The weekly cases are made on the spot, by a model of an epidemic in which those who had it are
immune for a while, contacts follow the season, and holidays, which are known in advance, lower
them. known_features lets the windows hold the holidays of the weeks that are forecast, and
group_feature keeps the regions apart. They differ in size: WindowScaledRegressor takes the level of
each window away. All are judged on the last 52 weeks.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import (
    PurgedWindowSplit,
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
    backtest,
    direct_forecast,
)
from skrnn.inspection import ForecastDisplay

HOLIDAYS, N_WEEKS = [1, 15, 16, 29, 30, 31, 32, 52], 220
rng, weeks = np.random.default_rng(0), pd.date_range("2020-01-05", periods=N_WEEKS, freq="W")
holiday, tables = np.isin(weeks.isocalendar().week, HOLIDAYS).astype(float), []
for region in ("north", "east", "south", "west", "centre"):
    people, phase, cases = 10 ** rng.uniform(5.3, 6.5), rng.normal(0, 2), []
    susceptible, infectious = 0.6 * people, 0.002 * people
    for i in range(N_WEEKS):
        season = 1 + 0.22 * np.cos(2 * np.pi * (i - 3 - phase) / 52.18)
        force = 1.55 * season * (1 - 0.3 * holiday[i]) * infectious / people
        new = susceptible * (1 - np.exp(-force)) * np.exp(0.08 * rng.standard_normal())
        susceptible += 0.018 * (people - susceptible) - new
        infectious = 0.25 * infectious + new
        cases.append(rng.poisson(0.3 * new) + 1.0)
    columns = {"region": region, "cases": np.log(cases), "holiday": holiday}
    tables.append(pd.DataFrame(columns, index=weeks))
table = pd.concat(tables)


def forecaster(regressor):
    windows = SlidingWindowTransformer(
        12, horizon=[1, 2], group_feature="region", known_features=["holiday"]
    )
    scaled = WindowScaledRegressor(regressor, target_feature="cases", scaled_features=["cases"])
    return make_pipeline(windows, scaled)


options = {"batch_size": 16, "max_iter": 25, "learning_rate_init": 0.01, "random_state": 0}
model = forecaster(RNNRegressor(hidden_size=16, **options))
flat = FunctionTransformer(lambda windows: np.reshape(windows, (len(windows), -1)))
ridge = forecaster(make_pipeline(flat, RidgeCV(np.logspace(-3, 3, 7))))
folds = PurgedWindowSplit(2, window_size=1, horizon=2, test_size=26)
settings = {"cv": folds, "refit": False, "season": 52}
one = backtest(ridge, table, table["cases"], **settings)
other = backtest(model, table, table["cases"], **settings)
columns = {"forecast": "ridge", "persistence": "last week", "seasonal_naive": "a year ago"}
scores = one.table.rename(columns=columns)
scores["RNNRegressor"] = other.table["forecast"]
print("mean absolute error of the logarithm, by weeks ahead, five regions, last 52 weeks")
print(scores.set_index("horizon").round(3).to_string())

is_known = table.index <= table.index.max() - pd.Timedelta(weeks=2)
known, later = table[is_known], table[~is_known]
model.fit(known, model[0].targets(known, known["cases"]))
forecast = direct_forecast(model, known, future=later[["region", "holiday"]])
forecast["cases"] = np.exp(forecast["cases"])
print("\nthe next two weeks\n" + forecast.round(0).to_string())
cases = [part.assign(cases=np.exp(part["cases"])) for part in (known, later)]
settings = {"group_feature": "region", "target": "cases", "n_known": 30}
ForecastDisplay.from_tables(cases[0], forecast, truth=cases[1], **settings)
plt.show()
