"""The gates and hidden states of a fitted network at every step."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skrnn._data.ragged import offsets_of
from skrnn._data.sequence_array import SequenceArray
from skrnn._typing import Sequences
from skrnn.inspection._reading import Reading


def gate_activations(
    estimator: Any, X: Sequences, *, layer: int = -1, direction: str = "forward"
) -> Bunch:
    """Compute the activations of the gates of a layer at every step.

    Parameters
    ----------
    estimator : estimator
        A fitted recurrent estimator.
    X : array-like or SequenceArray
        Sequences in a form that `predict` takes.
    layer : int, default=-1
        Number of the layer from 0, or from -1 for the last.
    direction : {'forward', 'backward'}, default='forward'
        Direction in which the layer reads.

    Returns
    -------
    gates : Bunch
        For each gate, by its letter, its activations in the form of `X`: an array (n_sequences,
        n_steps, hidden_size), or a list of arrays (n_steps_i, hidden_size). The LSTM has the input
        gate ``i``, the forget gate ``f``, the candidate ``g`` and the output gate ``o``; the GRU
        the reset gate ``r``, the update gate ``z`` (1 keeps the state) and the candidate ``n``. The
        Elman network has no gates, and its hidden state ``h`` in their place.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is no recurrent network of skrnn, or `X` is of a type that holds no sequences.
    ValueError
        If `X` cannot be read, or there is no such layer or direction.

    See Also
    --------
    GateActivationsDisplay : The picture of it.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import gate_activations
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> model = RNNRegressor(cell_type="lstm", hidden_size=4, max_iter=2, random_state=0)
    >>> gates = gate_activations(model.fit(X, X[:, 0, 0]), X[:3])
    >>> list(gates), gates.f.shape
    (['i', 'f', 'g', 'o'], (3, 5, 4))
    """
    reading = Reading(estimator, X)
    layer, direction = reading.layer(layer), reading.direction(direction)
    model = reading.model

    def compute(x, packing, part):
        for each, inputs, outputs in model.each_layer(x, packing):
            if each.index == layer:
                gates = each.gates(model.params, inputs, outputs, packing, direction)
                return np.stack(gates, axis=1)

    rows, names = reading.each_step(compute), model.network.stack.cell.gate_names
    return Bunch(**{name: reading.in_form(rows[:, g]) for g, name in enumerate(names)})


def hidden_states(estimator: Any, X: Sequences, *, layer: int = -1) -> SequenceArray:
    """Compute the hidden states of a layer at every step.

    Parameters
    ----------
    estimator : estimator
        A fitted recurrent estimator.
    X : array-like or SequenceArray
        Sequences in a form that `predict` takes.
    layer : int, default=-1
        Number of the layer from 0, or from -1 for the last.

    Returns
    -------
    states : SequenceArray
        For each sequence an array (n_steps_i, hidden_size), with both directions side by side where
        there are two: the backward state of a step has read what follows it.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is no recurrent network of skrnn, or `X` is of a type that holds no sequences.
    ValueError
        If `X` cannot be read, or there is no such layer.

    See Also
    --------
    HiddenStatesDisplay : The picture of it.
    skrnn.SequenceEncoder : States as features for other estimators.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import hidden_states
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> model = RNNRegressor(n_layers=2, hidden_size=4, max_iter=2, random_state=0)
    >>> hidden_states(model.fit(X, X[:, 0, 0]), X, layer=0)[7].shape
    (5, 4)
    """
    reading = Reading(estimator, X)
    layer, model = reading.layer(layer), reading.model

    def compute(x, packing, part):
        return next(rows for each, _, rows in model.each_layer(x, packing) if each.index == layer)

    rows, lengths = reading.each_step(compute), reading.data.lengths
    if reading.inside.schema is None:
        states = reading.in_form(rows)
        return SequenceArray(np.concatenate(states), offsets_of([len(s) for s in states]))
    return SequenceArray(rows, offsets_of(lengths))
