"""Sequences with targets and weights: one for each sequence, or one for each step."""

from hashlib import blake2b

import numpy as np

from skrnn._data.ragged import sequence_starts
from skrnn._data.sequence_data import SequenceData


class Problem:
    """One target and one weight for each sequence.

    data    : SequenceData
    target  : (n_sequences, ...), as the loss wants it
    weight  : (n_sequences,), sample weight times class weight
    """

    def __init__(self, data: SequenceData, target, weight):
        self.data, self.target, self.weight = data, target, weight

    @property
    def offsets(self):
        """First row of target and weight of each sequence, and the end: (n_sequences + 1,)."""
        return np.arange(len(self.data) + 1)

    @property
    def sequence_weight(self):
        """Weight of each sequence as a whole, (n_sequences,)."""
        return np.add.reduceat(self.weight, self.offsets[:-1])

    def rows(self, indices):
        """Rows of target and weight of some sequences, end to end."""
        first, length = self.offsets[indices], np.diff(self.offsets)[indices]
        return np.repeat(first - sequence_starts(length), length) + np.arange(length.sum())

    def batch(self, indices, packing):
        """Target and weight for the rows of outputs of some sequences, longest first."""
        return self.target[indices], self.weight[indices]

    def subset(self, indices):
        """Return the problem of these sequences only."""
        rows = self.rows(indices)
        return type(self)(self.data.subset(indices), self.target[rows], self.weight[rows])

    def distinct(self, indices):
        """Return these sequences in an order of their own, equal ones once with all their weight.

        What is summed over the result is bit by bit the same for any order of the sequences, and
        for a weight of 2 as for a sequence given twice.
        """
        keys = self._fingerprints(indices)
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        problem = self.subset(indices[first])
        rows, weight = problem.rows(group), self.weight[self.rows(indices)]
        order = np.argsort(weight)  # in which those of one row are added, too
        problem.weight = np.bincount(rows[order], weight[order])
        return problem

    def _fingerprints(self, indices):
        """Return a hash of each of these sequences with its target."""
        offsets = self.offsets.tolist()
        keys = []
        for i in indices.tolist():
            key = blake2b(self.data[i], digest_size=16)
            key.update(np.ascontiguousarray(self.target[offsets[i] : offsets[i + 1]]))
            keys.append(key.hexdigest())
        return keys


class StepProblem(Problem):
    """One label and one weight for each step, end to end: (n_rows,) over all sequences.

    A negative label is unknown. It has no share in what the loss is the mean of, but keeps its
    weight: a CRF reads that of a sequence from its first step.
    """

    def __init__(self, data: SequenceData, target, weight):
        # `distinct` orders sequences by their labels too, and the order of a sum decides its last
        # bit: a label that counts for nothing must not take part in it.
        super().__init__(data, np.where(weight == 0, 0, target), weight)

    @property
    def offsets(self):
        return np.concatenate([[0], np.cumsum(self.data.lengths)])

    @property
    def sequence_weight(self):
        """Weight of the steps of each sequence whose label is known, (n_sequences,)."""
        return np.add.reduceat(np.where(self.target < 0, 0, self.weight), self.offsets[:-1])

    def batch(self, indices, packing):
        rows = step_rows(self.data, indices, packing)
        return self.target[rows], self.weight[rows]


def step_rows(data, indices, packing):
    """Rows, all sequences laid end to end, of the packed rows of some sequences."""
    return data.starts[indices][packing.sequence] + packing.step
