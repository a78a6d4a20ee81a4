"""The loop over time by compiled code: what `skrnn._core.unroll` does, one direction at a time."""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from skrnn._core.compiled.blas import by_order, gemm_address
from skrnn._core.compiled.build import as_argument
from skrnn._core.compiled.kernels import kernels_for
from skrnn._core.unroll import products_from_h


def unroll_for(cell, dtype):
    """Compile the kernels for a cell and a type of numbers; return the loop over time by them."""
    kernels, address = kernels_for(cell, dtype), gemm_address(dtype)

    def unroll(layer, xs, packing, state, mask, how, return_steps=True):
        """Do what `skrnn._core.unroll.unroll` does."""
        dtype = how.arranged.W_T.dtype
        weights = by_order(how.arranged, state.shape[-1])
        call = Call(layer, *weights, packing, kernels, address, how)
        outputs = np.empty((packing.n_rows if return_steps else 0, layer.n_outputs), dtype)
        passed = [
            go_forward(call, k, x, state, own_mask(mask, k, state), outputs)
            for k, x in enumerate(xs)
        ]
        backward = partial(go_back, call, passed) if how.for_backward else None
        return outputs if return_steps else None, backward

    return unroll


class Call(NamedTuple):
    """What both directions and the way back share."""

    layer: Any
    W: np.ndarray  # this or the next one is empty
    W_T: np.ndarray
    packing: Any
    kernels: tuple
    address: int  # of the product of matrices
    how: Any


def own_mask(mask, k, state):
    """Mask of one direction, of no rows if there is none."""
    if mask is None:
        return np.empty((0, state.shape[-1]), state.dtype)
    return np.ascontiguousarray(mask[:, k], state.dtype)


def go_forward(call, k, x, state, mask, outputs):
    """Take one direction forward. Returns its tape, its mask and its first hidden state."""
    layer, how, dtype, N = call.layer, call.how, call.W.dtype, state.shape[-1]
    cell, H, keeps = layer.cell, layer.hidden_size, how.for_backward
    n_frames, n_h = (len(x), len(x)) if keeps else (N, 2 * N)
    n_floats = n_frames * (H + layer.n_features + 1), n_frames * cell.n_slabs * H, n_h * H
    tape = [how.empty((n,), dtype) for n in n_floats]
    work = np.empty((1 + cell.n_terms + cell.n_slabs) * H * N, dtype)
    own, first = np.ascontiguousarray(state[:, :, k]), state[0, :, k].copy()
    call.kernels[0](
        (call.address, products_from_h(cell, H), cell.n_slabs, cell.n_terms, int(keeps), k * H),
        (call.packing.offsets, positions(cell.carried)),
        (call.W[k], call.W_T[k], as_argument(x, dtype), mask),
        (*tape, work),
        own,
        outputs,
    )
    state[:, :, k] = own
    return tape, mask, first


@lru_cache
def positions(carried):
    return np.array(carried, np.intp)


def go_back(call, passed, gradient, dstate, doutputs=None, need_dx=False):
    """Do what `skrnn._core.unroll.unroll` says of ``backward``."""
    layer, K, n_rows = call.layer, len(passed), call.packing.n_rows
    cell, H, N, D = layer.cell, layer.hidden_size, dstate.shape[-1], layer.n_features
    if doutputs is None:
        doutputs = np.empty((0, layer.n_outputs), dstate.dtype)
    doutputs = as_argument(doutputs, dstate.dtype)
    dx = np.empty((K, n_rows if need_dx else 0, D), dstate.dtype)
    n_units = 2 + cell.n_terms + len(dstate) + cell.n_local
    work = np.empty(((n_units + len(cell.products)) * H + D) * N, dstate.dtype)
    sizes = call.address, products_from_h(cell, H), cell.n_slabs, cell.n_local, cell.n_terms
    for k, (tape, mask, h0) in enumerate(passed):
        own = np.ascontiguousarray(dstate[:, :, k]).reshape(-1, N)
        call.kernels[1](
            (*sizes, int(cell.keeps_h), layer.max_steps or 0, k * H),
            call.packing.offsets,
            (call.how.arranged.W[k], mask),
            (*tape, work),
            (h0, doutputs),
            (own, gradient.W_T[k], dx[k]),
        )
        dstate[:, :, k] = own.reshape(-1, H, N)
    return dx if need_dx else None
