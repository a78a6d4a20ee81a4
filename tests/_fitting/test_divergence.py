"""Training that is not finite any more says so, and leaves the last model."""

import copy
import re

import numpy as np
import pytest
from estimators import every_case
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from training import SOLVERS, X_VAL, X, brief, fitted

from skrnn._fitting import objective as _objective
from skrnn._fitting.objective import Objective


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(
    "params",
    [
        {"cell_type": "rnn", "activation": "relu", "solver": "sgd"},
        {"cell_type": "rnn", "activation": "relu", "solver": "sgd", "dtype": "float32"},
        {"cell_type": "lstm", "solver": "adam", "dtype": "float32"},
        {"cell_type": "gru", "solver": "adamw"},
    ],
)
@every_case
def test_a_training_that_diverges_says_so_and_nothing_else(case, params, n_jobs, monkeypatch):
    monkeypatch.setattr(_objective, "SPLIT_UNITS", 1)  # so that threads have a part in it
    rate = 1e30 if params.get("dtype") == "float32" else 1e200
    params = params | {"learning_rate_init": rate, "max_grad_norm": None, "max_iter": 100}
    model = case.make(**params, n_jobs=n_jobs)
    reason = (
        r"The training diverged in epoch \d, batch \d+: loss (nan|inf).*, gradient norm (nan|inf|0)"
        rf".*Lower learning_rate_init \(now {re.escape(f'{rate:g}')}\), set max_grad_norm "
        r"\(now None\), or scale"
    )
    with pytest.raises(ValueError, match=reason):
        model.fit(X, case.target(X))
    assert not hasattr(model, "n_iter_")


@every_case
def test_a_training_that_diverges_between_two_scores_says_so(case):
    diverging = {"cell_type": "rnn", "activation": "relu", "solver": "sgd", "batch_size": 100}
    model = case.make(**diverging, learning_rate_init=1e200, max_grad_norm=None)
    with pytest.raises(ValueError, match="The training diverged in epoch 2, batch 1"):
        model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    with pytest.raises(NotFittedError):
        model.predict(X)


@brief
@pytest.mark.parametrize("solver", SOLVERS)
@every_case
def test_a_loss_that_is_not_finite_leaves_the_last_model(case, solver, epochs_done, monkeypatch):
    model = fitted(case, solver=solver, batch_size=100, max_iter=2, warm_start=True)
    first, healthy = copy.deepcopy(model), Objective.__call__

    def objective(self, theta, batch):
        loss, *rest = healthy(self, theta, batch)
        return (np.nan if epochs_done() == 2 else loss), *rest

    monkeypatch.setattr(Objective, "__call__", objective)
    with pytest.raises(ValueError, match="diverged in epoch 3, batch 1: loss nan, gradient norm"):
        model.set_params(max_iter=10).fit(X, case.target(X))
    assert vars(model).keys() == vars(first).keys()
    assert model.loss_curve_ == first.loss_curve_ and model.n_iter_ == 2
    assert_array_equal(case.outputs(model, X), case.outputs(first, X))
