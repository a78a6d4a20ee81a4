"""Saliency: derivatives of the answers, shares that add up, and planted steps that are found."""

import numpy as np
import pytest
from estimators import TINY, TOKENS, each_case, each_form, each_network, numbers, sequences
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, SequenceRegressor, SequenceTagger
from skrnn.inspection import saliency

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

EPS = 1e-5
X = sequences(6, lengths=(3, 5))
EXACT = {"rtol": 1e-6, "atol": 1e-8}


def answers(model, X, step=-1):
    """The numbers that are explained, as the methods of an estimator give them: (n, n_answers)."""
    values = getattr(model, "decision_function", model.predict)(X)
    if values.dtype == object:
        values = np.stack([each[step] for each in values])
    values = values.reshape(len(values), -1)
    if len(getattr(model, "classes_", ())) != 2:
        return values
    log_odds = values[:, -1] - (values[:, 0] if values.shape[1] == 2 else 0)
    return np.column_stack([-log_odds, log_odds])


def numeric(model, sequence, position, first=0, **step):
    """Central differences of an answer by each value of a sequence, from the column `first` on."""
    result = np.zeros(sequence.shape)
    for where in np.ndindex(sequence.shape):
        if where[1] < first:
            continue
        both = []
        for sign in (1, -1):
            moved = sequence.copy()
            moved[where] += sign * EPS
            both.append(answers(model, [moved], **step)[0, position])
        result[where] = (both[0] - both[1]) / (2 * EPS)
    return result


@each_network
def test_the_gradient_is_that_of_the_answer(case, network):
    model = case.make(**network).fit(X, case.target(X))
    position = answers(model, X).argmax(axis=1)
    found = saliency(model, X, method="gradient")
    assert len(found) == len(X)
    for sequence, mine, k in zip(X, found, position, strict=True):
        assert_allclose(mine, numeric(model, sequence, k), **EXACT)


@each_network
def test_integrated_gradients_add_up_to_the_change_of_the_answer(case, network):
    model = case.make(**network).fit(X, case.target(X))
    position = answers(model, X).argmax(axis=1)
    baseline, rows = np.array([0.3, -0.1]), np.arange(len(X))
    # The maximum, and relu, have kinks.
    has_kinks = getattr(model, "pooling", None) == "max" or model.activation == "relu"
    n_points = 60 if has_kinks else 16
    options = {"baseline": baseline, "n_points": n_points}
    found = saliency(model, X, **options)
    before = answers(model, [np.tile(baseline, (len(x), 1)) for x in X])[rows, position]
    change = answers(model, X)[rows, position] - before
    atol = 2e-2 * np.abs(change).max() if has_kinks else 1e-9
    assert_allclose([share.sum() for share in found], change, rtol=1e-9, atol=atol)


@pytest.mark.parametrize(
    "params, y",
    [
        ({"loss": "poisson"}, np.arange(6)),
        ({"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}, np.arange(6.0)),
        ({}, 7 + 3 * np.arange(12.0).reshape(6, 2)),
    ],
)
def test_predictions_are_explained_in_their_units(params, y):
    model = RNNRegressor(**TINY | params).fit(X, y)
    found = saliency(model, X, 1 if y.ndim == 2 else None, method="gradient")
    # The second of two outputs, or of three quantiles, is the one that is explained.
    position = 1 if y.ndim == 2 or "quantile" in params else 0
    for sequence, mine in zip(X, found, strict=True):
        assert_allclose(mine, numeric(model, sequence, position), **EXACT)


def test_one_target_for_each_sequence():
    y = np.array(["a", "b", "c"] * 2)
    model = RNNClassifier(**TINY).fit(X, y)
    found = saliency(model, X, y, method="gradient")
    for k, (label, sequence) in enumerate(zip(y, X, strict=True)):
        alone = saliency(model, [sequence], label, method="gradient")[0]
        assert_allclose(found[k], alone, rtol=1e-10)
        assert_allclose(found[k], numeric(model, sequence, k % 3), **EXACT)


def test_several_labels():
    y = np.array([[1, 0, 1], [0, 1, 1]] * 3)
    model = RNNClassifier(**TINY).fit(X, y)
    for label in range(3):
        found = saliency(model, X, label, method="gradient")[0]
        assert_allclose(found, numeric(model, X[0], label), **EXACT)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_any_step_can_be_explained(bidirectional):
    y = [np.where(x[:, 0] > 0, "a", "b") for x in X]
    model = SequenceTagger(**TINY, bidirectional=bidirectional).fit(X, y)
    found = saliency(model, X, "b", step=1, method="gradient")
    assert_allclose(found[0], numeric(model, X[0], 1, step=1), **EXACT)
    assert (found[0][2:] != 0).all() == bidirectional


@each_case
def test_tokens_have_one_number_each(case):
    model = case.make(dtype="float64").fit(TOKENS, case.target(numbers(TOKENS)))
    found = saliency(model, TOKENS, n_points=100)
    assert [each.shape for each in found] == [ids.shape for ids in TOKENS]
    table = model.coefs_["embedding_0.weight"]
    # The answers to vectors of zeros are those of a network whose table is all zeros.
    position = answers(model, TOKENS).argmax(axis=1)
    after = answers(model, TOKENS)[np.arange(24), position]
    slope = saliency(model, TOKENS, method="gradient")
    scaled = []
    for factor in (1 + EPS, 1 - EPS, 0):
        model.set_coefs({"embedding_0.weight": factor * table})
        scaled.append(answers(model, TOKENS)[np.arange(24), position])
    change = after - scaled[2]
    assert_allclose([s.sum() for s in found], change, atol=5e-3 * np.abs(change).max())
    # The sum of gradient times vector is the derivative by the scale of the table.
    derivative = (scaled[0] - scaled[1]) / (2 * EPS)
    assert_allclose([s.sum() for s in slope], derivative, rtol=1e-5, atol=1e-9)


def test_categories_beside_numbers():
    mixed = [np.column_stack([np.arange(len(x)) % 3, x]) for x in X]
    model = RNNRegressor(**TINY, categorical_features=[0]).fit(mixed, np.arange(6.0))
    found = saliency(model, mixed, method="gradient")
    for sequence, mine in zip(mixed, found, strict=True):
        assert mine.shape == sequence.shape
        assert_allclose(mine[:, 1:], numeric(model, sequence, 0, first=1)[:, 1:], **EXACT)
        assert (mine[:, 0] != 0).all()


@pytest.mark.parametrize("tie_embeddings", [False, True])
def test_symbols(tie_embeddings):
    model = RNNLanguageModel(**TINY, dtype="float64", tie_embeddings=tie_embeddings)
    model.fit(["abcab", "cba"])
    texts = ["abca", "cc"]
    found = saliency(model, texts, "c")
    assert [each.shape for each in found] == [(4,), (2,)]
    assert_allclose(found[0], saliency(model, texts[:1], ["c"])[0])
    gradient = saliency(model, texts, method="gradient")
    assert [each.shape for each in gradient] == [(4,), (2,)]


def test_the_gradient_by_symbols_is_that_of_the_log_probability():
    model = RNNLanguageModel(**TINY, dtype="float64").fit(["abcab", "cba"])
    table, log_p = model.coefs_["embedding_0.weight"], []
    slope = saliency(model, ["abab"], "c", method="gradient")[0]
    for sign in (1, -1):
        moved = table.copy()
        moved[:2] *= 1 + sign * EPS  # the vectors of a and b, but not of what begins a sequence
        model.set_coefs({"embedding_0.weight": moved})
        log_p.append(model.predict_log_proba(["abab"])[0, 2])
    assert_allclose(slope.sum(), (log_p[0] - log_p[1]) / (2 * EPS), rtol=1e-6)


@each_form
def test_saliency_comes_in_the_form_of_X(form):
    equal = sequences(6, lengths=(4, 4))
    model = RNNClassifier(**TINY).fit(equal, np.arange(6) % 2)
    given = form(equal)
    found = saliency(model, given)
    assert isinstance(found, np.ndarray if form is np.stack else list)
    assert_allclose(np.stack(list(found)), saliency(model, np.stack(equal)), rtol=1e-12)


def test_tables():
    table = np.random.default_rng(0).standard_normal((10, 4))
    series = RNNRegressor(**TINY).fit(table, np.arange(10.0))
    assert saliency(series, table).shape == (10, 4)
    steps = SequenceRegressor(**TINY).fit(table, np.arange(10.0))
    assert saliency(steps, table).shape == (10, 4)


def test_the_estimator_and_X_stay_as_they_are():
    x = np.stack(sequences(6, lengths=(4, 4)))
    model = RNNClassifier(**TINY).fit(x, np.arange(6) % 2)
    before, coefs = x.copy(), {name: value.copy() for name, value in model.coefs_.items()}
    saliency(model, x)
    assert_array_equal(x, before)
    for name, value in coefs.items():
        assert_array_equal(model.coefs_[name], value)


# Planted steps and features -----------------------------------------------------------------

CASES = [
    {"cell_type": "lstm", "pooling": "last", "bidirectional": False},
    {"cell_type": "gru", "pooling": "max", "bidirectional": True},
    {"cell_type": "gru", "pooling": "mean", "bidirectional": False},
]


def planted(n, n_steps=12, n_features=4, seed=0):
    """Noise, in which one step of one feature says which class a sequence belongs to."""
    rng = np.random.default_rng(seed)
    X = rng.normal(scale=0.5, size=(n, n_steps, n_features)).astype(np.float32)
    y, step = rng.integers(0, 2, n), rng.integers(0, n_steps, n)
    X[np.arange(n), step, 2] += np.where(y == 1, 4, -4)
    return X, y, step


@pytest.mark.parametrize("params", CASES, ids=lambda params: params["pooling"])
def test_planted_steps_and_features_are_found(params):
    X, y, step = planted(1000)
    model = RNNClassifier(hidden_size=12, max_iter=15, random_state=0, **params)
    model.fit(X[:800], y[:800])
    X, y, step = X[800:], y[800:], step[800:]
    assert model.score(X, y) > 0.97
    share = np.abs(saliency(model, X))
    assert np.mean(share.sum(axis=2).argmax(axis=1) == step) >= 0.9
    assert np.mean(share.sum(axis=1).argmax(axis=1) == 2) >= 0.95
    # The plain gradient finds the feature too, but not the step: it vanishes where units saturate.
    slope = np.abs(saliency(model, X, method="gradient"))
    assert np.mean(slope.sum(axis=1).argmax(axis=1) == 2) >= 0.95


# Bad input ---------------------------------------------------------------------------------

QUICK = TINY | {"learning_rate": "cosine"}
CLASSIFIER = RNNClassifier(**QUICK).fit(X, ["a", "b"] * 3)
REGRESSOR = RNNRegressor(**QUICK).fit(X, np.arange(12.0).reshape(6, 2))
TAGGER = SequenceTagger(**QUICK).fit(X, [["a", "b", "a", "b", "a"][: len(x)] for x in X])


@pytest.mark.parametrize(
    "model, arguments, message",
    [
        (CLASSIFIER, {"target": "c"}, "target='c' is not among the classes"),
        (CLASSIFIER, {"target": ["a", "b"]}, "target has 2 entries, but X has 6 sequences"),
        (REGRESSOR, {}, "target=None, but RNNRegressor predicts 2 numbers: say which"),
        (REGRESSOR, {"target": 2}, "target=2 must be the number of an output"),
        (REGRESSOR, {"target": "y"}, "target='y' must be the number of an output"),
        (CLASSIFIER, {"method": "lime"}, "The 'method' parameter of saliency must be a str among"),
        (CLASSIFIER, {"n_points": 0}, "The 'n_points' parameter of saliency must be an int"),
        (CLASSIFIER, {"baseline": [1.0]}, r"baseline has shape \(1,\), but must hold a finite"),
        (CLASSIFIER, {"baseline": [np.nan, 0]}, "must hold a finite number"),
        (TAGGER, {"step": 3}, "step=3 must be a step that every sequence has"),
        (TAGGER, {"step": 0.5}, "The 'step' parameter of saliency must be an int in the range"),
    ],
)
def test_what_saliency_refuses(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        saliency(model, X, **arguments)
