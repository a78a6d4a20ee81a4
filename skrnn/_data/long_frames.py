"""Long data frames: one row for each step of each sequence."""

import re
from collections.abc import Hashable

import numpy as np

from skrnn._data.frames import is_missing, to_array
from skrnn._data.values import are_numbers_as_text


def check_is_frame(df):
    """Raise unless `df` is a data frame of pandas or polars."""
    if not (hasattr(df, "to_numpy") and hasattr(df, "columns")):
        raise TypeError(
            f"df must be a pandas or polars DataFrame, but is of type {type(df).__name__}: "
            "convert it first, such as by pandas.DataFrame(df), or collect() of a lazy frame."
        )


def read_long(df, sequence, time, names):
    """Return columns `names` with the rows of each sequence together, in order of time.

    A list of columns, arrays (n_rows,), and the number of rows of each sequence.
    """
    keys = [sequence] if time is None else [sequence, time]
    _check_columns(df, keys, names)
    codes, lengths = _codes_by_appearance(_key(df, sequence))
    order = np.lexsort((_time_ranks(df, sequence, time, codes), codes))
    return [_numbers(df, name)[order] for name in names], lengths


def _is_among(name, columns):
    try:
        return name in columns
    except (TypeError, ValueError):  # what has no hash
        return False


def _check_columns(df, keys, names):
    """Raise if a column is absent or named twice, or no feature is left."""
    columns = set(df.columns)
    missing = [name for name in [*keys, *names] if not _is_among(name, columns)]
    if missing:
        raise ValueError(
            f"The frame has no column {missing}; its columns are {list(df.columns)}. What a pandas "
            "frame has in its index becomes a column with df.reset_index()."
        )
    if not names or len({*keys, *names}) < len(keys) + len(names):
        raise ValueError(
            f"sequence and time = {keys} and features = {names} must be different columns, with "
            "at least one feature."
        )


def _key(df, name):
    """Return a column that must not hold missing values."""
    missing = is_missing(df[name])
    if missing.any():
        raise ValueError(
            f"Column {name!r} has {missing.sum()} missing values, the first in row "
            f"{missing.argmax()}: drop these rows, or fill them in."
        )
    values = df[name].to_numpy()
    kinds = set(map(type, values.tolist())) if values.dtype.kind == "O" else ()
    if values.ndim > 1 or not all(issubclass(kind, Hashable) for kind in kinds):
        raise ValueError(
            f"Column {name!r} holds {values[:1].tolist()[0]!r}, which neither names a sequence nor "
            "is a time."
        )
    return values


def _codes_by_appearance(ids):
    """Return the rank of each id by first appearance, and how often each distinct one occurs."""
    if ids.dtype.kind == "O":  # which may not sort: numbers beside strings
        rank = {}
        codes = np.array([rank.setdefault(value, len(rank)) for value in ids.tolist()], np.intp)
        return codes, np.bincount(codes, minlength=len(rank))
    _, first, inverse, counts = np.unique(
        ids, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[inverse], counts[order]


def _time_ranks(df, sequence, time, codes):
    """Return what sorts the rows of a sequence; raise if two rows share a time."""
    if time is None:
        return np.arange(len(codes))
    values = _in_order(df[time], _key(df, time))
    try:
        instants, ranks = np.unique(values, return_inverse=True)
    except TypeError as error:
        raise ValueError(f"Column {time!r} holds times that do not compare: {error}.") from None
    pairs, counts = np.unique(codes * len(instants) + ranks, return_counts=True)
    if (counts > 1).any():
        row = np.flatnonzero(codes * len(instants) + ranks == pairs[counts.argmax()])[1]
        raise ValueError(
            f"Column {time!r} repeats a time within one sequence: {sequence} = "
            f"{df[sequence].to_numpy()[row]!s} has {df[time].to_numpy()[row]!s} "
            f"{counts.max()} times. Aggregate or drop the duplicates."
        )
    return ranks


def _in_order(column, values):
    """Return the values of a column, or, of ordered categories, their places in that order."""
    if str(column.dtype) == "category" and column.cat.ordered:  # pandas
        return column.cat.codes.to_numpy()
    if str(column.dtype).startswith("Enum"):  # polars
        return column.to_physical().to_numpy()
    if values.dtype.kind in "OUT":
        _check_times_as_text({value for value in values.tolist() if isinstance(value, str)}, column)
    return values


def _check_times_as_text(texts, column):
    """Raise unless the order of these texts, that of their characters, is that of time."""
    if texts and are_numbers_as_text(list(texts)):
        raise ValueError(
            f"Column {column.name!r} holds numbers as text, in whose order '10' is before '9': "
            "convert it to numbers first."
        )
    forms = {_form_of_time(text): text for text in texts}
    if len(forms) > 1 or None in forms:
        examples = " and ".join(sorted(map(repr, forms.values()))[:2])
        raise ValueError(
            f"Column {column.name!r} holds times as text, such as {examples}, whose order is that "
            "of their characters, in which '10:00' is before '9:55'. Convert it to dates, with "
            "pandas.to_datetime or str.to_datetime of polars, or to ordered categories."
        )


_DAY = r"\d{4}-(\d{2}(-\d{2})?|\d{3}|W\d{2}(-\d)?)"
_CLOCK = r"\d{2}:\d{2}(:\d{2})?"
_ISO_TIME = re.compile(
    rf"(?P<form>{_DAY}|({_DAY}[T ])?{_CLOCK})([.,]\d+)?(?P<zone>Z|[+-]\d{{2}}:?\d{{2}})?"
)


def _form_of_time(text):
    """Return the form of a time in ISO 8601, within which texts sort as times do, or None."""
    match = _ISO_TIME.fullmatch(text)
    return match and (re.sub(r"\d", "0", match["form"]), match["zone"])


def _numbers(df, name):
    """Return a feature column as a numeric array; missing values become NaN where they can."""
    try:
        values = to_array(df[name], name)
        if values.ndim > 1 or values.dtype.kind in "mMc":
            raise TypeError("A time has a unit that nobody named; several numbers are no feature.")
        return values if values.dtype.kind in "fiub" else values.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"Feature {name!r} of dtype {df[name].dtype} is not numeric: convert it, encode it "
            "(OrdinalEncoder for categories), or leave it out of features."
        ) from None
