"""The steps of sequences as one table for a transformer, and what it makes of them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import FunctionTransformer

from skrnn._data.frames import frame_of, is_frame, to_array
from skrnn._data.ragged import offsets_of, split_sequences
from skrnn._data.values import reject_beyond_floats


def table_of(X, source, names):
    """Return the steps as rows (sum T_i, D): a data frame if they have `names`, else an array.

    The array is read-only: a transformer with ``copy=False`` then makes its own copy and spares the
    caller's.
    """
    rows = source.rows().view()
    rows.flags.writeable = False
    reject_beyond_floats(rows, "X")
    if names is None:
        return rows
    if source.frame is None or not _is_mixed(source.frame) or not all(map(is_frame, X)):
        return frame_of(rows, names, like=source.frame)
    columns = {name: np.concatenate([to_array(frame[name], name) for frame in X]) for name in names}
    return type(source.frame)(columns)


def _is_mixed(frame):
    return len(set(map(str, frame.dtypes))) > 1


def apply(function, table, source):
    """Return what `function` makes of a table of steps, (n_rows, n_features) in an array.

    A result in float64 of steps in float32 becomes float32.
    """
    rows = function(table)
    rows = rows.toarray() if issparse(rows) else to_array(rows, "the transformer's result")
    if rows.ndim != 2 or len(rows) != len(table):
        raise ValueError(
            f"The transformer returned {len(rows)} rows for {len(table)} steps, in an array of "
            f"shape {rows.shape}, but TimestepTransformer needs one for each, of features: choose "
            "a transformer that keeps the rows, and output='2d' of SlidingWindowTransformer."
        )
    is_single = rows.dtype == np.float64 and source.dtypes == {np.dtype(np.float32)}
    return rows.astype(np.float32) if is_single else rows


def apply_by_sequence(function, table, source):
    """Return what `function` makes of the steps of each sequence, end to end."""
    # Transformers refuse tables without rows, and an empty sequence has none to transform.
    filled = [part for part in split_sequences(table, offsets_of(source.lengths)) if len(part)]
    parts = [apply(function, part, source) for part in filled or [table]]
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise ValueError(
            f"The transformer makes {widths[0]} features of some sequences and {widths[-1]} of "
            "others, but each step needs the same: choose one that makes as many of every sequence."
        )
    return np.concatenate(parts)


def takes_each_row_alone(transformer):
    """Whether what it makes of a row depends on no other row of the table, once it is fitted.

    That is known of scikit-learn's own transformers and of NumPy's elementwise functions. All
    others may shift or sum rows, and must not see those of two sequences in one table.
    """
    parts = transformer.get_params().values() if hasattr(transformer, "get_params") else ()
    transformers = [part for part in parts if hasattr(part, "transform")]
    return all(map(_takes_each_row_alone, [transformer, *transformers]))


def _takes_each_row_alone(transformer):
    if isinstance(transformer, FunctionTransformer):
        functions = (transformer.func, transformer.inverse_func)
        return all(f is None or isinstance(f, np.ufunc) for f in functions)
    return type(transformer).__module__.startswith("sklearn.")


def names_made_by(transformer, input_features=None):
    """Return the names of the features that a fitted transformer makes, or None if it is mute."""
    try:
        return transformer.get_feature_names_out(input_features)
    except AttributeError:  # a Pipeline has the method, whether or not all of its steps have
        return None
