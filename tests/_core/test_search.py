"""Searches over tables of probabilities that depend on all symbols so far."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax

from skrnn._core.search import Search, draw, take

N_SYMBOLS, END = 4, 0
SEEDS = range(5)
each_seed = pytest.mark.parametrize("seed", SEEDS)


class Tables:
    """A step function with a hidden state (2, 3, n_rows), and a source for each row.

    The distribution depends on all symbols so far and on the source.
    """

    def __init__(self, seed=0, n_sources=1, scale=2.0, n_symbols=N_SYMBOLS):
        rng = np.random.default_rng(seed)
        self.mix = rng.normal(size=(6, 6))
        self.symbol = rng.normal(size=(6, n_symbols))
        self.source = rng.normal(size=(6, n_sources))
        self.out = rng.normal(scale=scale, size=(n_symbols, 6))
        self.n_sources, self.calls = n_sources, []

    def begin(self, sources=None):
        """State and start symbols: those of all sources, or of some."""
        sources = np.arange(self.n_sources) if sources is None else np.asarray(sources)
        h = np.zeros((2, 3, len(sources)))
        return (h, [sources, None]), np.full(len(sources), END)

    def __call__(self, symbols, state):
        self.calls.append(len(symbols))
        h, (source, nothing) = state
        assert nothing is None and h.shape[-1] == len(source) == len(symbols)
        before = h.reshape(6, -1)
        # Sums of products, not a matrix product, so that no row depends on the others' number.
        mixed = (self.mix[:, :, None] * before).sum(axis=1)
        h = np.tanh(mixed + self.symbol[:, symbols] + self.source[:, source])
        logits = (self.out[:, :, None] * h).sum(axis=1)
        return log_softmax(logits, axis=0).T, (h.reshape(2, 3, -1), [source, None])


def log_prob(step, source, symbols):
    """Log-probability of a sequence and its end, symbol by symbol."""
    state, before = step.begin([source])
    total = 0.0
    for symbol in [*symbols, END]:
        log_probs, state = step(before, state)
        total += log_probs[0, symbol]
        before = np.array([symbol])
    return total


def all_sequences(max_length, n_symbols=N_SYMBOLS):
    inner = [symbol for symbol in range(n_symbols) if symbol != END]
    return [s for n in range(max_length + 1) for s in product(inner, repeat=n)]


def ranking(step, source, max_length, length_penalty):
    """Every sequence with its log-probability and score, best first."""
    every = []
    for symbols in all_sequences(max_length):
        total = log_prob(step, source, symbols)
        every.append((symbols, total, total / (len(symbols) + 1) ** length_penalty))
    return sorted(every, key=lambda one: -one[2])


def assert_same(found, expected):
    assert len(found) == len(expected)
    for hypothesis, (symbols, total, score) in zip(found, expected, strict=True):
        assert tuple(hypothesis.symbols) == tuple(symbols)
        assert_allclose([hypothesis.log_prob, hypothesis.score], [total, score], rtol=1e-12)


# Beam ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 2.0])
@each_seed
def test_a_wide_beam_is_exhaustive(seed, length_penalty):
    step = Tables(seed, n_sources=2)
    found = Search(step, END).beam(*step.begin(), 4, N_SYMBOLS**4, length_penalty, n_best=10)
    for source, best in enumerate(found):
        assert_same(best, ranking(step, source, 4, length_penalty)[:10])


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_a_wide_beam_finds_every_sequence_once(length_penalty):
    step = Tables(n_sources=1)
    (found,) = Search(step, END).beam(*step.begin(), 3, 1000, length_penalty, n_best=1000)
    assert_same(found, ranking(step, 0, 3, length_penalty))
    assert len(found) == 1 + 3 + 9 + 27


def beam_by_hand(step, source, max_length, width, length_penalty):
    """All that a beam finds if it goes on to the end: lists, loops and no batch."""
    live, found = [((), 0.0)], []
    for n in range(max_length + 1):
        inner = [] if n == max_length else range(1, N_SYMBOLS)
        extended = []
        for symbols, _ in live:
            for symbol in (END, *inner):
                state, before = step.begin([source])
                total = 0.0
                for s in (*symbols, symbol):
                    log_probs, state = step(before, state)
                    total += log_probs[0, s]
                    before = np.array([s])
                extended.append(((*symbols, symbol), total))
        extended = sorted(extended, key=lambda one: -one[1])[:width]
        live = [one for one in extended if one[0][-1] != END]
        for symbols, total in extended:
            if symbols[-1] == END:
                found.append((symbols[:-1], total, total / len(symbols) ** length_penalty))
    return sorted(found, key=lambda one: -one[2])


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("width", [1, 2, 3, 5])
@each_seed
def test_a_narrow_beam_stops_early_without_a_loss(seed, width, length_penalty):
    step = Tables(seed, n_sources=3)
    search, lengths = Search(step, END), np.array([7, 0, 4])
    expected = [beam_by_hand(step, s, n, width, length_penalty) for s, n in enumerate(lengths)]
    for n_best in range(1, width + 1):
        found = search.beam(*step.begin(), lengths, width, length_penalty, n_best)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other[:n_best])


def test_a_beam_stops_when_the_rest_is_beaten():
    # After symbol 1 the end is almost certain, and everything else is a long way behind.
    table = np.log([[0.01, 0.97, 0.02], [0.98, 0.01, 0.01], [0.01, 0.01, 0.98]])
    calls = []

    def step(symbols, state):
        calls.append(len(symbols))
        return table[symbols], state

    (found,) = Search(step, END).beam(None, np.array([0]), 50, width=3)
    assert_same(found, [((1,), np.log(0.97 * 0.98), np.log(0.97 * 0.98))])
    # The first step leaves symbols 1 and 2 to go on with, the second none.
    assert calls == [1, 2]
    calls.clear()
    # A long sequence of 2s may have a better mean, until it is too improbable for the longest.
    (found,) = Search(step, END).beam(None, np.array([0]), 500, width=3, length_penalty=1.0)
    assert_same(found, [((1,), np.log(0.97 * 0.98), np.log(0.97 * 0.98) / 2)])
    in_reach = [np.log(0.02) + t * np.log(0.98) > 501 * found[0].score for t in range(500)]
    assert 400 < sum(in_reach) < 450
    assert len(calls) == 1 + sum(in_reach)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0, 3.0])
@each_seed
def test_a_beam_of_one_is_greedy(seed, length_penalty):
    step = Tables(seed, n_sources=20)
    search, lengths = Search(step, END), np.arange(20) % 7
    greedy = search.greedy(*step.begin(), lengths, length_penalty)
    for one, (other,) in zip(
        greedy, search.beam(*step.begin(), lengths, 1, length_penalty), strict=True
    ):
        assert_array_equal(one.symbols, other.symbols)
        assert one.log_prob == other.log_prob
        assert one.score == other.score
        assert_allclose(other.score, one.log_prob / (len(one.symbols) + 1) ** length_penalty)


def test_of_equally_probable_symbols_greedy_and_beam_take_the_first():
    def step(symbols, state):
        return np.log(np.full((len(symbols), 4), 0.25)), state

    search, start = Search(step, 3), np.zeros(2, int)
    greedy, beam = search.greedy(None, start, 3), search.beam(None, start, 3, 1)
    for one, (other,) in zip(greedy, beam, strict=True):
        assert_array_equal(one.symbols, [0, 0, 0])
        assert_array_equal(other.symbols, [0, 0, 0])


@pytest.mark.parametrize("width", [1, 4])
@each_seed
def test_a_source_alone_finds_what_it_does_in_a_batch(seed, width):
    step = Tables(seed, n_sources=6)
    search, lengths = Search(step, END), np.array([5, 3, 8, 0, 1, 5])
    together = search.beam(*step.begin(), lengths, width, 0.5, width)
    for s, best in enumerate(together):
        (alone,) = search.beam(*step.begin([s]), lengths[s], width, 0.5, width)
        assert_same(alone, best)
        assert_same(
            search.greedy(*step.begin([s]), lengths[s])[:1],
            search.beam(*step.begin([s]), lengths[s], 1)[0],
        )


@each_seed
def test_scores_are_sorted_and_those_of_forced_scoring(seed):
    step = Tables(seed, n_sources=4)
    for s, best in enumerate(Search(step, END).beam(*step.begin(), 6, 8, 0.8, n_best=8)):
        assert len(best) == 8
        assert len({tuple(one.symbols) for one in best}) == 8
        assert (np.diff([one.score for one in best]) <= 0).all()
        for one in best:
            assert_allclose(one.log_prob, log_prob(step, s, one.symbols), rtol=1e-12)
            assert_allclose(one.score, one.log_prob / (len(one.symbols) + 1) ** 0.8, rtol=1e-12)


# What has ended -----------------------------------------------------------------------------


def test_what_has_ended_leaves_the_batch():
    step = Tables(n_sources=30, scale=4.0)
    found = Search(step, END).greedy(*step.begin(), 9)
    lengths = np.array([len(one.symbols) for one in found])
    assert 0 < lengths.min() + 1 < lengths.max() == 9
    # The step after the last symbol gives the end.
    assert step.calls == [(lengths >= t).sum() for t in range(10)]
    step.calls.clear()
    Search(step, END).beam(*step.begin(), 9, 3)
    assert step.calls[0] == 30
    assert max(step.calls) <= 90
    assert step.calls == sorted(step.calls[:3]) + sorted(step.calls[3:], reverse=True)


@pytest.mark.parametrize("how", ["greedy", "sample", "beam"])
def test_no_sequence_is_longer_than_allowed_and_every_one_ends(how):
    step = Tables(n_sources=40)
    limits, search = np.arange(40) % 5, Search(step, END)
    if how == "beam":
        found = [best for (best,) in search.beam(*step.begin(), limits, 3)]
    elif how == "sample":
        found = search.sample(*step.begin(), limits, np.random.default_rng(0))
    else:
        found = search.greedy(*step.begin(), limits)
    lengths = np.array([len(one.symbols) for one in found])
    assert (lengths <= limits).all()
    assert (lengths == limits).sum() > 10
    for s, one in enumerate(found):
        assert END not in one.symbols
        assert_allclose(one.log_prob, log_prob(step, s, one.symbols), rtol=1e-12)


@pytest.mark.parametrize("width", [1, 3])
def test_no_symbols_at_all(width):
    step = Tables(n_sources=3)
    search = Search(step, END)
    for s, found in enumerate(search.greedy(*step.begin(), 0)):
        assert_same([found], [((), log_prob(step, s, ()), log_prob(step, s, ()))])
    for s, found in enumerate(search.beam(*step.begin(), 0, width, 1.0)):
        assert_same(found, [((), log_prob(step, s, ()), log_prob(step, s, ()))])


# Sampling -----------------------------------------------------------------------------------


@each_seed
def test_frequencies_of_sampled_sequences_are_their_probabilities(seed):
    step, n = Tables(seed, n_sources=2, scale=0.5), 20_000
    sources = np.arange(n) % 2
    rng = np.random.default_rng(seed)
    found = Search(step, END).sample(*step.begin(sources), 2, rng)
    for source in range(2):
        # Beyond two symbols the end is forced: a sequence of two has the probability of both.
        counts = dict.fromkeys(all_sequences(2), 0)
        for one in found[source::2]:
            counts[tuple(one.symbols)] += 1
        p = np.array([prefix_probability(step, source, s, 2) for s in counts])
        assert_allclose(p.sum(), 1, rtol=1e-12)
        expected = p * n / 2
        errors = np.array(list(counts.values())) - expected
        assert (np.abs(errors) < 5 * np.sqrt(expected) + 2).all()
        assert (expected > 100).sum() > 3


def prefix_probability(step, source, symbols, max_length):
    """Probability that sampling gives these symbols."""
    total = log_prob(step, source, symbols)
    if len(symbols) == max_length:
        state, before = step.begin([source])
        total = 0.0
        for symbol in symbols:
            log_probs, state = step(before, state)
            total += log_probs[0, symbol]
            before = np.array([symbol])
    return np.exp(total)


def test_sampling_is_reproducible_and_reads_the_generator():
    step = Tables(n_sources=50)

    def sampled(rng):
        found = Search(step, END).sample(*step.begin(), 8, rng)
        return [tuple(one.symbols) for one in found]

    rng = np.random.default_rng(0)
    first, second = sampled(rng), sampled(rng)
    assert first == sampled(np.random.default_rng(0))
    assert first != second


def test_a_sampled_sequence_does_not_depend_on_the_ends_of_others():
    step = Tables(n_sources=20, scale=0.5)
    limits = np.full(20, 8)
    search = Search(step, END)
    before = search.sample(*step.begin(), limits, np.random.default_rng(1))
    limits[::2] = 0
    after = search.sample(*step.begin(), limits, np.random.default_rng(1))
    assert max(len(one.symbols) for one in before[1::2]) > 3
    for one, other in zip(before[1::2], after[1::2], strict=True):
        assert_array_equal(one.symbols, other.symbols)


@pytest.mark.parametrize("temperature", [0, 1e-320, 1e-300, 1e-6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_temperature_of_nearly_0_is_greedy(temperature, dtype):
    tables = Tables(n_sources=50)

    def step(symbols, state):
        log_probs, state = tables(symbols, state)
        return log_probs.astype(dtype), state

    search, rng = Search(step, END), np.random.default_rng(0)
    greedy = search.greedy(*tables.begin(), 6)
    cold = search.sample(*tables.begin(), 6, rng, temperature)
    for one, other in zip(greedy, cold, strict=True):
        assert_array_equal(one.symbols, other.symbols)
        assert one.log_prob == other.log_prob


POINTS = (np.arange(10_000) + 0.5) / 10_000


def frequencies(p, dtype=np.float64, **options):
    """Share of each symbol among draws at equal distances: exact to a ten-thousandth."""
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array(p, dtype))
    drawn = draw(np.tile(log_probs, (len(POINTS), 1)), POINTS, **options)
    return np.bincount(drawn, minlength=len(p)) / len(POINTS)


P = [0.05, 0.4, 0.0, 0.15, 0.1, 0.3, 0.0]


@pytest.mark.parametrize("temperature", [0.25, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_temperature_raises_probabilities_to_its_inverse(temperature, dtype):
    raised = np.array(P) ** (1 / temperature)
    found = frequencies(P, dtype, temperature=temperature)
    assert_allclose(found, raised / raised.sum(), atol=2e-4)


@pytest.mark.parametrize("temperature", [1e38, 1e39, 1e300, np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_heat_makes_all_possible_symbols_equally_probable(temperature, dtype):
    possible = np.array(P) > 0
    found = frequencies(P, dtype, temperature=temperature)
    assert_allclose(found, possible / possible.sum(), atol=2e-4)


@pytest.mark.parametrize(
    "options, kept",
    [
        ({"top_k": 1}, [1]),
        ({"top_k": 2}, [1, 5]),
        ({"top_k": 3}, [1, 3, 5]),
        ({"top_k": 6}, [0, 1, 3, 4, 5]),
        ({"top_k": 100}, [0, 1, 3, 4, 5]),
        ({"top_p": 1e-9}, [1]),
        ({"top_p": 0.39}, [1]),
        ({"top_p": 0.41}, [1, 5]),
        ({"top_p": 0.69}, [1, 5]),
        ({"top_p": 0.71}, [1, 3, 5]),
        ({"top_p": 0.94}, [1, 3, 4, 5]),
        ({"top_p": 0.96}, [0, 1, 3, 4, 5]),
        ({"top_p": 1.0}, [0, 1, 3, 4, 5]),
        # 0.4 is 0.47 of the 0.85 that are left.
        ({"top_k": 3, "top_p": 0.46}, [1]),
        ({"top_k": 3, "top_p": 0.48}, [1, 5]),
        # Probabilities squared: 0.16, 0.09, 0.0225, 0.01, 0.0025 of 0.285.
        ({"temperature": 0.5, "top_p": 0.55}, [1]),
        ({"temperature": 0.5, "top_p": 0.87}, [1, 5]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_top_k_and_top_p_keep_the_most_probable_in_proportion(options, kept, dtype):
    p = np.zeros(len(P))
    p[kept] = np.array(P)[kept] ** (1 / options.get("temperature", 1.0))
    assert_allclose(frequencies(P, dtype, **options), p / p.sum(), atol=2e-4)


@pytest.mark.parametrize("options", [{"top_k": 2}, {"top_p": 0.5}, {"top_k": 3, "top_p": 0.6}])
def test_of_equally_probable_symbols_the_first_are_kept(options):
    assert_array_equal(frequencies([0.25] * 4, **options), [0.5, 0.5, 0, 0])
    found = frequencies([0.1, 0.2, 0.2, 0.3, 0.2], top_k=3)
    assert_allclose(found, np.array([0, 2, 2, 3, 0]) / 7, atol=2e-4)


@pytest.mark.parametrize("u", [0.0, 0.5, 1 - 2**-53])
@pytest.mark.parametrize("options", [{}, {"top_k": 4}, {"top_p": 0.9}, {"temperature": 3.0}])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_symbols, share", [(12, 0.6), (300, 0.99)])
def test_symbols_of_probability_0_are_never_drawn(u, options, dtype, n_symbols, share):
    rng = np.random.default_rng(0)
    log_probs = rng.normal(size=(2000, n_symbols)).astype(dtype)
    forbidden = rng.random(log_probs.shape) < share
    forbidden[:, [0, -1]] = True
    forbidden[np.arange(2000), rng.integers(1, n_symbols - 1, size=2000)] = False
    log_probs[forbidden] = -np.inf
    drawn = draw(log_probs, np.full(2000, u), **options)
    assert not forbidden[np.arange(2000), drawn].any()


def draw_by_sorting(log_probs, u, top_k=None, top_p=1.0):
    """What `draw` does, for one row, with all symbols in order and one running sum."""
    p = np.exp(log_probs.astype(np.float64))
    best = np.argsort(-p, kind="stable")[:top_k]
    share = np.cumsum(p[best]) / p[best].sum()
    best = np.sort(best[: 1 + np.count_nonzero(share < top_p)])
    share = np.cumsum(p[best]) / p[best].sum()
    return best[np.count_nonzero(share <= u)]


@pytest.mark.parametrize("n_rows, n_symbols", [(3, 12), (100, 200), (40, 515), (2, 9001)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"top_k": 7},
        {"top_k": 400},
        {"top_p": 0.6},
        {"top_p": 0.999},
        {"top_k": 9, "top_p": 0.5},
    ],
)
@pytest.mark.parametrize("ties", [False, True])
def test_symbols_out_of_any_number_are_drawn_as_by_sorting(n_rows, n_symbols, options, ties):
    rng = np.random.default_rng(n_symbols)
    log_probs, u = rng.normal(scale=2, size=(n_rows, n_symbols)), rng.random(n_rows)
    if ties:
        log_probs = np.round(log_probs)
    expected = [draw_by_sorting(row, x, **options) for row, x in zip(log_probs, u, strict=True)]
    assert_array_equal(draw(log_probs, u, **options), expected)


@pytest.mark.parametrize("how", ["greedy", "sample", "beam"])
def test_forbidden_symbols_are_never_emitted(how):
    tables, forbidden = Tables(n_sources=40, n_symbols=6), [2, 5]

    def step(symbols, state):
        log_probs, state = tables(symbols, state)
        log_probs[:, forbidden] = -np.inf
        return log_probs, state

    search = Search(step, END)
    if how == "beam":
        found = [one for best in search.beam(*tables.begin(), 5, 5, 1.0, 5) for one in best]
    elif how == "sample":
        found = search.sample(*tables.begin(), 5, np.random.default_rng(0))
    else:
        found = search.greedy(*tables.begin(), 5)
    emitted = np.concatenate([one.symbols for one in found])
    assert_array_equal(np.unique(emitted), [1, 3, 4])


def test_a_beam_finds_fewer_where_fewer_are_possible():
    def step(symbols, state):
        log_probs = np.full((len(symbols), 3), -np.inf)
        log_probs[:, 0] = log_probs[:, 1] = np.log(0.5)
        return log_probs, state

    (found,) = Search(step, 0).beam(None, np.array([2]), 1, width=10, n_best=10)
    assert [tuple(one.symbols) for one in found] == [(), (1,)]


# State --------------------------------------------------------------------------------------


def test_take_reorders_the_last_axis_of_every_array():
    a, b = np.arange(12.0).reshape(2, 2, 3), np.array([5, 6, 7])
    kept = a.copy()
    taken = take((a, [b, None]), np.array([2, 0, 0, 1]))
    assert isinstance(taken, tuple) and isinstance(taken[1], list)
    assert_array_equal(taken[0], a[:, :, [2, 0, 0, 1]])
    assert_array_equal(taken[1][0], [7, 5, 5, 6])
    assert taken[1][1] is None
    assert take(None, np.array([0])) is None
    assert_array_equal(a, kept)
