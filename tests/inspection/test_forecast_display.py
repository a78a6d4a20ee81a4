"""ForecastDisplay: what was known, forecast and came, on its dates and by series."""

import numpy as np
import pytest

from skrnn.inspection import ForecastDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")
pd = pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(ax):
    """What each curve of the axes shows, by its label."""
    return {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in ax.get_lines()}


def table(n, start=0, freq="D"):
    times = pd.date_range("2024", periods=start + n, freq=freq)[start:]
    return pd.DataFrame({"sold": np.arange(start, start + n, dtype=float)}, index=times)


def test_curves_are_on_their_dates():
    X, truth = table(60), table(3, 60)
    forecast = truth.assign(sold=[1.0, 2, 3], lower=[0.0, 1, 2], upper=[2.0, 3, 4])
    display = ForecastDisplay.from_tables(X, forecast, truth=truth, n_known=20)
    (ax,) = display.axes_
    curves = drawn(ax)
    np.testing.assert_array_equal(curves["known"][0], X.index[-20:].to_numpy())
    np.testing.assert_array_equal(curves["known"][1], np.arange(40.0, 60))
    np.testing.assert_array_equal(curves["forecast"][0], truth.index.to_numpy())
    np.testing.assert_array_equal(curves["forecast"][1], [1, 2, 3])
    np.testing.assert_array_equal(curves["truth"][1], [60, 61, 62])
    (interval,) = ax.collections
    heights = interval.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 4)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {
        *("known", "truth", "forecast", "interval")
    }
    assert display.figure_ is ax.figure


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_each_series_has_a_panel(library):
    parts = [table(30).assign(region=r) for r in ("north", "south")]
    X = pd.concat(parts).reset_index(names="week")
    ahead = pd.concat([table(2, 30).assign(region=r) for r in ("north", "south")])
    ahead = ahead.reset_index(names="week")
    if library == "polars":
        polars = pytest.importorskip("polars")
        X, ahead = (
            polars.DataFrame({name: frame[name].to_numpy() for name in frame})
            for frame in (X, ahead)
        )
    display = ForecastDisplay.from_tables(
        X, ahead, group_feature="region", time_feature="week", target="sold"
    )
    assert list(display.panels) == ["north", "south"] == [ax.get_title() for ax in display.axes_]
    for ax in display.axes_:
        curves = drawn(ax)
        np.testing.assert_array_equal(curves["forecast"][1], [30, 31])
        assert curves["forecast"][0][0] == np.datetime64("2024-01-31")
        assert len(curves["known"][1]) == 30


def test_arrays_are_on_the_numbers_of_their_rows():
    display = ForecastDisplay.from_tables(np.arange(30.0)[:, None], np.array([7.0, 8.0]))
    curves = drawn(display.axes_[0])
    np.testing.assert_array_equal(curves["forecast"][0], [30, 31])
    np.testing.assert_array_equal(curves["known"][0], np.arange(30))


def test_series_periods_and_given_axes():
    X = pd.Series(np.arange(9.0), index=pd.period_range("2024-01", periods=9, freq="M"), name="a")
    _, ax = plt.subplots()
    display = ForecastDisplay.from_tables(X[:7], X[7:], axes=ax)
    assert display.axes_[0] is ax
    assert drawn(ax)["forecast"][0][0] == np.datetime64("2024-08-01")


def test_columns_that_are_not_there():
    with pytest.raises(ValueError, match="group_feature='shop' is not a column of X"):
        ForecastDisplay.from_tables(table(9), table(2, 9), group_feature="shop")
