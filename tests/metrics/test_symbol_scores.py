"""Edit distance and error rate of symbols, and what scores estimators by it."""

import pickle
from functools import lru_cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrnn.metrics import edit_distance, neg_symbol_error_rate_scorer, symbol_error_rate
from skrnn.metrics._symbols import PAIRS_AT_ONCE


def as_defined(a, b):
    """Edit distance by its recursion."""

    @lru_cache(None)
    def distance(i, j):
        if not i or not j:
            return i + j
        substituted = distance(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(substituted, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return distance(len(a), len(b))


def words(n, seed, letters="abc"):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(letters), k)) for k in rng.integers(0, 9, n)]


def test_distances_are_those_of_the_recursion():
    n = PAIRS_AT_ONCE + 44
    true, pred = words(n, 0), words(n, 1, "abd")
    assert_array_equal(edit_distance(true, pred), list(map(as_defined, true, pred)))


def test_known_distances():
    pairs = {
        ("kitten", "sitting"): 3,
        ("saturday", "sunday"): 3,
        ("", "abc"): 3,
        ("abc", ""): 3,
        ("", ""): 0,
        ("ab", "ba"): 2,
        ("same", "same"): 0,
        ("abc", "xabcx"): 2,
    }
    assert_array_equal(edit_distance(*zip(*pairs, strict=True)), list(pairs.values()))


def test_distances_form_a_metric():
    a, b, c = (words(40, seed) for seed in range(3))
    ab, ba, bc, ac = (edit_distance(*p) for p in ((a, b), (b, a), (b, c), (a, c)))
    assert_array_equal(ab, ba)
    assert (ac <= ab + bc).all()
    assert_array_equal(edit_distance(a, a), 0)


@pytest.mark.parametrize("form", [list, tuple, np.array], ids=["list", "tuple", "array"])
def test_forms(form):
    true, pred = ([form(list(word)) for word in side] for side in (["abc", "ab"], ["abd", "b"]))
    assert_array_equal(edit_distance(true, pred), [1, 1])
    assert_array_equal(edit_distance([form([1, 2])], [form([2, 1, 3])]), [3 - 1])


def test_the_rate_is_of_all_symbols():
    true, pred = ["aaaa", "b"], ["aaab", "c"]
    assert_allclose(symbol_error_rate(true, pred), 2 / 5)
    assert_allclose(symbol_error_rate(true, pred, sample_weight=[1, 3]), 4 / 7)
    assert symbol_error_rate(["a"], ["bcd"]) == 3


@pytest.mark.parametrize(
    "true, pred, message, error",
    [
        (["a"], ["a", "b"], "inconsistent numbers of samples: [1, 2]", ValueError),
        (["a"], [["a"]], "Pass strings only, or lists only.", TypeError),
        ("a", ["a"], "y_true is the string 'a'", TypeError),
        (["a"], [1], "y_pred[0] is 1, not a sequence of symbols", TypeError),
        (["a"], [["a", None]], "y_pred[0] at step 1 is None", ValueError),
    ],
)
def test_what_is_refused(true, pred, message, error):
    for score in (edit_distance, symbol_error_rate):
        with pytest.raises(error) as raised:
            score(true, pred)
        assert message in str(raised.value)


def test_a_rate_needs_symbols_and_weights():
    with pytest.raises(ValueError, match="y_true has no symbols of positive weight"):
        symbol_error_rate(["", ""], ["a", ""])
    with pytest.raises(ValueError, match=r"but y_true has 2 sequences: pass one weight"):
        symbol_error_rate(["a", "b"], ["a", "b"], sample_weight=[1.0])


class Echo:
    def predict(self, X):
        return X


def test_the_scorer_is_better_the_higher():
    scorer = pickle.loads(pickle.dumps(neg_symbol_error_rate_scorer))
    assert scorer(Echo(), ["ab"], ["ab"]) == 0
    assert scorer(Echo(), ["ab"], ["ac"]) == -0.5
    weighted = scorer(Echo(), ["ab", "b"], ["ac", "b"], sample_weight=[0, 1])
    assert weighted == 0
    assert "symbol_error_rate" in repr(scorer)
