"""Sequences of different lengths laid end to end: which rows are whose.

Everything is told by `lengths` (n,), the number of rows of each sequence, or by `offsets` (n + 1,),
the first row of each and the total: sequence ``i`` is the rows ``offsets[i]:offsets[i + 1]``.
"""

from itertools import pairwise

import numpy as np


def sequence_starts(lengths):
    """First row of each sequence, (n,)."""
    return np.cumsum(lengths) - lengths


def offsets_of(lengths):
    """First row of each sequence, and the total: (n + 1,)."""
    offsets = np.zeros(len(lengths) + 1, np.intp)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def concatenate(arrays):
    """Join arrays, of which the empty ones do not choose the dtype: that of ``[]`` is float."""
    return np.concatenate([array for array in arrays if len(array)] or arrays[:1])


def sequence_of_rows(lengths):
    """Position of the sequence that each row belongs to."""
    return np.repeat(np.arange(len(lengths)), lengths)


def place_of_row(row, starts):
    """Return the sequence that a row belongs to, and its step in it, by the first rows of all."""
    sequence = np.searchsorted(starts, row, side="right") - 1
    return sequence, row - starts[sequence]


def rows_of(indices, offsets):
    """Rows of some sequences, one sequence after the other."""
    return rows_between(offsets[:-1][indices], offsets[1:][indices])


def rows_between(starts, stops):
    """Rows ``starts[i]`` to ``stops[i] - 1`` for each i, one run after the other."""
    lengths = stops - starts
    return np.repeat(starts - sequence_starts(lengths), lengths) + np.arange(lengths.sum())


def sum_by_sequence(values, offsets):
    """Sum of the rows of each sequence, (n, ...); 0 for a sequence without rows."""
    dtype = np.add.reduce(values[:0]).dtype  # reduceat alone adds booleans to a boolean
    sums = np.zeros((len(offsets) - 1, *values.shape[1:]), dtype)
    not_empty = np.diff(offsets) > 0  # reduceat gives a sequence without rows the row after it
    if not_empty.any():
        sums[not_empty] = np.add.reduceat(values, offsets[:-1][not_empty], dtype=dtype)
    return sums


def split_sequences(rows, offsets):
    """Return a view of the rows of each sequence."""
    return [rows[start:stop] for start, stop in pairwise(offsets.tolist())]


def object_array(items):
    """Return a list of arrays as a 1-D array of objects, whatever their shapes."""
    array = np.empty(len(items), object)
    array[:] = items
    return array
