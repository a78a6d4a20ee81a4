"""Reading X: every accepted form becomes a `SequenceData`, and every input error is raised here.

X stays in a source as it was given: values are checked block by block and converted batch by batch.
"""

import warnings
from functools import cached_property

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array, validate_data

from skrnn._data.frames import check_meaning, check_same_columns, to_array
from skrnn._data.sequence_array import SequenceArray
from skrnn._data.sources import Flat, Grid, Items, Source, starts

_MAX_CATEGORIES = 2**24  # larger ids are not exact in float32, and their table would fill memory

_EXPECTED = (
    "expected an array of shape (n_sequences, n_steps, n_features) or (n_sequences, n_steps), "
    "a list of arrays of shape (n_steps_i, n_features), a list of 1-D integer arrays (token ids) "
    "or a SequenceArray."
)
_AT_LEAST_ONE = "a minimum of 1 is required."
_UNEVEN = "is not an array: its steps have different numbers of features."
_ENCODE_TOKENS = "Encode tokens as integer ids first, with TokenEncoder."
_TOO_MANY = (
    "fit takes ids below {}: number the categories from 0, with TokenEncoder or OrdinalEncoder."
)
_UNSEEN = (
    "fit saw ids below {} only: map unseen categories to an id that was seen, as TokenEncoder does "
    "with the unknown token and OrdinalEncoder with handle_unknown='use_encoded_value'."
)
_TABLE_HINTS = {  # part of a message of scikit-learn: what to add to it
    "features as input": "The columns of a 2-D X are time steps, and so are the entries of 1-D "
    "arrays in a list; univariate sequences of any length are read from X[:, :, np.newaxis] or "
    "SequenceArray.from_list(X), in fit too.",
    "got 1D array": "One long series is not a table: reshaped to (-1, 1), each of its values would "
    "be a sequence. Cut it into windows with sliding_windows or SlidingWindowTransformer.",
    "could not convert string": _ENCODE_TOKENS,
    "setting an array element with a sequence": "Of a data frame with sequences in its cells, pass "
    "the column as a list: list(X['name']).",
}


class SequenceData:
    """Checked sequences, handed out as packed mini-batches.

    source         holds the sequences as the caller gave them
    dtype          floating dtype to compute in
    n_categories   {column: number of categories} of the categorical columns
    index          (n,) the sequences of the source that belong, in order; None for all
    """

    def __init__(self, source, dtype, n_categories, index=None):
        self._source = source
        self._index = index
        self.dtype = dtype
        self.n_categories = n_categories
        self.n_features = source.n_features
        self.lengths = source.lengths if index is None else source.lengths[index]

    def __len__(self):
        return len(self.lengths)

    @cached_property
    def starts(self):
        """First row of each sequence, all of them laid end to end."""
        return starts(self.lengths)

    def __getitem__(self, i):
        """Return sequence `i`, (n_steps_i, n_features), in `dtype`."""
        values = self._source[i if self._index is None else self._index[i]]
        return values.astype(self.dtype, order="C", copy=False)

    def take(self, indices, packing):
        """Return the packed rows (packing.n_rows, n_features) of some sequences.

        indices   (packing.n_sequences,) longest first, as `packing` has them

        Rows are ``intp`` if every column is categorical; else `dtype`, which holds ids exactly.
        """
        if self._index is not None:
            indices = self._index[indices]
        only_ids = len(self.n_categories) == self.n_features
        return self._source.pack(indices, packing, np.intp if only_ids else self.dtype)

    @property
    def is_table(self):
        """Whether X was 2-D, read in the way of fit."""
        return self._source.is_table

    @property
    def is_grid(self):
        """Whether X was one array, in which all sequences have the same number of steps."""
        return isinstance(self._source, Grid)

    def subset(self, indices):
        """Return these sequences only, in the given order, copying none."""
        index = indices if self._index is None else self._index[indices]
        return SequenceData(self._source, self.dtype, self.n_categories, index)


def read_sequences(
    estimator,
    X,
    *,
    reset,
    categorical_features="auto",
    dtype="auto",
    rows_are_steps=False,
):
    """Check X and return its `SequenceData`.

    The rows of a 2-D X are univariate sequences, or, with `rows_are_steps`, sequences of a single
    step.

    With ``reset=True`` set ``n_features_in_``, ``feature_names_in_`` and ``_input_layout_``, a
    dict of what later calls need: ``table`` ('series' or 'steps', what the rows of a 2-D X are,
    else None), ``dtype`` (a str) and ``n_categories``. With ``reset=False`` X must agree with
    them, and the arguments after `reset` are not used.
    """
    if not reset:
        return _read_again(estimator, X)
    source = _recognise(X, embeds=categorical_features is not None)
    is_table = not isinstance(source, Source)
    table = ("steps" if rows_are_steps else "series") if is_table else None
    if is_table:
        source = _read_table(estimator, source, table, reset=True)
    else:
        learn_features(estimator, source.example, source.names, skip_check_array=True)
    names = None if is_table else getattr(estimator, "feature_names_in_", None)
    columns = _categorical_columns(categorical_features, source, names)
    dtype = _computing_dtype(dtype, source, only_ids=len(columns) == source.n_features)
    _check_finite(estimator, source, dtype)
    n_categories = _check_ids(source, dict.fromkeys(columns, _MAX_CATEGORIES), _TOO_MANY)
    estimator._input_layout_ = {
        "table": table,
        "dtype": dtype.name,
        "n_categories": n_categories.copy(),  # a table may turn out to have more
    }
    return SequenceData(source, dtype, n_categories)


def _read_again(estimator, X):
    """Read X for an estimator that has been fitted."""
    layout = estimator._input_layout_
    dtype, n_categories = np.dtype(layout["dtype"]), layout["n_categories"]
    source = _recognise(X, ragged=layout["table"] is None)
    if isinstance(source, Source):
        _check_features(estimator, source)
    elif layout["table"]:
        source = _read_table(estimator, source, layout["table"], reset=False)
    else:
        source = _read_univariate(estimator, source)
        _check_features(estimator, source)
    _check_finite(estimator, source, dtype)
    _check_ids(source, n_categories, _UNSEEN)
    return SequenceData(source, dtype, n_categories)


# Recognising the form of X ------------------------------------------------------------------


def _recognise(X, embeds=False, ragged=False):
    """Return the source that holds X, or X as a table for scikit-learn to validate.

    A list of 1-D arrays of one length is a table, unless they are integers and fit `embeds` token
    ids, or the estimator has been fitted on `ragged` sequences.
    Whatever is not a collection of sequences is a table: scikit-learn refuses what it cannot
    read, in its words.
    """
    if isinstance(X, SequenceArray):
        return _from_sequence_array(X, embeds)
    if isinstance(X, (list, tuple)):
        return _from_items(X, X, embeds, ragged)
    if issparse(X):  # before dict, which dok_array is
        raise _sparse_error(X, "X")
    if X is None or isinstance(X, (dict, set, frozenset, str, bytes)) or hasattr(X, "__next__"):
        raise TypeError(f"X is of type {type(X).__name__}; {_EXPECTED}")
    check_meaning(X, "X")
    n_dims = len(getattr(X, "shape", ()))
    if n_dims > 2:
        return _from_array(np.asarray(X))
    if n_dims == 1:
        items = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
        return _from_items(items, X, embeds, ragged) if items.dtype.kind in "OUST" else X
    if isinstance(X, np.ndarray) and X.dtype.kind in "UST":
        raise ValueError(f"X of shape {X.shape} holds strings. {_ENCODE_TOKENS}")
    return X


def _from_sequence_array(X, embeds):
    """Hold a `SequenceArray`."""
    if not len(X):
        raise ValueError(f"X is a SequenceArray of 0 sequences; {_AT_LEAST_ONE}")
    _check_lengths(X.lengths)
    values = _as_real(X.values, "X.values")
    if not X.n_features:
        raise ValueError(f"X.values has 0 feature(s), shape {values.shape}; {_AT_LEAST_ONE}")
    source = Flat(_as_rows(values), X.offsets)
    source.names = X.feature_names
    source.are_ids = embeds and X.categorical
    return source


def _from_array(X):
    """Hold an array of three dimensions."""
    if X.ndim > 3:
        raise ValueError(
            f"X has {X.ndim} dimensions, shape {X.shape}; {_EXPECTED} To flatten the features of "
            f"each step: X.reshape({X.shape[0]}, {X.shape[1]}, -1)."
        )
    for size, what in zip(X.shape, ("sample(s)", "time step(s)", "feature(s)"), strict=True):
        if not size:
            raise ValueError(
                f"Found array with 0 {what} (shape={X.shape}) while {_AT_LEAST_ONE} The axes are "
                "(n_sequences, n_steps, n_features)."
            )
    return Grid(_as_real(X, "X"))


def _from_items(items, X, embeds, ragged):
    """Hold a list or a 1-D object array of sequences, or return it as a table."""
    if not len(items):
        raise ValueError(f"X is a {type(X).__name__} of 0 sequences; {_AT_LEAST_ONE}")
    arrays = [_as_item(item, i) for i, item in enumerate(items)]
    if all(array.ndim == 0 for array in arrays):
        return X
    _check_lengths([array.ndim == 0 or len(array) for array in arrays])
    _check_same_features(arrays)
    if arrays[0].ndim == 2:
        check_same_columns(items, "X")
        return Items(arrays, items[0] if hasattr(items[0], "columns") else arrays[0])
    are_ids = embeds and all(array.dtype.kind in "iu" for array in arrays)
    if not (are_ids or ragged) and len({len(array) for array in arrays}) == 1:
        return np.stack(arrays)
    arrays = [_as_rows(array) for array in arrays]
    source = Items(arrays, arrays[0])
    source.are_ids = are_ids
    return source


def _as_item(item, i):
    """Return sequence `i` of a list as an array of real numbers."""
    if type(item) is not np.ndarray:
        if issparse(item):
            raise _sparse_error(item, f"X[{i}]")
        check_meaning(item, f"X[{i}]")
        try:
            item = to_array(item)
        except ValueError:
            raise ValueError(f"X[{i}] {_UNEVEN}") from None
    if item.dtype.kind == "O" and item.ndim == 0:
        raise TypeError(f"X[{i}] is of type {type(item.item()).__name__}; {_EXPECTED}")
    return _as_real(item, f"X[{i}]")


def _sparse_error(array, where):
    return ValueError(
        f"Sparse data was passed: {where} is a {type(array).__name__} of shape {array.shape}, but "
        f"sequences are dense. Pass {where}.toarray()."
    )


def _as_real(array, where):
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
        raise ValueError(f"{where} holds strings. {_ENCODE_TOKENS}")
    raise TypeError(f"{where} has dtype {array.dtype}, which does not hold real numbers.")


def _objects_as_real(array, where):
    """Return an array of Python objects, which may be arrays again, as real numbers."""
    try:
        array = np.array(array.tolist())
    except ValueError:
        raise ValueError(f"{where} {_UNEVEN}") from None
    if array.dtype.kind != "O":
        return _as_real(array, where)
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{where} holds objects that are not numbers: {error}.") from None


def _as_rows(values):
    """Return univariate values (rows,) as (rows, 1)."""
    return values[:, np.newaxis] if values.ndim == 1 else values


def _read_table(estimator, X, table, reset):
    """Hold 2-D input, whose rows are univariate sequences or single steps."""
    known = not reset and not hasattr(estimator, "feature_names_in_")
    if not (known and _is_matrix(X) and X.shape[1] == estimator.n_features_in_):
        try:
            X = _numbers(validate_data(estimator, X, reset=reset, ensure_all_finite=False))
        except ValueError as error:
            hints = [hint for part, hint in _TABLE_HINTS.items() if part in str(error)]
            raise ValueError(" ".join([str(error), *hints])) from None
    source = Grid(np.expand_dims(np.asarray(X), 2 if table == "series" else 1))
    source.is_table = True
    return source


def _read_univariate(estimator, X):
    """Hold 2-D input for an estimator that was fitted on sequences."""
    if not _is_matrix(X):
        X = check_array(X, ensure_all_finite=False, estimator=estimator, input_name="X")
        X = _numbers(X)
    return Grid(np.asarray(X)[:, :, np.newaxis])


def _numbers(X):
    """Return an array of `check_array`, which leaves some frames as objects, as numbers."""
    return X.astype(np.float64) if X.dtype.kind == "O" else X


def _is_matrix(X):
    """Whether `check_array` has nothing to do: a plain, numeric, 2-D array that is not empty."""
    return type(X) is np.ndarray and X.ndim == 2 and X.dtype.kind in "fiub" and X.size > 0


# Checks -------------------------------------------------------------------------------------


def _check_lengths(lengths):
    """Raise if a sequence has no steps."""
    lengths = np.asarray(lengths)
    if not lengths.all():
        raise ValueError(
            f"X[{lengths.argmin()}] is empty: every sequence needs at least one step. Drop it "
            f"together with its target. X was read as {len(lengths)} sequences of 0 to "
            f"{lengths.max()} steps."
        )


def _check_same_features(arrays):
    """Raise unless all arrays are (n_steps_i, n_features), or all are (n_steps_i,)."""
    shape = arrays[0].shape
    if len(shape) > 2:
        raise ValueError(f"X[0] has {len(shape)} dimensions, shape {shape}; {_EXPECTED}")
    for i, array in enumerate(arrays):
        if array.ndim != len(shape) or array.shape[1:] != shape[1:]:
            swapped = all(other.shape[:1] == shape[:1] for other in arrays)
            raise ValueError(
                f"All sequences need the same features: X[0] has shape {shape} and X[{i}] has "
                f"shape {array.shape}, read as (n_steps, n_features)."
                + (" If the axes are swapped, transpose each sequence." if swapped else "")
            )
    if 0 in shape:
        raise ValueError(f"X[0] has 0 feature(s), shape {shape}; {_AT_LEAST_ONE}")


def _check_features(estimator, source):
    """Raise unless the sequences have the features, and their names, that fit saw."""
    table = estimator._input_layout_["table"] == "series"
    expected = 1 if table else estimator.n_features_in_
    if source.n_features != expected:
        raise ValueError(_features_message(type(estimator).__name__, source, expected, table))
    if table:
        return
    if source.names is not None:
        check_feature_names(estimator, source.names)
    elif hasattr(estimator, "feature_names_in_") or type(source.example) is not np.ndarray:
        validate_data(estimator, source.example, reset=False, skip_check_array=True)


def learn_features(estimator, example, names, **options):
    """Set the number of features of a step, and the names that a `SequenceArray` has for them."""
    validate_data(estimator, example, reset=True, **options)
    if names is not None:
        estimator.feature_names_in_ = names.copy()


def check_feature_names(estimator, names):
    """Do for the names of a `SequenceArray` what scikit-learn does for those of a data frame."""
    known, name = getattr(estimator, "feature_names_in_", None), type(estimator).__name__
    if known is None:
        warnings.warn(f"X has feature names, but {name} was fitted without them.", stacklevel=3)
    elif list(names) != list(known):
        raise ValueError(
            f"The feature names should match those that were passed during fit, in the same order: "
            f"X has {list(names)}, but {name} saw {list(known)}. Select these, in that order."
        )


def _as_read(source):
    """Say which shape was read: axes in another order than meant show there."""
    n, lengths, n_features = len(source), source.lengths, source.n_features
    steps = " to ".join(map(str, sorted({lengths.min(), lengths.max()})))
    return f"X was read as {n} sequences of {steps} steps of {n_features} features."


def _features_message(name, source, expected, table):
    """Say which shape was read, and which axis may have been meant."""
    n_features = source.n_features
    message = (
        f"X has {n_features} features, but {name} is expecting {expected} features as input. "
        f"{_as_read(source)}"
    )
    if table:
        return f"{message} {name} was fitted on a 2-D X: univariate sequences."
    if (source.lengths != expected).any():
        return message
    if n_features == 1:
        return f"{message} One sequence of {len(source)} steps is passed as X[np.newaxis]."
    return f"{message} If its last two axes are swapped, transpose each sequence."


def _categorical_columns(categorical_features, source, names):
    """Return the sorted columns that `categorical_features` selects."""
    n_features = source.n_features
    if isinstance(categorical_features, str) and categorical_features == "auto":
        return list(range(n_features)) if source.are_ids else []
    if categorical_features is None:
        return []
    chosen = np.asarray(categorical_features)
    kind = chosen.dtype.kind if chosen.size else "i"
    if chosen.ndim == 1 and kind == "b" and len(chosen) == n_features:
        return np.flatnonzero(chosen).tolist()
    if chosen.ndim == 1 and kind in "iu" and not np.setdiff1d(chosen, np.arange(n_features)).size:
        return np.unique(chosen).astype(np.intp).tolist()
    if chosen.ndim == 1 and kind in "UTO" and names is not None and np.isin(chosen, names).all():
        return sorted(list(names).index(name) for name in set(chosen))
    raise ValueError(
        "categorical_features must be 'auto', None, a list of column indices from 0 to "
        f"{n_features - 1}, a boolean mask of length {n_features}, or a list of names out of "
        f"{'none (steps of this X have no feature names)' if names is None else list(names)}; got "
        f"{categorical_features!r}."
    )


def _computing_dtype(dtype, source, only_ids):
    """Return float32 or float64: as asked, or as X is when `dtype` is 'auto'."""
    if dtype != "auto":
        return np.dtype(dtype)
    is_single = {held.newbyteorder("=") for held in source.dtypes} == {np.dtype("f4")}
    return np.dtype(np.float32 if only_ids or is_single else np.float64)


def _check_finite(estimator, source, dtype):
    """Raise if a value is NaN, infinite or beyond the range of `dtype`."""
    if all(held.kind != "f" for held in source.dtypes):
        return
    limit = np.finfo(dtype).max
    for block in source.blocks():
        if not (-limit <= block.min() and block.max() <= limit):  # false for NaN, too
            raise _non_finite_error(estimator, source, dtype)


def _non_finite_error(estimator, source, dtype):
    limit = np.finfo(dtype).max
    i, step, column = _first(source, lambda steps: ~(np.abs(steps) <= limit))
    place = f"first in X[{i}] at step {step}, feature {column}"
    if np.isnan(source[i][step, column]):
        return ValueError(
            f"Input X contains NaN, {place}. {type(estimator).__name__} reads NaN as a missing "
            "value, never as padding: impute what is missing, and pass sequences of different "
            "lengths as a list of arrays or with SequenceArray.from_padded. " + _as_read(source)
        )
    return ValueError(
        f"Input X contains infinity or a value too large for {dtype!r}, {place}. Remove or clip "
        f"such values, or scale X. {_as_read(source)}"
    )


def _check_ids(source, limits, reason):
    """Return {column: highest id + 1}; raise if an id is not a whole number in [0, limit)."""
    n_categories = dict.fromkeys(limits, 0)
    for block in source.blocks() if limits else ():
        for column, limit in limits.items():
            ids = block[:, column]
            highest = ids.max()
            if ids.min() < 0 or highest >= limit or not _are_whole(ids):
                raise _id_error(source, column, limit, reason)
            n_categories[column] = max(n_categories[column], int(highest) + 1)
    return n_categories


def _are_whole(ids):
    return ids.dtype.kind != "f" or (ids == np.floor(ids)).all()


def _id_error(source, column, limit, reason):
    def is_wrong(steps):
        ids = steps[:, [column]]
        return (ids < 0) | (ids >= limit) | (ids != np.floor(ids))

    i, step, _ = _first(source, is_wrong)
    value = source[i][step, column]
    message = f"X[{i}] holds {value} at step {step} of the categorical column {column}"
    if value >= limit:
        return ValueError(f"{message}, but {reason.format(limit)} {_as_read(source)}")
    return ValueError(
        f"{message}, but categories are non-negative integers: encode them with TokenEncoder or "
        f"OrdinalEncoder, or leave the column out of categorical_features. If they are numbers, "
        f"pass floats or categorical_features=None. {_as_read(source)}"
    )


def _first(source, is_wrong):
    """Return (sequence, step, column) of the first value that `is_wrong` marks."""
    for i in range(len(source)):
        wrong = np.argwhere(is_wrong(source[i]))
        if len(wrong):
            return i, *wrong[0].tolist()
