"""How symbols are made of sequences: written by a decoder, or emitted by the steps."""

import numpy as np

from skrnn._core.ctc import (
    ctc_align,
    ctc_beam_search,
    ctc_greedy,
    ctc_log_likelihood,
    ctc_spells,
)
from skrnn._core.encoder_decoder import Hypotheses
from skrnn._core.losses import log_softmax
from skrnn._core.packing import Packing
from skrnn._core.search import Hypothesis, Search, draw
from skrnn._data.ragged import offsets_of, split_sequences
from skrnn._estimators.embeddings import embedding_tables
from skrnn._estimators.parameters import describe
from skrnn._targets.training_set import Chunk, step_rows
from skrnn._targets.translated import EmittedSymbol, WrittenSymbol, longest_first

# Numbers among the outputs of a step, of all hypotheses of the sequences searched for at a time.
MAX_OUTPUTS = 1 << 21


class Writing:
    """Symbols are written one after the other by a second network, `EncoderDecoder`."""

    target = WrittenSymbol

    def describe(self, params, schema, n_symbols):
        """Architecture of the network: plain values by name."""
        architecture = describe(params, schema, n_symbols)
        del architecture["pooling"]
        ((_, _, size),) = embedding_tables({0: n_symbols}, params["symbol_dim"], {})
        return architecture | {"attention": params["attention"], "symbol_size": size}

    def search(self, model, data, target, params, n_best, parallel_map):
        """Find the best hypotheses for each sequence: a list of lists."""
        width, penalty = params["beam_width"], params["length_penalty"]
        limits = self.limits(data, target, params["max_length"])

        def search(part):
            search, *begin = self.begin(model, data, target, part)
            if width == 1:
                return part, [[one] for one in search.greedy(*begin, limits[part], penalty)]
            return part, search.beam(*begin, limits[part], width, penalty, n_best)

        return in_order(parallel_map(search, cut_up(model, data, width)), len(data))

    def sample(self, model, data, target, params, rng, max_length, options):
        """Draw a sequence of symbols for each sequence: a list of arrays."""
        limits = self.limits(data, target, max_length or params["max_length"])
        found = []
        for part in cut_up(model, data, 1):
            search, *begin = self.begin(model, data, target, part)
            drawn = search.sample(*begin, limits[part], rng, **options)
            found.append((part, [hypothesis.symbols for hypothesis in drawn]))
        return in_order(found, len(data))

    @staticmethod
    def limits(data, target, max_length):
        """Most symbols to write for each sequence, (n,)."""
        if max_length == "auto":
            return target.limits(data.lengths)
        return np.full(len(data), max_length)

    @staticmethod
    def begin(model, data, target, part):
        """Return a search, and the states and symbols with which it begins."""
        packing = Packing(data.lengths[part])
        memory, states = model.begin(data.take(part, packing), packing)
        search = Search(DecoderStep(model, memory, len(part)), target.end)
        return search, [*states, np.arange(len(part))], np.full(len(part), target.end)

    def log_likelihood(self, model, train, parallel_map):
        """Log-probability of the symbols of each sequence, their end included, (n,)."""

        def compute(part):
            batch = train.batch(Chunk(part))
            outputs, _ = model.forward(batch.x, batch.packing)
            log_probs = log_softmax(outputs)[np.arange(len(outputs)), batch.target]
            order = longest_first(train.symbols.lengths[part])
            return part[order], np.bincount(batch.packing.sequence, log_probs)

        return np.array(in_order(parallel_map(compute, self.pairs(model, train)), len(train)))

    @staticmethod
    def pairs(model, train):
        """Cut pairs of sequences and symbols into parts of bounded size."""
        return cut_up(model, train.data, int(train.symbols.lengths.max()))

    def weights(self, model, train, parallel_map):
        """Weights of the attention for each pair: arrays (n_symbols_i + 1, n_steps_i)."""

        def compute(part):
            batch, order = train.batch(Chunk(part)), longest_first(train.symbols.lengths[part])
            weights = model.weights(batch.x, batch.packing)
            own = by_sequence(weights, batch.packing)
            lengths = train.data.lengths[part[order]]
            return part[order], [w[:, :n] for w, n in zip(own, lengths, strict=True)]

        return in_order(parallel_map(compute, self.pairs(model, train)), len(train))


def cut_up(model, data, n_rows):
    """Cut sequences, longest first, into parts whose outputs, `n_rows` of each, are bounded."""
    n = max(1, MAX_OUTPUTS // (model.network.head.n_outputs * n_rows))
    return [part[i : i + n] for part in model.parts(data) for i in range(0, len(part), n)]


class DecoderStep:
    """The step function of a search, whose states end with the source of each hypothesis.

    It lets go of the steps of sources that nobody reads any more.
    """

    def __init__(self, model, memory, n_sources):
        self.model, self.memory = model, memory
        self.place = np.arange(n_sources)  # of each source in the memory

    def __call__(self, symbols, state):
        *states, source = state
        if self.memory is not None:
            self.let_go(source)
        read = Hypotheses(symbols, self.memory, self.place[source])
        outputs, states = self.model.step(read, states)
        return log_softmax(outputs), [*states, source]

    def let_go(self, source):
        read = np.unique(source)
        if 2 * len(read) <= len(self.memory.lengths):
            self.memory = self.memory.take(self.place[read])
            self.place[read] = np.arange(len(read))


class Emitting:
    """Each step emits a symbol or nothing, by connectionist temporal classification."""

    target = EmittedSymbol

    def describe(self, params, schema, n_symbols):
        """Architecture of the network: plain values by name."""
        return describe(params, schema, n_symbols)

    def search(self, model, data, target, params, n_best, parallel_map):
        """Find the best hypotheses for each sequence: a list of lists."""

        def search(part):
            logits, packing = self.outputs(model, data, part)
            width = params["beam_width"]
            if width > 1:
                return part, ctc_beam_search(logits, packing, width, n_best)
            labels, lengths = ctc_greedy(logits, packing)
            log_probs = ctc_log_likelihood(logits, labels, lengths, packing)
            spelt = np.split(labels, np.cumsum(lengths)[:-1])
            return part, [
                [Hypothesis(*own)] for own in zip(spelt, log_probs, log_probs, strict=True)
            ]

        return in_order(parallel_map(search, model.parts(data)), len(data))

    def sample(self, model, data, target, params, rng, max_length, options):
        """Draw what each step emits: a list of arrays, the symbols that are then spelt."""
        # The numbers are drawn in the order of the sequences, whatever parts these come in.
        u, found = rng.random(int(data.lengths.sum())), []
        for part in model.parts(data):
            logits, packing = self.outputs(model, data, part)
            emitted = emit(log_softmax(logits), u[step_rows(data, part, packing)], **options)
            paths = by_sequence(emitted, packing)
            found.append((part, [spell(path, target.end)[:max_length] for path in paths]))
        return in_order(found, len(data))

    @staticmethod
    def outputs(model, data, part):
        """Return the outputs of all steps of a part, and their packing."""
        packing = Packing(data.lengths[part])
        return model.forward(data.take(part, packing), packing)[0], packing

    def log_likelihood(self, model, train, parallel_map):
        """Log-probability of the symbols of each sequence, (n,); -inf if they do not fit."""

        def compute(part):
            logits, packing = self.outputs(model, train.data, part)
            return part, ctc_log_likelihood(logits, *train.labels(part), packing)

        return np.array(in_order(parallel_map(compute, model.parts(train.data)), len(train)))

    def align(self, model, train, parallel_map):
        """Which symbol each step emits on the most probable path, arrays (n_steps_i,); -1: none."""

        def compute(part):
            logits, packing = self.outputs(model, train.data, part)
            position, _ = ctc_align(logits, *train.labels(part), packing)
            return part, by_sequence(position, packing)

        return in_order(parallel_map(compute, model.parts(train.data)), len(train))


DECODERS = {"recurrent": Writing(), "ctc": Emitting()}


def in_order(parts, n):
    """List what is said of all `n` sequences, from parts (indices, values)."""
    result = [None] * n
    for indices, values in parts:
        for i, value in zip(indices.tolist(), values, strict=True):
            result[i] = value
    return result


def by_sequence(rows, packing):
    """Split packed rows into those of each sequence."""
    order = np.argsort(packing.sequence, kind="stable")
    return split_sequences(rows[order], offsets_of(packing.lengths))


def emit(log_probs, u, temperature=1.0, top_k=None, top_p=None):
    """Draw what each step emits; a temperature of 0 takes the most probable."""
    if temperature == 0:
        return log_probs.argmax(axis=1)
    return draw(log_probs, u, temperature, top_k, top_p)


def spell(path, blank):
    """Symbols that one path spells."""
    return path[ctc_spells(path, np.append(blank, path[:-1]), blank)]
