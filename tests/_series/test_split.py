"""PurgedWindowSplit: no window on both sides of a split."""

import re
import time

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from skrnn._series.sliding import sliding_windows
from skrnn._series.split import PurgedWindowSplit
from skrnn._series.windows import SlidingWindowTransformer


def rows_used(row, window_size, horizon):
    """Return the target row and the rows in its window."""
    return {row, *range(row - horizon - window_size + 1, row - horizon + 1)}


@pytest.mark.parametrize("horizon", [0, 1, 4])
@pytest.mark.parametrize("window_size", [1, 2, 7])
def test_the_gap_is_the_smallest_without_overlap(window_size, horizon):
    splits = list(PurgedWindowSplit(3, window_size=window_size, horizon=horizon).split(range(80)))
    assert len(splits) == 3
    for train, test in splits:
        in_test = rows_used(test[0], window_size, horizon)
        assert not in_test & rows_used(train[-1], window_size, horizon)
        # Of the rows left out, the first one is already in the first test window.
        assert train[-1] + 1 in in_test


@pytest.mark.parametrize("settings", [{}, {"test_size": 5}, {"max_train_size": 9}])
def test_it_is_a_time_series_split_with_a_gap(settings):
    purged = PurgedWindowSplit(4, window_size=3, horizon=[1, 2], **settings)
    plain = TimeSeriesSplit(4, gap=4, **settings)
    assert purged.get_n_splits() == 4
    for ours, theirs in zip(purged.split(range(60)), plain.split(range(60)), strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


def test_small_integers_do_not_overflow():
    split = PurgedWindowSplit(2, window_size=np.uint8(200), horizon=np.uint8(90))
    assert split.gap == 289


def test_every_series_is_split_along_its_own_time():
    groups = np.repeat(["a", "b"], [12, 24])
    splits = PurgedWindowSplit(2, window_size=2, horizon=1).split(range(36), groups=groups)
    (train, test), _ = splits
    np.testing.assert_array_equal(train, [0, 1, *range(12, 18)])
    np.testing.assert_array_equal(test, [4, 5, 6, 7, *range(20, 28)])


@pytest.mark.parametrize("settings", [{}, {"test_size": 2}, {"max_train_size": 3}])
def test_series_of_many_lengths_are_each_split_as_alone(settings):
    lengths = np.random.default_rng(0).integers(20, 30, size=50)
    first = np.cumsum(lengths) - lengths
    purged = PurgedWindowSplit(3, window_size=2, horizon=1, **settings)
    alone = [list(purged.split(range(n))) for n in lengths]
    together = purged.split(range(lengths.sum()), groups=np.repeat(np.arange(50), lengths))
    for k, parts in enumerate(together):
        for side, rows in enumerate(parts):
            by_hand = [start + splits[k][side] for start, splits in zip(first, alone, strict=True)]
            np.testing.assert_array_equal(rows, np.concatenate(by_hand))


def test_many_series_cost_as_many_splits_as_they_have_lengths(monkeypatch):
    n_rows = []
    split = TimeSeriesSplit.split

    def counting(self, X, y=None, groups=None):
        n_rows.append(len(X))
        return split(self, X, y, groups)

    monkeypatch.setattr(TimeSeriesSplit, "split", counting)
    lengths = np.tile([12, 9, 15], 5000)
    groups = np.repeat(np.arange(15_000), lengths)
    splits = list(PurgedWindowSplit(2, window_size=2).split(groups, groups=groups))
    assert sorted(n_rows) == [9, 12, 15]
    assert len(splits[0][1]) == lengths.sum() // 3  # 4, 3 and 5 of each


def test_windows_on_both_sides_share_no_row():
    """With the windows made before the split, as arrays."""
    windows, y, end = sliding_windows(np.arange(50), np.arange(50), window_size=4, horizon=2)
    for train, test in PurgedWindowSplit(3, window_size=4, horizon=2).split(windows):
        seen = {*windows[train].ravel(), *y[train]}
        assert not seen & {*windows[test].ravel(), *y[test]}


def test_cross_val_score_and_grid_search():
    x = np.cos(0.3 * np.arange(300)).reshape(-1, 1)
    model = make_pipeline(SlidingWindowTransformer(2, horizon=1, output="2d"), LinearRegression())
    splits = PurgedWindowSplit(3, window_size=3, horizon=1)
    by_hand = [
        model.fit(x[train], x[train, 0]).score(x[test], x[test, 0])
        for train, test in TimeSeriesSplit(3, gap=3).split(x)
    ]
    np.testing.assert_array_equal(cross_val_score(model, x, x[:, 0], cv=splits), by_hand)
    grid = {"slidingwindowtransformer__window_size": [1, 2, 3]}
    search = GridSearchCV(model, grid, cv=splits).fit(x, x[:, 0])
    assert search.best_params_["slidingwindowtransformer__window_size"] > 1


@pytest.mark.parametrize("routing", [False, True])
def test_groups_arrive_with_and_without_metadata_routing(routing):
    groups = np.repeat([0, 1], 30)
    X = np.random.default_rng(0).normal(size=(60, 2))
    splits = PurgedWindowSplit(2, window_size=3)
    expected = cross_val_score(Ridge(), X, X[:, 0], cv=list(splits.split(X, groups=groups)))
    arguments = {"params": {"groups": groups}} if routing else {"groups": groups}
    with config_context(enable_metadata_routing=routing):
        scores = cross_val_score(Ridge(), X, X[:, 0], cv=splits, **arguments)
    np.testing.assert_array_equal(scores, expected)


def test_repr_shows_the_parameters():
    text = repr(PurgedWindowSplit(3, window_size=5, horizon=2, test_size=4))
    inside = re.fullmatch(r"PurgedWindowSplit\((.*)\)", text, re.DOTALL)[1]
    assert {part.strip() for part in inside.split(",")} == {
        "n_splits=3",
        "window_size=5",
        "horizon=2",
        "max_train_size=None",
        "test_size=4",
        "time_feature=None",
    }


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"window_size": 0}, "window_size == 0, must be >= 1"),
        ({"window_size": 3, "horizon": -1}, "horizon == -1, must be >= 0"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        PurgedWindowSplit(**settings)


def test_too_few_rows():
    with pytest.raises(ValueError, match="rows 0 to 11: .*gap=9"):
        next(PurgedWindowSplit(3, window_size=10).split(range(12)))
    with pytest.raises(ValueError, match="rows 50 to 61: .*gap=9"):
        next(PurgedWindowSplit(3, window_size=10).split(range(62), groups=[0] * 50 + [1] * 12))


def test_groups_name_the_series_of_every_row():
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[20, 10\]"):
        next(PurgedWindowSplit(2, window_size=2).split(range(20), groups=[0] * 5 + [1] * 5))


def test_series_must_be_contiguous():
    with pytest.raises(ValueError, match="0 starts again at row 2"):
        next(PurgedWindowSplit(2, window_size=1).split(range(3), groups=[0, 1, 0]))


def panel(lengths, n_times=24):
    """Series that end at the same time and begin at others."""
    pd = pytest.importorskip("pandas")
    times = pd.date_range("2024", periods=n_times, freq="W")
    return pd.concat(
        [pd.DataFrame({"shop": i, "sold": 0.0}, index=times[-n:]) for i, n in enumerate(lengths)]
    )


@pytest.mark.parametrize("kind", ["index", "column", "polars"])
def test_series_with_times_are_split_at_the_same_times(kind):
    table = panel([24, 9, 3, 20])
    when, groups = table.index.to_numpy(), table["shop"].to_numpy()
    arguments = {}
    if kind != "index":
        table, arguments = table.reset_index(names="week"), {"time_feature": "week"}
    if kind == "polars":
        columns = {name: table[name].to_numpy() for name in table}
        table = pytest.importorskip("polars").DataFrame(columns)
    purged = PurgedWindowSplit(3, window_size=2, horizon=1, **arguments)
    splits = list(purged.split(table, groups=groups))
    plain = PurgedWindowSplit(3, window_size=2, horizon=1)
    by_time = list(plain.split(np.unique(when)))
    assert len(splits) == 3
    for (train, test), (early, late) in zip(splits, by_time, strict=True):
        assert set(when[train]) == set(np.unique(when)[early])
        assert set(when[test]) == set(np.unique(when)[late])
        # No test row's window, nor its target, holds a row that was trained on.
        assert when[train].max() + 3 * (when[1] - when[0]) == when[test].min()
    assert len(splits[-1][1]) == 6 * 3 + 3  # of the shortest series, all three rows


def test_a_panel_needs_enough_times():
    table = panel([5, 3], n_times=5)
    with pytest.raises(ValueError, match="X has 5 different times. .*n_splits|5 different times"):
        next(PurgedWindowSplit(3, window_size=4).split(table, groups=table["shop"]))
    with pytest.raises(ValueError, match="is not sorted"):
        next(PurgedWindowSplit(2, window_size=1).split(table[::-1], groups=table["shop"][::-1]))
    with pytest.raises(ValueError, match="time_feature='week' is not a column of X"):
        split = PurgedWindowSplit(2, window_size=1, time_feature="week")
        next(split.split(table, groups=table["shop"]))


def test_forty_thousand_series_take_a_moment():
    n, length = 40_000, 20
    groups = np.repeat(np.arange(n), length)
    X = np.column_stack([np.zeros(n * length), groups])
    before = time.perf_counter()
    windows = SlidingWindowTransformer(4, horizon=1, group_feature=1).fit_transform(X)
    splits = list(PurgedWindowSplit(3, window_size=4, horizon=1).split(X, groups=groups))
    assert time.perf_counter() - before < 5  # 0.4 s where this was written
    assert (windows.shape, len(splits)) == ((n * length, 4, 1), 3)


def test_a_search_over_series_that_are_split_at_the_same_times():
    table = panel([60, 40, 25], n_times=60)
    table["sold"] = np.cos(0.5 * np.arange(len(table)))
    windows = SlidingWindowTransformer(horizon=[1, 2], group_feature="shop", output="2d")
    model = make_pipeline(windows, LinearRegression())
    targets = windows.targets(table, table["sold"])
    grid = {"slidingwindowtransformer__window_size": [1, 2, 3]}
    folds = PurgedWindowSplit(3, window_size=3, horizon=[1, 2])
    search = GridSearchCV(model, grid, cv=folds, error_score="raise")
    search.fit(table, targets, groups=table["shop"])
    assert search.best_params_["slidingwindowtransformer__window_size"] > 1


def test_sizes_in_small_types_do_not_overflow():
    sizes = {"window_size": 2, "max_train_size": 100, "test_size": 100}
    small = {name: np.int8(size) for name, size in sizes.items()}
    expected = list(PurgedWindowSplit(3, **sizes).split(np.zeros(500)))
    found = list(PurgedWindowSplit(np.int8(3), **small).split(np.zeros(500)))
    for pair, other in zip(found, expected, strict=True):
        for rows, others in zip(pair, other, strict=True):
            np.testing.assert_array_equal(rows, others)
    with pytest.raises(ValueError, match="Too many splits|too large"):
        list(PurgedWindowSplit(2, window_size=10**99, test_size=np.int8(2)).split(np.zeros(9)))
