"""SequenceData: checked sequences, packed mini-batch by mini-batch."""

import numpy as np

from skrnn._core.cached import cached_property
from skrnn._data.ragged import offsets_of, sequence_starts, split_sequences
from skrnn._data.sources import Grid


class SequenceData:
    """Checked sequences, handed out as packed mini-batches.

    source         holds the sequences as the caller gave them
    dtype          floating dtype to compute in
    n_categories   {column: number of categories} of the categorical columns
    index          (n,) the sequences of the source that belong, in order; None for all
    """

    def __init__(self, source, dtype, n_categories, index=None):
        self._source = source
        self._index = index
        self.dtype = dtype
        self.n_categories = n_categories
        self.n_features = source.n_features
        self.lengths = source.lengths if index is None else source.lengths[index]

    def __len__(self):
        return len(self.lengths)

    @cached_property
    def starts(self):
        """First row of each sequence, all of them laid end to end."""
        return sequence_starts(self.lengths)

    def __getitem__(self, i):
        """Return sequence `i`, (n_steps_i, n_features), in `dtype`."""
        values = self._source[i if self._index is None else self._index[i]]
        return values.astype(self.dtype, order="C", copy=False)

    def take(self, indices, packing):
        """Return the packed rows (packing.n_rows, n_features) of some sequences.

        indices   (packing.n_sequences,) longest first, as `packing` has them

        Rows are ``intp`` if every column is categorical; else `dtype`, which holds ids exactly.
        """
        if self._index is not None:
            indices = self._index[indices]
        only_ids = len(self.n_categories) == self.n_features
        return self._source.pack(indices, packing, np.intp if only_ids else self.dtype)

    def stacked(self):
        """Return sequences of one length as an array (n, n_steps, n_features) in `dtype`."""
        values = self._source.stacked()
        values = values if self._index is None else values[self._index]
        return values.astype(self.dtype, copy=False)

    @property
    def has_feature_axis(self):
        """Whether a sequence was (n_steps_i, n_features) in X, not (n_steps_i,)."""
        return self._source.has_feature_axis

    @property
    def is_table(self):
        """Whether X was 2-D."""
        return self._source.table is not None

    def in_form(self, rows):
        """Give rows, one for each step, the form of X: one array, or a list with one a sequence."""
        if self._source.table == "steps":
            return rows
        if isinstance(self._source, Grid):
            return rows.reshape(len(self), -1, *rows.shape[1:])
        return split_sequences(rows, offsets_of(self.lengths))

    def subset(self, indices):
        """Return these sequences only, in the given order, copying none."""
        index = indices if self._index is None else self._index[indices]
        return SequenceData(self._source, self.dtype, self.n_categories, index)
