"""Warm starts and partial fits go on from where they were, and from nothing else."""

import copy
import pickle

import numpy as np
import pytest
from estimators import each_case, every_case, sequences
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from training import STOCHASTIC, X_VAL, X, brief, fitted, flat

pytestmark = pytest.mark.slow  # all of it together

# Plain gradient descent has no state but the weights.
STATELESS = {"solver": "sgd", "momentum": 0.0, "shuffle": False, "batch_size": 9}


@brief
@every_case
def test_a_warm_start_goes_on_from_the_weights(case):
    y = case.target(X)
    whole = case.make(**STATELESS, max_iter=6).fit(X, y)
    model = case.make(**STATELESS, max_iter=2, warm_start=True)
    for n_fits in (1, 2, 3):
        model.fit(X, y)
        assert model.n_iter_ == 2 and len(model.loss_curve_) == 2 * n_fits
    assert model.loss_curve_ == whole.loss_curve_
    assert_array_equal(flat(model), flat(whole))


@brief
@every_case
def test_a_cold_start_forgets(case):
    model = fitted(case)
    first = flat(model)
    assert_array_equal(flat(model.fit(X, case.target(X))), first)
    assert len(model.loss_curve_) == 3


@brief
@pytest.mark.parametrize("schedule", ["constant", "invscaling", "one_cycle"])
@pytest.mark.parametrize("solver", STOCHASTIC)
@every_case
def test_partial_fits_are_the_epochs_of_a_fit(case, solver, schedule):
    params = {"solver": solver, "learning_rate": schedule, "batch_size": 9, "dropout": 0.2}
    y = case.target(X)
    # Without a last epoch to plan for, the rate stays.
    kept = {"learning_rate": "constant"} if schedule == "one_cycle" else {}
    whole = case.make(**params | kept).fit(X, y)
    model = case.make(**params)
    for n_calls in (1, 2, 3):
        model = case.partial_fit(pickle.loads(pickle.dumps(model)), X, y)
        assert model.n_iter_ == 1 and len(model.loss_curve_) == n_calls
        assert model.t_ == n_calls * len(X)
    assert model.loss_curve_ == whole.loss_curve_
    assert_array_equal(flat(model), flat(whole))


@brief
@each_case
def test_partial_fit_learns_from_a_stream_of_chunks(case):
    model = case.make(learning_rate_init=0.03)
    for seed in range(60):
        chunk = sequences(20, seed=seed)
        case.partial_fit(model, chunk, case.target(chunk))
    assert model.score(X, case.target(X)) > 0.7


@every_case
def test_partial_fit_is_for_stochastic_solvers(case):
    model = case.make(solver="lbfgs")
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        model.partial_fit(X, case.target(X))


@brief
@every_case
def test_a_fit_does_not_depend_on_partial_fits_before_it(case):
    model = case.partial_fit(case.make(), X_VAL, case.target(X_VAL))
    model.fit(X, case.target(X))
    expected = fitted(case)
    assert model.loss_curve_ == expected.loss_curve_
    for continued in (model, expected):
        case.partial_fit(continued, X, case.target(X))
    assert_array_equal(flat(model), flat(expected))


@brief
@each_case
def test_a_failed_first_fit_leaves_an_unfitted_estimator(case):
    model = case.make()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, case.target(X)[1:])
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.predict(X)


@brief
@every_case
def test_partial_fit_follows_a_change_of_the_solver(case):
    model = case.partial_fit(case.make(alpha=1.0), X, case.target(X))
    forgetful = copy.deepcopy(model)
    forgetful._optimizer = None
    for changed in (model, forgetful):
        case.partial_fit(changed.set_params(solver="adamw"), X, case.target(X))
    assert_array_equal(flat(model), flat(forgetful))


@brief
@every_case
@pytest.mark.parametrize("name, value", [("beta_1", 0.5), ("epsilon", 0.1)])
def test_partial_fit_follows_a_change_of_the_solver_s_options(case, name, value):
    model = case.partial_fit(case.make(), X, case.target(X))
    same = copy.deepcopy(model)
    for changed in (model.set_params(**{name: value}), same):
        case.partial_fit(changed, X, case.target(X))
    assert model._optimizer.n_steps == same._optimizer.n_steps > 1
    assert np.abs(flat(model) - flat(same)).max() > 1e-8


@brief
@every_case
def test_small_integers_do_not_overflow(case):
    names = {"hidden_size": 20, "n_layers": 2, "batch_size": 5, "tbptt_steps": 3}
    small = case.make(**{name: np.uint8(value) for name, value in names.items()})
    assert_array_equal(flat(small.fit(X, case.target(X))), flat(fitted(case, **names)))
