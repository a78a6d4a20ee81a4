from itertools import groupby, product

import numpy as np
import pytest
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, logsumexp

from skrnn._core.ctc import (
    ctc_align,
    ctc_beam_search,
    ctc_greedy,
    ctc_log_likelihood,
    ctc_loss,
    ctc_min_steps,
    ctc_spells,
)
from skrnn._core.packing import Packing

C = 2
LENGTHS = [5, 4, 4, 3, 2, 1]
# One has no labels; the last three fill all their steps, with a blank between equal labels.
LABELS = [[0, 0, 1], [1, 0], [], [1, 1], [0, 1], [0]]
WEIGHT = np.array([0.5, 1.0, 2.0, 0.0, 1.5, 0.7])

SCALES = pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])


def draw(lengths=LENGTHS, scale=1.0, n_labels=C, seed=0):
    """Draw logits, and the packing of their rows."""
    packing = Packing(lengths)
    rng = np.random.default_rng(seed)
    return rng.normal(scale=scale, size=(packing.n_rows, n_labels + 1)), packing


def as_targets(labels):
    return np.array([label for own in labels for label in own], int), np.array([*map(len, labels)])


TARGETS = as_targets(LABELS)


def rows_of(packing, i):
    return packing.offsets[: packing.lengths[i]] + i


def spelt(path, blank):
    return tuple(label for label, _ in groupby(path) if label != blank)


def all_paths(logits):
    """Every path through the steps of one sequence, its log-probability, and what it spells."""
    T, n_columns = logits.shape
    paths = np.array(list(product(range(n_columns), repeat=T)))
    log_p = log_softmax(logits, axis=1)[np.arange(T), paths].sum(axis=1)
    return paths, log_p, [spelt(path, n_columns - 1) for path in paths.tolist()]


def spelling(labels, logits):
    """The paths that spell `labels`, and their log-probabilities."""
    paths, log_p, spells = all_paths(logits)
    chosen = [own == tuple(labels) for own in spells]
    return paths[chosen], log_p[chosen]


def likelihoods(logits, packing):
    """Log-probabilities of `LABELS`."""
    parts = [spelling(own, logits[rows_of(packing, i)])[1] for i, own in enumerate(LABELS)]
    return np.array([logsumexp(part) for part in parts])


def by_enumeration(logits):
    """Log-probabilities of all that can be spelt."""
    _, log_p, spells = all_paths(logits)
    parts = {labels: [] for labels in spells}
    for labels, p in zip(spells, log_p, strict=True):
        parts[labels].append(p)
    return {labels: logsumexp(p) for labels, p in parts.items()}


@SCALES
def test_likelihood_and_loss_are_those_of_enumeration(scale):
    logits, packing = draw(scale=scale)
    expected = likelihoods(logits, packing)
    assert_allclose(ctc_log_likelihood(logits, *TARGETS, packing), expected, rtol=1e-12)
    loss, _ = ctc_loss(logits, *TARGETS, WEIGHT, packing)
    assert_allclose(loss, -WEIGHT @ expected, rtol=1e-12)


def test_probabilities_of_all_targets_sum_to_one():
    logits = draw([6])[0]
    labels = [list(own) for n in range(7) for own in product(range(C), repeat=n)]
    copies = np.repeat(logits, len(labels), axis=0)
    log_p = ctc_log_likelihood(copies, *as_targets(labels), Packing([6] * len(labels)))
    possible = ctc_min_steps(*as_targets(labels)) <= 6
    assert_array_equal(np.isfinite(log_p), possible)
    assert 0 < possible.sum() < len(labels)
    assert_allclose(logsumexp(log_p), 0, atol=1e-12)


@pytest.mark.parametrize(
    "lengths, labels",
    [
        (LENGTHS, LABELS),
        ([4, 4, 4], [[0, 1], [1, 1], [0]]),
        ([3, 3, 1], [[], [], []]),
        ([7, 1], [[0, 0, 0], [1]]),
        ([4], [[1, 0, 1, 0]]),
    ],
    ids=str,
)
def test_gradients_are_the_numeric_ones(lengths, labels):
    logits, packing = draw(lengths)
    targets, weight = as_targets(labels), WEIGHT[: len(lengths)]

    def value(point):
        return ctc_loss(point.reshape(logits.shape), *targets, weight, packing)[0]

    dlogits = ctc_loss(logits, *targets, weight, packing)[1]
    assert_gradient_entries(value, logits.ravel(), dlogits.ravel())


@SCALES
def test_gradients_are_probabilities_less_expected_counts(scale):
    # Exact where finite differences are useless: at large logits.
    logits, packing = draw(scale=scale)
    dlogits = ctc_loss(logits, *TARGETS, WEIGHT, packing)[1]
    for i, labels in enumerate(LABELS):
        rows = rows_of(packing, i)
        paths, log_p = spelling(labels, logits[rows])
        share = np.exp(log_p - logsumexp(log_p))
        counts = [[share[step == c].sum() for c in range(C + 1)] for step in paths.T]
        p = np.exp(log_softmax(logits[rows], axis=1))
        assert_allclose(dlogits[rows], WEIGHT[i] * (p - counts), rtol=1e-9, atol=1e-12)


def test_logits_may_be_log_probabilities():
    logits, packing = draw()
    loss, dlogits = ctc_loss(logits, *TARGETS, WEIGHT, packing)
    for same in (log_softmax(logits, axis=1), logits + packing.step[:, None]):
        again, dsame = ctc_loss(same, *TARGETS, WEIGHT, packing)
        assert_allclose(again, loss, rtol=1e-13)
        assert_allclose(dsame, dlogits, atol=1e-13)


def test_the_order_of_logits_in_memory_does_not_matter():
    logits, packing = draw()
    loss, dlogits = ctc_loss(logits, *TARGETS, WEIGHT, packing)
    again, dsame = ctc_loss(np.asfortranarray(logits), *TARGETS, WEIGHT, packing)
    assert again == loss
    assert_allclose(dsame, dlogits, atol=1e-15)


def test_without_labels_all_steps_are_blank():
    logits, packing = draw([3, 2])
    log_p = log_softmax(logits, axis=1)[:, -1]
    expected = np.bincount(packing.sequence, log_p)
    nothing = as_targets([[], []])
    assert_allclose(ctc_log_likelihood(logits, *nothing, packing), expected)
    position, best = ctc_align(logits, *nothing, packing)
    assert_array_equal(position, -1)
    assert_allclose(best, expected)


def test_min_steps_is_the_fewest_that_can_spell():
    labels = [list(own) for n in range(5) for own in product(range(C), repeat=n)]
    shortest = {}
    for T in range(1, 8):
        for path in product(range(C + 1), repeat=T):
            shortest.setdefault(spelt(path, C), T)
    shortest[()] = 0  # a sequence has a step, but no label needs it
    expected = [shortest[tuple(own)] for own in labels]
    assert_array_equal(ctc_min_steps(*as_targets(labels)), expected)


def test_min_steps_ignores_equal_neighbours_of_different_targets():
    assert_array_equal(ctc_min_steps(*as_targets([[1, 1], [1], [], [1, 0]])), [3, 1, 0, 2])
    assert_array_equal(ctc_min_steps(*as_targets([[], []])), [0, 0])


def test_targets_that_cannot_be():
    logits, packing = draw([4, 3, 2])
    targets, weight = as_targets([[0, 1], [1, 1, 0], [0, 1, 0]]), np.array([1.0, 2.0, 1.0])
    log_p = ctc_log_likelihood(logits, *targets, packing)
    assert_array_equal(np.isneginf(log_p), [False, True, True])
    loss, dlogits = ctc_loss(logits, *targets, weight, packing)
    assert loss == np.inf
    assert_array_equal(dlogits[packing.sequence > 0], 0)
    assert np.abs(dlogits[packing.sequence == 0]).min() > 0
    position, best = ctc_align(logits, *targets, packing)
    assert_array_equal(position[packing.sequence > 0], -1)
    assert_array_equal(np.isneginf(best), [False, True, True])
    # Without weight they are not there.
    only_first = ctc_loss(logits, *targets, np.array([1.0, 0.0, 0.0]), packing)
    assert only_first[0] == -log_p[0]
    assert_array_equal(only_first[1], dlogits)


def test_forbidden_labels():
    logits, packing = draw()
    logits[packing.step == 1, 0] = logits[packing.step == 2, C] = -np.inf
    # The third target is all blanks.
    possible = np.arange(len(LABELS)) != 2
    for dtype, rtol in ((np.float64, 1e-12), (np.float32, 1e-5)):
        log_p = ctc_log_likelihood(logits.astype(dtype), *TARGETS, packing)
        assert_array_equal(np.isfinite(log_p), possible)
        assert_allclose(log_p, likelihoods(logits, packing), rtol=rtol)
        dlogits = ctc_loss(logits.astype(dtype), *TARGETS, WEIGHT, packing)[1]
        assert np.isfinite(dlogits).all()
        assert_array_equal(dlogits[np.isneginf(logits)], 0)
    found = [labels.tolist() for labels, *_ in ctc_beam_search(logits, packing, 50, 50)[2]]
    assert [0, 1] in found and [] not in found


def test_a_label_that_is_forbidden_throughout():
    logits, packing = draw([9, 9])
    logits[:, 0] = -np.inf
    targets = as_targets([[0], [1]])
    assert_array_equal(np.isfinite(ctc_log_likelihood(logits, *targets, packing)), [False, True])
    position, _ = ctc_align(logits, *targets, packing)
    assert_array_equal(position[packing.sequence == 0], -1)
    assert (position[packing.sequence == 1] == 0).any()
    dlogits = ctc_loss(logits, *targets, np.ones(2), packing)[1]
    assert_array_equal(dlogits[packing.sequence == 0], 0)
    found = ctc_beam_search(logits, packing, 20, 20)
    assert not any(0 in labels for own in found for labels, *_ in own)
    assert {len(own) for own in found} == {6}  # up to five times label 1


def test_a_blank_that_is_forbidden_where_only_blanks_would_do():
    logits, packing = draw([3])
    logits[2, C] = -np.inf
    nothing = as_targets([[]])
    assert_array_equal(ctc_log_likelihood(logits, *nothing, packing), -np.inf)
    position, log_p = ctc_align(logits, *nothing, packing)
    assert_array_equal(position, -1)
    assert_array_equal(log_p, -np.inf)


def test_float32_keeps_its_digits_over_long_sequences():
    logits, packing = draw([1000, 800], n_labels=10)
    labels = np.random.default_rng(1).integers(10, size=(2, 60)).tolist()
    targets, weight = as_targets(labels), np.ones(2)
    loss, dlogits = ctc_loss(logits.astype(np.float32), *targets, weight, packing)
    exact, dexact = ctc_loss(logits, *targets, weight, packing)
    assert_allclose(loss, exact, rtol=1e-6)
    assert dlogits.dtype == np.float32
    assert_allclose(dlogits, dexact, atol=1e-3)
    assert_allclose(dlogits.sum(axis=1), 0, atol=1e-6)


def test_a_sequence_does_not_feel_its_batch():
    logits, packing = draw()
    log_p = ctc_log_likelihood(logits, *TARGETS, packing)
    dlogits = ctc_loss(logits, *TARGETS, WEIGHT, packing)[1]
    position = ctc_align(logits, *TARGETS, packing)[0]
    found = ctc_beam_search(logits, packing, 3, 3)
    for i, labels in enumerate(LABELS):
        rows, single, target = (
            rows_of(packing, i),
            Packing(LENGTHS[i : i + 1]),
            as_targets([labels]),
        )
        alone = logits[rows], *target
        assert_allclose(ctc_log_likelihood(*alone, single), log_p[i])
        assert_allclose(ctc_loss(*alone, WEIGHT[[i]], single)[1], dlogits[rows], atol=1e-14)
        assert_array_equal(ctc_align(*alone, single)[0], position[rows])
        (found_alone,) = ctc_beam_search(logits[rows], single, 3, 3)
        for (ours, p, _), (theirs, q, _) in zip(found_alone, found[i], strict=True):
            assert_array_equal(ours, theirs)
            assert_allclose(p, q)


@SCALES
@pytest.mark.parametrize("seed", range(5))
def test_the_alignment_is_the_best_path_of_enumeration(scale, seed):
    logits, packing = draw(scale=scale, seed=seed)
    position, log_p = ctc_align(logits, *TARGETS, packing)
    for i, labels in enumerate(LABELS):
        rows = rows_of(packing, i)
        paths, expected = spelling(labels, logits[rows])
        # The blank, -1, is the last of these too.
        assert_array_equal(np.array([*labels, C])[position[rows]], paths[expected.argmax()])
        assert_allclose(log_p[i], expected.max(), rtol=1e-12)
        # Every label is emitted, in order.
        assert spelt(position[rows].tolist(), -1) == tuple(range(len(labels)))


@pytest.mark.parametrize("seed", range(5))
def test_greedy_spells_the_best_of_each_step(seed):
    logits, packing = draw(seed=seed)
    labels, lengths = ctc_greedy(logits, packing)
    expected = as_targets(
        [spelt(logits[rows_of(packing, i)].argmax(axis=1).tolist(), C) for i in range(len(LENGTHS))]
    )
    assert_array_equal(labels, expected[0])
    assert_array_equal(lengths, expected[1])


def test_streams_remember_what_their_last_step_emitted():
    emitted = np.random.default_rng(0).integers(C + 1, size=(20, 3))
    before, labels = np.full(3, C), [[], [], []]
    for now in emitted:
        for stream in np.flatnonzero(ctc_spells(now, before, C)):
            labels[stream].append(now[stream])
        before = now
    assert labels == [list(spelt(path, C)) for path in emitted.T.tolist()]


@SCALES
def test_a_wide_beam_finds_all_labels_of_enumeration(scale):
    logits, packing = draw(scale=scale)
    for i, found in enumerate(ctc_beam_search(logits, packing, width=100, n_best=100)):
        expected = by_enumeration(logits[rows_of(packing, i)])
        assert {tuple(labels.tolist()) for labels, *_ in found} == expected.keys()
        for labels, log_p, _ in found:
            assert_allclose(log_p, expected[tuple(labels.tolist())], rtol=1e-10, atol=1e-14)
        ranked = sorted(expected.values(), reverse=True)
        assert_allclose([log_p for _, log_p, _ in found], ranked, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_a_narrow_beam_finds_distinct_labels_and_no_more_than_their_probability(width):
    # Here prefixes leave the beam and come back while longer ones stay.
    logits, packing = draw([12] * 60, n_labels=3)
    found = ctc_beam_search(logits, packing, width, width)
    assert {len(own) for own in found} == {width}
    for own in found:
        assert len({tuple(labels) for labels, *_ in own}) == width
        assert [p for _, p, _ in own] == sorted((p for _, p, _ in own), reverse=True)
    for rank in range(width):
        targets = as_targets([own[rank][0] for own in found])
        log_p = ctc_log_likelihood(logits, *targets, packing)
        assert (np.array([own[rank][1] for own in found]) <= log_p + 1e-12).all()


def test_beam_search_adds_paths_up_where_greedy_does_not():
    # The blank is the best of both steps, but three paths of 0.24 + 0.24 + 0.16 spell label 0.
    logits, packing = np.log([[0.4, 0.6], [0.4, 0.6]]), Packing([2])
    assert_array_equal(ctc_greedy(logits, packing)[1], 0)
    ((labels, log_p, _),) = ctc_beam_search(logits, packing, width=2)[0]
    assert labels.tolist() == [0]
    assert_allclose(np.exp(log_p), 0.64)


def test_inputs_are_left_alone():
    logits, packing = draw()
    inputs = logits, *TARGETS
    kept = [x.copy() for x in inputs]
    ctc_loss(*inputs, WEIGHT, packing)
    ctc_align(*inputs, packing)
    ctc_beam_search(logits, packing, 3)
    ctc_greedy(logits, packing)
    for x, before in zip(inputs, kept, strict=True):
        assert_array_equal(x, before)
