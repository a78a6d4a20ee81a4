"""Recurrent layers over packed rows: ``outputs, final, backward = layer.forward(...)``.

A layer, of this or another kind, knows the names and shapes of its parameters, never the
parameters themselves: they come as a dict of views, and ``backward`` adds their gradients into
another dict of views, `grads`. Between layers, data are packed rows (n_rows, features); see
`packing`.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.unroll import unroll
from skrnn._core.weights import Arranged, add_gradient, arrange

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
        weights = self.arrange(params) if how.arranged is None else how.arranged
        xs = [x, x[packing.mirror]] if K == 2 else [x]
        outputs = np.empty((packing.n_rows, K * H), x.dtype) if return_steps else None
        final = np.zeros((*self.state_shape, packing.n_sequences), x.dtype)
        if state0 is not None:
            final[...] = state0
        runs = packing.runs(1 if how.watch else self.max_steps)
        passed = Passed(weights, x.shape, packing, runs, [], how.watch)
        for run in passed.runs:
            blocks = [feature_major(rows, run) for rows in xs]
            # The states of sequences that have ended lie beyond these columns, and stay.
            state, options = final[..., : run.n_sequences], (how.for_backward, how.empty)
            h, backward = unroll(self.cell, weights, blocks, state, live(mask, run), *options)
            passed.backwards.append(backward)
            if return_steps:
                self.by_unit(outputs, run)[...] = h
        # The mirror turns the second direction's outputs round, into the order of the input.
        if return_steps and K == 2:
            outputs[:, H:] = outputs[packing.mirror, H:]
        return outputs, final, partial(self.backward, passed) if how.for_backward else None

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
        xs = [x.T[np.newaxis]] * len(self.suffixes)
        h, _ = unroll(self.cell, weights, xs, after, for_backward=False)
        return h[0].T.reshape(len(x), -1), after

    def backward(self, passed, grads, doutputs=None, dfinal=None, need_dx=False):
        """Go back through a forward pass, as `forward` says."""
        packing, dtype = passed.packing, passed.weights.W.dtype
        K, H = len(self.suffixes), self.hidden_size
        gradient = passed.weights.zero_gradient()
        dstate = np.zeros((*self.state_shape, packing.n_sequences), dtype)
        if dfinal is not None:
            dstate[...] = dfinal
        if doutputs is not None and K == 2:
            doutputs = np.hstack([doutputs[:, :H], doutputs[packing.mirror, H:]])
        dx = np.empty((K, *passed.shape), dtype) if need_dx else None
        for run, run_backward in zip(
            reversed(passed.runs), reversed(passed.backwards), strict=True
        ):
            # Columns beyond the run still hold `dfinal`: a shorter sequence joins the backward
            # pass at its own last step.
            d = live(dstate, run)
            dh = None if doutputs is None else np.ascontiguousarray(self.by_unit(doutputs, run))
            passed.tell(self, run, d, dh)
            # `d` goes in as the gradient of the state after the run, and comes out as that before.
            run_dx = run_backward(gradient, d, dh, need_dx)
            dstate[..., : run.n_sequences] = 0 if self.is_cut_before(run) else d
            if need_dx:
                for rows, block in zip(dx, run_dx, strict=True):
                    feature_major(rows, run)[...] = block
        add_gradient(self.cell, gradient, self.directions(grads))
        if need_dx:
            dx = dx[0] if K == 1 else dx[0] + dx[1][packing.mirror]
        return dx, dstate

    def by_unit(self, rows, run):
        """View the rows of a run, (n_rows, K * H), as (n_steps, H, K, n_sequences)."""
        shape = run.n_steps, len(self.suffixes), self.hidden_size, run.n_sequences
        return feature_major(rows, run).reshape(shape).swapaxes(1, 2)

    def is_cut_before(self, run):
        """Whether truncation keeps gradients from crossing the start of a run."""
        return bool(self.max_steps and run.first_step and run.first_step % self.max_steps == 0)


class Passed(NamedTuple):
    """What a forward pass leaves for its backward pass."""

    weights: Arranged
    shape: tuple  # that of x
    packing: Packing
    runs: list
    backwards: list  # one for each run
    watch: Callable | None

    def tell(self, layer, run, dstate, dh):
        """Let whoever watches know the gradient of the hidden state after a run of one step."""
        if self.watch:
            self.watch(layer, run, dstate[0] if dh is None else dstate[0] + dh[0])


def live(state, run):
    """Columns of the sequences that a run still has, in memory of their own if they are fewer."""
    return None if state is None else np.ascontiguousarray(state[..., : run.n_sequences])


def feature_major(rows, run):
    """View the rows of a run as (n_steps, features, n_sequences)."""
    block = rows[run.start : run.stop]
    return block.reshape(run.n_steps, run.n_sequences, -1).swapaxes(1, 2)
