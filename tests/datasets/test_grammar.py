"""Sequences of a grammar: their probabilities and entropies are exact."""

import pickle
import re
from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest

from skrnn.datasets import make_symbol_grammar

# The language of Reber's grammar, solved for its strings by hand.
TAIL = "(?:XT*VP)*(?:XT*VV|S)"
REBER = re.compile(f"B(?:TS*X{TAIL}|PT*V(?:V|P{TAIL}))E")

COIN = {"toss": {"head": ("toss", 0.7), "tail": (None, 0.3)}}


def describe(n_samples=1, **parameters):
    return make_symbol_grammar(n_samples, **parameters, random_state=0, return_X_y=False)


def test_reber_strings_are_those_of_the_grammar_and_others_are_refused():
    candidates = [
        f"B{''.join(middle)}E" for n in range(1, 6) for middle in product("TPSXV", repeat=n)
    ]
    scores = describe().score_samples(candidates)
    is_valid = np.array([REBER.fullmatch(string) is not None for string in candidates])
    np.testing.assert_array_equal(scores > -np.inf, is_valid)
    length = np.array([len(string) for string in candidates])
    np.testing.assert_allclose(scores[is_valid], np.log(0.5) * (length[is_valid] - 2))
    assert is_valid.sum() == 2 + 3 + 4  # of 5, 6 and 7 symbols


@pytest.mark.parametrize("string", ["", "B", "BTXS", "BTXSEE", "TXSE", "BTXSE "])
def test_strings_that_end_early_or_late_have_no_probability(string):
    assert describe().score_samples([string]) == [-np.inf]


def test_reber_samples_match_the_grammar_and_carry_their_log_probability():
    X, y = make_symbol_grammar(2000, random_state=0)
    assert all(REBER.fullmatch(string) for string in X)
    np.testing.assert_allclose(y, [np.log(0.5) * (len(string) - 2) for string in X])


def test_frequencies_of_reber_strings_are_their_probabilities():
    X, y = make_symbol_grammar(20_000, random_state=0)
    counts, scores = Counter(X), dict(zip(X, y, strict=True))
    for string in ("BTXSE", "BPVVE", "BTSXSE", "BPVPSE"):
        assert counts[string] / len(X) == pytest.approx(np.exp(scores[string]), abs=0.01)


def test_embedded_reber_repeats_the_second_symbol_before_the_last():
    X, y = make_symbol_grammar(500, grammar="embedded_reber", random_state=0)
    for string, score in zip(X, y, strict=True):
        assert string[0] + string[-1] == "BE" and string[1] == string[-2] in "TP"
        assert REBER.fullmatch(string[2:-2])
        assert score == pytest.approx(np.log(0.5) * (len(string) - 5))
    other = "".join([X[0][:-2], "PT"["TP".index(X[0][-2])], "E"])
    assert describe(grammar="embedded_reber").score_samples([other]) == [-np.inf]


@pytest.mark.parametrize(
    "grammar, mean_length, entropy", [("reber", 8, 6), ("embedded_reber", 12, 7)]
)
def test_entropies_worked_out_by_hand(grammar, mean_length, entropy):
    known = describe(grammar=grammar)
    assert known.mean_length == pytest.approx(mean_length)
    assert known.entropy == pytest.approx(entropy)
    assert known.entropy_rate == pytest.approx(entropy / mean_length)


def test_entropy_of_a_biased_coin_is_that_of_the_geometric_distribution():
    known = describe(grammar=COIN)
    assert known.mean_length == pytest.approx(1 / 0.3)
    bits = -(0.7 * np.log2(0.7) + 0.3 * np.log2(0.3))
    assert known.entropy == pytest.approx(bits / 0.3)
    assert known.entropy_rate == pytest.approx(bits)


@pytest.mark.parametrize(
    "grammar", ["reber", "embedded_reber", COIN], ids=["reber", "twice", "coin"]
)
def test_simulation_agrees_with_entropy_and_mean_length(grammar):
    data = describe(20_000, grammar=grammar)
    lengths, bits = [len(sequence) for sequence in data.X], -data.y / np.log(2)
    for sample, expected in (lengths, data.mean_length), (bits, data.entropy):
        assert np.mean(sample) == pytest.approx(expected, abs=4 * np.std(sample) / np.sqrt(20_000))


def test_another_grammar_does_not_explain_the_sequences_as_well():
    data = describe(5000, grammar=COIN)
    for p in (0.6, 0.8):
        other = describe(grammar={0: {"head": (0, p), "tail": (None, 1 - p)}})
        assert other.score_samples(data.X).mean() < data.y.mean()


def test_frequencies_of_pairs_of_symbols_need_more_bits_than_the_grammar():
    X, y = make_symbol_grammar(5000, random_state=0)
    pairs = Counter(pair for string in X for pair in pairwise(string))
    firsts = Counter(symbol for string in X for symbol in string[:-1])
    bits = -sum(n * np.log2(n / firsts[pair[0]]) for pair, n in pairs.items()) / len(X)
    assert bits > 1.2 * -y.mean() / np.log(2)


def test_sequences_are_strings_only_where_every_symbol_is_one_character():
    X, _ = make_symbol_grammar(5, grammar=COIN, random_state=0)
    assert all(isinstance(sequence, list) and sequence[-1] == "tail" for sequence in X)
    X, _ = make_symbol_grammar(5, grammar={0: {1: (0, 0.5), 2: (None, 0.5)}}, random_state=0)
    assert all(isinstance(sequence, list) and sequence[-1] == 2 for sequence in X)


def test_the_description_can_be_pickled():
    known = describe()
    loaded = pickle.loads(pickle.dumps(known))
    np.testing.assert_array_equal(loaded.score_samples(known.X), known.y)


@pytest.mark.parametrize(
    "grammar, message",
    [
        ("chomsky", "grammar"),
        ({}, "No sequence of grammar ends"),
        ({0: {"a": (1, 1.0)}}, "grammar goes from state 0 to 1, for which it has no entry"),
        ({0: {"a": (0, 0.5), "b": (None, 0.4)}}, r"in state 0 .* sum to 1. Got \[0.5, 0.4\]"),
        ({0: {"a": (None, 1.5), "b": (None, -0.5)}}, "must be positive"),
        ({0: {"a": (None, 1.0)}, 1: {}}, r"in state 1 .* Got \[\]"),
        ({0: {"a": (1, 0.5), "b": (None, 0.5)}, 1: {"a": (1, 1.0)}}, r"after the states \[1\]"),
        ({0: {"a": 1.0}}, r"must be a mapping \{state"),
        ({0: "a"}, r"must be a mapping \{state"),
    ],
)
def test_grammars_that_make_no_sense_are_refused(grammar, message):
    with pytest.raises(ValueError, match=message):
        make_symbol_grammar(grammar=grammar)
