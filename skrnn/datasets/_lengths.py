"""Numbers of steps, one for all sequences or drawn for each."""

from numbers import Integral

import numpy as np

from skrnn._data.frames import readable
from skrnn._data.values import check_integer


def draw_lengths(n_steps, n_samples, least, rng):
    """Return the number of steps of every sequence; `least` is what the problem needs."""
    bounds = np.ravel(np.asarray(readable(n_steps, "n_steps"), dtype=object)).tolist()
    if len(bounds) not in (1, 2):
        raise ValueError(f"n_steps must be one number, or the least and the most. Got {n_steps}.")
    shortest, longest = bounds[0], bounds[-1]
    check_integer(shortest, "n_steps", least)
    check_integer(longest, "n_steps", shortest, 2**31)
    return rng.randint(shortest, longest + 1, size=n_samples)


def gather(sequences, n_steps):
    """Return equally long sequences as one array, others as a list of arrays."""
    return np.stack(sequences) if isinstance(n_steps, Integral) else sequences
