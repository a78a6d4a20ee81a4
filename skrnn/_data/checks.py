"""Checks of sequences: their lengths, their features and names, and that values are finite."""

import warnings
from functools import lru_cache

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skrnn._compat import named
from skrnn._data.schema import Schema

EXPECTED = (
    "expected an array of shape (n_sequences, n_steps, n_features) or (n_sequences, n_steps), "
    "a list of arrays of shape (n_steps_i, n_features), a list of 1-D integer arrays (token ids) "
    "or a SequenceArray."
)
AT_LEAST_ONE = "a minimum of 1 is required."
_STEPS_ARE_COLUMNS = (
    "The columns of a 2-D X are time steps; univariate sequences of any length are read from "
    "X[:, :, np.newaxis], list(X) or SequenceArray.from_list(X)."
)


def as_read(source):
    """Say which shape was read: axes in another order than meant show there."""
    n, lengths, n_features = len(source), source.lengths, source.n_features
    steps = " to ".join(map(str, sorted({lengths.min(), lengths.max()})))
    return f"X was read as {n} sequences of {steps} steps of {n_features} features."


def check_lengths(lengths):
    """Raise if a sequence has no steps."""
    if 0 in lengths:
        lengths = np.asarray(lengths)
        raise ValueError(
            f"X[{lengths.argmin()}] is empty: every sequence needs at least one step. Drop it "
            f"together with its target. X was read as {len(lengths)} sequences of 0 to "
            f"{lengths.max()} steps."
        )


def check_same_features(arrays):
    """Raise unless all arrays are (n_steps_i, n_features), or all are (n_steps_i,)."""
    shape = arrays[0].shape
    if len(shape) > 2:
        raise ValueError(f"X[0] has {len(shape)} dimensions, shape {shape}; {EXPECTED}")
    for i, array in enumerate(arrays):
        if array.ndim != len(shape) or array.shape[1:] != shape[1:]:
            swapped = all(other.shape[:1] == shape[:1] for other in arrays)
            raise ValueError(
                f"All sequences need the same features: X[0] has shape {shape} and X[{i}] has "
                f"shape {array.shape}, read as (n_steps, n_features)."
                + (" If the axes are swapped, transpose each sequence." if swapped else "")
            )
    if 0 in shape[1:]:
        raise ValueError(f"X[0] has 0 feature(s), shape {shape}; {AT_LEAST_ONE}")


# Features and their names ----------------------------------------------------------------------


def learn_features(source, owner):
    """Return the schema of these features and their names."""
    n_features = source.n_columns if source.table else source.n_features
    return Schema(n_features, _learn_names(source, owner), source.table)


def _learn_names(source, owner):
    """Return the names of the features in an array of strings, or None."""
    if source.names is not None:
        return source.names.copy()
    if source.frame is None:
        return None
    reader = _stand_in(owner)
    _scikit_learn_names(reader, source.frame, reset=True)
    return getattr(reader, "feature_names_in_", None)


def check_features(source, schema, owner):
    """Raise unless the sequences have the features, and their names, that fit saw."""
    is_table = bool(source.table and schema.table) and not source.has_any_length
    if is_table or schema.table != "series":
        _check_names(source, schema, owner)
    found = source.n_columns if is_table else source.n_features
    expected = schema.n_features if is_table else schema.n_step_features
    if found != expected:
        message = f"X has {found} features, but {owner} is expecting {expected} features as input."
        of_series = is_table and schema.table == "series"
        hint = _STEPS_ARE_COLUMNS if of_series else _meant(source, schema, owner)
        raise ValueError(f"{message} {hint}")


def _check_names(source, schema, owner):
    """Compare names as scikit-learn does: warn if one side has none, raise if they differ."""
    known = schema.feature_names
    are_steps = source.table is not None and schema.table is None  # the columns of this frame
    if source.names is not None:
        _check_names_of_sequences(source.names, known, owner)
    elif source.frame is not None and not are_steps:
        reader = _stand_in(owner)
        schema.publish(reader)
        _scikit_learn_names(reader, source.frame, reset=False)
    elif known is not None:
        warnings.warn(
            f"X does not have valid feature names, but {owner} was fitted with feature names",
            stacklevel=5,
        )


def _check_names_of_sequences(names, known, owner):
    if known is None:
        warnings.warn(f"X has feature names, but {owner} was fitted without them.", stacklevel=6)
    elif list(names) != list(known):
        raise ValueError(
            f"The feature names should match those that were passed during fit, in the same order: "
            f"X has {list(names)}, but {owner} saw {list(known)}. Select these, in that order."
        )


def _meant(source, schema, owner):
    """Say which shape was read, and which axis may have been meant."""
    if schema.table == "series":
        return f"{as_read(source)} {owner} was fitted on a 2-D X: univariate sequences."
    if schema.table == "steps" or (source.lengths != schema.n_features).any():
        return as_read(source)
    if source.n_features == 1:
        hint = f"One sequence of {len(source)} steps is passed as X[np.newaxis]."
        return f"{as_read(source)} {hint}"
    return f"{as_read(source)} If its last two axes are swapped, transpose each sequence."


@lru_cache
def _kind_of_stand_in(owner):
    return type(owner, (BaseEstimator,), {})


def _stand_in(owner):
    """Return an object for scikit-learn's checks to write on; it has the name of the owner."""
    return _kind_of_stand_in(owner)()


def _scikit_learn_names(reader, frame, reset):
    validate_data(reader, named(frame), reset=reset, skip_check_array=True, ensure_2d=False)


# Values ----------------------------------------------------------------------------------------


def check_finite(source, dtype, owner):
    """Raise if a value is NaN, infinite or beyond the range of `dtype`."""
    if all(held.kind != "f" for held in source.dtypes):
        return
    limit = np.finfo(dtype).max
    for block in source.blocks():
        # The sum of squares takes one reading, and tells all unless it is very large.
        if block.dtype.kind == "f" and np.vdot(block, block) <= limit:
            continue
        if not (-limit <= block.min() and block.max() <= limit):  # false for NaN, too
            raise _non_finite_error(source, dtype, owner)


def _non_finite_error(source, dtype, owner):
    limit = np.finfo(dtype).max
    i, step, column = first_place(source, lambda steps: ~(np.abs(steps) <= limit))
    place = f"first in {source.place(i, step, column)}"
    if np.isnan(source[i][step, column]):
        return ValueError(
            f"Input X contains NaN, {place}. {owner} reads NaN as a missing value, never as "
            "padding: impute what is missing, and pass sequences of different lengths as a list of "
            f"arrays or with SequenceArray.from_padded. {as_read(source)}"
        )
    return ValueError(
        f"Input X contains infinity or a value too large for {dtype!r}, {place}. Remove or clip "
        f"such values, or scale X. {as_read(source)}"
    )


def first_place(source, is_wrong):
    """Return (sequence, step, column) of the first value that `is_wrong` marks."""
    for i in range(len(source)):
        wrong = np.argwhere(is_wrong(source[i]))
        if len(wrong):
            return i, *wrong[0].tolist()
