"""Layers over packed rows: ``outputs, ..., backward = layer.forward(...)``.

A layer knows the names and shapes of its parameters, never the parameters themselves: they come
as a dict of views, and ``backward`` adds their gradients into another dict of views, `grads`.
Between layers, data are packed rows (n_rows, features); see `packing`.
"""

import numpy as np
from scipy.sparse import csr_array

from skrnn._core.packing import Packing
from skrnn._core.unroll import unroll
from skrnn._core.weights import fuse, unfuse

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
    """

    def __init__(self, cell, n_features, hidden_size, n_directions=1, index=0, max_steps=None):
        self.cell = cell
        self.n_features = n_features
        self.hidden_size = hidden_size
        self.suffixes = ("", "_reverse")[:n_directions]
        self.index = index
        self.max_steps = max_steps

    @property
    def shapes(self):
        GH = self.cell.n_gates * self.hidden_size
        shapes = ((GH, self.n_features), (GH, self.hidden_size), (GH,), (GH,))
        return {
            f"{name}_l{self.index}{suffix}": shape
            for suffix in self.suffixes
            for name, shape in zip(WEIGHTS, shapes, strict=True)
        }

    @property
    def state_shape(self):
        """(n_states, n_directions, hidden_size): the last axis of a state is the sequence."""
        return 1 + len(self.cell.carried), len(self.suffixes), self.hidden_size

    def directions(self, views):
        return [
            {name: views[f"{name}_l{self.index}{suffix}"] for name in WEIGHTS}
            for suffix in self.suffixes
        ]

    def fuse(self, params):
        """The layer's weights, arranged for `unroll`."""
        return fuse(self.cell, self.directions(params))

    def forward(
        self,
        params,
        x,
        packing: Packing,
        state0=None,
        mask=None,
        keep=True,
        want=True,
        W=None,
        empty=np.empty,
    ):
        """Run over packed rows.

        x       (n_rows, n_features)
        state0  (*state_shape, n_sequences), zeros if None
        mask    (n_directions, hidden_size, n_sequences) or None: recurrent dropout
        want    whether the outputs of all steps are wanted beside the final state
        W       from `fuse` of the same parameters; made if None
        empty   allocates what ``backward`` needs, see `unroll`

        Returns outputs (n_rows, n_directions * hidden_size) or None, final (like state0): each
        sequence's state after its own last step, and

        backward(grads, doutputs=None, dfinal=None, need_dx=False) -> dx or None, dstate0
        """
        K, H = len(self.suffixes), self.hidden_size
        W = self.fuse(params) if W is None else W
        runs = packing.runs(self.max_steps)
        xs = [x, x[packing.mirror]] if K == 2 else [x]
        final = np.zeros((*self.state_shape, packing.n_sequences), x.dtype)
        if state0 is not None:
            final[...] = state0
        outputs = np.empty((packing.n_rows, K * H), x.dtype) if want else None
        backwards = []
        for run in runs:
            live = final[..., : run.n_sequences].swapaxes(1, 2)
            h, live[...], backward = unroll(
                self.cell,
                W,
                [feature_major(rows, run) for rows in xs],
                live,
                None if mask is None else units_first(mask[..., : run.n_sequences]),
                keep,
                empty,
            )
            backwards.append(backward if keep else None)
            if want:
                for k in range(K):
                    into = outputs[:, k * H : (k + 1) * H]
                    feature_major(into, run)[...] = h[:, :, k]
        if want and K == 2:
            outputs[:, H:] = outputs[packing.mirror, H:]

        def backward(grads, doutputs=None, dfinal=None, need_dx=False):
            dW = np.zeros(W.swapaxes(1, 2).shape, W.dtype)
            dstate = np.zeros_like(final)
            if dfinal is not None:
                dstate[...] = dfinal
            if doutputs is not None and K == 2:
                doutputs = np.hstack([doutputs[:, :H], doutputs[packing.mirror, H:]])
            dx = np.zeros((K, *x.shape), x.dtype) if need_dx else None
            for run, run_backward in zip(reversed(runs), reversed(backwards), strict=True):
                # Columns beyond the run still hold `dfinal`: a shorter sequence joins the way
                # back at its own last step.
                live = units_first(dstate[..., : run.n_sequences])
                dh = None
                if doutputs is not None:
                    block = feature_major(doutputs, run)
                    dh = units_first(block.reshape(run.n_steps, K, H, run.n_sequences))
                run_dx = run_backward(dW, live, dh, need_dx)
                truncated = self.max_steps and run.first_step % self.max_steps == 0
                live = 0 if truncated and run.first_step else live.swapaxes(1, 2)
                dstate[..., : run.n_sequences] = live
                if need_dx:
                    for rows, block in zip(dx, run_dx, strict=True):
                        feature_major(rows, run)[...] = block
            unfuse(self.cell, dW, self.directions(grads))
            if need_dx:
                dx = dx[0] if K == 1 else dx[0] + dx[1][packing.mirror]
            return dx, dstate

        return outputs, final, backward


def feature_major(rows, run):
    """View the rows of a run as (n_steps, features, n_sequences)."""
    block = rows[run.start : run.stop]
    return block.reshape(run.n_steps, run.n_sequences, -1).swapaxes(1, 2)


def units_first(a):
    """Copy (..., K, H, N) to (..., H, K, N), the order of `unroll`."""
    return np.ascontiguousarray(a.swapaxes(-3, -2))


class Embedding:
    """Vectors for the integer columns, beside the numeric columns as they are.

    Parameters
    ----------
    n_features : int
        Columns of the input.
    tables : dict of int -> (int, int)
        Column -> number of categories and size of their vectors. Parameter
        ``embedding_{column}.weight`` has that shape.
    frozen : sequence of int
        Columns whose vectors receive no gradient.
    """

    def __init__(self, n_features, tables, frozen=()):
        self.tables, self.frozen = dict(tables), frozenset(frozen)
        self.numeric = [column for column in range(n_features) if column not in self.tables]
        self.width = len(self.numeric) + sum(size for _, size in self.tables.values())

    @property
    def shapes(self):
        return {f"embedding_{column}.weight": shape for column, shape in self.tables.items()}

    def forget(self, x, rate, rng):
        """Overwrite a share of the ids in x with 0, the id of what is unknown."""
        for column in self.tables:
            x[rng.random(len(x)) < rate, column] = 0

    def forward(self, params, x, dtype):
        """x (n_rows, n_features) -> (n_rows, width): numeric columns first, then the vectors."""
        ids = {column: x[:, column].astype(np.intp) for column in self.tables}
        vectors = [params[f"embedding_{column}.weight"][rows] for column, rows in ids.items()]
        outputs = np.hstack([x[:, self.numeric].astype(dtype, copy=False), *vectors])

        def backward(grads, doutputs):
            start = len(self.numeric)
            for column, rows in ids.items():
                stop = start + self.tables[column][1]
                if column not in self.frozen:
                    add_rows(grads[f"embedding_{column}.weight"], rows, doutputs[:, start:stop])
                start = stop

        return outputs, backward


def add_rows(table, rows, values):
    """``np.add.at(table, rows, values)``, as one sparse product."""
    ones = np.ones(len(rows), values.dtype)
    table += csr_array((ones, (rows, np.arange(len(rows)))), (len(table), len(rows))) @ values


class Dense:
    """outputs = x W^T + b: the head of the network."""

    def __init__(self, n_features, n_outputs, name="head"):
        self.name = name
        self.shapes = {f"{name}.weight": (n_outputs, n_features), f"{name}.bias": (n_outputs,)}

    def forward(self, params, x):
        W, b = params[f"{self.name}.weight"], params[f"{self.name}.bias"]

        def backward(grads, doutputs):
            grads[f"{self.name}.weight"] += doutputs.T @ x
            grads[f"{self.name}.bias"] += doutputs.sum(axis=0)
            return doutputs @ W

        return x @ W.T + b, backward


def pool_mean(rows, packing):
    """Average each sequence's rows: (n_rows, F) -> (n_sequences, F), backward(d) -> drows."""
    total = np.zeros((packing.n_sequences, rows.shape[1]), rows.dtype)
    for run, block in blocks(rows, packing):
        total[: run.n_sequences] += block.sum(axis=0)
    lengths = packing.lengths[:, None].astype(rows.dtype)

    def backward(dpooled):
        return (dpooled / lengths)[packing.sequence]

    return total / lengths, backward


def pool_max(rows, packing):
    """Largest value of each feature over each sequence; ties go to the earliest step."""
    columns = np.arange(rows.shape[1])
    winner = np.broadcast_to(
        np.arange(packing.n_sequences)[:, None], (packing.n_sequences, len(columns))
    )
    winner = winner.copy()
    for run, block in blocks(rows, packing):
        n = run.n_sequences
        best = run.start + block.argmax(axis=0) * n + np.arange(n)[:, None]
        better = rows[best, columns] > rows[winner[:n], columns]
        winner[:n][better] = best[better]

    def backward(dpooled):
        drows = np.zeros_like(rows)
        drows[winner, columns] = dpooled
        return drows

    return rows[winner, columns], backward


def blocks(rows, packing):
    """Pair each run with its rows as (n_steps, n_sequences, F)."""
    for run in packing.runs():
        yield run, rows[run.start : run.stop].reshape(run.n_steps, run.n_sequences, -1)


POOLINGS = {"mean": pool_mean, "max": pool_max}


def dropout_mask(shape, rate, rng, dtype):
    """Zeros with probability `rate`, else ``1 / (1 - rate)`` (Srivastava et al., 2014)."""
    # Drawn in float32 whatever the dtype, so that both precisions drop the same units.
    keep = rng.random(shape, dtype=np.float32) >= rate
    return keep * np.asarray(1 / (1 - rate), dtype)
