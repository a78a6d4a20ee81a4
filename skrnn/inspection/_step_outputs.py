"""What a network would answer after each step of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._core.packing import Packing
from skrnn._core.states import choose
from skrnn._typing import Sequences
from skrnn.inspection._reading import Reading


def step_outputs(estimator: Any, X: Sequences) -> np.ndarray | list[np.ndarray]:
    """Compute what an estimator would answer after each step.

    So one sees when a network makes up its mind. For estimators that answer at every step it is
    what they answer there. For all others it is the answer to the steps so far, as if the sequence
    ended: where both directions are read (``bidirectional=True``) every beginning of a sequence has
    to be read anew, which takes time that grows with the square of its length.

    Parameters
    ----------
    estimator : estimator
        A fitted recurrent estimator.
    X : array-like or SequenceArray
        Sequences in a form that `predict` takes.

    Returns
    -------
    outputs : ndarray, or list of ndarray
        In the form of `X`: an array (n_sequences, n_steps, ...), or a list of arrays (n_steps_i,
        ...). A step has what `predict_proba` returns, or `predict` of a regressor. A language model
        has the probabilities of what follows each symbol.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is no recurrent network of skrnn, or `X` is of a type that holds no sequences.
    ValueError
        If `X` cannot be read.

    See Also
    --------
    StepOutputsDisplay : The picture of it.
    skrnn.RNNClassifier.stream : The same for sequences that are still growing.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> from skrnn.inspection import step_outputs
    >>> X = np.random.default_rng(0).normal(size=(100, 6, 2))
    >>> y = X[:, 2, 0] > 0
    >>> model = RNNClassifier(hidden_size=8, max_iter=15, random_state=0).fit(X, y)
    >>> p = step_outputs(model, X)
    >>> p.shape
    (100, 6, 2)
    >>> bool(np.allclose(p[:, -1], model.predict_proba(X)))
    True
    """
    reading = Reading(estimator, X)
    model, target = reading.model, reading.target
    answer = getattr(target, "marginals", target.predict)
    at_each = ways_of(model)

    def compute(x, packing, part):
        outputs = at_each(model, x, packing)
        return answer(model.params, outputs, packing)

    return reading.in_form(reading.each_step(compute))


def ways_of(model):
    """Return the function ``(model, x, packing) -> outputs`` that suits a model."""
    if model.network.pool.per_step:
        return lambda model, x, packing: model.forward(x, packing)[0]
    return by_beginnings if model.architecture["bidirectional"] else step_by_step


def step_by_step(model, x, packing):
    """Compute outputs after each step of a network that reads forward, in packed rows."""
    result = np.empty((packing.n_rows, model.network.head.n_outputs), model.theta.dtype)
    states = model.initial_states(packing.n_sequences)
    for start, stop in zip(packing.offsets, packing.offsets[1:], strict=False):
        states = choose(states, slice(stop - start))
        result[start:stop], states = model.step(x[start:stop], states)
    return result


def by_beginnings(model, x, packing):
    """Compute outputs of a network for all beginnings of the sequences, in packed rows."""
    result = np.empty((packing.n_rows, model.network.head.n_outputs), model.theta.dtype)
    for t, n in enumerate(packing.batch_sizes):
        rows = (packing.step <= t) & (packing.sequence < n)
        start = packing.offsets[t]
        result[start : start + n] = model.forward(x[rows], Packing(np.full(n, t + 1)))[0]
    return result
