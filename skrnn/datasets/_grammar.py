"""Sequences of symbols from a grammar, with their exact probabilities."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skrnn._compat import Interval, StrOptions, validate_params

_REBER = {
    0: {"B": (1, 1.0)},
    1: {"T": (2, 0.5), "P": (3, 0.5)},
    2: {"S": (2, 0.5), "X": (4, 0.5)},
    3: {"T": (3, 0.5), "V": (5, 0.5)},
    4: {"X": (3, 0.5), "S": (6, 0.5)},
    5: {"P": (4, 0.5), "V": (6, 0.5)},
    6: {"E": (None, 1.0)},
}


def _embed(grammar):
    """Return the grammar that puts T or P before a sequence of another and the same behind it."""
    outer = {"begin": {"B": ("choose", 1.0)}, "choose": {}, "end": {"E": (None, 1.0)}}
    for branch in "TP":
        outer["choose"][branch] = ((branch, next(iter(grammar))), 0.5)
        for state, arcs in grammar.items():
            outer[branch, state] = {s: ((branch, goal), p) for s, (goal, p) in arcs.items()}
        outer[branch, None] = {branch: ("end", 1.0)}
    return outer


_GRAMMARS = {"reber": _REBER, "embedded_reber": _embed(_REBER)}


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "grammar": [StrOptions(set(_GRAMMARS)), Mapping],
        "return_X_y": ["boolean"],
        "random_state": ["random_state"],
    }
)
def make_symbol_grammar(
    n_samples: int = 100,
    *,
    grammar: str | Mapping[Any, Mapping[Any, tuple[Any, float]]] = "reber",
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple | Bunch:
    r"""Generate sequences of symbols from a grammar, with their exact log-probabilities.

    A grammar goes from state to state and emits a symbol on the way, until it ends. What may come
    next depends on the state alone, which the symbols so far tell.

    ================  ==============  ==================  ================
    grammar           symbols (mean)  bits in a sequence  bits in a symbol
    ================  ==============  ==================  ================
    'reber'                        8                   6  0.75
    'embedded_reber'              12                   7  0.58
    ================  ==============  ==================  ================

    Parameters
    ----------
    n_samples : int, default=100
        Sequences to generate.

    grammar : {'reber', 'embedded_reber'} or mapping, default='reber'
        'reber' has strings such as BTXSE and BPTVVE (Reber, 1967). 'embedded_reber' puts T or P
        before one of these and the same symbol behind it, in a further B and E: to know the symbol
        before the last, a network must remember the second (Hochreiter & Schmidhuber, 1997,
        experiment 1). A mapping of your own has
        ``{state: {symbol: (next_state, probability)}}``, begins with its first state, and
        ends where `next_state` is None.

    return_X_y : bool, default=True
        Whether to return ``(X, y)`` instead of a Bunch.

    random_state : int, RandomState instance or None, default=None
        Source of the random numbers. An int gives the same sequences at every call.

    Returns
    -------
    (X, y) : tuple if `return_X_y` is True
        X : list of str or list of list
            The sequences: strings if every symbol is a string of one character, else lists.
        y : ndarray of shape (n_samples,)
            Log-probability of each sequence in nats.

    data : :class:`~sklearn.utils.Bunch` if `return_X_y` is False
        `X` and `y`; ``mean_length``, the expected number of symbols; ``entropy``, the expected
        information in a sequence, in bits; ``entropy_rate``, their ratio, in bits a symbol;
        ``score_samples``, a function that returns the log-probabilities of any sequences in nats,
        minus infinity where the grammar refuses one.

    Raises
    ------
    ValueError
        If the probabilities in a state do not sum to 1, or a state is unknown or does not lead to
        the end.

    See Also
    --------
    make_copy_memory : Symbols to repeat.

    Notes
    -----
    With :math:`P` the probabilities to go from state to state, the expected numbers of visits are
    the first row of :math:`(I - P)^{-1}` (Kemeny & Snell, 1960). Their sum is the mean length, and
    the entropy is the sum of the entropies of the choices in each state, weighted by them.

    No model of the sequences has a higher expected log-likelihood than the grammar itself:
    ``-entropy * log(2)`` nats a sequence. One that predicts the end of a sequence as a further
    symbol spreads this over ``mean_length + 1`` symbols.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.datasets import make_symbol_grammar
    >>> X, y = make_symbol_grammar(3, random_state=0)
    >>> X
    ['BPVVE', 'BTXSE', 'BPVVE']
    >>> y / np.log(0.5)  # in bits: each of these strings takes three choices of one bit
    array([3., 3., 3.])
    >>> grammar = {"sky": {"sun": ("sky", 0.75), "rain": (None, 0.25)}}
    >>> weather = make_symbol_grammar(1, grammar=grammar, random_state=0, return_X_y=False)
    >>> weather.X[0][-2:], weather.mean_length
    (['sun', 'rain'], 4.0)
    >>> np.exp(weather.score_samples([["sun", "rain"], ["sun", "snow"]]))
    array([0.1875, 0.    ])
    """
    automaton = _Automaton(_GRAMMARS[grammar] if isinstance(grammar, str) else grammar)
    rng = check_random_state(random_state)
    X = [automaton.sample(rng) for _ in range(n_samples)]
    y = automaton.score_samples(X)
    return (X, y) if return_X_y else Bunch(X=X, y=y, **automaton.statistics())


class _Automaton:
    """A deterministic automaton whose arcs have probabilities."""

    def __init__(self, grammar):
        self.arcs = _as_arcs(grammar)
        self.states = list(self.arcs)
        symbols = {symbol for arcs in self.arcs.values() for symbol in arcs}
        self.gives_strings = all(isinstance(s, str) and len(s) == 1 for s in symbols)
        self.choices = {}
        for state, arcs in self.arcs.items():
            goals, probabilities = zip(*arcs.values(), strict=True)
            # The last symbol takes what rounding leaves of 1.
            bounds = list(accumulate(probabilities[:-1]))
            self.choices[state] = list(arcs), goals, bounds

    def sample(self, rng):
        """Draw one sequence."""
        state, sequence = self.states[0], []
        while state is not None:
            symbols, goals, bounds = self.choices[state]
            i = bisect(bounds, rng.random_sample())
            sequence.append(symbols[i])
            state = goals[i]
        return "".join(sequence) if self.gives_strings else sequence

    def score_samples(self, X):
        """Return the log-probability of each sequence, in nats."""
        return np.array([self._score(sequence) for sequence in X])

    def _score(self, sequence):
        state, score = self.states[0], 0.0
        for symbol in sequence:
            if symbol not in self.arcs.get(state, {}):
                return -np.inf
            state, probability = self.arcs[state][symbol]
            score += np.log(probability)
        return score if state is None else -np.inf

    def statistics(self):
        """Return what is known of all sequences together, for the Bunch."""
        visits = self._expected_visits()
        choices = [[p for _, p in arcs.values()] for arcs in self.arcs.values()]
        bits = [-np.sum(p * np.log2(p)) for p in map(np.array, choices)]
        mean_length, entropy = float(visits.sum()), float(visits @ bits)
        return {
            "mean_length": mean_length,
            "entropy": entropy,
            "entropy_rate": entropy / mean_length,
            "score_samples": self.score_samples,
        }

    def _expected_visits(self):
        """Return how often a sequence is expected to come by each state."""
        flow = np.eye(len(self.states))  # I - P
        for i, state in enumerate(self.states):
            for goal, probability in self.arcs[state].values():
                if goal is not None:
                    flow[i, self.states.index(goal)] -= probability
        return np.linalg.inv(flow)[0]


def _as_arcs(grammar):
    """Check a grammar and return it as dictionaries of floats."""
    try:
        arcs = {
            state: {symbol: (goal, float(p)) for symbol, (goal, p) in choices.items()}
            for state, choices in grammar.items()
        }
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            "grammar must be a mapping {state: {symbol: (next_state, probability)}}. Got "
            f"{grammar!r}."
        ) from None
    for state in arcs:
        _check_state(state, arcs)
    _check_end(arcs)
    return arcs


def _check_state(state, arcs):
    for goal, _ in arcs[state].values():
        if goal is not None and goal not in arcs:
            raise ValueError(
                f"grammar goes from state {state!r} to {goal!r}, for which it has no entry."
            )
    probabilities = [p for _, p in arcs[state].values()]
    if min(probabilities, default=0) <= 0 or not np.isclose(sum(probabilities), 1):
        raise ValueError(
            f"The probabilities in state {state!r} of grammar must be positive and sum to 1. Got "
            f"{probabilities}."
        )


def _check_end(arcs):
    """Refuse states from which sequences would never end."""
    goals = {state: {goal for goal, _ in arcs[state].values()} for state in arcs}
    ending, n_known = {None}, 0
    while len(ending) > n_known:
        n_known = len(ending)
        ending |= {state for state in arcs if goals[state] & ending}
    lost = [state for state in arcs if state not in ending]
    if lost or not arcs:
        raise ValueError(
            f"No sequence of grammar ends after the states {lost}: None must be the next state of "
            "some arc that can be reached from them."
        )
