"""The loop over time by compiled code: what `skrnn._core.unroll` does, one direction at a time."""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from skrnn._core.compiled.build import as_argument
from skrnn._core.compiled.kernels import kernels_for
from skrnn._core.compiled.products import addresses_for, weights_for
from skrnn._core.packing import Packing
from skrnn._core.unroll import products_from_h


def unroll_for(cell, dtype):
    """Compile the kernels for a cell and a type of numbers; return the loop over time by them."""
    kernels, addresses = kernels_for(cell, dtype), addresses_for(dtype)

    def unroll(layer, xs, packing, state, mask, how, return_steps=True):
        """Do what `skrnn._core.unroll.unroll` does."""
        W, W_T = weights_for(how.arranged, state.shape[-1])
        call = Call(layer, packing, W, W_T, kernels, addresses, how)
        outputs = np.empty((packing.n_rows if return_steps else 0, layer.n_outputs), W.dtype)
        ways = [
            go_forward(call, k, x, own_mask(mask, k, state), state, outputs)
            for k, x in enumerate(xs)
        ]
        backward = partial(go_back, call, ways) if how.for_backward else None
        return outputs if return_steps else None, backward

    return unroll


class Call(NamedTuple):
    """What both directions and the way back share."""

    layer: Any
    packing: Packing
    W: np.ndarray  # this or the next one is empty
    W_T: np.ndarray
    kernels: tuple
    addresses: tuple  # of products of matrices
    how: Any


class Way(NamedTuple):
    """What one direction leaves for the way back."""

    mask: np.ndarray
    h0: np.ndarray
    tape: list


def own_mask(mask, k, state):
    """Mask of one direction, of no rows if there is none."""
    if mask is None:
        return np.empty((0, state.shape[-1]), state.dtype)
    return np.ascontiguousarray(mask[:, k], state.dtype)


def go_forward(call, k, x, mask, state, outputs):
    """Take direction k forward; overwrite its part of `state`, and outputs if they have rows."""
    layer, packing, dtype, keeps = call.layer, call.packing, call.W.dtype, call.how.for_backward
    cell, H, N, n_rows = layer.cell, layer.hidden_size, packing.n_sequences, packing.n_rows
    own = state[:, :, k, :N].copy()
    h0 = own[0].copy()
    n_frames, n_h = (n_rows, n_rows) if keeps else (N, 2 * N)
    n_floats = n_frames * (H + layer.n_features + 1), n_frames * cell.n_slabs * H, n_h * H
    tape, sizes = [call.how.empty((n,), dtype) for n in n_floats], (cell.n_slabs, cell.n_terms)
    work = np.empty((1 + cell.n_terms + cell.n_slabs) * H * N, dtype)
    call.kernels[0](
        call.addresses,
        (products_from_h(cell, H), cell.n_sigmoid, *sizes, int(keeps), k * H),
        (packing.offsets, positions(cell.carried)),
        (call.W[k], call.W_T[k], as_argument(x, dtype), mask),
        (*tape, work),
        own,
        outputs,
    )
    state[:, :, k, :N] = own
    return Way(mask, h0, tape)


@lru_cache
def positions(carried):
    return np.array(carried, np.intp)


def go_back(call, ways, gradient, dstate, doutputs=None, need_dx=False):
    """Do what `skrnn._core.unroll.unroll` says of ``backward``."""
    layer, n_rows = call.layer, call.packing.n_rows
    if doutputs is None:
        doutputs = np.empty((0, layer.n_outputs), dstate.dtype)
    doutputs = as_argument(doutputs, dstate.dtype)
    dx = np.empty((len(ways), n_rows if need_dx else 0, layer.n_features), dstate.dtype)
    for k, way in enumerate(ways):
        own = dstate[:, :, k, : call.packing.n_sequences].copy()
        arrays = own.reshape(-1, own.shape[-1]), gradient.W_T[k], dx[k]
        go_back_one_way(call, k, way, doutputs, arrays)
        dstate[:, :, k, : own.shape[-1]] = own
    return dx if need_dx else None


def go_back_one_way(call, k, way, doutputs, gradient):
    """Take direction k back: see ``backward`` in `kernels`."""
    cell, H, D = call.layer.cell, call.layer.hidden_size, call.layer.n_features
    n_units = 2 + cell.n_terms + 1 + len(cell.carried) + cell.n_local + len(cell.products)
    work = np.empty(((n_units + 1) * H + D + 1) * call.packing.n_sequences, call.W.dtype)
    sizes = products_from_h(cell, H), cell.n_slabs, cell.n_local, cell.n_terms
    call.kernels[1](
        call.addresses,
        (*sizes, int(cell.keeps_h), k * H),
        call.packing.offsets,
        (call.how.arranged.W[k], way.mask),
        (*way.tape, work),
        (way.h0, doutputs),
        gradient,
    )
