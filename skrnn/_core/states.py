"""States of some sequences among all: a list of arrays, whose last axis is the sequence."""

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
