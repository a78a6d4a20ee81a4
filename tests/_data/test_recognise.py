"""Reading X: the same rows from every form, nothing copied, and every error with its remedy."""

import pickle
import tracemalloc
from functools import partial

import numpy as np
import pytest
import scipy.sparse
from estimators import object_array as objects
from estimators import series
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneOut,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)

from skrnn import SequenceArray
from skrnn._core.packing import Packing
from skrnn._data.named_array import with_names
from skrnn._data.recognise import read_again, read_sequences

LENGTHS = [3, 5, 1, 4, 5, 2]


class Reader(RegressorMixin, BaseEstimator):
    """Predicts `scale` times the mean of all values of a sequence."""

    def __init__(self, categorical_features="auto", dtype="auto", scale=1.0):
        self.categorical_features = categorical_features
        self.dtype = dtype
        self.scale = scale

    def fit(self, X, y=None):
        self.data_, self._schema = read_sequences(
            X,
            owner="Reader",
            categorical_features=self.categorical_features,
            dtype=self.dtype,
        )
        self._schema.publish(self)
        return self

    def predict(self, X):
        data = read_by_schema(self, X)
        return self.scale * np.array([rows(data, [i]).mean() for i in range(len(data))])


def read(X, **params):
    return Reader(**params).fit(X).data_


def read_by_schema(reader, X):
    return read_again(X, reader._schema, owner="Reader")


def rows(data, indices):
    """Packed rows of the sequences `indices`, given longest first."""
    return data.take(np.array(indices), Packing(data.lengths[indices]))


def all_rows(data):
    return rows(data, np.argsort(-data.lengths, kind="stable"))


def packed_by_hand(sequences):
    """Time-major rows of sequences in the order of `all_rows`: the definition."""
    ranked = sorted(sequences, key=len, reverse=True)
    steps = range(len(ranked[0]))
    return np.array([np.atleast_1d(s[t]) for t in steps for s in ranked if t < len(s)])


def ragged(n_features=2, lengths=LENGTHS, dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, n_features)).astype(dtype) for length in lengths]


def polars_series(items):
    return pytest.importorskip("polars").Series([item.tolist() for item in items])


def frame(library, item):
    """Data frame of the columns a, b, c, ..."""
    columns = dict(zip("abcdefg", np.transpose(item), strict=False))
    return pytest.importorskip(library).DataFrame(columns)


def frames(items):
    return [frame("pandas", item) for item in items]


def polars_frames(items):
    return [frame("polars", item) for item in items]


def nested(items):
    return [item.tolist() for item in items]


RAGGED_FORMS = [
    list,
    tuple,
    objects,
    series,
    polars_series,
    frames,
    polars_frames,
    nested,
    SequenceArray.from_list,
]


# The same rows from every form


@pytest.mark.parametrize("form", RAGGED_FORMS)
@pytest.mark.parametrize("lengths", [LENGTHS, [4, 4, 4]], ids=["ragged", "equal"])
def test_every_form_of_sequences_gives_the_same_rows(form, lengths):
    items = ragged(lengths=lengths)
    X = form(items)
    reader = Reader().fit(X)
    assert reader.n_features_in_ == 2
    for data in (reader.data_, read_by_schema(reader, X)):
        assert len(data) == len(lengths)
        assert data.n_features == 2
        assert data.n_categories == {}
        assert_array_equal(data.lengths, lengths)
        assert_array_equal(all_rows(data), packed_by_hand(items), strict=True)


def in_time_order(X):
    return np.ascontiguousarray(X.swapaxes(0, 1)).swapaxes(0, 1)


def reversed_in_time(X):
    return X[:, ::-1].copy()[:, ::-1]


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize(
    "layout",
    [np.array, np.asfortranarray, in_time_order, reversed_in_time, read_only, lambda X: X.tolist(),
     list, objects, SequenceArray.from_list, lambda X: X.astype(object)],
    ids=["C", "F", "time-major", "reversed", "read-only", "nested", "list", "objects", "flat",
         "3-D objects"],
)  # fmt: skip
def test_every_form_of_equal_lengths_gives_the_same_rows(layout):
    X = np.stack(ragged(lengths=[4] * 6))
    data = read(layout(X))
    assert_array_equal(data.lengths, [4] * 6)
    assert_array_equal(rows(data, [5, 0, 3]), packed_by_hand(X[[5, 0, 3]]), strict=True)


@pytest.mark.parametrize(
    "form",
    [
        np.array,
        np.asfortranarray,
        lambda X: X.tolist(),
        lambda X: X.astype(object),
        partial(frame, "pandas"),
        partial(frame, "polars"),
    ],
    ids=["C", "F", "nested", "object", "pandas", "polars"],
)
def test_a_table_holds_univariate_sequences(form):
    X = np.stack(ragged(1, lengths=[4] * 6))[:, :, 0]
    reader = Reader().fit(form(X))
    assert reader.n_features_in_ == 4
    for data in (reader.data_, read_by_schema(reader, form(X))):
        assert data.n_features == 1
        assert_array_equal(all_rows(data), all_rows(read(X[:, :, np.newaxis])), strict=True)


@pytest.mark.parametrize("form", [list, tuple, objects, series, SequenceArray.from_list])
@pytest.mark.parametrize("lengths", [LENGTHS, [4, 4, 4]], ids=["ragged", "equal"])
def test_1d_arrays_of_floats_are_univariate_whatever_their_lengths(form, lengths):
    items = [item[:, 0] for item in ragged(1, lengths)]
    reader = Reader().fit(form(items))
    assert reader.n_features_in_ == 1
    assert_array_equal(all_rows(reader.data_), packed_by_hand(items), strict=True)


@pytest.mark.parametrize("form", [list, objects, nested, SequenceArray.from_list])
@pytest.mark.parametrize("lengths", [[4, 4, 5], [4, 5, 3, 4]])
def test_univariate_sequences_can_be_left_out_one_by_one(form, lengths):
    items = [item[:, 0] for item in ragged(1, lengths)]
    y = np.array([item.mean() for item in items])
    assert_allclose(cross_val_predict(Reader(), form(items), y, cv=LeaveOneOut()), y)


def test_subset_of_a_subset():
    items = ragged()
    data = read(items).subset(np.array([5, 3, 1, 0])).subset(np.array([2, 0, 1]))
    assert_array_equal(data.lengths, [5, 2, 4])
    assert_array_equal(rows(data, [0, 2, 1]), packed_by_hand([items[1], items[3], items[5]]))
    assert len(data) == 3


# dtype


@pytest.mark.parametrize(
    ("X", "computed_in"),
    [
        (np.zeros((2, 3, 1), np.float32), "float32"),
        (np.zeros((2, 3, 1), np.float64), "float64"),
        (np.zeros((2, 3, 1), np.float16), "float64"),
        (np.zeros((2, 3, 1), np.longdouble), "float64"),
        (np.zeros((2, 3, 1), np.uint8), "float64"),
        (np.zeros((2, 3, 1), bool), "float64"),
        (np.zeros((2, 3), np.float32), "float32"),
        (np.zeros((2, 3), np.int16), "float64"),
        (ragged(dtype=np.float32), "float32"),
        ([np.zeros((2, 1), np.float32), np.zeros((3, 1), np.float64)], "float64"),
        ([np.zeros((2, 1), np.float32), np.zeros((3, 1), np.int64)], "float64"),
        (SequenceArray(np.zeros((5, 2), np.float32), [0, 5]), "float32"),
    ],
    ids=lambda value: None if isinstance(value, str) else "",
)
def test_dtype_follows_x_unless_it_is_forced(X, computed_in):
    assert read(X).dtype == all_rows(read(X)).dtype == computed_in
    for forced in ("float32", "float64"):
        assert read(X, dtype=forced).dtype == all_rows(read(X, dtype=forced)).dtype == forced


def test_dtype_of_fit_stays():
    items = ragged()
    reader = Reader().fit(ragged(dtype=np.float32))
    computed = all_rows(read_by_schema(reader, items))
    assert_array_equal(computed, packed_by_hand(items).astype(np.float32), strict=True)


@pytest.mark.parametrize("dtype", [">f4", "<f4"])
def test_the_order_of_bytes_does_not_choose_the_precision(dtype):
    data = read(np.ones((2, 3, 1), dtype))
    assert data.dtype == np.float32
    assert_array_equal(all_rows(data), np.ones((6, 1), np.float32), strict=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint8, bool, np.float16])
@pytest.mark.parametrize("form", [np.array, list, SequenceArray.from_list])
def test_conversion_is_exact(dtype, form):
    X = (np.random.default_rng(0).random((5, 4, 3)) * 200).astype(dtype)
    assert_array_equal(all_rows(read(form(X))).astype(dtype), packed_by_hand(X), strict=True)


# Nothing is copied


def windows_of(n_rows, window, n_features, dtype=np.float64):
    series = np.random.default_rng(0).normal(size=(n_rows, n_features)).astype(dtype)
    return series, sliding_window_view(series, window, axis=0).transpose(0, 2, 1)


def test_a_million_windows_are_never_materialised():
    series, X = windows_of(1_000_049, 50, 2, np.float32)
    reader = Reader()
    tracemalloc.start()
    data = reader.fit(X).data_
    batch = rows(data, np.arange(0, 1_000_000, 31250))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert_array_equal(batch.reshape(50, 32, 2)[:, 7], series[7 * 31250 : 7 * 31250 + 50])
    assert X.nbytes == 400_000_000
    assert peak < 10_000_000  # the lengths are 8 of them


def test_the_last_row_under_the_windows_is_checked():
    series, X = windows_of(300, 7, 2)
    series[299, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN, first in X\[293\] at step 6, feature 1"):
        read(X)


@pytest.mark.parametrize(
    "view",
    [
        lambda X: X,
        lambda X: X[:, ::2],
        lambda X: X[::3],
        lambda X: X[::7],
        lambda X: X[::11],
        lambda X: X[::-1],
        lambda X: X[:, ::-1],
        lambda X: X[:, :, ::-1],
        lambda X: X[:, :, :1],
        lambda X: X[:1],
        lambda X: X[4:5],
        lambda X: X[:, 0][np.newaxis],
        lambda X: X[:, :1],
        lambda X: X[:, [0, 3]],
        lambda X: np.broadcast_to(X[0], (9, *X[0].shape)),
        lambda X: np.broadcast_to(X[:, :1], X.shape),
        lambda X: X.transpose(2, 1, 0),
        lambda X: X.transpose(1, 0, 2),
        lambda X: as_strided(X, (2, 2, 1), (X.strides[0] * 2, X.strides[0], 1)),
    ],
)
def test_blocks_cover_each_value_of_a_view_and_no_other(view, monkeypatch):
    monkeypatch.setattr("skrnn._data.sources._BLOCK_SIZE", 100)
    _, X = windows_of(200, 7, 3)
    X = view(X)
    blocks = list(read(X)._source.blocks())
    covered = np.concatenate([block.ravel() for block in blocks])
    assert_array_equal(np.unique(covered), np.unique(X))
    assert max(block.size for block in blocks) <= (100 if len(X) == 1 else max(100, X[0].size))


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_a_read_only_memory_map(tmp_path, dtype):
    X = (np.random.default_rng(0).random((6, 4, 2)) * 100).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    items = [np.load(tmp_path / "X.npy", mmap_mode="r")[i] for i in range(6)]
    flat = SequenceArray(mapped.reshape(24, 2), np.arange(0, 25, 4))
    expected = all_rows(read(X))
    for held in (mapped, items, flat):
        assert_array_equal(all_rows(read(held)), expected, strict=True)
    assert_array_equal(all_rows(read(mapped[:, :, 0])), expected[:, :1])
    assert np.shares_memory(read(mapped)._source.values, mapped)


@pytest.mark.parametrize("form", [np.array, list, SequenceArray.from_list])
def test_rows_are_the_callers_own(form):
    X = np.stack(ragged(lengths=[4] * 3))
    held = form(X)
    reader = Reader().fit(held)
    for data in (reader.data_, read_by_schema(reader, held)):
        all_rows(data)[:] = 7
        rows(data, [1])[:] = 7
    assert_array_equal(np.array(list(held)), X)


# What fit saw, and what predict takes


@pytest.mark.parametrize("form", [list, objects, nested, SequenceArray.from_list])
@pytest.mark.parametrize("n_steps", [2, 5])
def test_an_estimator_fitted_on_a_table_takes_univariate_sequences_of_any_length(form, n_steps):
    reader = Reader().fit(np.zeros((3, 4)))
    X = np.stack(ragged(1, lengths=[n_steps] * 3))
    expected = X.mean(axis=(1, 2))
    assert_allclose(reader.predict(X), expected)
    assert_allclose(reader.predict(form(X)), expected)
    items = [item[:, 0] for item in ragged(1)]
    assert_allclose(reader.predict(form(items)), [item.mean() for item in items])


@pytest.mark.parametrize("form", [np.array, list, objects, nested])
def test_rows_that_are_single_steps_may_come_one_by_one(form):
    X = np.stack(ragged(1, lengths=[3] * 4))[:, :, 0]
    data, schema = read_sequences(form(X), owner="Reader", rows_are_steps=True)
    assert (schema.table, schema.n_features) == ("steps", 3)
    for held in (data, read_again(form(X[:2]), schema, owner="Reader")):
        assert_array_equal(all_rows(held), X[: len(held)], strict=True)
    with pytest.raises(ValueError, match="X has 2 features, but Reader is expecting 3 features"):
        read_again(form(X[:, :2]), schema, owner="Reader")


def test_names_of_time_steps_are_not_asked_of_sequences():
    X = ragged(1)
    assert_allclose(
        Reader().fit(frame("pandas", np.zeros((3, 2)))).predict(X), Reader().fit(X).predict(X)
    )


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 4, 1)),
        ragged(1),
        [item[:, 0] for item in ragged(1)],
        SequenceArray.from_list(ragged(1)),
    ],
    ids=["3-D", "list", "1-D list", "flat"],
)
@pytest.mark.parametrize("n_steps", [2, 5])
def test_an_estimator_fitted_on_univariate_sequences_takes_tables(X, n_steps):
    reader = Reader().fit(X)
    table = ragged(n_steps, lengths=[7])[0]
    for form in (table, table.tolist(), list(table), table.astype(object)):
        assert_allclose(reader.predict(form), table.mean(axis=1))


@pytest.mark.parametrize("seen", [[[0.5, 1.0], [2.0]], [[0.5, 1.0], [2.0, 3.0]]])
def test_numbers_stay_numbers_when_predict_gets_integers(seen):
    reader = Reader().fit(seen)
    assert_array_equal(reader.predict([[1, 2], [7]]), [1.5, 7])
    assert_array_equal(reader.predict([[1, 2], [7, 8]]), [1.5, 7.5])


def test_schema_is_plain_and_survives_pickling():
    reader = Reader().fit([[1, 2], [4]])
    assert vars(reader._schema) == {
        "n_features": 1,
        "feature_names": None,
        "table": None,
        "dtype": "float32",
        "n_categories": {0: 5},
        "categories": None,
    }
    again = pickle.loads(pickle.dumps(reader.set_params(categorical_features=None)))
    assert_array_equal(again.predict([[1, 2], [4]]), [1.5, 4])
    with pytest.raises(ValueError, match="fit saw ids below 5"):
        again.predict([[5]])


def test_failed_reading_changes_nothing_that_predict_needs():
    reader = Reader().fit(ragged())
    with pytest.raises(ValueError, match="has 3 features"):
        reader.predict(ragged(3))
    assert reader.n_features_in_ == 2
    assert_allclose(reader.predict(ragged()), [item.mean() for item in ragged()])


# Token ids and categorical columns

TOKENS = [[3, 0, 4], [1], [2, 2]]


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.uint64])
@pytest.mark.parametrize(
    "form", [list, tuple, objects, series, polars_series, nested, SequenceArray.from_list]
)
def test_1d_integers_are_token_ids(form, dtype):
    X = form([np.array(tokens, dtype) for tokens in TOKENS])
    reader = Reader().fit(X)
    assert reader.n_features_in_ == 1
    for data in (reader.data_, read_by_schema(reader, X)):
        assert data.n_categories == {0: 5}
        assert data.dtype == np.float32
        ids = np.array([3, 2, 1, 0, 2, 4], np.intp)[:, np.newaxis]
        assert_array_equal(all_rows(data), ids, strict=True)


def test_tokens_of_equal_length_are_still_tokens():
    data = read([[1, 2], [3, 4], [0, 1]])
    assert data.n_categories == {0: 5}
    assert_array_equal(all_rows(data).ravel(), [1, 3, 0, 2, 4, 1])


def test_an_array_of_integers_holds_numbers():
    for X in (np.array([[1, 2], [3, 4]]), np.array([[[1], [2]]]), [np.array([[1], [2]])]):
        data = read(X)
        assert data.n_categories == {}
        assert all_rows(data).dtype == np.float64


@pytest.mark.parametrize("none", [None, [], [False]])
def test_integers_are_numbers_where_nothing_is_categorical(none):
    data = read(TOKENS, categorical_features=none)
    assert data.n_categories == {}
    assert_array_equal(all_rows(data), packed_by_hand(TOKENS).astype(float), strict=True)


@pytest.mark.parametrize(
    "form", [np.array, lambda X: np.array(X)[:, :, np.newaxis], nested, objects, list]
)
def test_an_estimator_fitted_on_tokens_reads_any_integers_as_tokens(form):
    reader = Reader().fit(TOKENS)
    X = np.array([[4, 1], [0, 2], [3, 3]])
    data = read_by_schema(reader, form(X))
    assert_array_equal(all_rows(data), packed_by_hand(X).astype(np.intp), strict=True)


def test_a_table_of_tokens_is_asked_for_by_name():
    X = np.array([[4, 1], [0, 2]])
    reader = Reader(categorical_features=[0]).fit(X)
    assert reader.n_features_in_ == 2
    assert reader.data_.n_categories == {0: 5}
    assert_array_equal(all_rows(read_by_schema(reader, [[4], [1, 2, 3]])).ravel(), [1, 4, 2, 3])


def mixed(form=list):
    """Sequences of a number, an id up to 6, a number and an id up to 2."""
    rng = np.random.default_rng(0)
    items = ragged(4)
    for item in items:
        item[:, 1] = rng.integers(0, 7, len(item))
        item[:, 3] = rng.integers(0, 3, len(item))
    items[2][0, 1], items[4][2, 3] = 6, 2
    return form(items)


@pytest.mark.parametrize(
    "chosen",
    [
        [1, 3],
        (3, 1),
        np.array([3, 1, 1]),
        range(1, 4, 2),
        [False, True, False, True],
        np.array([0, 1, 0, 1], bool),
    ],
)
@pytest.mark.parametrize("form", [list, objects, SequenceArray.from_list])
def test_chosen_columns_are_categorical(form, chosen):
    data = read(mixed(form), categorical_features=chosen)
    assert data.n_categories == {1: 7, 3: 3}
    assert list(data.n_categories) == [1, 3]
    assert_array_equal(all_rows(data), packed_by_hand(mixed()), strict=True)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_data_frames_are_chosen_by_name(library):
    items = [frame(library, item) for item in mixed()]
    reader = Reader(categorical_features=["d", "b"]).fit(items)
    assert reader.data_.n_categories == {1: 7, 3: 3}
    assert_array_equal(reader.feature_names_in_, list("abcd"))


def test_rows_of_ids_alone_are_integers():
    items = [np.array([[0, 5], [3, 1]], np.int16), np.array([[1, 1]], np.int16)]
    data = read(items, categorical_features=[0, 1])
    assert data.n_categories == {0: 4, 1: 6}
    assert data.dtype == np.float32
    assert_array_equal(all_rows(data), np.array([[0, 5], [1, 1], [3, 1]], np.intp), strict=True)


def test_numbers_of_categories_come_from_every_block(monkeypatch):
    monkeypatch.setattr("skrnn._data.sources._BLOCK_SIZE", 4)
    monkeypatch.setattr("skrnn._data.sources._BLOCK_ITEMS", 2)
    for form in (list, SequenceArray.from_list):
        assert read(mixed(form), categorical_features=[1, 3]).n_categories == {1: 7, 3: 3}


# Feature names


@pytest.mark.parametrize("form", [list, np.array], ids=["list", "table"])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_feature_names(library, form):
    nameless = ragged() if form is list else ragged()[0]
    named = [frame(library, x) for x in nameless] if form is list else frame(library, nameless)
    reader = Reader().fit(named)
    assert_array_equal(reader.feature_names_in_, ["a", "b"])
    reader.predict(named)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        reader.predict(nameless)
    swapped = [x[["b", "a"]] for x in named] if form is list else named[["b", "a"]]
    with pytest.raises(ValueError, match="feature names should match"):
        reader.predict(swapped)
    reader.fit(nameless)
    assert not hasattr(reader, "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but Reader was fitted without"):
        reader.predict(named)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_names_of_a_sequence_array_are_those_of_frames(library):
    items = [frame(library, x) for x in ragged()]
    named = SequenceArray.from_list(items)
    swapped = SequenceArray.from_list([x[["b", "a"]] for x in items])
    reader = Reader().fit(named)
    assert_array_equal(reader.feature_names_in_, ["a", "b"])
    reader.predict(named)
    reader.predict(items)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        reader.predict(ragged())
    for fitted_on in (named, items):
        with pytest.raises(ValueError, match=r"\['b', 'a'\], but Reader saw \['a', 'b'\]"):
            Reader().fit(fitted_on).predict(swapped)
    with pytest.warns(UserWarning, match="X has feature names, but Reader was fitted without"):
        Reader().fit(ragged()).predict(named)


def test_columns_of_a_sequence_array_are_chosen_by_name():
    items = mixed(SequenceArray.from_list)
    X = SequenceArray(items.values, items.offsets, feature_names=list("abcd"))
    reader = Reader(categorical_features=["d", "b"]).fit(X)
    assert reader.data_.n_categories == {1: 7, 3: 3}


def test_data_frames_of_one_list_must_agree():
    first, second = frames(ragged()[:2])
    with pytest.raises(ValueError, match=r"X\[0\] has \['a', 'b'\] and X\[1\] has \['b', 'a'\]"):
        Reader().fit([first, second[["b", "a"]]])


# Errors


def with_value(value, dtype=np.float64):
    items = ragged(dtype=dtype)
    items[3][2, 1] = value
    return items


BAD_AT_FIT = {
    "None": (None, TypeError, "X is of type NoneType; expected an array of shape"),
    "dict": ({"a": [1]}, TypeError, "X is of type dict; expected"),
    "set": ({1, 2}, TypeError, "X is of type set; expected"),
    "generator": (iter(ragged()), TypeError, "X is of type list_iterator; expected"),
    "string": ("abc", TypeError, "X is of type str; expected"),
    "function": (len, TypeError, "X is of type builtin_function_or_method; expected"),
    "type": (list, TypeError, "X is <class .list.>, which holds no data"),
    "masked": (np.ma.masked_equal(np.zeros((2, 3, 1)), 0), TypeError, "SequenceArray.from_padded"),
    "flat": ([1.0, 2.0], ValueError, "Expected 2D array, got 1D array.*\nReshape your data"),
    "flat array": (np.zeros(3), ValueError, "Expected 2D array, got 1D array"),
    "number": (3.0, ValueError, "Expected 2D array, got scalar array"),
    "sparse": (scipy.sparse.csr_array(np.eye(3)), ValueError, r"Sparse .* \(3, 3\).*X.toarray\(\)"),
    "sparse items": ([scipy.sparse.csr_array(np.eye(3))], ValueError, r"X\[0\] is a csr_array of"),
    "sparse dictionary": (scipy.sparse.dok_array(np.eye(3)), ValueError, "X is a dok_array of"),
    "no rows": (np.zeros((0, 3)), ValueError, r"0 sample\(s\) \(shape=\(0, 3\)\)"),
    "no columns": (np.zeros((3, 0)), ValueError, r"0 feature\(s\) \(shape=\(3, 0\)\)"),
    "0 sequences": (np.zeros((0, 3, 2)), ValueError, r"0 sample\(s\) \(shape=\(0, 3, 2\)\).*axes"),
    "0 steps": (np.zeros((4, 0, 2)), ValueError, r"0 time step\(s\) \(shape=\(4, 0, 2\)\)"),
    "0 features": (np.zeros((4, 3, 0)), ValueError, r"0 feature\(s\) \(shape=\(4, 3, 0\)\)"),
    "empty list": ([], ValueError, "X is a list of 0 sequences; a minimum of 1"),
    "empty objects": (objects([]), ValueError, "X is a ndarray of 0 sequences"),
    "empty flat": (SequenceArray([], [0]), ValueError, "SequenceArray of 0 sequences"),
    "empty item": ([np.zeros((2, 1)), np.zeros((0, 1))], ValueError, r"X\[1\] is empty.*target"),
    "empty tokens": ([[1, 2], [3], []], ValueError, r"X\[2\] is empty"),
    "empty in flat": (SequenceArray([1.0], [0, 1, 1]), ValueError, r"X\[1\] is empty"),
    "item, no features": ([np.zeros((2, 0))], ValueError, r"X\[0\] has 0 feature\(s\)"),
    "flat, no features": (SequenceArray(np.zeros((2, 0)), [0, 2]), ValueError, "values has 0 feat"),
    "4-D": (np.zeros((2, 3, 4, 5)), ValueError, r"4 dimensions.*X.reshape\(2, 3, -1\)"),
    "3-D items": ([np.zeros((2, 3, 4))], ValueError, r"X\[0\] has 3 dimensions, shape \(2, 3, 4\)"),
    "uneven features": (
        [np.zeros((2, 3)), np.zeros((4, 3)), np.zeros((2, 5))],
        ValueError,
        r"X\[0\] has shape \(2, 3\) and X\[2\] has shape \(2, 5\), read as [^.]*\.$",
    ),
    "swapped axes": ([np.zeros((3, 7)), np.zeros((3, 5))], ValueError, "transpose each sequence"),
    "uneven dimensions": (
        [np.zeros(3), np.zeros((3, 1))],
        ValueError,
        r"X\[0\] has shape \(3,\) and X\[1\] has shape \(3, 1\)",
    ),
    "number among items": ([[1.0, 2.0], 3.0], ValueError, r"X\[1\] has shape \(\)"),
    "uneven item": ([[[1, 2], [3]], [[1, 2]]], ValueError, r"X\[0\] is not an array.*features"),
    "uneven object item": ([objects([[1.0], [2.0, 3.0]])], ValueError, r"X\[0\] is not an array"),
    "None item": ([np.zeros((2, 1)), None], TypeError, r"X\[1\] is of type NoneType; expected"),
    "dict item": ([{"a": 1}], TypeError, r"X\[0\] is of type dict; expected"),
    "object item": ([[1.0, object()]], TypeError, r"X\[0\] holds objects that are not numbers"),
    "texts": (["a text", "another"], ValueError, r"X\[0\] holds strings.*TokenEncoder"),
    "text array": (np.array(["a text"]), ValueError, r"X\[0\] holds strings.*TokenEncoder"),
    "text objects": (objects(["a text"]), ValueError, r"X\[0\] holds strings.*TokenEncoder"),
    "token strings": ([["a", "b"], ["c"]], ValueError, r"X\[0\] holds strings.*TokenEncoder"),
    "token objects": ([objects(["a", "b"])], ValueError, r"X\[0\] holds strings.*TokenEncoder"),
    "token array": (np.array([["a", "b"]]), ValueError, "X holds strings.*TokenEncoder"),
    "3-D strings": (np.array([[["a"]]]), ValueError, "X holds strings.*TokenEncoder"),
    "flat strings": (SequenceArray(["a"], [0, 1]), ValueError, "X.values holds strings.*TokenEnc"),
    "2-D objects": (np.array([["a", 1]], object), ValueError, "X holds strings.*TokenEncoder"),
    "complex": (np.zeros((2, 3), complex), ValueError, "Complex data not supported"),
    "3-D complex": (np.zeros((2, 3, 1), complex), ValueError, "Complex data not .*two feat"),
    "complex item": ([np.zeros((2, 1), "c8")], ValueError, r"Complex.*X\[0\] has dtype complex64"),
    "dates": (np.zeros((2, 3, 1), "M8[D]"), ValueError, r"X holds times \(datetime64\[D\]\), not"),
    "NaN": (with_value(np.nan), ValueError, r"Input X contains NaN, first in X\[3\] at step 2, "
            "feature 1. Reader reads NaN as a missing value, never as padding.*from_padded"),
    "NaN, 3-D": (np.full((2, 3, 1), np.nan), ValueError, r"NaN, first in X\[0\] at step 0"),
    "NaN, 2-D": (np.array([[0, 1], [2, np.nan]]), ValueError, r"NaN, first in X\[1\] at step 1"),
    "NaN, float32": (with_value(np.nan, np.float32), ValueError, "contains NaN"),
    "NaN, flat": (SequenceArray.from_list(with_value(np.nan)), ValueError, r"NaN.* X\[3\] at"),
    "NaN after integers": ([[[1, 2]], [[0.5, np.nan]]], ValueError, r"NaN, first in X\[1\]"),
    "NaN object": ([[1.0, None]], ValueError, r"NaN, first in X\[0\] at step 1"),
    "inf": (with_value(np.inf), ValueError, r"infinity or a value too large for dtype.'float64'., "
            r"first in X\[3\] at step 2, feature 1. Remove or clip"),
    "-inf": (with_value(-np.inf, np.float32), ValueError, r"infinity .* dtype\('float32'\)"),
    "negative id": ([[0, 1], [2, -1]], ValueError, r"X\[1\] holds -1 at step 1 of .*column 0, but "
                    "categories are non-negative integers: encode them"),
    "huge id": ([[0, 2**24]], ValueError, "holds 16777216 .* fit takes ids below 16777216: number"),
}  # fmt: skip


def from_long(frames):
    rows = {name: np.concatenate([frame[name] for frame in frames]) for name in ("a", "b")}
    ids = np.repeat(np.arange(len(frames)), list(map(len, frames)))
    return SequenceArray.from_long(type(frames[0])({**rows, "id": ids}), sequence="id")


def windows(frames):
    return with_names(np.stack(frames), ["a", "b"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("form", [list, SequenceArray.from_list, from_long, windows])
def test_messages_name_the_column_of_a_value(form, library):
    def read(value, **options):
        kind = pytest.importorskip(library).DataFrame
        X = form([kind({"a": [0.0, 1.0], "b": [2.0, value]}) for value in (3.0, value)])
        return read_sequences(X, owner="Reader", **options)

    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"first in X\[1\] at step 1, feature 'b'. "):
            read(value)
    with pytest.raises(
        ValueError, match=r"X\[1\] holds 0.5 at step 1 of the categorical col.* 'b'"
    ):
        read(0.5, categorical_features=["b"])
    with pytest.warns(UserWarning, match="The values of feature 'b' of X are about"):
        read(1e6)
    with pytest.warns(UserWarning, match="The categorical column 'b' of X has ids up to 1000000"):
        read(1e6, categorical_features=["b"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_messages_name_the_step_of_a_table(library):
    table = pytest.importorskip(library).DataFrame({"monday": [0.0, 1.0], "tuesday": [2.0, np.nan]})
    with pytest.raises(ValueError, match=r"first in X\[1\] at step 1, column 'tuesday'"):
        Reader().fit(table)


@pytest.mark.parametrize(("X", "error", "message"), BAD_AT_FIT.values(), ids=BAD_AT_FIT)
def test_bad_input_of_fit(X, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        Reader().fit(X)


BAD_AT_PREDICT = {
    "columns": (np.zeros((3, 2)), np.zeros((1, 3)), "X has 3 features, but Reader is expecting 2 "
                "features as input. .* any length are read from X"),
    "columns after lists": ([[0.5, 1]], np.zeros((1, 3)), "X has 3 features, .* expecting 2 feat"),
    "table, then features": (np.zeros((3, 2)), np.zeros((1, 4, 2)), "X has 2 features, but Reader "
                             "is expecting 1 features as input. .* fitted on a 2-D X"),
    "features": (np.zeros((3, 4, 2)), np.zeros((5, 4, 3)), "X has 3 features, but Reader is "
                 "expecting 2 features as input. X was read as 5 sequences of 4 steps of 3 feat"),
    "features of a list": (ragged(2), ragged(3), "X has 3 features, .* expecting 2 .* 6 sequences "
                           "of 1 to 5 steps of 3 features"),
    "swapped": (np.zeros((3, 9, 5)), np.zeros((2, 5, 300)), "2 sequences of 5 steps of 300 features"
                ".* If its last two axes are swapped, transpose"),
    "one sequence": (np.zeros((3, 9, 5)), np.zeros((300, 5)), "X has 1 features, but Reader is "
                     r"expecting 5 .* One sequence of 300 steps is passed as X\[np.newaxis\]"),
    "tokens, features": (TOKENS, np.zeros((1, 2, 3)), "X has 3 features, .* expecting 1 features"),
    "unseen id": (TOKENS, [[0], [1, 5]], r"X\[1\] holds 5 at step 1 of the categorical column 0, "
                  "but fit saw ids below 5 only: map unseen .* TokenEncoder"),
    "unseen in array": (TOKENS, np.array([[0, 5]]), r"X\[0\] holds 5 at step 1"),
    "negative id": (TOKENS, [[-2]], r"X\[0\] holds -2 at step 0.*non-negative"),
    "fraction": (TOKENS, [[0.5, 1.0]], r"X\[0\] holds 0.5 at step 0.*non-negative integers"),
    "strings": (TOKENS, [["a"]], "TokenEncoder"),
    "NaN": (ragged(), with_value(np.nan), r"NaN, first in X\[3\]"),
    "NaN in one": (np.zeros((3, 2, 1)), np.full((1, 2, 1), np.nan), r"NaN, first in X\[0\]"),
    "NaN in a row": (np.zeros((3, 2)), np.array([[0, np.nan]]), r"NaN, first in X\[0\] at step 1"),
    "too large": (ragged(dtype=np.float32), with_value(1e39), "too large for dtype.'float32'"),
    "empty": (ragged(), [np.zeros((0, 2))], r"X\[0\] is empty"),
    "no sequence": (ragged(), [], "0 sequences"),
    "no row": (np.zeros((3, 2)), np.zeros((0, 2)), r"0 sample\(s\)"),
    "no row, sequences": (ragged(1), np.zeros((0, 2)), r"0 sample\(s\)"),
    "flat": (np.zeros((3, 2)), np.zeros(2), "Reshape your data"),
    "flat, sequences": (ragged(1), np.zeros(2), "Reshape your data"),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "X", "message"), BAD_AT_PREDICT.values(), ids=BAD_AT_PREDICT)
def test_bad_input_of_predict(seen, X, message):
    reader = Reader().fit(seen)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        reader.predict(X)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("all", "got 'all'"),
        ([4], r"indices from 0 to 3.*got \[4\]"),
        ([-1], r"indices from 0 to 3.*got \[-1\]"),
        ([True], r"boolean mask of length 4.*got \[True\]"),
        ([0.5], r"got \[0.5\]"),
        (1, "got 1"),
        ([[1]], r"got \[\[1\]\]"),
        (["b"], r"out of none \(steps of this X have no feature names\); got \['b'\]"),
    ],
    ids=str,
)
def test_bad_categorical_features(chosen, message):
    with pytest.raises(ValueError, match=f"categorical_features must be 'auto'.*{message}"):
        Reader(categorical_features=chosen).fit(mixed())


def test_unknown_names_of_categorical_features():
    with pytest.raises(ValueError, match=r"names out of \['a', 'b'\]; got \['b', 'c'\]"):
        Reader(categorical_features=["b", "c"]).fit(frames(ragged()))
    with pytest.raises(ValueError, match=r"names out of none .*; got \['a'\]"):
        Reader(categorical_features=["a"]).fit(frame("pandas", np.zeros((3, 2))))


@pytest.mark.parametrize("column", [0, 2])
def test_categorical_columns_of_fractions(column):
    items = mixed()
    items[0][1, 0], items[0][:, 2] = 0.25, 0.0
    items[0][0, 0] = items[0][2, 0] = 0.0
    items[0][1, 2] = 0.25
    with pytest.raises(
        ValueError, match=rf"X\[0\] holds 0.25 at step 1 of .* column {column}, but"
    ):
        Reader(categorical_features=[column]).fit(items)


def test_values_of_long_arrays_in_a_list_are_checked_without_a_copy():
    X = [np.zeros((200_000, 2)) for _ in range(4)]
    tracemalloc.start()
    read_sequences(X, owner="Reader")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X[0].nbytes / 2
    X[3][199_999, 1] = np.nan
    with pytest.raises(ValueError, match=r"first in X\[3\] at step 199999, feature 1"):
        read_sequences(X, owner="Reader")


def test_unseen_category_names_its_column():
    reader = Reader(categorical_features=[1, 3]).fit(mixed())
    X = mixed()
    X[4][3, 3] = 3
    with pytest.raises(
        ValueError, match=r"X\[4\] holds 3.0 at step 3 of .* column 3.* below 3 only"
    ):
        reader.predict(X)


# Life in scikit-learn


@pytest.fixture(params=[np.stack, list, tuple, objects, series, SequenceArray.from_list])
def problem(request):
    X = ragged(lengths=[4] * 24)
    return request.param(X), np.array([item.mean() for item in X])


def test_tools_of_model_selection(problem):
    X, y = problem
    assert_array_equal(cross_val_score(Reader(), X, y, cv=3), np.ones(3))
    assert_allclose(cross_val_predict(Reader(), X, y, cv=3), y)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    assert_allclose(Reader().fit(X_train).predict(X_test), y_test)
    search = GridSearchCV(Reader(), {"scale": [0.5, 1.0]}, cv=2).fit(X, y)
    assert search.best_params_ == {"scale": 1.0}
