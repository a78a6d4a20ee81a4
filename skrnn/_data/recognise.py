"""The one reader of X: its form is recognised, checked and held by a source, which copies nothing.

`read_sequences` learns a `Schema`; `read_again` reads another X by it. Neither needs an estimator:
`owner` is the name of the class that messages speak of.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import issparse

from skrnn._data.advice import warn_of_gaps, warn_of_large_values
from skrnn._data.categories import (
    MAX_CATEGORIES,
    TOO_MANY,
    UNSEEN,
    categorical_columns,
    check_same_categories,
    count_categories,
)
from skrnn._data.checks import (
    AT_LEAST_ONE,
    EXPECTED,
    check_features,
    check_finite,
    check_lengths,
    check_same_features,
    learn_features,
)
from skrnn._data.frames import (
    check_columns,
    check_same_columns,
    readable,
    readable_items,
    to_array,
)
from skrnn._data.schema import Schema
from skrnn._data.sequence_array import SequenceArray
from skrnn._data.sequence_data import SequenceData
from skrnn._data.sources import Flat, Grid, Items
from skrnn._data.tables import as_matrix, check_cells, one_dimension_error
from skrnn._data.values import UNEVEN, as_real, check_convertible, converted, of_cells, shorten


def read_sequences(
    X,
    *,
    owner,
    categorical_features="auto",
    dtype="auto",
    rows_are_steps=False,
    is_scaled=False,
    has_vectors=False,
) -> tuple[SequenceData, Schema]:
    """Check X; return its sequences, and the schema by which later ones are read.

    The rows of a 2-D X are univariate sequences, or, with `rows_are_steps`, sequences of a single
    step. Large values make a warning, unless X `is_scaled` later, and so do ids with gaps, unless
    the caller `has_vectors` for them.
    """
    source = recognise(X, owner, rows_are_steps=rows_are_steps)
    schema = learn_features(source, owner)
    names = None if source.table == "series" else schema.feature_names
    columns = categorical_columns(categorical_features, source, names)
    dtype = _computing_dtype(dtype, source, only_ids=len(columns) == source.n_features)
    check_finite(source, dtype, owner)
    n_categories = count_categories(source, dict.fromkeys(columns, MAX_CATEGORIES), TOO_MANY)
    if not is_scaled:
        warn_of_large_values(source, n_categories, owner)
    if not has_vectors:
        warn_of_gaps(source, n_categories, owner)
    schema = replace(
        schema, dtype=dtype.name, n_categories=n_categories, categories=source.categories
    )
    return SequenceData(source, dtype, n_categories), schema


def read_again(X, schema, *, owner) -> SequenceData:
    """Check X against what `read_sequences` learnt; return its sequences."""
    source = recognise(X, owner, rows_are_steps=schema.table == "steps")
    check_features(source, schema, owner)
    dtype = _computing_dtype(schema.dtype, source)
    check_finite(source, dtype, owner)
    check_same_categories(source.categories, schema.categories, owner)
    count_categories(source, schema.n_categories, UNSEEN)
    return SequenceData(source, dtype, schema.n_categories)


def _computing_dtype(dtype, source, only_ids=False):
    """Return float32 or float64: as asked, or as X is when `dtype` is 'auto'."""
    if dtype != "auto":
        return np.dtype(dtype)
    is_single = {held.newbyteorder("=") for held in source.dtypes} == {np.dtype("f4")}
    return np.dtype(np.float32 if only_ids or is_single else np.float64)


# The form of X ---------------------------------------------------------------------------------


def recognise(X, owner, *, numeric=True, rows_are_steps=False):
    """Return the source that holds X.

    Sequences are the entries of a list, a 1-D object array or a `SequenceArray`, and the rows of
    an array of two or three dimensions. scikit-learn refuses what is none of these, in its words.
    Unless X must be `numeric`, values of every type are held, and sequences may be empty.
    """
    if _is_plain_grid(X):
        return Grid(X)
    if isinstance(X, SequenceArray):
        return _from_sequence_array(X, numeric)
    X = readable(X, "X")
    table = "steps" if rows_are_steps else "series"
    if isinstance(X, (list, tuple)):
        return _from_items(X, X, numeric, table)
    if issparse(X):  # before dict, which dok_array is
        raise _sparse_error(X, "X")
    if X is None or isinstance(X, (dict, set, frozenset, str, bytes)) or hasattr(X, "__next__"):
        several = " Of a dict of sequences pass list(X.values())." if isinstance(X, dict) else ""
        raise TypeError(f"X is of type {type(X).__name__}; {EXPECTED}{several}")
    check_convertible(X, "X")
    check_columns(X, "X")
    n_dims = len(getattr(X, "shape", ()))
    if n_dims > 2:
        source = _from_array(converted(X, "X"), numeric)
        source.names = getattr(X, "feature_names", None)
        return source
    if n_dims == 1:
        items = converted(X, "X")
        if items.dtype.kind in "OUST":
            return _from_items(items, X, numeric, table)
    return _from_table(X, owner, numeric, table)


def _is_plain_grid(X):
    """Whether X has passed all checks of its form already: to make them takes longer than this."""
    return type(X) is np.ndarray and X.ndim == 3 and X.dtype.kind in "fiub" and X.size > 0


def _from_sequence_array(X, numeric):
    """Hold a `SequenceArray`."""
    if not len(X):
        raise ValueError(f"X is a SequenceArray of 0 sequences; {AT_LEAST_ONE}")
    values = X.values
    if numeric:
        check_lengths(X.lengths)
        values = _as_numbers(values, "X.values")
    if not X.n_features:
        raise ValueError(f"X.values has 0 feature(s), shape {values.shape}; {AT_LEAST_ONE}")
    source = Flat(_as_rows(values), X.offsets)
    source.names, source.categories = X.feature_names, X.categories
    source.are_ids, source.has_feature_axis = X.categorical, values.ndim == 2
    return source


def _from_array(X, numeric):
    """Hold an array of three dimensions."""
    if X.ndim > 3:
        raise ValueError(
            f"X has {X.ndim} dimensions, shape {X.shape}; {EXPECTED} To flatten the features of "
            f"each step: X.reshape({X.shape[0]}, {X.shape[1]}, -1)."
        )
    for size, axis in zip(X.shape, ("sample(s)", "time step(s)", "feature(s)"), strict=True):
        if not size:
            raise ValueError(
                f"Found array with 0 {axis} (shape={X.shape}) while {AT_LEAST_ONE} The axes are "
                "(n_sequences, n_steps, n_features)."
            )
    return Grid(_as_numbers(X, "X") if numeric else X)


def _from_items(items, X, numeric, table):
    """Hold a list or a 1-D object array of sequences."""
    items = readable_items(items, "X")
    arrays = _as_arrays(items, X, numeric)
    has_feature_axis = arrays[0].ndim == 2
    are_ids = not has_feature_axis and all(array.dtype.kind in "iu" for array in arrays)
    if not (has_feature_axis or are_ids) and _is_table_of_lists(X, arrays, table):
        source = _table(np.stack(arrays), table)
        source.has_any_length = table == "series"
        return source
    source = Items([_as_rows(array) for array in arrays])
    source.frame = items[0] if hasattr(items[0], "columns") else None
    source.has_feature_axis, source.are_ids = has_feature_axis, are_ids
    return source


def _as_arrays(items, X, numeric):
    """Return sequences as arrays, which are all (n_steps_i, n_features) or all (n_steps_i,)."""
    if not len(items):
        raise ValueError(f"X is a {type(X).__name__} of 0 sequences; {AT_LEAST_ONE}")
    arrays = [_as_item(item, i, numeric) for i, item in enumerate(items)]
    if all(array.ndim == 0 for array in arrays):
        raise one_dimension_error(len(items))
    if numeric:
        check_lengths([len(array) if array.ndim else 1 for array in arrays])
    check_same_features(arrays)
    check_same_columns(items, "X")
    return arrays


def _is_table_of_lists(X, arrays, table):
    """Whether 1-D sequences are the rows of a table.

    So are lists of plain lists, as everywhere in scikit-learn, but not lists of arrays: a subset of
    sequences whose lengths happen to be equal is read as all of them are. Rows that are single
    steps have one length.
    """
    are_plain = isinstance(X, (list, tuple)) and all(isinstance(item, (list, tuple)) for item in X)
    return (are_plain or table == "steps") and len({len(array) for array in arrays}) == 1


def _as_item(item, i, numeric):
    """Return sequence `i` of a list as an array."""
    if type(item) is np.ndarray and item.dtype.kind in "fiub":
        return item
    where = f"X[{i}]"
    if issparse(item):
        raise _sparse_error(item, where)
    check_convertible(item, where)
    try:
        array = to_array(item, where)
    except ValueError:
        raise ValueError(f"{where} {UNEVEN}") from None
    if array.dtype.kind == "O" and array.ndim == 0:
        raise TypeError(f"{where} is of type {type(array.item()).__name__}; {EXPECTED}")
    if not numeric:  # the steps of a series of polars may be series, too
        is_nested = array.ndim == 1 and isinstance(next(iter(array), None), np.ndarray)
        return of_cells(array, where) if is_nested else array
    if hasattr(item, "columns"):
        check_cells(item, where)
    return _as_numbers(array, where)


def _from_table(X, owner, numeric, table):
    """Hold 2-D input, whose rows are univariate sequences or single steps."""
    source = _table(as_matrix(X, owner, numeric), table)
    source.frame = X if hasattr(X, "columns") else None
    return source


def _table(values, table):
    source = Grid(values[:, :, np.newaxis] if table == "series" else values[:, np.newaxis])
    source.table, source.n_columns, source.has_feature_axis = table, values.shape[1], False
    return source


def _sparse_error(array, where):
    return ValueError(
        f"Sparse data was passed: {where} is a {type(array).__name__} of shape {array.shape}, but "
        f"sequences are dense. Pass {where}.toarray()."
    )


def _as_numbers(values, where):
    """Return numbers; raise where cells of a table or of a 3-D array hold several."""
    numbers = as_real(values, where)
    if numbers.ndim > max(values.ndim, 2):
        raise ValueError(
            f"{where} holds sequences in its cells, such as {shorten(values.flat[0])}: give each "
            "of their values a column of its own."
        )
    return numbers


def _as_rows(values):
    """Return univariate values (rows,) as (rows, 1)."""
    return values[:, np.newaxis] if values.ndim == 1 else values
