"""What estimators that put out sequences of symbols share: how these are drawn."""

from numbers import Integral, Real

import numpy as np

from skrnn._compat import Interval
from skrnn._core.search import Search
from skrnn._estimators.parameters import draw_seed

# Symbols that are drawn at most where no `max_length` is given.
LONGEST_SAMPLE = 1000

SAMPLE_CONSTRAINTS = {
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "temperature": [Interval(Real, 0, None, closed="left")],
    "top_k": [Interval(Integral, 1, None, closed="left"), None],
    "top_p": [Interval(Real, 0, 1, closed="right"), None],
    "max_length": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
}


def draw_sequences(step, target, states, start, n_samples, max_length, random_state, **options):
    """Draw `n_samples` sequences for each state and start, as `Search` does; return their numbers.

    The arguments are those of ``sample``; the sequences of one state follow each other.
    """
    states = [np.repeat(state, n_samples, axis=-1) for state in states]
    start, rng = np.repeat(start, n_samples), np.random.default_rng(draw_seed(random_state))
    longest = max_length or min(target.longest, LONGEST_SAMPLE)
    found = Search(step, target.end).sample(states, start, longest, rng, **options)
    return [hypothesis.symbols for hypothesis in found]
