"""The weights of a recurrent layer, from torch's arrangement to that of `unroll` and back."""

import numpy as np


def arrange(cell, directions):
    """Arrange torch-shaped weights, one dict of views for each direction, for `unroll`.

    Returns (K, H + D + 1, R): rows h, x, 1 as in the state block, columns the R = n_slabs * H
    products. The columns of logistic gates are negated. Column-major products are no slower for
    many sequences, and three times as fast for one.
    """
    GH, D = directions[0]["weight_ih"].shape
    H = GH // cell.n_gates
    shape = len(directions), H + D + 1, len(cell.products) * H
    W = np.zeros(shape, directions[0]["weight_ih"].dtype)
    for arranged, views in zip(W, directions, strict=True):
        for slab, gate, from_h, from_x in product_slabs(cell, H):
            if from_h:
                arranged[:H, slab] = views["weight_hh"][gate].T
                arranged[-1, slab] += views["bias_hh"][gate]
            if from_x:
                arranged[H:-1, slab] = views["weight_ih"][gate].T
                arranged[-1, slab] += views["bias_ih"][gate]
    W[..., : cell.n_sigmoid * H] *= -1
    return W


def add_gradient(cell, dW, directions):
    """Add the gradient of arranged weights, ``dW (K, R, H + D + 1)``, to torch-shaped views."""
    H = dW.shape[1] // len(cell.products)
    dW[:, : cell.n_sigmoid * H] *= -1
    for arranged, views in zip(dW, directions, strict=True):
        for slab, gate, from_h, from_x in product_slabs(cell, H):
            if from_h:
                views["weight_hh"][gate] += arranged[slab, :H]
                views["bias_hh"][gate] += arranged[slab, -1]
            if from_x:
                views["weight_ih"][gate] += arranged[slab, H:-1]
                views["bias_ih"][gate] += arranged[slab, -1]


def product_slabs(cell, H):
    """Yield each product's slab, the place of its gate in torch's order, and what feeds it."""
    for j, (gate, from_h, from_x) in enumerate(cell.products):
        yield slice(j * H, (j + 1) * H), slice(gate * H, (gate + 1) * H), from_h, from_x
