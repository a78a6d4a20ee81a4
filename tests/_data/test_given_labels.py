"""Labels keep their type and value, whatever holds them; missing ones are known as such."""

import numpy as np
import pytest
from estimators import equal_sequences, object_array
from numpy.testing import assert_array_equal
from sklearn.exceptions import DataConversionWarning

from skrnn import RNNClassifier, SequenceTagger
from skrnn._data.labels import are_known, as_labels, check_labels, take_known
from skrnn._data.steps import concatenate_steps
from skrnn.metrics import token_accuracy_score

BIG = [2**60 + 1, 2**60 + 2]  # one float
TINY = {"hidden_size": 2, "max_iter": 1, "learning_rate": "cosine", "random_state": 0}
X = np.stack(equal_sequences(8, n_steps=4))


def nullable(dtype):
    return lambda values: pytest.importorskip("pandas").Series(values, dtype=dtype)


def polars(values):
    return pytest.importorskip("polars").Series(values)


def arrays_of_one(values):
    return [np.array(value) for value in values]


def any_length(values):
    kind = getattr(np.dtypes, "StringDType", None) or pytest.skip("NumPy 2 has them")
    return np.array(values, kind())


@pytest.mark.parametrize(
    "form, values, kind",
    [
        (nullable("Int64"), BIG, "iu"),
        (nullable("UInt64"), BIG, "iu"),
        (nullable("boolean"), [True, False], "b"),
        (nullable("Float64"), [1.0, 2.0], "f"),
        (nullable("category"), BIG, "iu"),
        (polars, BIG, "iu"),
        (object_array, BIG, "iu"),
        (object_array, [True, False], "b"),
        (tuple, [True, False], "b"),
        (list, ["a", "b"], "U"),
        (list, ["a", "a\0"], "O"),  # NumPy's strings would end before the null character
        (any_length, ["a", "bc"], "O"),
        (list, [1, 2.0], "f"),
        (arrays_of_one, ["a", "bc"], "U"),
        (arrays_of_one, BIG, "iu"),
        (arrays_of_one, [True, False], "b"),
    ],
)
def test_labels_have_a_type_of_their_own(form, values, kind):
    labels = check_labels(as_labels(form(values), "y"), "y", "")
    assert labels.tolist() == values
    assert labels.dtype.kind in kind


@pytest.mark.parametrize(
    "values",
    [
        [BIG[0], None],
        [BIG[0], 0.5],
        ["a", 1],
        ["a", None],
        [True, "a"],
        [True, 2],
        [1.0, False],
        [{1}, {2}],
    ],
)
@pytest.mark.parametrize("form", [list, object_array])
def test_labels_without_a_common_type_stay_what_they_are(form, values):
    labels = as_labels(form(values), "y")
    assert labels.dtype == object and labels.tolist() == values


@pytest.mark.parametrize("form, missing", [(nullable("Int64"), np.nan), (polars, None)])
def test_large_integers_beside_missing_values_stay_apart(form, missing):
    labels = as_labels(form([*BIG, None]), "y")
    assert labels.tolist()[:2] == BIG
    assert_array_equal(are_known(labels, missing), [True, True, False])
    flat, _ = concatenate_steps([form([*BIG, None])] * 2, "y")
    known = take_known(flat, are_known(flat, missing))
    assert known.tolist() == BIG * 2 and known.dtype.kind == "i"


@pytest.mark.parametrize("library, missing", [("pandas", np.nan), ("polars", None)])
def test_frames_of_labels_with_missing_ones(library, missing):
    frames = pytest.importorskip(library)
    columns = {"first": ["a", missing], "second": ["b", "a"]}
    flat, lengths = concatenate_steps(frames.DataFrame(columns), "y")
    assert_array_equal(lengths, [2, 2])
    assert_array_equal(are_known(flat, missing), [True, True, False, True])


def test_arrays_of_different_types_merge_no_labels():
    arrays = [np.array([BIG[0]], np.uint64), np.array([BIG[1]], np.int64), np.array([], float)]
    flat, _ = concatenate_steps(arrays, "y")
    assert flat.tolist() == BIG and flat.dtype.kind in "iu"


@pytest.mark.parametrize(
    "form, values",
    [
        (nullable("Int64"), BIG),
        (nullable("boolean"), [False, True]),
        (nullable("string"), ["a", "b"]),
        (nullable("category"), ["a", "b"]),
        (polars, BIG),
        (polars, ["a", "b"]),
    ],
)
def test_classes_are_what_was_given(form, values):
    model = RNNClassifier(**TINY).fit(X, form(values * 4))
    assert model.classes_.tolist() == values
    assert model.score(X, form(values * 4)) == np.mean(model.predict(X) == values * 4)
    if not all(isinstance(value, str) for value in values):
        assert model.classes_.dtype.kind in "ib"


def test_several_labels_of_nullable_types():
    pd = pytest.importorskip("pandas")
    y = pd.DataFrame({"left": [0, 1] * 4, "right": [1, 1] * 4})
    plain = RNNClassifier(**TINY).fit(X, y.to_numpy()).predict_proba(X)
    for dtype in ("Int64", "boolean", "UInt8"):
        model = RNNClassifier(**TINY).fit(X, y.astype(dtype))
        assert_array_equal(model.predict_proba(X), plain)


MIXED = [[True, 2], [np.True_, 2], [False, 1.0], ["a", 1], [True, "a"]]


@pytest.mark.parametrize("form", [list, tuple, object_array, nullable(object)])
@pytest.mark.parametrize("values", MIXED)
def test_labels_of_different_types_are_refused(form, values):
    model = RNNClassifier(**TINY)
    with pytest.raises(TypeError, match="y holds labels of different types, such as"):
        model.fit(X, form(values * 4))
    with pytest.raises(TypeError, match="classes holds labels of different types"):
        model.partial_fit(X, values[:1] * 8, classes=form(values))
    fitted = model.fit(X, [0, 1] * 4)
    with pytest.raises(TypeError, match="y holds labels of different types"):
        fitted.score(X, form(values * 4))


@pytest.mark.parametrize("values", MIXED)
def test_labels_of_different_types_in_columns_and_steps_are_refused(values):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    column = [[value] for value in values * 4]
    with (
        pytest.raises(TypeError, match="y holds labels of different types"),
        pytest.warns(DataConversionWarning, match="column-vector"),
    ):
        RNNClassifier(**TINY).fit(X, column)
    # Each column of a frame is one type, of which NumPy finds a common one.
    steps = dict(zip("abcd", ([value] * 8 for value in values * 2), strict=True))
    each = [[value] * 4 for value in values * 4]
    arrays = [np.array(item) for item in each]
    for y in ([values * 2] * 8, each, arrays, pd.DataFrame(steps), pl.DataFrame(steps)):
        with pytest.raises(TypeError, match="y holds labels of different types"):
            SequenceTagger(**TINY).fit(X, y)


def test_a_label_to_ignore_is_of_its_own_type():
    for y in ([[True, False, 0, False]] * 8, [[True, False, 0.0, True]] * 8):
        assert SequenceTagger(ignore_label=0, **TINY).fit(X, y).classes_.tolist() == [False, True]
    assert_array_equal(are_known(np.array([True, False]), 0), [True, True])
    assert_array_equal(are_known(np.array([True, False]), np.False_), [True, False])
    assert_array_equal(are_known(np.array([1, 0]), False), [True, True])
    assert_array_equal(are_known(np.array([1, 0]), 0.0), [True, False])
    assert token_accuracy_score([[True, False]], [[True, True]], ignore_label=0) == 0.5


def test_labels_of_few_bits_are_read_without_a_warning():
    y = np.array([1, 2] * 4, np.float16)
    model = RNNClassifier(**TINY).fit(X, y)
    assert model.classes_.tolist() == [1, 2]
    assert model.score(X, y) == np.mean(model.predict(X) == y)


def test_the_integer_that_is_no_label_is_named():
    for y, found in [([1, 2**64 - 1], 2**64 - 1), (["a", 2**70], 2**70), ([2**70, 1], 2**70)]:
        with pytest.raises(TypeError, match=f"y holds {found} of type int, which is no label"):
            RNNClassifier(**TINY).fit(X, [*y, *y, *y, *y])


def test_several_labels_may_be_booleans_beside_numbers():
    pd = pytest.importorskip("pandas")
    y = pd.DataFrame({"left": [0, 1] * 4, "right": [True, True, False, True] * 2})
    plain = RNNClassifier(**TINY).fit(X, y.to_numpy().astype(int))
    assert_array_equal(RNNClassifier(**TINY).fit(X, y).predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("form, labels", [(any_length, ["a", "b"]), (list, ["a", "a\0"])])
def test_strings_that_fit_into_no_other_type_are_learnt(form, labels):
    y = labels * 4
    model = RNNClassifier(**TINY).fit(X, form(y))
    assert model.classes_.tolist() == labels
    assert model.score(X, form(y)) == np.mean(model.predict(X) == np.array(y, object))
    steps = [form(labels * 2)] * 8
    assert SequenceTagger(**TINY).fit(X, steps).classes_.tolist() == labels
