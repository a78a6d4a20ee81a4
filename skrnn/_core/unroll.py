"""The one loop over time, and its way back.

The layout that makes it fast. During a run of T steps with N live sequences everything is
feature-major: a step is a block of shape (features, K, N), contiguous in memory, for K directions.
The state block of a step stacks what the cell's products need::

               direction 0       direction 1
    S[t] = [ h h h . . . h h | h h h . . . h h ]  H rows, written in place by step t - 1
           [ x x x . . . x x | x x x . . . x x ]  D rows, gathered before the loop
           [ 1 1 1 . . . 1 1 | 1 1 1 . . . 1 1 ]  one row: the bias is a column of the weights
             N sequences each

so one product ``W @ S[t]`` for each direction writes the pre-activations of all gates into the tape
``G[t]``, in which each gate, and each group of neighbouring gates, is one contiguous slab of both
directions. Rows x features would need strided gate slices or a product for each gate, and runs at
about half the speed.
"""

from math import prod
from threading import local

import numpy as np

from skrnn._core.cells import by_step

# Floats of the tape that the way back treats in one stretch, so that they stay in the cache.
STRETCH = 1 << 18


def fuse(cell, directions):
    """Arrange torch-shaped weights, one dict of views for each direction, for `unroll`.

    Returns (K, H + D + 1, R): rows h, x, 1 as in the state block, columns the R = n_slabs * H
    products. The columns of logistic gates are negated. Column-major products are no slower for
    many sequences, and three times as fast for one.
    """
    GH, D = directions[0]["weight_ih"].shape
    H = GH // cell.n_gates
    W = np.zeros((len(directions), H + D + 1, len(cell.rows) * H), directions[0]["weight_ih"].dtype)
    for fused, views in zip(W, directions, strict=True):
        for slab, rows, from_h, from_x in slab_rows(cell, H):
            if from_h:
                fused[:H, slab] = views["weight_hh"][rows].T
                fused[-1, slab] += views["bias_hh"][rows]
            if from_x:
                fused[H:-1, slab] = views["weight_ih"][rows].T
                fused[-1, slab] += views["bias_ih"][rows]
    W[..., : cell.n_sigmoid * H] *= -1
    return W


def unfuse(cell, dW, directions):
    """Add the gradient of `fuse`'s weights, ``dW (K, R, H + D + 1)``, into torch-shaped views."""
    H = dW.shape[1] // len(cell.rows)
    dW[:, : cell.n_sigmoid * H] *= -1
    for fused, views in zip(dW, directions, strict=True):
        for slab, rows, from_h, from_x in slab_rows(cell, H):
            if from_h:
                views["weight_hh"][rows] += fused[slab, :H]
                views["bias_hh"][rows] += fused[slab, -1]
            if from_x:
                views["weight_ih"][rows] += fused[slab, H:-1]
                views["bias_ih"][rows] += fused[slab, -1]


def slab_rows(cell, H):
    """Yield each product slab with torch's rows of its gate and what feeds it."""
    for j, (gate, from_h, from_x) in enumerate(cell.rows):
        yield slice(j * H, (j + 1) * H), slice(gate * H, (gate + 1) * H), from_h, from_x


@np.errstate(over="ignore", under="ignore")  # in the exp of a closed and of an open gate
def unroll(cell, W, xs, state0, mask=None, keep=True, empty=np.empty):
    """Run `cell` over T steps of N sequences that all stay alive.

    W       (K, H + D + 1, R), from `fuse`
    xs      K arrays (T, D, N), one for each direction, each in its own order of steps
    state0  (n_states, H, K, N): h, and c for the LSTM
    mask    (H, K, N) or None: multiplies the h that enters the products (recurrent dropout)
    keep    whether to keep the notes that ``backward`` needs; without them the tape is one frame
    empty   allocates the notes, as ``np.empty`` or a `Scratch` does

    Returns h (T, H, K, N), final (n_states, H, K, N) and

    backward(dW, dstate, dh=None, need_dx=False) -> dx, K arrays (T, D, N), or None
        dW (K, R, H + D + 1) is added to. `dstate`, like `final`, is overwritten: the gradient of
        the final state goes in, that of the initial state comes out. dh (T, H, K, N) is the
        gradient of `h`.
    """
    (T, D, N), (_, H, K, _) = xs[0].shape, state0.shape
    n_from_h = H * sum(from_h for _, from_h, _ in cell.rows)
    n_products = W.shape[2]
    S = empty((T + 1, H + D + 1, K, N), W.dtype)
    for k, x in enumerate(xs):
        S[:T, H:-1, k] = x
    S[:, -1] = 1
    h_in = S[:, :H]
    h = h_in if mask is None else empty((T + 1, H, K, N), W.dtype)
    h[0] = state0[0]
    frames = (T + 1, cell.n_slabs * H, K, N)
    one_frame = not keep and n_products == n_from_h
    G = empty((1,) + frames[1:] if one_frame else frames, W.dtype)
    for slab, c0 in zip(cell.carried, state0[1:], strict=True):
        G[0, slab * H : (slab + 1) * H] = c0
    if one_frame:
        G = np.ndarray(frames, G.dtype, G, strides=(0, *G.strides[1:]))
    by_direction, products = S[:T].swapaxes(1, 2), G[:T, :n_products].swapaxes(1, 2)
    if n_products > n_from_h:
        W_from_x = W[:, H:, n_from_h:].swapaxes(1, 2)
        np.matmul(W_from_x, by_direction[:, :, H:], out=products[:, :, n_from_h:])
    W_from_h, products = W[:, :, :n_from_h].swapaxes(1, 2), products[:, :, :n_from_h]
    steps = cell.forward(G, h[:-1], h[1:])
    if mask is None:
        for _, (products_t, s) in zip(steps, by_step(products, by_direction), strict=True):
            np.matmul(W_from_h, s, out=products_t)
    else:
        arrays = by_step(products, by_direction, h[:-1], h_in[:-1])
        for _, (products_t, s, before, h_in_t) in zip(steps, arrays, strict=True):
            np.multiply(before, mask, out=h_in_t)
            np.matmul(W_from_h, s, out=products_t)
    final = np.stack([h[-1], *(G[-1, j * H : (j + 1) * H] for j in cell.carried)])

    def backward(dW, dstate, dh=None, need_dx=False):
        dx = np.empty((T, K, D, N), W.dtype) if need_dx else None
        W_h_T, W_x_T = W[:, :H, :n_from_h], W[:, H:-1]
        if dh is not None:
            dstate[0] += dh[-1]
        product = np.empty_like(dstate[0]) if cell.keeps_h else dstate[0]
        length = max(1, STRETCH // (K * cell.n_slabs * H * N))
        A = empty((min(length, T), n_products, K, N), W.dtype)
        for stop in range(T, 0, -length):
            start = max(0, stop - length)
            a = A[: stop - start]
            dproducts = a.swapaxes(1, 2)
            steps = cell.backward(G[start:stop], h[start:stop], h[start + 1 : stop + 1], a, *dstate)
            for t, da, _ in zip(
                range(stop - 1, start - 1, -1), dproducts[::-1, :, :n_from_h], steps, strict=True
            ):
                np.matmul(W_h_T, da, out=product.swapaxes(0, 1))
                if mask is not None:
                    product *= mask
                if cell.keeps_h:
                    dstate[0] += product
                if t and dh is not None:
                    dstate[0] += dh[t - 1]
            for k in range(K):
                dW[k] += sum_over_steps(a[:, :, k], S[start:stop, :, k])
            if need_dx:
                np.matmul(W_x_T, dproducts, out=dx[start:stop])
        return None if dx is None else [dx[:, k] for k in range(K)]

    return h[1:], final, backward


class Scratch(local):
    """Memory for the arrays of one pass, handed out again to the next, by each thread.

    Without it, malloc may give the memory of one mini-batch back to the system and ask for that
    of the next, which takes up to a third of the time of a small network.
    """

    def __init__(self):
        self.buffer, self.used = np.empty(0, np.uint8), 0

    def reset(self):
        """Make room for what the last pass needed; its arrays must no longer be in use."""
        if self.used > self.buffer.size:
            self.buffer = None  # before the larger one is there
            self.buffer = np.empty(self.used, np.uint8)
        self.used = 0

    def empty(self, shape, dtype):
        """Do what ``np.empty`` does, in the buffer as long as there is room."""
        start = self.used
        self.used += -(-prod(shape) * dtype.itemsize // 64) * 64
        if self.used > self.buffer.size:
            return np.empty(shape, dtype)
        return np.ndarray(shape, dtype, self.buffer, start)


def sum_over_steps(a, s):
    """Sum of ``a[t] @ s[t].T`` over steps, as one product over all steps and sequences."""
    a, s = (np.ascontiguousarray(m.swapaxes(0, 1)).reshape(m.shape[1], -1) for m in (a, s))
    return a @ s.T
