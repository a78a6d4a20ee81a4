"""The loss of the best constant prediction, which a network that has learnt something is below."""

import math

import numpy as np
from scipy.optimize import minimize
from scipy.special import entr


def loss_range(loss, train, n_outputs):
    """Mean losses over a training set: if every row is predicted right, and if all are the same.

    The same is predicted as well as can be. Both are NaN where the loss is no mean over rows.

    loss   as in `skrnn._core.losses`; for classes the latter is the entropy of their shares, and
           that of a `CRF` counts as such
    train  TrainingSet
    """
    targets = train.targets()
    if targets is None:
        return math.nan, math.nan
    target, weight = targets
    weight = weight / weight.sum()
    if target.ndim == 1 and target.dtype.kind != "f":
        return 0.0, float(entr(np.bincount(target, weight)).sum())
    target = target.astype(np.float64)
    right = float(weight @ loss.least(target).mean(axis=1))
    if not np.ptp(target[weight > 0], axis=0).any():
        # No search would find it where the outputs for it are infinite.
        return right, right
    return right, constant_loss(loss, target, weight, n_outputs)


def constant_loss(loss, target, weight, n_outputs):
    """Mean loss if all rows are predicted the same."""

    def of_constant(outputs):
        outputs = np.tile(outputs, (len(target), 1))
        value, doutputs, _ = loss({}, outputs, target, weight, None)
        return value, doutputs.sum(axis=0)

    return float(minimize(of_constant, np.zeros(n_outputs), jac=True, method="L-BFGS-B").fun)
