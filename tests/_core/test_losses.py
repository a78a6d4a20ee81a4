from functools import partial

import numpy as np
import pytest
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from skrnn._core.losses import REGRESSION_LOSSES, cross_entropy, huber, pinball, regression_loss

LOSSES = {name: regression_loss(name, quantile=0.3) for name in (*REGRESSION_LOSSES, "quantile")}
LOSSES["cross_entropy"] = cross_entropy
N, K = 6, 3


def draw(name, seed=0):
    """Outputs, targets and weights; one weight is zero."""
    rng = np.random.default_rng(seed)
    target = rng.integers(K, size=N) if name == "cross_entropy" else rng.poisson(1.5, (N, K)) * 1.0
    return 2 * rng.normal(size=(N, K)), target, np.r_[rng.uniform(size=N - 1), 0.0]


@pytest.mark.parametrize("name", LOSSES)
def test_gradient(name):
    output, target, weight = draw(name)

    def value(point):
        return LOSSES[name](point.reshape(N, K), target, weight)[0]

    doutput = LOSSES[name](output, target, weight)[1]
    assert_gradient_entries(value, output.ravel(), doutput.ravel())


# scikit-learn's metrics, with the same weights; `output` and `target` (n, k).
METRICS = {
    "squared_error": lambda y, f, w: mean_squared_error(y, f, sample_weight=w) / 2,
    "absolute_error": lambda y, f, w: mean_absolute_error(y, f, sample_weight=w),
    "quantile": lambda y, f, w: mean_pinball_loss(y, f, sample_weight=w, alpha=0.3),
    "cross_entropy": lambda y, f, w: log_loss(
        y, np.exp(f) / np.exp(f).sum(axis=1, keepdims=True), sample_weight=w, labels=range(K)
    ),
}


@pytest.mark.parametrize("name", METRICS)
def test_value_is_that_of_the_metric(name):
    output, target, weight = draw(name)
    value, _ = LOSSES[name](output, target, weight / weight.sum())
    assert_allclose(value, METRICS[name](target, output, weight), rtol=1e-12)


def test_poisson_is_half_the_deviance_up_to_a_constant_of_the_target():
    output, target, weight = draw("poisson")
    other = draw("poisson", seed=1)[0]
    weight = weight / weight.sum()

    def half_deviance(output):
        columns = zip(target.T, np.exp(output).T, strict=True)
        return np.mean([mean_poisson_deviance(*c, sample_weight=weight) for c in columns]) / 2

    difference = half_deviance(output) - half_deviance(other)
    poisson = partial(LOSSES["poisson"], target=target, weight=weight)
    assert_allclose(poisson(output)[0] - poisson(other)[0], difference, rtol=1e-12)


def test_huber_is_quadratic_within_delta_and_linear_beyond():
    error = np.array([[-5.0], [-2.0], [-0.5], [0.0], [0.5], [2.0], [5.0]])
    values = [huber(e[None], np.zeros((1, 1)), np.ones(1), delta=2.0)[0] for e in error]
    assert_array_equal(values, [8, 2, 0.125, 0, 0.125, 2, 8])
    doutput = huber(error, np.zeros_like(error), np.ones(7), delta=2.0)[1]
    assert_array_equal(doutput.ravel(), [-2, -2, -0.5, 0, 0.5, 2, 2])
    assert LOSSES["huber"](np.full((1, 1), 3.0), np.zeros((1, 1)), np.ones(1))[0] == 3 - 0.5


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_pinball_loss_is_least_at_the_quantile(quantile):
    target = np.arange(1.0, 102.0)[:, None]
    loss = partial(pinball, target=target, weight=np.ones(101), quantile=quantile)
    values = [loss(np.full((101, 1), guess))[0] for guess in target[:, 0]]
    assert target[np.argmin(values), 0] == 1 + 100 * quantile


@pytest.mark.parametrize("name", LOSSES)
def test_weights_multiply_the_rows(name):
    output, target, weight = draw(name)
    value, doutput = LOSSES[name](output, target, weight)
    parts = [LOSSES[name](output[i : i + 1], target[i : i + 1], np.ones(1)) for i in range(N)]
    assert_allclose(value, sum(w * part for w, (part, _) in zip(weight, parts, strict=True)))
    for row, w, (_, part) in zip(doutput, weight, parts, strict=True):
        assert_allclose(row, w * part[0], rtol=1e-13)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "huber", "quantile"])
def test_a_perfect_prediction_costs_nothing(name):
    _, target, weight = draw(name)
    value, doutput = LOSSES[name](target, target, weight)
    assert value == 0
    if name != "quantile":  # whose slope at its kink is that of one side
        assert_array_equal(doutput, np.zeros_like(target))


def test_cross_entropy_of_extreme_outputs_is_finite():
    output = np.array([[1e4, -1e4], [1e4, -1e4]])
    with np.errstate(over="raise", invalid="raise"):
        value, doutput = cross_entropy(output, np.array([0, 1]), np.array([1.0, 0.5]))
    assert value == 1e4
    assert_array_equal(doutput, [[0, 0], [0.5, -0.5]])


@pytest.mark.parametrize("name", LOSSES)
def test_single_precision_stays_single_and_agrees(name):
    output, target, weight = draw(name)
    value, doutput = LOSSES[name](output, target, weight)
    if name != "cross_entropy":
        target = target.astype(np.float32)
    single, dsingle = LOSSES[name](output.astype(np.float32), target, weight.astype(np.float32))
    assert isinstance(single, float)
    assert dsingle.dtype == np.float32
    assert_allclose(single, value, rtol=1e-6)
    assert_allclose(dsingle, doutput, rtol=1e-5, atol=1e-6)
