"""The whole network: embeddings, recurrent layers, pooling, head."""

from typing import Any, NamedTuple

import numpy as np

from skrnn._core.crf import CRF
from skrnn._core.dense import Dense
from skrnn._core.dropout import drop
from skrnn._core.init import glorot_uniform
from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.passes import Pass
from skrnn._core.pooling import POOLINGS
from skrnn._core.stack import Stack


class Batch(NamedTuple):
    """Some sequences with what a loss needs of them.

    x       (n_rows, n_features), packed rows
    target  one for each row of outputs, in the form that the loss wants
    weight  (n,), one for each row of outputs
    states  states before the first step, as an earlier batch has left them; None for none
    """

    x: np.ndarray
    packing: Packing
    target: Any
    weight: np.ndarray
    states: list | None = None


class Compact(NamedTuple):
    """Parameters and inputs of a batch without the vectors that it does not touch.

    theta   the smaller vector
    layout  of that vector
    xs      inputs, with ids renumbered
    tail    where in the whole vector the entries behind the dense ones come from
    """

    theta: np.ndarray
    layout: ParamLayout
    xs: list
    tail: np.ndarray


class Network:
    """A `Stack`, a pooling and a head, as a function of one flat parameter vector.

    It holds sizes only. Parameters come in as the vector `theta`, gradients go out as another.

    Parameters
    ----------
    n_features : int
    cell : Elman, LSTM or GRU
    hidden_size, n_outputs : int
    pooling : 'last', 'mean', 'max' or None
        What the head reads: each sequence's final state, a mean or maximum over its steps, or
        (None) every step.
    crf : bool
        Whether a `CRF` reads the outputs; its parameters are then part of theta.
    tied : bool
        Whether the table of column 0, whose vectors must be as long as the features that the head
        reads, is also the weight of the head (Press & Wolf, 2017).
    **options
        Those of `Stack`. Its rate of dropout holds for the features that the head reads, too.
    """

    def __init__(
        self,
        n_features,
        cell,
        hidden_size,
        n_outputs,
        *,
        pooling="last",
        crf=False,
        tied=False,
        **options,
    ):
        self.stack = Stack(n_features, cell, hidden_size, **options)
        self.pooling, self.pool = pooling, POOLINGS[pooling]
        table = self.stack.embedding.names[0] if tied else None
        self.head = Dense(self.stack.n_outputs, n_outputs, prefix=self.stack.prefix, weight=table)
        self.crf = crf
        others = CRF.shapes(n_outputs) if crf else {}
        self.lay_out(self.stack.shapes | self.head.shapes, others)

    def lay_out(self, layer_shapes, other_shapes):
        """Give each parameter its place in theta: those of layers, whose weights are penalised,
        others, and the tables of the stack.
        """
        self.layer_shapes = layer_shapes
        shapes = layer_shapes | other_shapes
        self.n_dense = ParamLayout(shapes).size
        # Tables come last, so that a batch can leave out the vectors that it does not touch.
        self.layout = ParamLayout(shapes | self.table_shapes)

    @property
    def table_shapes(self):
        """Names and shapes of the tables."""
        return self.stack.table_shapes

    @property
    def has_tables(self):
        """Whether there are tables of which a batch can leave vectors out: the head reads all."""
        return self.layout.size > self.n_dense

    @property
    def penalised(self):
        """Mask (n_dense,) of the weights: not biases, scores of a CRF, or embeddings."""
        shapes = self.layer_shapes.items()
        matrices = {name for name, shape in shapes if len(shape) == 2}
        return self.layout.mask(matrices.__contains__)[: self.n_dense]

    def initialise(self, rng, dtype, forget_bias=1.0, n_steps=2):
        """Draw a parameter vector. Biases other than `init_recurrent`'s start at zero."""
        theta = np.zeros(self.layout.size, dtype)
        views = self.layout.views(theta)
        self.stack.initialise(views, rng, forget_bias, n_steps)
        if self.head.weight not in self.stack.table_shapes:
            head = views[self.head.weight]
            head[...] = glorot_uniform(head.shape, rng)
        return theta

    def hide_tokens(self, x, rate, rng):
        """Replace a share of the tokens in `x` by the unknown one."""
        if self.stack.embedding:
            self.stack.embedding.replace_with_unknown(x, rate, rng)

    def compact(self, theta, xs):
        """Leave out the vectors of the tables that none of the inputs `xs` touches."""
        xs, touched = self.stack.embedding.renumber(xs)
        small, layout, tail = self.layout.select_vectors(theta, touched)
        return Compact(small, layout, xs, tail)

    def arrange(self, theta, layout=None):
        """The recurrent layers' weights as their loops use them: worth keeping between calls.

        layout  of theta, as in `forward`
        """
        return self.stack.arrange((layout or self.layout).views(theta))

    def forward(self, theta, x, packing, states=None, how=Pass(), layout=None):
        """Compute the head's raw outputs for packed rows.

        x       (n_rows, n_features)
        states  what an earlier call has returned as `finals`; zeros and no steps if None
        layout  of theta, if it is not the whole one (see `compact`)

        Returns outputs (n_sequences, n_outputs), or (n_rows, n_outputs) where pooling is None,
        finals, a list of the final states of the layers (see `Recurrent`) and, if the pooling
        carries a state, of that, and backward, or None if not ``how.for_backward``.

        backward(doutputs, dfinals=None, need_dx=False) -> grad, dstates
            and, behind them, dx (n_rows, stack.width) if it is needed, see `Stack`. The finals
            must be left as they are until then.
        """
        layout = layout or self.layout
        params, n_layers = how.params or layout.views(theta), len(self.stack.layers)
        states = states or [None] * n_layers
        x, finals, stack_backward = self.stack.forward(
            params, x, packing, states[:n_layers], how, self.pool.reads_steps
        )
        features, carried, pool_backward = self.pool.forward(
            x, finals[-1], packing, *states[n_layers:]
        )
        features, drop_backward = drop(features, self.stack.dropout, how.rng)
        outputs, head_backward = self.head.forward(params, features)

        def backward(doutputs, dfinals=None, need_dx=False):
            grad = np.zeros_like(theta)
            grads = layout.views(grad)
            dfinals = list(dfinals or [None] * n_layers)
            dfeatures = drop_backward(head_backward(grads, doutputs))
            d, dlast, dcarried = pool_backward(dfeatures, *dfinals[n_layers:])
            del dfinals[n_layers:]
            # The last layer's final state may be asked for twice: by the caller and as features.
            if dlast is not None:
                dfinals[-1] = dlast if dfinals[-1] is None else dfinals[-1] + dlast
            dx, dstates = stack_backward(grads, d, dfinals, need_dx)
            if dcarried is not None:
                dstates.append(dcarried)
            return (grad, dstates, dx) if need_dx else (grad, dstates)

        if carried is not None:
            finals.append(carried)
        return outputs, finals, backward if how.for_backward else None

    def initial_states(self, n_sequences, dtype):
        """States that stand for no steps at all, as `forward` takes and returns them."""
        states = self.stack.initial_states(n_sequences, dtype)
        carried = self.pool.initial_state(self.stack.n_outputs, n_sequences, dtype)
        return states if carried is None else [*states, carried]

    def step(self, params, arranged, x, states=None):
        """Take one step of N sequences, as `forward` would, with little around the cells.

        params    dict of views of theta
        arranged  from `arrange`
        x         (N, n_features)

        Returns outputs (N, n_outputs) and the new states.
        """
        n_layers = len(self.stack.layers)
        states = states or [None] * n_layers
        x, finals = self.stack.step(params, arranged, x, states[:n_layers])
        features, carried = self.pool.step(x, *states[n_layers:])
        if carried is not None:
            finals.append(carried)
        return self.head.forward(params, features)[0], finals

    def loss_and_grad(self, theta, batch, loss, how=Pass(), layout=None):
        """Value and gradient of a loss, see `losses`, or of a `CRF`, for a `Batch`; final states.

        No gradient goes back to the states with which the batch begins.
        """
        layout = layout or self.layout
        outputs, finals, backward = self.forward(
            theta, batch.x, batch.packing, batch.states, how, layout
        )
        value, doutputs, dparams = loss(
            layout.views(theta) if self.crf else {},
            outputs,
            batch.target,
            batch.weight,
            batch.packing,
        )
        grad, _ = backward(doutputs)
        if dparams:
            # They are no part of the network, which has left zeros in their place.
            grads = layout.views(grad)
            for name, dparam in dparams.items():
                grads[name][...] = dparam
        return value, grad, finals
