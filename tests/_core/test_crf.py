import tracemalloc
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp

from skrnn._core.crf import CRF, ObservedLabels, crf_loss, crf_marginals, crf_viterbi
from skrnn._core.packing import Packing

LENGTHS = [5, 4, 4, 2, 1]
C = 3


def random_crf(lengths=LENGTHS, scale=1.0, forbid=None, n_labels=C, seed=0):
    """Draw scores, transitions, start and end, and the packing of their rows."""
    rng = np.random.default_rng(seed)
    packing = Packing(lengths)
    shapes = (packing.n_rows, n_labels), (n_labels, n_labels), n_labels, n_labels
    scores, transitions, start, end = (rng.normal(scale=scale, size=shape) for shape in shapes)
    if forbid == "label 2 but first":
        transitions[:, 2] = -np.inf
    if forbid == "some":
        transitions[0, 1] = transitions[2, 2] = start[2] = end[1] = -np.inf
    return (scores, transitions, start, end), packing


def all_paths(crf, packing, i):
    """Every label sequence of sequence `i`, its score, and the rows it labels."""
    scores, transitions, start, end = crf
    length = packing.lengths[i]
    rows = packing.offsets[:length] + i
    paths = np.array(list(product(range(scores.shape[1]), repeat=length)))
    score = start[paths[:, 0]] + end[paths[:, -1]]
    score = score + scores[rows, paths].sum(axis=1)
    score = score + transitions[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    return paths, score, rows


def numeric_gradient(function, x, eps=1e-6):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + eps
        above = function()
        x[index] = kept - eps
        gradient[index] = (above - function()) / (2 * eps)
        x[index] = kept
    return gradient


# At scale 1000 the products of exponentials underflow, so sums are taken in log space.
CASES = pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
FORBID = pytest.mark.parametrize("forbid", [None, "some", "label 2 but first"])


@CASES
@FORBID
def test_loss_is_that_of_enumeration(scale, forbid):
    crf, packing = random_crf(scale=scale, forbid=forbid)
    labels = np.zeros(packing.n_rows, dtype=int)
    weight = np.array([0.5, 1.0, 0.0, 2.0, 1.5])
    expected = 0.0
    for i in range(packing.n_sequences):
        paths, score, _ = all_paths(crf, packing, i)
        expected += weight[i] * (logsumexp(score) - score[(paths == 0).all(axis=1)][0])
    assert_allclose(
        crf_loss(*crf, ObservedLabels(labels), weight, packing)[0], expected, rtol=1e-12
    )


@CASES
@FORBID
def test_marginals_are_those_of_enumeration(scale, forbid):
    crf, packing = random_crf(scale=scale, forbid=forbid)
    marginals = crf_marginals(*crf, packing)
    for i in range(packing.n_sequences):
        paths, score, rows = all_paths(crf, packing, i)
        p = np.exp(score - logsumexp(score))
        expected = [[p[paths[:, t] == c].sum() for c in range(C)] for t in range(len(rows))]
        assert_allclose(marginals[rows], expected, rtol=1e-10, atol=1e-14)


@CASES
@FORBID
@pytest.mark.parametrize("seed", range(5))
def test_viterbi_finds_the_best_path_of_enumeration(scale, forbid, seed):
    crf, packing = random_crf(scale=scale, forbid=forbid, seed=seed)
    labels = crf_viterbi(*crf, packing)
    for i in range(packing.n_sequences):
        paths, score, rows = all_paths(crf, packing, i)
        assert_array_equal(labels[rows], paths[score.argmax()])


@pytest.mark.parametrize("n_unobserved", [0, 4])
def test_gradients_are_the_numeric_ones(n_unobserved):
    crf, packing = random_crf()
    rng = np.random.default_rng(1)
    known = rng.permutation(packing.n_rows) >= n_unobserved
    target = ObservedLabels(rng.integers(C, size=packing.n_rows), known)
    weight = rng.random(packing.n_sequences)
    gradients = crf_loss(*crf, target, weight, packing)[1:]
    for gradient, x in zip(gradients, crf, strict=True):
        numeric = numeric_gradient(lambda: crf_loss(*crf, target, weight, packing)[0], x)
        assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


@CASES
def test_gradients_are_expected_minus_observed_counts(scale):
    # Exact where finite differences are useless: at large scores and beside forbidden ones.
    crf, packing = random_crf(scale=scale, forbid="some")
    labels = np.zeros(packing.n_rows, dtype=int)
    expected = np.zeros((C, C))
    for i in range(packing.n_sequences):
        paths, score, _ = all_paths(crf, packing, i)
        p = np.exp(score - logsumexp(score))
        for t in range(1, packing.lengths[i]):
            np.add.at(expected, (paths[:, t - 1], paths[:, t]), p)
            expected[0, 0] -= 1
    weight = np.ones(packing.n_sequences)
    _, dscores, dtransitions, dstart, dend = crf_loss(*crf, ObservedLabels(labels), weight, packing)
    assert_allclose(dtransitions, expected, rtol=1e-10, atol=1e-13)
    last = packing.offsets[packing.lengths - 1] + np.arange(packing.n_sequences)
    assert_allclose(dstart, dscores[: packing.n_sequences].sum(axis=0), atol=1e-13)
    assert_allclose(dend, dscores[last].sum(axis=0), atol=1e-13)
    forbidden = dtransitions[0, 1], dtransitions[2, 2], dstart[2], dend[1]
    assert_array_equal(forbidden, 0)


@FORBID
def test_unobserved_labels_are_summed_over(forbid):
    crf, packing = random_crf(forbid=forbid)
    labels = np.zeros(packing.n_rows, dtype=int)
    known = np.ones(packing.n_rows, bool)
    known[[1, 6, 7, 12]] = False
    expected = 0.0
    for i in range(packing.n_sequences):
        paths, score, rows = all_paths(crf, packing, i)
        agrees = (~known[rows] | (paths == labels[rows])).all(axis=1)
        expected += logsumexp(score) - logsumexp(score[agrees])
    weight = np.ones(packing.n_sequences)
    loss, *gradients = crf_loss(*crf, ObservedLabels(labels, known), weight, packing)
    assert_allclose(loss, expected, rtol=1e-12)
    # What stands where the label is unknown does not matter.
    other = np.where(known, labels, -1)
    same = crf_loss(*crf, ObservedLabels(other, known), weight, packing)
    for a, b in zip([loss, *gradients], same, strict=True):
        assert_array_equal(a, b)


def test_nothing_observed_is_no_loss():
    crf, packing = random_crf()
    nothing = ObservedLabels(np.zeros(packing.n_rows, int), np.zeros(packing.n_rows, bool))
    loss, *gradients = crf_loss(*crf, nothing, np.ones(packing.n_sequences), packing)
    assert loss == 0
    for gradient in gradients:
        assert_array_equal(gradient, 0)


def test_forbidden_labels_have_infinite_loss():
    crf, packing = random_crf(forbid="some")
    labels = np.zeros(packing.n_rows, dtype=int)
    labels[packing.sequence == 0] = [0, 1, 0, 0, 0]
    assert (
        crf_loss(*crf, ObservedLabels(labels), np.ones(packing.n_sequences), packing)[0] == np.inf
    )


def test_a_sequence_does_not_feel_its_batch():
    crf, packing = random_crf()
    weight = np.ones(1)
    for i in range(packing.n_sequences):
        rows = packing.offsets[: packing.lengths[i]] + i
        alone = crf[0][rows], *crf[1:]
        single = Packing(packing.lengths[[i]])
        assert_allclose(crf_marginals(*alone, single), crf_marginals(*crf, packing)[rows])
        assert_array_equal(crf_viterbi(*alone, single), crf_viterbi(*crf, packing)[rows])
        only_i = (np.arange(packing.n_sequences) == i).astype(float)
        labels = np.arange(packing.n_rows) % C
        for a, b in zip(
            crf_loss(*alone, ObservedLabels(labels[rows]), weight, single)[2:],
            crf_loss(*crf, ObservedLabels(labels), only_i, packing)[2:],
            strict=True,
        ):
            assert_allclose(a, b, atol=1e-14)


@pytest.mark.parametrize("gap", [1.0, 60.0, 80.0, 95.0, 100.0, 150.0])
def test_float32_where_products_begin_to_underflow(gap):
    # Label 1 can only follow label 2, which lies `gap` behind, so its sum is about exp(-gap).
    (scores, transitions, start, end), packing = random_crf([6, 5, 2])
    scores[:, 0] += gap
    scores[packing.step % 2 == 1, 1] += 2 * gap
    transitions[:2, 1] = -np.inf
    exact = scores, transitions, start, end
    single = [x.astype(np.float32) for x in exact]
    marginals = crf_marginals(*single, packing)
    assert marginals.dtype == np.float32
    assert_allclose(marginals, crf_marginals(*exact, packing), rtol=1e-4, atol=2e-5)
    assert_array_equal(crf_viterbi(*single, packing), crf_viterbi(*exact, packing))


def test_float32_keeps_its_digits_over_long_sequences():
    crf, packing = random_crf([3000, 2000], n_labels=5)
    crf[0][...] += 100
    single = [x.astype(np.float32) for x in crf]
    labels = np.arange(packing.n_rows) % 5
    loss, *gradients = crf_loss(*single, ObservedLabels(labels), np.ones(2, np.float32), packing)
    exact, *exact_gradients = crf_loss(*crf, ObservedLabels(labels), np.ones(2), packing)
    assert_allclose(loss, exact, rtol=1e-6)
    assert_allclose(crf_marginals(*single, packing).sum(axis=1), 1, atol=1e-4)
    assert [g.dtype for g in gradients] == [np.float32] * 4
    assert_allclose(gradients[0], exact_gradients[0], atol=2e-4)
    agree = crf_viterbi(*single, packing) == crf_viterbi(*crf, packing)
    assert agree.mean() > 0.999


@pytest.mark.parametrize("forbid", [None, "some", "label 2 but first"])
@pytest.mark.parametrize("block", [1, 40, 1 << 20])
def test_viterbi_in_blocks_is_viterbi(block, forbid, monkeypatch):
    crf, packing = random_crf(forbid=forbid)
    whole = crf_viterbi(*crf, packing)
    monkeypatch.setattr("skrnn._core.crf.BLOCK", block)
    assert_array_equal(crf_viterbi(*crf, packing), whole)


def test_viterbi_needs_no_memory_for_all_pairs_of_labels():
    n_labels, packing = 200, Packing([3] * 100)
    rng = np.random.default_rng(0)
    shapes = (packing.n_rows, n_labels), (n_labels, n_labels), n_labels, n_labels
    crf = [rng.normal(size=shape) for shape in shapes]
    tracemalloc.start()
    labels = crf_viterbi(*crf, packing)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Every pair of labels of every sequence would take 32 MB at each step.
    assert peak < 4e6
    score = crf_score(crf, labels, packing)
    other = rng.integers(n_labels, size=(20, packing.n_rows))
    assert all((crf_score(crf, path, packing) < score).all() for path in other)


def crf_score(crf, labels, packing):
    """Score of labels of sequences of one length, as the equation of the module has it."""
    scores, transitions, start, end = crf
    y = labels.reshape(packing.n_steps, packing.n_sequences)
    emitted = np.take_along_axis(scores, labels[:, None], axis=1).reshape(y.shape)
    return start[y[0]] + emitted.sum(axis=0) + transitions[y[:-1], y[1:]].sum(axis=0) + end[y[-1]]


def test_of_equally_good_paths_viterbi_takes_the_lowest_labels():
    packing = Packing([3, 1])
    crf = np.zeros((4, 2)), np.zeros((2, 2)), np.zeros(2), np.zeros(2)
    assert_array_equal(crf_viterbi(*crf, packing), 0)


def test_inputs_are_left_alone():
    crf, packing = random_crf()
    kept = [x.copy() for x in crf]
    crf_loss(
        *crf, ObservedLabels(np.zeros(packing.n_rows, int)), np.ones(packing.n_sequences), packing
    )
    crf_viterbi(*crf, packing)
    for x, before in zip(crf, kept, strict=True):
        assert_array_equal(x, before)


@pytest.mark.parametrize("seed", range(20))
def test_possible_lengths_are_those_of_enumeration(seed):
    rng = np.random.default_rng(seed)
    n_labels, n_steps = rng.integers(1, 4), 6
    allowed = rng.random((n_labels, n_labels)) < 0.4
    first, last = rng.random((2, n_labels)) < 0.5
    expected = [
        any(
            first[path[0]] and last[path[-1]] and allowed[path[:-1], path[1:]].all()
            for path in map(np.array, product(range(n_labels), repeat=length))
        )
        for length in range(1, n_steps + 1)
    ]
    assert_array_equal(CRF(allowed, first, last).possible_lengths(n_steps), expected)


@pytest.mark.parametrize("seed", range(20))
def test_dead_ends_are_those_of_enumeration(seed):
    rng = np.random.default_rng(seed)
    n_labels, packing = 3, Packing([4, 4, 3, 2, 1, 1])
    allowed = rng.random((n_labels, n_labels)) < 0.5
    first, last = rng.random((2, n_labels)) < 0.6
    labels, known = rng.integers(0, n_labels, packing.n_rows), rng.random(packing.n_rows) < 0.5

    def begins(i, n_steps):
        """Whether some allowed labels of the first steps agree with the known ones."""
        rows = packing.offsets[:n_steps] + i
        is_whole = n_steps == packing.lengths[i]
        return {
            (bool(last[path[-1]]) if is_whole else None)
            for path in map(np.array, product(range(n_labels), repeat=n_steps))
            if first[path[0]] and allowed[path[:-1], path[1:]].all()
            if (path == labels[rows])[known[rows]].all()
        }

    for i, (dead, length) in enumerate(
        zip(CRF(allowed, first, last).dead_ends(ObservedLabels(labels, known), packing),
            packing.lengths, strict=True)
    ):  # fmt: skip
        reached = [n for n in range(1, length + 1) if begins(i, n)]
        if len(reached) < length:
            assert dead == len(reached)
        else:
            assert dead == (-1 if True in begins(i, length) else length)


def test_lengths_that_come_and_go():
    # Labels alternate and begin with 0 and end with 1: even lengths only.
    crf = CRF(allowed=[[0, 1], [1, 0]], first=[1, 0], last=[0, 1])
    assert_array_equal(crf.possible_lengths(5), [False, True, False, True, False])
