"""Labels in an array of their own type, which of them are known, and that those are labels."""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse

from skrnn._data.frames import readable, readable_items
from skrnn._data.ragged import object_array
from skrnn._data.values import converted, reject_masked, reject_sparse

_CONTAINERS = (list, tuple, np.ndarray)
_BOOLEANS = (bool, np.bool_)
_TYPES = (str, _BOOLEANS, Integral)


def as_labels(values, name):
    """Return labels, of whatever holds them, in an array that changes none of them.

    Labels of several types stay what they are, 1 beside "a" or NaN, in an array of objects.
    """
    values = readable(values, name)
    reject_masked(values, name)
    reject_sparse(values, name)
    if isinstance(values, (list, tuple)):
        values = readable_items(values, name)
        kinds = set(map(type, values))
        if any(issubclass(kind, np.ndarray) for kind in kinds):  # perhaps of one label each
            values = [value[()] if isinstance(value, np.ndarray) else value for value in values]
            kinds = set(map(type, values))
        if len(set(map(_type_of, kinds))) > 1:
            return object_array(values)
        if kinds <= set(_CONTAINERS):
            return _of_one_type(np.array(values, object, ndmin=converted(values, name).ndim))
        return _of_one_type(object_array(values))
    would_merge = _has_missing(values) or _has_several_types(values)
    labels = _as_objects(values) if would_merge else converted(values, name)
    if labels.dtype.kind == "V":
        raise TypeError(f"{name} holds records ({labels.dtype}): pass one of their fields.")
    # scikit-learn does not know NumPy's strings of any length.
    return labels.astype(object) if labels.dtype.kind == "T" else labels


def _type_of(kind):
    """Return which of the types that labels have a Python or NumPy type is."""
    return next((i for i, several in enumerate(_TYPES) if issubclass(kind, several)), len(_TYPES))


def _are_mixed(kinds):
    """Whether there are strings beside other types, or booleans: True is not 1."""
    types = set(map(_type_of, kinds))
    return len(types) > 1 and min(types) <= _TYPES.index(_BOOLEANS)


def _has_missing(values):
    """Whether values of a data frame are missing, which NumPy makes NaN, and integers floats."""
    count = getattr(values, "isna", None) or getattr(values, "null_count", None)  # pandas, polars
    return callable(count) and bool(np.any(count()))


def _has_several_types(values):
    """Whether the columns of a polars frame differ in type, for which it finds a common one."""
    return hasattr(values, "rows") and len(set(values.dtypes)) > 1


def _as_objects(values):
    """Return a frame or series as an array of objects."""
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
    if _are_mixed(kinds) or any(map(_holds_several, kinds)):
        return objects
    array = np.array(objects.tolist())
    if array.dtype.kind == "f":
        # Floats merge large integers; NaN alone is not equal to itself.
        pairs = zip(array.ravel().tolist(), objects.ravel().tolist(), strict=True)
        return array if all(a == b or a != a for a, b in pairs) else objects
    if array.dtype.kind == "U" and any(label.endswith("\0") for label in objects.flat):
        return objects  # NumPy takes null characters at the end for none
    return array if array.dtype.kind in "biuUT" else objects


def _holds_several(kind):
    """Whether objects of this type are lists, arrays or frames."""
    return hasattr(kind, "__len__") and not issubclass(kind, str | bytes)


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
    """Whether two labels are the same; True is not 1."""
    if issparse(a) or issparse(b) or isinstance(a, _BOOLEANS) != isinstance(b, _BOOLEANS):
        return a is b
    try:
        return bool(a == b)
    except (TypeError, ArithmeticError):  # pandas' NA is neither equal to anything nor not
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
    is_time = labels.dtype.kind in "mM"  # of which `tolist` makes integers
    items = list(labels.ravel()) if is_time else labels.ravel().tolist()
    for label in items:
        if label is None or is_nan(label):
            found = "NaN" if isinstance(label, float) else label
            raise ValueError(f"Input {name} contains {found}, which is a missing label: {remedy}")
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise ValueError(f"Input {name} contains infinity, which is no label.")
    # The smaller types cannot hold 2**63.
    largest = np.abs(labels).max(initial=0) if labels.dtype.kind == "f" else 0
    if float(largest) >= 2.0**63:
        raise ValueError(f"{name} holds {largest:.3g}, which is no label of 64 bits.")
    if labels.dtype.kind == "f" or all(isinstance(label, str) for label in items):
        return labels
    raise _error(items, name, remedy)


def _error(items, name, remedy):
    """Say which item is no label, or which are labels of different types."""
    of_type = {_type_of(type(item)): item for item in reversed(items)}
    strange = [item for item in items if not _is_label(item)]
    if strange or len(of_type) == 1:
        item = strange[0] if strange else max(items)
        return TypeError(
            f"{name} holds {item!r} of type {type(item).__name__}, which is no label: labels "
            "are strings, booleans, or integers of at most 64 bits. Convert them to strings."
        )
    one, other = (of_type[i] for i in sorted(of_type)[:2])
    return TypeError(
        f"{name} holds labels of different types, such as {one!r} and {other!r}: {remedy}"
    )


def _is_label(item):
    """Whether an item is a label, on its own: of the integers, those that NumPy has a type for."""
    is_one = isinstance(item, (str, *_BOOLEANS, Real))
    return is_one and not (isinstance(item, Integral) and not -(2**63) <= item < 2**64)
