"""What a network of symbols makes of sequences of any length: likelihoods, and its last states.

What is computed at a time has bounds, and goes on from the states before it.
"""

import numpy as np

from skrnn._core.losses import log_softmax
from skrnn._core.states import choose
from skrnn._targets.next_symbol import NextSymbols, SymbolData, chunks

# What is computed at a time: sequences, steps of all of them, and numbers among the outputs.
PARALLEL, MAX_ROWS, MAX_OUTPUTS = 256, 4096, 1 << 20


def bounded_chunks(lengths, n_outputs):
    """Cut all sequences into lists of chunks that follow each other, of bounded size."""
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), PARALLEL):
        indices = order[start : start + PARALLEL]
        n_rows = min(MAX_ROWS, MAX_OUTPUTS // n_outputs)
        yield chunks(indices, lengths, max(1, n_rows // len(indices)))


def log_likelihood(model, train, parallel_map=map):
    """Log-probability of each sequence of a set of next symbols, its end included, (n,)."""

    def compute(parts):
        indices, states = parts[0].indices, None
        total = np.zeros(len(indices))
        for chunk in parts:
            n, batch = len(chunk.indices), train.batch(chunk)
            states = choose(states, slice(n))
            outputs, states = model.forward(batch.x, batch.packing, states)
            log_probs = log_softmax(outputs)[np.arange(len(outputs)), batch.target]
            total[:n] += np.bincount(batch.packing.sequence, log_probs, n)
        return indices, total

    result = np.empty(len(train))
    cut = bounded_chunks(train.data.lengths, model.network.head.n_outputs)
    for indices, total in parallel_map(compute, cut):
        result[indices] = total
    return result


def states_before_last(model, data, initial=None):
    """States before the last step of each sequence, and the symbol that this step reads, (n,).

    initial  states before the first step; None for none
    """
    lengths = data.lengths - 1
    whole = [s.copy() for s in initial] if initial else model.initial_states(len(data))
    before = SymbolData(data.ids, data.first, lengths, data.dtype)
    train = NextSymbols(before, np.ones(len(data)))
    for parts in bounded_chunks(lengths, model.network.stack.n_outputs):
        states = initial and choose(initial, parts[0].indices)
        for chunk in parts:
            batch = train.batch(chunk)
            states = choose(states, slice(len(chunk.indices)))
            states = model.advance(batch.x, batch.packing, states)
            for state, after in zip(whole, states, strict=True):
                state[..., chunk.indices] = after
    return whole, data.ids[data.first + lengths].astype(np.intp)
