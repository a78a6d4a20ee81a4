"""Embeddings and recurrent layers, one above the other."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from skrnn._core.dropout import drop, dropout_mask
from skrnn._core.embedding import Embedding
from skrnn._core.init import init_recurrent
from skrnn._core.passes import Pass
from skrnn._core.recurrent import Recurrent


@dataclass(eq=False)
class Stack:
    """Sequences in, the outputs of the last recurrent layer and the states of all out.

    It holds sizes only. Parameters come as a dict of views, see `recurrent`.

    Parameters
    ----------
    n_features : int
    cell : Elman, LSTM or GRU
    hidden_size, n_layers : int
    bidirectional : bool
    dropout : float
        Rate on the embeddings, not on numeric columns beside them, and on what each layer hands
        on to the next.
    recurrent_dropout : float
        Rate on h inside the recurrence, with one mask for each sequence (Gal & Ghahramani, 2016).
    tables : dict of int -> (int, int)
        Embedded columns, see `Embedding`.
    frozen : sequence of int
        Embedded columns that are not trained.
    max_steps : int or None
        Truncation of backpropagation through time, see `Recurrent`.
    prefix : str
        Stands before the names of the parameters, so that two stacks can share one vector.

    Attributes
    ----------
    embedding : Embedding or None
    layers : list of Recurrent
    width : int
        Columns that the first layer reads.
    n_outputs : int
        Columns of the outputs: both directions of the last layer, one after the other.
    """

    n_features: int
    cell: object
    hidden_size: int
    n_layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    tables: dict | None = None
    frozen: tuple = ()
    max_steps: int | None = None
    prefix: str = ""

    def __post_init__(self):
        self.embedding, self.width = None, self.n_features
        if self.tables:
            self.embedding = Embedding(self.n_features, self.tables, self.frozen, self.prefix)
            self.width = self.embedding.width
        K = 1 + self.bidirectional
        self.n_outputs = K * self.hidden_size
        widths = [self.width] + [self.n_outputs] * self.n_layers
        self.layers = [
            Recurrent(self.cell, widths[i], self.hidden_size, K, i, self.max_steps, self.prefix)
            for i in range(self.n_layers)
        ]

    @property
    def shapes(self):
        """Names and shapes of the recurrent layers' parameters."""
        return {name: shape for layer in self.layers for name, shape in layer.shapes.items()}

    @property
    def table_shapes(self):
        """Names and shapes of the tables, of which a batch touches some vectors only."""
        return self.embedding.shapes if self.embedding else {}

    def initialise(self, views, rng, forget_bias=1.0, n_steps=2):
        """Draw the parameters into a dict of views of zeros."""
        for layer in self.layers:
            init_recurrent(layer, views, rng, forget_bias, n_steps)
        if self.embedding:
            self.embedding.initialise(views, rng)

    def arrange(self, params):
        """The layers' weights as their loops use them: worth keeping between calls."""
        return [layer.arrange(params) for layer in self.layers]

    def forward(self, params, x, packing, states=None, how=Pass(), return_steps=True):
        """Go over packed rows.

        x             (n_rows, n_features)
        states        initial states, one for each layer (see `Recurrent`); zeros if None
        return_steps  whether the outputs of all steps are needed beside the final states

        Returns outputs (n_rows, n_outputs) or None, finals, like states, and

        backward(grads, doutputs, dfinals=None, need_dx=False) -> dx or None, dstates
            dx (n_rows, width) is the gradient by what the first layer reads: the numeric columns
            and, behind them, the vectors of the embedded ones (`Embedding.slices` has their
            places), before dropout. Gradients of outputs and of each final state may be None.
        """
        states = states or [None] * len(self.layers)
        arranged = how.arranged or [None] * len(self.layers)
        finals, backwards, embedding_backward = [], [], None
        if self.embedding:
            x, embedding_backward = self.embedding.forward(params, x)
        for layer, weights, state0 in zip(self.layers, arranged, states, strict=True):
            x, drop_backward = self.drop_input(layer, x, how.rng)
            # The order of these draws decides what a seed gives: it must stay.
            mask = self.recurrent_mask(layer, packing, how.rng, x.dtype)
            # A layer above reads all steps of the one below, whatever is asked of the last.
            needs_steps = return_steps or layer is not self.layers[-1]
            layer_how = how if weights is how.arranged else how._replace(arranged=weights)
            x, final, backward = layer.forward(
                params, x, packing, state0, mask, layer_how, needs_steps
            )
            finals.append(final)
            backwards.append((drop_backward, backward))
        backward = partial(self.backward, backwards, embedding_backward)
        return x, finals, backward if how.for_backward else None

    def each_layer(self, params, x, packing, how=Pass()):
        """Yield each layer with the packed rows that it reads, and those that it puts out."""
        arranged = how.arranged or [None] * len(self.layers)
        if self.embedding:
            x, _ = self.embedding.forward(params, x)
        for layer, weights in zip(self.layers, arranged, strict=True):
            layer_how = how._replace(arranged=weights)
            outputs, _, _ = layer.forward(params, x, packing, how=layer_how)
            yield layer, x, outputs
            x = outputs

    def initial_states(self, n_sequences, dtype):
        """States of zeros, one for each layer."""
        return [np.zeros((*layer.state_shape, n_sequences), dtype) for layer in self.layers]

    def step(self, params, arranged, x, states=None):
        """Take one step of N sequences: x (N, n_features), weights `arranged`.

        Returns outputs (N, n_outputs) and the new states.
        """
        finals = []
        if self.embedding:
            x, _ = self.embedding.forward(params, x)
        states = states or [None] * len(self.layers)
        for layer, weights, state in zip(self.layers, arranged, states, strict=True):
            x, final = layer.step(weights, x, state)
            finals.append(final)
        return x, finals

    def backward(self, backwards, embedding_backward, grads, doutputs, dfinals=None, need_dx=False):
        """Go back through a forward pass, as `forward` says."""
        d, dstates = doutputs, []
        for i in reversed(range(len(self.layers))):
            drop_backward, layer_backward = backwards[i]
            # The lowest layer's dx costs a product for each step: it is left out if nobody asks.
            need_d = bool(i or need_dx or embedding_backward)
            d, dstate = layer_backward(grads, d, dfinals and dfinals[i], need_d)
            d = drop_backward(d) if need_d else None
            dstates.insert(0, dstate)
        if embedding_backward:
            embedding_backward(grads, d)
        return d if need_dx else None, dstates

    def drop_input(self, layer, x, rng):
        """Apply dropout to what a layer reads, but not to the numeric columns of the input."""
        if layer.index:
            return drop(x, self.dropout, rng)
        if self.embedding:
            return drop(x, self.dropout, rng, start=len(self.embedding.numeric))
        return x, lambda d: d

    def recurrent_mask(self, layer, packing, rng, dtype):
        """One mask a sequence for the h inside the recurrence of `layer`, or None."""
        if rng is None or not self.recurrent_dropout:
            return None
        _, H, K = layer.state_shape
        # It is drawn direction by direction: that decides what a seed gives.
        mask = dropout_mask((K, H, packing.n_sequences), self.recurrent_dropout, rng, dtype)
        return mask.swapaxes(0, 1)
