"""Forecasts with networks: one step, many steps, and in the tools of scikit-learn."""

import io
import tracemalloc
from functools import partial

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import (
    ConformalForecaster,
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
    direct_forecast,
    recursive_forecast,
    sliding_windows,
)

# What some trainings learn is not the point.
brief = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def linear_in_last(window_size):
    """Predicts a row as a linear function of the rows before it."""
    return make_pipeline(
        SlidingWindowTransformer(window_size, horizon=1, padding="zero", output="2d"),
        LinearRegression(fit_intercept=False),
    )


def rotation(n_rows):
    """Each row is the one before, turned by 0.3: exactly linear in the row before."""
    angle = 0.3 * np.arange(n_rows)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def table(library, rows):
    if library is None:
        return rows
    return pytest.importorskip(library).DataFrame({"u": rows[:, 0], "v": rows[:, 1]})


@pytest.mark.parametrize("library", [None, "pandas", "polars"])
def test_recursion_continues_a_rotation(library):
    rows = rotation(60)
    X = table(library, rows[:40])
    model = make_pipeline(FunctionTransformer(), linear_in_last(1)).fit(X, rows[:40])
    np.testing.assert_allclose(recursive_forecast(model, X, 20), rows[40:], atol=1e-9)


def test_recursion_on_one_column_continues_the_fibonacci_numbers():
    series = np.array([1.0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
    model = linear_in_last(2).fit(series[:8, None], series[:8])
    np.testing.assert_allclose(recursive_forecast(model, series[6:8, None], 4), series[8:])


@pytest.mark.parametrize("padding", ["zero", "edge"])
@pytest.mark.parametrize("n_known", [4, 6])
def test_recursion_from_the_last_rows(n_known, padding):
    series = np.array([1.0, 1, 2, 3, 5, 8, 13, 21, 34, 55])[:, None]
    windows = SlidingWindowTransformer(4, horizon=1, padding=padding, output="2d")
    model = make_pipeline(windows, LinearRegression()).fit(series, series[:, 0])
    rows = series[:n_known]
    forecast = recursive_forecast(model, rows, 5)
    for value in forecast:
        expected = model.predict(np.vstack([rows, [[0.0]]]))[-1]
        np.testing.assert_allclose(value, expected)
        rows = np.vstack([rows, [[expected]]])


def test_recursion_predicts_no_more_rows_than_it_was_given_or_the_window_reads():
    lengths = []

    class Counting(SlidingWindowTransformer):
        def transform(self, X):
            lengths.append(len(X))
            return super().transform(X)

    series = np.arange(30.0)[:, None]
    model = make_pipeline(Counting(4, horizon=1, output="2d"), LinearRegression())
    model.fit(series, series[:, 0])
    for n_given, n_most in ((4, 5), (5, 5), (9, 9)):
        lengths.clear()
        recursive_forecast(model, series[:n_given], 20)
        assert max(lengths) == n_most + 1  # with the row that is predicted


def test_recursion_is_one_step_prediction_with_predictions_as_rows():
    """The whole recipe, in the units of the series: logarithms, window scaling and a network."""
    series = np.exp(0.03 * np.arange(60) + 0.2 * np.sin(np.arange(60)))[:, None]
    network = RNNRegressor(hidden_size=3, max_iter=2, random_state=0)
    windows = SlidingWindowTransformer(6, horizon=1)
    pipeline = make_pipeline(FunctionTransformer(np.log), windows, WindowScaledRegressor(network))
    model = TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
    model.fit(series, series[:, 0])
    forecast = recursive_forecast(model, series[-6:], 3)
    rows = np.vstack([series, forecast[:, None]])
    np.testing.assert_allclose(model.predict(rows)[-3:], forecast, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-12, 1, 1e12])
def test_recursion_refuses_a_model_that_sees_the_row(unit):
    X = unit * rotation(40)[:, :1]
    regressor = LinearRegression()  # without a penalty, whose share depends on the unit
    model = make_pipeline(SlidingWindowTransformer(2, output="2d"), regressor).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="horizon=1"):
        recursive_forecast(model, X, 3)


@pytest.mark.parametrize("history", [[[0.3]], [[0.0]], [[-2.0]], [[0.3]] * 5], ids=str)
def test_recursion_refuses_it_where_the_history_does_not_vary(history):
    X = rotation(40)[:, :1]
    model = make_pipeline(SlidingWindowTransformer(1, output="2d"), Ridge()).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="depends on that row"):
        recursive_forecast(model, np.array(history), 3)


@pytest.mark.parametrize("level", [0.01, 1e6])
def test_recursion_from_a_constant_stays_where_its_logarithm_is_defined(level):
    series = np.geomspace(level, 8 * level, 30)[:, None]
    model = TransformedTargetRegressor(
        make_pipeline(FunctionTransformer(np.log), linear_in_last(1)),
        func=np.log,
        inverse_func=np.exp,
    ).fit(series, series[:, 0])
    forecast = recursive_forecast(model, np.full((4, 1), level), 1)
    np.testing.assert_allclose(forecast, model.predict(np.full((2, 1), level))[-1:])


def test_recursion_refuses_a_model_of_other_columns():
    X = rotation(40)
    model = linear_in_last(2).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="predicts 1 values, but X has 2 columns"):
        recursive_forecast(model, X, 3)


@pytest.mark.parametrize("wrap", [lambda model: model, lambda m: GridSearchCV(m, {}, cv=2)])
def test_recursion_refuses_less_than_a_window(wrap):
    X = rotation(60)
    model = wrap(linear_in_last(20)).fit(X, X)
    with pytest.raises(ValueError, match=r"X has 2 row\(s\), but .* window_size=20"):
        recursive_forecast(model, X[:2], 3)


def several(library, n_rows=40):
    """Two series, each turning from another angle on, told apart by a column of names."""
    rows = np.concatenate([rotation(n_rows), 2 * rotation(n_rows + 7)[7:]])
    X = table(library or "pandas", rows)
    ids = np.repeat(["a", "b"], n_rows)
    if library == "polars":
        return X.with_columns(id=ids)
    X = X.assign(id=ids)
    return X if library else X.to_numpy(dtype=object)


@pytest.mark.parametrize("library", ["pandas", "polars", None])
def test_recursion_continues_every_series(library):
    known, all_rows = several(library), several("pandas", 45)
    group = "id" if library else 2
    windows = SlidingWindowTransformer(2, horizon=1, group_feature=group, output="2d")
    model = make_pipeline(windows, LinearRegression(fit_intercept=False))
    complete = np.r_[3:40, 43:80]
    pick = (lambda X, rows: X.iloc[rows]) if library == "pandas" else (lambda X, rows: X[rows])
    # Rows without a complete window would teach what is not true of the others.
    model.fit(known, np.asarray(several("pandas")[["u", "v"]]))
    model[-1].fit(
        model[0].transform(known)[complete], np.asarray(several("pandas")[["u", "v"]])[complete]
    )
    rows = np.r_[:40, 60:80]  # of different lengths
    forecast = recursive_forecast(model, pick(known, rows), 5)
    truth = all_rows.iloc[np.r_[40:45, 85:90]]
    if library is None:
        assert forecast.shape == (2, 5, 2)
        np.testing.assert_allclose(forecast.reshape(10, 2), truth[["u", "v"]], atol=1e-9)
    else:
        assert type(forecast) is type(known)
        assert list(forecast.columns) == ["id", "u", "v"]
        assert list(forecast["id"]) == ["a"] * 5 + ["b"] * 5
        np.testing.assert_allclose(forecast[["u", "v"]], truth[["u", "v"]], atol=1e-9)


def test_recursion_needs_windows_that_tell_series_apart():
    X = several("pandas")
    model = linear_in_last(2).fit(X[["u", "v"]], X[["u", "v"]])
    with pytest.raises(ValueError, match="group_feature='id' tells several series apart, but the"):
        recursive_forecast(model, X[["u", "v"]], 2, group_feature="id")
    windows = SlidingWindowTransformer(2, horizon=1, group_feature=-1, output="2d")
    passing = make_column_transformer(("passthrough", ["u", "v", "id"]))
    model = make_pipeline(passing, windows, LinearRegression())
    model.fit(X.assign(w=1.0), X[["u", "v"]])
    with pytest.raises(ValueError, match="group_feature=-1, which is no column of X: name the one"):
        recursive_forecast(model, X.assign(w=1.0), 2)


@pytest.mark.parametrize("wrap", [lambda model: model, ConformalForecaster])
def test_direct_forecasts_refuse_a_model_of_other_targets(wrap):
    X = np.arange(60.0)[:, np.newaxis]
    windows = SlidingWindowTransformer(2, horizon=[1, 2, 3], output="2d")
    model = wrap(make_pipeline(windows, LinearRegression())).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"predicts 1 value\(s\) for each row: fit it to"):
        direct_forecast(model, X)


def dated(library, rows, times):
    if library == "polars":
        return pytest.importorskip("polars").DataFrame({"day": times.to_numpy(), "u": rows})
    return pytest.importorskip("pandas").DataFrame({"u": rows}, index=times)


def model_of_a_line():
    return linear_in_last(1).fit(as_frame(np.arange(30.0)), np.arange(30.0))


def assert_same_times(found, expected):
    assert found.equals(expected)
    assert (found.dtype, found.name) == (expected.dtype, expected.name)


def as_frame(rows):
    return pytest.importorskip("pandas").DataFrame({"u": rows})


FREQUENCIES = ["D", "B", "h", "15min", "W", "W-WED", "MS", "ME", "QS", "QE", "YS", "YE", "2D", "7h"]


@pytest.mark.slow
@pytest.mark.parametrize("freq", FREQUENCIES)
@pytest.mark.parametrize("told", [True, False])
def test_forecasts_have_the_dates_that_come_next(freq, told):
    pd = pytest.importorskip("pandas")
    times = pd.date_range("2023-02-01", periods=40, freq=freq)
    model = model_of_a_line()
    X = dated("pandas", np.arange(30.0), times[:30])
    X.index.freq = None
    forecast = recursive_forecast(model, X, 10, freq=freq if told else None)
    assert_same_times(forecast.index, times[30:])
    assert (forecast.name, type(forecast)) == ("u", pd.Series)
    pd.testing.assert_series_equal(recursive_forecast(model, X["u"], 10), forecast)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("freq", ["D", "h", "MS", "B"])
def test_dates_of_a_time_zone_keep_to_its_clock(freq, zone):
    pd = pytest.importorskip("pandas")
    start = {"D": "2024-03-01", "h": "2024-03-30", "B": "2024-02-15", "MS": "2023-01-01"}[freq]
    times = pd.date_range(start, periods=60, freq=freq, tz=zone)
    model = model_of_a_line()
    forecast = recursive_forecast(model, dated("pandas", np.arange(20.0), times[:20]), 40)
    assert_same_times(forecast.index, times[20:])


def test_periods_durations_days_and_numbers_go_on():
    pd = pytest.importorskip("pandas")
    model = model_of_a_line()
    days = pd.date_range("2024", periods=9)
    for index in (
        pd.period_range("2024-01", periods=9, freq="M", name="month"),
        pd.timedelta_range("1h", periods=9, freq="2h"),
        pd.Index([day.date() for day in days]),
        pd.RangeIndex(9),
        pd.Index(np.arange(10, 28, 2), name="year"),
    ):
        X = pd.DataFrame({"u": np.arange(6.0)}, index=index[:6])
        forecast = recursive_forecast(model, X, 3)
        assert_same_times(forecast.index, index[6:])


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_column_of_times_goes_on_in_its_own_type(library, unit):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    times = pd.date_range("2024-01-30", periods=12).as_unit(unit)
    X = pd.DataFrame({"u": np.arange(12.0), "day": times})
    X = (
        pl.DataFrame({"u": X["u"].to_numpy(), "day": times.to_numpy()})
        if library == "polars"
        else X
    )
    windows = SlidingWindowTransformer(2, horizon=1, time_feature="day", output="2d")
    model = make_pipeline(windows, LinearRegression()).fit(X[:8], np.arange(8.0))
    forecast = recursive_forecast(model, X[:9], 3)
    assert type(forecast) is type(X)
    assert list(forecast.columns) == ["day", "u"]
    assert forecast["day"].dtype == X["day"].dtype
    assert list(forecast["day"]) == list(X["day"])[9:]


def test_polars_dates_with_a_zone_and_without_a_clock():
    pl, pd = pytest.importorskip("polars"), pytest.importorskip("pandas")
    days = pd.date_range("2024-03-28", periods=6, tz="Europe/Berlin")
    for column in (
        pl.Series("day", days.tz_localize(None).to_numpy()).dt.replace_time_zone("Europe/Berlin"),
        pl.Series("day", [day.date() for day in days]),
    ):
        X = pl.DataFrame({"u": np.arange(6.0), "day": column})
        windows = SlidingWindowTransformer(1, horizon=1, time_feature="day", output="2d")
        model = make_pipeline(windows, LinearRegression()).fit(X, np.arange(6.0))
        forecast = recursive_forecast(model, X[:4], 2)
        assert forecast["day"].to_list() == column.to_list()[4:]


def test_columns_known_in_advance_come_from_future():
    """Two days in seven are special, and everybody knows which."""
    pd = pytest.importorskip("pandas")
    day = np.arange(80)
    special = np.isin(day % 7, [2, 5]).astype(float)
    load = 0.01 * day + 3 * special
    times = pd.date_range("2024", periods=80)
    X = pd.DataFrame({"load": load, "special": special}, index=times)
    windows = SlidingWindowTransformer(3, horizon=1, known_features=["special"], output="2d")
    model = make_pipeline(windows, LinearRegression())
    model.fit(X[:60], load[:60])
    model[-1].fit(model[0].transform(X)[3:60], load[3:60])
    future = X[["special"]].iloc[60:]
    forecast = recursive_forecast(model, X[:60], 20, future=future)
    pd.testing.assert_series_equal(forecast, X["load"][60:], atol=1e-9, check_freq=False)
    same = recursive_forecast(model, X[:60], 20, future=X[60:].assign(load=np.nan))
    pd.testing.assert_series_equal(same, forecast)
    plain = make_pipeline(clone(windows).set_params(known_features=[1]), model[-1])
    plain[0].fit(X.to_numpy())
    array = np.column_stack([np.full(20, np.nan), special[60:]])
    np.testing.assert_allclose(
        recursive_forecast(plain, X[:60].to_numpy(), 20, future=array), forecast
    )
    with pytest.raises(ValueError, match=r"pass \['special'\], known_features of the"):
        recursive_forecast(model, X[:60], 20)
    with pytest.raises(ValueError, match=r"2024-03-02 00:00:00 in row 0, but 2024-03-01"):
        recursive_forecast(model, X[:60], 19, future=future[1:])
    with pytest.raises(ValueError, match=r"future has 20 row\(s\), but 19 rows come"):
        recursive_forecast(model, X[:60], 19, future=future)
    with pytest.raises(ValueError, match="'special' of future is missing in row 3"):
        holes = future.assign(special=[1.0] * 3 + [np.nan] + [1.0] * 16)
        recursive_forecast(model, X[:60], 20, future=holes)
    with pytest.raises(ValueError, match=r"future has the columns \['feast'\]"):
        recursive_forecast(model, X[:60], 20, future=future.set_axis(["feast"], axis=1))
    with pytest.raises(TypeError, match="future is of type ndarray, but X of type DataFrame"):
        recursive_forecast(model, X[:60], 20, future=future.to_numpy())


def test_future_of_many_series_is_told_by_their_names():
    pd = pytest.importorskip("pandas")
    times = pd.date_range("2024", periods=12, freq="W")
    shops = [
        pd.DataFrame({"shop": s, "week": times, "sold": k + feast, "feast": feast})
        for s, k, feast in (("a", 1.0, np.arange(12) % 3), ("b", 5.0, np.arange(12) % 2))
    ]
    X, future = pd.concat([s[:9] for s in shops]), pd.concat([s[9:] for s in shops[::-1]])
    windows = SlidingWindowTransformer(
        1, horizon=[1, 2, 3], known_features=["feast"], group_feature="shop", time_feature="week"
    )
    model = make_pipeline(windows, FeastOfLastRow()).fit(X, windows.targets(X, X["sold"]))
    forecast = direct_forecast(model, X, future=future.drop(columns="sold"))
    assert list(forecast.columns) == ["week", "shop", "sold"]
    assert list(forecast["shop"]) == ["a"] * 3 + ["b"] * 3
    assert list(forecast["week"]) == [*times[9:], *times[9:]]
    assert list(forecast["sold"]) == [2.0] * 3 + [1.0] * 3  # the feast of the last week
    with pytest.raises(ValueError, match=r"future has 0 row\(s\) for the series a, but 3"):
        direct_forecast(model, X, future=future[:3])
    with pytest.raises(ValueError, match="future has no column 'shop'"):
        direct_forecast(model, X, future=future[["feast"]])
    with pytest.raises(ValueError, match=r"pass \['feast'\], known_features of the windows, as"):
        direct_forecast(model, X)


class FeastOfLastRow(RegressorMixin, BaseEstimator):
    """Predicts, three times, the last value of the second column of a window."""

    def fit(self, X, y):
        self.n_features_in_ = 2
        return self

    def predict(self, X):
        return np.repeat(X[:, -1, 1], 3).reshape(-1, 3)


@pytest.mark.parametrize("library", [None, "pandas", "polars"])
def test_direct_forecasts_of_every_horizon(library):
    rows = rotation(60)
    X = table(library, rows[:40])
    windows = SlidingWindowTransformer(2, horizon=[1, 3, 5], output="2d")
    model = make_pipeline(windows, LinearRegression())
    model.fit(X, windows.targets(X, rows[:40]))
    model[-1].fit(model[0].transform(X)[7:], windows.targets(X, rows[:40])[7:])
    forecast = direct_forecast(GridSearchCV(model, {}, cv=2).fit(X, windows.targets(X, X)), X)
    assert forecast.shape == (3, 2)
    forecast = direct_forecast(model, X)
    np.testing.assert_allclose(forecast, rows[[40, 42, 44]], atol=1e-9)
    if library == "pandas":
        assert list(forecast.index) == [40, 42, 44]
    if library:
        assert list(forecast.columns) == ["u", "v"]


def test_direct_forecasts_at_one_distance():
    pd = pytest.importorskip("pandas")
    series = pd.DataFrame({"u": np.arange(40.0)}, index=pd.date_range("2024", periods=40))
    model = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(2, horizon=4, output="2d"), LinearRegression()
    ).fit(series, series["u"])
    model[-1].fit(model[:-1].transform(series)[5:], series["u"][5:])
    forecast = direct_forecast(model, series)
    np.testing.assert_allclose(forecast, [40, 41, 42, 43])
    assert list(forecast.index) == list(pd.date_range("2024-02-10", periods=4))


@pytest.mark.parametrize("forecast", [partial(recursive_forecast, n_steps=2), direct_forecast])
def test_forecasts_refuse_a_table_in_another_order(forecast):
    X = table("pandas", rotation(40))
    pick = make_column_transformer(("passthrough", ["u", "v"]))  # by name, whatever the order
    model = make_pipeline(pick, linear_in_last(2)).fit(X, X)
    with pytest.raises(ValueError, match=r"columns \['v', 'u'\], but .* fitted to \['u', 'v'\]"):
        forecast(model, X[["v", "u"]])


def test_a_forecast_needs_windows_that_look_ahead():
    X = rotation(40)
    model = make_pipeline(SlidingWindowTransformer(2, output="2d"), LinearRegression()).fit(X, X)
    for estimator in (model, LinearRegression().fit(X, X)):
        with pytest.raises(ValueError, match="has no windows that look ahead"):
            direct_forecast(estimator, X)


def test_recursion_refuses_rows_out_of_order():
    pd = pytest.importorskip("pandas")
    rows = rotation(40)
    X = table("pandas", rows)
    model = linear_in_last(2).fit(X, rows)
    days = pd.date_range("2024", periods=40)
    with pytest.raises(ValueError, match="not sorted"):
        recursive_forecast(model, X.set_index(days)[::-1], 3)
    with pytest.raises(ValueError, match="not sorted.* but 38 is in row 1 after 39"):
        recursive_forecast(model, X[::-1], 3)
    with pytest.raises(ValueError, match="as in the row before"):
        recursive_forecast(model, X.set_index(pd.DatetimeIndex(["2024"] * 40)), 3)
    with pytest.raises(ValueError, match="1 gap"):
        recursive_forecast(model, X.set_index(days).drop(days[20]), 3)


def test_recursion_after_a_gap_needs_a_window_behind_it():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2024", periods=40)
    X = table("pandas", rotation(40)).set_index(days)
    windows = SlidingWindowTransformer(3, horizon=1, gaps="cut", output="2d")
    model = make_pipeline(windows, LinearRegression()).fit(X, X)
    assert len(recursive_forecast(model, X.drop(days[36]), 2)) == 2
    with pytest.raises(ValueError, match=r"X has 2 row\(s\), but .* window_size=3"):
        recursive_forecast(model, X.drop(days[37]), 2)


def test_times_that_keep_no_step_need_one():
    pd = pytest.importorskip("pandas")
    times = pd.DatetimeIndex(["2024-01-01", "2024-01-03", "2024-01-12", "2024-01-13"])
    X = table("pandas", rotation(4)).set_index(times)
    model = linear_in_last(1).fit(X, X)
    with pytest.raises(ValueError, match="keeps no step, .* name the step as freq, or pass"):
        recursive_forecast(model, X, 1)
    days = X.set_index(pd.date_range("2024", periods=4))[:1]
    with pytest.raises(ValueError, match="keeps no step"):
        recursive_forecast(model, days, 1)
    forecast = recursive_forecast(model, days, 2, freq="D")
    assert list(forecast.index) == list(pd.date_range("2024-01-02", periods=2))


def test_recursion_needs_a_step():
    with pytest.raises(ValueError, match="n_steps == 0, must be >= 1"):
        recursive_forecast(linear_in_last(1), rotation(4), 0)


def test_direct_forecast_learns_a_target_for_each_horizon():
    """A GRU that has read a sine knows its next 12 values, of which persistence knows nothing."""
    series = np.sin(0.3 * np.arange(400)).astype(np.float32)
    horizons = np.arange(1, 13)
    X, y, _ = sliding_windows(series, series, window_size=12, horizon=horizons)
    network = RNNRegressor(
        cell_type="gru", hidden_size=16, learning_rate_init=0.02, max_iter=10, random_state=0
    )
    model = WindowScaledRegressor(network).fit(X[:250], y[:250])
    error = np.mean((model.predict(X[280:]) - y[280:]) ** 2, axis=0)
    persistence = np.mean((X[280:, -1] - y[280:]) ** 2, axis=0)
    assert (error < 0.05).all() and persistence.max() > 1


def test_quantile_losses_give_an_interval():
    """The noise grows with the first feature; so does the distance between the quantiles."""
    rng = np.random.default_rng(0)
    scale = rng.uniform(0.1, 2, size=600)
    X = np.stack([np.full(600, 1.0), scale]).T[:, :, None]
    y = scale * rng.normal(size=600)
    low, high = (
        RNNRegressor(
            loss="quantile", quantile=q, hidden_size=8, learning_rate_init=0.02, max_iter=20,
            random_state=0,
        ).fit(X[:400], y[:400]).predict(X[400:])
        for q in (0.1, 0.9)
    )  # fmt: skip
    covered = (low <= y[400:]) & (y[400:] <= high)
    assert 0.7 < covered.mean() < 0.9
    assert np.corrcoef(high - low, scale[400:])[0, 1] > 0.95


def test_scaled_units_are_those_of_the_series():
    """A StandardScaler on both sides leaves the forecast of a linear model as it was."""
    series = 1000 + 10 * rotation(60)
    plain = make_pipeline(
        SlidingWindowTransformer(2, horizon=1, padding="edge", output="2d"), LinearRegression()
    )
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), plain), transformer=StandardScaler()
    )
    forecasts = [recursive_forecast(m.fit(series, series), series, 5) for m in (plain, model)]
    np.testing.assert_allclose(*forecasts, rtol=1e-9)


# ------------------------------------------------------------------------ networks in Pipelines


def windowed(window_size, **parameters):
    network = RNNRegressor(**{"hidden_size": 8, "random_state": 0} | parameters)
    return make_pipeline(
        StandardScaler(), SlidingWindowTransformer(window_size, horizon=1), network
    )


@brief
@pytest.mark.parametrize("is_mapped", [False, True])
def test_windows_are_never_written_out(is_mapped, tmp_path):
    X = np.random.default_rng(0).standard_normal((4000, 8), dtype=np.float32)
    if is_mapped:
        np.save(tmp_path / "X.npy", X)
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    model = windowed(100, cell_type="rnn", hidden_size=1, batch_size=32, max_iter=1)
    tracemalloc.start()
    model.fit(X, X[:, 0]).predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    written_out = 100 * X.nbytes
    assert peak < written_out / 5


def test_fitted_pipelines_carry_no_data():
    X = np.random.default_rng(0).standard_normal((3000, 4))
    model = windowed(20, max_iter=1).fit(X, X[:, 0])
    file = io.BytesIO()
    joblib.dump(model, file)
    assert file.tell() < X.nbytes / 5
    file.seek(0)
    np.testing.assert_array_equal(joblib.load(file).predict(X), model.predict(X))


@pytest.mark.slow
@brief
def test_search_over_window_horizon_and_cell():
    """y is x three rows earlier: one window of the grid holds that row."""
    x = np.random.default_rng(0).normal(size=(300, 1))
    y = np.roll(x[:, 0], 3)
    grid = {
        "slidingwindowtransformer__window_size": [1, 2],
        "slidingwindowtransformer__horizon": [1, 2],
        "rnnregressor__cell_type": ["gru", "rnn"],
    }
    model = windowed(1, max_iter=10, learning_rate_init=0.03)
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(2), error_score="raise").fit(x, y)
    results = search.cv_results_
    found = [
        (p["slidingwindowtransformer__window_size"], p["slidingwindowtransformer__horizon"])
        for p, score in zip(results["params"], results["mean_test_score"], strict=True)
        if score > 0.5
    ]
    assert found == [(2, 2), (2, 2)]  # with both cells


def test_cross_val_predict_in_the_units_of_the_series():
    x = 1000 + 10 * np.cos(0.3 * np.arange(120)).reshape(-1, 1)
    model = TransformedTargetRegressor(
        windowed(3, max_iter=10, learning_rate_init=0.03), transformer=StandardScaler()
    )
    folds = KFold(3)
    predicted = cross_val_predict(model, x, x[:, 0], cv=folds)
    train, test = list(folds.split(x))[1]
    by_hand = clone(model).fit(x[train], x[train, 0]).predict(x[test])
    np.testing.assert_array_equal(predicted[test], by_hand)
    assert np.sqrt(np.mean((by_hand[3:] - x[test[3:], 0]) ** 2)) < 4


@pytest.mark.parametrize("wrong", [np.array([True, False]), [0], {}, slice(1), 9, "x"], ids=repr)
@pytest.mark.parametrize("name", ["group_feature", "time_feature"])
@pytest.mark.parametrize("forecast", [direct_forecast, partial(recursive_forecast, n_steps=1)])
def test_what_is_no_column_is_named_whatever_is_known_ahead(forecast, name, wrong):
    rows = np.arange(24.0).reshape(12, 2) % 7
    windows = SlidingWindowTransformer(2, horizon=1, known_features=[0], output="2d")
    model = make_pipeline(windows, LinearRegression()).fit(rows, rows[:, 1])
    with pytest.raises(ValueError, match=f"{name}=.* (is not a column of X|tells several series)"):
        forecast(model, rows, future=np.array([[3.0, np.nan]]), **{name: wrong})
