"""The one loop over time, and its backward pass.

The layout that makes it fast. During a run of T steps with N live sequences everything is
feature-major: a step is a block of shape (features, K, N), contiguous in memory, for K directions.
The state block of a step stacks what the cell's products need::

               direction 0       direction 1
    S[t] = [ h h h . . . h h | h h h . . . h h ]  H features, written in place by step t - 1
           [ x x x . . . x x | x x x . . . x x ]  D features, gathered before the loop
           [ 1 1 1 . . . 1 1 | 1 1 1 . . . 1 1 ]  one, so that the bias is a column of the weights
             N sequences each

so one product ``W @ S[t]`` for each direction writes the pre-activations of all gates into the tape
``G[t]``, in which each gate, and each group of neighbouring gates, is one contiguous slab of both
directions. Rows x features would need strided gate slices or a product for each gate, and takes
about twice as long.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from skrnn._core.cells import by_step
from skrnn._core.weights import Arranged

# Floats of the tape that the backward pass treats in one stretch: this bounds its memory.
STRETCH = 1 << 18


def unroll(cell, weights, xs, state, mask=None, for_backward=True, empty=np.empty):
    """Go over T steps of N sequences that all stay alive.

    weights       an `Arranged`
    xs            K arrays (T, D, N), one for each direction, each in its own order of steps
    state         (n_states, H, K, N): h, and c for the LSTM. It is overwritten: the initial state
                  goes in, the final state comes out
    mask          (H, K, N) or None: multiplies the h that enters the products
    for_backward  whether to keep the tape of all steps; without it the tape is one frame
    empty         allocates the tape, as ``np.empty`` or a `Scratch` does

    Returns h (T, H, K, N) and, or None if not `for_backward`,

    backward(gradient, dstate, dh=None, need_dx=False) -> dx, K arrays (T, D, N), or None
        `gradient`, an `Arranged`, is added to. `dstate`, like `state`, is overwritten: the
        gradient of the final state goes in, that of the initial state comes out. dh (T, H, K, N)
        is the gradient of `h`.
    """
    H, W = state.shape[1], weights.W
    S = state_blocks(xs, H, W.dtype, empty)
    # With a mask the h in S is what the mask leaves of it, and h itself has a place of its own.
    h = S[:, :H] if mask is None else empty((len(S), H, *S.shape[2:]), W.dtype)
    h[0] = state[0]
    # Products of the input alone are computed for all steps at once, and so need all frames.
    one_frame = not for_backward and W.shape[2] == products_from_h(cell, H)
    G = tape(cell, h.shape, state, one_frame, W.dtype, empty)
    run = Unrolled(cell, weights, S, h, G, mask)
    with np.errstate(over="ignore", under="ignore"):  # in the exp of a closed and of an open gate
        go_forward(run)
    state[0] = h[-1]
    for j, slab in enumerate(cell.carried, 1):
        state[j] = G[-1, slab * H : (slab + 1) * H]
    return h[1:], partial(go_back, run, empty) if for_backward else None


class Unrolled(NamedTuple):
    """The arrays of a run, which its forward and its backward pass share."""

    cell: Any
    weights: Arranged
    S: np.ndarray
    h: np.ndarray
    G: np.ndarray
    mask: np.ndarray | None


def state_blocks(xs, H, dtype, empty):
    """Allocate S (T + 1, H + D + 1, K, N), with the inputs and ones in place."""
    T, D, N = xs[0].shape
    S = empty((T + 1, H + D + 1, len(xs), N), dtype)
    for k, x in enumerate(xs):
        S[:T, H:-1, k] = x
    S[:, -1] = 1
    return S


def tape(cell, shape, state, one_frame, dtype, empty):
    """Allocate G (T + 1, n_slabs * H, K, N), with the first carried states in place."""
    n_frames, H, K, N = shape
    frame = (cell.n_slabs * H, K, N)
    G = empty((1 if one_frame else n_frames, *frame), dtype)
    for slab, c0 in zip(cell.carried, state[1:], strict=True):
        G[0, slab * H : (slab + 1) * H] = c0
    if one_frame:
        # A stride of 0 lets every step overwrite the same frame, and the code of cells stays one.
        G = np.ndarray((n_frames, *frame), G.dtype, G, strides=(0, *G.strides[1:]))
    return G


def products_from_h(cell, H):
    """Number of products that take in the hidden state; they come first."""
    return H * sum(from_h for _, from_h, _ in cell.products)


def go_forward(run):
    """Fill h and the tape."""
    cell, (W, vectors), S, h, G, mask = run
    H, n_products = h.shape[1], W.shape[2]
    n_from_h = products_from_h(cell, H)
    by_direction, products = S[:-1].swapaxes(1, 2), G[:-1, :n_products].swapaxes(1, 2)
    if n_products > n_from_h:
        W_from_x = W[:, H:, n_from_h:].swapaxes(1, 2)
        np.matmul(W_from_x, by_direction[:, :, H:], out=products[:, :, n_from_h:])
    W_from_h, products = W[:, :, :n_from_h].swapaxes(1, 2), products[:, :, :n_from_h]
    steps = cell.forward(G, h[:-1], h[1:], *vectors)
    # The cell's generator is drawn first: it waits for the products that this loop then writes.
    if mask is None:
        multiply = np.matmul
        if len(W) == 1:
            W_from_h, products, by_direction = W_from_h[0], products[:, 0], by_direction[:, 0]
            multiply = product_by(W_from_h)
        for _, (products_t, s) in zip(steps, by_step(products, by_direction), strict=True):
            multiply(W_from_h, s, products_t)
    else:
        arrays = by_step(products, by_direction, h[:-1], S[:-1, :H])
        for _, (products_t, s, before, h_in) in zip(steps, arrays, strict=True):
            np.multiply(before, mask, out=h_in)
            np.matmul(W_from_h, s, out=products_t)


def product_by(W):
    """Return what multiplies a matrix: ``np.dot`` starts sooner, but copies a part."""
    return np.dot if W.flags.forc else np.matmul


def go_back(run, empty, gradient, dstate, dh=None, need_dx=False):
    """Do what `unroll` says of ``backward``, in stretches of steps from the last to the first."""
    cell, (W, vectors), S, h, G, mask = run
    T, (_, H, K, N), n_products = len(h) - 1, h.shape, W.shape[2]
    dx = np.empty((T, K, S.shape[1] - H - 1, N), W.dtype) if need_dx else None
    n_from_h = products_from_h(cell, H)
    W_h, of_cell = W[:, :H, :n_from_h], (*dstate, *vectors, *gradient.vectors)
    length = max(1, STRETCH // (K * cell.n_slabs * H * N))
    A = empty((min(length, T), n_products, K, N), W.dtype)
    for stop in range(T, 0, -length):
        start = max(0, stop - length)
        a, h_prev, h_now = A[: stop - start], h[start:stop], h[start + 1 : stop + 1]
        steps = cell.backward(G[start:stop], h_prev, h_now, a, *of_cell)
        dproducts, dh_now = a.swapaxes(1, 2), None if dh is None else dh[start:stop]
        step_back(steps, W_h, dproducts[:, :, :n_from_h], dstate, cell.keeps_h, mask, dh_now)
        # One large product for all steps takes less time than one for each, copies included.
        for k in range(K):
            gradient.W[k] += sum_over_steps(a[:, :, k], S[start:stop, :, k])
        if need_dx:
            np.matmul(W[:, H:-1], dproducts, out=dx[start:stop])
    return None if dx is None else [dx[:, k] for k in range(K)]


def step_back(steps, W_h, dproducts, dstate, keeps_h, mask, dh):
    """Draw the steps of a cell's ``backward``; pass the gradient on from each to that before."""
    # A cell that keeps h has left the direct part in dh, to which that of the products is added.
    product = np.empty_like(dstate[0]) if keeps_h else dstate[0]
    multiply, out = np.matmul, product.swapaxes(0, 1)
    if len(W_h) == 1:
        W_h, dproducts, out = W_h[0], dproducts[:, 0], out[0]
        multiply = product_by(W_h)
    for t in reversed(range(len(dproducts))):
        if dh is not None:
            dstate[0] += dh[t]
        next(steps)
        multiply(W_h, dproducts[t], out)
        if mask is not None:
            product *= mask
        if keeps_h:
            dstate[0] += product
    next(steps, None)  # A cell may have more to do after its last step.


def sum_over_steps(a, s):
    """Sum of ``a[t] @ s[t].T`` over steps, as one product over all steps and sequences."""
    a, s = (np.ascontiguousarray(m.swapaxes(0, 1)).reshape(m.shape[1], -1) for m in (a, s))
    return a @ s.T
