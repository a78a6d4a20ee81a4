"""The next symbol of sequences of symbols: what is read, and what is to be predicted of it.

A sequence of L symbols is L + 1 steps. The first reads the end symbol, as that of a sequence
before, and each of the others a symbol; each predicts the symbol that follows, the last one the
end.
"""

import numpy as np

from skrnn._core.cached import cached_property
from skrnn._core.losses import cross_entropy, log_softmax
from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._data.ragged import offsets_of, sequence_starts
from skrnn._data.symbols import has_hash, read_symbols
from skrnn._data.weights import weights_of_sequences
from skrnn._optim.batching import batches
from skrnn._targets.symbols import Alphabet
from skrnn._targets.target import Target
from skrnn._targets.training_set import Chunk, TrainingSet

MAX_ROWS = 4096  # steps that are counted at a time


class SymbolData:
    """Numbers of the symbols of all sequences, laid end to end.

    ids      (n_rows,), with the end symbol before each sequence and behind it: row r + 1 is to be
             predicted where row r is read
    first    (n,) the row that the first step of each sequence reads
    lengths  (n,) steps of each sequence
    dtype    floating dtype to compute in
    """

    def __init__(self, ids, first, lengths, dtype):
        self.ids, self.first, self.lengths, self.dtype = ids, first, lengths, dtype

    @classmethod
    def of(cls, ids, lengths, end, dtype):
        """Lay out sequences whose symbols `ids` lie end to end, `lengths` of each."""
        steps = lengths + 1
        return cls(np.insert(ids, offsets_of(lengths), end), sequence_starts(steps), steps, dtype)

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, i):
        """All that is read and predicted of sequence `i`."""
        return self.ids[self.first[i] : self.first[i] + self.lengths[i] + 1]

    @property
    def starts(self):
        """First step of each sequence, all of them laid end to end."""
        return sequence_starts(self.lengths)

    def take(self, indices, packing, first_step=0):
        """Return the packed ids (packing.n_rows, 1) that some sequences read from a step on."""
        rows = self.first[indices][packing.sequence] + packing.step + first_step
        return self.ids[rows].astype(np.intp)[:, np.newaxis]

    def without_first(self):
        """Return all steps but the first of each sequence, for what goes on from a state."""
        for i in np.flatnonzero(self.lengths == 1)[:1]:
            raise ValueError(
                f"X[{i}] is empty, but what goes on from initial_state needs at least one symbol: "
                "leave it out."
            )
        return SymbolData(self.ids, self.first + 1, self.lengths - 1, self.dtype)

    def subset(self, indices):
        return SymbolData(self.ids, self.first[indices], self.lengths[indices], self.dtype)

    def cut(self, n_steps):
        """Cut sequences of more than `n_steps` steps into pieces as equal as can be.

        Returns the pieces, each of which begins by reading the symbol before it, and the sequence
        of each.
        """
        n_pieces = -(-self.lengths // n_steps)
        sequence = np.repeat(np.arange(len(self)), n_pieces)
        number = np.arange(len(sequence)) - sequence_starts(n_pieces)[sequence]
        whole, n_pieces = self.lengths[sequence], n_pieces[sequence]
        start, stop = whole * number // n_pieces, whole * (number + 1) // n_pieces
        first = self.first[sequence] + start
        return SymbolData(self.ids, first, stop - start, self.dtype), sequence


class NextSymbols(TrainingSet):
    """Sequences of symbols, each symbol and the end to be predicted from what is before it.

    data         SymbolData
    weight       (n,) of each sequence; that of a step is the same
    chunk_steps  steps that a mini-batch has at most, the next one going on from its states; None
                 for whole sequences
    """

    def __init__(self, data, weight, chunk_steps=None):
        self.data, self.weight, self.chunk_steps = data, weight, chunk_steps

    def with_rows(self, indices, rows):
        return NextSymbols(self.data.subset(indices), self.weight[rows], self.chunk_steps)

    def content(self):
        return ()

    def targets(self):
        """Return each symbol once, with the weight of all steps that are to predict it."""
        data, sequence = self.data.cut(MAX_ROWS)  # a long text is counted part by part
        total = np.zeros(int(self.data.ids.max()) + 1)
        for i, weight in enumerate(self.weight[sequence]):
            total += weight * np.bincount(data[i][1:], minlength=len(total))
        return np.arange(len(total)), total

    @cached_property
    def sequence_weight(self):
        return self.weight * self.data.lengths

    def steps(self, chunk):
        """Number of steps that each sequence has in a chunk, (n,)."""
        lengths = self.data.lengths[chunk.indices]
        return np.minimum(lengths, chunk.stop or lengths.max()) - chunk.start

    def weights(self, chunk):
        return self.weight[chunk.indices] * self.steps(chunk)

    def batch(self, chunk):
        packing, sequences = Packing(self.steps(chunk)), chunk.indices
        x = self.data.take(sequences, packing, chunk.start)
        target = self.data.take(sequences, packing, chunk.start + 1)[:, 0]
        return Batch(x, packing, target, self.weight[sequences][packing.sequence])

    def for_batches(self, settings):
        """Cut long sequences into as many pieces as there are sequences in a batch, all in all."""
        if self.chunk_steps is None or settings.rule.needs_whole_set:
            return super().for_batches(settings)
        n_steps = int(self.data.lengths.sum())
        longest = -(-n_steps // settings.sequences_per_batch(n_steps))
        data, sequence = self.data.cut(max(longest, self.chunk_steps))
        pieces = NextSymbols(data, self.weight[sequence], self.chunk_steps)
        return TrainingSet.for_batches(pieces, settings)

    def batches(self, size, rng, shuffle):
        lengths = self.data.lengths
        whole = batches(lengths, size, rng, shuffle)
        return [chunk for batch in whole for chunk in chunks(batch, lengths, self.chunk_steps)]


def chunks(indices, lengths, n_steps=None):
    """Cut some sequences, longest first, into chunks of `n_steps` steps, in order of time."""
    lengths = lengths[indices]
    starts = np.arange(0, lengths[0], n_steps or lengths[0] or 1)
    # Those that still have a step come first.
    alive = len(lengths) - np.searchsorted(lengths[::-1], starts, side="right")
    stops = [*starts[1:].tolist(), None]
    return [
        Chunk(indices[:n], start, stop)
        for n, start, stop in zip(alive, starts.tolist(), stops, strict=False)
    ]


class NextSymbol(Target):
    """The symbols of sequences, and the end of each.

    name            what messages call the sequences
    unknown_symbol  symbol that stands for those that are rare or were not learnt; None for none
    min_count       how often a symbol must occur not to be rare
    chunk_steps     see `NextSymbols`
    classes         all symbols; learnt from the sequences if None
    dtype           floating dtype to compute in, unless other data tell it
    """

    loss = cross_entropy

    def __init__(
        self,
        owner,
        name,
        unknown_symbol=None,
        min_count=1,
        *,
        chunk_steps=None,
        classes=None,
        dtype="float32",
    ):
        super().__init__(owner)
        self.name, self.unknown_symbol, self.min_count = name, unknown_symbol, min_count
        self.chunk_steps, self.classes, self.dtype = chunk_steps, classes, np.dtype(dtype)

    def check(self, y, data=None, held_out=False):
        return read_symbols(y, self.name, may_be_empty=held_out)

    def learn(self, y, weight):
        self.alphabet = Alphabet.learn(y, self.unknown_symbol, self.min_count, self.classes)
        self.longest = int(y.lengths.max())

    def resume(self, earlier):
        if self.classes is not None:
            earlier.alphabet.check_classes(self.classes)
        self.alphabet, self.longest, self.is_learnt = earlier.alphabet, earlier.longest, True

    @property
    def n_outputs(self):
        return len(self.alphabet) + 1

    @property
    def end(self):
        """Number of the end of a sequence."""
        return self.alphabet.end

    def encode(self, y, held_out=False, dtype=None):
        return SymbolData.of(self.alphabet.encode(y), y.lengths, self.end, dtype or self.dtype)

    def are_equal(self, y, predicted):
        """Tell which of the sequences y are those predicted, symbol by symbol, (n,)."""
        self.alphabet.check_kind(self.check(y, held_out=True))
        return np.array([list(one) == list(other) for one, other in zip(y, predicted, strict=True)])

    def read(self, y, sample_weight=None, data=None, held_out=False):
        y = self.check(y, data, held_out)
        weight = weights_of_sequences(sample_weight, len(y))
        if not self.is_learnt:
            self.learn(y, weight)
            self.is_learnt = True
        encoded = self.encode(y, held_out, None if data is None else data.dtype)
        return NextSymbols(encoded, weight, self.chunk_steps)

    def read_prompt(self, prompt):
        """Return the data of one sequence, which others are to begin with."""
        if self.alphabet.kind == "str" and isinstance(prompt, list | tuple | np.ndarray):
            raise TypeError(
                f"prompt={prompt!r} must be one string, as those of fit, with which all sequences "
                "begin: join its symbols, or draw once for each of several beginnings."
            )
        items = [[] if prompt is None else prompt]
        read = read_symbols(items, "prompt", may_be_empty=True, label="{}")
        return self.encode(read)

    def choose(self, params, outputs, packing):
        """Return the most probable symbol, which the end is not."""
        return outputs[:, :-1].argmax(axis=1)

    def next_symbols(self, outputs):
        """Return the most probable symbols themselves."""
        return self.alphabet.classes[self.choose({}, outputs, None)]

    def read_on(self, items, name):
        """Return the data of what goes on from a state: nothing is read before the first symbol."""
        return self.encode(read_symbols(items, name)).without_first()

    def marginals(self, params, outputs, packing):
        """Probability of each symbol and, last, of the end."""
        return np.exp(log_softmax(outputs))

    def asked(self, name, outputs):
        if name is None:
            return self.choose({}, outputs, None)
        names = [name] * len(outputs) if isinstance(name, str) or np.ndim(name) == 0 else list(name)
        for symbol in names:
            if not (has_hash(symbol) and symbol in self.alphabet.number):
                raise ValueError(f"target={symbol!r} is not among classes_: name one of these.")
        return np.array([self.alphabet.number[symbol] for symbol in names])

    def explain(self, outputs, position):
        log_probs, rows = log_softmax(outputs), np.arange(len(outputs))
        doutputs = -np.exp(log_probs)
        doutputs[rows, position] += 1
        return log_probs[rows, position], doutputs

    def decode(self, encoded):
        return self.alphabet.decode(encoded)

    def score(self, held_out, encoded):
        """Mean log-probability of a symbol, given the log-likelihood of each sequence."""
        return float(held_out.weight @ encoded / held_out.sequence_weight.sum())

    def attributes(self):
        return {"classes_": self.alphabet.classes}
