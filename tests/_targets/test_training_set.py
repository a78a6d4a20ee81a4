"""What is to be learnt: rows of target and weight that belong to sequences, and equal sequences."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn._data.recognise import read_sequences
from skrnn._targets.training_set import Chunk, StepTrainingSet, TrainingSet

A, B, C = np.arange(2.0), np.arange(3.0), np.arange(2.0) + 5
X = [A, B, A, C, A]
WEIGHT = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


@pytest.fixture
def data():
    return read_sequences(X, owner="Reader")[0]


def by_sequence(data, labels, weight=WEIGHT):
    return TrainingSet(data, np.array(labels), np.array(weight))


def by_step(data, labels, weight=WEIGHT):
    lengths = [len(sequence) for sequence in X]
    known = np.ones(sum(lengths), bool)
    return StepTrainingSet(data, np.repeat(labels, lengths), np.repeat(weight, lengths), known)


EACH_KIND = pytest.mark.parametrize("kind", [by_sequence, by_step])


def contents(training_set):
    """Each sequence with its targets and weights, sorted."""
    offsets = training_set.offsets
    rows = [slice(*offsets[i : i + 2]) for i in range(len(training_set))]
    parts = [
        (training_set.data[i], training_set.target[r], training_set.weight[r])
        for i, r in enumerate(rows)
    ]
    return sorted(tuple(tuple(part.ravel().tolist()) for part in each) for each in parts)


@EACH_KIND
def test_equal_sequences_with_equal_targets_become_one(data, kind):
    distinct = kind(data, [0, 0, 0, 0, 1]).distinct()
    weights = {(len(x), x[0], y[0]): w[0] for x, y, w in contents(distinct)}
    assert weights == {(2, 0.0, 0): 5.0, (2, 0.0, 1): 16.0, (3, 0.0, 0): 2.0, (2, 5.0, 0): 8.0}


@EACH_KIND
def test_the_order_given_does_not_show(data, kind):
    given = kind(data, [0, 1, 0, 1, 1])
    one, other = given.distinct(), given.subset(np.array([3, 4, 2, 0, 1])).distinct()
    for i in range(len(one)):
        assert_array_equal(one.data[i], other.data[i])
    assert_array_equal(one.target, other.target)
    assert_array_equal(one.weight, other.weight)


@EACH_KIND
def test_weights_are_added_in_an_order_of_their_own(data, kind):
    sums = set()
    for weights in permutations([0.1, 0.2, 0.3]):
        weight = WEIGHT.copy()
        weight[[0, 2, 4]] = weights
        sums.add(contents(kind(data, [0, 0, 0, 0, 0], weight).distinct())[0])
    assert len(sums) == 1


def test_steps_without_a_label_have_no_share_in_the_mean(data):
    training_set = by_step(data, [0, 1, 0, 0, 1])
    training_set.known[[0, 3]] = False
    assert_array_equal(training_set.sequence_weight, [1, 4, 8, 16, 32])


@pytest.mark.parametrize("hidden", ["weight", "known"])
def test_the_label_of_a_step_that_is_not_learnt_does_not_show(data, hidden):
    learnt = np.ones(sum(map(len, X)), bool)
    learnt[1::2] = False
    weight = np.where(learnt, 1.0, 0.0) if hidden == "weight" else np.ones(len(learnt))
    known = learnt if hidden == "known" else np.ones(len(learnt), bool)

    def distinct(unlearnt):
        labels = np.where(learnt, np.arange(len(learnt)) % 3, unlearnt)
        return StepTrainingSet(data, labels, weight, known).distinct()

    one = distinct(0)
    for unlearnt in (1, 2):
        other = distinct(unlearnt)
        assert_array_equal(np.concatenate(list(other.data)), np.concatenate(list(one.data)))
        assert_array_equal(other.target, one.target)
        assert_array_equal(other.weight, one.weight)


@EACH_KIND
def test_only_chosen_sequences_are_kept(data, kind):
    kept = kind(data, [0, 0, 0, 0, 0]).subset(np.array([3, 1]))
    assert contents(kept) == contents(kept.distinct())
    assert [len(kept.data[i]) for i in range(2)] == [2, 3]
    assert_array_equal(kept.sequence_weight, [8, 2] if kind is by_sequence else [16, 6])


def test_a_batch_has_the_rows_of_its_sequences(data):
    order = np.array([1, 0, 3])
    by_row = by_step(data, [0, 1, 2, 3, 4]).batch(Chunk(order))
    assert_array_equal(by_row.x.ravel(), [0, 0, 5, 1, 1, 6, 2])
    assert_array_equal(by_row.target, [1, 0, 3, 1, 0, 3, 1])
    whole = by_sequence(data, [0, 1, 2, 3, 4]).batch(Chunk(order))
    assert_array_equal(whole.target, [1, 0, 3])
    assert_array_equal(whole.weight, [2, 1, 8])
