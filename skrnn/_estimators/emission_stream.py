"""Speech and other sequences that are still growing, whose steps emit symbols as they come."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skrnn._core.ctc import ctc_spells
from skrnn._data.ragged import offsets_of, split_sequences
from skrnn._estimators.stream import Stream
from skrnn._typing import Sequences


class EmissionStream(Stream):
    """Growing sequences, each step of which emits a symbol or nothing.

    It is made by the method `stream` of a fitted `SequenceTranslator` with ``decoder='ctc'`` that
    reads in one direction, which never changes with it. All that has been emitted is what `predict`
    with ``beam_width=1`` makes of the sequence so far: a symbol that was emitted is never taken
    back, as a beam would do. A step costs the same however long the sequence is by now. Streams can
    be pickled, and copied to branch. The last array of `state` has the number, in `classes_`, of
    what the last step of each stream has emitted, or of nothing.

    Parameters
    ----------
    estimator : SequenceTranslator
        A fitted estimator.
    n_streams : int, default=1
        Number of sequences that are followed side by side.

    Raises
    ------
    ValueError
        If the network reads both directions.

    Examples
    --------
    Each symbol is held for two or three steps:

    >>> import numpy as np
    >>> from skrnn import SequenceTranslator
    >>> rng = np.random.default_rng(0)
    >>> y = ["".join(rng.choice(list("abc"), 4)) for _ in range(60)]
    >>> X = [np.eye(3)[np.repeat([ord(c) - 97 for c in word], 3)] for word in y]
    >>> model = SequenceTranslator(
    ...     decoder="ctc", bidirectional=False, hidden_size=16, max_iter=40, random_state=0
    ... ).fit(X, y)
    >>> stream = model.stream()
    >>> emitted = [symbol for symbol in map(stream.step, X[0]) if symbol is not None]
    >>> "".join(emitted) == model.set_params(beam_width=1).predict(X[:1])[0]
    True
    """

    def step(self, x: ArrayLike, which: ArrayLike | None = None) -> Any:
        """Take one step, and return the symbol that it emits.

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
        y : symbol or None, or ndarray of shape (n_streams,)
            The symbol, or None if the step emits nothing or goes on with the symbol before, for
            each stream that took the step; for `x` of a single stream without the axis of streams.

        Raises
        ------
        ValueError
            If `x` has another shape than the features that `fit` saw, or is not finite, or an id is
            one that `fit` did not see.
        """
        return self._answer(x, which, partial(self._emit, which))

    def step_proba(self, x: ArrayLike, which: ArrayLike | None = None) -> np.ndarray:
        """Take one step, and return the probability of what it may emit.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (n_streams, n_features)
            As for `step`.
        which : array-like of int, default=None
            As for `step`.

        Returns
        -------
        p : ndarray of shape (n_symbols + 1,) or (n_streams, n_symbols + 1)
            Each row sums to 1. The columns are in the order of `classes_`; the last is that nothing
            is emitted.

        Raises
        ------
        ValueError
            As for `step`.
        """
        return self._answer(x, which, partial(self._weigh, which))

    def push(self, chunk: Sequences) -> Any:
        """Take several steps at once, and return the symbols that they emit.

        Parameters
        ----------
        chunk : array-like of shape (n_steps, n_features), or sequences
            The steps of a single stream; for several streams a sequence for each, in any form that
            `predict` takes.

        Returns
        -------
        y : str, list, tuple or ndarray, or ndarray of shape (n_streams,) of these
            What the steps emit, as `predict` returns it; it may be empty.

        Raises
        ------
        ValueError
            If the chunk cannot be read, or holds another number of sequences.
        TypeError
            If the chunk is of a type that holds no sequences.
        """
        data, is_single = self._read(chunk)
        outputs = self._go_through(data)
        paths = split_sequences(outputs.argmax(axis=1), offsets_of(data.lengths))
        spelt = [self._spell(path, i) for i, path in enumerate(paths)]
        answers = self._target.decode(spelt)
        return answers[0] if is_single else answers

    # The last of the states is what each stream has emitted last.

    def _learn_form(self):
        super()._learn_form()
        self._last = np.empty(self.n_streams, np.intp)

    def _begin(self):
        return [*super()._begin(), np.full(self.n_streams, self._target.end)]

    def _take(self):
        return [*super()._take(), self._last.copy()]

    def _put(self, states, which=slice(None)):
        super()._put(states[:-1], which)
        self._last[which] = states[-1]

    def __getstate__(self):
        return super().__getstate__() | {"_last": self._last.copy()}

    def _emit(self, which, params, outputs, packing):
        """Return the symbols that some streams emit, None for none, and remember them."""
        path, which = outputs.argmax(axis=1), slice(None) if which is None else np.ravel(which)
        is_new = ctc_spells(path, self._last[which], self._target.end)
        self._last[which] = path
        symbols = np.full(len(path), None, object)
        symbols[is_new] = self._target.alphabet.classes[path[is_new]]
        return symbols

    def _weigh(self, which, params, outputs, packing):
        """Return the probability of all that some streams may emit."""
        self._emit(which, params, outputs, packing)
        return self._target.marginals(params, outputs, packing)

    def _spell(self, path, stream):
        """Return the symbols that a path adds to those of a stream."""
        before = np.append(self._last[stream], path[:-1])
        self._last[stream] = path[-1]
        return path[ctc_spells(path, before, self._target.end)]
