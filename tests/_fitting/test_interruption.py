"""An interrupted training keeps what has been learnt."""

import numpy as np
import pytest
from estimators import every_case
from numpy.testing import assert_array_equal
from training import (
    OVERSHOOTING,
    STOCHASTIC,
    X_VAL,
    X,
    assert_is_its_best,
    brief,
    fitted,
    raise_after,
)

from skrnn._fitting.objective import Objective
from skrnn._fitting.trainer import Trainer

pytestmark = pytest.mark.slow  # all of it together


@brief
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("solver", STOCHASTIC)
@every_case
def test_an_interrupted_fit_keeps_the_model_reached_so_far(case, solver, n_jobs, monkeypatch):
    params = {"solver": solver, "batch_size": 10, "n_jobs": n_jobs}
    expected = fitted(case, **params, max_iter=2)
    interrupted = raise_after(2 * 4, Objective.__call__, KeyboardInterrupt)
    monkeypatch.setattr(Objective, "__call__", lambda *args: interrupted(*args))
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case, **params, max_iter=50)
    assert model.loss_curve_ == expected.loss_curve_
    assert model.n_iter_ == 2
    assert_array_equal(case.outputs(model, X), case.outputs(expected, X))


@brief
@every_case
def test_an_interrupted_lbfgs_keeps_its_last_iterate(case, epochs_done, monkeypatch):
    expected = fitted(case, solver="lbfgs", max_iter=2)
    healthy = Objective.__call__

    def objective(self, theta, batch):
        if epochs_done() == 2:
            raise KeyboardInterrupt
        return healthy(self, theta, batch)

    monkeypatch.setattr(Objective, "__call__", objective)
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case, solver="lbfgs", max_iter=50)
    assert_array_equal(case.outputs(model, X), case.outputs(expected, X))


@every_case
def test_an_interruption_before_the_first_epoch_leaves_a_model_without_a_loss(case, monkeypatch):
    interrupted = raise_after(0, Objective.__call__, KeyboardInterrupt)
    monkeypatch.setattr(Objective, "__call__", lambda *args: interrupted(*args))
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case)
    assert model.n_iter_ == 0 and np.isnan(model.loss_) and np.isnan(model.best_loss_)
    assert np.isfinite(case.outputs(model, X)).all()


@every_case
def test_an_interruption_before_the_first_score_leaves_none_that_was_best(case, monkeypatch):
    interrupted = raise_after(0, Objective.__call__, KeyboardInterrupt)
    monkeypatch.setattr(Objective, "__call__", lambda *args: interrupted(*args))
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case, early_stopping=True)
    assert model.validation_scores_ == [] and np.isnan(model.best_validation_score_)
    assert model.best_loss_ is None


@every_case
def test_an_interrupted_early_stopping_restores_the_best_weights(case, monkeypatch):
    interrupted = raise_after(21, Trainer.record, KeyboardInterrupt)
    monkeypatch.setattr(Trainer, "record", lambda *args: interrupted(*args))
    model = case.make(**OVERSHOOTING | {"n_iter_no_change": np.inf})
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    assert len(model.validation_scores_) == 21
    assert_is_its_best(case, model)
