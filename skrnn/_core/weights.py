"""The weights of a recurrent layer, from torch's arrangement to that of `unroll` and back."""

import numpy as np


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
