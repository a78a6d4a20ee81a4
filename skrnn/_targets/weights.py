"""Sample weights, and how many values a target has for each sequence."""

import numpy as np

from skrnn._data.frames import readable
from skrnn._data.values import as_floats, as_list, checked_array, converted, reject_masked


def check_sample_weight(sample_weight, n_sequences):
    """Return weights (n_sequences,) in float64; ones for None."""
    if sample_weight is None:
        return np.ones(n_sequences)
    weight = checked_array(
        as_floats(sample_weight, "sample_weight"),
        "sample_weight",
        ensure_2d=False,
        ensure_min_samples=0,
    )
    if weight.ndim != 1 or len(weight) != n_sequences:
        raise ValueError(
            f"sample_weight has shape {weight.shape}, but X has {n_sequences} sequences: pass one "
            f"weight for each, shape ({n_sequences},)."
        )
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


def values_per_sequence(y):
    """Number of values that `y` has for each sequence, (n_sequences,)."""
    y = readable(y, "y")
    reject_masked(y, "y")
    is_array, what = hasattr(y, "__array__"), "a list of one target for each sequence"
    items = converted(y, "y") if is_array else as_list(y, "y", what)
    if isinstance(items, np.ndarray) and items.dtype.kind != "O":
        return np.full(len(items), np.size(items[0]))
    if not any(map(_holds_several, set(map(type, items)))):
        return np.ones(len(items), np.intp)
    try:
        return np.array([np.size(item) for item in items])
    except ValueError:
        raise ValueError("y must have one value or vector for each sequence.") from None


def _holds_several(kind):
    return issubclass(kind, list | tuple | np.ndarray) or hasattr(kind, "to_numpy")
