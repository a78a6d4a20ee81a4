"""SequenceGenerator: likelihoods that add up, the best sequence, samples, Bayes' rule."""

import itertools
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_predict

from skrnn import SequenceGenerator

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
X = np.eye(10)
TINY = {"hidden_size": 8, "max_iter": 5, "batch_size": 4, "random_state": 0}


def make(**params):
    return SequenceGenerator(**TINY | params)


@pytest.fixture(scope="module")
def model():
    """A model that can spell."""
    return make(hidden_size=32, batch_size=2, max_iter=60).fit(X, DIGITS)


@pytest.fixture(scope="module")
def small():
    """A model of few symbols, whose sequences can all be listed."""
    rng = np.random.default_rng(0)
    y = ["".join(rng.choice(list("ab"), rng.integers(1, 4))) for _ in range(20)]
    return make(dtype="float64").fit(rng.standard_normal((20, 2)), y)


def every_text(longest):
    for n in range(longest + 1):
        yield from map("".join, itertools.product("ab", repeat=n))


def test_digits_are_spelled(model):
    assert_array_equal(model.predict(X), DIGITS)
    assert model.score(X, DIGITS) == 1
    assert model.score(X, ["zero"] * 10) == 0.1
    assert_allclose(model.score(X, ["zero"] * 10, sample_weight=np.arange(1, 11)), 1 / 55)


def test_the_likelihood_of_all_sequences_is_one(small):
    texts = list(every_text(12))
    for x in ([[0.3, -0.5]], [[2.0, 1.0]]):
        total = np.exp(small.score_samples(np.repeat(x, len(texts), axis=0), texts)).sum()
        assert 0.99 < total < 1 + 1e-9


def test_the_description_matters(small):
    found = small.score_samples([[0.3, -0.5], [2.0, 1.0]], ["ab", "ab"])
    assert abs(found[0] - found[1]) > 1e-4


@pytest.mark.parametrize("feed", [False, True])
def test_a_wide_beam_finds_the_most_probable_sequence(feed):
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((20, 2)), [*"ab"] * 10
    y = [text * rng.integers(1, 4) for text in y]
    model = make(feed_condition=feed, max_length=4, beam_width=64, max_iter=2).fit(X, y)
    texts = list(every_text(4))
    for x, best in zip(X, model.predict(X), strict=True):
        scores = model.score_samples(np.tile(x, (len(texts), 1)), texts)
        assert best == texts[scores.argmax()]


def test_a_narrow_beam_is_greedy(model):
    greedy = model.sample(X, temperature=0)
    narrow = pickle.loads(pickle.dumps(model)).set_params(beam_width=1)
    assert_array_equal(narrow.predict(X), greedy)


def test_a_length_penalty_prefers_longer_sequences(small):
    X = np.random.default_rng(2).standard_normal((50, 2))
    lengths = [
        sum(map(len, small.set_params(length_penalty=penalty).predict(X)))
        for penalty in (0.0, 1.0, 3.0)
    ]
    small.set_params(length_penalty=0.0)
    assert lengths[0] < lengths[2] and lengths[0] <= lengths[1] <= lengths[2]


def test_predictions_are_no_longer_than_allowed(model):
    longest = pickle.loads(pickle.dumps(model)).set_params(max_length=3)
    assert max(map(len, longest.predict(X))) <= 3
    assert max(map(len, model.sample(X, temperature=5.0, random_state=0))) <= 5


def test_samples_are_drawn_as_often_as_they_are_probable(small):
    x, n = [[0.5, 0.5]], 4000
    samples = small.sample(np.repeat(x, n, axis=0), max_length=20, random_state=0).tolist()
    for text in ("a", "b", "ab", "ba"):
        p = np.exp(small.score_samples(x, [text])[0])
        assert abs(samples.count(text) / n - p) < 5 * np.sqrt(p * (1 - p) / n)
    assert_array_equal(small.sample(x * 5, random_state=1), small.sample(x * 5, random_state=1))


def test_bayes_rule_makes_a_classifier(model):
    rows = np.repeat(X, 10, axis=0)
    densities = model.score_samples(rows, DIGITS * 10).reshape(10, 10)
    assert_array_equal(densities.argmax(axis=0), np.arange(10))


def test_each_prediction_is_its_own(model):
    order = np.random.default_rng(0).permutation(10)
    assert_array_equal(model.predict(X[order]), np.array(DIGITS, object)[order])
    for i in (0, 7):
        assert model.predict(X[[i]])[0] == DIGITS[i]
    expected = model.score_samples(X, DIGITS)
    assert_allclose(model.score_samples(X[order], [DIGITS[i] for i in order]), expected[order])


def test_many_descriptions_are_searched_in_parts(model, monkeypatch):
    monkeypatch.setattr("skrnn._estimators.generator.N_AT_ONCE", 3)
    parallel = pickle.loads(pickle.dumps(model)).set_params(n_jobs=2)
    assert_array_equal(parallel.predict(X), DIGITS)


CATEGORIES = np.arange(10)[:, np.newaxis]
FORMS = {
    "array": lambda X: X,
    "lists": lambda X: X.tolist(),
    "list of rows": list,
    "float32": lambda X: X.astype("f4"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_of_descriptions(form):
    params = {"categorical_features": [0], "dtype": "float32"}
    expected = make(**params).fit(CATEGORIES, DIGITS)
    model = make(**params).fit(form(CATEGORIES), DIGITS)
    assert model.loss_curve_ == expected.loss_curve_
    assert_array_equal(model.predict(form(CATEGORIES)), expected.predict(CATEGORIES))
    assert model.n_features_in_ == 1
    assert model.coefs_["condition_embedding_0.weight"].shape == (10, 6)


def test_frames_with_categories_beside_numbers():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"digit": range(10), "half": np.linspace(0, 1, 10)})
    model = make(categorical_features=["digit"], condition_dim=3).fit(frame, DIGITS)
    assert model.feature_names_in_.tolist() == ["digit", "half"]
    assert model.coefs_["condition_embedding_0.weight"].shape == (10, 3)
    assert model.coefs_["bridge.weight"].shape == (8, 4)
    assert len(model.predict(frame)) == 10


@pytest.mark.parametrize(
    "y",
    [
        [list(word) for word in DIGITS],
        [tuple(word) for word in DIGITS],
        [np.arange(i + 1) for i in range(10)],
        np.arange(20).reshape(10, 2) % 3,
    ],
    ids=["lists", "tuples", "arrays", "2-D array"],
)
def test_predictions_come_as_what_fit_was_given(y):
    model = make().fit(X, y)
    for found in (model.predict(X), model.sample(X, random_state=0)):
        assert found.shape == (10,) and {type(one) for one in found} == {type(y[0])}
    assert 0 <= model.score(X, y) <= 1


def test_rare_symbols_teach_the_unknown_one():
    model = make(unknown_symbol="?", min_count=3).fit(X, DIGITS)
    assert "z" not in model.classes_ and "?" in model.classes_
    assert_allclose(*(model.score_samples(X[:1], [text]) for text in ("zero", "?ero")))


@pytest.mark.parametrize("feed, width", [(True, 10 + 8), (False, 8)])
def test_what_a_step_reads(feed, width):
    model = make(feed_condition=feed).fit(X, DIGITS)
    assert model.coefs_["weight_ih_l0"].shape == (24, width)
    lstm = make(cell_type="lstm", n_layers=2).fit(X, DIGITS)
    assert lstm.coefs_["bridge.weight"].shape == (2 * 2 * 8, 10)


def test_partial_fit_and_validation():
    model = make()
    for _ in range(3):
        model.partial_fit(X, DIGITS, classes=sorted(set("".join(DIGITS))))
    assert model.t_ == 30
    model = make().fit(X, DIGITS, X_val=X[:1], y_val=DIGITS[:1])
    expected = model.score_samples(X[:1], DIGITS[:1])[0] / 5
    assert_allclose(model.best_validation_score_, expected, rtol=1e-6)


def test_tools_of_scikit_learn():
    search = GridSearchCV(make(), {"hidden_size": [2, 4]}, cv=2).fit(X, DIGITS)
    assert len(search.predict(X)) == 10
    assert len(cross_val_predict(make(), X, np.array(DIGITS, object), cv=2)) == 10
    assert make().__sklearn_tags__().target_tags.required
