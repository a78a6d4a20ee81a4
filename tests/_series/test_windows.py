"""Windows: which rows are in them, and how they travel through scikit-learn."""

import datetime
import io
import tracemalloc
from functools import partial

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import estimator_checks

from skrnn import PurgedWindowSplit, RNNRegressor, TimestepTransformer, WindowScaledRegressor
from skrnn._series.forecast import recursive_forecast
from skrnn._series.sliding import sliding_windows
from skrnn._series.windows import SlidingWindowTransformer

PADDINGS = ("edge", "zero", "nan")
# What a row becomes depends on the rows before it: that is what a window is.
BY_DEFINITION = {"check_methods_subset_invariance", "check_methods_sample_order_invariance"}


def ramp(n_rows, n_features=1):
    """Row i holds i + 1, i + 1001, ...: every value tells its row and its feature."""
    return np.arange(1.0, n_rows + 1)[:, None] + 1000 * np.arange(n_features)


def fibonacci(n_rows):
    series = [1.0, 1.0]
    while len(series) < n_rows:
        series.append(series[-2] + series[-1])
    return np.array(series)


def windows_by_hand(X, window_size, horizon, padding, groups):
    """Write the formula of the windows as two loops.

    One of several series does not tell itself its first rows: edges of nothing are the mean.
    """
    out = np.empty((len(X), window_size, X.shape[1]))
    n_rows = {group: list(groups).count(group) for group in groups}
    place = [i - list(groups).index(groups[i]) for i in range(len(X))]
    held = [place[i] < n_rows[groups[i]] - horizon for i in range(len(X))]
    mean = X[held].mean(axis=0)
    for i in range(len(X)):
        first = next(j for j in range(len(X)) if groups[j] == groups[i])
        for k in range(window_size):
            row = i - horizon - window_size + 1 + k
            edge = mean if len(n_rows) > 1 and i - first < horizon else X[first]
            pad = {"edge": edge, "zero": 0, "nan": np.nan}[padding]
            out[i, k] = X[row] if row >= first else pad
    return out


# ------------------------------------------------------------------------------------ alignment


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("horizon", [0, 1, 3])
@pytest.mark.parametrize("window_size", [1, 2, 5])
@pytest.mark.parametrize("sizes", [(12,), (8, 1, 9)])
def test_windows_of_a_ramp(window_size, horizon, padding, sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    X = ramp(len(groups), 2)
    expected = windows_by_hand(X, window_size, horizon, padding, groups)
    settings = {"window_size": window_size, "horizon": horizon, "padding": padding}
    if len(sizes) > 1:
        X = np.column_stack([X[:, 0], groups, X[:, 1]])
        settings["group_feature"] = 1
    windows = SlidingWindowTransformer(**settings).fit_transform(X)
    np.testing.assert_array_equal(windows, expected)
    flat = SlidingWindowTransformer(**settings, output="2d").fit_transform(X)
    np.testing.assert_array_equal(flat, expected.reshape(len(X), -1))


def test_one_step_ahead_reads_exactly_the_rows_before():
    windows = SlidingWindowTransformer(3, horizon=1, padding="zero").fit_transform(ramp(5))
    np.testing.assert_array_equal(
        windows[:, :, 0], [[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]]
    )


@pytest.mark.parametrize("stride", [1, 2, 7])
@pytest.mark.parametrize("horizon", [0, 2, [1, 3]])
@pytest.mark.parametrize("window_size", [1, 4])
@pytest.mark.parametrize("sizes", [(15,), (9, 2, 11)])
def test_complete_windows_of_a_ramp(window_size, horizon, stride, sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    X, y = ramp(len(groups), 2), np.arange(len(groups))
    starts = [
        i
        for first, size in zip(np.cumsum([0, *sizes]), sizes, strict=False)
        for i in range(first, first + size - window_size - np.max(horizon) + 1, stride)
    ]
    windows, targets, end = sliding_windows(
        X,
        y,
        window_size=window_size,
        horizon=horizon,
        stride=stride,
        groups=groups if len(sizes) > 1 else None,
    )
    np.testing.assert_array_equal(windows, [X[i : i + window_size] for i in starts])
    np.testing.assert_array_equal(end, [i + window_size - 1 for i in starts])
    np.testing.assert_array_equal(targets, [e + np.array(horizon) for e in end])
    assert (groups[end] == groups[np.array(starts)]).all()
    assert (groups[end] == groups[np.max(targets.reshape(len(end), -1), axis=1)]).all()


def test_1000_rows_and_a_window_of_50_give_951_windows():
    windows, end = sliding_windows(np.arange(1000), window_size=50)
    assert windows.shape == (951, 50, 1)
    assert (end[0], end[-1]) == (49, 999)


def test_targets_of_several_outputs_keep_their_axis_last():
    X = ramp(6, 2)
    _, targets, end = sliding_windows(X, X, window_size=2, horizon=[1, 2])
    assert targets.shape == (3, 2, 2)
    np.testing.assert_array_equal(targets[:, 1], X[end + 2])


@pytest.mark.parametrize(
    "horizon, weights", [(0, [0, 1]), (1, [1, 1]), (2, [1, 2]), (3, [2, 3]), (4, [3, 5])]
)
def test_fibonacci_is_learned_exactly(horizon, weights):
    """F(e + h) = F_h F(e - 1) + F_{h+1} F(e): any shift of rows gives other weights."""
    series = fibonacci(20)
    windows, y, _ = sliding_windows(series, series, window_size=2, horizon=horizon)
    model = LinearRegression(fit_intercept=False).fit(windows[:, :, 0], y)
    np.testing.assert_allclose(model.coef_, weights, atol=1e-6)

    windows = SlidingWindowTransformer(2, horizon=horizon, output="2d")
    rows = windows.fit_transform(series.reshape(-1, 1))[1 + horizon :]
    np.testing.assert_allclose(rows @ weights, series[1 + horizon :], rtol=1e-12)


@given(
    window_size=st.integers(1, 6),
    horizon=st.integers(0, 4),
    padding=st.sampled_from(PADDINGS),
    last_kept=st.integers(-1, 29),
    grouped=st.booleans(),
)
@settings(deadline=None, max_examples=60, database=None)
def test_no_window_holds_a_row_after_its_own_minus_the_horizon(
    window_size, horizon, padding, last_kept, grouped
):
    """Change every row after `last_kept`: windows that end before it must not notice."""
    group = np.repeat([0, 1], [17, 13]) if grouped else np.zeros(30)
    start = np.where(group == 1, 17, 0)
    X = np.column_stack([np.random.default_rng(0).normal(size=(30, 2)), group])
    changed = X.copy()
    changed[last_kept + 1 :, :2] += 100
    if not grouped:
        X, changed = X[:, :2], changed[:, :2]
    transformer = SlidingWindowTransformer(
        window_size, horizon=horizon, padding=padding, group_feature=2 if grouped else None
    ).fit(X)
    newest = np.arange(30) - horizon
    if padding == "edge" and not grouped:
        newest = np.maximum(newest, start)
    blind = (newest <= last_kept) | (newest < start)
    np.testing.assert_array_equal(
        transformer.transform(changed)[blind], transformer.transform(X)[blind]
    )


def test_explain_alignment_prints_rows_windows_and_targets():
    assert SlidingWindowTransformer(2, horizon=2).explain_alignment(11).splitlines() == [
        "row  window   target",
        "  0  [ .  .]    y[0]",
        "  1  [ .  .]    y[1]",
        "  2  [ .  0]    y[2]",
        "  3  [ 0  1]    y[3]",
        "  4  [ 1  2]    y[4]",
        "  5  [ 2  3]    y[5]",
        "  6  [ 3  4]    y[6]",
        "  7  [ 4  5]    y[7]",
        "  8  [ 5  6]    y[8]",
        "  9  [ 6  7]    y[9]",
        " 10  [ 7  8]   y[10]",
    ]
    assert len(SlidingWindowTransformer(4, horizon=3).explain_alignment().splitlines()) == 1 + 8
    with pytest.raises(ValueError, match="n_rows == 0, must be >= 1"):
        SlidingWindowTransformer(2).explain_alignment(0)


def test_rows_that_no_window_holds_may_be_unknown():
    """Append `horizon` rows of NaN to predict beyond the end of a series."""
    X = ramp(30)
    model = make_pipeline(
        StandardScaler(),
        SlidingWindowTransformer(3, horizon=2, padding="edge", output="2d"),
        LinearRegression(),
    )
    model.fit(X, X[:, 0])
    beyond = np.vstack([X, np.full((2, 1), np.nan)])
    known = np.vstack([X, ramp(32)[30:]])
    np.testing.assert_array_equal(model.predict(beyond), model.predict(known))


# ----------------------------------------------------------------------------- memory and types


@pytest.mark.parametrize("output", ["3d", "2d"])
def test_windows_of_one_series_are_a_read_only_view(output):
    X = ramp(50, 3).astype(np.float32)
    X.flags.writeable = False
    windows = SlidingWindowTransformer(8, output=output).fit_transform(X)
    assert windows.dtype == np.float32
    assert windows.strides[0] == 3 * 4
    assert np.shares_memory(windows[10], windows[11])
    assert not windows.flags.writeable


@pytest.mark.parametrize("stride", [1, 3])
def test_sliding_windows_of_one_series_are_a_view_of_it(stride):
    X = ramp(50, 3)
    windows, _ = sliding_windows(X, window_size=8, stride=stride)
    assert np.shares_memory(windows, X)
    assert not windows.flags.writeable


def test_memory_is_that_of_the_rows_not_of_the_windows():
    X = np.zeros((100_000, 4), dtype=np.float32)
    transformer = SlidingWindowTransformer(100)
    transformer.fit_transform(X[:200])  # whatever is imported at the first call
    tracemalloc.start()
    transformer.fit_transform(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * X.nbytes


@pytest.mark.parametrize(
    "dtype, expected", [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8"), ("?", "f8")]
)
def test_dtypes(dtype, expected):
    windows = SlidingWindowTransformer(2).fit_transform(ramp(5).astype(dtype))
    assert windows.dtype == expected


def test_sliding_windows_keep_the_dtype():
    assert sliding_windows(np.arange(5), window_size=2)[0].dtype == np.arange(5).dtype


# -------------------------------------------------------------------------------- tables, names


def as_pandas(columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def as_polars(columns):
    return pytest.importorskip("polars").DataFrame(columns)


def as_array(columns):
    return np.column_stack([np.asarray(column, dtype=object) for column in columns.values()])


def as_lists(columns):
    return as_array(columns).tolist()


@pytest.mark.parametrize("make", [as_pandas, as_polars, as_array, as_lists])
def test_series_are_told_apart_by_a_column_of_names(make):
    store = ["a"] * 4 + ["b"] * 3
    X = make({"load": np.arange(7.0), "store": store, "heat": np.arange(7.0) + 10})
    by_position = SlidingWindowTransformer(2, group_feature=1, output="2d")
    windows = by_position.fit_transform(X)
    np.testing.assert_array_equal(windows[4], [4, 14, 4, 14])
    np.testing.assert_array_equal(windows[5], [4, 14, 5, 15])
    assert by_position.n_features_in_ == 3
    if hasattr(X, "columns"):
        by_name = SlidingWindowTransformer(2, group_feature="store", output="2d")
        np.testing.assert_array_equal(by_name.fit_transform(X), windows)
        names = ["load_lag1", "heat_lag1", "load_lag0", "heat_lag0"]
        assert by_name.get_feature_names_out().tolist() == names


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_output_frames_name_every_lag(library):
    pytest.importorskip(library)
    make = {"pandas": as_pandas, "polars": as_polars}[library]
    X = make({"a": [1.0, 2, 3, 4], "b": [5.0, 6, 7, 8]})
    transformer = SlidingWindowTransformer(2, horizon=1, output="2d").set_output(transform=library)
    table = transformer.fit_transform(X)
    assert type(table) is type(X)
    assert list(table.columns) == ["a_lag2", "b_lag2", "a_lag1", "b_lag1"]
    np.testing.assert_array_equal(table["b_lag2"], [5, 5, 5, 6])
    np.testing.assert_array_equal(table["a_lag1"], [1, 1, 2, 3])


def test_pandas_output_keeps_the_index():
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2024-01-01", periods=4, freq="D")
    X = pd.DataFrame({"a": np.arange(4.0)}, index=index)
    transformer = SlidingWindowTransformer(2, output="2d").set_output(transform="pandas")
    assert transformer.fit_transform(X).index.equals(index)


def test_names_of_an_array():
    transformer = SlidingWindowTransformer(2, output="2d").fit(ramp(4, 2))
    assert transformer.get_feature_names_out().tolist() == [
        "x0_lag1",
        "x1_lag1",
        "x0_lag0",
        "x1_lag0",
    ]
    assert transformer.get_feature_names_out(["u", "v"])[0] == "u_lag1"


def test_3d_windows_stay_arrays_when_tables_are_asked_for():
    pytest.importorskip("pandas")
    X = ramp(6, 2)
    pipeline = make_pipeline(StandardScaler(), SlidingWindowTransformer(3))
    expected = pipeline.fit_transform(X)
    assert not hasattr(pipeline[-1], "get_feature_names_out")
    np.testing.assert_array_equal(
        clone(pipeline).set_output(transform="pandas").fit_transform(X), expected
    )
    with config_context(transform_output="pandas"):
        np.testing.assert_array_equal(clone(pipeline).fit_transform(X), expected)


@pytest.mark.parametrize("output", ["3d", "2d"])
def test_inverse_transform_returns_the_rows(output):
    X = ramp(9, 2)
    transformer = SlidingWindowTransformer(4, output=output).fit(X)
    np.testing.assert_array_equal(transformer.inverse_transform(transformer.transform(X)), X)


@pytest.mark.parametrize("settings", [{"horizon": 1}, {"group_feature": 0}])
def test_inverse_transform_is_absent_where_rows_are_lost(settings):
    assert not hasattr(SlidingWindowTransformer(4, **settings), "inverse_transform")


# --------------------------------------------------------------------------------- scikit-learn


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("horizon", [0, 2])
@pytest.mark.parametrize("output", ["3d", "2d"])
def test_check_estimator_fails_only_where_windows_contradict_it(output, horizon):
    estimator = SlidingWindowTransformer(3, horizon=horizon, output=output)
    results = estimator_checks.check_estimator(estimator, on_fail=None)
    assert {r["check_name"] for r in results if r["status"] == "failed"} == BY_DEFINITION


@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_get_feature_names_out_error",
        "check_dataframe_column_names_consistency",
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_set_output_transform_polars",
        "check_global_output_transform_pandas",
        "check_global_set_output_transform_polars",
    ],
)
def test_checks_that_check_estimator_leaves_out(check):
    if "pandas" in check or "dataframe" in check:
        pytest.importorskip("pandas")
    if "polars" in check:
        pytest.importorskip("polars")
    estimator = SlidingWindowTransformer(3, output="2d")
    getattr(estimator_checks, check)("SlidingWindowTransformer", estimator)


def test_grid_search_finds_the_window_and_the_horizon():
    """y is x three and four rows earlier: only these windows hold both."""
    x = np.random.default_rng(0).normal(size=(400, 1))
    y = np.zeros(400)
    y[4:] = x[1:-3, 0] - 0.5 * x[:-4, 0]
    pipeline = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(output="2d"), LinearRegression()
    )
    grid = {
        "slidingwindowtransformer__window_size": [1, 2, 3],
        "slidingwindowtransformer__horizon": [1, 2, 3, 4],
    }
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3), error_score="raise").fit(x, y)
    table = {
        tuple(params.values()): score
        for params, score in zip(
            search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
        )
    }
    holds_both = {(h, w) for h, w in table if h <= 3 and h + w - 1 >= 4}
    assert holds_both == {key for key, score in table.items() if score > 0.95}


def test_unscaled_units_and_cross_val_predict():
    """An AR(2) series is predicted exactly, in its own units, in folds of its own rows."""
    x = 100 + 10 * np.cos(0.3 * np.arange(200)).reshape(-1, 1)
    pipeline = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(2, horizon=1, output="2d"), Ridge(1e-9)
    )
    model = TransformedTargetRegressor(pipeline, transformer=StandardScaler()).fit(x, x[:, 0])
    np.testing.assert_allclose(model.predict(x)[3:], x[3:, 0], atol=0.5)
    folds = KFold(4)
    predicted = cross_val_predict(model, x, x[:, 0], cv=folds)
    train, test = list(folds.split(x))[2]
    by_hand = clone(model).fit(x[train], x[train, 0]).predict(x[test])
    np.testing.assert_array_equal(predicted[test], by_hand)


def test_nan_padding_suits_models_that_take_nan():
    x = np.sin(np.arange(300) / 5).reshape(-1, 1)
    model = make_pipeline(
        SlidingWindowTransformer(4, horizon=1, padding="nan", output="2d"),
        DecisionTreeRegressor(random_state=0),
    )
    assert model.fit(x, x[:, 0]).score(x, x[:, 0]) > 0.95


def test_joblib_and_clone_carry_no_data():
    X = np.random.default_rng(0).normal(size=(5000, 4))
    model = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(20, horizon=1, output="2d"), Ridge()
    )
    model.fit(X, X[:, 0])
    file = io.BytesIO()
    joblib.dump(model, file)
    assert file.tell() < 10_000
    file.seek(0)
    np.testing.assert_array_equal(joblib.load(file).predict(X), model.predict(X))
    copy = clone(model[1])
    assert copy.get_params() == model[1].get_params()
    assert not hasattr(copy, "n_features_in_")


# ------------------------------------------------------------------------------------ bad input


def with_value(value, row, n_rows=12):
    X = ramp(n_rows)
    X[row] = value
    return X


@pytest.mark.parametrize(
    "settings, X, message",
    [
        ({"horizon": []}, ramp(12), "number of horizons == 0"),
        ({"horizon": [1, -2]}, ramp(12), "horizon == -2, must be >= 0"),
        ({"window_size": 4, "horizon": [1, 9]}, ramp(12), "at least 13 rows"),
        ({"window_size": 13}, ramp(12), "window_size=13 and horizon=0 .* at least 13 rows.*=12"),
        ({"window_size": 10, "horizon": 3}, ramp(12), "at least 13 rows"),
        ({"window_size": 2}, ramp(1), "n_samples=1"),
        ({"window_size": 0}, ramp(12), "window_size == 0, must be >= 1"),
        ({"horizon": -1}, ramp(12), "horizon == -1, must be >= 0"),
        ({"padding": "mean"}, ramp(12), "padding must be one of .* got 'mean'"),
        ({"output": "4d"}, ramp(12), "output must be one of .* got '4d'"),
        ({}, with_value(np.nan, 7), "X has nan .* row 7 of column 0, .* imputer"),
        ({"padding": "nan"}, with_value(np.nan, 7), "X has nan .* row 7"),
        ({}, with_value(np.inf, 7), "X has inf .* row 7"),
        ({"horizon": 2}, with_value(np.nan, 9), "row 9"),
        ({"group_feature": 1}, np.c_[ramp(12), [0] * 5 + [1] * 3 + [0] * 4], "0.* again at row 8"),
        ({"group_feature": 1}, np.c_[ramp(12), [np.nan] * 12], "id of row 0 is missing"),
        ({"group_feature": 3}, ramp(12, 2), "group_feature=3 is not a column of X"),
        ({"group_feature": "store"}, ramp(12, 2), "group_feature='store' is not a column"),
        ({}, np.arange(12.0), "Reshape your data"),
    ],
)
def test_errors(settings, X, message):
    with pytest.raises(ValueError, match=message):
        SlidingWindowTransformer(**settings).fit(X)


@pytest.mark.parametrize(
    "library, options",
    [("numpy", {}), ("pandas", {}), ("pandas", {"dtype": "string"}), ("polars", {})],
)
def test_a_missing_series_id_is_named(library, options):
    ids = ["a", None, "b", "b"]
    module = pytest.importorskip(library)
    groups = np.array(ids, object) if library == "numpy" else module.Series(ids, **options)
    with pytest.raises(ValueError, match="The series id of row 1 is missing"):
        sliding_windows(ramp(4), window_size=1, groups=groups)


def test_small_integers_do_not_overflow():
    sizes = {"window_size": np.uint8(200), "horizon": np.uint8(90)}
    X, usual = ramp(400, 2), {"window_size": 200, "horizon": 90}
    plain = SlidingWindowTransformer(**usual, output="2d").fit(X)
    small = SlidingWindowTransformer(**sizes, output="2d").fit(X)
    np.testing.assert_array_equal(small.transform(X), plain.transform(X))
    assert small.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()
    ours, theirs = (
        sliding_windows(X, X, **sizes),
        sliding_windows(X, X, window_size=200, horizon=90),
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_window_size_must_be_an_integer():
    with pytest.raises(TypeError, match="window_size must be an instance of int"):
        SlidingWindowTransformer(2.5).fit(ramp(12))


def test_short_series_are_padded_once_fitted():
    """A new series may be shorter than a window, as the first rows of any series are."""
    transformer = SlidingWindowTransformer(4).fit(ramp(12))
    np.testing.assert_array_equal(transformer.transform([[7.0]]), np.full((1, 4, 1), 7.0))


@pytest.mark.parametrize("kind", ["datetime", "period"])
def test_time_must_be_sorted(kind):
    pd = pytest.importorskip("pandas")
    make = {"datetime": pd.date_range, "period": pd.period_range}[kind]
    X = pd.DataFrame({"a": np.arange(12.0), "id": 0}, index=make("2024-01", periods=12, freq="D"))
    with pytest.raises(ValueError, match="not sorted"):
        SlidingWindowTransformer(2).fit(X[::-1])
    with pytest.raises(ValueError, match="not sorted"):
        sliding_windows(X[::-1], window_size=2)
    with pytest.raises(ValueError, match=r"time index of X is missing \(NaT\) in row 5"):
        SlidingWindowTransformer(2).fit(X.set_index(X.index.where(X["a"] != 5)))
    # Two series, one after the other, each in the order of time.
    both = pd.concat([X, X.assign(id=1)])
    assert len(SlidingWindowTransformer(2, group_feature="id").fit_transform(both)) == 24


@pytest.mark.parametrize("kind", ["datetime", "period", "timedelta", "date"])
def test_a_time_occurs_once_in_a_series(kind):
    pd = pytest.importorskip("pandas")
    times = {
        "datetime": lambda: pd.date_range("2024-01", periods=6),
        "period": lambda: pd.period_range("2024-01", periods=6, freq="D"),
        "timedelta": lambda: pd.timedelta_range("1h", periods=6),
        "date": lambda: pd.Index([datetime.date(2024, 1, day) for day in range(1, 7)]),
    }[kind]()
    X = pd.DataFrame({"a": np.arange(6.0), "id": [0, 0, 0, 0, 1, 1]}, index=times)
    twice = X.set_index(times[[0, 1, 2, 3, 3, 4]])
    for cut in (SlidingWindowTransformer(2).fit, partial(sliding_windows, window_size=2)):
        with pytest.raises(ValueError, match="in row 4 as in the row before.*reset_index"):
            cut(twice)
        cut(twice.reset_index(drop=True))
    SlidingWindowTransformer(2, group_feature="id").fit(twice)  # once in each series
    assert len(sliding_windows(twice, window_size=2, groups=twice["id"])[0]) == 4
    with pytest.raises(ValueError, match="in row 5 as in the row before"):
        SlidingWindowTransformer(2, group_feature="id").fit(X.set_index(times[[0, 1, 2, 3, 4, 4]]))


def test_dates_must_be_sorted():
    pd = pytest.importorskip("pandas")
    days = [datetime.date(2024, 1, day) for day in range(1, 10)]
    X = pd.DataFrame({"a": np.arange(9.0)}, index=days)
    assert len(SlidingWindowTransformer(2).fit_transform(X)) == 9
    with pytest.raises(ValueError, match="not sorted"):
        SlidingWindowTransformer(2).fit(X[::-1])


def test_levels_of_an_index_tell_series_apart():
    pd = pytest.importorskip("pandas")
    index = pd.MultiIndex.from_product(
        [["a", "b"], pd.date_range("2024-01", periods=5)], names=["shop", "day"]
    )
    X = pd.DataFrame({"v": np.arange(10.0), "id": np.repeat([0, 1], 5)}, index=index)
    for cut in (SlidingWindowTransformer(2).fit, partial(sliding_windows, window_size=2)):
        with pytest.raises(
            ValueError, match=r"rows 0 to 9 is not sorted.* pass it as group_feature"
        ):
            cut(X)
        with pytest.raises(ValueError, match="rows 0 to 4 is not sorted"):
            cut(X.loc[["a"]][::-1])
        cut(X.loc[["a"]])
    assert len(SlidingWindowTransformer(2, group_feature="id").fit_transform(X)) == 10
    assert len(sliding_windows(X, window_size=2, groups=X["id"])[0]) == 8
    by_day = X.swaplevel().sort_index()  # both shops on each day, in one series or in two
    assert len(sliding_windows(by_day, window_size=2)[0]) == 9
    apart = by_day.sort_values("id", kind="stable")
    assert len(sliding_windows(apart, window_size=2, groups=apart["id"])[0]) == 8
    months = pd.MultiIndex.from_product([[2023, 2024], range(1, 6)], names=["year", "month"])
    SlidingWindowTransformer(2).fit(X.set_index(months))


def test_rows_whose_numbers_are_out_of_order_may_have_been_shuffled():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"a": np.arange(9.0), "id": 0})
    with pytest.warns(UserWarning, match="The index of X is not in order"):
        SlidingWindowTransformer(2).fit(X.sample(frac=1, random_state=0))
    SlidingWindowTransformer(2).fit(X.sample(frac=1, random_state=0).reset_index(drop=True))
    both = pd.concat([X, X.assign(id=1)])  # each series numbered from 0
    SlidingWindowTransformer(2, group_feature="id").fit(both)
    gap = X.set_index(pd.Index([0, 1, 2, None, 4, 5, 6, 7, 8]))
    SlidingWindowTransformer(2).fit(gap)


HUGE = 10**400


@pytest.mark.parametrize("pack", [list, tuple, lambda x: np.array(x, object), "pandas", "polars"])
def test_integers_beyond_floats_are_refused(pack):
    rows = [[0, 1.0], [0, HUGE], [0, 2.0]]
    if pack == "pandas":
        X = pytest.importorskip("pandas").DataFrame(rows, dtype=object)
    elif pack == "polars":
        polars = pytest.importorskip("polars")
        X = polars.DataFrame([polars.Series(str(i), np.array(rows, object)[:, i]) for i in (0, 1)])
    else:
        X = pack(rows)
    for group_feature in (None, 0):
        windows = SlidingWindowTransformer(2, group_feature=group_feature)
        with pytest.raises(ValueError, match="X holds integers that are larger than any float"):
            windows.fit(X)
    ahead = SlidingWindowTransformer(1, horizon=1, output="2d")
    model = make_pipeline(ahead, LinearRegression()).fit(np.zeros((4, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="X holds integers that are larger than any float"):
        recursive_forecast(model, X, 1)


def test_masks_are_refused():
    with pytest.raises(TypeError, match="X is a masked array"):
        sliding_windows(np.ma.masked_greater(np.arange(9.0), 4), window_size=2)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"window_size": 13}, "window_size=13 and horizon=0 need .* at least 13 rows, .* has 12"),
        ({"window_size": 10, "horizon": [1, 3]}, "at least 13 rows"),
        ({"window_size": 2, "stride": 0}, "stride == 0, must be >= 1"),
        ({"window_size": 2, "horizon": [1, -1]}, "horizon == -1, must be >= 0"),
        ({"window_size": 2, "horizon": []}, "number of horizons == 0"),
        ({"window_size": 2, "groups": [0] * 4 + [1] * 4 + [0] * 4}, "0 starts again at row 8"),
        ({"window_size": 2, "groups": [0] * 4}, "inconsistent numbers of samples"),
        ({"window_size": 2, "y": [0] * 4}, "inconsistent numbers of samples"),
    ],
)
def test_sliding_windows_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        sliding_windows(ramp(12), **settings)


# ------------------------------------------------------------------ several horizons, known columns


@pytest.mark.parametrize("horizon", [[1, 2, 3], [0, 2], [2, 5], np.array([3])])
@pytest.mark.parametrize("sizes", [(12,), (7, 2, 9)])
def test_targets_of_a_ramp(horizon, sizes):
    """The window of row i ends at row i - max(horizon), and its targets are h rows later."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    X = np.column_stack([np.arange(len(groups)), groups])
    windows = SlidingWindowTransformer(1, horizon=horizon, group_feature=1).fit(X)
    targets = windows.targets(X, X[:, 0])
    ends = windows.transform(X)[:, 0, 0]
    place = np.concatenate([np.arange(size) for size in sizes])
    complete = place >= max(horizon)
    assert complete.any()
    np.testing.assert_array_equal(
        targets[complete] - ends[complete][:, None], [horizon] * sum(complete)
    )
    start = np.arange(len(groups)) - place
    assert (targets >= start[:, None]).all()
    assert (targets <= np.arange(len(groups))[:, None]).all()


def test_targets_of_several_outputs_and_of_one_horizon():
    X = ramp(6, 2)
    windows = SlidingWindowTransformer(2, horizon=[1, 3])
    targets = windows.targets(X, X)
    np.testing.assert_array_equal(targets[4], [*X[2], *X[4]])  # 3 rows after row 1, and 1
    np.testing.assert_array_equal(windows.targets(X, X[:, 0])[4], [3, 5])
    assert SlidingWindowTransformer(2, horizon=1).targets(X, X[:, 0]) is not None
    np.testing.assert_array_equal(
        SlidingWindowTransformer(2, horizon=1).targets(X, X[:, 0]), X[:, 0]
    )
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        windows.targets(X, X[:4])
    with pytest.raises(ValueError, match="horizon == -1, must be >= 0"):
        SlidingWindowTransformer(2, horizon=[1, -1]).targets(X, X)


@pytest.mark.parametrize(
    "folds", [TimeSeriesSplit(3), PurgedWindowSplit(3, window_size=3, horizon=[1, 2, 3])]
)
def test_several_horizons_in_a_search(folds):
    """A rotation: three values are linear in the last two, however far ahead."""
    x = 100 + 10 * np.cos(0.3 * np.arange(400)).reshape(-1, 1)
    windows = SlidingWindowTransformer(horizon=[1, 2, 3], output="2d")
    model = make_pipeline(StandardScaler(), windows, LinearRegression())
    Y = windows.targets(x, x[:, 0])
    grid = {"slidingwindowtransformer__window_size": [1, 2, 3]}
    search = GridSearchCV(model, grid, cv=folds, error_score="raise").fit(x, Y)
    assert search.best_params_["slidingwindowtransformer__window_size"] > 1
    assert search.predict(x).shape == (400, 3)
    errors = np.abs(search.predict(x) - Y)[10:]
    assert errors.max() < 1  # of 10


def test_known_columns_come_without_delay():
    X = np.column_stack([np.arange(8.0), np.arange(8.0) + 100])
    windows = SlidingWindowTransformer(2, horizon=3, known_features=[1]).fit_transform(X)
    np.testing.assert_array_equal(windows[5], [[1, 104], [2, 105]])
    X[-3:, 0] = np.nan
    SlidingWindowTransformer(2, horizon=3, known_features=[1]).fit(X)
    X[-1, 1] = np.nan
    with pytest.raises(ValueError, match="X has nan .* row 7"):
        SlidingWindowTransformer(2, horizon=3, known_features=[1]).fit(X)


@pytest.mark.parametrize("sizes", [(9,), (5, 4)])
def test_known_columns_of_a_table_have_their_own_lags(sizes):
    X = as_pandas(
        {"id": np.repeat(range(len(sizes)), sizes), "a": np.arange(9.0), "k": np.arange(9.0)}
    )
    windows = SlidingWindowTransformer(2, horizon=2, known_features=["k"], output="2d")
    windows.set_params(group_feature="id").set_output(transform="pandas")
    table = windows.fit_transform(X)
    assert list(table.columns) == ["a_lag3", "k_lag1", "a_lag2", "k_lag0"]
    assert table.iloc[4].tolist() == [1, 3, 2, 4]


def test_names_go_on_to_the_network():
    X = as_pandas({"load": np.arange(30.0), "park": np.arange(30) % 3})
    scale = make_column_transformer(
        (StandardScaler(), ["load"]), remainder="passthrough", verbose_feature_names_out=False
    )
    network = RNNRegressor(categorical_features=["park"], hidden_size=2, max_iter=1)
    windows = SlidingWindowTransformer(3, horizon=1)
    for parts in (
        [windows, network],
        [windows, TimestepTransformer(scale), network],
        [scale.set_output(transform="pandas"), windows, network],
        [windows, WindowScaledRegressor(network, target_feature="load", scaled_features=["load"])],
    ):
        model = make_pipeline(*parts).fit(X, X["load"])
        fitted = getattr(model[-1], "regressor_", model[-1])
        assert fitted.coefs_["embedding_1.weight"].shape[0] == 3
        assert list(fitted.feature_names_in_) == ["load", "park"]
        model.predict(X)


def test_names_stay_with_chosen_windows_and_leave_what_is_made_of_them():
    X = as_pandas({"a": np.arange(9.0), "b": np.arange(9) % 2})
    windows = SlidingWindowTransformer(3).fit_transform(X)
    for chosen in (windows[2:4], windows[[1, 0]], windows[np.arange(9) > 3], windows[[2], ...]):
        assert list(chosen.feature_names) == ["a", "b"]
    for made in (windows + 1, windows[:, :, ::-1], windows[0], windows.swapaxes(0, 2)):
        assert getattr(made, "feature_names", None) is None
    search = GridSearchCV(
        RNNRegressor(categorical_features=["b"], hidden_size=2, max_iter=1), {}, cv=2
    )
    search.fit(windows, X["a"]).predict(windows[3:5])


def test_windows_that_know_nothing_learn_as_well_as_those_that_know_their_answer():
    """What a default costs: the error of a ridge on complete windows of many short series.

    With edges, the first target of each series was in its own window; the mean in its place is as
    good where windows are complete, and the score of whole series no longer too good.
    """
    rng = np.random.default_rng(0)
    X, y = [], []
    for series in range(40):
        noise = rng.normal(size=22) * 0.1
        X.append(
            np.column_stack([rng.normal() * 2 + 0.3 * np.sin(np.arange(22)) + noise, [series] * 22])
        )
    X = np.concatenate(X)
    y, place = X[:, 0], np.tile(np.arange(22), 40)
    model = make_pipeline(
        SlidingWindowTransformer(4, horizon=1, group_feature=1, output="2d"), Ridge(0.1)
    )
    error = np.abs(model.fit(X, y).predict(X) - y)
    assert error[place >= 4].mean() < 0.15
    assert error[place == 0].mean() > 1  # nobody can know


@pytest.mark.parametrize("horizon", [0, 1, [1, 4]])
@pytest.mark.parametrize("sizes", [(12,), (7, 2, 9)])
def test_complete_windows_are_those_without_padding(horizon, sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    X = np.column_stack([ramp(len(groups)), groups])
    windows = SlidingWindowTransformer(3, horizon=horizon, padding="nan", group_feature=1).fit(X)
    has_padding = np.isnan(windows.transform(X)).any(axis=(1, 2))
    np.testing.assert_array_equal(windows.is_complete(X), ~has_padding)


def test_a_network_can_leave_incomplete_windows_out():
    X = ramp(30)
    windows = SlidingWindowTransformer(4, horizon=1)
    network = RNNRegressor(hidden_size=2, max_iter=2, batch_size=5, random_state=0)
    model = make_pipeline(windows, network)
    model.fit(X, X[:, 0], rnnregressor__sample_weight=windows.is_complete(X))
    by_hand = clone(network).fit(windows.fit_transform(X)[4:], X[4:, 0])
    np.testing.assert_allclose(model.predict(X)[4:], by_hand.predict(windows.transform(X)[4:]))


@pytest.mark.parametrize("horizon", [1, [1, 2]])
def test_targets_of_no_rows_are_refused(horizon):
    windows = SlidingWindowTransformer(2, horizon=horizon)
    with pytest.raises(ValueError, match="0 sample"):
        windows.targets(np.zeros((0, 2)), np.zeros(0))
