"""SequenceArray: construction, indexing like a 1-D array, and life inside scikit-learn."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.utils import _safe_indexing

from skrnn import RNNRegressor, SequenceArray, SlidingWindowTransformer

LENGTHS = [3, 1, 4, 2, 5]


def sequences(n_dims=2):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, 2) if n_dims == 2 else length) for length in LENGTHS]


def assert_same_sequences(actual, expected):
    for a, b in zip(actual, expected, strict=True):
        assert_array_equal(a, b, strict=True)


class LastStep(RegressorMixin, BaseEstimator):
    """Predicts `scale` times the mean of the last step."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        return self.scale * X.values[X.offsets[1:] - 1].mean(axis=1)


def is_mapped(X):
    return isinstance(X.values, np.memmap)


def last_step_problem(n=30):
    rng = np.random.default_rng(1)
    X = SequenceArray.from_list([rng.normal(size=(t, 2)) for t in rng.integers(1, 9, n)])
    return X, LastStep().fit(X, None).predict(X)


# Construction


@pytest.mark.parametrize("n_dims", [1, 2])
def test_attributes_and_iteration(n_dims):
    expected = sequences(n_dims)
    X = SequenceArray(np.concatenate(expected), np.cumsum([0, *LENGTHS]))
    assert len(X) == 5
    assert X.shape == (5,)
    assert X.ndim == 1
    assert X.n_features == n_dims
    assert X.dtype == np.float64
    assert_array_equal(X.lengths, LENGTHS)
    assert_same_sequences(X, expected)
    assert_same_sequences(X.to_list(), expected)
    assert_same_sequences(SequenceArray.from_list(expected), expected)


def test_construction_copies_nothing():
    values, offsets = np.zeros((4, 2), np.float32), np.array([0, 1, 4])
    X = SequenceArray(values, offsets)
    assert X.values is values
    assert np.shares_memory(X.offsets, offsets)


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        (np.zeros((2, 3, 4)), [0, 2], r"n_features\) or \(n_rows,\), got \(2, 3, 4\).*from_padded"),
        (np.float64(1), [0, 1], r"values must have shape .*got \(\)"),
        (np.zeros(3), [], r"start at 0, never decrease and end at len\(values\) = 3, got \[\]"),
        (np.zeros(3), [0, 2], r"end at len\(values\) = 3, got \[0 2\].*np.cumsum\(lengths\)"),
        (np.zeros(3), [1, 3], "got .1 3."),
        (np.zeros(3), [0, 2, 1, 3], "got .0 2 1 3."),
        (np.zeros(3), [0.0, 3.0], "offsets must be a 1-D array of integers.*float64"),
        (np.zeros(3), [[0, 3]], r"offsets must be a 1-D array of integers, got shape \(1, 2\)"),
    ],
)
def test_bad_construction(values, offsets, message):
    with pytest.raises(ValueError, match=message):
        SequenceArray(values, offsets)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "at least one sequence"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], r"\[0\] has shape \(2, 3\).*\[1\].*\(2, 4\)"),
        ([np.zeros(2), np.zeros((2, 1))], r"\[0\] has shape \(2,\).*\[1\] has shape \(2, 1\)"),
        ([np.zeros((1, 2, 3))], r"\[0\] has shape \(1, 2, 3\)"),
        ([3.0], r"\[0\] has shape \(\)"),
    ],
)
def test_bad_lists(items, message):
    with pytest.raises(ValueError, match=message):
        SequenceArray.from_list(items)


@pytest.mark.parametrize("n_dims", [1, 2])
@pytest.mark.parametrize("fill", [0, np.nan])
def test_padding_round_trip(n_dims, fill):
    X = SequenceArray.from_list(sequences(n_dims))
    padded = X.to_padded(fill)
    assert padded.shape[:2] == (5, 5)
    for i, length in enumerate(LENGTHS):
        assert_array_equal(padded[i, :length], X[i])
        assert_array_equal(padded[i, length:], np.full_like(padded[i, length:], fill))
    assert_same_sequences(SequenceArray.from_padded(padded, LENGTHS), X)
    left = X.to_padded(fill, padding_side="left")
    for i, length in enumerate(LENGTHS):
        assert_array_equal(left[i, 5 - length :], X[i])
        assert_array_equal(left[i, : 5 - length], np.full_like(left[i, : 5 - length], fill))
    assert_same_sequences(SequenceArray.from_padded(left, LENGTHS, padding_side="left"), X)


def test_padding_has_two_sides():
    with pytest.raises(ValueError, match="padding_side must be one of 'right', 'left', got 'pre'"):
        SequenceArray.from_padded(np.zeros((1, 2)), [1], padding_side="pre")


@pytest.mark.parametrize("build", [
    lambda masked: SequenceArray(masked, [0, 3]),
    lambda masked: SequenceArray.from_list([masked]),
    lambda masked: SequenceArray.from_padded(masked[np.newaxis], [2]),
])  # fmt: skip
def test_masks_are_refused(build):
    with pytest.raises(TypeError, match="is a masked array, and what its mask hides would be read"):
        build(np.ma.masked_greater([1.0, 2.0, 1e6], 10))


# Joining


@pytest.mark.parametrize("n_dims", [1, 2])
def test_concatenate(n_dims):
    first, second = sequences(n_dims)[:2], sequences(n_dims)[2:]
    X = SequenceArray.concatenate(map(SequenceArray.from_list, (first, second)))
    assert_same_sequences(X, sequences(n_dims))


def test_concatenate_keeps_what_the_values_mean():
    ids = SequenceArray([[1, 2], [3, 4]], [0, 2], categorical=True, feature_names=["a", "b"])
    both = SequenceArray.concatenate([ids, ids])
    assert both.categorical is True and both.feature_names.tolist() == ["a", "b"]
    plain = SequenceArray(ids.values, ids.offsets)
    for wrong in ([ids, plain], [plain, SequenceArray.from_list([[1, 2]])]):
        with pytest.raises(ValueError, match=r"is \(\(2,\), .* of arrays\[0\] and .* arrays\[1\]"):
            SequenceArray.concatenate(wrong)
    with pytest.raises(ValueError, match="at least one SequenceArray, got none"):
        SequenceArray.concatenate([])


# Names of features


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_one_frame_is_no_list_of_sequences(library):
    frame = pytest.importorskip(library).DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    with pytest.raises(TypeError, match="sequences is one data frame, but must be a list"):
        SequenceArray.from_list(frame)


def test_names_stay_with_the_features():
    X = SequenceArray.from_list(sequences())
    assert X.feature_names is None
    named = SequenceArray(X.values, X.offsets, feature_names=["a", "b"])
    for kept in (named, named[1:3], named[[2, 0]], pickle.loads(pickle.dumps(named))):
        assert kept.feature_names.tolist() == ["a", "b"]
    with pytest.raises(TypeError, match="feature_names must be a list of strings, got 'ab'"):
        SequenceArray(X.values, X.offsets, feature_names="ab")
    for wrong in (["a"], ["a", 1]):
        with pytest.raises(ValueError, match="must be one string for each column of values"):
            SequenceArray(X.values, X.offsets, feature_names=wrong)


def test_names_come_from_frames(frame):
    long = frame(LONG)
    assert SequenceArray.from_long(long, sequence="walk", time="t").feature_names.tolist() == [
        "x",
        "word",
    ]
    assert SequenceArray.from_long(long, sequence="walk", features="x").feature_names is None
    one = frame({"a": [1.0], "b": [2.0]})
    assert SequenceArray(one, [0, 1]).feature_names.tolist() == ["a", "b"]
    items = [one] * 2
    assert SequenceArray.from_list(items).feature_names.tolist() == ["a", "b"]


def test_names_that_are_no_strings_are_left_out():
    pd = pytest.importorskip("pandas")
    assert SequenceArray.from_list([pd.DataFrame(np.zeros((2, 2)))]).feature_names is None
    long = pd.DataFrame({"id": [1, 1], 0: [1.0, 2.0]})
    assert SequenceArray.from_long(long, sequence="id").feature_names is None


def test_padded_lengths_may_be_zero():
    X = SequenceArray.from_padded(np.arange(6).reshape(3, 2), [1, 0, 2])
    assert [sequence.tolist() for sequence in X] == [[0], [], [4, 5]]
    assert_array_equal(X.to_padded(-1), [[0, -1], [-1, -1], [4, 5]])


@pytest.mark.parametrize(
    ("X", "lengths", "message"),
    [
        (np.zeros((2, 3)), [1], r"2 integers from 0 to 3 for X of shape \(2, 3\), got \[1\]"),
        (np.zeros((2, 3)), [1, 4], r"got \[1 4\]"),
        (np.zeros((2, 3)), [-1, 2], r"got \[-1  2\]"),
        (np.zeros((2, 3)), [1.0, 2.0], "lengths must be a 1-D array of integers.*float64"),
        (np.zeros(3), [3], r"X must have shape .*got \(3,\)"),
        (np.zeros((1, 2, 3, 4)), [2], r"X must have shape .*got \(1, 2, 3, 4\)"),
    ],
)
def test_bad_padding(X, lengths, message):
    with pytest.raises(ValueError, match=message):
        SequenceArray.from_padded(X, lengths)


def from_list(ids, **options):
    return SequenceArray.from_list(ids.to_list(), **options)


def from_padded(ids, **options):
    return SequenceArray.from_padded(ids.to_padded(), ids.lengths, **options)


def from_long(ids, **options):
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame({"sequence": np.repeat(range(len(ids)), ids.lengths)})
    columns = ids.values.reshape(len(ids.values), -1)
    df = df.assign(**{f"id{i}": column for i, column in enumerate(columns.T)})
    features = "id0" if ids.values.ndim == 1 else None
    return SequenceArray.from_long(df, sequence="sequence", features=features, **options)


@pytest.mark.parametrize("build", [from_list, from_padded, from_long])
@pytest.mark.parametrize("n_dims", [1, 2])
def test_what_is_built_says_whether_it_holds_ids(build, n_dims):
    ids = SequenceArray.from_list([np.round(10 * s).astype(int) for s in sequences(n_dims)])
    assert build(ids).categorical == (n_dims == 1)
    for categorical in (True, False):
        built = build(ids, categorical=categorical)
        assert built.categorical is categorical and built[1:].categorical is categorical
        assert_same_sequences(built, ids)
    numbers = SequenceArray.from_list(sequences(n_dims))
    with pytest.raises(ValueError, match=r"needs integer ids, but .* float64: .*astype\(int\)"):
        build(numbers, categorical=True)


def test_repr():
    assert repr(SequenceArray.from_list(sequences())) == (
        "SequenceArray(n_sequences=5, n_features=2, lengths=1..5, dtype=float64)"
    )
    assert "n_sequences=0, n_features=1, lengths=none" in repr(SequenceArray([], [0]))


# Indexing


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(1, 4),
        slice(3, 1),
        slice(-2, None),
        slice(2, 99),
        slice(None, None, 2),
        slice(None, None, -1),
        [4, 0, 0, -2],
        np.array([], dtype=int),
        np.array([3], dtype=np.uint8),
        np.array([True, False, False, True, True]),
        [False] * 5,
    ],
    ids=str,
)
@pytest.mark.parametrize("n_dims", [1, 2])
def test_index_selects_as_in_a_1d_array(key, n_dims):
    items = sequences(n_dims)
    expected = [items[i] for i in np.arange(5)[key]]
    X = SequenceArray.from_list(items)
    for chosen in (X[key], X[key, ...], _safe_indexing(X, key)):
        assert isinstance(chosen, SequenceArray)
        assert_array_equal(chosen.offsets, np.cumsum([0, *map(len, expected)]))
        assert_same_sequences(chosen, expected)


@pytest.mark.parametrize("i", [0, 4, -1, -5, np.int64(2), np.uint8(3)])
def test_integer_gives_one_sequence(i):
    X = SequenceArray.from_list(sequences())
    assert_array_equal(X[i], sequences()[i], strict=True)
    assert_array_equal(X[i, ...], sequences()[i], strict=True)
    assert_array_equal(_safe_indexing(X, i), sequences()[i], strict=True)


def test_empty_list_selects_nothing():
    X = SequenceArray.from_list(sequences())[[]]
    assert len(X) == 0
    assert X.values.shape == (0, 2)


def test_what_is_a_view_and_what_a_copy():
    X = SequenceArray.from_list(sequences())
    assert all(np.shares_memory(view, X.values) for view in [*X, X[1], X[1:3].values, X[1:3][0]])
    assert not any(np.shares_memory(X[k].values, X.values) for k in [[0, 1], slice(0, 4, 2)])


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (5, "out of range"),
        (-6, "out of range"),
        ([5], "out of bounds"),
        ([True, False], "boolean"),
        ([0.5], "integer"),
        ("a", "integer, a slice or a 1-D array"),
        (None, "integer, a slice or a 1-D array"),
        (True, "integer, a slice or a 1-D array"),
        (1.0, "integer, a slice or a 1-D array"),
        ([[0]], r"shape \(1, 1\)"),
        ((0, 1), "one axis.*got 2 indices"),
        ((..., 0), "one axis"),
    ],
    ids=str,
)
def test_bad_index(key, message):
    with pytest.raises(IndexError, match=message):
        SequenceArray.from_list(sequences())[key]


# Long frames

LONG = {
    "walk": ["c", "a", "c", "b", "a", "c"],
    "t": [30, 2, 10, 0, 1, 20],
    "x": [3.0, 12.0, 1.0, 21.0, 11.0, 2.0],
    "word": [9, 8, 7, 6, 5, 4],
}


@pytest.fixture(params=["pandas", "polars", "pyarrow"])
def frame(request):
    library = pytest.importorskip(request.param)
    if request.param == "pyarrow":
        pytest.importorskip("pandas")
        return library.table
    return library.DataFrame


def test_from_long_orders_by_appearance_then_time(frame):
    X = SequenceArray.from_long(frame(LONG), sequence="walk", time="t", features=["x", "word"])
    assert_same_sequences(
        X, [np.array([[1.0, 7], [2, 4], [3, 9]]), np.array([[11.0, 5], [12, 8]]), [[21.0, 6]]]
    )


def test_from_long_defaults_take_all_features_in_the_order_of_rows(frame):
    X = SequenceArray.from_long(frame(LONG), sequence="walk")
    expected = [[[30, 3.0, 9], [10, 1, 7], [20, 2, 4]], [[2, 12.0, 8], [1, 11, 5]], [[0, 21.0, 6]]]
    assert_same_sequences(X, [np.array(s, dtype=float) for s in expected])


def test_from_long_with_one_name_makes_1d_sequences(frame):
    X = SequenceArray.from_long(frame(LONG), sequence="walk", time="t", features="word")
    assert_same_sequences(X, [np.array(s) for s in ([7, 4, 9], [5, 8], [6])])


def test_from_long_takes_categories_in_their_order(frame):
    _, ranks = np.unique(LONG["t"], return_inverse=True)
    names = np.array(list("zyxwvu"))  # whose order is not that of the alphabet
    table = frame({**LONG, "t": names[ranks].tolist()})
    if not hasattr(table, "with_columns"):
        pd, kind = pytest.importorskip("pandas"), type(table)
        table = table.to_pandas() if hasattr(table, "to_pandas") else table
        table["t"] = pd.Categorical(table["t"], names, ordered=True)
        table = kind.from_pandas(table) if hasattr(kind, "from_pandas") else table
    else:
        pl = pytest.importorskip("polars")
        table = table.with_columns(pl.col("t").cast(pl.Enum(names.tolist())))
    X = SequenceArray.from_long(table, sequence="walk", time="t", features="x")
    assert_array_equal(X.values, [1.0, 2, 3, 11, 12, 21])


@pytest.mark.parametrize(
    "times",
    [
        np.array(LONG["t"], dtype="datetime64[D]"),
        [f"2024-01-{t + 1:02}" for t in LONG["t"]],
        np.array(LONG["t"]) / 7,
    ],
    ids=["dates", "strings", "floats"],
)
def test_from_long_takes_any_sortable_time(frame, times):
    X = SequenceArray.from_long(
        frame({**LONG, "t": times}), sequence="walk", time="t", features="x"
    )
    assert_array_equal(X.values, [1.0, 2, 3, 11, 12, 21])


@pytest.mark.parametrize(
    "times",
    [
        ["10:00", "09:55", "09:00", "12:30", "08:00", "09:30"],
        ["10:00:00.5", "09:55:00", "09:00:00.25", "12:30:00", "08:00:00", "09:30:00"],
        [f"2024-{m:02}" for m in LONG["t"] + [7]][:6],
        [f"2024-02-0{t + 1}T10:00:00+02:00" for t in range(6)],
        [f"2024-W0{t + 1}" for t in range(6)],
        [f"2024-{t + 101}" for t in range(6)],
    ],
)
def test_from_long_takes_times_in_one_form_of_iso(frame, times):
    X = SequenceArray.from_long(
        frame({"walk": ["a"] * 6, "t": times, "x": range(6)}),
        sequence="walk",
        time="t",
        features="x",
    )
    assert [times[i] for i in X[0]] == sorted(times)


@pytest.mark.parametrize(
    "times",
    [
        ["9:55", "10:00"],
        ["31/01/2024", "01/02/2024"],
        ["Jan 5 2024", "Feb 1 2024"],
        ["2024-01-31 09:00", "2024-01-31T08:00"],
        ["2024-01-31T09:00+02:00", "2024-01-31T08:30+01:00"],
        ["2024-01-31", "2024-02"],
        ["step 9", "step 10"],
    ],
)
def test_from_long_does_not_sort_other_times_as_text(frame, times):
    table = frame({"walk": ["a", "a"], "t": times, "x": [1.0, 2.0]})
    with pytest.raises(ValueError, match="Column 't' holds times as text, such as '.*to_datetime"):
        SequenceArray.from_long(table, sequence="walk", time="t", features="x")


def test_from_long_does_not_sort_categories_without_an_order():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"walk": "a", "t": pd.Categorical(["9:55", "10:00"]), "x": [1.0, 2.0]})
    with pytest.raises(ValueError, match="Column 't' holds times as text"):
        SequenceArray.from_long(table, sequence="walk", time="t", features="x")


def test_from_long_takes_ids_of_several_types():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"walk": ["b", 1, "b", 1.5], "x": [1.0, 2.0, 3.0, 4.0]})
    X = SequenceArray.from_long(table, sequence="walk", features="x")
    assert_same_sequences(X, [np.array([1.0, 3]), np.array([2.0]), np.array([4.0])])
    table["t"] = ["2024-01-01", 1, "2024-01-02", 2]
    with pytest.raises(ValueError, match="'t' holds times that do not compare"):
        SequenceArray.from_long(table, sequence="walk", time="t", features="x")


@pytest.mark.parametrize("df", [[[1, 2]], {"walk": [1]}, np.zeros((2, 2)), None])
def test_from_long_of_what_is_no_frame(df):
    with pytest.raises(TypeError, match=f"DataFrame, but is of type {type(df).__name__}"):
        SequenceArray.from_long(df, sequence="walk")


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}])
@pytest.mark.parametrize("column", ["walk", "t"])
def test_from_long_takes_no_lists_for_ids_and_times(frame, column, cell):
    table = frame({**LONG, column: [cell] * 6})
    with pytest.raises(ValueError, match=f"Column '{column}' holds .* neither names a sequence"):
        SequenceArray.from_long(table, sequence="walk", time="t", features="x")


def test_from_long_does_not_sort_numbers_as_text(frame):
    table = frame({**LONG, "t": [str(t) for t in LONG["t"]]})
    with pytest.raises(ValueError, match="'t' holds numbers as text, in whose order '10' is befo"):
        SequenceArray.from_long(table, sequence="walk", time="t", features="x")


def test_from_long_says_where_columns_may_be():
    pd = pytest.importorskip("pandas")
    indexed = pd.DataFrame(LONG).set_index("walk")
    with pytest.raises(ValueError, match=r"no column \['walk'\].*df.reset_index\(\)"):
        SequenceArray.from_long(indexed, sequence="walk")


def test_times_of_polars_are_no_numbers():
    pl = pytest.importorskip("polars")
    table = pl.DataFrame({"a": [1.0], "day": [1]}).with_columns(pl.col("day").cast(pl.Date))
    with pytest.raises(ValueError, match=r"Column 'day' of sequences\[0\] holds times \(Date\)"):
        SequenceArray.from_list([table])
    for model in (RNNRegressor(), SlidingWindowTransformer(1)):
        with pytest.raises(ValueError, match=r"Column 'day' of X holds times \(Date\)"):
            model.fit(table, [1.0])


def test_from_long_leaves_the_frame_and_float32_alone():
    pd = pytest.importorskip("pandas")
    df = pd.DataFrame(LONG).astype({"x": np.float32})
    before = df.copy()
    X = SequenceArray.from_long(df, sequence="walk", time="t", features=["x"])
    assert X.dtype == np.float32
    pd.testing.assert_frame_equal(df, before)


def test_from_long_keeps_missing_features_as_nan(frame):
    df = frame({**LONG, "x": [None, 12.0, 1.0, 21.0, 11.0, 2.0]})
    X = SequenceArray.from_long(df, sequence="walk", time="t", features="x")
    assert_array_equal(X.values, [1, 2, np.nan, 11, 12, 21])


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({}, {"sequence": "id"}, r"no column \['id'\]; its columns are \['walk', 't'"),
        ({}, {"sequence": "walk", "time": "u"}, r"no column \['u'\]"),
        ({}, {"sequence": "walk", "features": ["x", "z"]}, r"no column \['z'\]"),
        ({}, {"sequence": "walk", "features": []}, "at least one feature"),
        ({}, {"sequence": "walk", "features": ["x", "x"]}, "different columns"),
        ({}, {"sequence": "walk", "features": "walk"}, "different columns"),
        ({"walk": list("ab") + [None] * 2 + list("ab")}, {}, "'walk' has 2 missing.*row 2"),
        ({"walk": [1.0, 2, np.nan, 1, 2, 3]}, {}, "'walk' has 1 missing values.*row 2"),
        ({"t": [1.0, 2, 3, 4, None, 5]}, {}, "'t' has 1 missing values, the first in row 4"),
        ({"t": [1, 2, 1, 4, 3, 5]}, {}, "'t' repeats a time.*walk = c has 1 2 times"),
        ({"x": list("uvwxyz")}, {}, "Feature 'x' of dtype .* is not numeric"),
        ({"x": np.arange(6).astype("M8[ms]")}, {}, "Feature 'x' of dtype .* is not numeric"),
    ],
)
def test_bad_long_frames(frame, changes, arguments, message):
    arguments = {"sequence": "walk", "time": "t", "features": ["x"], **arguments}
    with pytest.raises(ValueError, match=message):
        SequenceArray.from_long(frame({**LONG, **changes}), **arguments)


# Ids and padding


@pytest.mark.parametrize("sequences", [[[], [1, 2], [3]], [[1, 2], [3], []], [[1], [], [2]]])
def test_ids_stay_ids_beside_an_empty_sequence(sequences):
    X = SequenceArray.from_list(sequences)
    assert X.categorical
    assert X.dtype == np.array([1]).dtype
    assert [x.tolist() for x in X] == sequences


def test_no_ids_at_all_can_still_be_ids():
    assert SequenceArray.from_list([[], []], categorical=True).categorical
    assert not SequenceArray.from_list([[], []]).categorical


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [(int, np.nan), (int, 0.5), (int, np.inf), (np.uint8, -1), (np.int8, 200), (bool, 2)],
)
def test_padding_must_be_a_value_of_the_dtype(dtype, fill):
    X = SequenceArray(np.ones(3, dtype), [0, 1, 3])
    with pytest.raises(ValueError, match=rf"fill={fill!r} is no value of dtype {X.dtype}"):
        X.to_padded(fill)


@pytest.mark.parametrize(
    ("dtype", "fill"), [(int, -1), (int, 2.0), (np.uint8, 255), (bool, True), (float, np.nan)]
)
def test_padding_of_the_dtype(dtype, fill):
    padded = SequenceArray(np.ones(3, dtype), [0, 1, 3]).to_padded(fill)
    assert_array_equal(padded, np.array([[1, fill], [1, 1]], dtype), strict=True)


# Life in scikit-learn


def test_pickle():
    X = SequenceArray.from_list(sequences())
    assert_same_sequences(pickle.loads(pickle.dumps(X)), X)


def test_memory_map(tmp_path):
    X = SequenceArray.from_list(sequences())
    joblib.dump(X, tmp_path / "X.joblib")
    mapped = joblib.load(tmp_path / "X.joblib", mmap_mode="r")
    assert isinstance(mapped.values, np.memmap)
    assert_same_sequences(mapped, X)
    assert_same_sequences(mapped[[3, 1]], X[[3, 1]])
    assert np.shares_memory(mapped[1:4].values, mapped.values)


def test_train_test_split():
    X, y = last_step_problem()
    parts = train_test_split(X, y, random_state=0)
    for part, target in zip(parts[:2], parts[2:], strict=True):
        assert isinstance(part, SequenceArray)
        assert_array_equal(LastStep().fit(part, target).predict(part), target)


def test_cross_val_score():
    X, y = last_step_problem()
    assert_array_equal(cross_val_score(LastStep(), X, y, cv=3), np.ones(3))


@pytest.mark.slow
def test_processes():
    X, y = last_step_problem()
    search = GridSearchCV(LastStep(), {"scale": [0.5, 1.0]}, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"scale": 1.0}
    assert_array_equal(search.predict(X), y)
    assert joblib.Parallel(n_jobs=2, max_nbytes=1)([joblib.delayed(is_mapped)(X)]) == [True]


# ---------------------------------------------------------------------- what ids stand for


def named_ids():
    return SequenceArray([1, 0, 2, 1], [0, 2, 4], categories=[["<unk>", "a", "b"]])


@pytest.mark.parametrize("take", [
    lambda x: x[:1], lambda x: x[[0]], lambda x: x[np.array([True, False])], lambda x: x[::-1][1:],
    lambda x: SequenceArray.concatenate([x])[:1], lambda x: pickle.loads(pickle.dumps(x))[:1],
    lambda x: copy.deepcopy(x)[:1],
])  # fmt: skip
def test_parts_know_what_their_ids_stand_for(take):
    part = take(named_ids())
    assert part.to_list()[0].tolist() == [1, 0]
    assert [names.tolist() for names in part.categories] == [["<unk>", "a", "b"]]


@pytest.mark.parametrize(
    "values, categories",
    [
        ([0, 3], [["x", "y", "z"]]),
        ([0, 1], [["x", "y"], ["x", "y"]]),
        ([[0, 1]], [["x", "y"]]),
        (np.array([255], np.uint8), [["x"]]),
        ([0.0, 1.0], [["x", "y"]]),
    ],
)
def test_categories_name_every_id(values, categories):
    with pytest.raises(ValueError, match="categories must say what each id stands for"):
        SequenceArray(values, [0, len(values)], categories=categories)


def test_categories_in_columns_of_frames():
    pd = pytest.importorskip("pandas")
    column = pd.Series(["b", "a", "b"], dtype="category")
    X = SequenceArray(column.cat.codes, [0, 3], categories=[column.cat.categories])
    assert X.categories[0][X.values].tolist() == ["b", "a", "b"]
