"""Recurrent layers over packed rows: ``outputs, final, backward = layer.forward(...)``.

A layer, of this or another kind, knows the names and shapes of its parameters, never the
parameters themselves: they come as a dict of views, and ``backward`` adds their gradients into
another dict of views, `grads`. Between layers, data are packed rows (n_rows, features); see
`packing`.
"""

from functools import partial

import numpy as np

from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.truncated import unroll_spans
from skrnn._core.unroll import unroll
from skrnn._core.weights import add_gradient, arrange

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Recurrent:
    """One recurrent layer in one or both directions.

    The backward direction is the forward one on mirrored rows: each sequence from its own last
    step to its first. Both run in one set of calls.

    Parameters
    ----------
    cell : Elman, LSTM or GRU
    n_features, hidden_size : int
    n_directions : 1 or 2
    index : int
        Number of the layer, part of its parameters' names as in torch (``weight_ih_l0``).
    max_steps : int or None
        Gradients do not cross multiples of so many steps (truncated backpropagation through
        time); the state does.
    prefix : str
        Stands before the names of the parameters.
    """

    def __init__(
        self, cell, n_features, hidden_size, n_directions=1, index=0, max_steps=None, prefix=""
    ):
        self.cell = cell
        self.n_features = n_features
        self.hidden_size = hidden_size
        self.suffixes = ("", "_reverse")[:n_directions]
        self.index = index
        self.max_steps = max_steps
        self.prefix = prefix
        self.names = *WEIGHTS, *cell.vectors

    @property
    def shapes(self):
        GH = self.cell.n_gates * self.hidden_size
        shapes = dict.fromkeys(self.names, (self.hidden_size,)) | {
            "weight_ih": (GH, self.n_features),
            "weight_hh": (GH, self.hidden_size),
            "bias_ih": (GH,),
            "bias_hh": (GH,),
        }
        return {
            self.full_name(name, suffix): shapes[name]
            for suffix in self.suffixes
            for name in self.names
        }

    @property
    def n_outputs(self):
        """Columns of the outputs: the directions side by side."""
        return len(self.suffixes) * self.hidden_size

    @property
    def state_shape(self):
        """(n_states, hidden_size, n_directions): the last axis of a state is the sequence."""
        return 1 + len(self.cell.carried), self.hidden_size, len(self.suffixes)

    def full_name(self, name, suffix):
        return f"{self.prefix}{name}_l{self.index}{suffix}"

    def directions(self, views):
        """Views of the parameters, one dict for each direction."""
        return [
            {name: views[self.full_name(name, suffix)] for name in self.names}
            for suffix in self.suffixes
        ]

    def arrange(self, params):
        """The layer's weights, arranged for `unroll`."""
        return arrange(self.cell, self.directions(params))

    def forward(
        self,
        params,
        x,
        packing: Packing,
        state0=None,
        mask=None,
        how=Pass(),
        return_steps=True,
    ):
        """Go over packed rows.

        x             (n_rows, n_features)
        state0        (*state_shape, n_sequences), zeros if None
        mask          (hidden_size, n_directions, n_sequences) or None: recurrent dropout
        return_steps  whether the outputs of all steps are needed beside the final state

        Returns outputs (n_rows, n_directions * hidden_size) or None, final (like state0): each
        sequence's state after its own last step, and

        backward(grads, doutputs=None, dfinal=None, need_dx=False) -> dx or None, dstate0
        """
        K, H = len(self.suffixes), self.hidden_size
        if how.arranged is None:
            how = how._replace(arranged=self.arrange(params))
        xs = [x, x[packing.mirror]] if K == 2 else [x]
        final = np.zeros((*self.state_shape, packing.n_sequences), x.dtype)
        if state0 is not None:
            final[...] = state0
        outputs, go_back = unroll_spans(self, xs, packing, final, mask, how, return_steps)
        # The mirror turns the second direction's outputs round, into the order of the input.
        if return_steps and K == 2:
            outputs[:, H:] = outputs[packing.mirror, H:]
        backward = (
            partial(self.backward, how.arranged, packing, go_back) if how.for_backward else None
        )
        return outputs, final, backward

    def gates(self, params, x, outputs, packing, direction=0):
        """Activations of the gates of one direction at every step, by the plain equations.

        x, outputs  what `forward` takes and returns

        Returns an array (n_rows, hidden_size) for each gate, in torch's order.
        """
        H, views = self.hidden_size, self.directions(params)[direction]
        h = outputs[:, direction * H : (direction + 1) * H]
        # The backward direction has come from the step that follows.
        h = packing.before(h[packing.mirror])[packing.mirror] if direction else packing.before(h)
        from_x = x @ views["weight_ih"].T + views["bias_ih"]
        return self.cell.gates(from_x, h @ views["weight_hh"].T + views["bias_hh"])

    def step(self, weights, x, state=None):
        """Take one step of N sequences, with little around the cell.

        weights  from `arrange`
        x        (N, n_features)
        state    (*state_shape, N), zeros if None

        Returns outputs (N, n_directions * hidden_size) and the new state.
        """
        after = np.zeros((*self.state_shape, len(x)), x.dtype)
        if state is not None:
            after[...] = state
        xs, packing = [x] * len(self.suffixes), Packing(np.ones(len(x), int))
        how = Pass(for_backward=False, arranged=weights)
        outputs, _ = unroll(self, xs, packing, after, None, how)
        return outputs, after

    def backward(self, weights, packing, go_back, grads, doutputs=None, dfinal=None, need_dx=False):
        """Go back through a forward pass, as `forward` says."""
        K, H = len(self.suffixes), self.hidden_size
        gradient = weights.zero_gradient()
        dstate = np.zeros((*self.state_shape, packing.n_sequences), weights.W_T.dtype)
        if dfinal is not None:
            dstate[...] = dfinal
        if doutputs is not None and K == 2:
            doutputs = np.hstack([doutputs[:, :H], doutputs[packing.mirror, H:]])
        dx = go_back(gradient, dstate, doutputs, need_dx)
        add_gradient(self.cell, gradient, self.directions(grads))
        if need_dx:
            dx = dx[0] if K == 1 else dx[0] + dx[1][packing.mirror]
        return dx, dstate
