"""The weights of a recurrent layer, from torch's arrangement to that of `unroll` and back."""

from typing import NamedTuple

import numpy as np


class Arranged(NamedTuple):
    """The weights of a layer as `unroll` uses them, or their gradient.

    W        (K, H + D + 1, R), from h, x and 1, as in the state block, to the R products of H
             units each, those of logistic gates negated; the gradient is (K, R, H + D + 1)
    vectors  (n_vectors, H, K, 1), see `cells`
    """

    W: np.ndarray
    vectors: np.ndarray

    def zero_gradient(self):
        return Arranged(np.zeros(self.W.swapaxes(1, 2).shape, self.W.dtype), 0 * self.vectors)


def arrange(cell, directions):
    """Arrange torch-shaped weights, one dict of views for each direction."""
    GH, D = directions[0]["weight_ih"].shape
    H = GH // cell.n_gates
    shape = len(directions), H + D + 1, len(cell.products) * H
    # The products are W^T s: no slower for many sequences, and three times as fast for one.
    W = np.zeros(shape, directions[0]["weight_ih"].dtype)
    for arranged, views in zip(W, directions, strict=True):
        for slab, gate, from_h, from_x in product_slabs(cell, H):
            # torch has two biases, which add up where a product takes in both h and x.
            if from_h:
                arranged[:H, slab] = views["weight_hh"][gate].T
                arranged[-1, slab] += views["bias_hh"][gate]
            if from_x:
                arranged[H:-1, slab] = views["weight_ih"][gate].T
                arranged[-1, slab] += views["bias_ih"][gate]
    W[..., : cell.n_sigmoid * H] *= -1
    vectors = np.empty((len(cell.vectors), H, len(directions), 1), W.dtype)
    for name, vector in zip(cell.vectors, vectors, strict=True):
        vector[..., 0] = np.stack([views[name] for views in directions], axis=1)
    return Arranged(W, vectors)


def add_gradient(cell, gradient, directions):
    """Add the gradient of arranged weights to torch-shaped views."""
    dW, dvectors = gradient
    H = dW.shape[1] // len(cell.products)
    for name, dvector in zip(cell.vectors, dvectors, strict=True):
        for k, views in enumerate(directions):
            views[name] += dvector[:, k, 0]
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
