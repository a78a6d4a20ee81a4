"""Sines and motifs: the predictions that come with them are the best there are."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import log_loss

from skrnn.datasets import make_motif_sequences, make_sines

PERIODS, NOISE = (5, 9.5), 0.4


def covariance(n_steps, period):
    """Covariance of a noisy sine with normal coefficients."""
    lag = np.subtract.outer(np.arange(n_steps), np.arange(n_steps))
    return np.cos(2 * np.pi * lag / period) + NOISE**2 * np.eye(n_steps)


def test_best_prediction_of_sines_is_that_of_conditional_normal_distributions():
    sines = make_sines(
        20, n_steps=(1, 12), periods=PERIODS, noise=NOISE, random_state=0, return_X_y=False
    )
    for x, proba, optimal in zip(sines.X, sines.optimal_proba, sines.optimal, strict=True):
        n = len(x)
        joint = [covariance(n + 1, period) for period in PERIODS]
        density = [multivariate_normal.pdf(x[:, 0], cov=c[:n, :n]) for c in joint]
        values = [c[n, :n] @ np.linalg.solve(c[:n, :n], x[:, 0]) for c in joint]
        weights = np.divide(density, np.sum(density))
        np.testing.assert_allclose(proba, weights, rtol=1e-8)
        assert optimal == pytest.approx(weights @ values, rel=1e-8)


def test_sines_have_the_covariance_that_the_best_prediction_takes_them_to_have():
    X, y = make_sines(40_000, n_steps=5, periods=[7], noise=NOISE, random_state=0)
    series = np.column_stack([X[:, :, 0], y])
    np.testing.assert_allclose(series.T @ series / len(y), covariance(6, 7), atol=0.03)


def test_error_of_the_best_prediction_of_one_period_is_the_conditional_variance():
    sines = make_sines(
        40_000, n_steps=6, periods=[9], noise=NOISE, random_state=1, return_X_y=False
    )
    c = covariance(7, 9)
    variance = c[6, 6] - c[6, :6] @ np.linalg.solve(c[:6, :6], c[:6, 6])
    assert np.mean((sines.y - sines.optimal) ** 2) == pytest.approx(variance, rel=0.03)


def test_no_change_improves_the_best_prediction_of_sines():
    sines = make_sines(20_000, n_steps=10, random_state=0, return_X_y=False)
    error = sines.y - sines.optimal
    further = np.column_stack([sines.optimal, sines.X[:, :, 0], sines.X[:, -1, 0] ** 2])
    explained = np.linalg.lstsq(further, error, rcond=None)[0]
    gain = 1 - np.mean((error - further @ explained) ** 2) / np.mean(error**2)
    assert gain < 0.002  # twelve coefficients fit 12 / 20000 of pure noise


def test_periods_of_sines_are_labels_and_their_probabilities_are_calibrated():
    sines = make_sines(20_000, n_steps=10, random_state=0, return_X_y=False)
    assert set(sines.period) == {0, 1, 2}
    np.testing.assert_allclose(sines.optimal_proba.sum(axis=1), 1)
    for k in range(3):
        p, is_k = sines.optimal_proba[:, k], sines.period == k
        for low in (0, 0.25, 0.5, 0.75):
            chosen = (p >= low) & (p < low + 0.25)
            error = np.sqrt(0.25 / chosen.sum())
            assert np.mean(is_k[chosen]) == pytest.approx(p[chosen].mean(), abs=4 * error)


def test_motifs_stand_where_they_are_said_to_stand():
    data = make_motif_sequences(
        30, n_steps=(6, 9), n_features=2, motif_length=4, noise=1e-9, random_state=0,
        return_X_y=False,
    )  # fmt: skip
    assert {len(x) for x in data.X} == {6, 7, 8, 9}
    for x, label, start in zip(data.X, data.y, data.position, strict=True):
        hidden = np.zeros_like(x)
        hidden[start : start + 4] = data.motifs[label]
        np.testing.assert_allclose(x, hidden, atol=1e-7)
    assert data.motifs.shape == (3, 4, 2)


def test_best_probabilities_of_motifs_are_those_of_bayes_rule():
    data = make_motif_sequences(
        10, n_steps=6, n_features=2, motif_length=3, noise=0.8, random_state=0, return_X_y=False
    )
    for x, proba in zip(data.X, data.optimal_proba, strict=True):
        likelihood = np.zeros(3)
        for label, motif in enumerate(data.motifs):
            for start in range(4):
                mean = np.zeros_like(x)
                mean[start : start + 3] = motif
                likelihood[label] += np.exp(-np.sum((x - mean) ** 2) / (2 * 0.8**2))
        np.testing.assert_allclose(proba, likelihood / likelihood.sum(), rtol=1e-10)


def test_other_probabilities_of_motifs_have_a_greater_log_loss():
    data = make_motif_sequences(2000, n_steps=20, noise=1.0, random_state=0, return_X_y=False)
    best = log_loss(data.y, data.optimal_proba)
    for power in (0.8, 1.25):
        other = data.optimal_proba**power
        assert log_loss(data.y, other / other.sum(axis=1, keepdims=True)) > best
    expected = -np.mean(np.sum(data.optimal_proba * np.log(data.optimal_proba), axis=1))
    assert best == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("make", [make_sines, make_motif_sequences])
def test_signals_are_arrays_of_one_length_or_lists(make):
    X, y = make(15, n_steps=9, random_state=0)
    assert X.shape == (15, 9, 1) and y.shape == (15,)
    X, y = make(15, n_steps=[8, 10], random_state=0)
    assert {x.shape for x in X} <= {(8, 1), (9, 1), (10, 1)} and len(X) == len(y) == 15


@pytest.mark.parametrize("noise", [1e-30, 1e-9, 1e30])
def test_the_best_predictions_are_finite_for_every_noise_that_is_taken(noise):
    sines = make_sines(20, n_steps=(1, 9), noise=noise, random_state=0, return_X_y=False)
    motifs = make_motif_sequences(20, noise=noise, random_state=0, return_X_y=False)
    for values in (sines.optimal, sines.optimal_proba, motifs.optimal_proba):
        assert np.all(np.isfinite(values))
    np.testing.assert_allclose(motifs.optimal_proba.sum(axis=1), 1)


@pytest.mark.parametrize(
    "make, parameters, message",
    [
        (make_sines, {"noise": 0}, "noise"),
        (make_sines, {"noise": 1e-160}, "noise"),
        (make_sines, {"periods": [8, 1]}, r"of at least 2. Got \[8. 1.\]"),
        (make_sines, {"periods": []}, "periods must be a list"),
        (make_sines, {"periods": [[8, 9]]}, "periods must be a list"),
        (make_sines, {"n_steps": (4, 5, 6)}, "n_steps must be one number, or"),
        (make_sines, {"n_steps": 0}, "n_steps == 0, must be >= 1"),
        (make_motif_sequences, {"n_classes": 1}, "n_classes"),
        (make_motif_sequences, {"n_features": 0}, "n_features"),
        (make_motif_sequences, {"n_steps": 7}, "n_steps == 7, must be >= 8"),
        (make_motif_sequences, {"noise": -1}, "noise"),
    ],
)
def test_parameters_out_of_range_are_named(make, parameters, message):
    with pytest.raises(ValueError, match=message):
        make(**parameters)
