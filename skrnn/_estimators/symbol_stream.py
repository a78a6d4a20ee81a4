"""Texts and other sequences of symbols that are still growing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skrnn._estimators.stream import Stream
from skrnn._typing import Sequences


class SymbolStream(Stream):
    """Growing sequences of symbols, of which a language model says at each step what comes next.

    It is made by the method `stream` of a fitted `RNNLanguageModel`, which never changes with it. A
    step costs the same however long the sequence is by now. Streams can be pickled, and copied to
    branch.

    Parameters
    ----------
    estimator : RNNLanguageModel
        A fitted language model.
    n_streams : int, default=1
        Number of sequences that are followed side by side.

    Examples
    --------
    >>> from skrnn import RNNLanguageModel
    >>> model = RNNLanguageModel(hidden_size=8, max_iter=30, learning_rate_init=0.05)
    >>> stream = model.fit(["abab" * 5] * 9).stream()
    >>> str(stream.step("a")), str(stream.step("b")), str(stream.push("ab"))
    ('b', 'a', 'a')
    """

    def step(self, x: Any, which: ArrayLike | None = None) -> Any:
        """Read one symbol, and predict the next one.

        Parameters
        ----------
        x : symbol, or list of symbols
            The symbol that has come, or one for each stream.
        which : array-like of int, default=None
            The streams that take this step, in the order of `x`; None for all. The others stay as
            they are.

        Returns
        -------
        y : symbol or ndarray of shape (n_streams,)
            What `predict` returns for the sequence so far, for each stream that took the step; for
            a single symbol without the axis of streams.

        Raises
        ------
        ValueError
            If there are more or fewer symbols than streams, or a symbol was not learnt and none
            stands for it.
        """
        return self._answer(x, which, self._next)

    def push(self, chunk: Sequences) -> Any:
        """Read several symbols at once, and predict the next one.

        Parameters
        ----------
        chunk : sequence of symbols, or one for each stream
            A string, list, tuple or array, as a sequence that `predict` takes; for several streams
            a list with one of them for each. None may be empty.

        Returns
        -------
        y : symbol or ndarray of shape (n_streams,)
            As `step` returns after the last of the symbols.

        Raises
        ------
        ValueError
            If the chunk cannot be read, or holds another number of sequences.
        TypeError
            If the chunk is of a type that holds no symbols.
        """
        data = self._target.read_on([chunk] if self.n_streams == 1 else chunk, "chunk")
        last = self._go_through(data)[np.cumsum(data.lengths) - 1]
        answers = self._next(None, last, None)
        return answers[0] if self.n_streams == 1 else answers

    def _next(self, params, outputs, packing):
        """Return the most probable symbols."""
        return self._target.next_symbols(outputs)

    def _learn_form(self):
        """Symbols have but one form."""

    def _begin(self):
        start = np.full((self.n_streams, 1), self._target.end)
        return self._model.step(start)[1]

    def _as_rows(self, x, n):
        are_characters = self._target.alphabet.kind == "str"
        is_single = n == 1 and not isinstance(x, (list, np.ndarray))
        is_one = getattr(x, "shape", None) == () or not hasattr(x, "__len__")
        symbols = [x] if is_one or (is_single and not are_characters) else list(x)
        if len(symbols) != n:
            raise ValueError(
                f"x has {len(symbols)} symbols, but a step of {n} stream(s) reads one of each: "
                f"pass {n}."
            )
        return self._target.alphabet.numbers(symbols, "x")[:, np.newaxis], is_single
