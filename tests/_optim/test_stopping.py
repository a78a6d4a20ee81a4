import math
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.neural_network import MLPClassifier

from skrnn._optim.stopping import NonFiniteLoss, Stopping, check_finite


def stops_at(values, **options):
    """Number of epochs run, or None if the rule never stops."""
    stopping = Stopping(**options)
    for epoch, value in enumerate(values, start=1):
        if stopping.update(value):
            return epoch
    return None


@pytest.mark.parametrize("patience", [0, 1, 3, 10])
def test_stops_after_more_than_n_iter_no_change_epochs(patience):
    # Epoch 2 is the last to improve; patience more are tolerated, and one more ends it.
    values = [1.0, 0.5] + [0.5] * 20
    assert stops_at(values, tol=1e-3, n_iter_no_change=patience) == 2 + patience + 1


def test_infinite_patience_never_stops():
    assert stops_at([1.0] * 1000, tol=0.1, n_iter_no_change=np.inf) is None


@pytest.mark.parametrize(("higher", "sign"), [(False, 1.0), (True, -1.0)])
def test_an_improvement_is_at_least_tol(higher, sign):
    options = dict(tol=0.25, n_iter_no_change=0, higher_is_better=higher)
    assert stops_at(sign * np.array([2.0, 1.75, 1.5]), **options) is None
    assert stops_at(sign * np.array([2.0, 1.75, 1.501]), **options) == 3
    assert stops_at(sign * np.array([2.0, 2.25]), **options) == 2


@pytest.mark.parametrize(("higher", "sign"), [(False, 1.0), (True, -1.0)])
def test_slow_progress_moves_the_best_and_still_stops(higher, sign):
    # As in MLPClassifier, the best value follows every gain, however small.
    stopping = Stopping(0.25, 2, higher_is_better=higher)
    verdicts = [stopping.update(sign * v) for v in (2.0, 1.875, 1.75, 1.625)]
    assert verdicts == [False, False, False, True]
    assert stopping.best == sign * 1.625


def test_nan_never_improves_nor_becomes_the_best():
    stopping = Stopping(0.0, 1, higher_is_better=True, keep_best=True)
    theta = np.array([1.0])
    assert not stopping.update(math.nan, theta)
    assert stopping.best == -math.inf and stopping.best_theta is None
    assert not stopping.update(0.5, theta)
    assert not stopping.update(math.nan, theta)
    assert stopping.update(math.nan, theta)
    assert stopping.best == 0.5


def test_resume_grants_the_patience_anew_and_keeps_the_best():
    stopping = Stopping(0.0, 1)
    assert [stopping.update(v) for v in (1.0, 2.0, 2.0)] == [False, False, True]
    stopping.resume()
    assert [stopping.update(v) for v in (2.0, 2.0)] == [False, True]
    assert stopping.best == 1.0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("early_stopping", [False, True])
def test_mlpclassifier_stops_in_the_same_epoch(early_stopping, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(100, 3))
    y = X[:, 0] + 0.5 * rng.normal(size=100) > 0
    options = dict(tol=0.05 if early_stopping else 0.003, n_iter_no_change=2 + seed)
    mlp = MLPClassifier(
        (3,),
        early_stopping=early_stopping,
        validation_fraction=0.2,
        learning_rate_init=0.01,
        random_state=seed,
        **options,
    ).fit(X, y)
    curve = mlp.validation_scores_ if early_stopping else mlp.loss_curve_
    assert stops_at(curve, higher_is_better=early_stopping, **options) == mlp.n_iter_ == len(curve)


@pytest.mark.parametrize(("higher", "sign"), [(False, 1.0), (True, -1.0)])
def test_the_best_parameters_are_copied_and_restored(higher, sign):
    stopping = Stopping(0.5, 10, higher_is_better=higher, keep_best=True)
    theta = np.zeros(3, np.float32)
    for i, value in enumerate([3.0, 1.0, 0.875, 2.0, 0.875]):
        theta[:] = i
        stopping.update(sign * value, theta)
    stopping.restore(theta)
    assert_array_equal(theta, [2, 2, 2])  # the first of two equals, though it gained less than tol
    assert theta.dtype == np.float32
    theta[:] = -1
    assert_array_equal(stopping.best_theta, [2, 2, 2])


def test_nothing_to_restore_leaves_theta():
    theta = np.array([1.0, 2.0])
    Stopping(0.0, 1).restore(theta)
    assert_array_equal(theta, [1.0, 2.0])


@pytest.mark.parametrize(
    ("loss", "grad_norm"), [(math.nan, 1.0), (-math.inf, 1.0), (1.0, math.inf), (1.0, math.nan)]
)
def test_check_finite_tells_where_and_what(loss, grad_norm):
    with pytest.raises(NonFiniteLoss) as caught:
        check_finite(3, 17, np.float32(loss), grad_norm)
    error = caught.value
    assert_array_equal(
        [error.epoch, error.batch, error.loss, error.grad_norm], [3, 17, loss, grad_norm]
    )
    assert str(error) == (
        f"The training diverged in epoch 3, batch 17: loss {loss:g}, gradient norm {grad_norm:g}."
    )


def test_check_finite_accepts_finite_numbers():
    check_finite(1, 1, np.float32(3e38), 1e300)


def test_the_error_survives_pickling():
    error = pickle.loads(pickle.dumps(NonFiniteLoss(2, 5, math.inf, 7.5)))
    assert isinstance(error, NonFiniteLoss)
    assert (error.epoch, error.batch, error.loss, error.grad_norm) == (2, 5, math.inf, 7.5)
    assert isinstance(error, FloatingPointError)
