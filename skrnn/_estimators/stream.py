"""Sequences that are still growing, followed step by step with a state that the caller owns."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrnn._data.ragged import offsets_of, split_sequences
from skrnn._data.recognise import read_again
from skrnn._data.values import as_array, as_floats, as_list, as_real, is_integer, shorten
from skrnn._threads import single_blas_thread, step_in_one_blas_thread
from skrnn._typing import Sequences


class Stream:
    """Growing sequences, of which an estimator that reads forward gives its answer at each step.

    It is made by the method `stream` of a fitted estimator, which never changes with it. A step
    costs the same however long the sequence is by now. Streams can be pickled, and copied to
    branch.

    Parameters
    ----------
    estimator : estimator
        A fitted `RNNClassifier`, `RNNRegressor`, `SequenceTagger` or `SequenceRegressor` that reads
        in one direction.
    n_streams : int, default=1
        Number of sequences that are followed side by side.

    Raises
    ------
    ValueError
        If the answer at a step depends on what follows: with ``bidirectional=True`` and with
        ``decoder='crf'``.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 10, 2))
    >>> y = np.where(X[:, :, 0].sum(axis=1) > 0, "up", "down")
    >>> model = RNNClassifier(
    ...     bidirectional=False, pooling="last", hidden_size=8, max_iter=40, random_state=0
    ... ).fit(X, y)
    >>> stream = model.stream()
    >>> answers = [stream.step(x) for x in X[0]]
    >>> answers[-1] == model.predict(X[:1])[0]
    True
    >>> branch = stream.copy()
    >>> str(branch.step([9.0, 0.0])), str(stream.step([-9.0, 0.0]))
    ('up', 'down')
    """

    def __init__(self, estimator: Any, n_streams: int = 1):
        refuse_what_looks_ahead(estimator)
        self.n_streams = check_n_streams(n_streams)
        self._model, self._target = estimator._model, estimator._target
        self._schema, self._owner = estimator._schema, type(estimator).__name__
        self._learn_form()
        self._stepper = self._model.stepper(self.n_streams)
        self.reset()

    def _learn_form(self):
        """Set what tells a step that needs no second look."""
        n_features, has_ids = self._schema.n_step_features, self._schema.n_categories
        is_plain = self.n_streams == 1 and 1 < n_features <= 64 and not has_ids
        self._plain_shape = (n_features,) if is_plain else None
        self._largest = float(np.finfo(self._schema.dtype).max) if is_plain else 0.0

    def __repr__(self):
        return f"Stream({self._owner}, n_streams={self.n_streams})"

    def __getstate__(self):
        return vars(self) | {"_stepper": self._stepper.take()}

    def __setstate__(self, state):
        vars(self).update(state)
        self._stepper = self._model.stepper(self.n_streams)
        self._stepper.put(state["_stepper"])

    def copy(self) -> Self:
        """Return a stream that goes on from here by itself.

        Returns
        -------
        stream : Stream
            It shares the network with this one, and nothing that either changes.
        """
        return copy.copy(self)

    def step(self, x: ArrayLike, which: ArrayLike | None = None) -> Any:
        """Take one step, and predict as the estimator would for the sequence so far.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (n_streams, n_features)
            The features of the step, for each stream; a number, or an id, stands for a single
            feature.
        which : array-like of int, default=None
            The streams that take this step, in the order of `x`; None for all. The others stay as
            they are.

        Returns
        -------
        y : label, number or ndarray
            What `predict` returns for the sequence so far, for each stream that took the step; for
            `x` of a single stream without the axis of streams.

        Raises
        ------
        ValueError
            If `x` has another shape than the features that `fit` saw, or is not finite, or an id is
            one that `fit` did not see.
        """
        return self._answer(x, which, self._target.predict)

    def step_proba(self, x: ArrayLike, which: ArrayLike | None = None) -> np.ndarray:
        """Take one step, and predict probabilities for the sequence so far.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (n_streams, n_features)
            As for `step`.
        which : array-like of int, default=None
            As for `step`.

        Returns
        -------
        p : ndarray of shape (n_classes,) or (n_streams, n_classes)
            What `predict_proba` returns, in the form that `step` has.

        Raises
        ------
        AttributeError
            If the estimator predicts numbers.
        ValueError
            As for `step`.
        """
        if not hasattr(self._target, "marginals"):
            raise AttributeError(f"{self._owner} predicts numbers, not probabilities: use step.")
        return self._answer(x, which, self._target.marginals)

    def push(self, chunk: Sequences) -> Any:
        """Take several steps at once.

        Parameters
        ----------
        chunk : array-like of shape (n_steps, n_features), or sequences
            The steps of a single stream; for several streams a sequence for each, in any form that
            `predict` takes.

        Returns
        -------
        y : label, number or ndarray
            As `step` returns after the last of the steps; of estimators that answer at each step,
            the answers at all of them, one after the other.

        Raises
        ------
        ValueError
            If the chunk cannot be read, or holds another number of sequences.
        TypeError
            If the chunk is of a type that holds no sequences.
        """
        data, is_single = self._read(chunk)
        answers = self._go_through(data, partial(self._target.predict, self._model.params))
        per_step = self._model.network.pool.per_step
        if per_step and not is_single:
            return split_sequences(answers, offsets_of(data.lengths))
        return answers if per_step or not is_single else answers[0]

    @property
    def state(self) -> list[np.ndarray]:
        """A copy of the states: arrays whose last axis is the stream. Set it to go back to it."""
        return self._take()

    @state.setter
    def state(self, states):
        self._put(check_state(states, self._take(), "state"))

    def reset(self, which: ArrayLike | None = None) -> Self:
        """Let streams begin anew.

        Parameters
        ----------
        which : array-like of int, default=None
            The streams that begin anew; None for all.

        Returns
        -------
        self : Stream
            The same stream.

        Raises
        ------
        ValueError
            If there is no such stream.
        """
        which = slice(None) if which is None else check_streams(which, self.n_streams)
        self._put([state[..., which] for state in self._begin()], which)
        return self

    def _begin(self):
        """Return the states before the first step."""
        return self._model.initial_states(self.n_streams)

    def _take(self):
        """Return copies of the states."""
        return self._stepper.take()

    def _put(self, states, which=slice(None)):
        """Let some streams go on from these states."""
        self._stepper.put(states, which)

    def _read(self, chunk):
        """Return the data of some steps, and whether the axis of streams was left out."""
        one = as_array(chunk, "chunk") if self.n_streams == 1 else None
        is_single = one is not None and one.ndim < 3
        return read_again([one] if is_single else chunk, self._schema, owner=self._owner), is_single

    def _go_through(self, data, decode=None):
        """Take all steps of some data; return outputs, or what `decode` makes of them."""
        if len(data) != self.n_streams:
            raise ValueError(
                f"chunk has {len(data)} sequences, but there are {self.n_streams} streams: give "
                "one for each."
            )
        with single_blas_thread():
            answers, states = self._model.outputs(data, self._stepper.take(), decode=decode)
        self._stepper.put(states)
        return answers

    def _answer(self, x, which, method):
        """Take a step, and give what a method of the target makes of the outputs."""
        if which is None:
            x, is_single = self._as_rows(x, self.n_streams)
            with step_in_one_blas_thread(self._stepper.uses_blas):
                outputs = self._stepper.step(x)
        else:
            outputs, is_single = self._step_some(x, check_streams(which, self.n_streams))
        answers = method(self._model.params, outputs, None)
        return answers[0] if is_single else answers

    def _step_some(self, x, which):
        """Let some streams take a step; return their outputs and whether x had no axis of them."""
        x, is_single = self._as_rows(x, len(which))
        with step_in_one_blas_thread():
            outputs, states = self._model.step(x, self._stepper.take(which))
        self._stepper.put(states, which)
        return outputs, is_single

    def _as_rows(self, x, n):
        """Return x as (n, n_features), and whether the axis of streams was left out."""
        n_features = self._schema.n_step_features
        values = x if type(x) is np.ndarray else as_array(x, "x")
        if self._is_plain(values):
            return values[np.newaxis], True  # the stepper casts them
        if values.dtype.kind == "O":  # such as a row of pandas whose columns differ in type
            values = as_real(values, "x")
        if values.dtype.kind not in "fiub":
            raise ValueError(f"x={shorten(x)} must hold numbers, of shape ({n_features},).")
        is_single = n == 1 and values.shape == ((n_features,) if n_features > 1 else ())
        if n_features == 1 and values.shape in ((), (n,)):
            values = values.reshape(n, 1)
        elif is_single:
            values = values[np.newaxis]
        if values.shape != (n, n_features):
            raise ValueError(
                f"x has shape {np.shape(x)}, but a step of {n} stream(s) has {n_features} "
                f"feature(s): pass shape ({n}, {n_features}), or several steps to push."
            )
        self._check(values)
        only_ids = len(self._schema.n_categories) == n_features
        return values.astype(np.intp if only_ids else self._schema.dtype, copy=False), is_single

    def _is_plain(self, values):
        """Whether these are numbers for the step of a single stream, of which all is right.

        Their norm tells that none is NaN, infinite or too large; Python's takes a third of the time
        that NumPy needs for so few.
        """
        is_plain = values.shape == self._plain_shape and values.dtype.kind == "f"
        return is_plain and math.hypot(*values.tolist()) <= self._largest

    def _check(self, values):
        """Raise for values that `predict` would not take."""
        largest = np.finfo(self._schema.dtype).max
        if not (np.abs(values) <= largest).all():
            raise ValueError(
                f"x holds NaN or infinity, or a value beyond {largest:.2g}: impute what is missing "
                "before the step."
            )
        for column, n_categories in self._schema.n_categories.items():
            ids = values[:, column]
            is_wrong = (ids < 0) | (ids >= n_categories) | (ids != np.floor(ids))
            if is_wrong.any():
                raise ValueError(
                    f"x holds {np.unique(ids[is_wrong]).tolist()} in the categorical column "
                    f"{column}, but fit saw ids from 0 to {n_categories - 1}: map unseen "
                    "categories to one that was seen."
                )


def check_n_streams(n_streams):
    """Return a number of streams; raise unless it is a positive integer."""
    if not is_integer(n_streams) or n_streams < 1:
        raise ValueError(f"n_streams={n_streams!r} must be a positive integer.")
    return int(n_streams)


def check_streams(which, n_streams):
    """Return the positions of streams as an array; raise unless they are different ones."""
    which = np.atleast_1d(np.asarray(which))
    in_range = which.dtype.kind in "iu" and ((0 <= which) & (which < n_streams)).all()
    if which.ndim != 1 or not in_range or len(np.unique(which)) < len(which):
        raise ValueError(
            f"which={which.tolist()} must name different streams, from 0 to {n_streams - 1}."
        )
    return which


def check_state(states, expected, name):
    """Return states as arrays; raise unless they have the shapes of those that are expected."""
    shapes = [state.shape for state in expected]
    states = as_list(states, name, "a list of arrays")
    states = [as_floats(state, f"{name}[{i}]") for i, state in enumerate(states)]
    given = [state.shape for state in states]
    if given != shapes:
        raise ValueError(
            f"{name} has arrays of shapes {given}, but those of this estimator, for as many "
            f"sequences, are {shapes}: pass what return_state=True or a stream's state has given."
        )
    return [np.array(s, e.dtype) for s, e in zip(states, expected, strict=True)]


def refuse_what_looks_ahead(estimator):
    """Raise if the answer at a step depends on the steps that follow."""
    architecture = estimator._model.architecture
    if architecture["bidirectional"]:
        raise ValueError(
            f"This {type(estimator).__name__} reads both directions (bidirectional=True), so that "
            "its answers depend on steps that are still to come: fit it with bidirectional=False."
        )
    if architecture.get("crf"):
        raise ValueError(
            f"This {type(estimator).__name__} has decoder='crf', which weighs what follows before "
            "it labels a step: fit it with decoder='softmax'."
        )
