from itertools import combinations_with_replacement

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn._core.packing import Packing, Run

# Every descending list of up to three lengths from 1 to 4: all patterns of ties and gaps.
LENGTHS = [
    lengths for n in range(1, 4) for lengths in combinations_with_replacement((4, 3, 2, 1), n)
]


def test_the_picture_of_the_docstring():
    packing = Packing([4, 2, 1])
    assert (packing.n_sequences, packing.n_steps, packing.n_rows) == (3, 4, 7)
    assert_array_equal(packing.batch_sizes, [3, 2, 1, 1])
    assert_array_equal(packing.offsets, [0, 3, 5, 6, 7])
    assert_array_equal(packing.step, [0, 0, 0, 1, 1, 2, 3])
    assert_array_equal(packing.sequence, [0, 1, 2, 0, 1, 0, 0])
    # a0 <-> a3, b0 <-> b1, c0 <-> c0, a1 <-> a2.
    assert_array_equal(packing.mirror, [6, 4, 2, 5, 1, 3, 0])
    assert packing.runs() == [Run(0, 1, 3, 0, 3), Run(1, 1, 2, 3, 5), Run(2, 2, 1, 5, 7)]


@pytest.mark.parametrize("n_steps", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_spans_are_packed_rows_of_their_own(lengths, n_steps):
    packing, next_row = Packing(lengths), 0
    for span in packing.spans(n_steps):
        rows, stop = span.rows, span.first_step + n_steps
        assert (rows.start, rows.stop) == (next_row, np.searchsorted(packing.step, stop))
        assert_array_equal(packing.step[rows], span.first_step + span.packing.step)
        assert_array_equal(packing.sequence[rows], span.packing.sequence)
        next_row = rows.stop
    assert next_row == packing.n_rows


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_rows_are_the_steps_of_all_sequences_in_order_of_time(lengths):
    packing = Packing(lengths)
    rows = [(t, s) for t in range(max(lengths)) for s, n in enumerate(lengths) if t < n]
    assert list(zip(packing.step, packing.sequence, strict=True)) == rows
    alive = [sum(t < n for n in lengths) for t in range(max(lengths))]
    assert_array_equal(packing.batch_sizes, alive)
    assert_array_equal(packing.offsets, [sum(alive[:t]) for t in range(max(lengths) + 1)])


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_mirror_reverses_each_sequence_and_undoes_itself(lengths):
    packing = Packing(lengths)
    assert_array_equal(packing.mirror[packing.mirror], np.arange(packing.n_rows))
    assert_array_equal(packing.sequence[packing.mirror], packing.sequence)
    for s, n in enumerate(lengths):
        own = packing.sequence == s
        assert_array_equal(packing.step[packing.mirror][own], np.arange(n)[::-1])


@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_runs_tile_the_rows(lengths, one_by_one):
    packing = Packing(lengths)
    runs = packing.runs(one_by_one)
    assert [run.start for run in runs] == [0] + [run.stop for run in runs[:-1]]
    assert runs[-1].stop == packing.n_rows
    for run in runs:
        steps = np.arange(run.first_step, run.first_step + run.n_steps)
        rows = slice(run.start, run.stop)
        assert_array_equal(packing.step[rows], np.repeat(steps, run.n_sequences))
        assert_array_equal(packing.sequence[rows], np.tile(np.arange(run.n_sequences), run.n_steps))
    borders = {run.first_step for run in runs[1:]}
    assert borders == set(range(1, packing.n_steps) if one_by_one else lengths) - {packing.n_steps}


@pytest.mark.parametrize("lengths", [[3, 3], [4, 2, 1], [5]])
def test_rows_from_the_starts_of_sequences(lengths):
    packing, starts = Packing(lengths), 10 * np.arange(len(lengths))[::-1]
    assert_array_equal(packing.rows_from(starts), starts[packing.sequence] + packing.step)
