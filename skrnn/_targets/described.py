"""Sequences of symbols that vectors describe."""

import numpy as np

from skrnn._core.conditioned import Described
from skrnn._targets.next_symbol import NextSymbol, NextSymbols


class DescribedSymbols(NextSymbols):
    """Sequences of symbols, each to be predicted from those before it and from a vector.

    condition  (n, n_features) what describes each sequence
    """

    def __init__(self, data, weight, condition):
        super().__init__(data, weight)
        self.condition = condition

    def with_rows(self, indices, rows):
        return DescribedSymbols(self.data.subset(indices), self.weight[rows], self.condition[rows])

    def content(self):
        return (self.condition,)

    def batch(self, chunk):
        batch = super().batch(chunk)
        return batch._replace(x=Described(batch.x, self.condition[chunk.indices]))


class DescribedSymbol(NextSymbol):
    """The symbols of sequences that vectors describe, and the end of each."""

    def read(self, y, sample_weight, data, held_out=False):
        """Return the training set; the sequences of `data` are single steps, the vectors."""
        train = super().read(y, sample_weight, data, held_out)
        return DescribedSymbols(train.data, train.weight, vectors(data))


def vectors(data):
    """The only step of each sequence, (n, n_features): integers if all of them are categories."""
    rows = data.stacked()[:, 0]
    return rows.astype(np.intp) if len(data.n_categories) == data.n_features else rows
