"""A noisy signal, smoothed step by step
======================================

Find a signal behind its noise at every step, and compare with the Kalman filter, the best there is.

The signal remembers 97 % of itself from step to step, and is measured with noise as large as the
signal. If all noise is normal and its strength is known, no estimate from the past has a smaller
squared error than the Kalman filter, and none from past and future than the Rauch-Tung-Striebel
smoother. SequenceRegressor is told nothing, and learns from 400 recordings with their true signals:
in one direction it becomes a filter, in two a smoother. If now and then a measurement is grossly
wrong the linear filters are no longer the best: the network learns to disregard what it sees then.
"""

import matplotlib.pyplot as plt
import numpy as np

from skrnn import SequenceRegressor

KEEP, N_STEPS, SHARE = 0.97, 100, 0.1


def record(n_recordings, wrong, rng):
    """Measurements and signals, (n_recordings, N_STEPS); a share of measurements is wrong."""
    signal = np.zeros((n_recordings, N_STEPS))
    signal[:, 0] = rng.normal(size=n_recordings)
    for t in range(1, N_STEPS):
        fresh = np.sqrt(1 - KEEP**2) * rng.normal(size=n_recordings)
        signal[:, t] = KEEP * signal[:, t - 1] + fresh
    scale = np.where(rng.random(signal.shape) < wrong, 5, 1)
    return signal + scale * rng.normal(size=signal.shape), signal


def kalman(measured, variance):
    """The expected signal given the past, and given past and future."""
    mean, predicted = np.zeros((2, *measured.shape))
    left, ahead = np.ones((2, N_STEPS))  # variances after and before each measurement
    for t in range(N_STEPS):
        if t:
            predicted[:, t] = KEEP * mean[:, t - 1]
            ahead[t] = KEEP**2 * left[t - 1] + 1 - KEEP**2
        gain = ahead[t] / (ahead[t] + variance)
        mean[:, t] = predicted[:, t] + gain * (measured[:, t] - predicted[:, t])
        left[t] = (1 - gain) * ahead[t]
    smooth = mean.copy()
    for t in range(N_STEPS - 2, -1, -1):
        gain = KEEP * left[t] / ahead[t + 1]
        smooth[:, t] += gain * (smooth[:, t + 1] - predicted[:, t + 1])
    return mean, smooth


rng = np.random.default_rng(0)
figure, axes = plt.subplots(2, sharex=True, figsize=(9, 6), layout="constrained")
for ax, noise, wrong in zip(axes, ["normal noise", "gross errors"], [0, SHARE], strict=True):
    (X, y), (X_test, y_test) = record(400, wrong, rng), record(400, wrong, rng)
    variance = 1 - wrong + wrong * 25
    mean, smooth = kalman(X_test, variance)
    estimates = {"Kalman filter": mean, "Kalman smoother": smooth}
    for name, both in ("SequenceRegressor", False), ("the same, both directions", True):
        network = SequenceRegressor(
            bidirectional=both, hidden_size=24, max_iter=30, learning_rate_init=0.01, random_state=0
        ).fit(X[..., np.newaxis], y)
        estimates[name] = network.predict(X_test[..., np.newaxis])
    print(f"{noise}: root mean squared error")
    for name, estimate in estimates.items():
        print(f"{name:<26} {np.sqrt(np.mean((estimate - y_test) ** 2)):.3f}", flush=True)
    ax.plot(X_test[0], ".", color="0.7", label="measured")
    ax.plot(y_test[0], "k", label="signal")
    ax.plot(estimates["Kalman smoother"][0], label="Kalman smoother")
    ax.plot(estimates["the same, both directions"][0], label="SequenceRegressor, both directions")
    ax.set(title=noise, ylabel="value")
axes[0].legend(ncols=4)
axes[1].set(xlabel="step")
plt.show()
