"""Encoder and decoder: one stack reads a sequence, another writes one of another length.

The decoder sets out from the final states of the encoder, of all layers and directions, through a
`Bridge`, and reads at each step the symbol before it: the true one in training (Sutskever, Vinyals
& Le, 2014). With `Attention`, each of its outputs then reads all steps of its own source.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from skrnn._core.attention import Attention, Memory
from skrnn._core.bridge import Bridge
from skrnn._core.dense import Dense
from skrnn._core.dropout import drop
from skrnn._core.init import glorot_uniform
from skrnn._core.network import Compact, Network
from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.pooling import POOLINGS
from skrnn._core.stack import Stack
from skrnn._core.states import to_features, to_states


class Pairs(NamedTuple):
    """What an `EncoderDecoder` reads: sources, and the symbols of a target for each.

    rows     (n_rows, n_features), packed rows of the sources
    packing  that of the sources, whose order need not be that of the targets
    symbols  (n_target_rows, 1), packed rows of the targets: the symbol before each step
    source   (n_sequences,), the source of each target: a number in the order of `packing`
    """

    rows: np.ndarray
    packing: Packing
    symbols: np.ndarray
    source: np.ndarray


class Hypotheses(NamedTuple):
    """What one step of decoding reads: the last symbols of any number of targets for each source.

    symbols  (n,)
    memory   what the attention reads, or None
    source   (n,), the source of each: a number in the order of the memory
    """

    symbols: np.ndarray
    memory: Memory | None
    source: np.ndarray


class EncoderDecoder(Network):
    """Two `Stack`s, a `Bridge` and a head, as a function of one flat parameter vector.

    Both stacks have the same number of layers and units; the decoder has one direction.

    Parameters
    ----------
    n_features, cell, hidden_size, n_outputs
        As of a `Network`; the outputs are those of the symbols, the last being the end.
    symbol_size : int
        Size of the vectors of the symbols that the decoder reads.
    attention : 'dot', 'general', 'additive' or None
        See `Attention`; with None, the final states are all that the decoder knows of its source.
    bidirectional, tables, frozen
        As of a `Stack`, of the encoder.
    **options
        Those of a `Stack`, of both.
    """

    def __init__(
        self,
        n_features,
        cell,
        hidden_size,
        n_outputs,
        *,
        symbol_size,
        attention="general",
        bidirectional=False,
        tables=None,
        frozen=(),
        **options,
    ):
        options |= {"cell": cell, "hidden_size": hidden_size}
        self.stack = Stack(
            n_features,
            bidirectional=bidirectional,
            tables=tables,
            frozen=frozen,
            prefix="encoder.",
            **options,
        )
        symbols = {0: (n_outputs, symbol_size)}
        self.decoder = Stack(1, tables=symbols, prefix="decoder.", **options)
        self.state_shapes = [layer.state_shape for layer in self.stack.layers]
        self.bridge = Bridge(sum(map(prod, self.state_shapes)), self.decoder)
        self.head = Dense(hidden_size, n_outputs, prefix="decoder.")
        self.pooling, self.pool, self.crf, self.attention = None, POOLINGS[None], False, None
        shapes = self.stack.shapes | self.decoder.shapes | self.bridge.shapes
        if attention is not None:
            n_key = self.stack.n_outputs
            self.attention = Attention(attention, hidden_size, n_key, "decoder.attention")
            shapes |= self.attention.shapes
        self.lay_out(shapes | self.head.shapes, {})

    @property
    def table_shapes(self):
        return self.stack.table_shapes | self.decoder.table_shapes

    def initialise(self, rng, dtype, forget_bias=1.0, n_steps=2):
        theta = np.zeros(self.layout.size, dtype)
        views = self.layout.views(theta)
        for stack in (self.stack, self.decoder):
            stack.initialise(views, rng, forget_bias, n_steps)
        self.bridge.initialise(views, rng)
        for name in [*(self.attention.shapes if self.attention else ()), self.head.weight]:
            views[name][...] = glorot_uniform(views[name].shape, rng)
        return theta

    def hide_tokens(self, x, rate, rng):
        super().hide_tokens(x.rows, rate, rng)

    def compact(self, theta, xs):
        symbols, touched = self.decoder.embedding.renumber([x.symbols for x in xs])
        xs = [x._replace(symbols=one) for x, one in zip(xs, symbols, strict=True)]
        if self.stack.embedding:
            rows, read = self.stack.embedding.renumber([x.rows for x in xs])
            xs = [x._replace(rows=one) for x, one in zip(xs, rows, strict=True)]
            touched |= read
        small, layout, tail = self.layout.select_vectors(theta, touched)
        return Compact(small, layout, xs, tail)

    def arrange(self, theta, layout=None):
        """The weights of both stacks as their loops use them; `layout` as in `forward`."""
        views = (layout or self.layout).views(theta)
        return self.stack.arrange(views), self.decoder.arrange(views)

    def encode(self, params, x, packing, how=Pass()):
        """Read sources: keys (n_rows, n_key) or None, features (n_sources, n) for the bridge, and

        backward(grads, dkeys, dfeatures).
        """
        how = how._replace(arranged=how.arranged and how.arranged[0])
        keys, finals, stack_back = self.stack.forward(
            params, x, packing, None, how, self.attention is not None
        )

        def backward(grads, dkeys, dfeatures):
            stack_back(grads, dkeys, to_states(dfeatures, self.state_shapes))

        return keys, to_features(finals), backward

    def decode(self, params, features, x, packing, how=Pass()):
        """Go over the targets of `Pairs`: queries (n_target_rows, hidden_size), final states, and

        backward(grads, dqueries) -> dfeatures, those of the sources.
        """
        how = how._replace(arranged=how.arranged and how.arranged[1])
        start, bridge_back = self.bridge.forward(params, features[x.source])
        queries, finals, stack_back = self.decoder.forward(params, x.symbols, packing, start, how)

        def backward(grads, dqueries):
            dfeatures = np.zeros_like(features)
            dfeatures[x.source] = bridge_back(grads, stack_back(grads, dqueries)[1])
            return dfeatures

        return queries, finals, backward

    def attend(self, params, queries, keys, x, packing):
        """Let all queries read their sources: features, weights (n_target_rows, n_steps), and

        backward(grads, dfeatures) -> dqueries, dkeys. Without attention they are the queries.
        """
        if self.attention is None:
            return queries, None, lambda grads, dfeatures: (dfeatures, None)
        memory, memory_back = self.attention.memorise(params, keys, x.packing)
        features, weights, attention_back = self.attention.forward(
            params, queries, memory, x.source[packing.sequence]
        )

        def backward(grads, dfeatures):
            dqueries, dmemory = attention_back(grads, dfeatures)
            return dqueries, memory_back(grads, dmemory)

        return features, weights, backward

    def forward(self, theta, x, packing, states=None, how=Pass(), layout=None):
        """Do what a `Network` does, for x of the type `Pairs` and the packing of their targets.

        The states are those of the decoder, which always begins with what the bridge makes.
        """
        layout = layout or self.layout
        params = layout.views(theta)
        keys, encoded, encoder_back = self.encode(params, x.rows, x.packing, how)
        queries, finals, decoder_back = self.decode(params, encoded, x, packing, how)
        features, _, attend_back = self.attend(params, queries, keys, x, packing)
        features, drop_back = drop(features, self.stack.dropout, how.rng)
        outputs, head_back = self.head.forward(params, features)

        def backward(doutputs):
            grad = np.zeros_like(theta)
            grads = layout.views(grad)
            dqueries, dkeys = attend_back(grads, drop_back(head_back(grads, doutputs)))
            encoder_back(grads, dkeys, decoder_back(grads, dqueries))
            return grad, None

        return outputs, finals, backward if how.for_backward else None

    def weights(self, params, x, packing, how=Pass()):
        """Weights of the attention, (n_target_rows, n_steps of the longest source)."""
        keys, encoded, _ = self.encode(params, x.rows, x.packing, how)
        queries, _, _ = self.decode(params, encoded, x, packing, how)
        return self.attend(params, queries, keys, x, packing)[1]

    def begin(self, params, x, packing, how=Pass()):
        """Read sources: the memory of the attention, and the decoder's states before a step."""
        keys, encoded, _ = self.encode(params, x, packing, how)
        memory = self.attention and self.attention.memorise(params, keys, packing)[0]
        return memory, self.bridge.forward(params, encoded)[0]

    def step(self, params, arranged, x, states=None):
        """Take one step of N `Hypotheses`: outputs (N, n_outputs) and the new states."""
        features, states = self.decoder.step(params, arranged[1], x.symbols[:, None], states)
        if self.attention is not None:
            features, _, _ = self.attention.forward(params, features, x.memory, x.source)
        return self.head.forward(params, features)[0], states
