"""Labels and values of y: learnt, encoded, weighed, decoded and scored, without a network."""

import numpy as np
import pytest
from estimators import sequences
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import RNNRegressor, SequenceRegressor
from skrnn._core.losses import regression_loss
from skrnn._core.packing import Packing
from skrnn._data.recognise import read_sequences
from skrnn._targets.labels import Labels
from skrnn._targets.steps import CRFLabels, StepLabels
from skrnn._targets.training_set import Chunk
from skrnn._targets.values import Values

X = [np.zeros((n, 1)) for n in (3, 1, 2)]
DATA, _ = read_sequences(X, owner="Reader")


def values(loss="squared_error"):
    return Values("Reader", loss, regression_loss(loss))


def test_labels_become_integers_and_come_back():
    target = Labels("Reader")
    train = target.read(["b", "a", "b"], None, DATA)
    assert_array_equal(train.target, [1, 0, 1])
    assert_array_equal(target.classes, ["a", "b"])
    outputs = np.array([[0.0, 1.0], [2.0, 1.0]])
    assert_array_equal(target.predict({}, outputs, None), ["b", "a"])


def test_weights_of_classes_are_those_of_scikit_learn():
    train = Labels("Reader", class_weight={"a": 3.0}).read(["b", "a", "b"], [1, 2, 5], DATA)
    assert_array_equal(train.weight, [1, 6, 5])
    train = Labels("Reader", class_weight="balanced").read(["b", "a", "b"], [1, 2, 5], DATA)
    assert_allclose(train.weight[[0, 2]].sum(), train.weight[1])


def test_labels_that_were_not_learnt_are_never_predicted_right():
    target = Labels("Reader")
    target.read(["b", "a", "b"], None, DATA)
    held_out = target.read(["b", "c", "a"], None, DATA, held_out=True)
    assert target.score(held_out, np.array([1, 1, 0])) == 2 / 3


def test_a_later_target_goes_on_with_what_was_learnt():
    first, later = Labels("Reader"), Labels("Reader")
    first.read(["b", "a", "b"], None, DATA)
    later.resume(first)
    assert_array_equal(later.read(["b", "b", "b"], None, DATA).target, [1, 1, 1])
    with pytest.raises(ValueError, match=r"labels \['z'\], which are not among"):
        later.read(["z", "a", "b"], None, DATA)


def test_values_are_standardised_by_weight_and_come_back():
    target = values()
    train = target.read([1.0, 5.0, 9.0], [1, 0, 1], DATA)
    assert_allclose(train.target.ravel(), [-1, 0, 1])
    assert_allclose(target.predict({}, train.target, None), [1, 5, 9])
    assert target.attributes()["y_mean_"] == 5 and target.attributes()["y_scale_"] == 4


def test_counts_are_divided_by_their_mean_only():
    target = values("poisson")
    train = target.read([2.0, 0.0, 4.0], None, DATA)
    assert_allclose(train.target.ravel(), [1, 0, 2])
    assert_allclose(target.predict({}, np.log([[1.0], [2.0]]), None), [2, 4])


def test_another_link_does_not_go_on():
    first, later = values(), values("poisson")
    first.read([1.0, 2.0, 3.0], None, DATA)
    with pytest.raises(ValueError, match="its link is 'log', that of 'squared_error' 'identity'"):
        later.resume(first)


LABELS = [["a", "?", "b"], ["b"], ["?", "a"]]


def test_unknown_steps_carry_a_mask_and_no_weight():
    train = StepLabels("Reader", ignore_label="?").read(LABELS, [1, 2, 4], DATA)
    assert_array_equal(train.known, [True, False, True, True, False, True])
    assert_array_equal(train.target, [0, 0, 1, 1, 0, 0])
    assert_array_equal(train.weight, [1, 0, 1, 2, 0, 4])
    assert_array_equal(train.sequence_weight, [2, 2, 4])


def test_a_crf_keeps_the_weight_of_sequences_whose_first_step_is_unknown():
    train = CRFLabels("Reader", ignore_label="?").read(LABELS, [1, 2, 4], DATA)
    assert_array_equal(train.weight, [1, 1, 1, 2, 4, 4])
    assert_array_equal(train.sequence_weight, [2, 2, 4])
    labels, known = train.batch(Chunk(np.array([0, 2, 1]))).target
    # Packed rows: the first steps, the second ones, the third.
    assert_array_equal(labels, [0, 0, 1, 0, 0, 1])
    assert_array_equal(known, [True, False, True, False, True, True])


def test_scores_count_known_steps_only():
    target = StepLabels("Reader", ignore_label="?")
    target.read(LABELS, None, DATA)
    held_out = target.read(LABELS, None, DATA, held_out=True)
    assert target.score(held_out, np.array([0, 1, 1, 0, 1, 0])) == 3 / 4


def test_marginals_sum_to_one():
    packing, outputs = Packing([3, 2, 1]), np.random.default_rng(0).standard_normal((6, 2))
    shapes = {"crf.transitions": (2, 2), "crf.start": (2,), "crf.end": (2,)}
    params = {name: np.zeros(shape) for name, shape in shapes.items()}
    for target in (StepLabels("Reader"), CRFLabels("Reader")):
        target.read([["a", "b", "b"], ["b"], ["a", "a"]], None, DATA)
        assert_allclose(target.marginals(params, outputs, packing).sum(axis=1), 1)
        assert_allclose(
            np.exp(target.log_marginals(params, outputs, packing)),
            target.marginals(params, outputs, packing),
        )


def test_labels_that_a_scheme_forbids_are_named():
    target = CRFLabels("Reader", transition_constraints="bio")
    with pytest.raises(ValueError, match=r"y\[0\] has the label 'I-x' at step 1"):
        target.read([["O", "I-x", "I-x"], ["O"], ["B-x", "I-x"]], None, DATA)


def test_random_sequences_keep_their_rows():
    data, _ = read_sequences(sequences(), owner="Reader")
    labels = [np.where(x[:, 0] > 0, "up", "down") for x in sequences()]
    train = StepLabels("Reader").read(labels, None, data)
    subset = train.subset(np.array([5, 3]))
    expected = np.concatenate([labels[5], labels[3]]) == "up"
    assert_array_equal(subset.target, expected)


def test_a_value_too_far_from_those_with_large_weights_is_named():
    X = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(np.float32)
    model, weight = RNNRegressor(max_iter=1, hidden_size=2), [1.0, 1e300, 1e300, 1e300]
    with pytest.raises(ValueError, match="y, which is centred and scaled .* too far from those"):
        model.fit(X, [1e300, 1.0, 2.0, 3.0], sample_weight=weight)
    steps = SequenceRegressor(max_iter=1, hidden_size=2)
    with pytest.raises(ValueError, match="y, which is centred and scaled .* too far from those"):
        steps.fit(X, np.outer([1e300, 1.0, 2.0, 3.0], np.ones(3)), sample_weight=weight)
