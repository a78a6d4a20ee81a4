"""Sources: sequences held as they were given, packed batch by batch, shown block by block.

`Grid` has equal lengths, `Flat` one buffer, `Items` a list of arrays. None copies X.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from skrnn._data.ragged import concatenate, sequence_starts

_BLOCK_SIZE = 2**16  # values shown together
_BLOCK_ITEMS = 64  # arrays of a list shown together, unless they are large


class Source:
    """Sequences as they were given, ``self[i]`` being an array (n_steps_i, n_features).

    lengths           (n,)
    dtypes            set of the dtypes of the values
    names             of the features of a `SequenceArray` or of windows, or None
    categories        what the ids of each column of a `SequenceArray` stand for, or None
    frame             a data frame that has the names of the features, or None
    are_ids           whether these were token ids, to be embedded
    has_feature_axis  whether a sequence was (n_steps_i, n_features) in X, not (n_steps_i,)
    table             what the rows of a 2-D X are, 'series' or 'steps', of `n_columns`; or None
    has_any_length    whether a table was a list of lists, whose length need not be that of fit
    """

    names = categories = frame = table = n_columns = None
    are_ids = has_any_length = False
    has_feature_axis = True

    def __len__(self):
        return len(self.lengths)

    @property
    def feature_names(self):
        """Names of the features, which the columns of a data frame may be; or None."""
        if self.frame is None or self.table == "series":
            return self.names
        return list(self.frame.columns)

    def called(self, feature):
        """Return what messages call a feature: its name or, if it has none, its number."""
        return repr(feature if self.feature_names is None else self.feature_names[feature])

    def place(self, sequence, step, feature):
        """Say where a value is; of 2-D data frames the columns are the steps."""
        if self.frame is not None and self.table == "series":
            return f"X[{sequence}] at step {step}, column {list(self.frame.columns)[step]!r}"
        return f"X[{sequence}] at step {step}, feature {self.called(feature)}"

    def stacked(self):
        """Return sequences of one length as an array (n, n_steps, n_features)."""
        return self.rows().reshape(len(self), -1, self.n_features)


class Grid(Source):
    """Equal lengths: an array (n_sequences, n_steps, n_features) of any strides."""

    def __init__(self, values):
        self.values = values
        self.n_features = values.shape[2]
        self.lengths = np.full(len(values), values.shape[1])
        self.dtypes = {values.dtype}

    def __getitem__(self, i):
        return self.values[i]

    def rows(self):
        """Return the steps of all sequences end to end, (n_rows, n_features)."""
        return self.values.reshape(-1, self.n_features)

    def stacked(self):
        return self.values

    def pack(self, indices, packing, dtype):
        """Return the rows (packing.n_rows, n_features) of these sequences, in `dtype`."""
        if packing.n_sequences == 1:
            return self.values[indices[0]].astype(dtype, order="C")
        if self.n_features > 1 and self.values.flags.c_contiguous:
            rows = packing.rows_from(indices * packing.n_steps)
            return self.rows().take(rows, axis=0).astype(dtype, copy=False)
        steps = self.values.swapaxes(0, 1)[:, indices]
        return steps.astype(dtype, order="C", copy=False).reshape(packing.n_rows, -1)

    def blocks(self):
        """Return arrays (rows, n_features), bounded in size, that cover every value."""
        rows = _distinct_rows(self.values)
        return self._copied_blocks() if rows is None else _row_blocks(rows)

    def _copied_blocks(self):
        n_at_once = max(1, _BLOCK_SIZE // self.values[0].size)
        for start in range(0, len(self), n_at_once):
            yield self.values[start : start + n_at_once].reshape(-1, self.n_features)


class Flat(Source):
    """Sequences end to end in one array (n_rows, n_features)."""

    def __init__(self, values, offsets):
        self.values = values
        self.offsets = offsets
        self.n_features = values.shape[1]
        self.lengths = np.diff(offsets)
        self.dtypes = {values.dtype}

    def __getitem__(self, i):
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def rows(self):
        return self.values

    def pack(self, indices, packing, dtype):
        rows = packing.rows_from(self.offsets[indices])
        return self.values[rows].astype(dtype, copy=False)

    def blocks(self):
        return _row_blocks(self.values)


class Items(Source):
    """A list of arrays (n_steps_i, n_features)."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.n_features = arrays[0].shape[1]
        self.lengths = np.array([len(array) for array in arrays])
        self.dtypes = {array.dtype for array in arrays}

    def __getitem__(self, i):
        return self.arrays[i]

    def rows(self):
        return concatenate(self.arrays)

    def pack(self, indices, packing, dtype):
        values = np.concatenate([self.arrays[i] for i in indices])
        rows = values.take(packing.rows_from(sequence_starts(packing.lengths)), axis=0)
        return rows.astype(dtype, copy=False)

    def blocks(self):
        for start in range(0, len(self), _BLOCK_ITEMS):
            arrays = self.arrays[start : start + _BLOCK_ITEMS]
            if 1 < len(arrays) and sum(array.size for array in arrays) <= 16 * _BLOCK_SIZE:
                arrays = [np.concatenate(arrays)]
            for rows in arrays:
                yield from _row_blocks(rows)


def _distinct_rows(values):
    """Return a view (rows, n_features) of all steps of (n, n_steps, n_features), or None.

    Sliding windows repeat every row of their series. Where each sequence starts a whole number of
    rows, at most its own length, after the one before, the rows under all of them are one regular
    array. A contiguous array is the case without overlap.
    """
    n, n_steps, n_features = values.shape
    if n == 1:
        return values[0]
    by_sequence, by_step, by_feature = values.strides
    if by_step <= 0 or by_sequence % by_step or not 0 < by_sequence // by_step <= n_steps:
        return None
    n_rows = by_sequence // by_step * (n - 1) + n_steps
    return as_strided(values, (n_rows, n_features), (by_step, by_feature), writeable=False)


def _row_blocks(rows):
    """Yield slices of (rows, n_features), bounded in size."""
    n_at_once = max(1, _BLOCK_SIZE // rows.shape[1])
    for start in range(0, len(rows), n_at_once):
        yield rows[start : start + n_at_once]
