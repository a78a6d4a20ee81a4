"""A training that has learnt nothing says so; what a constant prediction costs."""

import re
import warnings

import numpy as np
import pytest
from estimators import each_case, labels, sequences
from numpy.testing import assert_allclose
from scipy.special import entr, logit
from sklearn.exceptions import ConvergenceWarning
from training import fitted

from skrnn import RNNClassifier, RNNRegressor, SequenceTagger
from skrnn._core.losses import (
    REGRESSION_LOSSES,
    BinaryCrossEntropy,
    cross_entropy,
    regression_loss,
)
from skrnn._fitting.constant import loss_range
from skrnn._targets.training_set import StepTrainingSet, TrainingSet

RNG = np.random.default_rng(0)
Y = RNG.gamma(2.0, size=(401, 2))
WEIGHT = np.ones(401)


def constant_loss(*args):
    return loss_range(*args)[1]


def deviance(y):
    return (y.mean(0) - y * np.log(y.mean(0))).mean()


@pytest.mark.parametrize(
    "loss, expected",
    [
        (regression_loss("squared_error"), Y.var(axis=0).mean() / 2),
        (regression_loss("absolute_error"), np.abs(Y - np.median(Y, axis=0)).mean()),
        (regression_loss("poisson"), deviance(Y)),
    ],
)
def test_the_best_constant_is_the_mean_or_the_median(loss, expected):
    found = constant_loss(loss, TrainingSet(None, Y, WEIGHT), 2)
    assert_allclose(found, expected, rtol=1e-4)


def test_the_best_constants_for_several_quantiles_are_the_quantiles():
    loss = regression_loss("quantile", [0.1, 0.8])
    error = Y[:, :, None] - np.quantile(Y, [0.1, 0.8], axis=0).T
    expected = np.where(error >= 0, [0.1, 0.8], [-0.9, -0.2]) * error
    found = constant_loss(loss, TrainingSet(None, Y, WEIGHT), 4)
    assert_allclose(found, expected.mean(), rtol=1e-3)


def test_for_classes_it_is_the_entropy_of_their_weighted_shares():
    train = TrainingSet(None, np.array([0, 0, 1]), np.array([1.0, 1.0, 6.0]))
    expected = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert_allclose(constant_loss(cross_entropy, train, 3), expected)


def test_for_probabilities_it_is_the_entropy_of_the_mean():
    train = TrainingSet(None, np.repeat([0.0, 1.0], [30, 10])[:, None], np.ones(40))
    expected = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert_allclose(constant_loss(BinaryCrossEntropy(), train, 1), expected, rtol=1e-6)


@pytest.mark.parametrize("loss", [*map(regression_loss, REGRESSION_LOSSES), BinaryCrossEntropy()])
def test_right_predictions_cost_the_least(loss):
    y = Y / (1 + Y)
    right = {"log": np.log, "logit": logit}.get(loss.link, np.copy)(y)
    expected, doutputs, _ = loss({}, right, y, WEIGHT / 401, None)
    assert_allclose(doutputs, 0, atol=1e-15)
    assert_allclose(loss_range(loss, TrainingSet(None, y, WEIGHT), 2)[0], expected, atol=1e-12)


def test_unknown_steps_have_no_part_in_it():
    known = np.array([True, True, True, False])
    train = StepTrainingSet(None, np.array([0, 1, 1, 2]), np.ones(4), known)
    expected = np.log(3) - 2 / 3 * np.log(2)
    assert_allclose(constant_loss(cross_entropy, train, 3), expected)


# All sequences are the same, so that nothing tells their targets apart.
ALIKE = [np.ones((3, 2))] * 40


@pytest.mark.parametrize(
    "model, y",
    [
        (RNNClassifier, np.arange(40) % 3),
        (RNNRegressor, np.arange(40.0)),
        (SequenceTagger, [[i % 2] * 3 for i in range(40)]),
    ],
)
def test_what_cannot_be_learnt_is_warned_of_with_a_remedy(model, y):
    with pytest.warns(ConvergenceWarning) as found:
        fit = model(hidden_size=4, random_state=0).fit(ALIKE, y)
    [message] = [str(w.message) for w in found]
    shown = float(re.search(r"its loss is (\S+) after 100 epochs", message)[1])
    assert_allclose(shown, fit.loss_, atol=0.01)
    assert "Scale the input" in message
    assert "learning_rate_init (now 0.005)" in message
    assert ("pooling='max'" in message) == (getattr(fit, "pooling", None) == "last")


@pytest.mark.parametrize(
    "model, y",
    [
        (RNNClassifier(), [1] * 40),
        (RNNClassifier(), [[0, 1]] * 40),
        (RNNRegressor(), [2.0] * 40),
        (RNNRegressor(loss="poisson"), [2.0] * 40),
        (RNNRegressor(loss="poisson"), [0.0] * 40),
    ],
)
def test_where_there_is_nothing_to_learn_nothing_is_said(model, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = model.set_params(hidden_size=4, max_iter=30, random_state=0).fit(ALIKE, y)
    assert_allclose(fit.predict(ALIKE[:1]), y[:1], rtol=5e-3, atol=0.1)


def test_counts_that_differ_little_are_learnt_all_the_same():
    """Their loss is next to that of a constant, and all that lies between is what can be learnt."""
    X = sequences(60)
    y = 100 * np.exp([0.1 * x[-1, 0] for x in X])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = RNNRegressor(loss="poisson", hidden_size=8, random_state=0).fit(X, y)
    assert model.loss_ > 0.97 and model.score(X, y) > 0.9
    with pytest.warns(ConvergenceWarning, match="learnt nothing"):
        model.fit(ALIKE, y[:40])


def test_a_strong_penalty_is_no_part_of_the_loss_that_is_compared():
    X = sequences(60)
    model = RNNClassifier(hidden_size=4, alpha=20.0, batch_size=60, learning_rate_init=0.05)
    model.set_params(random_state=0).fit(X, labels(X))
    shares = np.unique(labels(X), return_counts=True)[1] / 60
    assert model.loss_ > 0.97 * entr(shares).sum()  # with the penalty
    assert model.score(X, labels(X)) > 0.6


@each_case
def test_a_short_training_is_not_judged(case):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(case, ALIKE, learning_rate="cosine", max_iter=19)  # 5 mini-batches each
