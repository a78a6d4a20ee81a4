"""The whole network: embeddings, recurrent layers, pooling, head."""

import numpy as np

from skrnn._core.crf import CRF
from skrnn._core.init import glorot_uniform, init_recurrent
from skrnn._core.layers import POOLINGS, Dense, Embedding, Recurrent, dropout_mask
from skrnn._core.params import ParamLayout


class Network:
    """A stack of recurrent layers and a readout, as a function of one flat parameter vector.

    It holds sizes only. Parameters come in as the vector `theta`, gradients go out as another.

    Parameters
    ----------
    n_features : int
    cell : Elman, LSTM or GRU
    hidden_size, n_layers, n_outputs : int
    bidirectional : bool
    pooling : 'last', 'mean', 'max' or None
        What the head reads: each sequence's final state, a mean or maximum over its steps, or
        (None) every step.
    dropout : float
        Rate on the embeddings, not on numeric columns beside them, and on what each layer hands
        on, the last to the head.
    recurrent_dropout : float
        Rate on h inside the recurrence, with one mask for each sequence (Gal & Ghahramani, 2016).
    tables : dict of int -> (int, int)
        Embedded columns, see `Embedding`.
    frozen : sequence of int
        Embedded columns that are not trained.
    crf : bool
        Whether a `CRF` reads the outputs; its parameters are then part of theta.
    max_steps : int or None
        Truncation of backpropagation through time, see `Recurrent`.
    """

    def __init__(
        self,
        n_features,
        cell,
        hidden_size,
        n_outputs,
        *,
        n_layers=1,
        bidirectional=False,
        pooling="last",
        dropout=0.0,
        recurrent_dropout=0.0,
        tables=None,
        frozen=(),
        max_steps=None,
        crf=False,
    ):
        self.pooling, self.dropout, self.recurrent_dropout = pooling, dropout, recurrent_dropout
        self.embedding = Embedding(n_features, tables, frozen) if tables else None
        K = 2 if bidirectional else 1
        width = self.embedding.width if tables else n_features
        widths = [width] + [K * hidden_size] * n_layers
        self.layers = [
            Recurrent(cell, widths[i], hidden_size, K, i, max_steps) for i in range(n_layers)
        ]
        self.head = Dense(widths[-1], n_outputs)
        shapes = {}
        for part in (*self.layers, self.head):
            shapes |= part.shapes
        if crf:
            shapes |= CRF.shapes(n_outputs)
        self.crf = crf
        self.n_dense = ParamLayout(shapes).size
        # Tables come last, so that a batch can leave out the rows that it does not touch.
        self.layout = ParamLayout(shapes | (self.embedding.shapes if tables else {}))

    def initialise(self, rng, dtype, forget_bias=1.0, n_steps=2):
        """Draw a parameter vector. Biases other than `init_recurrent`'s start at zero."""
        theta = np.zeros(self.layout.size, dtype)
        views = self.layout.views(theta)
        for layer in self.layers:
            init_recurrent(layer, views, rng, forget_bias, n_steps)
        if self.embedding:
            for name, shape in self.embedding.shapes.items():
                views[name][...] = rng.standard_normal(shape) / np.sqrt(shape[1])
        views["head.weight"][...] = glorot_uniform(views["head.weight"].shape, rng)
        return theta

    def compact(self, theta, xs):
        """Leave out the rows of the tables that none of the inputs `xs` touches.

        Returns the smaller theta, its layout, the inputs with their ids renumbered, and `tail`:
        where in `theta` the entries behind the dense ones come from.
        """
        shapes, tail, xs = dict(self.layout.shapes), [], [x.copy() for x in xs]
        for column, name in zip(self.embedding.tables, self.embedding.shapes, strict=True):
            ids = np.concatenate([x[:, column] for x in xs]).astype(np.intp)
            touched, ids = np.unique(ids, return_inverse=True)
            cuts = np.cumsum([len(x) for x in xs])[:-1]
            for x, renumbered in zip(xs, np.split(ids, cuts), strict=True):
                x[:, column] = renumbered
            shapes[name] = (len(touched), shapes[name][1])
            tail.append(self.layout.indices(name, touched))
        tail = np.concatenate(tail)
        small = np.concatenate([theta[: self.n_dense], theta[tail]])
        return small, ParamLayout(shapes), xs, tail

    def loss_and_grad(
        self, theta, x, packing, loss, target, weight, rng=None, layout=None, empty=np.empty
    ):
        """Value and gradient of ``loss(outputs, target, weight)``, or a `CRF`'s; see `forward`."""
        layout = layout or self.layout
        outputs, _, backward = self.forward(theta, x, packing, rng=rng, layout=layout, empty=empty)
        if not self.crf:
            value, doutputs = loss(outputs, target, weight)
            return value, backward(doutputs)[0]
        params = layout.views(theta)
        value, doutputs, dparams = loss(params, outputs, target, weight, packing)
        grad = backward(doutputs)[0]
        for name, dparam in dparams.items():
            layout.views(grad)[name][...] = dparam
        return value, grad

    def fuse(self, theta):
        """The recurrent layers' weights as their loops use them: worth keeping between calls."""
        params = self.layout.views(theta)
        return [layer.fuse(params) for layer in self.layers]

    def forward(
        self,
        theta,
        x,
        packing,
        states=None,
        rng=None,
        keep=True,
        layout=None,
        fused=None,
        empty=np.empty,
    ):
        """Compute the head's raw outputs for packed rows.

        x       (n_rows, n_features)
        states  initial states, one for each layer (see `Recurrent`); zeros if None
        rng     Generator that draws the dropout masks; None switches dropout off
        layout  of theta, if it is not the whole one (see `compact`)
        fused   from `fuse` of the same theta; made if None
        empty   allocates what ``backward`` needs, see `unroll`

        Returns outputs (n_sequences, n_outputs), or (n_rows, n_outputs) where pooling is None,
        the final states, to be left as they are until backward(doutputs, dfinals=None) -> grad,
        dstates has been called.
        """
        layout = layout or self.layout
        params = layout.views(theta)
        states = states or [None] * len(self.layers)
        fused = fused or [None] * len(self.layers)
        finals, undrops, backwards = [], [], []
        embedding_back = None
        if self.embedding:
            x, embedding_back = self.embedding.forward(params, x, theta.dtype)
            x, embedding_undrop = drop(x, self.dropout, rng, len(self.embedding.numeric))
        for layer, W, state0 in zip(self.layers, fused, states, strict=True):
            if layer.index:
                x, undrop = drop(x, self.dropout, rng)
                undrops.append(undrop)
            want = layer is not self.layers[-1] or self.pooling != "last"
            mask = self.recurrent_mask(layer, packing, rng, theta.dtype)
            x, final, back = layer.forward(params, x, packing, state0, mask, keep, want, W, empty)
            finals.append(final)
            backwards.append(back)
        features, readout_back = self.readout(x, finals[-1], packing)
        features, undrop = drop(features, self.dropout, rng)
        outputs, head_back = self.head.forward(params, features)

        def backward(doutputs, dfinals=None):
            grad = np.zeros_like(theta)
            grads = layout.views(grad)
            dfinals = list(dfinals or [None] * len(self.layers))
            d, dlast = readout_back(undrop(head_back(grads, doutputs)))
            dfinals[-1] = dlast if dfinals[-1] is None else dfinals[-1] + dlast
            dstates = []
            for i in reversed(range(len(self.layers))):
                need_dx = bool(i or self.embedding)
                d, dstate = backwards[i](grads, d, dfinals[i], need_dx)
                dstates.insert(0, dstate)
                d = undrops[i - 1](d) if i else d
            if self.embedding:
                embedding_back(grads, embedding_undrop(d))
            return grad, dstates

        return outputs, finals, backward

    def recurrent_mask(self, layer, packing, rng, dtype):
        """One mask a sequence for the h inside the recurrence of `layer`, or None."""
        if rng is None or not self.recurrent_dropout:
            return None
        shape = (*layer.state_shape[1:], packing.n_sequences)
        return dropout_mask(shape, self.recurrent_dropout, rng, dtype)

    def readout(self, outputs, final, packing):
        """Features for the head, and backward(d) -> gradients of `outputs` and of `final`."""
        if self.pooling is None:
            return outputs, lambda d: (d, np.zeros_like(final))
        if self.pooling == "last":
            h = final[0].reshape(-1, packing.n_sequences)

            def backward(d):
                dfinal = np.zeros_like(final)
                dfinal[0] = d.T.reshape(final[0].shape)
                return None, dfinal

            return h.T, backward
        pooled, pool_back = POOLINGS[self.pooling](outputs, packing)
        return pooled, lambda d: (pool_back(d), np.zeros_like(final))


def drop(x, rate, rng, start=0):
    """Apply dropout to x[:, start:]; returns the result and the same for its gradient."""
    if rng is None or not rate:
        return x, lambda d: d
    mask = dropout_mask(x.shape, rate, rng, x.dtype)
    mask[:, :start] = 1
    return x * mask, lambda d: d * mask
