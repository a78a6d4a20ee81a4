"""Forecasts with networks: one step, many steps, and in the tools of scikit-learn."""

import io
import tracemalloc

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import (
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
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


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("kind", [str, int])
def test_recursion_refuses_several_series(library, kind):
    X = table(library, rotation(40))
    ids = [kind(i) for i in np.repeat([0, 1], 20)]
    X = X.assign(id=ids) if library == "pandas" else X.with_columns(id=np.array(ids))
    windows = SlidingWindowTransformer(2, horizon=1, group_feature="id", output="2d")
    model = make_pipeline(windows, LinearRegression()).fit(X, rotation(40))
    with pytest.raises(ValueError, match="continues one series, but .* group_feature='id'"):
        recursive_forecast(model, X, 3)


def test_recursion_refuses_rows_out_of_order():
    pd = pytest.importorskip("pandas")
    rows = rotation(40)
    X = table("pandas", rows)
    model = linear_in_last(2).fit(X, rows)
    with pytest.raises(ValueError, match="not sorted"):
        recursive_forecast(model, X.set_index(pd.date_range("2024", periods=40))[::-1], 3)
    with pytest.warns(UserWarning, match="not in order"):
        recursive_forecast(model, X[::-1], 3)
    with pytest.raises(ValueError, match="as in the row before"):
        recursive_forecast(model, X.set_index(pd.DatetimeIndex(["2024"] * 40)), 3)


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
