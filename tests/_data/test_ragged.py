"""Which rows belong to which sequence: each function beside its definition as a loop."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn._data.ragged import (
    concatenate,
    object_array,
    offsets_of,
    rows_of,
    sequence_of_rows,
    sequence_starts,
    split_sequences,
    sum_by_sequence,
)

RAGGED = [[2, 3, 1], [0, 2, 0, 0, 1, 0], [0, 0], [4], []]
LENGTHS = pytest.mark.parametrize("lengths", RAGGED, ids=str)


def by_hand(lengths):
    """The rows of each sequence, counted one by one."""
    row, sequences = 0, []
    for length in lengths:
        sequences.append(list(range(row, row + length)))
        row += length
    return sequences


@LENGTHS
def test_starts_and_offsets(lengths):
    lengths = np.array(lengths, np.intp)
    totals = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    assert_array_equal(offsets_of(lengths), np.array(totals, np.intp), strict=True)
    assert_array_equal(sequence_starts(lengths), totals[:-1])


@LENGTHS
def test_the_sequence_of_each_row(lengths):
    expected = [i for i, rows in enumerate(by_hand(lengths)) for _ in rows]
    assert_array_equal(sequence_of_rows(np.array(lengths, np.intp)), expected)


@LENGTHS
@pytest.mark.parametrize("chosen", [[0], [-1, 0, 0], slice(None, None, -1)], ids=str)
def test_rows_of_some_sequences(lengths, chosen):
    if not lengths:
        return
    indices = np.arange(len(lengths))[chosen]
    expected = [row for i in indices for row in by_hand(lengths)[i]]
    assert_array_equal(rows_of(indices, offsets_of(lengths)), expected)
    assert_array_equal(rows_of(indices - len(lengths), offsets_of(lengths)), expected)


@LENGTHS
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8, bool])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_sums_by_sequence(lengths, dtype, shape):
    values = np.arange(1, 1 + sum(lengths)).reshape(-1, *[1] * len(shape)) * np.ones(shape)
    values = values.astype(dtype)
    sums = sum_by_sequence(values, offsets_of(lengths))
    expected = [values[rows].sum(axis=0) for rows in by_hand(lengths)]
    assert sums.shape == (len(lengths), *shape)
    assert sums.dtype == values.sum(axis=0).dtype
    for ours, theirs in zip(sums, expected, strict=True):
        assert_array_equal(ours, theirs)


@LENGTHS
def test_views_of_each_sequence(lengths):
    rows = np.arange(float(sum(lengths)))
    parts = split_sequences(rows, offsets_of(lengths))
    assert [part.tolist() for part in parts] == by_hand(lengths)
    assert all(np.shares_memory(part, rows) for part in parts if len(part))


def test_empty_sequences_do_not_choose_the_type():
    joined = concatenate([np.array([]), np.array([1, 2]), np.array([]), np.array([3], np.int8)])
    assert_array_equal(joined, np.array([1, 2, 3]), strict=True)
    assert concatenate([np.array([]), np.array([])]).shape == (0,)


def test_arrays_of_one_shape_stay_apart():
    array = object_array([np.zeros(2), np.ones(2)])
    assert array.shape == (2,)
    assert_array_equal(array[1], np.ones(2))
