"""Forecasts from rolling origins, beside what costs nothing, and intervals around them."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import (
    ConformalForecaster,
    PurgedWindowSplit,
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
    backtest,
    direct_forecast,
    recursive_forecast,
)
from skrnn.datasets import load_airline, load_sunspots


def pipeline(horizon, window_size=5, **options):
    windows = SlidingWindowTransformer(window_size, horizon=horizon, output="2d", **options)
    return make_pipeline(StandardScaler(), windows, Ridge(0.1))


def walk(n_rows=120, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n_rows).cumsum()[:, np.newaxis]


def column(result, name):
    return np.asarray(result.table)[:, result.columns.index(name)]


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("metric", [mean_absolute_error, root_mean_squared_error])
def test_a_backtest_by_hand(refit, metric):
    X, horizons, season = walk(), [1, 3, 7], 5
    y, folds = X[:, 0], TimeSeriesSplit(3, gap=6)
    result = backtest(pipeline(horizons), X, y, cv=folds, refit=refit, season=season, metric=metric)
    forecasts, truths, last, seasonal = [], [], [], []
    first = next(folds.split(X))[0]
    for train, test in folds.split(X):
        train = train if refit else first
        model = pipeline(horizons)
        model.fit(X[train], model[1].targets(X, y)[train])
        for row in test:
            origin = row - 7
            seen = np.vstack([X[: origin + 1], np.full((7, 1), np.nan)])
            forecasts.append(model.predict(seen)[-1])
            truths.append([y[origin + h] for h in horizons])
            last.append([y[origin]] * 3)
            seasonal.append([y[origin + 1 - 5], y[origin + 3 - 5], y[origin + 7 - 10]])
    np.testing.assert_allclose(result.forecast, forecasts)
    np.testing.assert_array_equal(result.truth, truths)
    np.testing.assert_array_equal(result.persistence, last)
    np.testing.assert_array_equal(result.seasonal_naive, seasonal)
    np.testing.assert_array_equal(result.origin, result.rows - 7)
    for name, values in (("forecast", forecasts), ("persistence", last)):
        expected = [metric(np.array(truths)[:, i], np.array(values)[:, i]) for i in range(3)]
        np.testing.assert_allclose(column(result, name), expected)
    assert column(result, "horizon").tolist() == horizons


def test_no_forecast_learns_from_what_comes_after_its_origin():
    """A regressor that remembers the latest target it has seen."""

    class Latest(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            self.latest_ = np.max(y)
            return self

        def predict(self, X):
            return np.full((len(X), 3), self.latest_)

    X = np.arange(60.0)[:, np.newaxis]
    windows = SlidingWindowTransformer(2, horizon=[1, 2, 3], output="2d")
    result = backtest(make_pipeline(windows, Latest()), X, X[:, 0], cv=4)
    latest = result.forecast.max(axis=1)
    assert (latest < result.origin).all()
    assert (latest == result.origin - 1).sum() == 4  # the first origin of each split


def test_a_backtest_of_many_series_with_gaps():
    pd = pytest.importorskip("pandas")
    weeks = pd.date_range("2022", periods=60, freq="W")
    tables = [
        pd.DataFrame({"n": walk(60, i)[:, 0], "region": f"r{i}"}, index=weeks) for i in range(3)
    ]
    X = pd.concat([tables[0], tables[1].drop(weeks[30]), tables[2]])
    model = make_pipeline(
        SlidingWindowTransformer(
            4, horizon=[1, 2], output="2d", group_feature="region", gaps="cut"
        ),
        Ridge(),
    )
    result = backtest(model, X, X["n"], cv=3)
    times, regions = X.index.to_numpy(), X["region"].to_numpy()
    assert set(regions[result.rows]) == {"r0", "r1", "r2"}
    # Each forecast looks two weeks back, in its own region, and not over the gap.
    step = times[result.rows] - times[result.origin]
    assert (step == np.timedelta64(14, "D")).all()
    assert (regions[result.rows] == regions[result.origin]).all()
    split_starts = [times[result.rows[result.split == k]].min() for k in range(3)]
    assert split_starts == sorted(split_starts)
    behind = (regions[result.rows] == "r1") & (times[result.rows] > weeks[30].to_numpy())
    assert times[result.rows[behind]].min() >= (weeks[31 + 5]).to_numpy()


def test_a_network_in_a_backtest_beats_what_costs_nothing():
    x = np.sin(0.4 * np.arange(220)) + 0.05 * np.random.default_rng(0).normal(size=220)
    network = RNNRegressor(hidden_size=12, max_iter=15, learning_rate_init=0.02, random_state=0)
    model = make_pipeline(SlidingWindowTransformer(10, horizon=[1, 4]), network)
    result = backtest(model, x[:, np.newaxis], x, cv=2, refit=False, season=16)
    assert (column(result, "forecast") < 0.7 * column(result, "persistence")).all()


@pytest.mark.slow
@pytest.mark.parametrize("refit", [True, False])
def test_a_recursive_backtest_by_hand(refit):
    X, horizons, folds = walk(60), [1, 4, 6], TimeSeriesSplit(3, gap=5)
    y, model = X[:, 0], pipeline(1)
    result = backtest(model, X, y, cv=folds, refit=refit, season=4, horizon=horizons)
    first, forecasts = next(folds.split(X))[0], []
    for train, test in folds.split(X):
        model.fit(X[train if refit else first], y[train if refit else first])
        for row in test:
            forecasts.append(recursive_forecast(model, X[: row - 5], 6)[[0, 3, 5]])
    np.testing.assert_allclose(result.forecast, forecasts)
    np.testing.assert_array_equal(result.truth, y[np.add.outer(result.rows - 6, horizons)])
    assert result.columns == ["horizon", "forecast", "persistence", "seasonal_naive"]
    assert column(result, "horizon").tolist() == horizons


def feasts(library, n_series):
    """Series that rise on known days; of several series, a column tells whose a row is."""
    feast = (np.arange(60) % 7 == 0).astype(float)
    u = 2 * feast + 0.2 * np.random.default_rng(0).normal(size=60)
    columns = {"u": u, "feast": feast, "id": np.arange(60) // (60 // n_series)}
    if n_series == 1:
        del columns["id"]
    if library is None:
        return np.column_stack(list(columns.values())), list(range(len(columns)))
    X = pytest.importorskip(library).DataFrame(columns)
    if library == "pandas":
        days = pytest.importorskip("pandas").date_range("2024", periods=60 // n_series)
        X = X.set_axis(np.tile(days, n_series), axis=0)
    return X, list(columns)


@pytest.mark.slow
@pytest.mark.parametrize("library", [None, "pandas", "polars"])
@pytest.mark.parametrize("n_series", [1, 2])
def test_a_recursive_backtest_knows_what_is_known_in_advance(library, n_series):
    X, names = feasts(library, n_series)
    u, group = np.asarray(X)[:, 0], names[2] if n_series > 1 else None
    windows = SlidingWindowTransformer(
        4, horizon=1, output="2d", known_features=names[1:2], group_feature=group
    )
    model = make_pipeline(windows, Ridge(0.01))
    ids = np.arange(60) // (60 // n_series)
    folds = list(PurgedWindowSplit(2, window_size=1, horizon=3).split(np.asarray(X), u, ids))
    result = backtest(model, X, u, cv=folds, horizon=[1, 3], refit=False)

    def take(rows):
        return X.iloc[rows] if library == "pandas" else X[rows]

    model.fit(take(folds[0][0]), u[folds[0][0]])
    for origin, forecast in list(zip(result.origin, result.forecast, strict=True))[::5]:
        past = np.flatnonzero((ids == ids[origin]) & (np.arange(60) <= origin))
        coming = take(np.arange(origin + 1, origin + 4))
        if library is None:
            coming = np.where(np.arange(len(names)) == 0, np.nan, coming)
        else:
            coming = coming[names[1:]]
        expected = recursive_forecast(model, take(past), 3, future=coming)
        expected = expected["u"] if hasattr(expected, "columns") else expected
        np.testing.assert_allclose(forecast, np.ravel(expected)[[0, 2]])
    # The feasts are foreseen, which the last value is not.
    assert len(result.rows) > 20
    assert (column(result, "forecast") < 0.5 * column(result, "persistence")).all()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"horizon": 0}, r"horizon=\[0\] must be at least 1"),
        ({"horizon": 1.5}, "horizon must be an instance of int"),
        ({"estimator": pipeline([1, 2])}, r"the windows of the estimator have horizon=\[1, 2\]"),
        ({"X": np.hstack([walk(), walk()])}, r"X has \[0, 1\] for it: pass that column as y"),
        ({"y": walk(seed=1)[:, 0]}, "feeds forecasts of y back as the column of X"),
    ],
)
def test_wrong_recursive_backtests(change, message):
    arguments = {"estimator": pipeline(1), "X": walk(), "y": walk()[:, 0], "cv": 2, "horizon": 2}
    with pytest.raises((ValueError, TypeError), match=message):
        backtest(**(arguments | change))


@pytest.mark.parametrize("horizon", [2, [1, 3]])
def test_of_several_quantiles_the_middle_one_is_compared(horizon):
    network = RNNRegressor(
        loss="quantile", quantile=[0.1, 0.5, 0.9], hidden_size=2, max_iter=1, random_state=0
    )
    X, folds = walk(), TimeSeriesSplit(2, gap=2)
    model = make_pipeline(SlidingWindowTransformer(3, horizon=horizon), network)
    result = backtest(model, X, X[:, 0], cv=folds, refit=False)
    train = next(folds.split(X))[0]
    fitted = model.fit(X[train], model[0].targets(X, X[:, 0])[train])
    expected = fitted.predict(X)[result.rows][..., 1].reshape(len(result.rows), -1)
    np.testing.assert_allclose(result.forecast, expected)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"estimator": LinearRegression()}, "has no windows that look ahead"),
        ({"estimator": pipeline(0)}, "has no windows that look ahead"),
        ({"season": 0}, "season == 0, must be >= 1"),
        ({"season": 200}, "No test row has a complete window, and a season before it"),
        ({"y": np.zeros((120, 2))}, r"y has shape \(120, 2\), but one value for each row"),
        ({"y": np.zeros(7)}, "inconsistent numbers of samples"),
        ({"y": ["a"] * 120}, "y holds 'a', which is no real number"),
    ],
)
def test_wrong_backtests(change, message):
    arguments = {"estimator": pipeline([1, 2]), "X": walk(), "y": walk()[:, 0], "cv": 2}
    with pytest.raises(ValueError, match=message):
        backtest(**(arguments | change))


# --------------------------------------------------------------------------------------- intervals


def test_the_width_is_the_error_that_a_share_of_rows_does_not_exceed():
    X = walk(100)
    model = ConformalForecaster(pipeline(1), coverage=0.8, calibration_fraction=0.3).fit(X, X[:, 0])
    late, gap = 70, 5
    by_hand = pipeline(1).fit(X[: late - gap], X[: late - gap, 0])
    errors = np.sort(np.abs(by_hand.predict(X) - X[:, 0])[late:])
    np.testing.assert_allclose(np.sort(model.scores_), errors)
    width = errors[int(np.ceil(31 * 0.8)) - 1]
    bounds = model.predict_interval(X)
    np.testing.assert_allclose(model.predict(X), by_hand.predict(X))
    np.testing.assert_allclose(bounds, by_hand.predict(X)[:, None] + [-width, width])
    again = clone(model).set_params(refit=True).fit(X, X[:, 0])
    np.testing.assert_allclose(again.predict(X), pipeline(1).fit(X, X[:, 0]).predict(X))
    np.testing.assert_array_equal(again.scores_, model.scores_)


def test_the_share_holds_where_rows_are_exchangeable():
    """White noise: over many draws the intervals hold their share of the next values."""
    held = []
    for seed in range(60):
        x = np.random.default_rng(seed).normal(size=(120, 1))
        model = ConformalForecaster(pipeline(1, 2), coverage=0.8, calibration_fraction=0.4)
        low, high = model.fit(x[:80], x[:80, 0]).predict_interval(x)[80:].T
        held.append(np.mean((low <= x[80:, 0]) & (x[80:, 0] <= high)))
    assert abs(np.mean(held) - 0.8) < 0.02  # two standard errors


def google():
    """Adjusted closing prices of four years and three months, which come with matplotlib."""
    path = pytest.importorskip("matplotlib.cbook").get_sample_data("goog.npz", asfileobj=False)
    return np.load(path)["price_data"]["adj_close"][:, np.newaxis]


def real_series(name, horizon):
    """Square roots of sunspots, logarithms of the others: errors then depend less on the level."""
    if name == "sunspots":
        return np.sqrt(load_sunspots(return_X_y=True)[0]), 150, pipeline(horizon, 12)
    X, n_known, window_size = google(), 524, 5
    if name == "airline":
        X, n_known, window_size = load_airline(return_X_y=True)[0], 84, 13
    windows = SlidingWindowTransformer(window_size, horizon=horizon, output="2d")
    return np.log(X), n_known, make_pipeline(windows, WindowScaledRegressor(Ridge(0.01)))


@pytest.mark.parametrize(
    "name, horizon, coverage",
    [
        ("sunspots", 1, 0.8),
        ("sunspots", 1, 0.9),
        ("sunspots", [1, 2, 3], 0.9),
        ("airline", 1, 0.9),
        ("airline", [1, 2, 3], 0.9),
        ("google", 1, 0.8),
        ("google", 1, 0.9),
        ("google", [1, 2, 3], 0.8),
        ("google", [1, 2, 3], 0.9),
    ],
)
def test_the_share_on_real_series(name, horizon, coverage):
    X, n_known, estimator = real_series(name, horizon)
    y = X[:, 0]
    targets = estimator[-2].targets(X, y)
    model = ConformalForecaster(estimator, coverage=coverage, calibration_fraction=0.35)
    model.fit(X[:n_known], targets[:n_known])
    rows = np.arange(n_known + np.max(horizon) - 1, len(y))
    bounds, truth = model.predict_interval(X, targets)[rows], targets[rows]
    held = np.mean((bounds[..., 0] <= truth) & (truth <= bounds[..., 1]))
    assert abs(held - coverage) < 0.03


def test_bounds_rest_on_nothing_that_was_not_known():
    X = walk(90)
    targets = pipeline([1, 4])[1].targets(X, X[:, 0])
    model = ConformalForecaster(pipeline([1, 4]), coverage=0.8, calibration_fraction=0.3)
    model.fit(X[:60], targets[:60])
    changed, row = targets.copy(), 75
    changed[row - 3 :] += 100
    same = model.predict_interval(X, changed)[: row + 1]
    np.testing.assert_array_equal(same, model.predict_interval(X, targets)[: row + 1])
    assert (model.predict_interval(X, changed) != model.predict_interval(X, targets)).any()
    unknown = np.where(np.arange(90)[:, None] > 80, np.nan, targets)
    assert np.isfinite(model.predict_interval(X, unknown)).all()


def test_errors_that_grow_are_followed():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=400) * np.where(np.arange(400) < 200, 1, 3))[:, np.newaxis]
    model = ConformalForecaster(pipeline(1, 2), coverage=0.8).fit(x[:200], x[:200, 0])

    def held(bounds):
        low, high = bounds[300:].T
        return np.mean((low <= x[300:, 0]) & (x[300:, 0] <= high))

    assert held(model.predict_interval(x)) < 0.5
    assert abs(held(model.predict_interval(x, x[:, 0])) - 0.8) < 0.06


def test_several_quantiles_are_made_as_wide_as_they_should_be():
    """Noise that grows with a known column: the intervals of one network grow with it too."""
    rng = np.random.default_rng(0)
    scale = rng.uniform(0.2, 2, size=500)
    X = np.column_stack([scale * rng.normal(size=500), scale])
    network = RNNRegressor(
        loss="quantile", quantile=[0.1, 0.5, 0.9], hidden_size=8, max_iter=15,
        learning_rate_init=0.02, random_state=0,
    )  # fmt: skip
    windows = SlidingWindowTransformer(1, horizon=1, known_features=[1])
    model = ConformalForecaster(make_pipeline(windows, network), coverage=0.8)
    model.fit(X[:350], X[:350, 0])
    low, high = model.predict_interval(X)[350:].T
    held = np.mean((low <= X[350:, 0]) & (X[350:, 0] <= high))
    assert 0.7 < held < 0.9
    assert np.corrcoef(high - low, scale[350:])[0, 1] > 0.9
    assert model.predict(X).shape == (500,)


def test_a_backtest_tells_what_intervals_hold():
    X = walk(200)
    result = backtest(ConformalForecaster(pipeline([1, 2]), coverage=0.8), X, X[:, 0], cv=3)
    inside = (result.lower <= result.truth) & (result.truth <= result.upper)
    np.testing.assert_allclose(result.coverage, inside.mean(axis=0))
    assert (abs(result.coverage - 0.8) < 0.15).all()


@pytest.mark.parametrize("library", [None, "pandas", "polars"])
@pytest.mark.parametrize("horizon", [2, [1, 3]])
def test_forecasts_with_their_bounds(library, horizon):
    X = walk(100)
    if library:
        X = pytest.importorskip(library).DataFrame({"u": X[:, 0]})
    model = pipeline(horizon)
    targets = model[1].targets(X, np.asarray(X)[:, 0])
    model = ConformalForecaster(model, coverage=0.8).fit(X, targets)
    forecast = direct_forecast(model, X, interval=True)
    if library:
        assert list(forecast.columns) == ["u", "lower", "upper"]
    middle, low, high = np.asarray(forecast).T
    np.testing.assert_allclose(middle, direct_forecast(model, X))
    np.testing.assert_allclose(middle - low, high - middle)
    width = np.sort(model.scores_, axis=0)[int(np.ceil(0.8 * (1 + len(model.scores_)))) - 1]
    np.testing.assert_allclose(high - middle, width)
    with pytest.raises(TypeError, match="interval=True asks for bounds, but Pipeline has none"):
        direct_forecast(model.estimator_, X, interval=True)


def test_intervals_in_the_units_of_the_series():
    series = np.exp(0.02 * np.arange(120) + 0.05 * np.random.default_rng(0).normal(size=120))
    inner = make_pipeline(FunctionTransformer(np.log), *pipeline(1).steps[1:][0][1:], Ridge())
    model = TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp)
    with pytest.raises(ValueError, match="has no windows|shape"):
        ConformalForecaster(LinearRegression()).fit(series[:, None], series)
    fitted = ConformalForecaster(model, coverage=0.8).fit(series[:, None], series)
    assert np.isfinite(fitted.predict_interval(series[:, None])).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"coverage": 1.0}, "'coverage' parameter of ConformalForecaster must be a float in"),
        ({"coverage": 0}, "'coverage' parameter"),
        ({"calibration_fraction": 1.5}, "'calibration_fraction' parameter"),
        ({"refit": "yes"}, "'refit' parameter"),
        ({"coverage": 0.99}, "coverage=0.99 needs the errors of at least 99 rows, but 25 are kept"),
        ({"estimator": LinearRegression()}, "has no windows: pass a Pipeline with a SlidingWindow"),
    ],
)
def test_wrong_intervals(options, message):
    X = walk(100)
    with pytest.raises(ValueError, match=message):
        ConformalForecaster(**({"estimator": pipeline(1)} | options)).fit(X, X[:, 0])


def test_targets_of_another_shape():
    X = walk(100)
    model = ConformalForecaster(pipeline([1, 2]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, X[:50, 0])
    model.fit(X, model.estimator[1].targets(X, X[:, 0]))
    with pytest.raises(
        ValueError, match=r"y has shape \(100,\), but the forecasts have \(100, 2\)"
    ):
        model.predict_interval(X, X[:, 0])


def test_series_are_kept_back_by_their_own_last_rows():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"u": walk(60)[:, 0], "id": np.repeat(["a", "b"], [40, 20])})
    windows = SlidingWindowTransformer(2, horizon=1, group_feature="id", output="2d")
    model = ConformalForecaster(make_pipeline(windows, Ridge()), coverage=0.5)
    model.fit(X, X["u"])
    rows = np.r_[30:40, 55:60]
    np.testing.assert_allclose(
        model.scores_, np.abs(model.predict(X)[rows] - X["u"].to_numpy()[rows])
    )
    bounds = model.predict_interval(X, X["u"])
    apart = [model.predict_interval(part, part["u"]) for _, part in X.groupby("id")]
    np.testing.assert_allclose(bounds, np.concatenate(apart))
    split = PurgedWindowSplit(2, window_size=2, horizon=1)
    assert len(backtest(model, X, X["u"], cv=split).rows)
