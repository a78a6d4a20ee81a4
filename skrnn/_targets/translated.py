"""Symbols that are made of sequences: written one after the other, or emitted by their steps."""

import numpy as np

from skrnn._core.cached import cached_property
from skrnn._core.ctc import ctc_loss, ctc_min_steps
from skrnn._core.encoder_decoder import Pairs
from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._optim.batching import batches
from skrnn._targets.next_symbol import NextSymbol, NextSymbols
from skrnn._targets.training_set import Chunk, TrainingSet


class Translations(TrainingSet):
    """Sequences, and the symbols that are to be made of each.

    data     SequenceData
    symbols  SymbolData, of as many sequences
    weight   (n,) of each sequence
    """

    def __init__(self, data, symbols, weight):
        self.data, self.symbols, self.weight = data, symbols, weight

    @cached_property
    def sequence_weight(self):
        # The loss is a mean over symbols, with one more for the end of each sequence.
        return self.weight * self.symbols.lengths

    def with_rows(self, indices, rows):
        return type(self)(
            self.data.subset(indices), self.symbols.subset(indices), self.weight[rows]
        )

    def content_of(self, i):
        yield self.symbols[i]

    def batches(self, size, rng, shuffle):
        """Gather sequences of similar lengths, and among these some of similar lengths of y."""
        lengths = self.data.lengths * (1 + self.symbols.lengths.max()) + self.symbols.lengths
        return [Chunk(indices) for indices in batches(lengths, size, rng, shuffle)]

    def sources(self, indices):
        """Rows and packing of some sequences, and the order in which these stand in it."""
        order = longest_first(self.data.lengths[indices])
        packing = Packing(self.data.lengths[indices[order]])
        return self.data.take(indices[order], packing), packing, order


class WrittenSymbols(Translations):
    """Symbols that a decoder writes one after the other, and then the end."""

    def targets(self):
        return NextSymbols(self.symbols, self.weight).targets()

    def batch(self, chunk):
        indices = chunk.indices[longest_first(self.symbols.lengths[chunk.indices])]
        rows, sources, order = self.sources(indices)
        packing, source = Packing(self.symbols.lengths[indices]), np.empty_like(order)
        source[order] = np.arange(len(order))
        at = self.symbols.first[indices][packing.sequence] + packing.step
        before, target = (self.symbols.ids[r].astype(np.intp) for r in (at, at + 1))
        x = Pairs(rows, sources, before[:, np.newaxis], source)
        return Batch(x, packing, target, self.weight[indices][packing.sequence])


class EmittedSymbols(Translations):
    """Symbols that the steps of the sequences emit, in order."""

    def targets(self):
        return None

    def batch(self, chunk):
        rows, packing, order = self.sources(chunk.indices)
        indices = chunk.indices[order]
        return Batch(rows, packing, self.labels(indices), self.weight[indices])

    def labels(self, indices):
        """Symbols of some sequences end to end, and the number of each."""
        parts = [self.symbols[i][1:-1] for i in indices]
        return np.concatenate(parts).astype(np.intp), self.symbols.lengths[indices] - 1


def longest_first(lengths):
    return np.argsort(-lengths, kind="stable")


class WrittenSymbol(NextSymbol):
    """The symbols of sequences that a decoder writes, and the end of each.

    longest         most symbols of a sequence
    longest_source  most steps of a sequence in X
    ratio           most symbols for each step in X
    """

    training_set = WrittenSymbols
    longest = longest_source = 1
    ratio = 0.0

    def learn(self, y, weight):
        super().learn(y, weight)
        self.longest = 1  # `measure` does it, for whatever is trained on

    def resume(self, earlier):
        super().resume(earlier)
        self.longest_source, self.ratio = earlier.longest_source, earlier.ratio

    def read(self, y, sample_weight, data, held_out=False, may_be_impossible=False):
        """Return the training set; `data` are the sequences of X."""
        train = super().read(y, sample_weight, data, held_out)
        train = self.training_set(data, train.data, train.weight)
        if not held_out:
            self.measure(data.lengths, train.symbols.lengths - 1)
        if not may_be_impossible:
            self.check_possible(train)
        return train

    def measure(self, sources, lengths):
        """Learn how long sequences of symbols may become."""
        self.longest = max(self.longest, int(lengths.max()))
        self.longest_source = max(self.longest_source, int(sources.max()))
        self.ratio = max(self.ratio, float((lengths / sources).max()))

    def limits(self, sources):
        """Most symbols to write for sequences of these lengths, (n,).

        It is the largest number for each step in training, but no more than the longest has,
        unless the sequence itself is longer than all in training.
        """
        longest = self.longest * np.maximum(1, sources / self.longest_source)
        return np.ceil(np.minimum(self.ratio * sources, longest)).astype(np.intp)

    def check_possible(self, train):
        """Raise for targets that cannot be: a decoder can write everything."""


class EmittedSymbol(WrittenSymbol):
    """The symbols that the steps of sequences emit; the blank has the number of the end."""

    training_set = EmittedSymbols

    @staticmethod
    def loss(params, outputs, target, weight, packing):
        """Value and gradient of the loss, as in `skrnn._core.losses`."""
        return *ctc_loss(outputs, *target, weight, packing), {}

    def check_possible(self, train):
        """Raise for a target that needs more steps than there are."""
        needed = ctc_min_steps(*train.labels(np.arange(len(train))))
        impossible = np.flatnonzero((needed > train.data.lengths) & (train.weight > 0))
        for i in impossible[:1]:
            n_symbols, n_steps = train.symbols.lengths[i] - 1, train.data.lengths[i]
            others = f" ({len(impossible) - 1} more do not fit)" if len(impossible) > 1 else ""
            raise ValueError(
                f"y[{i}] has {n_symbols} symbols, {needed[i] - n_symbols} of them equal to the one "
                f"before, and so needs {needed[i]} steps, but X[{i}] has {n_steps}{others}: "
                "decoder='ctc' emits a symbol or none at a step, and none between two equal ones. "
                "Give X more steps, leave out what does not fit, or set decoder='recurrent'."
            )
