"""The times of rows: steps that are found or given, gaps, and what repeats."""

import datetime
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNRegressor
from skrnn._series.sliding import sliding_windows
from skrnn._series.windows import SlidingWindowTransformer

pd = pytest.importorskip("pandas")
RNN = RNNRegressor(hidden_size=2, max_iter=1, random_state=0)
CUTS = [SlidingWindowTransformer(2).fit, partial(sliding_windows, window_size=2)]


def rows(times):
    return pd.DataFrame({"a": np.arange(float(len(times)))}, index=times)


def fit(times, **options):
    return SlidingWindowTransformer(2, **options).fit(rows(times))


REGULAR = {
    "D": "wall", "B": "business", "h": "even", "15min": "even", "W": "wall", "MS": "months",
    "ME": "months", "QS": "months", "YE": "months", "90s": "even", "100ms": "even",
}  # fmt: skip


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("freq", REGULAR)
def test_a_step_is_found_and_what_is_missing_is_named(freq, cut):
    times = pd.date_range("2024-01-01", periods=40, freq=freq)
    cut(rows(times))
    with pytest.raises(ValueError, match=r"has 2 gap\(s\) in steps of .* with 3 row\(s\) missing"):
        cut(rows(times.delete([7, 8, 20])))
    first, last = map(str, (times[6], times[9]))
    with pytest.raises(ValueError, match=f"from {first} in row 6 to {last} in row 7") as error:
        cut(rows(times.delete([7, 8, 20])))
    for remedy in ("asfreq", "gaps='cut'", "gaps='ignore'", "freq"):
        assert remedy in str(error.value)


@pytest.mark.parametrize("freq, clock", REGULAR.items())
def test_the_step_that_is_given_is_the_one_that_is_found(freq, clock):
    times = pd.date_range("2024-01-01", periods=40, freq=freq)
    step = fit(times, freq=freq)._step
    assert step == fit(times)._step
    assert step[0] == clock
    assert fit(times[:1].append(times[3:]), gaps="ignore")._step == step  # with a gap


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("freq", ["D", "h", "W", "MS"])
def test_summer_time_is_no_gap(freq, zone):
    times = pd.date_range("2024-01-01", periods=3000 if freq == "h" else 30, freq=freq, tz=zone)
    fit(times)
    fit(times, freq=freq)
    with pytest.raises(ValueError, match=r"1 gap\(s\)"):
        fit(times.delete(5))


def test_a_day_of_a_stock_exchange_that_is_closed():
    days = pd.bdate_range("2024-01-01", periods=60).delete([3, 30])
    with pytest.raises(ValueError, match=r"2 gap\(s\) in steps of 1 business day"):
        fit(days)
    with pytest.raises(ValueError, match=r"in steps of 1 day, with 2\d row"):
        fit(days, freq="D")
    assert len(fit(days, gaps="ignore").transform(rows(days))) == 58


def test_periods_and_durations_have_gaps_too():
    for times in (
        pd.period_range("2024-01", periods=12, freq="M"),
        pd.timedelta_range("1h", periods=12, freq="h"),
        pd.Index([datetime.date(2024, 1, day) for day in range(1, 13)]),
    ):
        fit(times)
        with pytest.raises(ValueError, match=r"1 gap\(s\).* with 1 row\(s\) missing"):
            fit(times.delete(5))


def test_numbers_are_looked_at_with_a_step_only():
    years = pd.Index([2001, 2002, 2004, 2005])
    fit(years)
    with pytest.raises(ValueError, match="from 2002 in row 1 to 2004 in row 2"):
        fit(years, freq=1)
    with pytest.raises(ValueError, match="freq='D' is for dates, but the time index of X has num"):
        fit(years, freq="D")


def test_times_at_random_are_taken_as_they_are():
    seconds = np.random.default_rng(0).exponential(size=50).cumsum()
    fit(pd.to_datetime(seconds, unit="s"))


def test_gaps_cut_a_series():
    days = pd.date_range("2024", periods=12).delete([4, 5, 9])
    X = rows(days)
    X["a"] = [0, 1, 2, 3, 6, 7, 8, 10, 11]
    cut = SlidingWindowTransformer(3, horizon=1, padding="zero", gaps="cut").fit_transform(X)
    by_hand = [
        [0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 2],
        [0, 0, 0], [0, 0, 6], [0, 6, 7],
        [0, 0, 0], [0, 0, 10],
    ]  # fmt: skip
    np.testing.assert_array_equal(cut[:, :, 0], by_hand)
    windows, y, end = sliding_windows(X, X["a"], window_size=2, horizon=1, gaps="cut")
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 1], [1, 2], [6, 7]])
    np.testing.assert_array_equal(y, [2, 3, 8])
    np.testing.assert_array_equal(end, [1, 2, 5])
    crossing, _ = sliding_windows(X, window_size=2, gaps="ignore")
    assert crossing[:, :, 0].tolist()[3] == [3, 6]


def test_edges_behind_a_gap_do_not_tell_the_row_itself():
    X = rows(pd.date_range("2024", periods=9).delete(4))
    windows = SlidingWindowTransformer(2, horizon=1, gaps="cut").fit(X)
    first = windows.transform(X)[[0, 4], :, 0]
    np.testing.assert_allclose(first, np.full((2, 2), windows.mean_[0]))
    np.testing.assert_allclose(windows.mean_, [np.mean([0, 1, 2, 4, 5, 6])])  # that windows hold


def test_new_rows_keep_the_step_of_the_fit():
    windows = fit(pd.date_range("2024", periods=20))
    with pytest.raises(ValueError, match="gap"):
        windows.transform(rows(pd.date_range("2025", periods=6, freq="2D")))
    with pytest.raises(ValueError, match="gap"):
        windows.transform(rows(pd.DatetimeIndex(["2025-01-01", "2025-01-09"])))


@pytest.mark.parametrize("library", ["pandas", "polars", "numpy"])
def test_a_column_of_times(library):
    days = np.arange("2024-01-01", "2024-01-09", dtype="M8[D]")
    X = pd.DataFrame({"a": np.arange(8.0), "day": days.astype("M8[s]"), "b": np.arange(8.0)})
    place = "day"
    if library == "polars":
        columns = {"a": np.arange(8.0), "day": days, "b": np.arange(8.0)}
        X = pytest.importorskip("polars").DataFrame(columns)
    elif library == "numpy":
        X, place = np.column_stack([X["a"], np.arange(8), X["b"]]), 1
    windows = SlidingWindowTransformer(2, time_feature=place, output="2d")
    assert windows.fit_transform(X).shape == (8, 4)
    assert list(windows.get_feature_names_out())[:2] == (
        ["x0_lag1", "x2_lag1"] if library == "numpy" else ["a_lag1", "b_lag1"]
    )
    take = (lambda rows: X.iloc[rows]) if library == "pandas" else (lambda rows: X[rows])
    freq = {"freq": 1} if library == "numpy" else {}
    windows.set_params(**freq)
    for order, message in (
        ([0, 1, 2, 4, 5, 6], r"The column .* has 1 gap\(s\) .* in row 2 to .* in row 3"),
        ([0, 1, 1, 2], r"in row 2 as in the row before, and 1 row\(s\) in all repeat a time"),
        ([0, 2, 1, 3], "is not sorted.* in row 2 after"),
    ):
        with pytest.raises(ValueError, match=message):
            windows.fit(take(order))


@pytest.mark.parametrize("kind", ["date", "time", "zone", "duration", "float16"])
def test_a_column_of_times_of_other_types(kind):
    arrow = pytest.importorskip("pyarrow")
    dates = pd.Series(pd.date_range("2024", periods=4, unit="us"))
    column = {
        "date": pd.Series(dates.dt.date, dtype=pd.ArrowDtype(arrow.date32())),
        "time": dates.convert_dtypes(dtype_backend="pyarrow"),
        "zone": dates.dt.tz_localize("Asia/Tokyo").convert_dtypes(dtype_backend="pyarrow"),
        "duration": (dates - dates[0]).convert_dtypes(dtype_backend="pyarrow"),
        "float16": pd.Series(np.arange(4, dtype=np.float16)),
    }[kind]
    X = pd.DataFrame({"a": np.arange(4.0), "t": column})
    windows = SlidingWindowTransformer(2, time_feature="t", freq=1 if kind == "float16" else None)
    forms = [X] if kind == "float16" else [X, arrow.Table.from_pandas(X, preserve_index=False)]
    for form in forms:
        assert windows.fit_transform(form)[:, :, 0].tolist() == [[0, 0], [0, 1], [1, 2], [2, 3]]
        with pytest.raises(ValueError, match="column 't' of X .* is not sorted"):
            windows.fit(form.take([0, 2, 1, 3]))


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_lists_are_no_times(library):
    columns = {"a": np.arange(4.0), "t": [[1, 2]] * 4}
    frames = pytest.importorskip(library)
    X = frames.table(columns) if library == "pyarrow" else frames.DataFrame(columns)
    with pytest.raises(ValueError, match="column 't' of X holds .*1, 2.*, which is no time"):
        SlidingWindowTransformer(2, time_feature="t").fit(X)


def test_times_of_many_series():
    day = pd.date_range("2024", periods=5)
    X = pd.DataFrame({"a": np.arange(10.0), "id": np.repeat([0, 1], 5), "day": [*day, *day]})
    windows = SlidingWindowTransformer(2, group_feature="id", time_feature="day")
    assert windows.fit_transform(X).shape == (10, 2, 1)
    with pytest.raises(ValueError, match="2024-01-02.* in row 6 to 2024-01-04.* in row 7"):
        windows.fit(X.drop(7))
    with pytest.raises(ValueError, match="rows 5 to 9 is not sorted"):
        windows.fit(X.iloc[[0, 1, 2, 3, 4, 5, 7, 6, 8, 9]])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"gaps": "fill"}, "gaps must be one of .* got 'fill'"),
        ({"freq": "fortnight"}, "freq='fortnight' is no step from row to row"),
        ({"freq": "0D"}, "freq='0D' is no step"),
        ({"freq": 0}, "freq=0 is no step"),
        ({"freq": np.timedelta64(-1, "D")}, "is no step"),
        ({"freq": "MS"}, "does not keep freq='MS'"),
        ({"freq": "B"}, "does not keep freq='B'"),
        ({"time_feature": "day"}, "time_feature='day' is not a column of X"),
        ({"time_feature": 3}, "time_feature=3 is not a column of X"),
        ({"known_features": "a"}, "known_features must be a list of columns, got 'a'"),
        ({"known_features": ["b"]}, "known_features='b' is not a column of X"),
    ],
)
def test_errors(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fit(pd.date_range("2024", periods=12), **options)


def test_a_step_without_times():
    with pytest.raises(ValueError, match="freq='D' is the step of the times of rows, but X has no"):
        SlidingWindowTransformer(2, freq="D").fit(np.zeros((9, 1)))
    X = pd.DataFrame({"a": np.arange(4.0), "day": ["1.1.", "2.1.", "3.1.", "4.1."]})
    with pytest.raises(ValueError, match="column 'day' of X holds '1.1.', which is no time"):
        SlidingWindowTransformer(2, time_feature="day").fit(X)
    X["day"] = [pd.Timestamp("2024"), None, None, None]
    with pytest.raises(ValueError, match="column 'day' of X has no time in row 1"):
        SlidingWindowTransformer(2, time_feature="day").fit(X)


def test_a_scaler_does_not_hide_gaps_that_the_target_shows():
    X = rows(pd.date_range("2024", periods=20))
    model = make_pipeline(StandardScaler(), SlidingWindowTransformer(2, horizon=1), RNN)
    with pytest.raises(ValueError, match=r"The time index of y has 1 gap\(s\) in steps of 1 day"):
        model.fit(X.drop(X.index[4]), X["a"].drop(X.index[4]))
    with pytest.raises(ValueError, match="The time index of y of rows 0 to 19 is not sorted"):
        model.fit(X[::-1], X["a"][::-1])
    crossing = clone(model).set_params(slidingwindowtransformer__gaps="ignore")
    crossing.fit(X.drop(X.index[4]), X["a"].drop(X.index[4]))
    model.set_params(slidingwindowtransformer__freq="D").fit(X, X["a"]).predict(X)
    with pytest.raises(ValueError, match="freq='D' is the step of the times of rows, but X has no"):
        model.fit(X.to_numpy(), X["a"].to_numpy())
    train = list(KFold(3).split(X))[1][0]  # it has a hole where the test rows are
    with pytest.raises(ValueError, match="The time index of y has 1 gap"):
        model.fit(X.iloc[train], X["a"].iloc[train])
