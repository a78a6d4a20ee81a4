"""The loss of the best constant prediction, which a network that has learnt something is below."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import entr


def constant_loss(loss, train, n_outputs):
    """Mean loss over a training set if every row is predicted the same, as well as can be.

    loss   as in `skrnn._core.losses`; for classes it is the entropy of their shares, and that of a
           `CRF` counts as such
    train  TrainingSet
    """
    targets = train.targets()
    if targets is None:
        return np.inf
    target, weight = targets
    weight = weight / weight.sum()
    if target.ndim == 1 and target.dtype.kind != "f":
        return float(entr(np.bincount(target, weight)).sum())
    target = target.astype(np.float64)

    def of_constant(outputs):
        outputs = np.tile(outputs, (len(target), 1))
        value, doutputs, _ = loss({}, outputs, target, weight, None)
        return value, doutputs.sum(axis=0)

    return float(minimize(of_constant, np.zeros(n_outputs), jac=True, method="L-BFGS-B").fun)
