"""One value for each step, labels or weights: of all sequences end to end, whatever holds them."""

from itertools import chain, islice
from numbers import Integral

import numpy as np

from skrnn._data.ragged import concatenate
from skrnn._data.values import as_array, check_numbers, reject_masked


def is_flat(values):
    """Whether each entry is one value, not a sequence of values."""
    if hasattr(values, "columns"):  # a data frame, whose entries are its rows
        return False
    if not hasattr(values, "__len__"):
        return True
    first = list(islice(values, 1))
    return bool(first) and (isinstance(first[0], (str, bytes)) or np.ndim(first[0]) == 0)


def concatenate_steps(values, name):
    """Return the values of all sequences in one array, and the lengths of the sequences.

    Values of several types stay what they are, in an array of objects.
    """
    if hasattr(values, "columns") or getattr(values, "ndim", 1) == 2:
        values = as_array(values, name)
        lengths = np.full(len(values), values.shape[1])
        return _numbers_as_such(values.ravel()), lengths
    items = list(values)
    reject_masked(items, name)
    lengths = _lengths(items, name)
    if not any(isinstance(item, np.ndarray) for item in items):
        return _as_array(list(chain.from_iterable(items))), lengths
    arrays = [_as_array(item, f"{name}[{i}]") for i, item in enumerate(items)]
    if len({array.dtype.kind == "U" for array in arrays if len(array)}) > 1:
        arrays = [array.astype(object) for array in arrays]
    return concatenate(arrays), lengths


def _lengths(items, name):
    """Return the number of values of each sequence; raise for what is none."""
    for i, item in enumerate(items):
        if isinstance(item, str) or not hasattr(item, "__len__") or np.ndim(item[:1]) != 1:
            raise ValueError(_no_sequence(item, i, name))
    return np.array([len(item) for item in items], dtype=np.intp)


def concatenate_numbers(values, name):
    """Return the numbers, or vectors, of all steps in one float64 array, and the lengths.

    Values are (n_sequences, n_steps), (n_sequences, n_steps, k), or a list of (n_steps_i,) or
    (n_steps_i, k).
    """
    check_numbers(values, name)
    if hasattr(values, "columns") or getattr(values, "ndim", 1) > 1:
        items = as_array(values, name)
    else:
        items = [as_array(item, f"{name}[{i}]") for i, item in enumerate(values)]
    for i, item in enumerate(items):
        if item.ndim not in (1, 2) or item.shape[1:] != items[0].shape[1:]:
            raise ValueError(
                f"{name} must hold one number for each step, or one vector of the same size, but "
                f"{name}[{i}] has shape {item.shape} and {name}[0] has {items[0].shape}: pass "
                "arrays of shape (n_steps_i,) or (n_steps_i, n_outputs)."
            )
    lengths = np.array([len(item) for item in items], dtype=np.intp)
    try:
        return np.concatenate([item.astype(np.float64) for item in items]), lengths
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers, one for each step: {error}.") from None


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


def _numbers_as_such(values):
    """Return integers that a frame of nullable columns gives as objects as integers."""
    if values.dtype.kind != "O":
        return values
    plain = _as_array(values.tolist())
    return plain if plain.dtype.kind in "iub" else values


def _as_array(values, name="values"):
    """Return a list as an array, in which no label changes its type: neither 1 beside "a" or NaN.

    Of several types an array of objects is made.
    """
    if hasattr(values, "__array__"):
        return as_array(values, name)
    types = {_type_of(kind) for kind in set(map(type, values))}
    return np.array(values, dtype=object if len(types) > 1 else None)


def _type_of(kind):
    """Return which of the types that labels have a Python or NumPy type is."""
    types = (str, (bool, np.bool_), Integral)
    return next((i for i, several in enumerate(types) if issubclass(kind, several)), len(types))


def are_known(labels, ignore_label):
    """Which of the labels count: all but `ignore_label`; None is no label, and NaN equals NaN."""
    if ignore_label is None:
        return np.array([label is not None for label in labels.tolist()], bool)
    if is_nan(ignore_label):
        return np.array([not is_nan(label) for label in labels.tolist()], bool)
    # One by one: NumPy does not compare an array of strings with a number.
    return np.array([not _equal(label, ignore_label) for label in labels.tolist()], bool)


def take_known(labels, known):
    """Return the labels of the known steps, free of objects that only the others needed."""
    labels = labels[known]
    if labels.dtype.kind != "O":
        return labels
    plain = _as_array(labels.tolist())
    return plain if plain.ndim == 1 else labels


def is_nan(label):
    """Whether a label is NaN, NaT or pandas' NA, which do not equal themselves."""
    return label is not None and not _equal(label, label)


def _equal(a, b):
    try:
        return bool(a == b)
    except TypeError:  # pandas' NA is neither equal to anything nor not
        return False
