"""Sequences with targets and weights: one for each sequence, or one for each step."""

from hashlib import blake2b

import numpy as np

from skrnn._core.cached import cached_property
from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._data.ragged import rows_of, sum_by_sequence
from skrnn._optim.batching import batches


class Chunk:
    """Steps ``start:stop`` of some sequences, longest first; all steps from `start` on if None.

    indices  (n,) of the sequences that have such steps
    """

    def __init__(self, indices, start=0, stop=None):
        self.indices, self.start, self.stop = indices, start, stop

    def __len__(self):
        """Number of the sequences that begin here."""
        return 0 if self.start else len(self.indices)

    def part(self, positions):
        """Return the chunk of those of its sequences that stand in these positions."""
        return Chunk(self.indices[positions], self.start, self.stop)


class TrainingSet:
    """One target and one weight for each sequence.

    data    : SequenceData
    target  : (n_rows, ...), as the loss wants it; here a row is a sequence
    weight  : (n_rows,), sample weight times class weight
    """

    def __init__(self, data, target, weight):
        self.data, self.target, self.weight = data, target, weight

    def __len__(self):
        return len(self.data)

    def for_batches(self, settings):
        """Return the set as `batches` is to cut it up, given the `Settings` of the training."""
        if settings.sequences_per_batch(len(self)) == len(self):
            return self.distinct()
        return self

    def batches(self, size, rng, shuffle):
        """Cut the set into the chunks of one epoch, whole sequences here; see `batching`."""
        return [Chunk(indices) for indices in batches(self.data.lengths, size, rng, shuffle)]

    def targets(self):
        """Return all that the loss is the mean of, targets and their weights.

        None says that it is no mean over rows of outputs.
        """
        return self.target, self.weight

    @property
    def n_scored(self):
        """Number of targets that a score looks at."""
        return len(self)

    @cached_property
    def offsets(self):
        """First row of target and weight of each sequence, and the end: (n_sequences + 1,)."""
        return np.arange(len(self.data) + 1)

    @cached_property
    def sequence_weight(self):
        """Weight of each sequence as a whole, (n_sequences,)."""
        return sum_by_sequence(self.weight, self.offsets)

    def weights(self, chunk):
        """Weight of each sequence in a chunk, (n,)."""
        return self.sequence_weight[chunk.indices]

    def batch(self, chunk):
        """Return the `Batch` of a chunk."""
        indices = chunk.indices
        packing = Packing(self.data.lengths[indices])
        rows = self.rows_of_outputs(indices, packing)
        return Batch(
            self.data.take(indices, packing), packing, self.target[rows], self.weight[rows]
        )

    def rows_of_outputs(self, indices, packing):
        """Rows of target and weight that belong to the rows of the network's outputs."""
        return indices

    def subset(self, indices):
        """Return the training set of these sequences only."""
        return self.with_rows(indices, rows_of(indices, self.offsets))

    def with_rows(self, indices, rows):
        return type(self)(self.data.subset(indices), self.target[rows], self.weight[rows])

    def without(self, rows):
        """Return the set with some targets, a mask (n_rows,) of labels, left out of the loss."""
        return type(self)(self.data, self.target * ~rows, self.weight * ~rows)

    def distinct(self):
        """Return the sequences in an order of their own, equal ones once with all their weight.

        A sum over the result has the same terms in the same order whatever the order of the
        sequences, and for a weight of 2 as for a sequence given twice: rounding grows from epoch to
        epoch, so that nearly equal sums would not do.
        """
        _, first, group = np.unique(self.fingerprints(), return_index=True, return_inverse=True)
        result = self.subset(first)
        rows = rows_of(group, result.offsets)
        order = np.argsort(self.weight)  # this also fixes the order in which weights are summed
        # What follows from the weight, as `sequence_weight` does, nobody has asked for yet.
        result.weight = np.bincount(rows[order], self.weight[order])
        return result

    def fingerprints(self):
        """Return a hash of each sequence with all that the loss reads of its target."""
        keys = []
        for i in range(len(self)):
            key = blake2b(self.data[i], digest_size=16)
            for values in self.content_of(i):
                key.update(np.ascontiguousarray(values))
            keys.append(key.hexdigest())
        return keys

    def content_of(self, i):
        """Yield arrays by which sequence `i` differs from another with the same X."""
        start, stop = self.offsets[i : i + 2]
        for values in self.content():
            yield values[start:stop]

    def content(self):
        """Arrays whose rows in this manner tell sequences apart."""
        return (self.target,)


class StepTrainingSet(TrainingSet):
    """One target and one weight for each step: rows are steps, all sequences end to end.

    known : (n_rows,) bool, which targets are there. The others have no share in what the loss is
    the mean of, but keep their weight: a CRF reads that of a sequence from its first step.
    """

    def __init__(self, data, target, weight, known):
        # A target that counts for nothing is made zero: `distinct` orders sequences by their
        # targets too, and the order of a sum decides its last bit.
        target = np.array(target)
        target[weight * known == 0] = 0
        super().__init__(data, target, weight)
        self.known = known

    def targets(self):
        return self.target, self.weight * self.known

    @cached_property
    def offsets(self):
        return np.append(self.data.starts, len(self.target))

    @cached_property
    def sequence_weight(self):
        """Weight of the known steps of each sequence, (n_sequences,)."""
        return sum_by_sequence(self.weight * self.known, self.offsets)

    def rows_of_outputs(self, indices, packing):
        return step_rows(self.data, indices, packing)

    def with_rows(self, indices, rows):
        known = self.known[rows]
        return type(self)(self.data.subset(indices), self.target[rows], self.weight[rows], known)

    def without(self, rows):
        return type(self)(self.data, self.target, self.weight * ~rows, self.known & ~rows)

    def content(self):
        return self.target, self.known & (self.weight > 0)

    @property
    def n_scored(self):
        return np.count_nonzero(self.known)

    def known_steps(self):
        """Return what is known alone, as if each step were a sequence: for scores."""
        return TrainingSet(self.data, self.target[self.known], self.weight[self.known])


def step_rows(data, indices, packing):
    """Rows, all sequences laid end to end, of the packed rows of some sequences."""
    return packing.rows_from(data.starts[indices])
