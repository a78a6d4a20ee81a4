"""How far back the gradient of the loss reaches, and what that says of what can be learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skrnn._core.packing import Packing
from skrnn._model import Model
from skrnn._targets.training_set import Chunk
from skrnn._threads import single_blas_thread
from skrnn._typing import Sequences
from skrnn.inspection._advice import advise, start_of
from skrnn.inspection._reading import DIRECTIONS, look_into

# Logistic gates are saturated so near to 0 or 1, and tanh so near to -1 or 1.
MARGIN = 0.05
# What counts as the rest of a gradient that has faded away.
REST = 0.01


def gradient_flow(estimator: Any, X: Sequences, y: Any = None) -> Bunch:
    """Measure how the gradient of the loss fades, or grows, on its way back through time.

    The loss is that of a sequence at its end or, of an estimator that answers at every step, of its
    last known step; for the backward direction, which ends with the first step, of its first. The
    gradient by the hidden state `lag` steps before is what a step so far back is learnt from
    (Hochreiter et al., 2001). Untrained networks show best what can be learnt: fit one with
    ``max_iter=1``.

    Parameters
    ----------
    estimator : estimator
        A fitted recurrent estimator.
    X : array-like or SequenceArray
        Sequences with the features that `fit` saw; some hundred suffice.
    y : array-like, default=None
        Their targets, as `fit` takes them; None for estimators that need none.

    Returns
    -------
    flow : Bunch
        - norm : ndarray of shape (n_layers, n_directions, n_lags). The norm of dL/dh, the mean over
          all sequences that are so long; ``norm[..., 0]`` is where the loss is, and
          ``norm[..., 1]`` what has come through the recurrence once.
        - half_life : ndarray of shape (n_layers, n_directions). Number of steps after which less
          than half of ``norm[..., 1]`` is left for good; infinite if it never is.
        - memory : ndarray of shape (n_layers, n_directions). The same for a hundredth: what lies
          further back is hardly learnt.
        - spectral_radius : ndarray of shape (n_layers, n_directions, n_gates). Largest absolute
          eigenvalue of the recurrent weights of each gate.
        - saturation : ndarray of shape (n_layers, n_directions, n_gates). Share of the activations
          that are within 0.05 of their bounds, where no gradient passes; for relu, that are 0.
        - gates : tuple of str. Their letters, as for :func:`gate_activations`.
        - directions : tuple of str. 'forward' and, if there is one, 'backward'.
        - n_sequences : ndarray of shape (n_directions, n_lags). Number of sequences in each mean.
        - advice : list of str. What the figures mean, and what to try.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is no recurrent network of skrnn.
    ValueError
        If `X` or `y` cannot be read.

    See Also
    --------
    GradientFlowDisplay : The picture of it.

    Examples
    --------
    >>> from skrnn import RNNRegressor
    >>> from skrnn.datasets import make_adding_problem
    >>> from skrnn.inspection import gradient_flow
    >>> X, y = make_adding_problem(100, n_steps=50, random_state=0)
    >>> plain = RNNRegressor(cell_type="rnn", hidden_size=16, max_iter=1, random_state=0).fit(X, y)
    >>> flow = gradient_flow(plain, X, y)
    >>> flow.norm.shape
    (1, 1, 50)
    >>> bool(flow.norm[0, 0, -1] < 0.01 * flow.norm[0, 0, 1])
    True
    >>> print(flow.advice[0])
    The gradient falls to 1 % within ... of 50 steps ...
    """
    inside = look_into(estimator)
    train = inside.read_training(X, y)
    stack = inside.model.network.stack
    flow, gates = Flow(stack, int(train.data.lengths.max())), GateShares(stack)
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        for part in Model.parts(train.data):
            batch = train.batch(Chunk(part))
            flow.add(inside, batch)
            gates.add(inside.model, batch)
    report = Bunch(
        norm=flow.norm(),
        spectral_radius=spectral_radius(inside.model),
        saturation=gates.shares(),
        gates=stack.cell.gate_names,
        directions=DIRECTIONS[: flow.n_directions],
        n_sequences=flow.count,
    )
    report.half_life, report.memory = (lags_above(report.norm, share) for share in (0.5, REST))
    report.advice = advise(report, inside.model.architecture, estimator)
    return report


class Flow:
    """Sums of the norms of dL/dh by layer, direction and lag."""

    def __init__(self, stack, n_lags):
        self.n_directions = 1 + stack.bidirectional
        self.total = np.zeros((len(stack.layers), self.n_directions, n_lags))
        self.count = np.zeros((self.n_directions, n_lags), np.intp)

    def add(self, inside, batch):
        """Go through some sequences and back, once, or once for each direction's own loss."""
        origins = []

        def watch(layer, step, dh):
            norms = np.linalg.norm(dh, axis=0)
            for k, end in origins:
                lag = end[: dh.shape[-1]] - step
                total = self.total[layer.index, k]
                np.add.at(total, lag[lag >= 0], norms[k, lag >= 0])

        outputs, backward = inside.model.differentiate(batch.x, batch.packing, watch)
        weight = (batch.weight > 0).astype(outputs.dtype)
        _, doutputs, _ = inside.target.loss(
            inside.model.params, outputs, batch.target, weight, batch.packing
        )
        for directions, end, rows in self.losses(inside.model.network.pool, batch):
            origins[:] = [(k, end) for k in directions]
            backward(doutputs if rows is None else only(rows, doutputs))
            for k in directions:
                ends = np.bincount(end[end >= 0], minlength=self.count.shape[1])
                self.count[k] += ends[::-1].cumsum()[::-1]

    def losses(self, pool, batch):
        """Yield directions, the number of the step in these where the loss is, and its rows.

        Rows are None for all. The steps of a direction are counted in its own order.
        """
        packing = batch.packing
        if not pool.per_step:
            yield range(self.n_directions), packing.lengths - 1, None
            return
        for k in range(self.n_directions):
            known = batch.weight > 0
            if k:
                known = known[packing.mirror]
            end = np.full(packing.n_sequences, -1)
            np.maximum.at(end, packing.sequence[known], packing.step[known])
            rows = (packing.offsets[end] + np.arange(len(end)))[end >= 0]
            yield [k], end, packing.mirror[rows] if k else rows

    def norm(self):
        return self.total / np.maximum(self.count, 1)


class GateShares:
    """Counts of saturated activations by layer, direction and gate."""

    def __init__(self, stack):
        cell = stack.cell
        self.cell, self.n_directions = cell, 1 + stack.bidirectional
        self.logistic = {gate for gate, _, _ in cell.products[: cell.n_sigmoid]}
        self.count = np.zeros((len(stack.layers), self.n_directions, cell.n_gates))
        self.total = 0

    def add(self, model, batch):
        packing: Packing = batch.packing
        self.total += packing.n_rows * model.network.stack.hidden_size
        for layer, x, outputs in model.each_layer(batch.x, packing):
            for k in range(self.n_directions):
                gates = layer.gates(model.params, x, outputs, packing, k)
                count = [np.count_nonzero(self.is_saturated(g, a)) for g, a in enumerate(gates)]
                self.count[layer.index, k] += count

    def is_saturated(self, gate, activations):
        if gate in self.logistic:
            return np.abs(activations - 0.5) > 0.5 - MARGIN
        if getattr(self.cell, "activation", "tanh") == "relu":
            return activations == 0
        return np.abs(activations) > 1 - MARGIN

    def shares(self):
        return self.count / self.total


def only(rows, values):
    """Copy of the values that is zero but for some rows."""
    result = np.zeros_like(values)
    result[rows] = values[rows]
    return result


def spectral_radius(model):
    """Largest absolute eigenvalue of W_h, (n_layers, n_directions, n_gates)."""
    H = model.network.stack.hidden_size
    weights = [
        [views["weight_hh"].reshape(-1, H, H) for views in layer.directions(model.params)]
        for layer in model.network.stack.layers
    ]
    return np.abs(np.linalg.eigvals(np.array(weights, float))).max(axis=-1)


def lags_above(norm, share):
    """Count the steps up to the last at which at least a share of the norm is left.

    It is infinite if the last of all is one of them. What the share is of is the norm after one
    step of the recurrence: it is the recurrence that repeats, and the way from the loss into the
    gates of the last step is another.
    """
    n_lags = norm.shape[-1]
    is_left = (norm >= share * start_of(norm)) & (norm > 0)
    last = n_lags - is_left[..., ::-1].argmax(axis=-1)
    return np.where(is_left.any(axis=-1), np.where(last == n_lags, np.inf, last), 0.0)
