"""Which sequences of a training set are held out to be scored."""

import math

import numpy as np

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
