"""Types of what users pass and get, and decorators that keep them."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils import metaestimators

# Sequences, or one label for each of their steps: an array, a list of arrays or of lists, a data
# frame, a SequenceArray, a memory map. Data frames have no type without importing their library.
Sequences = Any

# A label: an integer, a boolean or a string, of Python or of NumPy.
Label = Any

# A number or, with average=None, an array with one for each label: users know which they asked for,
# and need not tell the members of a union apart.
Score = Any

Method = TypeVar("Method")


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """scikit-learn's decorator, which has no types of its own."""
    return metaestimators.available_if(check)
