"""The weights of a recurrent layer, from torch's arrangement to that of `unroll` and back."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np

from skrnn._core.cached import cached_property

# Weights from which their order counts: BLAS copies large ones at each product.
LARGE = 1 << 15


@dataclass(eq=False)
class Arranged:
    """The weights of a layer as `unroll` uses them, or their gradient.

    W_T      (K, R, H + D + 1), to the R products of H units each, those of logistic gates negated,
             from h, x and 1, as in the state block
    vectors  (n_vectors, H, K, 1), see `cells`
    """

    W_T: np.ndarray
    vectors: np.ndarray

    @cached_property
    def W(self):
        """(K, H + D + 1, R)."""
        return np.ascontiguousarray(self.W_T.swapaxes(1, 2))

    def for_columns(self, n):
        """View the weights as (K, R, H + D + 1), in the memory by which n columns take less time.

        The product of one is three times as fast by `W`; that of 32 is up to 1.3 times as fast by
        `W_T` if it is large.
        """
        return self.W_T if n > 1 and self.W_T[0].size >= LARGE else self.W.swapaxes(1, 2)

    def zero_gradient(self):
        return Arranged(np.zeros_like(self.W_T), 0 * self.vectors)


def arrange(cell, directions):
    """Arrange torch-shaped weights, one dict of views for each direction."""
    GH, D = directions[0]["weight_ih"].shape
    H = GH // cell.n_gates
    shape = len(directions), len(cell.products) * H, H + D + 1
    W_T = np.zeros(shape, directions[0]["weight_ih"].dtype)
    for arranged, views in zip(W_T, directions, strict=True):
        for slab, gates, from_h, from_x, is_sigmoid in product_blocks(cell, H):
            write, add = (np.negative, np.subtract) if is_sigmoid else (np.positive, np.add)
            part = arranged[slab]
            bias = part[:, -1]
            # torch has two biases, which add up where a product takes in both h and x.
            if from_h:
                write(views["weight_hh"][gates], part[:, :H])
                add(bias, views["bias_hh"][gates], bias)
            if from_x:
                write(views["weight_ih"][gates], part[:, H:-1])
                add(bias, views["bias_ih"][gates], bias)
    vectors = np.empty((len(cell.vectors), H, len(directions), 1), W_T.dtype)
    for name, vector in zip(cell.vectors, vectors, strict=True):
        vector[..., 0] = np.stack([views[name] for views in directions], axis=1)
    return Arranged(W_T, vectors)


def add_gradient(cell, gradient, directions):
    """Add the gradient of arranged weights to torch-shaped views."""
    dW, dvectors = gradient.W_T, gradient.vectors
    H = dW.shape[1] // len(cell.products)
    for name, dvector in zip(cell.vectors, dvectors, strict=True):
        for k, views in enumerate(directions):
            views[name] += dvector[:, k, 0]
    for arranged, views in zip(dW, directions, strict=True):
        for slab, gates, from_h, from_x, is_sigmoid in product_blocks(cell, H):
            part, add, parts = arranged[slab], np.subtract if is_sigmoid else np.add, []
            if from_h:
                parts += ("weight_hh", part[:, :H]), ("bias_hh", part[:, -1])
            if from_x:
                parts += ("weight_ih", part[:, H:-1]), ("bias_ih", part[:, -1])
            for name, values in parts:
                view = views[name][gates]
                add(view, values, view)


@lru_cache
def product_blocks(cell, H):
    """List the slabs of products, those joined that neighbour each other here and in torch.

    An entry is the place of the slabs, that of their gates in torch's order, whether they take in
    h and x, and whether they are logistic gates.
    """

    def kind(entry):
        j, (gate, from_h, from_x) = entry
        return gate - j, from_h, from_x, j < cell.n_sigmoid

    blocks = []
    for (shift, *how), group in groupby(enumerate(cell.products), kind):
        js = [j for j, _ in group]
        first, stop = js[0] * H, (js[-1] + 1) * H
        blocks.append((slice(first, stop), slice(first + shift * H, stop + shift * H), *how))
    return blocks
