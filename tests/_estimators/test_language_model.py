"""RNNLanguageModel: probabilities that agree with each other, sampling, long texts, symbols."""

import pickle
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score

from skrnn import RNNLanguageModel

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAMES = ["anna", "hanna", "johanna", "susanna", "marianna", "joanna", "hannah", "jo"]
WORDS = [["the", "boy", "ran"], ["the", "girl", "ran"], ["a", "boy", "sat"]]
TINY = {"hidden_size": 8, "max_iter": 3, "random_state": 0}


def make(**params):
    return RNNLanguageModel(**TINY | params)


@pytest.fixture(scope="module")
def model():
    return make(hidden_size=16, max_iter=60, batch_size=4, dtype="float64").fit(NAMES)


# Probabilities ------------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"cell_type": "lstm", "n_layers": 2}, {"cell_type": "rnn"}])
@pytest.mark.parametrize("X", [NAMES, WORDS], ids=["characters", "words"])
def test_the_likelihood_is_the_product_of_what_is_predicted_after_each_prefix(X, params):
    model = make(dtype="float64", **params).fit(X)
    symbols = model.classes_.tolist()
    for sequence in X:
        log_p = model.predict_log_proba([sequence[:i] for i in range(len(sequence) + 1)])
        assert_allclose(np.exp(log_p).sum(axis=1), 1)
        following = [*map(symbols.index, sequence), len(symbols)]
        total = log_p[np.arange(len(log_p)), following].sum()
        assert_allclose(model.score_samples([sequence]), [total], rtol=1e-10)


def test_scores_are_means_over_symbols(model):
    lengths = np.array([len(name) + 1 for name in NAMES])
    likelihoods, weight = model.score_samples(NAMES), np.arange(8.0)
    assert_allclose(model.score(NAMES), likelihoods.sum() / lengths.sum())
    expected = weight @ likelihoods / (weight @ lengths)
    assert_allclose(model.score(NAMES, sample_weight=weight), expected)
    assert_allclose(model.perplexity(NAMES, sample_weight=weight), np.exp(-expected))
    assert model.perplexity(NAMES) < model.perplexity(["nnaa", "hhoj"])


def test_the_loss_is_the_score_of_the_training_set():
    model = make(max_iter=1, alpha=0, solver="sgd", learning_rate_init=1e-12).fit(NAMES)
    assert_allclose(model.loss_, -model.score(NAMES), rtol=1e-6)


def test_predictions_are_symbols_and_never_the_end(model):
    assert_array_equal(model.predict(["johann", "susan"]), ["a", "n"])
    complete = model.predict_proba(["johanna"])
    assert complete[0].argmax() == len(model.classes_)
    assert model.predict(["johanna"])[0] in model.classes_
    assert complete.shape == (1, len(model.classes_) + 1)


def test_empty_sequences_have_a_probability(model):
    end = model.predict_log_proba([""])[0, -1]
    assert_allclose(model.score_samples(["", "anna", ""])[[0, 2]], end)


def test_a_language_with_one_continuation_is_learnt():
    model = make(hidden_size=16, batch_size=4, learning_rate_init=0.02, max_iter=30)
    model.fit(["abcd" * 100])
    assert model.predict_proba(["abcdabcdab"])[0, 2] > 0.95
    assert model.sample(prompt="cd", temperature=0, max_length=6)[0] == "cdabcdab"


def test_the_network_reads_no_later_symbol(model):
    beginnings = [name[:3] for name in NAMES]
    expected = model.predict_proba(beginnings)
    found = model.predict_proba(beginnings + NAMES)[: len(NAMES)]
    assert_allclose(found, expected, rtol=1e-12)
    assert "bidirectional" not in model.get_params()


# Sampling -----------------------------------------------------------------------------------


def test_samples_are_reproducible_and_hold_symbols_only(model):
    samples = model.sample(50, random_state=1)
    assert samples.shape == (50,) and samples.dtype == object
    assert_array_equal(samples, model.sample(50, random_state=1))
    assert samples.tolist() != model.sample(50, random_state=2).tolist()
    assert set("".join(samples)) <= set(model.classes_)
    assert max(map(len, samples)) <= max(map(len, NAMES))
    assert np.isfinite(model.score_samples(samples)).all()


def test_samples_are_drawn_as_often_as_they_are_probable():
    model = make(max_iter=20, learning_rate_init=0.02).fit(["a", "ab", "ba", "a", "b"])
    samples = model.sample(4000, max_length=3, random_state=0).tolist()
    for text in ("", "a", "b", "ab", "ba", "aa"):
        p = np.exp(model.score_samples([text])[0])
        # Five standard deviations of the share of 4,000 draws.
        assert abs(samples.count(text) / 4000 - p) < 5 * np.sqrt(p * (1 - p) / 4000)


@pytest.mark.parametrize("options", [{"temperature": 0}, {"top_k": 1}, {"top_p": 1e-9}])
def test_the_most_probable_symbol_at_every_step(model, options):
    expected = ""
    while (following := model.predict_proba([expected])[0].argmax()) < len(model.classes_):
        expected += model.classes_[following]
    samples = model.sample(3, random_state=0, **options)
    assert samples.tolist() == [expected] * 3


def test_samples_begin_with_the_prompt(model):
    for sample in model.sample(20, prompt="jo", max_length=4, random_state=0):
        assert sample.startswith("jo") and len(sample) <= 6
    later = model.sample(2000, prompt="mari", max_length=1, random_state=0).tolist()
    p = model.predict_proba(["mari"])[0, model.classes_.tolist().index("a")]
    assert abs(later.count("maria") / 2000 - p) < 5 * np.sqrt(p * (1 - p) / 2000) + 1e-9


def test_a_low_temperature_draws_what_is_more_probable(model):
    mean = [model.score(model.sample(200, temperature=t, random_state=0)) for t in (0.3, 1.0, 3.0)]
    assert mean[0] > mean[1] > mean[2]


def test_the_longest_sample_is_as_long_as_the_longest_sequence_but_bounded():
    model = make(max_iter=1).fit(["ab" * 800])
    assert len(model.sample(random_state=0)[0]) <= 1000
    assert len(model.sample(max_length=1200, temperature=0)[0]) in range(1201)
    assert max(map(len, make(max_iter=1).fit(["ab", "b"]).sample(100, random_state=0))) <= 2


FORMS = {
    "strings": (NAMES, "jo"),
    "lists": (WORDS, ["the"]),
    "tuples": ([tuple(words) for words in WORDS], ("the",)),
    "integers": ([[3, 1, 2], [1, 1]], [1]),
    "arrays": ([np.array([3, 1, 2]), np.array([1, 1])], np.array([1])),
}


@pytest.mark.parametrize("X, prompt", FORMS.values(), ids=FORMS)
def test_samples_come_as_what_fit_was_given(X, prompt):
    for sample in make().fit(X).sample(5, prompt=prompt, random_state=0):
        assert type(sample) is type(X[0])
        assert_array_equal(sample[: len(prompt)], prompt)


# Long texts ---------------------------------------------------------------------------------


def test_one_text_is_cut_into_as_many_pieces_as_a_batch_has_sequences():
    text = "".join(np.random.default_rng(0).choice(list("abc"), 1000))
    model = make(batch_size=8, tbptt_steps=16, max_iter=2).fit([text])
    assert model.t_ == 2 * 8
    assert model.score([text]) > model.score([text[:500], text[500:]]) - 0.1


def test_memory_does_not_grow_with_the_text():
    def peak(n):
        text = "".join(np.random.default_rng(0).choice(list("abcdefgh"), n))
        model = make(cell_type="rnn", batch_size=16, tbptt_steps=32, max_iter=1)
        tracemalloc.start()
        model.fit([text]).score([text])
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    make(cell_type="rnn", max_iter=1).fit(["abc"])  # what is made once is not the text's
    # To read a text takes some ten bytes for each symbol, a step of training leaves 300.
    assert peak(20_000) - peak(10_000) < 10_000 * 40


def test_chunks_are_updates():
    """One long chunk and many short ones: only these take several steps in an epoch."""
    text = "abcd" * 64
    whole = make(max_iter=1, batch_size=1, tbptt_steps=None).fit([text])
    chunked = make(max_iter=1, batch_size=1, tbptt_steps=8).fit([text])
    assert chunked.score([text]) > whole.score([text]) + 0.1


def test_partial_fit_goes_through_a_corpus_part_by_part():
    model = make(learning_rate_init=0.02)
    for _ in range(20):
        for part in (NAMES[:4], NAMES[4:]):
            model.partial_fit(part, classes=sorted(set("".join(NAMES))))
    assert model.t_ == 20 * 8
    assert model.perplexity(NAMES) < 4


# Symbols and tables -------------------------------------------------------------------------


def test_rare_symbols_teach_the_unknown_one():
    model = make(unknown_symbol="<unk>", min_count=2, max_iter=50, learning_rate_init=0.02)
    model.fit(WORDS)
    assert model.classes_.tolist() == ["<unk>", "boy", "ran", "the"]
    expected = model.score_samples([["<unk>", "boy", "<unk>"]])
    assert_array_equal(model.score_samples([["a", "boy", "flew"]]), expected)
    assert ["<unk>", "boy", "<unk>"] in model.sample(100, random_state=0).tolist()


@pytest.mark.parametrize("size", ["auto", 8])
def test_a_tied_table_is_the_weight_of_the_output_layer(size):
    model = make(tie_embeddings=True, embedding_dim=size).fit(WORDS)
    assert model.coefs_["embedding_0.weight"].shape == (7, 8)
    assert "head.weight" not in model.coefs_
    assert model.n_parameters_ == make(embedding_dim=8).fit(WORDS).n_parameters_ - 7 * 8


# scikit-learn -------------------------------------------------------------------------------


def test_grid_search_over_texts():
    search = GridSearchCV(make(), {"hidden_size": [2, 4]}, cv=2).fit(NAMES * 3)
    assert search.best_params_["hidden_size"] in (2, 4)
    halves = NAMES * 3
    expected = [make(hidden_size=4).fit(part).score(rest) for part, rest in folds(halves)]
    assert_allclose(cross_val_score(make(hidden_size=4), halves, cv=2), expected)
    assert_allclose(search.cv_results_["mean_test_score"][1], np.mean(expected))


def folds(X):
    half = len(X) // 2
    return [(X[half:], X[:half]), (X[:half], X[half:])]


def test_a_validation_text_keeps_the_best_epoch():
    model = make(max_iter=5).fit(NAMES, X_val=["annaha"])
    assert len(model.validation_scores_) == 5
    assert_allclose(model.best_validation_score_, model.score(["annaha"]), rtol=1e-6)
    early = make(early_stopping=True, validation_fraction=0.3, max_iter=5).fit(NAMES)
    assert len(early.validation_scores_) == 5


def test_a_pickle_holds_the_symbols(model):
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.score_samples(NAMES), model.score_samples(NAMES))
    assert_array_equal(again.sample(5, random_state=0), model.sample(5, random_state=0))


def test_tags_say_that_it_needs_no_target_and_reads_strings():
    tags = make().__sklearn_tags__()
    assert tags.estimator_type == "density_estimator"
    assert tags.input_tags.string and not tags.target_tags.required
