"""Which sequences of a training set are held out, and how a model does on them."""

import math
from functools import partial

import numpy as np

from skrnn._fitting.objective import ignore_overflow
from skrnn._targets.training_set import Chunk

# Pairs of neighbours that `are_windows` looks at, and their first steps: it must not take longer
# than reading X, whatever the lengths.
PAIRS, FIRST_STEPS = 16, 200


def hold_out_latest(chosen, fraction, n_shared):
    """Split indices in the order of time: (indices to train on, indices to score).

    fraction   share of the indices to score, the last ones
    n_shared   so many indices between both are left out
    """
    n_scored = math.ceil(fraction * len(chosen))
    n_trained = len(chosen) - n_scored - n_shared
    if n_trained < 1:
        raise ValueError(
            f"early_stopping='time' scores the last {n_scored} of {len(chosen)} sequences, and "
            f"leaves out the {n_shared} before them, which overlap with these if they are windows "
            "of one series: none is left to train on. Pass more or shorter sequences, or X_val and "
            "y_val."
        )
    return chosen[:n_trained], chosen[-n_scored:]


def are_windows(data):
    """Whether most neighbours share half of their steps or more, as windows of a series do.

    They are compared by value, so that copies are found as well. Not all need do so: the first
    windows of a series may be padded.
    """
    firsts = np.unique(np.linspace(0, max(len(data) - 2, 0), PAIRS).astype(int))
    firsts = [i for i in firsts if i + 1 < len(data) and data.lengths[i] == data.lengths[i + 1]]
    pairs = [(data[i][:FIRST_STEPS], data[i + 1][:FIRST_STEPS]) for i in firsts]
    shifts = range(1, max((len(window) for window, _ in pairs), default=0) // 2 + 1)
    n_needed = min(PAIRS, len(data) - 1) / 2
    return any(sum(is_shifted(*pair, shift) for pair in pairs) > n_needed for shift in shifts)


def is_shifted(window, following, shift):
    """Whether a window begins where the one before it is after some steps, and is not the same."""
    if np.array_equal(window, following):
        return False
    shared, again = window[shift:], following[:-shift]
    if np.array_equal(shared, again):
        return True
    return are_alike(np.diff(shared, axis=0), np.diff(again, axis=0))


def are_alike(changes, others):
    """Whether the changes from step to step are the same up to a factor.

    Windows of which each has been given a level and a scale of its own still have that in common.
    """
    if changes.size < 3:
        return False
    size = np.linalg.norm(changes) * np.linalg.norm(others)
    return size > 0 and np.vdot(changes, others) > (1 - 1e-6) * size


def judge(model, target, held_out, parallel_map=map):
    """Return the target's own score of a held-out set and its mean loss, both from one pass."""
    answers, loss = None, 0.0
    answer = partial(answer_part, model, target, held_out, target.without_strangers(held_out))
    for rows, encoded, part_loss in parallel_map(answer, model.parts(held_out.data)):
        if answers is None:
            answers = np.empty((len(held_out.target), *encoded.shape[1:]), encoded.dtype)
        answers[rows] = encoded
        loss += part_loss
    return target.score(held_out, answers), loss


def answer_part(model, target, held_out, known, indices):
    """Rows of the targets of some sequences, the best answers for them, and their share of a loss.

    known  the held-out set as the loss reads it
    """
    batch = known.batch(Chunk(indices))
    outputs, _ = model.forward(batch.x, batch.packing)
    # Without any weight there is no mean.
    weight = (batch.weight / (known.sequence_weight.sum() or np.nan)).astype(outputs.dtype)
    with ignore_overflow():
        loss, *_ = target.loss(model.params, outputs, batch.target, weight, batch.packing)
    rows = held_out.rows_of_outputs(indices, batch.packing)
    return rows, target.choose(model.params, outputs, batch.packing), loss
