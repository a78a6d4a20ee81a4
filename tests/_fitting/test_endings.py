"""Training ends where it should, and says so where it ends too early."""

import numpy as np
import pytest
from estimators import every_case
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from training import STOCHASTIC, fitted

pytestmark = pytest.mark.slow  # all of it together


@pytest.mark.parametrize("solver", STOCHASTIC)
@every_case
def test_the_last_epoch_warns_as_in_mlpclassifier(case, solver):
    with pytest.warns(ConvergenceWarning) as expected:
        MLPClassifier(max_iter=3).fit(np.eye(4), [0, 1, 0, 1])
    with pytest.warns(ConvergenceWarning) as found:
        fitted(case, solver=solver)
    assert [str(w.message) for w in found] == [str(w.message) for w in expected]


@every_case
def test_lbfgs_warns_at_max_iter_and_at_max_fun(case):
    with pytest.warns(ConvergenceWarning, match=r"lbfgs failed to converge after 3 iteration"):
        assert fitted(case, solver="lbfgs").n_iter_ == 3
    with pytest.warns(ConvergenceWarning, match="EVALUATIONS"):
        assert fitted(case, solver="lbfgs", max_fun=2, max_iter=100).n_iter_ < 3


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
@every_case
def test_a_schedule_with_an_end_is_carried_out_without_a_warning(case, schedule):
    # No epoch improves by as much as `tol`.
    model = fitted(case, learning_rate=schedule, tol=1e9, n_iter_no_change=1, max_iter=6)
    assert model.n_iter_ == 6


@pytest.mark.parametrize("patience", [1, 4])
@pytest.mark.parametrize("schedule", ["constant", "adaptive"])
@every_case
def test_training_stops_in_the_epoch_in_which_mlpclassifier_would(case, schedule, patience):
    # No epoch improves by as much as `tol`.
    rule = {
        "tol": 1e9,
        "n_iter_no_change": patience,
        "max_iter": 500,
        "solver": "sgd",
        "learning_rate": schedule,
        "learning_rate_init": 0.001,
    }
    mlp = MLPClassifier(**rule).fit(np.eye(4), [0, 1, 0, 1])
    assert fitted(case, **rule, batch_size=100).n_iter_ == mlp.n_iter_


@every_case
def test_infinite_patience_never_stops(case):
    with pytest.warns(ConvergenceWarning):
        assert fitted(case, n_iter_no_change=np.inf, tol=1e9, max_iter=20).n_iter_ == 20


@every_case
def test_lbfgs_ends_where_no_entry_of_the_gradient_exceeds_tol(case):
    model = fitted(case, solver="lbfgs", max_iter=2000, alpha=10.0, tol=1e-3, n_iter_no_change=1)
    assert model.n_iter_ < 2000
    fell = -np.diff(model.loss_curve_)[-1]  # SciPy also ends where the loss falls no more
    ends_by_loss = fell <= 2.3e-9 * max(1.0, *model.loss_curve_[-2:])
    assert ends_by_loss or model.grad_norm_curve_[-1] < 1e-3 * np.sqrt(model.n_parameters_)
    assert (np.array(model.grad_norm_curve_[:-1]) > 1e-3).all()
