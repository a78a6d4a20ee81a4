"""RNNClassifier: probabilities, labels, class weights, and tasks with a known answer."""

import numpy as np
import pytest
from estimators import CLASSES, TINY, labels, sequences
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_softmax, softmax
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import compute_sample_weight

from skrnn import RNNClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(40)
Y = labels(X)


def tiny(**params):
    return RNNClassifier(**TINY | params)


# Labels and probabilities -------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_logarithms_decisions_and_labels_agree(n_classes):
    y = np.arange(len(X)) % n_classes
    model = tiny(max_iter=10).fit(X, y)
    p, decision = model.predict_proba(X), model.decision_function(X)
    assert p.shape == (len(X), n_classes)
    assert_allclose(p.sum(axis=1), 1)
    assert_allclose(model.predict_log_proba(X), np.log(p))
    assert_array_equal(model.predict(X), p.argmax(axis=1))
    if n_classes == 2:
        assert_allclose(expit(decision), p[:, 1])
    else:
        assert_allclose(softmax(decision, axis=1), p)


def test_logarithms_of_probabilities_do_not_underflow():
    model = tiny().fit(X, Y)
    model.set_coefs({"head.weight": 1e5 * model.coefs_["head.weight"]})
    found = model.predict_log_proba(X)
    assert found.min() < -1000
    assert_array_equal(found, log_softmax(model.decision_function(X), axis=1))


@pytest.mark.parametrize(
    "names",
    [["x", "y", "z"], [-5, 0, 7], [0.0, 1.0, 2.0], np.array(["b", "a", "c"], object)],
    ids=["str", "int", "float", "object"],
)
def test_labels_of_any_type_are_learnt_as_the_same_classes(names):
    codes = np.searchsorted(CLASSES, Y)
    names = np.sort(np.asarray(names))
    model, expected = tiny().fit(X, names[codes]), tiny().fit(X, Y)
    assert_array_equal(model.classes_, names)
    assert model.classes_.dtype == names.dtype
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert_array_equal(model.predict(X), names[np.searchsorted(CLASSES, expected.predict(X))])


def test_one_class_is_certain():
    model = tiny().fit(X, ["only"] * len(X))
    assert_array_equal(model.predict_proba(X), np.ones((len(X), 1)))
    assert_array_equal(model.predict(X), ["only"] * len(X))


def test_score_is_the_weighted_accuracy():
    model = tiny(max_iter=20).fit(X, Y)
    weight = np.linspace(0, 1, len(X))
    correct = model.predict(X) == Y
    assert 0.4 < correct.mean() < 1
    assert_allclose(model.score(X, Y), correct.mean())
    assert_allclose(model.score(X, Y, sample_weight=weight), np.average(correct, weights=weight))


def test_a_column_of_labels_is_read_as_one_dimension_with_a_warning():
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        model = tiny().fit(X, Y[:, None])
    assert_array_equal(model.predict_proba(X), tiny().fit(X, Y).predict_proba(X))


@pytest.mark.parametrize("weight", [None, np.linspace(0.5, 2, len(X))], ids=["", "weighted"])
def test_the_loss_is_the_mean_cross_entropy(weight):
    model = tiny(alpha=0.0, batch_size=100, max_iter=1, learning_rate_init=1e-12)
    model.fit(X, Y, sample_weight=weight)
    p = model.predict_proba(X)[np.arange(len(X)), np.searchsorted(CLASSES, Y)]
    assert_allclose(model.loss_, np.average(-np.log(p), weights=weight))


# Class weights ------------------------------------------------------------------------------

UNEVEN = np.array(["rare"] * 4 + ["usual"] * 36)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, len(X))


@pytest.mark.parametrize("sample_weight", [None, WEIGHT], ids=["", "weighted"])
def test_class_weights_multiply_sample_weights(sample_weight):
    table = {"rare": 3.0, "usual": 0.5}
    model = tiny(class_weight=table).fit(X, UNEVEN, sample_weight=sample_weight)
    product = compute_sample_weight(table, UNEVEN)
    product *= 1 if sample_weight is None else sample_weight
    expected = tiny().fit(X, UNEVEN, sample_weight=product)
    assert model.loss_curve_ == expected.loss_curve_
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_balanced_classes_weigh_the_same_in_total():
    totals = {label: WEIGHT[UNEVEN == label].sum() for label in ("rare", "usual")}
    balanced = {label: WEIGHT.sum() / 2 / total for label, total in totals.items()}
    model = tiny(class_weight="balanced").fit(X, UNEVEN, sample_weight=WEIGHT)
    expected = tiny(class_weight=balanced).fit(X, UNEVEN, sample_weight=WEIGHT)
    assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-12)
    assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-10)


def test_balanced_classes_leave_out_what_has_no_weight():
    weight = np.r_[np.zeros(4), np.ones(36)]
    y = np.array(["none"] * 4 + ["a"] * 6 + ["b"] * 30)
    model = tiny(class_weight="balanced").fit(X, y, sample_weight=weight)
    expected = tiny(class_weight={"a": 3.0, "b": 0.6}).fit(X, y, sample_weight=weight)
    assert_array_equal(model.classes_, ["a", "b", "none"])
    assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-10)


def test_a_class_of_weight_zero_is_left_out():
    keep = Y != "top"
    model = tiny(class_weight={"top": 0.0}).fit(X, Y)
    expected = tiny().partial_fit([x for x, k in zip(X, keep, strict=True) if k], Y[keep], CLASSES)
    assert_allclose(model.loss_curve_[0], expected.loss_curve_[0], rtol=1e-12)


# Partial fit --------------------------------------------------------------------------------


def test_partial_fit_knows_classes_that_come_later():
    low, high = [[x for x, y in zip(X, Y, strict=True) if (y == "top") == top] for top in (0, 1)]
    model = tiny(learning_rate_init=0.03).partial_fit(low, labels(low), classes=CLASSES[::-1])
    assert_array_equal(model.classes_, CLASSES)
    for _ in range(60):
        model.partial_fit(low, labels(low)).partial_fit(high, labels(high))
    assert model.score(X, Y) > 0.8


def test_partial_fit_goes_on_after_fit():
    # Without momentum: `fit` keeps no optimiser to go on with.
    descent = {"batch_size": len(X), "solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.5}
    model = tiny(max_iter=3, **descent).fit(X, Y).partial_fit(X, Y)
    expected = tiny(max_iter=4, **descent).fit(X, Y)
    assert_allclose(model.loss_curve_, expected.loss_curve_, rtol=1e-12)
    assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-9)
    assert np.diff(model.loss_curve_).max() < 0


# Tasks with a known answer ------------------------------------------------------------------

LEARNER = {
    "hidden_size": 8,
    "learning_rate_init": 0.02,
    "learning_rate": "cosine",
    "max_iter": 40,
    "batch_size": 32,
    "random_state": 0,
}


def noise(n, n_steps, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n_steps, 1))


@pytest.mark.parametrize("cell_type", ["lstm", "gru"])
def test_the_first_step_is_remembered_over_noise(cell_type):
    train, test = noise(300, 12), noise(300, 12, seed=1)
    model = RNNClassifier(cell_type=cell_type, **LEARNER).fit(train, train[:, 0, 0] > 0)
    assert model.score(test, test[:, 0, 0] > 0) > 0.95


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooling_finds_an_event_wherever_it_is(pooling):
    def events(seed):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((300, 15, 1))
        y = np.arange(300) % 2
        X[y == 1, rng.integers(0, 15, 150)] += 6
        return X, y

    model = RNNClassifier(pooling=pooling, **LEARNER).fit(*events(0))
    assert model.score(*events(1)) > 0.9


def test_parity_of_bits_at_any_length():
    rng = np.random.default_rng(0)

    def bits(n, low, high):
        X = [rng.integers(0, 2, k).tolist() for k in rng.integers(low, high, n)]
        return X, [sum(x) % 2 for x in X]

    model = RNNClassifier(pooling="last", bidirectional=False, **LEARNER | {"max_iter": 60})
    model.fit(*bits(300, 1, 8))
    assert model.score(*bits(100, 8, 12)) == 1.0


def test_tokens_have_no_order_but_that_of_time():
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 12, k).tolist() for k in rng.integers(3, 9, 300)]
    odd_set = {1, 4, 5, 9, 11}
    y = ["yes" if x[-1] in odd_set else "no" for x in X]
    model = RNNClassifier(**LEARNER).fit(X[:250], y[:250])
    assert model.score(X[250:], y[250:]) == 1.0
    assert model.coefs_["embedding_0.weight"].shape[0] == 12


# Several labels -----------------------------------------------------------------------------

SEVERAL = np.array([[s[:, 0].mean() > 0, s[-1, 0] > 0, len(s) > 3] for s in X]).astype(int)


def test_several_labels_are_learnt_by_one_logistic_output_each():
    model = RNNClassifier(
        hidden_size=16, pooling="mean", max_iter=60, learning_rate_init=0.03, random_state=0
    )
    model.fit(X, SEVERAL)
    p, decision = model.predict_proba(X), model.decision_function(X)
    assert_allclose(expit(decision), p)
    assert_allclose(np.exp(model.predict_log_proba(X)), p)
    assert_array_equal(model.predict(X), (p > 0.5).astype(int))
    assert_array_equal(model.classes_, [0, 1, 2])
    assert model.n_outputs_ == 3
    assert model.score(X, SEVERAL) > 0.8  # the share of sequences of which all labels are right


def test_two_labels_keep_a_decision_each():
    model = tiny().fit(X, SEVERAL[:, :2])
    assert model.decision_function(X).shape == (len(X), 2)


def test_the_loss_of_several_labels_is_their_mean_cross_entropy():
    still = {"alpha": 0.0, "batch_size": 100, "max_iter": 1, "learning_rate_init": 1e-12}
    model = tiny(**still).fit(X, SEVERAL)
    p = model.predict_proba(X)
    expected = -np.mean(np.where(SEVERAL, np.log(p), np.log1p(-p)))
    assert_allclose(model.loss_, expected, rtol=1e-6)


def test_weights_of_several_labels_are_multiplied():
    of_label = [{0: 1.0, 1: 3.0}, {0: 1.0, 1: 1.0}, {0: 2.0, 1: 1.0}]
    weighted = tiny(class_weight=of_label, batch_size=100).fit(X, SEVERAL)
    weight = np.where(SEVERAL[:, 0], 3.0, 1.0) * np.where(SEVERAL[:, 2], 1.0, 2.0)
    expected = tiny(batch_size=100).fit(X, SEVERAL, sample_weight=weight)
    assert_allclose(weighted.predict_proba(X), expected.predict_proba(X), rtol=1e-10)


def test_several_labels_in_other_forms():
    from scipy.sparse import csr_array

    expected = tiny().fit(X, SEVERAL).predict_proba(X)
    for y in (SEVERAL.tolist(), SEVERAL.astype(bool), SEVERAL.astype(float), csr_array(SEVERAL)):
        assert_array_equal(tiny().fit(X, y).predict_proba(X), expected)


def test_several_labels_batch_by_batch_and_held_out():
    model = tiny().partial_fit(X, SEVERAL, classes=[0, 1, 2]).partial_fit(X, SEVERAL)
    assert model.predict(X).shape == SEVERAL.shape
    assert len(tiny(early_stopping=True).fit(X, SEVERAL).validation_scores_) > 0


@pytest.mark.parametrize(
    "first, then, message",
    [
        (SEVERAL, Y, "was fitted with several: pass y of shape"),
        (Y, SEVERAL, "was fitted with one label for each sequence"),
        (SEVERAL, SEVERAL[:, :2], "y has 2 labels, but RNNClassifier was fitted with 3"),
    ],
)
def test_a_warm_start_keeps_the_kind_of_labels(first, then, message):
    model = tiny(warm_start=True).fit(X, first)
    with pytest.raises(ValueError, match=message):
        model.fit(X, then)
