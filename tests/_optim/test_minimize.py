import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._optim.minimize import minimize_lbfgs, minimize_minibatch
from skrnn._optim.optimizers import SGD, Adam
from skrnn._optim.schedules import Schedule
from skrnn._optim.stopping import NonFiniteLoss

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=60)
SOLUTION = np.linalg.lstsq(X, Y, rcond=None)[0]


def least_squares(theta, batch):
    residual = X[batch] @ theta - Y[batch]
    return (
        (residual @ residual) / len(batch) / 2,
        X[batch].T @ residual / len(batch),
        len(batch),
        None,
    )


def bowl(theta, batch):
    """Half the squared distance from zero; the batch is only counted."""
    return theta @ theta / 2, theta.copy(), len(batch), None


def plain_sgd(theta):
    return SGD(theta, momentum=0.0, nesterov=False)


def slices(size, n_epochs):
    return [[np.arange(i, min(i + size, 60)) for i in range(0, 60, size)]] * n_epochs


def test_gradient_descent_on_a_bowl_is_a_geometric_series():
    theta = np.array([3.0, -4.0])
    epochs = [[range(2), range(2)]] * 3
    report = list(
        minimize_minibatch(bowl, theta, epochs, plain_sgd(theta), Schedule("constant", 0.5))
    )
    assert_array_equal(theta, [3.0 / 64, -4.0 / 64])
    # Norms 5, 5/2, 5/4, ...: losses and norms of an epoch are taken before its steps.
    assert_allclose([r.loss for r in report], [(12.5 + 12.5 / 4) / 2 / 16**i for i in range(3)])
    assert_allclose([r.grad_norm for r in report], [3.75 / 4**i for i in range(3)])
    assert [r.samples_seen for r in report] == [4, 8, 12]
    assert [r.learning_rate for r in report] == [0.5, 0.5, 0.5]


def test_the_loss_of_an_epoch_is_the_weighted_mean():
    losses, weights = [1.0, 4.0, 2.0], [10.0, 2.0, 0.5]

    def objective(theta, batch):
        return np.float32(losses[batch[0]]), np.zeros(1), np.float32(weights[batch[0]]), None

    theta = np.zeros(1)
    epochs = [[[0], [1], [2]]]
    (report,) = minimize_minibatch(
        objective, theta, epochs, plain_sgd(theta), Schedule("constant", 0.1)
    )
    assert report.loss == (10.0 + 8.0 + 1.0) / 12.5
    assert type(report.loss) is float


def test_clipping_bounds_the_step_and_reports_the_norm_before():
    theta = np.array([3.0, -4.0])
    (report,) = minimize_minibatch(
        bowl, theta, [[[0]]], plain_sgd(theta), Schedule("constant", 1.0), max_norm=2.0
    )
    assert report.grad_norm == 5.0
    assert_allclose(theta, np.array([3.0, -4.0]) * (1 - 2.0 / (5.0 + 1e-6)), rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("build", "rate"), [(Adam, 0.1), (lambda t: SGD(t, momentum=0.9, nesterov=True), 0.05)]
)
def test_cosine_annealing_finds_the_least_squares_solution(build, rate, dtype):
    theta = np.zeros(3, dtype)
    schedule = Schedule("cosine", rate, n_epochs=100)
    report = list(minimize_minibatch(least_squares, theta, slices(15, 100), build(theta), schedule))
    assert_allclose(theta, SOLUTION, atol=1e-3)
    optimum = np.mean((X @ SOLUTION - Y) ** 2) / 2
    assert_allclose(report[-1].loss, optimum, rtol=1e-3)
    assert report[-1].samples_seen == 6000


def test_adam_descends_the_rosenbrock_valley():
    def objective(theta, batch):
        return scipy.optimize.rosen(theta), scipy.optimize.rosen_der(theta), 1, None

    theta = np.array([-1.2, 1.0])
    schedule = Schedule("one_cycle", 0.1, n_epochs=60)
    epochs = [[[0]] * 50] * 60
    for _ in minimize_minibatch(objective, theta, epochs, Adam(theta), schedule):
        pass
    assert_allclose(theta, [1.0, 1.0], atol=1e-3)


def test_the_schedule_is_asked_before_each_step():
    asked = []

    class Spy(Schedule):
        def rate(self, epoch_progress, samples_seen=0):
            asked.append((epoch_progress, samples_seen))
            return super().rate(epoch_progress, samples_seen)

    theta = np.ones(2)
    epochs = [[[0, 1], [2]], [[0, 1], [2]]]
    report = list(
        minimize_minibatch(bowl, theta, epochs, plain_sgd(theta), Spy("cosine", 1.0, n_epochs=2))
    )
    assert asked == [(0.0, 0), (0.5, 0), (1.0, 3), (1.5, 3)]
    assert_allclose([r.learning_rate for r in report], [(2 + 2**0.5) / 4, (2 - 2**0.5) / 4])
    factors = [1 - (1 + np.cos(np.pi * p / 4)) / 2 for p in range(4)]
    assert_allclose(theta, np.prod(factors), atol=1e-16)


@pytest.mark.parametrize("name", ["constant", "invscaling", "cosine", "one_cycle"])
def test_training_in_two_parts_is_training_in_one(name):
    whole, parts = np.zeros(3), np.zeros(3)
    epochs = slices(16, 6)
    optimizer = Adam(whole)
    expected = list(
        minimize_minibatch(least_squares, whole, epochs, optimizer, Schedule(name, 0.1, 6))
    )
    optimizer, schedule = Adam(parts), Schedule(name, 0.1, 6)
    first = list(minimize_minibatch(least_squares, parts, epochs[:2], optimizer, schedule))
    second = list(
        minimize_minibatch(
            least_squares,
            parts,
            epochs[2:],
            optimizer,
            schedule,
            epochs_done=2,
            samples_seen=first[-1].samples_seen,
        )
    )
    assert_array_equal(parts, whole)
    assert first + second == expected


def test_nothing_runs_ahead_of_the_caller():
    theta = np.ones(1)
    epochs = ([[0]] for _ in iter(int, 1))  # endless
    loop = minimize_minibatch(bowl, theta, epochs, plain_sgd(theta), Schedule("constant", 0.5))
    assert theta == 1.0
    next(loop)
    assert theta == 0.5
    next(loop)
    assert theta == 0.25


@pytest.mark.parametrize("max_norm", [None, 1.0])
@pytest.mark.parametrize(
    ("loss", "slope"), [(np.nan, 1.0), (np.inf, 1.0), (1.0, np.nan), (1, np.inf)]
)
def test_a_non_finite_batch_stops_before_its_step(loss, slope, max_norm):
    def objective(theta, batch):
        bad = batch == [7]
        return (loss, np.full(2, slope), 1, None) if bad else bowl(theta, batch)

    theta = np.array([8.0, -8.0])
    optimizer = plain_sgd(theta)
    loop = minimize_minibatch(
        objective,
        theta,
        [[[0]], [[0], [7], [0]]],
        optimizer,
        Schedule("constant", 0.5),
        max_norm and 1e9,
        epochs_done=3,
    )
    next(loop)
    with pytest.raises(NonFiniteLoss) as caught:
        next(loop)
    assert_array_equal(theta, [2.0, -2.0])
    assert_array_equal(optimizer.state[0], [4.0, -4.0])
    assert (caught.value.epoch, caught.value.batch) == (5, 2)
    assert_array_equal([caught.value.loss, caught.value.grad_norm], [loss, abs(slope) * np.sqrt(2)])


def test_an_interruption_keeps_the_steps_made():
    def objective(theta, batch):
        if batch == [7]:
            raise KeyboardInterrupt
        return bowl(theta, batch)

    theta = np.array([8.0])
    epochs = [[[0], [0], [7], [0]]]
    loop = minimize_minibatch(objective, theta, epochs, plain_sgd(theta), Schedule("constant", 0.5))
    with pytest.raises(KeyboardInterrupt):
        next(loop)
    assert theta == 2.0


def rosenbrock(point):
    return scipy.optimize.rosen(point), scipy.optimize.rosen_der(point)


def lbfgs_losses(objective, theta, **options):
    """Return the result of L-BFGS, and the loss that the callback was told of each iteration."""
    losses = []
    result = minimize_lbfgs(
        objective, theta, callback=lambda loss, grad_norm: losses.append(loss), **options
    )
    return result, losses


def test_lbfgs_solves_least_squares():
    theta = np.zeros(3)
    result = minimize_lbfgs(lambda p: least_squares(p, range(60))[:2], theta, tol=1e-5)
    assert result.converged
    assert_allclose(theta, SOLUTION, atol=1e-4)


def test_lbfgs_is_scipys():
    start = np.array([1.2, 1.0, 0.7, 0.1])
    expected = scipy.optimize.minimize(
        rosenbrock, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-6}
    )
    theta = start.copy()
    result, losses = lbfgs_losses(rosenbrock, theta, tol=1e-6)
    assert_array_equal(theta, expected.x)
    assert_allclose(theta, 1.0, atol=1e-5)
    assert (result.n_iter, result.message) == (expected.nit, expected.message)
    assert result.converged
    assert len(losses) == result.n_iter
    assert losses[-1] == expected.fun
    assert (np.diff(losses) <= 0).all()


def test_lbfgs_reports_the_loss_and_the_gradient_of_the_iterate():
    theta = np.array([-1.2, 1.0])
    seen = []

    def callback(loss, grad_norm):
        value, grad = rosenbrock(theta)
        seen.append(loss)
        assert type(loss) is float and loss == value
        assert_allclose(grad_norm, np.linalg.norm(grad), rtol=1e-14)

    result = minimize_lbfgs(rosenbrock, theta, callback=callback)
    assert len(seen) == result.n_iter > 10


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lbfgs_evaluates_in_the_dtype_of_theta(dtype):
    dtypes = set()

    def objective(point):
        dtypes.add(point.dtype)
        residual = X.astype(dtype) @ point - Y.astype(dtype)
        return residual @ residual / 120, X.astype(dtype).T @ residual / 60

    theta = np.zeros(3, dtype)
    minimize_lbfgs(objective, theta)
    assert dtypes == {np.dtype(dtype)}
    assert theta.dtype == dtype
    assert_allclose(theta, SOLUTION, atol=1e-3)


def test_lbfgs_may_reuse_one_gradient_buffer():
    buffer = np.empty(2)

    def objective(point):
        buffer[:] = scipy.optimize.rosen_der(point)
        return scipy.optimize.rosen(point), buffer

    theta, expected = np.array([-1.2, 1.0]), np.array([-1.2, 1.0])
    minimize_lbfgs(objective, theta)
    minimize_lbfgs(rosenbrock, expected)
    assert_array_equal(theta, expected)


@pytest.mark.parametrize("limit", [1, 4])
def test_lbfgs_stops_at_max_iter(limit):
    theta = np.array([-1.2, 1.0])
    result, losses = lbfgs_losses(rosenbrock, theta, max_iter=limit)
    assert result.n_iter == len(losses) == limit
    assert not result.converged
    assert rosenbrock(theta)[0] == losses[-1]


def test_lbfgs_stops_at_max_fun():
    theta, calls = np.array([-1.2, 1.0]), []
    result, losses = lbfgs_losses(lambda p: calls.append(0) or rosenbrock(p), theta, max_fun=5)
    assert not result.converged
    assert 5 < len(calls) < 10
    assert rosenbrock(theta)[0] == losses[-1]


def test_lbfgs_stops_when_the_callback_says_so():
    theta, losses = np.array([-1.2, 1.0]), []

    def callback(loss, grad_norm):
        losses.append(loss)
        return loss < 1.0

    result = minimize_lbfgs(rosenbrock, theta, callback=callback)
    assert not result.converged
    assert losses[-1] < 1.0 <= losses[-2]
    assert rosenbrock(theta)[0] == losses[-1]


def test_lbfgs_at_the_minimum_moves_nothing():
    theta = np.ones(4)
    result, losses = lbfgs_losses(rosenbrock, theta)
    assert (result.n_iter, losses, result.converged) == (0, [], True)
    assert_array_equal(theta, np.ones(4))


@pytest.mark.parametrize("fatal", range(1, 30, 4))
@pytest.mark.parametrize("accident", ["interruption", "nan"])
def test_lbfgs_accidents_leave_the_last_accepted_iterate(fatal, accident):
    theta = np.array([-1.2, 1.0])
    calls, accepted = [], [rosenbrock(theta)[0]]

    def objective(point):
        calls.append(0)
        if len(calls) < fatal:
            return rosenbrock(point)
        if accident == "nan":
            return np.nan, np.zeros(2)
        raise KeyboardInterrupt

    error = {"interruption": KeyboardInterrupt, "nan": NonFiniteLoss}[accident]
    with pytest.raises(error) as caught:
        minimize_lbfgs(objective, theta, callback=lambda loss, _: accepted.append(loss))
    assert rosenbrock(theta)[0] == accepted[-1] == min(accepted)
    if accident == "nan":
        assert caught.value.epoch == len(accepted)
