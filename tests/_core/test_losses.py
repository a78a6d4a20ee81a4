import numpy as np
import pytest
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from skrnn._core.losses import (
    REGRESSION_LOSSES,
    Huber,
    Pinball,
    binary_cross_entropy,
    cross_entropy,
    log_softmax,
    regression_loss,
)

LOSSES = {name: regression_loss(name, quantile=0.3) for name in (*REGRESSION_LOSSES, "quantile")}
LOSSES |= {
    "quantiles": Pinball([0.1, 0.5, 0.9]),
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
}
N, K = 6, 3


def compute(loss, output, target, weight):
    """Value and gradient of a loss that has no parameters."""
    value, doutput, dparams = loss({}, output, target, weight, None)
    assert dparams == {}
    return value, doutput


def draw(name, seed=0):
    """Outputs, targets and weights; one weight is zero."""
    rng = np.random.default_rng(seed)
    if name == "cross_entropy":
        target = rng.integers(K, size=N)
    elif name == "binary_cross_entropy":
        target = rng.integers(2, size=(N, K)) * 1.0
    else:
        target = rng.poisson(1.5, (N, 1 if name == "quantiles" else K)) * 1.0
    return 2 * rng.normal(size=(N, K)), target, np.r_[rng.uniform(size=N - 1), 0.0]


@pytest.mark.parametrize("name", LOSSES)
def test_gradient(name):
    output, target, weight = draw(name)

    def value(point):
        return compute(LOSSES[name], point.reshape(N, K), target, weight)[0]

    doutput = compute(LOSSES[name], output, target, weight)[1]
    assert_gradient_entries(value, output.ravel(), doutput.ravel())


def quantiles(y, f, w):
    columns = zip([0.1, 0.5, 0.9], f.T, strict=True)
    return np.mean([mean_pinball_loss(y[:, 0], c, sample_weight=w, alpha=q) for q, c in columns])


def binary_log_loss(y, f, w):
    columns = zip(y.T, expit(f).T, strict=True)
    return np.mean([log_loss(c, p, sample_weight=w, labels=[0, 1]) for c, p in columns])


# scikit-learn's metrics, with the same weights; `output` and `target` (n, k).
METRICS = {
    "squared_error": lambda y, f, w: mean_squared_error(y, f, sample_weight=w) / 2,
    "absolute_error": lambda y, f, w: mean_absolute_error(y, f, sample_weight=w),
    "quantile": lambda y, f, w: mean_pinball_loss(y, f, sample_weight=w, alpha=0.3),
    "quantiles": quantiles,
    "cross_entropy": lambda y, f, w: log_loss(
        y, np.exp(f) / np.exp(f).sum(axis=1, keepdims=True), sample_weight=w, labels=range(K)
    ),
    "binary_cross_entropy": binary_log_loss,
}


@pytest.mark.parametrize("name", METRICS)
def test_value_is_that_of_the_metric(name):
    output, target, weight = draw(name)
    value, _ = compute(LOSSES[name], output, target, weight / weight.sum())
    assert_allclose(value, METRICS[name](target, output, weight), rtol=1e-12)


def test_poisson_is_half_the_deviance_up_to_a_constant_of_the_target():
    output, target, weight = draw("poisson")
    other = draw("poisson", seed=1)[0]
    weight = weight / weight.sum()

    def half_deviance(output):
        columns = zip(target.T, np.exp(output).T, strict=True)
        return np.mean([mean_poisson_deviance(*c, sample_weight=weight) for c in columns]) / 2

    difference = half_deviance(output) - half_deviance(other)
    values = [compute(LOSSES["poisson"], f, target, weight)[0] for f in (output, other)]
    assert_allclose(values[0] - values[1], difference, rtol=1e-12)


def test_huber_is_quadratic_within_delta_and_linear_beyond():
    error = np.array([[-5.0], [-2.0], [-0.5], [0.0], [0.5], [2.0], [5.0]])
    loss, zero, one = Huber(delta=2.0), np.zeros((1, 1)), np.ones(1)
    values = [compute(loss, e[None], zero, one)[0] for e in error]
    assert_array_equal(values, [8, 2, 0.125, 0, 0.125, 2, 8])
    doutput = compute(loss, error, np.zeros_like(error), np.ones(7))[1]
    assert_array_equal(doutput.ravel(), [-2, -2, -0.5, 0, 0.5, 2, 2])
    assert compute(LOSSES["huber"], np.full((1, 1), 3.0), zero, one)[0] == 3 - 0.5


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_pinball_loss_is_least_at_the_quantile(quantile):
    target = np.arange(1.0, 102.0)[:, None]
    loss, weight = Pinball(quantile), np.ones(101)
    guesses = (np.full((101, 1), guess) for guess in target[:, 0])
    values = [compute(loss, guess, target, weight)[0] for guess in guesses]
    assert target[np.argmin(values), 0] == 1 + 100 * quantile


def test_several_quantiles_are_several_losses_side_by_side():
    rng = np.random.default_rng(0)
    levels, target, weight = [0.1, 0.5, 0.9], rng.normal(size=(N, 2)), rng.uniform(size=N)
    loss = Pinball(levels)
    outputs = rng.normal(size=(N, loss.n_outputs(2)))
    value, doutput = compute(loss, outputs, target, weight)
    alone = [
        compute(Pinball(level), outputs[:, j::3], target, weight) for j, level in enumerate(levels)
    ]
    assert_allclose(value, np.mean([v for v, _ in alone]), rtol=1e-13)
    for j, (_, d) in enumerate(alone):
        assert_allclose(doutput[:, j::3], d / 3, rtol=1e-13)


@pytest.mark.parametrize("name", LOSSES)
def test_weights_multiply_the_rows(name):
    output, target, weight = draw(name)
    value, doutput = compute(LOSSES[name], output, target, weight)
    one = np.ones(1)
    parts = [compute(LOSSES[name], output[[i]], target[[i]], one) for i in range(N)]
    assert_allclose(value, sum(w * part for w, (part, _) in zip(weight, parts, strict=True)))
    for row, w, (_, part) in zip(doutput, weight, parts, strict=True):
        assert_allclose(row, w * part[0], rtol=1e-13)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "huber", "quantile"])
def test_a_perfect_prediction_costs_nothing(name):
    _, target, weight = draw(name)
    value, doutput = compute(LOSSES[name], target, target, weight)
    assert value == 0
    if name != "quantile":  # whose slope at its kink is that of one side
        assert_array_equal(doutput, np.zeros_like(target))


def test_cross_entropy_of_extreme_outputs_is_finite():
    output = np.array([[1e4, -1e4], [1e4, -1e4]])
    with np.errstate(over="raise", invalid="raise"):
        value, doutput = compute(cross_entropy, output, np.array([0, 1]), np.array([1.0, 0.5]))
    assert value == 1e4
    assert_array_equal(doutput, [[0, 0], [0.5, -0.5]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sign", [1, -1])
def test_binary_cross_entropy_keeps_its_digits_in_both_tails(sign, dtype):
    output = sign * np.array([[5.0, 50.0, 80.0]], dtype)
    right, wrong = (np.full((1, 3), label, dtype) for label in (sign > 0, sign < 0))
    for column in range(3):
        args = output[:, [column]], right[:, [column]], np.ones(1, dtype)
        value, doutput = compute(binary_cross_entropy, *args)
        small = np.exp(-np.abs(np.float64(output[0, column])))
        assert_allclose(value, np.log1p(small), rtol=4 * np.finfo(dtype).eps)
        assert_allclose(doutput[0, 0], -sign * small / (1 + small), rtol=4 * np.finfo(dtype).eps)
    with np.errstate(all="raise", under="ignore"):
        huge = np.array([[1e4, -1e4]], dtype)
        value, doutput = compute(binary_cross_entropy, huge, 1 - (huge > 0), np.ones(1, dtype))
    assert value == 1e4
    assert_array_equal(doutput, [[0.5, -0.5]])
    value = compute(binary_cross_entropy, output, wrong, np.ones(1, dtype))[0]
    assert_allclose(value, np.mean([5 + np.log1p(np.exp(-5)), 50, 80]), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"huber"}))
def test_the_mean_of_the_target_is_the_inverse_link_of_the_best_output(name):
    """Where the loss is least, the prediction is the mean or quantile that the link is of."""
    rng = np.random.default_rng(0)
    loss, weight = LOSSES[name], np.full(2001, 1 / 2001)
    target = rng.poisson(3, (2001, 1)) * 1.0
    best = {"quantile": np.quantile(target, 0.3), "quantiles": np.quantile(target, [0.1, 0.5, 0.9])}
    best |= {"absolute_error": np.median(target)}
    if name == "binary_cross_entropy":
        target = (target > 2) * 1.0
    if name == "cross_entropy":
        target = np.minimum(target[:, 0], K - 1).astype(int)
        best["cross_entropy"] = np.bincount(target) / 2001
    expected = np.ravel(best.get(name, np.mean(target)))
    k = len(expected)

    def value(point):
        outputs = np.broadcast_to(point, (2001, k))
        value, doutputs = compute(loss, outputs, target, weight)
        return value, doutputs.sum(axis=0)

    found = minimize(value, np.full(k, 0.1), jac=True, method="L-BFGS-B", tol=1e-15).x
    if loss.link == "identity" and name != "squared_error":  # it has kinks
        assert value(expected)[0] <= value(found)[0] + 1e-12
    else:
        assert_allclose(loss.inverse_link(found[None])[0], expected, rtol=1e-4)


def test_domains():
    y = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    assert_array_equal(LOSSES["squared_error"].in_domain(y), True)
    assert_array_equal(LOSSES["poisson"].in_domain(y), y >= 0)
    assert_array_equal(binary_cross_entropy.in_domain(y), [False, True, True, True, False])


@pytest.mark.parametrize("name", LOSSES)
def test_single_precision_stays_single_and_agrees(name):
    output, target, weight = draw(name)
    value, doutput = compute(LOSSES[name], output, target, weight)
    if name != "cross_entropy":
        target = target.astype(np.float32)
    single, dsingle = compute(
        LOSSES[name], output.astype(np.float32), target, weight.astype(np.float32)
    )
    assert isinstance(single, float)
    assert dsingle.dtype == np.float32
    assert_allclose(single, value, rtol=1e-6)
    assert_allclose(dsingle, doutput, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 7, 8])
def test_log_softmax_reduces_rows_and_columns_to_the_same_bits(k, dtype):
    outputs = 5 * np.random.default_rng(0).normal(size=(50, k)).astype(dtype)
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    expected = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    found = log_softmax(outputs)
    assert_array_equal(found, expected)
    assert found.dtype == dtype and found.flags.c_contiguous
