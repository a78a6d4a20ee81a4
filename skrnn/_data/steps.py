"""One value for each step, labels or weights: of all sequences end to end, whatever holds them."""

from itertools import chain, islice

import numpy as np
from scipy.sparse import issparse

from skrnn._data.frames import readable, readable_items, to_array
from skrnn._data.labels import as_labels
from skrnn._data.ragged import concatenate
from skrnn._data.values import as_floats, as_list, reject_masked

_NEEDS_NUMBERS = "give a number for each step. SequenceTagger learns labels."


def is_flat(values, name):
    """Whether each entry is one value, not a sequence of values."""
    values = readable(values, name)
    if hasattr(values, "columns"):  # a data frame, whose entries are its rows
        return False
    try:
        first = list(islice(values, 1))
    except TypeError:  # not iterable
        return True
    if not first or isinstance(first[0], (list, tuple)):
        return False
    return isinstance(first[0], (str, bytes)) or to_array(first[0], f"{name}[0]").ndim == 0


def concatenate_steps(values, name):
    """Return the values of all sequences in one array, and the lengths of the sequences.

    Values of several types stay what they are, in an array of objects.
    """
    values = readable(values, name)
    if hasattr(values, "columns") or getattr(values, "ndim", 1) == 2:
        values = as_labels(values, name)
        return values.ravel(), np.full(len(values), values.shape[1])
    items = readable_items(as_list(values, name, "one sequence of values per entry"), name)
    reject_masked(items, name)
    lengths = _lengths(items, name)
    if not any(isinstance(item, np.ndarray) for item in items):
        return as_labels(list(chain.from_iterable(items)), name), lengths
    arrays = [as_labels(item, f"{name}[{i}]") for i, item in enumerate(items)]
    if len({array.dtype.kind for array in arrays if len(array)}) > 1:
        return as_labels(list(chain.from_iterable(a.tolist() for a in arrays)), name), lengths
    return concatenate(arrays), lengths


def _lengths(items, name):
    """Return the number of values of each sequence; raise for what is none."""
    for i, item in enumerate(items):
        if not _is_sequence(item):
            raise ValueError(_no_sequence(item, i, name))
    return np.array([len(item) for item in items], dtype=np.intp)


def _is_sequence(item):
    """Whether an item holds single values."""
    if isinstance(item, (str, np.generic)) or not hasattr(item, "__len__") or issparse(item):
        return False
    try:
        return np.ndim(item[:1]) == 1
    except (IndexError, KeyError, TypeError, ValueError):
        return False


def check_lengths_of_steps(lengths, expected, name, of):
    """Raise unless values called `name` have the lengths of the sequences called `of`."""
    if len(lengths) != len(expected):
        raise ValueError(
            f"{name} has {len(lengths)} item(s), but {of} has {len(expected)} sequences: give one "
            "for each."
        )
    for i in np.flatnonzero(lengths != expected)[:1]:
        raise ValueError(
            f"{name}[{i}] has {lengths[i]} value(s), but {of}[{i}] has {expected[i]} step(s): give "
            "one for each."
        )


def concatenate_numbers(values, name):
    """Return the numbers, or vectors, of all steps in one float64 array, and the lengths.

    Values are (n_sequences, n_steps), (n_sequences, n_steps, k), or a list of (n_steps_i,) or
    (n_steps_i, k).
    """
    values = readable(values, name)
    if hasattr(values, "columns") or getattr(values, "ndim", 1) > 1:
        items = as_floats(values, name, _NEEDS_NUMBERS)
    else:
        items = as_list(values, name, "one sequence of numbers per entry")
        items = [as_floats(v, f"{name}[{i}]", _NEEDS_NUMBERS) for i, v in enumerate(items)]
    for i, item in enumerate(items):
        is_vector = item.ndim == 2 and item.shape[1] > 0
        if not (item.ndim == 1 or is_vector) or item.shape[1:] != items[0].shape[1:]:
            raise ValueError(
                f"{name} must hold one number for each step, or one vector of the same size, but "
                f"{name}[{i}] has shape {item.shape} and {name}[0] has {items[0].shape}: pass "
                "arrays of shape (n_steps_i,) or (n_steps_i, n_outputs)."
            )
    values = np.concatenate(items) if len(items) else np.zeros(0)
    return values, np.array([len(item) for item in items], dtype=np.intp)


def _no_sequence(item, i, name):
    """Say what an entry is instead of a sequence of single values, and what to do."""
    message = f"{name} must hold one sequence of values per entry, but {name}[{i}] "
    shape = np.asarray(item, dtype=object).shape
    if len(shape) == 2:
        return (
            f"{message}has shape {shape}: give one value for each step, such as "
            f"{name}[{i}][:, 0] of a column, or {name}[{i}].argmax(axis=1) of one-hot labels."
        )
    return f"{message}is {item!r}. Wrap the values of a single sequence in a list: [{name}]."
