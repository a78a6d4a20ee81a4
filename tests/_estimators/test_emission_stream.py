"""Streams of symbols that the steps of a CTC network emit: equal to greedy predictions."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import skrnn
from skrnn import SequenceTranslator

LETTERS = "abc"
WORDS = ["ab", "ba", "cab", "abc", "bca", "acb", "cba", "aba"] * 3
FORMS = {
    "str": WORDS,
    "list": [list(word) for word in WORDS],
    "tuple": [tuple(word) for word in WORDS],
    "integers": [np.array([LETTERS.index(letter) for letter in word]) for word in WORDS],
}


def frames(words):
    """Three noisy steps for each letter."""
    rng = np.random.default_rng(0)
    rows = [np.eye(3)[np.repeat([LETTERS.index(c) for c in word], 3)] for word in words]
    return [row + 0.2 * rng.standard_normal(row.shape) for row in rows]


X = frames(WORDS)


def fitted(y=WORDS, X=X, **params):
    options = {"decoder": "ctc", "bidirectional": False, "hidden_size": 16, "batch_size": 4}
    options |= {"max_iter": 18, "learning_rate_init": 0.02, "beam_width": 1, "random_state": 0}
    return SequenceTranslator(**options | params).fit(X, y)


@pytest.fixture(scope="module")
def model():
    return fitted()


def follow(stream, rows):
    """All that a stream has emitted after each of some steps, as a string."""
    said, after = "", []
    for row in rows:
        said += stream.step(row) or ""
        after.append(said)
    return after


@pytest.mark.parametrize(
    "params",
    [{"cell_type": "lstm"}, {"n_layers": 2}, {"cell_type": "rnn"}, {"dtype": "float32"}],
)
def test_what_was_emitted_is_the_greedy_prediction_of_the_prefix(params):
    model = fitted(**params)
    assert model.score(X, WORDS) > 0.5  # else there would be little to emit
    for rows in X[:4]:
        prefixes = [rows[:n] for n in range(1, len(rows) + 1)]
        assert follow(model.stream(), rows) == model.predict(prefixes).tolist()


def test_a_symbol_comes_once_and_at_its_own_step(model):
    """Where `align` has a symbol for several steps, the first of them emits it."""
    stream, positions = model.stream(), model.align(X[:1])[0]
    emitted = [stream.step(row) for row in X[0]]
    first = np.flatnonzero(np.diff(positions, prepend=-1) * (positions >= 0))
    assert [t for t, symbol in enumerate(emitted) if symbol is not None] == first.tolist()
    assert "".join(filter(None, emitted)) == model.predict(X[:1])[0]


@pytest.mark.parametrize("form", FORMS)
def test_symbols_of_any_kind(form):
    model = fitted(FORMS[form], max_iter=15)
    stream, expected = model.stream(), model.predict(X[:1])[0]
    symbols = [stream.step(row) for row in X[0]]
    assert [s for s in symbols if s is not None] == list(expected)
    pushed = model.stream().push(X[0])
    assert type(pushed) is type(expected)
    assert list(pushed) == list(expected)


def test_chunks_equal_steps(model):
    rows = X[2]
    stream, whole = model.stream(), model.predict([rows])[0]
    parts = [stream.push(rows[a:b]) for a, b in ((0, 1), (1, 5), (5, 6), (6, len(rows)))]
    assert "".join(parts) == whole
    # Where a chunk ends within a symbol, the next one does not repeat it.
    for cut in range(1, len(rows)):
        stream.reset()
        assert stream.push(rows[:cut]) + stream.push(rows[cut:]) == whole


def test_streams_side_by_side_that_move_at_different_times(model):
    many, said, seen = model.stream(n_streams=3), [""] * 3, [0, 0, 0]
    assert_array_equal(many.push(X[:3]), model.predict(X[:3]))
    many.reset()
    rng = np.random.default_rng(1)
    while min(len(X[i]) - seen[i] for i in range(3)) > 0:
        which = rng.permutation(3)[: rng.integers(1, 4)]
        symbols = many.step([X[i][seen[i]] for i in which], which=which)
        for i, symbol in zip(which, symbols, strict=True):
            said[i] += symbol or ""
            seen[i] += 1
    assert said == model.predict([X[i][: seen[i]] for i in range(3)]).tolist()
    many.reset(which=[1])
    assert follow_one(many, 1, X[1]) == model.predict([X[1]])[0]


def follow_one(stream, i, rows):
    return "".join(stream.step([row], which=[i])[0] or "" for row in rows)


def test_the_state_is_the_caller_s(model):
    rows, at = X[2], 4  # within a symbol, which must not be emitted again
    stream = model.stream()
    stream.push(rows[:at])
    state, coefs = stream.state, pickle.dumps(model)
    expected = stream.push(rows[at:])
    stream.state = state
    for other in (stream.copy(), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        assert other.push(rows[at:]) == expected
    assert stream.push(rows[at:]) == expected  # the copies have not moved it
    assert len(state) == len(stream.state) == 2
    assert stream.reset().push(rows) == model.predict([rows])[0]
    assert pickle.dumps(model) == coefs


def test_probabilities_of_what_a_step_emits(model):
    stream, other = model.stream(), model.stream()
    p = np.array([stream.step_proba(row) for row in X[2][:5]])
    assert_allclose(p.sum(axis=1), 1)
    # The sum over all paths that spell a word is its probability.
    total = dict.fromkeys(["", "c", "ca"], 0.0)
    for path in itertools.product(range(4), repeat=5):
        word = "".join(LETTERS[c] for c, _ in itertools.groupby(path) if c < 3)
        if word in total:
            total[word] += np.prod(p[range(5), path])
    expected = model.score_samples([X[2][:5]] * 3, list(total))
    assert_allclose(list(total.values()), np.exp(expected), rtol=1e-6)
    other.push(X[2][:5])
    assert stream.push(X[2][5:]) == other.push(X[2][5:])  # what they have emitted is known, too


def test_what_looks_ahead_is_refused(model):
    with pytest.raises(ValueError, match=r"\(bidirectional=True\).*fit it with bidirectional=Fal"):
        fitted(bidirectional=True, max_iter=1).stream()
    writer = fitted(decoder="recurrent", max_iter=1)
    with pytest.raises(AttributeError) as refused:
        _ = writer.stream
    assert "decoder='recurrent', which begins to write only when" in str(refused.value.__cause__)
    with pytest.raises(TypeError, match="answers only when it has read all"):
        skrnn.stream(writer)
    assert skrnn.stream(model, 2).n_streams == 2
    with pytest.raises(ValueError, match=r"n_streams=0 must be a positive integer"):
        model.stream(0)
    with pytest.raises(ValueError, match=r"state has arrays of shapes"):
        model.stream().state = model.stream().state[:1]
    with pytest.raises(ValueError, match=r"x has shape \(2,\), but a step of 1 stream"):
        model.stream().step([0.0, 1.0])
