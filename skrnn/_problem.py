"""What is to be learnt: sequences with targets and weights, one a sequence or one a step."""

import numpy as np

from skrnn._data import SequenceData


class Problem:
    """One target and one weight for each sequence.

    data    : SequenceData
    target  : (n_sequences, ...), as the loss wants it
    weight  : (n_sequences,), sample weight times class weight
    """

    def __init__(self, data: SequenceData, target, weight):
        self.data, self.target, self.weight = data, target, weight

    @property
    def sequence_weight(self):
        """Weight of each sequence as a whole, (n_sequences,)."""
        return self.weight

    def batch(self, indices, packing):
        """Target and weight for the rows of outputs of some sequences, longest first."""
        return self.target[indices], self.weight[indices]

    def subset(self, indices):
        """Return the problem of these sequences only."""
        return Problem(self.data.subset(indices), self.target[indices], self.weight[indices])


class StepProblem(Problem):
    """One target and one weight for each step, end to end: (n_rows,) over all sequences."""

    @property
    def sequence_weight(self):
        return np.add.reduceat(self.weight, starts(self.data))

    def batch(self, indices, packing):
        rows = step_rows(self.data, indices, packing)
        return self.target[rows], self.weight[rows]

    def subset(self, indices):
        first, lengths = starts(self.data)[indices], self.data.lengths[indices]
        rows = np.concatenate([np.arange(a, a + n) for a, n in zip(first, lengths, strict=True)])
        return StepProblem(self.data.subset(indices), self.target[rows], self.weight[rows])


def starts(data):
    """Row of each sequence's first step, all sequences laid end to end."""
    return np.cumsum(data.lengths) - data.lengths


def step_rows(data, indices, packing):
    """Rows, all sequences laid end to end, of the packed rows of some sequences."""
    return starts(data)[indices][packing.sequence] + packing.step
