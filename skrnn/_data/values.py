"""Values as arrays of real numbers, or an error that says what they are instead."""

import math
from collections.abc import Iterable, Mapping, Set
from datetime import date, time, timedelta
from itertools import chain
from numbers import Integral

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length, check_scalar

from skrnn._data.frames import check_columns, readable, to_array

ENCODE_TOKENS = (
    "Encode tokens as integer ids first, with TokenEncoder (analyzer='char' for characters), and "
    "categories with OrdinalEncoder."
)
UNEVEN = "is not an array: its steps have different numbers of features."
_OF_MANY_LENGTHS = "is not an array: its entries differ in shape."
BEYOND_FLOATS = "holds integers that are larger than any float: they are no numbers to learn from."
LARGEST = 1e300
DEEPEST = 8
_CONTAINERS = (list, tuple, np.ndarray)
_TIMES = (date, time, timedelta, np.datetime64, np.timedelta64)  # those of pandas derive from them
_MAKE_FEATURES = "make features of {}, such as the hour or the weekday."
_COUNT_UNITS = "count {} in a unit, as durations / np.timedelta64(1, 's') does."


def as_array(values, name):
    """Return an array-like or a data frame as an array; raise for what would lose its meaning."""
    check_convertible(values, name)
    return converted(values, name)


def converted(values, name):
    """Return an array-like or a data frame as an array, whatever it means."""
    try:
        return to_array(readable(values, name), name)
    except ValueError:
        raise ValueError(f"{name} {_OF_MANY_LENGTHS}") from None


def check_convertible(values, name):
    """Raise for masked values, and for times in a polars frame: ticks of a clock as numbers."""
    reject_masked(values, name)
    if hasattr(type(values), "schema") and hasattr(values, "to_numpy"):  # polars
        reject_times(values, name)


def is_integer(value):
    """Whether a value is an integer. To Python True is one, and a duration of NumPy's, too."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.timedelta64)


def check_integer(value, name, least=1, most=None):
    """Return an integer; raise unless it is one, and in these bounds."""
    if isinstance(value, Integral) and not is_integer(value):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    return int(check_scalar(value, name, Integral, min_val=least, max_val=most))


def checked_array(values, name, **options):
    """Return what scikit-learn's ``check_array`` does; its errors have the name.

    NumPy would warn of infinities of both signs.
    """
    try:
        with np.errstate(invalid="ignore"):
            return check_array(values, input_name=name, **options)
    except ValueError as error:
        message = str(error) if name in str(error) else f"{name}: {error}"
        if message.startswith(f"Input {name} contains"):
            message = f"{message.rstrip('.')}, {_first_that_is_not_finite(values, name)}"
        raise ValueError(message) from None


def _first_that_is_not_finite(values, name):
    """Say where the first value is that is NaN or infinite, and what to do about it."""
    places = np.argwhere(~np.isfinite(as_floats(values, name)))
    where = ", ".join(map(str, places[0].tolist()))
    return f"first in {name}[{where}]. Leave out what is not known, or fill it in."


def check_same_length(**values):
    """Raise unless all have one entry for each sample: scikit-learn's errors, with the names."""
    values = {name: value for name, value in values.items() if value is not None}
    for name, value in values.items():
        try:
            check_consistent_length(value)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None
    try:
        check_consistent_length(*values.values())
    except ValueError as error:
        raise ValueError(f"{error}, of {' and '.join(values)}.") from None


def check_boolean(value, name):
    """Raise unless a value is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}.")


def as_list(values, name, what="a list"):
    """Return the entries of an iterable in a list; raise for texts, and for what has no order."""
    values = readable(values, name)
    reject_sparse(values, name)
    has_order = not isinstance(values, (str, bytes, Mapping, Set))
    if not (has_order and isinstance(values, Iterable) and getattr(values, "shape", None) != ()):
        raise TypeError(f"{name} must be {what}, got {values!r}.")
    return list(values)


def reject_sparse(values, name):
    """Raise for a sparse array or matrix."""
    if issparse(values):
        raise ValueError(f"{name} is sparse, but must be dense: pass {name}.toarray().")


def check_choice(value, name, allowed):
    """Raise unless a value is one of several strings."""
    if not (isinstance(value, str) and value in allowed):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}.")


def check_numbers(values, name, times=_MAKE_FEATURES):
    """Raise for what scikit-learn reads as numbers though it is none, and for what it fails at.

    These are masked values, dates and durations (`times` is the remedy, as in `reject_times`), and
    then objects, texts and integers beyond floats. Missing values pass.
    """
    values = readable(values, name)
    reject_masked(values, name)
    reject_times(values, name, times)
    reject_what_is_no_number(values, name)


def reject_what_is_no_number(values, name):
    """Raise if these are no array, or a value in it has no float and is not missing."""
    if issparse(values):  # of which scikit-learn has much to say
        return
    check_columns(values, name)
    cells = converted(values, name)
    reject_what_is_no_array(cells, name)
    if cells.dtype.kind in "cV":
        as_real(cells, name)
    reject_beyond_floats(cells, name)
    if cells.dtype.kind in "OUST":
        for column, values_of_column in columns_of(values, name):
            where = f"Column {column!r} of {name}" if cells.ndim == 2 else name
            reject_cells(values_of_column, where, may_be_na=hasattr(values, "isna"))


def reject_what_is_no_array(array, name):
    """Raise for an array of NumPy's that holds a single object: that is what it makes of most."""
    if array.ndim == 0 and array.dtype.kind == "O":
        kind = type(array.item()).__name__
        raise TypeError(f"{name} is of type {kind}: pass an array, a list or a data frame.")


def reject_cells(cells, where, may_be_na):
    """Raise if one of the values in a list has no float, and is not missing.

    may_be_na  whether they are of pandas, whose NA scikit-learn reads in its columns only
    """
    for cell in cells:
        try:
            cell is None or (may_be_na and type(cell).__name__ == "NAType") or to_float(cell)
        except OverflowError:
            raise ValueError(f"{where} {BEYOND_FLOATS}") from None
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                f"{where} must hold numbers, but holds {shorten(cell)}: {error}. Convert it to a "
                "number, or to several columns of numbers, or leave it out."
            ) from None


def to_float(value):
    """Return a single value as a float; older versions of NumPy take arrays of one for such."""
    if getattr(value, "ndim", 0):
        raise TypeError(f"it has shape {value.shape}, and is no single number")
    return float(value)


def shorten(value):
    """Return a value as a short text."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}...{text[-5:]}"


def as_floats(values, name, remedy="give a number."):
    """Return targets or weights as float64, what is missing as NaN; raise for what is no number.

    remedy   what to do about it
    """
    values = readable(values, name)
    reject_masked(values, name)
    reject_times(values, name, _COUNT_UNITS)
    check_columns(values, name)
    array = converted(values, name)
    reject_beyond_floats(array, name)
    if array.dtype.kind in "fiub":
        return array.astype(np.float64)
    if array.dtype.kind == "V":
        as_real(array, name)
    if array.dtype.kind == "c":  # Python's float takes NumPy's longer ones with a warning only
        array = array.astype(np.complex128)
    numbers = [_as_float(value, name, remedy) for value in array.ravel().tolist()]
    return np.array(numbers, np.float64).reshape(array.shape)


def _as_float(value, name, remedy):
    if value is None or type(value).__name__ == "NAType":  # pandas has a type for what is missing
        return np.nan
    try:
        return to_float(value)
    except OverflowError:
        raise ValueError(f"{name} {BEYOND_FLOATS}") from None
    except (TypeError, ValueError):
        raise ValueError(f"{name} holds {value!r}, which is no real number: {remedy}") from None


def check_range(values, name, dtype):
    """Raise unless a type can hold every one of the values."""
    largest = np.finfo(dtype).max
    if not (np.abs(values) <= largest).all():
        raise ValueError(f"{name} contains NaN, or a value beyond {largest:.2g}.")


def reject_too_large(values, name):
    """Raise for floats the sums of which no float can hold."""
    largest = _largest(values)
    if np.isinf(largest):  # which has an error of its own
        largest = _largest(values[np.isfinite(values)])
    if largest > LARGEST:
        raise ValueError(
            f"{name} holds values of {largest:.2g}, the sums of which no float can hold: divide "
            f"{name} by a power of ten."
        )


def _largest(values):
    """Return the largest magnitude, whatever is NaN, without a copy of the values."""
    if not values.size:
        return 0.0
    most, least = (reduce(values, axis=None) for reduce in (np.fmax.reduce, np.fmin.reduce))
    return max(float(most), -float(least))


def reject_beyond_floats(values, name):
    """Raise if a number is larger than any float; lists of several lengths pass unread."""
    try:
        cells = to_array(values, name)
    except ValueError:
        return
    is_long = cells.dtype == np.longdouble and cells.dtype != np.float64
    if (is_long and (np.abs(cells) > np.finfo(np.float64).max).any()) or (
        cells.dtype.kind == "O" and any(map(_is_beyond_floats, cells.ravel().tolist()))
    ):
        raise ValueError(f"{name} {BEYOND_FLOATS}")


def _is_beyond_floats(value):
    if isinstance(value, np.ndarray):
        return False
    try:
        float(value)
    except OverflowError:
        return True
    except (TypeError, ValueError):
        return False
    return False


def reject_masked(values, name, depth=0):
    """Raise if a mask hides some of the values, in an array or in lists of arrays.

    Lists that hold themselves have no end: what is so deep is refused, too.
    """
    if depth > DEEPEST:
        raise ValueError(f"{name} lies in {depth} lists or arrays: no data are so deep.")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise TypeError(
            f"{name} is a masked array, and what its mask hides would be read: impute it, or leave "
            "it out, as SequenceArray.from_padded(X.data, lengths) does with steps at the end of "
            "sequences."
        )
    if (isinstance(values, (list, tuple)) or _holds_objects(values)) and _holds_arrays(values):
        for i, value in enumerate(values):
            reject_masked(value, f"{name}[{i}]", depth + 1)


def _holds_arrays(values):
    """Whether there are arrays in a list, or in the lists in it, or these have no end."""
    kinds = set(map(type, values))
    for _ in range(DEEPEST):
        if not kinds or kinds - {list, tuple}:
            break
        values = list(chain.from_iterable(values))
        kinds = set(map(type, values))
    return any(issubclass(kind, _CONTAINERS) for kind in kinds)


def _holds_objects(values):
    return isinstance(values, np.ndarray) and values.dtype.kind == "O" and values.ndim > 0


def reject_times(values, name, remedy=_MAKE_FEATURES):
    """Raise if an array, a list or a column of a data frame holds dates or durations.

    remedy   what to do about them, with a place for their name
    """
    if hasattr(values, "columns"):
        dtypes = list(getattr(values, "dtypes", ()))
        for column, dtype in zip(values.columns, dtypes, strict=False):
            if _is_time(dtype):
                raise _column_of_times(column, name, dtype, remedy)
    else:
        dtypes = [getattr(values, "dtype", None)]
        is_series = getattr(dtypes[0], "kind", "") == "O" and values.ndim == 1
        items = values.tolist() if is_series else values
        kind = dtypes[0] if _is_time(dtypes[0]) else _times_among(items)
        if kind:
            raise ValueError(f"{name} holds times ({kind}), not numbers: {remedy.format('them')}")
    if any(isinstance(dtype, np.dtype) and dtype.kind == "O" for dtype in dtypes):
        for column, cells in columns_of(values, name):
            if kind := _times_among(cells):
                raise _column_of_times(column, name, kind, remedy)


def _times_among(values):
    """Return the name of a type of dates or durations among the values of a list, or None."""
    if not isinstance(values, (list, tuple)):
        return None
    kinds = {kind.__name__ for kind in set(map(type, values)) if issubclass(kind, _TIMES)}
    return min(kinds, default=None)


def columns_of(values, name):
    """Yield the name and the values of each column of a frame or of an array."""
    cells = np.atleast_1d(to_array(values, name))
    cells = cells.reshape(len(cells), math.prod(cells.shape[1:]))
    yield from zip(getattr(values, "columns", range(cells.shape[1])), cells.T.tolist(), strict=True)


def _is_time(dtype):
    if hasattr(dtype, "is_temporal"):  # polars
        return dtype.is_temporal()
    if hasattr(dtype, "categories") and hasattr(dtype.categories, "dtype"):
        return _is_time(dtype.categories.dtype)
    return getattr(dtype, "kind", "O") in "mM" or str(dtype).startswith("period")


def _column_of_times(column, name, kind, remedy):
    return ValueError(
        f"Column {column!r} of {name} holds times ({kind}), not numbers: drop it, or "
        f"{remedy.format('it')}"
    )


def as_real(array, where):
    """Return an array of floats, integers or booleans; raise for anything else."""
    kind = array.dtype.kind
    if kind in "fiub":
        return array
    if kind == "O":
        return _objects_as_real(array, where)
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {where} has dtype {array.dtype}, shape {array.shape}. "
            "Pass the real and imaginary parts as two features."
        )
    if kind in "UST":
        raise ValueError(f"{where} holds strings. {ENCODE_TOKENS}")
    reject_times(array, where)
    raise TypeError(f"{where} has dtype {array.dtype}, which does not hold real numbers.")


def _objects_as_real(array, where):
    """Return an array of Python objects, which may be arrays again, as real numbers."""
    array = of_cells(array, where)
    if array.dtype.kind != "O":
        return as_real(array, where)
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{where} {BEYOND_FLOATS}") from None
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where} holds objects that are not numbers: {error}.") from None


def of_cells(array, where):
    """Return an array of Python objects, which may be arrays again, in a type that holds them."""
    try:
        return np.array(array.tolist())
    except ValueError:
        raise ValueError(f"{where} {UNEVEN}") from None


def are_numbers_as_text(strings):
    """Whether all of these strings can be read as numbers."""
    try:
        np.array(strings, dtype=str).astype(np.float64)
    except ValueError:
        return False
    return True
