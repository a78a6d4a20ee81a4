"""Types of what users pass and get, and decorators that keep them."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils import metaestimators

# Sequences, or labels of their steps, are an array, a list of arrays or of lists, a data frame, a
# SequenceArray or a memory map. Data frames have no type without importing their library.
Sequences = Any

# A label is an integer, a boolean or a string, of Python or of NumPy.
Label = Any

# A score is a number or, with average=None, an array with one for each label. Users know which they
# asked for, and need not tell the members of a union apart.
Score = Any

# Predictions are an array or, with return_state=True, a pair of it and the state. Users know which
# they asked for.
Prediction = Any

# A state: arrays whose last axis is the sequence.
State = Any

Method = TypeVar("Method")


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Apply scikit-learn's decorator, typed to preserve the signature."""
    return metaestimators.available_if(check)


class ShortSignature:
    """Leave the types of ``__init__`` out of what `help` shows: 40 of them hide the defaults.

    The annotations stay, for type checkers and :func:`typing.get_type_hints`.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            signature = inspect.signature(cls.__init__)
            parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
            cls.__init__.__signature__ = signature.replace(parameters=parameters)
