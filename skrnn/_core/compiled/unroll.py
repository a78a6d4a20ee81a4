"""The loop over time by compiled code: what `skrnn._core.unroll` does, one direction at a time."""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from skrnn._core.compiled.build import as_argument
from skrnn._core.compiled.kernels import kernels_for
from skrnn._core.compiled.products import addresses_for, weights_for
from skrnn._core.unroll import products_from_h


def unroll_for(cell, dtype):
    """Compile the kernels for a cell and a type of numbers; return the loop over time by them."""
    kernels, addresses = kernels_for(cell, dtype), addresses_for(dtype)

    def unroll(layer, xs, packing, state, mask, how, return_steps=True):
        """Do what `skrnn._core.unroll.unroll` does."""
        W, W_T = weights_for(how.arranged, state.shape[-1])
        call = Call(layer, W, W_T, list_spans(layer, packing, how), kernels, addresses, how)
        outputs = np.empty((packing.n_rows if return_steps else 0, layer.n_outputs), W.dtype)
        ways = [Way(k, x, own_mask(mask, k, state), [], []) for k, x in enumerate(xs)]
        for way in ways:
            go_forward(call, way, state, outputs)
        backward = partial(go_back, call, ways) if how.for_backward else None
        return outputs if return_steps else None, backward

    return unroll


class Span(NamedTuple):
    """Steps between which and others no gradient passes.

    offsets      first row of each step, and the end, counted from the span's first row
    rows         slice of its rows, of which there are `n_rows`
    n_sequences  how many have such steps
    """

    offsets: np.ndarray
    rows: slice
    n_rows: int
    n_sequences: int


def list_spans(layer, packing, how):
    """List the spans: all steps are one unless gradients are truncated on a way back."""
    offsets, size = packing.offsets, layer.max_steps
    if not (how.for_backward and size) or size >= packing.n_steps:
        return [Span(offsets, slice(None), packing.n_rows, packing.n_sequences)]
    starts = range(0, packing.n_steps, size)
    return [span_of(offsets[first : first + size + 1].tolist()) for first in starts]


def span_of(offsets):
    start, stop = offsets[0], offsets[-1]
    own = np.array(offsets) - start
    return Span(own, slice(start, stop), stop - start, int(own[1]))


class Call(NamedTuple):
    """What both directions and the way back share."""

    layer: Any
    W: np.ndarray  # this or the next one is empty
    W_T: np.ndarray
    spans: list
    kernels: tuple
    addresses: tuple  # of products of matrices
    how: Any


class Way(NamedTuple):
    """What the way of one direction through all spans takes, and what it leaves."""

    k: int
    x: np.ndarray
    mask: np.ndarray
    starts: list  # the states before each span
    last_tape: list  # of the last span


def own_mask(mask, k, state):
    """Mask of one direction, of no rows if there is none."""
    if mask is None:
        return np.empty((0, state.shape[-1]), state.dtype)
    return np.ascontiguousarray(mask[:, k], state.dtype)


def go_forward(call, way, state, outputs):
    """Take one direction forward."""
    for span in call.spans:
        own, how = state[:, :, way.k, : span.n_sequences].copy(), call.how
        way.starts.append(own.copy() if how.for_backward else None)
        if span is not call.spans[-1]:
            # Its tape is made again on the way back, which bounds the memory.
            how = how._replace(for_backward=False, empty=np.empty)
        way.last_tape[:] = go_over_span(call, way, span, own, outputs, how)
        state[:, :, way.k, : span.n_sequences] = own


def go_over_span(call, way, span, state, outputs, how):
    """Take one direction through a span; overwrite `state` (n_states, H, n). Returns the tape."""
    layer, dtype, N, keeps = call.layer, call.W.dtype, span.n_sequences, how.for_backward
    cell, H = layer.cell, layer.hidden_size
    n_frames, n_h = (span.n_rows, span.n_rows) if keeps else (N, 2 * N)
    n_floats = n_frames * (H + layer.n_features + 1), n_frames * cell.n_slabs * H, n_h * H
    tape, sizes = [how.empty((n,), dtype) for n in n_floats], (cell.n_slabs, cell.n_terms)
    work = np.empty((1 + cell.n_terms + cell.n_slabs) * H * N, dtype)
    call.kernels[0](
        call.addresses,
        (products_from_h(cell, H), cell.n_sigmoid, *sizes, int(keeps), way.k * H),
        (span.offsets, positions(cell.carried)),
        (call.W[way.k], call.W_T[way.k], as_argument(way.x[span.rows], dtype), way.mask),
        (*tape, work),
        state,
        outputs[span.rows],
    )
    return tape


@lru_cache
def positions(carried):
    return np.array(carried, np.intp)


def go_back(call, ways, gradient, dstate, doutputs=None, need_dx=False):
    """Do what `skrnn._core.unroll.unroll` says of ``backward``."""
    layer, n_rows = call.layer, len(ways[0].x)
    if doutputs is None:
        doutputs = np.empty((0, layer.n_outputs), dstate.dtype)
    doutputs = as_argument(doutputs, dstate.dtype)
    dx = np.empty((len(ways), n_rows if need_dx else 0, layer.n_features), dstate.dtype)
    for k, way in enumerate(ways):
        for span, start in zip(reversed(call.spans), reversed(way.starts), strict=True):
            tape, own = way.last_tape, dstate[:, :, k, : span.n_sequences].copy()
            if span is not call.spans[-1]:
                how, nothing = call.how._replace(empty=np.empty), doutputs[:0]
                tape = go_over_span(call, way, span, start.copy(), nothing, how)
            arrays = own.reshape(-1, span.n_sequences), gradient.W_T[k], dx[k, span.rows]
            go_back_over_span(call, way, span, tape, (start[0], doutputs[span.rows]), arrays)
            # Only the first span hands a gradient on to what comes before.
            dstate[:, :, k, : span.n_sequences] = own if span is call.spans[0] else 0
    return dx if need_dx else None


def go_back_over_span(call, way, span, tape, given, gradient):
    """Take one direction back through a span: see ``backward`` in `kernels`."""
    cell, H, D, N = call.layer.cell, call.layer.hidden_size, call.layer.n_features, span.n_sequences
    n_units = 2 + cell.n_terms + 1 + len(cell.carried) + cell.n_local + len(cell.products)
    work = np.empty(((n_units + 1) * H + D + 1) * N, call.W.dtype)
    sizes = products_from_h(cell, H), cell.n_slabs, cell.n_local, cell.n_terms
    call.kernels[1](
        call.addresses,
        (*sizes, int(cell.keeps_h), way.k * H),
        span.offsets,
        (call.how.arranged.W[way.k], way.mask),
        (*tape, work),
        given,
        gradient,
    )
