"""One value for each step, out of whatever holds the sequences."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn import SequenceTagger
from skrnn._data.labels import are_known
from skrnn._data.steps import concatenate_steps, is_flat
from skrnn.metrics import token_accuracy_score

MIXED = [["B", -100, "O"], ["O", "O", -100]]


@pytest.mark.parametrize(
    "values, expected",
    [
        (["a", "b"], True),
        (np.ones(3), True),
        (2.5, True),
        ([["a"], ["b"]], False),
        (np.ones((3, 2)), False),
        ([], False),
    ],
)
def test_what_is_flat(values, expected):
    assert is_flat(values, "y") is expected


@pytest.mark.parametrize("form", [list, lambda y: [np.array(y[0], object), y[1]]])
def test_strings_beside_numbers_stay_what_they_are(form):
    values, lengths = concatenate_steps(form(MIXED), "y")
    assert values.tolist() == ["B", -100, "O", "O", "O", -100]
    assert_array_equal(lengths, [3, 3])
    assert_array_equal(are_known(values, -100), [1, 0, 1, 1, 1, 0])
    assert are_known(values, None).all()


def test_a_number_may_mark_the_steps_without_a_label_among_strings():
    X = np.random.default_rng(0).standard_normal((2, 3, 2))
    model = SequenceTagger(ignore_label=-100, max_iter=1, learning_rate="cosine").fit(X, MIXED)
    assert model.classes_.tolist() == ["B", "O"]
    predicted = [["B", "B", "O"], ["O", "B", "O"]]
    assert token_accuracy_score(MIXED, predicted, ignore_label=-100) == 0.75
    expected = token_accuracy_score(MIXED, model.predict(X), ignore_label=-100)
    assert model.score(X, MIXED) == expected
    with pytest.raises(TypeError, match="such as 'B' and -100: .* set ignore_label"):
        SequenceTagger().fit(X, MIXED)


@pytest.mark.parametrize(
    "labels",
    [
        [["a", "b"], ["c"], np.ma.masked_array(["d"], [True])],
        [[1, 2], [np.ma.masked]],
        np.ma.masked_equal([[1, 2], [3, 1]], 3),
    ],
    ids=["item", "label", "2-D"],
)
def test_masked_labels_are_found_wherever_they_are(labels):
    with pytest.raises(TypeError, match="is a masked array"):
        concatenate_steps(labels, "y")


def test_empty_sequences_do_not_choose_the_type_of_labels():
    labels, lengths = concatenate_steps([np.array([]), np.array([1, 2]), np.array([])], "y")
    assert_array_equal(labels, np.array([1, 2]), strict=True)
    assert_array_equal(lengths, [0, 2, 0])
    labels, _ = concatenate_steps([np.array([]), np.array(["a", "bc"])], "y")
    assert_array_equal(labels, np.array(["a", "bc"]), strict=True)
