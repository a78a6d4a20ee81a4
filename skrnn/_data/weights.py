"""Sample weights: one for each sequence, or one for each step."""

import numpy as np

from skrnn._data.steps import check_lengths_of_steps, concatenate_steps, is_flat
from skrnn._data.values import as_floats, checked_array


def weights_of_sequences(sample_weight, n_sequences, of="X"):
    """Return weights (n_sequences,) in float64; ones for None.

    of  what messages call the sequences
    """
    if sample_weight is None:
        return np.ones(n_sequences)
    weight = as_floats(sample_weight, "sample_weight")
    if weight.shape != (n_sequences,):
        raise ValueError(
            f"sample_weight has shape {weight.shape}, but {of} has {n_sequences} sequences: pass "
            f"one weight for each, shape ({n_sequences},)."
        )
    return _checked(weight)


def weights_of_steps(sample_weight, lengths, of="X"):
    """Return the weight of each step, end to end, from one for each sequence or for each step."""
    if sample_weight is None or is_flat(sample_weight, "sample_weight"):
        return np.repeat(weights_of_sequences(sample_weight, len(lengths), of), lengths)
    weight, found = concatenate_steps(sample_weight, "sample_weight")
    check_lengths_of_steps(found, lengths, "sample_weight", of)
    return _checked(as_floats(weight, "sample_weight"))


def _checked(weight):
    """Return weights; raise unless they are finite, none is negative, and their sum is positive."""
    checked_array(weight, "sample_weight", ensure_2d=False, ensure_min_samples=0)
    if (weight < 0).any():
        raise ValueError(
            f"sample_weight must not be negative, but its smallest value is {weight.min():g}: "
            "leave sequences out with a weight of 0."
        )
    with np.errstate(over="ignore"):
        total = weight.sum()
    if np.isinf(total):
        raise ValueError(
            f"sample_weight has values of {weight.max():.2g}, the sum of which no float can hold: "
            "divide it by its mean."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight is zero for every sequence: at least one weight must be positive."
        )
    return weight
