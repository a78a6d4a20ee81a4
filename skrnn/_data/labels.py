"""Labels in an array of their own type, which of them are known, and that those are labels."""

from numbers import Integral

import numpy as np
from scipy.sparse import issparse

from skrnn._data.ragged import object_array
from skrnn._data.values import converted, reject_masked, reject_sparse

_CONTAINERS = (list, tuple, np.ndarray)
_TYPES = (str, (bool, np.bool_), Integral)


def as_labels(values, name):
    """Return labels, of whatever holds them, in an array that changes none of them.

    Labels of several types stay what they are, 1 beside "a" or NaN, in an array of objects.
    """
    reject_masked(values, name)
    reject_sparse(values, name)
    if isinstance(values, (list, tuple)):
        kinds = set(map(type, values))
        if len(set(map(_type_of, kinds))) > 1:
            return object_array(values)
        if kinds <= set(_CONTAINERS):
            return converted(values, name)
        return _of_one_type(object_array(values))
    return _as_objects(values) if _has_missing(values) else converted(values, name)


def _type_of(kind):
    """Return which of the types that labels have a Python or NumPy type is."""
    return next((i for i, several in enumerate(_TYPES) if issubclass(kind, several)), len(_TYPES))


def _has_missing(values):
    """Whether values of a data frame are missing, which NumPy makes NaN, and integers floats."""
    count = getattr(values, "isna", None) or getattr(values, "null_count", None)  # pandas, polars
    return callable(count) and bool(np.any(count()))


def _as_objects(values):
    """Return a frame or series with missing values as an array of objects."""
    if hasattr(values, "isna"):
        return values.to_numpy(dtype=object)
    if hasattr(values, "rows"):
        return np.array(values.rows(), dtype=object)
    return object_array(values.to_list())


def of_own_type(labels):
    """Return an array of objects that are all numbers, or all booleans, as one of these."""
    if labels.dtype.kind != "O" or any(isinstance(label, str) for label in labels.flat):
        return labels
    return _of_one_type(labels)


def _of_one_type(objects):
    """Return objects as an array of their type, unless they were no longer what they are."""
    kinds = set(map(type, objects.flat))
    are_text = {issubclass(kind, str) for kind in kinds}
    if len(are_text) > 1 or any(issubclass(kind, _CONTAINERS) for kind in kinds):
        return objects
    array = np.array(objects.tolist())
    if array.dtype.kind == "f":
        # Floats merge large integers; NaN alone is not equal to itself.
        pairs = zip(array.ravel().tolist(), objects.ravel().tolist(), strict=True)
        return array if all(a == b or a != a for a, b in pairs) else objects
    return array if array.dtype.kind in "biuUT" else objects


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
    return _of_one_type(labels) if labels.dtype.kind == "O" else labels


def is_nan(label):
    """Whether a label is NaN, NaT or pandas' NA, which do not equal themselves."""
    return label is not None and not _equal(label, label)


def _equal(a, b):
    if issparse(a):
        return a is b
    try:
        return bool(a == b)
    except TypeError:  # pandas' NA is neither equal to anything nor not
        return False
    except ValueError:  # arrays
        return a is b


def check_labels(labels, name, remedy):
    """Return labels in an array of one type; raise for those that are missing, or are none.

    remedy   what to do about labels that are missing, or of different types
    """
    labels = of_own_type(labels)
    if labels.dtype.kind in "biuUT":
        return labels
    items = labels.ravel().tolist()
    for label in items:
        if label is None or is_nan(label):
            found = "NaN" if isinstance(label, float) else label
            raise ValueError(f"Input {name} contains {found}, which is a missing label: {remedy}")
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError(f"Input {name} contains infinity, which is no label.")
    if labels.dtype.kind == "f" and (np.abs(labels) >= 2.0**63).any():
        raise ValueError(f"{name} holds {np.abs(labels).max():.3g}, which is no label of 64 bits.")
    if labels.dtype.kind == "f" or all(isinstance(label, str) for label in items):
        return labels
    raise _error(items, name, remedy)


def _error(items, name, remedy):
    """Say which items are no labels, or labels of different types."""
    text = next((item for item in items if isinstance(item, str)), None)
    for item in items:
        if not isinstance(item, (str, bool, int, float)) or text is None:
            return TypeError(
                f"{name} holds {item!r} of type {type(item).__name__}, which is no label: labels "
                "are strings, booleans, or integers of at most 64 bits. Convert them to strings."
            )
    number = next(item for item in items if not isinstance(item, str))
    return TypeError(
        f"{name} holds labels of different types, such as {text!r} and {number!r}: {remedy}"
    )
