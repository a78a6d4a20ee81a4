"""What estimators share that answer at every step."""

from functools import partial
from typing import Any

import numpy as np

from skrnn._data.ragged import object_array
from skrnn._data.steps import is_flat
from skrnn._data.values import reject_sparse


class StepsMixin:
    """X and y step by step; answers in the form of X.

    A 2-D X with a 1-D y is a table of single steps. A sequence that stands for one without steps,
    as a text without a token, has no values.
    """

    _unknown: Any = None  # what y has in a step of which nothing is known

    def _read_data(self, X, y, schema):
        reject_sparse(y, "y")
        if y is not None and not (hasattr(y, "__len__") or hasattr(y, "__array__")):
            raise TypeError(f"y must be a list of sequences, got an object of {type(y)}.")
        one_step = y is not None and (is_flat(y, "y") or not len(y))
        data = super()._read_data(X, y, schema, rows_are_steps=one_step)
        if one_step and not data.is_table:
            raise ValueError(self._one_value_message())
        return data

    def _as_given(self, X, y):
        """Let sequences without a step have, instead of no value, one that nobody knows."""
        y, is_empty = super()._as_given(X, y), getattr(X, "without_steps", None)
        if is_empty is None or y is None or len(y) != len(is_empty):
            return y
        return [
            [self._unknown] if empty and np.size(values) == 0 else values
            for empty, values in zip(is_empty, y, strict=True)
        ]

    def _for_each_step(self, X, method=None, initial_state=None, return_state=False):
        """Give what a method of the target makes of X the form of X; None leaves the outputs."""
        data = self._read_new(X)
        decode = method and partial(getattr(self._target, method), self._model.params)
        steps, state = self._go_on(data, decode, initial_state, return_state)
        steps = self._in_form(X, data, steps)
        return (steps, state) if return_state else steps

    def _in_form(self, X, data, steps):
        answers = data.in_form(steps)
        if isinstance(answers, np.ndarray):
            return answers
        is_empty = getattr(X, "without_steps", None)
        for i in [] if is_empty is None else np.flatnonzero(is_empty).tolist():
            answers[i] = answers[i][:0]
        return object_array(answers)
