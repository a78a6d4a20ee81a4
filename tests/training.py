"""What the tests of training share: sequences, short ways to fit, and failures at will."""

import numpy as np
import pytest
from estimators import sequences
from numpy.testing import assert_allclose

brief = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STOCHASTIC = ["adam", "adamw", "rmsprop", "sgd"]
SOLVERS = [*STOCHASTIC, "lbfgs"]

X = sequences(40)
X_VAL = sequences(25, seed=1)
ONE_STEP = {"solver": "sgd", "momentum": 0.0, "alpha": 0.0, "batch_size": 100, "max_iter": 1}
STILL = ONE_STEP | {"learning_rate_init": 1e-12}
# These steps are too large for the scores to keep rising.
OVERSHOOTING = {
    "learning_rate_init": 0.2,
    "max_grad_norm": 1.0,
    "batch_size": 32,
    "max_iter": 200,
    "n_iter_no_change": 12,
}


def fitted(case, X=X, sample_weight=None, **params):
    return case.make(**params).fit(X, case.target(X), sample_weight=sample_weight)


def flat(model):
    """All parameters in one vector."""
    return np.concatenate([value.ravel() for value in model.coefs_.values()])


def raise_after(n_calls, method, exception):
    """Wrap `method` so that the call after so many raises."""
    countdown = iter(range(n_calls))

    def wrapped(*args):
        if next(countdown, None) is None:
            raise exception
        return method(*args)

    return wrapped


def assert_is_its_best(case, model, sample_weight=None):
    """The model scores its best validation score, which was not its last."""
    score = model.score(X_VAL, case.target(X_VAL), sample_weight=sample_weight)
    assert_allclose(score, model.best_validation_score_, rtol=1e-12)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_validation_score_ > model.validation_scores_[-1]
