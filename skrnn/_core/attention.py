"""Attention of a decoder to the steps of an encoder (Luong, Pham & Manning, 2015).

A query q, an output of the decoder, reads all steps k_1 ... k_S of its own source and no others::

    score(q, k_s)   'dot'       q . k_s
                    'general'   (W_q q) . k_s
                    'additive'  w . tanh(W_q q + W_k k_s)    (Bahdanau, Cho & Bengio, 2015)
    a = softmax(score(q, k_1) ... score(q, k_S))
    c = a_1 k_1 + ... + a_S k_S
    output = tanh(W_c [c; q])

The decoder's recurrence does not read the output ("input feeding"), so that all its steps are
queries at once, and the whole is a few large products.

This is the one place where sequences are laid side by side, as (n_sources, n_steps, size) with
padding, since the queries and keys of a source lie in different packings, in different orders. For
32 sources of 5 to 30 steps that takes half the time of a loop over sources, and a third of that
of a list of all pairs. Padding gets a score of -inf, and so a weight of exactly 0.
"""

from typing import NamedTuple

import numpy as np

SCORES = ("dot", "general", "additive")


class Memory(NamedTuple):
    """What queries read: the steps of all sources, in the order of their packing.

    keys       (n_sources, n_steps, n_key), zeros beyond the end of a source
    projected  (n_sources, n_steps, n_query), the keys times W_k of an additive score, else None
    lengths    (n_sources,)
    """

    keys: np.ndarray
    projected: np.ndarray | None
    lengths: np.ndarray

    def take(self, sources):
        """Keep some of the sources: the memory of a search from which others have gone."""
        n_steps = self.lengths[sources].max()
        keys, projected = (
            None if steps is None else steps[sources, :n_steps] for steps in self[:2]
        )
        return Memory(keys, projected, self.lengths[sources])


class Attention:
    """Reads a memory; ``name`` is the first part of its parameters' names, which are matrices.

    Parameters
    ----------
    score : 'dot', 'general' or 'additive'
    n_query, n_key : int
        Features of queries, and so of outputs and of an additive score's hidden layer, and of
        keys. A 'dot' needs equal ones.
    name : str
    """

    def __init__(self, score, n_query, n_key, name="attention"):
        if score not in SCORES:
            raise ValueError(f"score must be one of {SCORES}, got {score!r}")
        if score == "dot" and n_query != n_key:
            raise ValueError(
                f"score='dot' needs queries and keys of one size, got {n_query} and {n_key}; "
                "'general' and 'additive' take any"
            )
        self.score, self.n_key, self.name = score, n_key, name
        shapes = {
            "dot": {},
            "general": {"query": (n_key, n_query)},
            "additive": {"query": (n_query, n_query), "key": (n_query, n_key)},
        }[score]
        shapes["combine"] = (n_query, n_key + n_query)
        if score == "additive":
            shapes["score"] = (1, n_query)
        self.shapes = {f"{name}.{part}.weight": shape for part, shape in shapes.items()}

    def memorise(self, params, keys, packing):
        """Lay keys (n_rows, n_key) side by side, once for any number of queries.

        Returns a `Memory` and backward(grads, dmemory) -> dkeys.
        """
        where, shape = (packing.sequence, packing.step), (packing.n_sequences, packing.n_steps)
        projected, key_back = None, None
        if self.score == "additive":
            projected, key_back = self._product(params, "key", keys)
            projected = side_by_side(projected, where, shape)
        memory = Memory(side_by_side(keys, where, shape), projected, packing.lengths)

        def backward(grads, dmemory):
            dkeys = dmemory.keys[where]
            if key_back is not None:
                dkeys += key_back(grads, dmemory.projected[where])
            return dkeys

        return memory, backward

    def forward(self, params, queries, memory, source):
        """Let each query read one source; a single step of decoding is a call with few queries.

        queries  (n_rows, n_query), in any order
        source   (n_rows,), the source that each reads: a number in the order of the memory

        Returns outputs (n_rows, n_query), weights (n_rows, n_steps), which are 0 beyond the end
        of a source, and backward(grads, doutputs) -> dqueries, dmemory.
        """
        where, counts = slots(source, len(memory.lengths))
        shape = len(counts), counts.max()
        q, query_back = queries, None
        if self.score != "dot":
            q, query_back = self._product(params, "query", queries)
        scores, score_back = self._scores(params, side_by_side(q, where, shape), memory, counts)
        weights = masked_softmax(scores, memory.lengths)
        context = (weights @ memory.keys)[where]
        outputs, combine_back = self._product(params, "combine", np.hstack([context, queries]))
        np.tanh(outputs, out=outputs)

        def backward(grads, doutputs):
            dcombined = combine_back(grads, doutputs * (1 - outputs * outputs))
            dqueries = dcombined[:, self.n_key :]
            dcontext = side_by_side(dcombined[:, : self.n_key], where, shape)
            dweights = dcontext @ memory.keys.swapaxes(1, 2)
            dscores = dweights - (weights * dweights).sum(axis=2, keepdims=True)
            dscores *= weights
            dq, dmemory = score_back(grads, dscores)
            dmemory.keys[...] += weights.swapaxes(1, 2) @ dcontext
            dq = dq[where]
            return dqueries + (dq if query_back is None else query_back(grads, dq)), dmemory

        return outputs, weights[where], backward

    def _product(self, params, part, x):
        """Multiply rows by a matrix: x W^T, and backward(grads, d) -> dx."""
        name = f"{self.name}.{part}.weight"

        def backward(grads, d):
            grads[name] += d.T @ x
            return d @ params[name]

        return x @ params[name].T, backward

    def _scores(self, params, q, memory, counts):
        """Score q (n_sources, n_slots, size) with every step: (n_sources, n_slots, n_steps).

        Also returns backward(grads, dscores) -> dq, dmemory.
        """
        if self.score != "additive":
            return product_scores(q, memory)
        name = f"{self.name}.score.weight"
        scores, backward = additive_scores(q, memory, params[name][0], counts)

        def into_grads(grads, dscores):
            dq, dmemory, dw = backward(dscores)
            grads[name][0] += dw
            return dq, dmemory

        return scores, into_grads


def product_scores(q, memory):
    """Multiply queries by keys."""

    def backward(grads, dscores):
        return dscores @ memory.keys, Memory(dscores.swapaxes(1, 2) @ q, None, memory.lengths)

    return q @ memory.keys.swapaxes(1, 2), backward


def additive_scores(q, memory, w, counts):
    """w . tanh(q + k), source by source: every pair of a query and a key has a hidden layer.

    Without padding and in the processor's cache, that is two to three times as fast as all at once.

    Also returns backward(dscores) -> dq, dmemory, dw.
    """
    sizes = list(zip(counts.tolist(), memory.lengths.tolist(), strict=True))
    scores = np.zeros((*q.shape[:2], memory.keys.shape[1]), q.dtype)
    hidden = []
    for b, (m, n) in enumerate(sizes):
        pairs = q[b, :m, None] + memory.projected[b, :n]
        np.tanh(pairs, out=pairs)
        np.matmul(pairs, w, out=scores[b, :m, :n])
        hidden.append(pairs)

    def backward(dscores):
        dq, dprojected, dw = np.zeros_like(q), np.zeros_like(memory.projected), np.zeros_like(w)
        for b, (m, n) in enumerate(sizes):
            d, pairs = dscores[b, :m, :n], hidden[b]
            dw += d.ravel() @ pairs.reshape(-1, len(w))
            dpairs = (1 - pairs * pairs) * w
            dpairs *= d[..., None]
            dq[b, :m], dprojected[b, :n] = dpairs.sum(axis=1), dpairs.sum(axis=0)
        return dq, Memory(np.zeros_like(memory.keys), dprojected, memory.lengths), dw

    return scores, backward


def masked_softmax(scores, lengths):
    """Softmax of scores (n_sources, n_slots, n_steps) over the steps that a source has."""
    beyond = np.arange(scores.shape[2]) >= lengths[:, None]
    weights = np.where(beyond[:, None], -np.inf, scores)
    weights -= weights.max(axis=2, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=2, keepdims=True)
    return weights


def slots(source, n_sources):
    """Give the rows of each source numbers of their own, in the order of rows.

    Returns the indices (source, slot) of the rows, and how many each source has.
    """
    order = np.argsort(source, kind="stable")
    counts = np.bincount(source, minlength=n_sources)
    slot = np.empty_like(order)
    slot[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return (source, slot), counts


def side_by_side(rows, where, shape):
    """Lay rows (n_rows, size) out as (*shape, size), with zeros where no row belongs."""
    padded = np.zeros((*shape, rows.shape[1]), rows.dtype)
    padded[where] = rows
    return padded
