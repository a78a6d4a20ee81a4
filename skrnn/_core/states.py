"""States of some sequences among all: a list of arrays, whose last axis is the sequence."""

from math import prod

import numpy as np


def choose(states, chosen):
    """Return the states of the chosen sequences; None for None."""
    return states and [state[..., chosen] for state in states]


def join(parts, states, n_sequences):
    """Put the states of the parts together: `parts` says which sequences each is for."""
    whole = [np.empty((*state.shape[:-1], n_sequences), state.dtype) for state in states[0]]
    for part, part_states in zip(parts, states, strict=True):
        for state, values in zip(whole, part_states, strict=True):
            state[..., part] = values
    return whole


def to_features(states):
    """Make features (n_sequences, n) of layers' states (n_states, H, K, n_sequences).

    Each layer in turn has first h, then c if there is one, of one direction after the other.
    """
    return np.concatenate([s.swapaxes(1, 2).reshape(-1, s.shape[-1]) for s in states]).T


def to_states(features, shapes):
    """Undo `to_features`, given the shapes (n_states, H, K) of the states."""
    parts = np.split(features.T, np.cumsum([prod(shape) for shape in shapes])[:-1])
    return [
        part.reshape(n, K, H, len(features)).swapaxes(1, 2)
        for part, (n, H, K) in zip(parts, shapes, strict=True)
    ]
