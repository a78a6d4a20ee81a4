"""Losses on rows of raw outputs: value and gradient together.

Each takes output (n, k), target and weight (n,), and returns the weighted sum of the rows' losses
and its gradient (n, k). Weights that sum to one make it a mean. Regression losses average over
the k outputs; their target is (n, k). The names are those of scikit-learn's linear models.
"""

from functools import partial

import numpy as np


def log_softmax(output):
    """log(exp(output) / sum(exp(output))) over the last axis; SciPy's costs three times as much."""
    shifted = output - output.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def cross_entropy(output, target, weight):
    """-log softmax(output)[target], with integer targets (n,)."""
    rows = np.arange(len(output))
    log_p = log_softmax(output)
    doutput = np.exp(log_p)
    doutput[rows, target] -= 1
    return -float(weight @ log_p[rows, target]), doutput * weight[:, None]


def squared_error(output, target, weight):
    """(output - target)^2 / 2."""
    error = output - target
    return mean_over_outputs(error * error / 2, error, weight)


def absolute_error(output, target, weight):
    """|output - target|."""
    error = output - target
    return mean_over_outputs(np.abs(error), np.sign(error), weight)


def huber(output, target, weight, delta=1.0):
    """Squared error up to `delta`, linear beyond (Huber, 1964)."""
    error = output - target
    clipped = np.clip(error, -delta, delta)
    return mean_over_outputs(clipped * (error - clipped / 2), clipped, weight)


def poisson(output, target, weight):
    """Half the Poisson deviance up to a constant: exp(output) - target * output (log link)."""
    mean = np.exp(output)
    return mean_over_outputs(mean - target * output, mean - target, weight)


def pinball(output, target, weight, quantile=0.5):
    """Quantile loss (Koenker & Bassett, 1978) of error = target - output.

    quantile * max(error, 0) + (1 - quantile) * max(-error, 0)
    """
    error = target - output
    slope = np.where(error >= 0, quantile, quantile - 1).astype(output.dtype)
    return mean_over_outputs(slope * error, -slope, weight)


def mean_over_outputs(loss, doutput, weight):
    weight = weight[:, None] / loss.shape[1]
    return float((loss * weight).sum()), doutput * weight


REGRESSION_LOSSES = {
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "huber": huber,
    "poisson": poisson,
}


def regression_loss(name, quantile):
    """The loss of that name; 'quantile' is the pinball loss at `quantile`."""
    return partial(pinball, quantile=quantile) if name == "quantile" else REGRESSION_LOSSES[name]
