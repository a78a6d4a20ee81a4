"""A network of symbols that says what a vector describes: its first states are made of it."""

from typing import NamedTuple

import numpy as np

from skrnn._core.bridge import Bridge
from skrnn._core.embedding import Embedding
from skrnn._core.network import Compact, Network
from skrnn._core.passes import Pass
from skrnn._core.pooling import sum_steps


class Described(NamedTuple):
    """What a `Conditioned` network reads.

    symbols    (n_rows, 1), packed rows: the symbol before each step
    condition  (n_sequences, n_condition), what describes each sequence
    """

    symbols: np.ndarray
    condition: np.ndarray


class Conditioned(Network):
    """A `Network` that answers at every step, to symbols and to what describes the sequence.

    A `Bridge` makes its first states of the condition.

    Parameters
    ----------
    n_condition : int
        Columns of the condition.
    condition_tables : dict of int -> (int, int)
        Those that are embedded, see `Embedding`.
    feed_condition : bool
        Whether each step reads the condition beside the symbol.
    **options
        Those of `Network`; column 0 of its input is the symbol.
    """

    def __init__(
        self,
        cell,
        hidden_size,
        n_outputs,
        *,
        n_condition,
        condition_tables=(),
        feed_condition=True,
        **options,
    ):
        self.reader = Embedding(n_condition, condition_tables, prefix="condition_")
        self.feed, width = feed_condition, self.reader.width if feed_condition else 0
        super().__init__(1 + width, cell, hidden_size, n_outputs, pooling=None, **options)
        self.bridge = Bridge(self.reader.width, self.stack)
        self.lay_out(self.layer_shapes | self.bridge.shapes, self.reader.shapes)

    def initialise(self, rng, dtype, forget_bias=1.0, n_steps=2):
        theta = super().initialise(rng, dtype, forget_bias, n_steps)
        views = self.layout.views(theta)
        self.bridge.initialise(views, rng)
        self.reader.initialise(views, rng)
        return theta

    def compact(self, theta, xs):
        small = super().compact(theta, [x.symbols for x in xs])
        xs = [x._replace(symbols=symbols) for x, symbols in zip(xs, small.xs, strict=True)]
        return Compact(small.theta, small.layout, xs, small.tail)

    def begin(self, params, condition):
        """Read conditions: features (n_sequences, width) for `join`, and the first states."""
        features, _ = self.reader.forward(params, condition)
        return features, self.bridge.forward(params, features)[0]

    def join(self, symbols, features):
        """What a step reads: the symbol (n, 1) and, if that is wanted, the features."""
        if not self.feed:
            return symbols
        return np.hstack([symbols.astype(features.dtype), features])

    def forward(self, theta, x, packing, states=None, how=Pass(), layout=None):
        """Do what a `Network` does, for x of the type `Described`.

        Without `states` it begins with those made of the condition; ``backward`` then gives no
        gradient by states.
        """
        layout = layout or self.layout
        params, begins = layout.views(theta), states is None
        features, reader_backward = self.reader.forward(params, x.condition)
        if begins:
            states, bridge_backward = self.bridge.forward(params, features)
        rows = self.join(x.symbols, features[packing.sequence])
        outputs, finals, network_backward = super().forward(
            theta, rows, packing, states, how, layout
        )

        def backward(doutputs, dfinals=None):
            grad, dstates, dx = network_backward(doutputs, dfinals, need_dx=True)
            grads, dfeatures = layout.views(grad), np.zeros_like(features)
            if begins:
                dfeatures += bridge_backward(grads, dstates)
            if self.feed:
                dfeatures += sum_steps(dx[:, : features.shape[1]], packing)
            reader_backward(grads, dfeatures)
            return grad, None if begins else dstates

        return outputs, finals, backward if how.for_backward else None
