"""Losses of raw outputs: value and gradient together, with their link and domain.

    value, doutputs, dparams = loss(params, outputs, target, weight, packing)

outputs   (n, k), of the network's head; n rows are sequences, or the steps of a `packing`
target    (n,) labels or (n, k) numbers
weight    (n,); weights that sum to one make the value, the weighted sum over rows, a mean
dparams   dict of gradients of the loss's own parameters among `params`, where it has any

A `CRF` is called in the same way, and is the one that reads `params` and `packing`. The names are
those of scikit-learn's linear models. A loss of numbers is added by a class below and its name in
`REGRESSION_LOSSES`.
"""

import numpy as np
from scipy.special import entr, expit, xlogy


def log_softmax(outputs):
    """log(exp(outputs) / sum(exp(outputs))) by row; SciPy's costs three times as much."""
    if outputs.ndim == 2 and outputs.shape[1] < 8:
        # Short rows are reduced as columns in a quarter of the time. NumPy adds up fewer than
        # eight numbers in their order either way: the result is the same to the last bit.
        shifted = np.ascontiguousarray(outputs.T)
        shifted = shifted - np.maximum.reduce(shifted, axis=0)
        shifted -= np.log(np.add.reduce(np.exp(shifted), axis=0))
        return np.ascontiguousarray(shifted.T)
    shifted = outputs - np.maximum.reduce(outputs, axis=-1, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))


INVERSE_LINKS = {
    "identity": lambda outputs: outputs,
    "log": np.exp,
    "logit": expit,
    "multinomial_logit": lambda outputs: np.exp(log_softmax(outputs)),
}


class Loss:
    """Loss of numbers, averaged over the k outputs. A subclass has `pointwise`.

    link    what outputs are of the mean, quantile or probability that they predict: a name among
            `INVERSE_LINKS`
    domain  the targets that the loss is made for, in words
    """

    link = "identity"
    domain = "finite numbers"

    def __call__(self, params, outputs, target, weight, packing):
        loss, doutputs = self.pointwise(outputs, target)
        weight = weight[:, None] / loss.shape[1]
        return float((loss * weight).sum()), doutputs * weight, {}

    def inverse_link(self, outputs):
        """Return predictions in the scale of the target."""
        return INVERSE_LINKS[self.link](outputs)

    def in_domain(self, target):
        """Tell which numbers the loss is made for."""
        return np.isfinite(target)

    def least(self, target):
        """Loss of predictions that are right, of the shape of target."""
        return np.zeros_like(target)

    def n_outputs(self, n_targets):
        """Outputs that the network needs for so many numbers to predict."""
        return n_targets


class SquaredError(Loss):
    """(output - target)^2 / 2."""

    def pointwise(self, outputs, target):
        error = outputs - target
        return error * error / 2, error


class AbsoluteError(Loss):
    """|output - target|."""

    def pointwise(self, outputs, target):
        error = outputs - target
        return np.abs(error), np.sign(error)


class Huber(Loss):
    """Squared error up to `delta`, linear beyond (Huber, 1964)."""

    def __init__(self, delta=1.0):
        self.delta = delta

    def pointwise(self, outputs, target):
        error = outputs - target
        clipped = np.clip(error, -self.delta, self.delta)
        return clipped * (error - clipped / 2), clipped


class Poisson(Loss):
    """Half the Poisson deviance up to a constant: exp(output) - target * output."""

    link, domain = "log", "y >= 0"

    def pointwise(self, outputs, target):
        # What overflows here becomes a loss that is not finite, which ends the training.
        mean = np.exp(outputs)
        return mean - target * outputs, mean - target

    def in_domain(self, target):
        return target >= 0

    def least(self, target):
        return target - xlogy(target, target)


class Pinball(Loss):
    """Quantile loss (Koenker & Bassett, 1978) of error = target - output.

    quantile * max(error, 0) + (1 - quantile) * max(-error, 0)

    Several quantiles have an output each: those of the first number to predict, those of the
    second, and so on.
    """

    def __init__(self, quantile=0.5):
        self.quantile = np.ravel(quantile)

    def pointwise(self, outputs, target):
        # Outputs of one number stand together; a third axis is the quantile.
        n, k = target.shape
        error = target[:, :, None] - outputs.reshape(n, k, -1)
        slope = np.where(error >= 0, self.quantile, self.quantile - 1).astype(outputs.dtype)
        return (slope * error).reshape(outputs.shape), -slope.reshape(outputs.shape)

    def n_outputs(self, n_targets):
        return n_targets * len(self.quantile)


class BinaryCrossEntropy(Loss):
    """-log p(target), p = 1 / (1 + exp(-output)) being the probability of 1, for each output."""

    link, domain = "logit", "0 <= y <= 1"

    def pointwise(self, outputs, target):
        # For a target of 0 or 1 both keep their digits in either tail, however small they get.
        loss = np.maximum(outputs, 0) - target * outputs + np.log1p(np.exp(-np.abs(outputs)))
        return loss, (1 - target) * expit(outputs) - target * expit(-outputs)

    def in_domain(self, target):
        return (0 <= target) & (target <= 1)

    def least(self, target):
        return entr(target) + entr(1 - target)


class CrossEntropy:
    """-log softmax(outputs)[target], with integer targets (n,) from 0 to k - 1."""

    link = "multinomial_logit"

    def __call__(self, params, outputs, target, weight, packing):
        # The difference of log-softmax and target needs no division by a small probability.
        rows = np.arange(len(outputs))
        log_p = log_softmax(outputs)
        doutputs = np.exp(log_p)
        doutputs[rows, target] -= 1
        doutputs *= weight[:, None]
        return -float(weight @ log_p[rows, target]), doutputs, {}

    def inverse_link(self, outputs):
        """Return the probability of each class."""
        return INVERSE_LINKS[self.link](outputs)


cross_entropy, binary_cross_entropy = CrossEntropy(), BinaryCrossEntropy()

REGRESSION_LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "poisson": Poisson,
}


def regression_loss(name, quantile=0.5):
    """Make the loss of that name; 'quantile' is the pinball loss at `quantile`, or at several."""
    return Pinball(quantile) if name == "quantile" else REGRESSION_LOSSES[name]()
