"""What estimators share that read sequences of steps: their states, and streams."""

from __future__ import annotations

import numpy as np
from sklearn.utils.metadata_routing import UNUSED

from skrnn._data.ragged import offsets_of
from skrnn._data.sequence_array import SequenceArray
from skrnn._data.values import check_choice
from skrnn._estimators.stream import Stream, check_state, refuse_what_looks_ahead
from skrnn._threads import single_blas_thread, thread_map
from skrnn._typing import Sequences

# The states of `predict` and `predict_proba` are no metadata that a Pipeline or a search would have
# to hand on. To say so of a method that a class has not is an error in scikit-learn 1.7.
STATES_NOT_ROUTED = {"initial_state": UNUSED, "return_state": UNUSED}


class ReadingMixin:
    """States of the network as it reads sequences of steps, in whole or step by step."""

    __metadata_request__predict = STATES_NOT_ROUTED

    def hidden_states(self, X: Sequences) -> SequenceArray:
        """Compute the hidden states of the last layer at every step.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.

        Returns
        -------
        states : SequenceArray
            For each sequence an array (n_steps_i, hidden_size), with both directions side by side
            where there are two: the backward state of a step has read what follows it.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        data = self._read_new(X)
        return SequenceArray(self._features(data, None), offsets_of(data.lengths))

    def pooled_states(self, X: Sequences, pooling: str = "last") -> np.ndarray:
        """Compute one vector of hidden states of the last layer for each sequence.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        pooling : {'last', 'mean', 'max'}, default='last'
            'last' is the state after the last step (and the backward state after the first), 'mean'
            and 'max' are taken over all steps, unit by unit.

        Returns
        -------
        states : ndarray of shape (n_sequences, width)
            `width` is `hidden_size`, or twice that for both directions.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw, or there is no such
            pooling.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        data = self._read_new(X)
        check_choice(pooling, "pooling", ("last", "mean", "max"))
        return self._features(data, pooling)

    def _read_on(self, X, initial_state, return_state):
        """Compute outputs for sequences that go on from a state, and the state after them."""
        return self._go_on(self._read_new(X), None, initial_state, return_state)

    def _go_on(self, data, decode, initial_state, return_state):
        """Return outputs, or what ``decode(outputs, packing)`` makes of them, and the last states.

        States are those of networks that read forward; None if nobody asks for them.
        """
        if initial_state is None and not return_state:
            return self._outputs(data, decode), None
        refuse_what_looks_ahead(self)
        if initial_state is not None:
            expected = self._model.initial_states(len(data))
            initial_state = check_state(initial_state, expected, "initial_state")
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            return self._model.outputs(
                data, initial_state, parallel_map=parallel_map, decode=decode
            )

    def _features(self, data, pooling):
        """Compute the states of the last layer, pooled; see `Model.features`."""
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            return self._model.features(data, pooling, parallel_map=parallel_map)

    def stream(self, n_streams: int = 1) -> Stream:
        """Follow sequences that are still growing, step by step.

        Parameters
        ----------
        n_streams : int, default=1
            Number of sequences that are followed side by side.

        Returns
        -------
        stream : Stream
            ``stream.step(x)`` takes a step and returns what `predict` would return for the sequence
            so far. The estimator itself never changes.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If answers depend on what follows: with ``bidirectional=True``, and with a CRF.
        """
        self._check_fitted()
        return Stream(self, n_streams)
