"""SequenceTranslator: likelihoods that add up, searches, alignments, and the tools around it."""

import itertools
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline

from skrnn import SequenceTranslator, TokenEncoder
from skrnn.metrics import neg_symbol_error_rate_scorer, symbol_error_rate

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TINY = {"hidden_size": 8, "max_iter": 5, "batch_size": 4, "random_state": 0}
WORDS = ["star", "evil", "loop", "part", "deer", "stop", "tram", "flow", "pals", "draw"] * 2
BACKWARDS = [word[::-1] for word in WORDS]
LETTERS = "".join(sorted(set("".join(WORDS))))
IDS = [np.array([LETTERS.index(letter) for letter in word]) for word in WORDS]

each_decoder = pytest.mark.parametrize("decoder", ["recurrent", "ctc"])


def make(**params):
    return SequenceTranslator(**TINY | params)


def slowly(words):
    """Two noisy steps for each letter."""
    rng = np.random.default_rng(0)
    rows = [np.repeat(np.eye(26)[[ord(c) - 97 for c in word]], 2, axis=0) for word in words]
    return [row + 0.1 * rng.standard_normal(row.shape) for row in rows]


@pytest.fixture(scope="module")
def writer():
    """A model that has learnt to read words backwards."""
    return make(hidden_size=32, batch_size=2, max_iter=40).fit(IDS, BACKWARDS)


@pytest.fixture(scope="module")
def emitter():
    """A model whose steps spell words."""
    params = {"decoder": "ctc", "hidden_size": 24, "batch_size": 2, "max_iter": 30}
    return make(**params, learning_rate_init=0.02).fit(slowly(WORDS), WORDS)


@pytest.fixture(scope="module", params=["recurrent", "ctc"])
def small(request):
    """A model of few symbols, whose sequences can all be listed, and three sequences to read."""
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((n, 2)) for n in rng.integers(4, 7, 20)]
    y = ["".join(rng.choice(list("ab"), rng.integers(1, 3))) for _ in X]
    return make(decoder=request.param, dtype="float64", beam_width=40).fit(X, y), X[:3]


def every_text(longest):
    for n in range(longest + 1):
        yield from map("".join, itertools.product("ab", repeat=n))


def copy(model, **params):
    return pickle.loads(pickle.dumps(model)).set_params(**params)


def test_words_are_read_backwards(writer):
    assert writer.score(IDS, BACKWARDS) == 1
    assert_array_equal(writer.predict(IDS), BACKWARDS)
    assert writer.score(IDS[:10], ["star"] * 10) == 0


def test_steps_spell_words(emitter):
    X = slowly(WORDS)
    assert emitter.score(X, WORDS) == 1
    assert_array_equal(copy(emitter, beam_width=1).predict(X), WORDS)
    for x, word, positions in zip(X, WORDS, emitter.align(X), strict=True):
        assert len(positions) == len(x)
        emitted = [key for key, _ in itertools.groupby(positions) if key >= 0]
        assert emitted == list(range(len(word)))


def test_the_likelihood_of_all_sequences_is_one(small):
    model, X = small
    for x in X:
        texts = list(every_text(8))
        total = np.exp(model.score_samples([x] * len(texts), texts)).sum()
        assert 0.97 < total < 1 + 1e-9
        if model.decoder == "ctc":
            assert_allclose(total, 1, rtol=1e-12)


def test_a_wide_beam_finds_the_most_probable_sequences_and_their_likelihood(small):
    model, X = small
    model = copy(model, max_length=3, beam_width=64)
    texts = list(every_text(3 if model.decoder == "recurrent" else 6))
    for x, found in zip(X, model.predict_n_best(X, 3), strict=True):
        scores = model.score_samples([x] * len(texts), texts)
        best = np.argsort(-scores)[:3]
        assert [text for text, _ in found] == [texts[i] for i in best]
        assert_allclose([score for _, score in found], scores[best], rtol=1e-9)
        assert found[0][0] == model.predict([x])[0]


def test_a_narrow_beam_is_greedy(writer, emitter):
    for model, X in ((writer, IDS), (emitter, slowly(WORDS))):
        expected = model.sample(X, temperature=0)
        assert_array_equal(copy(model, beam_width=1).predict(X), expected)
        ((_, score),) = copy(model, beam_width=1).predict_n_best(X[:1])[0:1][0]
        assert_allclose(score, model.score_samples(X[:1], expected[:1])[0], rtol=1e-4)


@pytest.mark.parametrize("beam_width", [1, 3])
def test_scores_of_what_is_found_are_divided_by_a_power_of_the_length(writer, beam_width):
    model = copy(writer, beam_width=beam_width, length_penalty=0.7)
    for x, found in zip(IDS, model.predict_n_best(IDS), strict=True):
        texts, scores = zip(*found, strict=True)
        lengths = np.array([len(text) + 1 for text in texts])
        log_likelihood = model.score_samples([x] * len(texts), texts)
        assert_allclose(scores, log_likelihood / lengths**0.7, rtol=1e-4)


def test_samples_are_drawn_as_often_as_they_are_probable(small):
    model, X = small
    samples = model.sample([X[0]] * 3000, max_length=12, random_state=0).tolist()
    for text in ("a", "b", "ab", "ba"):
        p = np.exp(model.score_samples(X[:1], [text])[0])
        assert abs(samples.count(text) / 3000 - p) < 5 * np.sqrt(p * (1 - p) / 3000)
    again = [model.sample(X, random_state=1) for _ in range(2)]
    assert_array_equal(*again)


def test_each_prediction_is_its_own(small):
    model, X = small
    rng = np.random.default_rng(3)
    X = X + [rng.standard_normal((n, 2)) for n in (1, 9, 3)]
    texts = ["a", "ab", "b", "b", "aba", ""]
    together, scores = model.predict(X), model.score_samples(X, texts)
    for i in (5, 0, 3):
        assert model.predict(X[i : i + 1])[0] == together[i]
        assert_allclose(model.score_samples(X[i : i + 1], texts[i : i + 1])[0], scores[i])


def test_many_sequences_are_computed_in_parts(small, monkeypatch):
    model, X = small
    expected, texts = model.predict(X), ["a", "ab", "b"]
    scores = model.score_samples(X, texts)
    monkeypatch.setattr("skrnn._estimators.decoders.MAX_OUTPUTS", 1)
    monkeypatch.setattr("skrnn._model.PREDICT_ROWS", 5)
    parallel = copy(model, n_jobs=2)
    assert_array_equal(parallel.predict(X), expected)
    assert_allclose(parallel.score_samples(X, texts), scores, rtol=1e-12)


def test_the_search_lets_go_of_sources_that_have_ended(writer):
    mixed = [ids[: 1 + i % 4] for i, ids in enumerate(IDS)]
    together = writer.predict(mixed)
    assert_array_equal(together, [writer.predict([ids])[0] for ids in mixed])


def test_weights_of_the_attention_are_those_of_own_steps(writer):
    lengths = [4, 1, 3]
    X = [ids[:n] for ids, n in zip(IDS, lengths, strict=False)]
    y = ["rats", "e", "polo"]
    for weights, x, text in zip(writer.attention_weights(X, y), X, y, strict=True):
        assert weights.shape == (len(text) + 1, len(x))
        assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)


def test_what_is_available(writer, emitter):
    assert hasattr(writer, "attention_weights") and not hasattr(writer, "align")
    assert hasattr(emitter, "align") and not hasattr(emitter, "attention_weights")
    assert not hasattr(make(attention=None), "attention_weights")


def test_lengths_of_what_is_written_follow_those_of_training():
    X = [np.zeros((n, 1)) for n in (2, 4, 8)]
    target = make(max_iter=1).fit(X, ["ab", "abab", "ab"])._target
    assert_array_equal(target.limits(np.array([1, 2, 4, 8, 16])), [1, 2, 4, 4, 8])


def test_predictions_are_no_longer_than_allowed(writer):
    assert max(map(len, copy(writer, max_length=2).predict(IDS))) == 2
    drawn = writer.sample(IDS, temperature=5.0, random_state=0, max_length=3)
    assert max(map(len, drawn)) == 3


def test_a_length_penalty_prefers_longer_sequences():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3, 1)), ["ab"[: 1 + i % 2] * (1 + i % 3) for i in range(30)]
    model = make(max_iter=2, beam_width=8, max_length=6).fit(X, y)
    found = [
        sum(map(len, copy(model, length_penalty=penalty).predict(X))) for penalty in (0, 1.0, 3.0)
    ]
    assert found[0] <= found[1] <= found[2] and found[0] < found[2]


@each_decoder
@pytest.mark.parametrize("kind", [list, tuple, np.array], ids=["lists", "tuples", "arrays"])
def test_predictions_come_as_what_fit_was_given(decoder, kind):
    y = [kind([1, 2, 3][: 1 + i % 3]) for i in range(len(IDS))]
    model = make(decoder=decoder, max_iter=2).fit(IDS, y)
    for found in (model.predict(IDS), model.sample(IDS, random_state=0)):
        assert found.shape == (20,) and {type(one) for one in found} == {type(y[0])}
    assert 0 <= model.score(IDS, y) <= 1


@each_decoder
def test_rare_symbols_teach_the_unknown_one(decoder):
    X = slowly(WORDS)
    model = make(decoder=decoder, unknown_symbol="?", min_count=3).fit(X, WORDS)
    assert "?" in model.classes_ and "v" not in model.classes_
    assert_allclose(*(model.score_samples(X[:1], [text]) for text in ("vat", "?at")))


def test_parameters_have_the_names_of_torch():
    model = make(cell_type="lstm", n_layers=2).fit(IDS, WORDS)
    shapes = {name: value.shape for name, value in model.coefs_.items()}
    n_symbols = len(LETTERS) + 1
    assert shapes["encoder.weight_hh_l1_reverse"] == shapes["decoder.weight_hh_l1"] == (32, 8)
    assert shapes["decoder.bridge.weight"] == (2 * 2 * 8, 2 * 2 * 2 * 8)
    assert shapes["decoder.attention.query.weight"] == (16, 8)
    assert shapes["decoder.head.weight"] == (n_symbols, 8)
    assert shapes["decoder.embedding_0.weight"][0] == n_symbols
    ctc = make(decoder="ctc").fit(slowly(WORDS), WORDS)
    assert ctc.coefs_["head.weight"].shape == (n_symbols, 16)


def test_vectors_that_are_given_stay_frozen():
    vectors = np.random.default_rng(0).standard_normal((len(LETTERS), 3))
    model = make(embedding_init=vectors, freeze_embeddings=True, token_dropout=0.1, dropout=0.2)
    found = model.fit(IDS, WORDS).coefs_["encoder.embedding_0.weight"]
    assert_array_equal(found, vectors.astype("f4"))


@each_decoder
def test_partial_fit_validation_and_longer_sequences_later(decoder):
    model = make(decoder=decoder, batch_size=32)
    X = slowly(WORDS)
    for part in (slice(0, 4), slice(4, 20)):
        model.partial_fit(X[part], [w[:2] for w in WORDS[part]], classes=list(LETTERS))
    assert model.t_ == 20
    model.partial_fit(X, WORDS)
    assert model._target.longest == 4 and model._target.ratio == 0.5
    model = make(decoder=decoder).fit(X, WORDS, X_val=X[:1], y_val=WORDS[:1])
    expected = model.score_samples(X[:1], WORDS[:1])[0] / 5
    assert_allclose(model.best_validation_score_, expected, rtol=1e-5)


def test_a_pipeline_reads_strings(writer):
    model = make_pipeline(TokenEncoder(analyzer="char"), make(hidden_size=16, max_iter=20))
    model.fit(WORDS, BACKWARDS)
    assert model.score(WORDS, BACKWARDS) == np.mean(model.predict(WORDS) == BACKWARDS)


@each_decoder
def test_tools_of_scikit_learn(decoder):
    y = np.array(WORDS, object)
    X = np.stack(slowly(WORDS))
    search = GridSearchCV(
        make(decoder=decoder, max_iter=2),
        {"hidden_size": [2, 4], "attention": [None, "additive"]},
        cv=2,
        scoring=neg_symbol_error_rate_scorer,
    ).fit(X, y)
    assert_allclose(search.score(X, y), -symbol_error_rate(y, search.predict(X)))
    assert len(cross_val_predict(make(decoder=decoder, max_iter=2), X, y, cv=2)) == 20


def test_the_beginnings_of_a_one_directional_emitter_do_not_change():
    X = slowly(WORDS)
    model = make(decoder="ctc", bidirectional=False, beam_width=1, max_iter=10).fit(X, WORDS)
    for x in X[:3]:
        whole = model.predict([x])[0]
        for t in range(1, len(x) + 1):
            assert whole.startswith(model.predict([x[:t]])[0])
