"""Greedy search, sampling and beam search over a step function; no network is known here.

::

    step(symbols, state) -> log_probs, state

takes one symbol for each hypothesis, (n_rows,), and returns the log-probabilities of what follows,
(n_rows, n_symbols); -inf forbids a symbol. All hypotheses of all sources take a step in one call,
and those that have ended leave the batch.

A state is None, an array whose last axis is the hypothesis, like the states of recurrent layers, or
a tuple or list of states. What hypotheses share stays outside; an array (n_rows,) in the state
can say which source each belongs to.

A sequence is a number of symbols, none of them the end symbol, at most `max_length` of them, and
the end. After `max_length` symbols only the end may follow, so that the log-probability of
everything found is that of a whole sequence.
"""

from bisect import insort
from itertools import count
from typing import NamedTuple

import numpy as np

# Symbols of a block, see `pick`, and the least probabilities that are worth the calls.
BLOCK, LARGE = 32, 1 << 14


class Hypothesis(NamedTuple):
    """A sequence that was found.

    symbols   (n_symbols,), without the end
    log_prob  that of the symbols and the end
    score     by which a beam search ranks: `log_prob` divided by a power of the length
    """

    symbols: np.ndarray
    log_prob: float
    score: float


def take(state, rows):
    """Make the state of other hypotheses: those that are now in `rows`, in this order."""
    if state is None:
        return None
    if isinstance(state, np.ndarray):
        return np.take(state, rows, axis=-1)
    return type(state)(take(part, rows) for part in state)


class Search:
    """Searches with one model. All begin at symbols `start` (n,) and a state of n columns.

    Parameters
    ----------
    step : callable
    end : int
        The symbol that ends a sequence.
    """

    def __init__(self, step, end):
        self.step, self.end = step, end

    def greedy(self, state, start, max_length, length_penalty=0.0):
        """Take the most probable symbol at every step; `max_length` is an int or (n,).

        Returns a list of n hypotheses, whose scores are those that `beam` would give them.
        """
        found = self._follow(state, start, max_length, lambda log_p, _: log_p.argmax(axis=1))
        return [one._replace(score=penalised(*one[:2], length_penalty)) for one in found]

    def sample(self, state, start, max_length, rng, temperature=1.0, top_k=None, top_p=None):
        """Draw every symbol as `draw` does; a temperature of 0 is greedy.

        Each step takes n numbers from the Generator `rng`, also for those that have ended, so that
        no sequence depends on the ends of others. The log-probabilities are those of the model,
        not of the distribution that was drawn from.
        """
        if temperature == 0:
            return self.greedy(state, start, max_length)
        n = len(start)

        def choose(log_probs, rows):
            return draw(log_probs, rng.random(n)[rows], temperature, top_k, top_p)

        return self._follow(state, start, max_length, choose)

    def _follow(self, state, symbols, max_length, choose):
        """Extend each hypothesis by what choose(log_probs, rows) says, until all have ended."""
        n, path = len(symbols), []
        rows = place = np.arange(n)
        limits = np.broadcast_to(max_length, n)
        first_limit = limits.min()
        for n_steps in count():
            log_probs, state = self.step(symbols, state)
            symbols = choose(log_probs, rows)
            if n_steps >= first_limit:
                symbols[limits[rows] == n_steps] = self.end
            path.append((rows, symbols, log_probs[place, symbols]))
            live = np.flatnonzero(symbols != self.end)
            if not len(live):
                return hypotheses(path, n)
            if len(live) < len(rows):
                rows, symbols, place = rows[live], symbols[live], place[: len(live)]
                state = take(state, live)

    def beam(self, state, start, max_length, width, length_penalty=0.0, n_best=1):
        """Extend the `width` most probable beginnings for each of n sources.

        The score is ``log_prob / length**length_penalty``, with the end counted and a penalty of
        0 or more (Wu et al., 2016, section 7, the first of two forms): 0 prefers short sequences,
        1 takes the mean over symbols. Beginnings that end are put aside, and the others go on
        while they can still reach one of the `n_best` best scores.

        Returns for each source a list of the `n_best` best hypotheses, at most `width`, best
        first; there are fewer if fewer are possible.
        """
        found = Found(len(start), n_best)
        limits = np.broadcast_to(max_length, len(start))
        # No extension has a higher log-probability, nor a divisor larger than this.
        divisors = (limits + 1.0) ** length_penalty
        source, symbols, log_prob = np.arange(len(start)), start, np.zeros(len(start))
        prefixes = np.empty((0, len(start)), np.intp)
        for n_steps in count():
            log_probs, state = self.step(symbols, state)
            total = log_prob[:, None] + log_probs
            must_end = limits[source] == n_steps
            total[must_end] = only(total[must_end], self.end)
            parent, symbols, log_prob = most_probable(total, source, width)
            source, ended = source[parent], symbols == self.end
            for i in np.flatnonzero(ended):
                prefix = prefixes[:, parent[i]].copy()
                score = penalised(prefix, log_prob[i], length_penalty)
                found.add(source[i], Hypothesis(prefix, log_prob[i], score))
            live = ~ended & (log_prob / divisors[source] > found.to_beat[source])
            if not live.any():
                return found.best
            source, parent, symbols, log_prob = (
                each[live] for each in (source, parent, symbols, log_prob)
            )
            prefixes = np.concatenate([prefixes[:, parent], symbols[None]])
            state = take(state, parent)


def penalised(symbols, log_prob, length_penalty):
    """Score of a whole sequence, the end counted."""
    return log_prob / (len(symbols) + 1.0) ** length_penalty


class Found:
    """The best hypotheses of each source, best first, and the score that another must beat."""

    def __init__(self, n_sources, n_best):
        self.n_best = n_best
        self.best = [[] for _ in range(n_sources)]
        self.to_beat = np.full(n_sources, -np.inf)

    def add(self, source, hypothesis):
        if hypothesis.score > self.to_beat[source]:
            best = self.best[source]
            insort(best, hypothesis, key=lambda one: -one.score)
            del best[self.n_best :]
            if len(best) == self.n_best:
                self.to_beat[source] = best[-1].score


def hypotheses(path, n_rows):
    """Make those of a path of steps, each of them rows, their symbols and log-probabilities.

    The last symbol of every row is the end.
    """
    rows, symbols, log_probs = (np.concatenate(parts) for parts in zip(*path, strict=True))
    ends = np.cumsum(np.bincount(rows, minlength=n_rows))
    sequences = np.split(symbols[np.argsort(rows, kind="stable")], ends[:-1])
    total = np.bincount(rows, log_probs, minlength=n_rows)
    return [Hypothesis(s[:-1], p, p) for s, p in zip(sequences, total, strict=True)]


def draw(log_probs, u, temperature=1.0, top_k=None, top_p=None):
    """Draw a symbol for each row, by inversion of its distribution function at u (n_rows,).

    Probabilities are raised to the power 1 / temperature and normalised. `top_k` then keeps the
    k most probable symbols (Fan, Lewis & Dauphin, 2018), and `top_p` of these the smallest set
    of most probable ones whose share reaches p, the "nucleus" (Holtzman et al., 2020).
    """
    p = np.exp(log_probs if temperature == 1 else at_temperature(log_probs, temperature))
    if top_k is not None or top_p is not None:
        p *= among_top(p, top_k, top_p)
    return pick(p, u)


def at_temperature(log_probs, temperature):
    """Divide by the temperature, with a largest entry of 0: no power of probabilities overflows."""
    limits = np.finfo(log_probs.dtype)
    temperature = min(max(temperature, float(limits.tiny)), float(limits.max))
    with np.errstate(over="ignore", under="ignore"):
        return (log_probs - log_probs.max(axis=1, keepdims=True)) / temperature


def pick(p, u):
    """Pick a symbol for each row of p (n_rows, n_symbols), whose sums need not be 1, by u."""
    n_symbols = p.shape[1]
    if n_symbols < 8 * BLOCK or p.size < LARGE:
        return invert(p, u)[0]
    # Running sums cannot be vectorised: a block of symbols comes first, and then one of its own.
    starts = np.arange(0, n_symbols, BLOCK)
    masses = np.add.reduceat(p, starts, axis=1, dtype=np.float64)
    block, upto = invert(masses, u)
    # Where u lies inside the block: rounding must not make it 1.
    rows = np.arange(len(p))
    missing = (upto[rows, block] - u * upto[:, -1]) / masses[rows, block]
    u = np.minimum(np.maximum(1 - missing, 0), 1 - 2.0**-53)
    symbols = starts[block, np.newaxis] + np.arange(BLOCK)
    exists = symbols < n_symbols
    own = np.take_along_axis(p, symbols * exists, axis=1) * exists
    return starts[block] + invert(own, u)[0]


def invert(p, u):
    """Find the first entry of each row at which the share summed up so far is larger than u.

    Returns its place, and the running sums.
    """
    mass = np.add.accumulate(p, axis=1, dtype=np.float64)
    # u < 1 lets an entry exceed it, and the first one that does is no 0.
    return (mass > u[:, np.newaxis] * mass[:, -1:]).argmax(axis=1), mass


def among_top(p, top_k, top_p):
    """Whether each of the probabilities p (n_rows, n_symbols) is among the most probable.

    Equally probable symbols go in the order of their numbers.
    """
    n = n_to_rank(p, top_p) if top_k is None else min(top_k, p.shape[1])
    ranked, n_kept = largest_first(p, n), np.full(len(p), n)
    if top_p is not None:
        total = (p if top_k is None else ranked).sum(axis=1, dtype=np.float64)
        mass = np.add.accumulate(ranked, axis=1, dtype=np.float64)
        n_kept = 1 + (mass[:, :-1] < top_p * total[:, np.newaxis]).sum(axis=1)
    return first_at_least(ranked[np.arange(len(p)), n_kept - 1], p, n_kept)


def n_to_rank(p, top_p):
    """Bound the symbols in any nucleus: those below a share have too little even together."""
    if p.size < LARGE:
        return p.shape[1]
    least = (1 - top_p) / p.shape[1] * p.sum(axis=1, dtype=np.float64)
    return (p >= least[:, np.newaxis]).sum(axis=1).max()


def largest_first(p, n):
    """Sort the n largest entries of each row, without the others where that saves time."""
    if p.size >= LARGE and n <= min(32, p.shape[1] // 32):
        return largest(p.copy(), n)[1].astype(p.dtype)
    if p.size >= LARGE and n < p.shape[1] // 2:
        p = np.partition(p, -n, axis=1)[:, -n:]
    return np.sort(p, axis=1)[:, : -n - 1 : -1]


def first_at_least(least, p, n):
    """Mark the entries of each row that are `least` (n_rows,) or more, but only n (n_rows,).

    Of entries equal to it the first ones are marked.
    """
    marked = p >= least[:, np.newaxis]
    n_more = marked.sum(axis=1) - n
    rows = np.flatnonzero(n_more)
    if len(rows):  # ties are rare, and to count them takes long
        equal = p[rows] == least[rows, np.newaxis]
        n_behind = equal[:, ::-1].cumsum(axis=1)[:, ::-1]
        marked[rows] &= ~equal | (n_behind > n_more[rows, np.newaxis])
    return marked


def only(total, symbol):
    """Forbid all symbols but one."""
    return np.where(np.arange(total.shape[1]) == symbol, total, -np.inf)


def most_probable(total, source, width):
    """Choose the `width` largest entries among the rows of each source.

    total   (n_rows, n_symbols), of which -inf is never chosen
    source  (n_rows,), ascending

    Returns the row, the symbol and the value of each, ordered by source, largest first.
    """
    first = np.flatnonzero(np.diff(source, prepend=-1))
    n_rows = np.diff(first, append=len(source))
    group, within = np.repeat(np.arange(len(first)), n_rows), np.arange(len(source))
    within -= first[group]
    table = np.full((len(first), n_rows.max(), total.shape[1]), -np.inf)
    table[group, within] = total
    table = table.reshape(len(first), -1)
    columns, values = largest(table, min(width, table.shape[1]))
    within, symbols = np.divmod(columns, total.shape[1])
    possible = values > -np.inf
    return (first[:, None] + within)[possible], symbols[possible], values[possible]


def largest(table, k):
    """Columns and values of the k largest entries of each row, of equal ones the first.

    The table is spoilt. For up to some ten entries, this takes a fifth of a partition's time.
    """
    rows, columns = np.arange(len(table)), np.empty((k, len(table)), np.intp)
    values = np.empty(columns.shape)
    for column, value in zip(columns, values, strict=True):
        table.argmax(axis=1, out=column)
        value[...] = table[rows, column]
        table[rows, column] = -np.inf
    return columns.T, values.T
