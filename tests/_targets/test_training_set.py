"""What is to be learnt: rows of target and weight that belong to sequences, and equal sequences."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn._data.recognise import read_sequences
from skrnn._targets.training_set import Problem, StepProblem

A, B, C = np.arange(2.0), np.arange(3.0), np.arange(2.0) + 5
X = [A, B, A, C, A]
WEIGHT = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


@pytest.fixture
def data():
    return read_sequences(X, owner="Reader")[0]


def by_sequence(data, labels):
    return Problem(data, np.array(labels), WEIGHT.copy())


def by_step(data, labels):
    lengths = [len(sequence) for sequence in X]
    return StepProblem(data, np.repeat(labels, lengths), np.repeat(WEIGHT, lengths))


EACH_KIND = pytest.mark.parametrize("kind", [by_sequence, by_step])


def contents(problem):
    """Each sequence with its targets and weights, sorted."""
    rows = [problem.rows(np.array([i])) for i in range(len(problem.data))]
    parts = [(problem.data[i], problem.target[r], problem.weight[r]) for i, r in enumerate(rows)]
    return sorted(tuple(tuple(part.ravel().tolist()) for part in each) for each in parts)


@EACH_KIND
def test_equal_sequences_with_equal_targets_become_one(data, kind):
    problem = kind(data, [0, 0, 0, 0, 1]).distinct(np.arange(5))
    weights = {(len(x), x[0], y[0]): w[0] for x, y, w in contents(problem)}
    assert weights == {(2, 0.0, 0): 5.0, (2, 0.0, 1): 16.0, (3, 0.0, 0): 2.0, (2, 5.0, 0): 8.0}


@EACH_KIND
def test_the_order_given_does_not_show(data, kind):
    problem = kind(data, [0, 1, 0, 1, 1])
    one, other = problem.distinct(np.arange(5)), problem.distinct(np.array([3, 4, 2, 0, 1]))
    for i in range(len(one.data)):
        assert_array_equal(one.data[i], other.data[i])
    assert_array_equal(one.target, other.target)
    assert_array_equal(one.weight, other.weight)


@EACH_KIND
def test_weights_are_added_in_an_order_of_their_own(data, kind):
    sums = set()
    for weights in permutations([0.1, 0.2, 0.3]):
        problem = kind(data, [0, 0, 0, 0, 0])
        for i, weight in zip([0, 2, 4], weights, strict=True):
            problem.weight[problem.rows(np.array([i]))] = weight
        sums.add(contents(problem.distinct(np.arange(5)))[0])
    assert len(sums) == 1


def test_steps_without_a_label_have_no_share_in_the_mean(data):
    problem = by_step(data, [0, 1, 0, 0, 1])
    problem.target[[0, 3]] = -1
    assert_array_equal(problem.sequence_weight, [1, 4, 8, 16, 32])


def test_the_label_of_a_step_without_weight_does_not_show(data):
    weight = np.ones(sum(map(len, X)))
    weight[1::2] = 0

    def distinct(unlearnt):
        labels = np.where(weight, np.arange(len(weight)) % 3, unlearnt)
        return StepProblem(data, labels, weight).distinct(np.arange(5))

    one = distinct(0)
    for unlearnt in (1, 2, -1):
        other = distinct(unlearnt)
        assert_array_equal(np.concatenate(list(other.data)), np.concatenate(list(one.data)))
        assert_array_equal(other.target, one.target)
        assert_array_equal(other.weight, one.weight)


@EACH_KIND
def test_only_chosen_sequences_are_kept(data, kind):
    problem = kind(data, [0, 0, 0, 0, 0])
    kept = problem.subset(np.array([3, 1]))
    assert contents(kept) == contents(problem.distinct(np.array([1, 3])))
    assert [len(kept.data[i]) for i in range(2)] == [2, 3]
    assert_array_equal(kept.sequence_weight, [8, 2] if kind is by_sequence else [16, 6])
