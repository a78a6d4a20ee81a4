"""Ragged sequences as packed rows: padding cannot be represented, so no mask is ever needed."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from skrnn._core.cached import cached_property


class Run(NamedTuple):
    """Consecutive steps during which the number of live sequences stays the same.

    The packed rows ``start:stop`` reshape to ``(n_steps, n_sequences, ...)``.
    """

    first_step: int
    n_steps: int
    n_sequences: int
    start: int
    stop: int


class Span(NamedTuple):
    """Consecutive steps of those sequences that have them, as packed rows of their own."""

    first_step: int
    rows: slice
    packing: "Packing"


class Packing:
    """Where each step of each sequence lives among the packed rows.

    Sequences are ordered longest first and their steps are laid out time-major, as in torch's
    ``PackedSequence.data``: at step ``t`` only the first ``batch_sizes[t]`` sequences are alive,
    and they own the rows ``offsets[t]:offsets[t + 1]``::

        lengths 4, 2, 1      step     0      1    2   3
                             rows   a b c   a b   a   a
                             runs  |  1  |   2  |   3   |

    Parameters
    ----------
    lengths : array of int, shape (n_sequences,), in descending order
    """

    def __init__(self, lengths):
        self.lengths = np.asarray(lengths, dtype=np.intp)
        self.n_sequences = len(self.lengths)
        self.n_steps = int(self.lengths[0])
        self.n_rows = int(np.add.reduce(self.lengths))
        self.are_equal = self.n_rows == self.n_sequences * self.n_steps

    @cached_property
    def batch_sizes(self):
        """Number of live sequences at each step, shape (n_steps,)."""
        ending = np.bincount(self.lengths, minlength=self.n_steps + 1)
        return self.n_sequences - np.cumsum(ending)[:-1]

    @cached_property
    def offsets(self):
        """First row of each step, and the end: shape (n_steps + 1,)."""
        if self.are_equal:
            return np.arange(0, self.n_rows + 1, self.n_sequences)
        return np.concatenate([[0], np.cumsum(self.batch_sizes)])

    @cached_property
    def step(self):
        """Time step of each row, shape (n_rows,)."""
        return np.repeat(np.arange(self.n_steps), self.batch_sizes)

    @cached_property
    def sequence(self):
        """Rank of the sequence each row belongs to, shape (n_rows,)."""
        return np.arange(self.n_rows) - self.offsets[self.step]

    @cached_property
    def mirror(self):
        """Row that holds the same sequence's step counted from its own end; an involution."""
        if self.are_equal:
            return mirror_of_equal(self.n_sequences, self.n_steps)
        step = self.lengths[self.sequence] - 1 - self.step
        return self.offsets[step] + self.sequence

    def rows_from(self, starts):
        """Place of each row where each sequence has its steps in a line, from `starts` on."""
        if self.are_equal:
            return (np.arange(self.n_steps)[:, np.newaxis] + starts).ravel()
        return starts[self.sequence] + self.step

    def before(self, rows):
        """Return for each row that of the step before; zeros for the first steps."""
        n = self.n_sequences
        result = np.zeros_like(rows)
        result[n:] = rows[self.offsets[self.step[n:] - 1] + self.sequence[n:]]
        return result

    def runs(self, one_by_one=False):
        """List the runs in order of time, or each step as one."""
        if self.are_equal and not one_by_one:
            return [Run(0, self.n_steps, self.n_sequences, 0, self.n_rows)]
        cuts = range(self.n_steps + 1) if one_by_one else sorted({0, *self.lengths.tolist()})
        offsets = [0, self.n_rows] if len(cuts) == 2 else self.offsets[cuts].tolist()
        return [
            Run(first, last - first, (stop - start) // (last - first), start, stop)
            for first, last, start, stop in zip(cuts, cuts[1:], offsets, offsets[1:], strict=False)
        ]

    def spans(self, n_steps):
        """List spans of so many steps, of which the last may have fewer."""
        starts = range(0, self.n_steps, n_steps)
        cuts = [*self.offsets[starts].tolist(), self.n_rows]
        return [
            Span(first, slice(start, stop), Packing(self.lengths_between(first, first + n_steps)))
            for first, start, stop in zip(starts, cuts, cuts[1:], strict=False)
        ]

    def lengths_between(self, first, stop):
        """Number of steps in ``first:stop`` of each sequence that has some."""
        return np.minimum(self.lengths[: self.batch_sizes[first]], stop) - first


@lru_cache
def mirror_of_equal(n_sequences, n_steps):
    """Return the `mirror` of equal lengths, which the batches of a training have in common."""
    rows = np.arange(n_steps * n_sequences).reshape(n_steps, n_sequences)
    mirror = rows[::-1].ravel()
    mirror.flags.writeable = False
    return mirror
