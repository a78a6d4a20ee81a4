import copy
import math
import pickle
import tracemalloc

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._optim.optimizers import SGD, Adam, AdamW, RMSprop, clip_norm

N = 7
MASK = np.array([1, 1, 1, 0, 1, 0, 1], dtype=bool)
START = np.random.default_rng(0).normal(size=N)
# Sizes from 1e-4 to 1e3, and one coordinate that never gets a gradient.
GRADS = np.random.default_rng(1).normal(size=(50, N)) * 10.0 ** np.array([-4, -2, 0, 1, 2, 3, 0])
GRADS[:, 6] = 0.0
RATES = 0.1 / np.sqrt(np.arange(1, 51))


# Textbook forms, one parameter and one step at a time, as the papers print them.


def textbook_adam(theta, grads, rates, beta_1, beta_2, epsilon, decay=0.0):
    m = v = 0.0
    for t, (g, rate) in enumerate(zip(grads, rates, strict=True), start=1):
        theta = theta - rate * decay * theta
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
        theta = theta - rate * m_hat / (math.sqrt(v_hat) + epsilon)
    return theta


def textbook_rmsprop(theta, grads, rates, beta_2, epsilon):
    v = 0.0
    for g, rate in zip(grads, rates, strict=True):
        v = beta_2 * v + (1 - beta_2) * g**2
        theta = theta - rate * g / (math.sqrt(v) + epsilon)
    return theta


def textbook_sgd(theta, grads, rates, momentum, nesterov):
    b = 0.0
    for g, rate in zip(grads, rates, strict=True):
        b = momentum * b + g
        theta = theta - rate * (g + momentum * b if nesterov else b)
    return theta


ADAM = dict(beta_1=0.8, beta_2=0.99, epsilon=1e-6)
CASES = {
    "adam": (lambda t: Adam(t, **ADAM), lambda *a, i: textbook_adam(*a, **ADAM)),
    "adamw": (
        lambda t: AdamW(t, MASK, weight_decay=0.3, **ADAM),
        lambda *a, i: textbook_adam(*a, **ADAM, decay=0.3 * MASK[i]),
    ),
    "rmsprop": (
        lambda t: RMSprop(t, beta_2=0.9, epsilon=1e-6),
        lambda *a, i: textbook_rmsprop(*a, 0.9, 1e-6),
    ),
    "sgd": (
        lambda t: SGD(t, momentum=0.0, nesterov=False),
        lambda *a, i: textbook_sgd(*a, 0.0, False),
    ),
    "sgd-momentum": (
        lambda t: SGD(t, momentum=0.7, nesterov=False),
        lambda *a, i: textbook_sgd(*a, 0.7, False),
    ),
    "sgd-nesterov": (
        lambda t: SGD(t, momentum=0.7, nesterov=True),
        lambda *a, i: textbook_sgd(*a, 0.7, True),
    ),
}
each_optimizer = pytest.mark.parametrize("name", CASES)


def run(optimizer, theta, grads=GRADS, rates=RATES):
    for grad, rate in zip(grads, rates, strict=True):
        optimizer.step(theta, grad.astype(theta.dtype), rate)
    return theta


@each_optimizer
def test_fifty_steps_follow_the_textbook(name):
    build, textbook = CASES[name]
    theta = run(build(START), START.copy())
    expected = [textbook(START[i], GRADS[:, i], RATES, i=i) for i in range(N)]
    assert_allclose(theta, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.slow
@each_optimizer
def test_fifty_steps_follow_torch(name):
    torch = pytest.importorskip("torch")
    theta = torch.tensor(START, requires_grad=True)
    betas = dict(betas=(0.8, 0.99), eps=1e-6)
    weights, biases = torch.tensor(START[MASK]), torch.tensor(START[~MASK])
    optim = {
        "adam": lambda: torch.optim.Adam([theta], **betas),
        "adamw": lambda: torch.optim.AdamW(
            [dict(params=[weights], weight_decay=0.3), dict(params=[biases], weight_decay=0.0)],
            **betas,
        ),
        "rmsprop": lambda: torch.optim.RMSprop([theta], alpha=0.9, eps=1e-6),
        "sgd": lambda: torch.optim.SGD([theta], lr=1.0),
        "sgd-momentum": lambda: torch.optim.SGD([theta], lr=1.0, momentum=0.7),
        "sgd-nesterov": lambda: torch.optim.SGD([theta], lr=1.0, momentum=0.7, nesterov=True),
    }[name]()
    for grad, rate in zip(GRADS, RATES, strict=True):
        for group in optim.param_groups:
            group["lr"] = rate
        theta.grad = torch.tensor(grad)
        weights.grad, biases.grad = torch.tensor(grad[MASK]), torch.tensor(grad[~MASK])
        optim.step()
    expected = theta.detach().numpy()
    if name == "adamw":
        expected = np.empty(N)
        expected[MASK], expected[~MASK] = weights.numpy(), biases.numpy()
    ours = run(CASES[name][0](START), START.copy())
    assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


@each_optimizer
def test_float32_is_close_to_float64_and_never_upcast(name):
    theta32 = START.astype(np.float32)
    optimizer = CASES[name][0](theta32)
    theta = run(optimizer, theta32)
    assert theta is theta32
    own = [v for v in vars(optimizer).values() if isinstance(v, np.ndarray)]
    assert {v.dtype for v in [*optimizer.state, *own]} == {np.dtype(np.float32)}
    expected = run(CASES[name][0](START), START.copy())
    assert_allclose(theta, expected, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        lambda t, number: Adam(t, beta_1=number(0.9), beta_2=number(0.99), epsilon=number(1e-8)),
        lambda t, number: AdamW(t, MASK, weight_decay=number(0.1)),
        lambda t, number: RMSprop(t, beta_2=number(0.9)),
        lambda t, number: SGD(t, momentum=number(0.5)),
    ],
)
def test_numpy_scalars_change_nothing(build):
    # Options often arrive as NumPy scalars, from a parameter grid.
    thetas = [START.astype(np.float32), START.astype(np.float32)]
    for number, theta in zip([float, np.float64], thetas, strict=True):
        run(build(theta, number), theta, rates=[number(rate) for rate in RATES])
    assert_array_equal(*thetas)


@each_optimizer
def test_gradient_is_only_read(name):
    grad = GRADS[0].copy()
    grad.flags.writeable = False
    theta = START.copy()
    CASES[name][0](theta).step(theta, grad, 0.1)
    assert_array_equal(grad, GRADS[0])


@each_optimizer
@pytest.mark.parametrize("copier", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_continues_as_the_original(name, copier):
    theta = START.copy()
    optimizer = CASES[name][0](theta)
    run(optimizer, theta, GRADS[:20], RATES[:20])
    twin, twin_theta = copier(optimizer), theta.copy()
    run(optimizer, theta, GRADS[20:], RATES[20:])
    run(twin, twin_theta, GRADS[20:], RATES[20:])
    assert_array_equal(twin_theta, theta)


@each_optimizer
def test_a_memory_mapped_copy_continues_as_the_original(name, tmp_path):
    theta = START.copy()
    optimizer = CASES[name][0](theta)
    run(optimizer, theta, GRADS[:20], RATES[:20])
    joblib.dump(optimizer, tmp_path / "optimizer.joblib")
    mapped, mapped_theta = joblib.load(tmp_path / "optimizer.joblib", mmap_mode="r"), theta.copy()
    assert not any(v.flags.writeable for v in mapped.state)
    run(optimizer, theta, GRADS[20:], RATES[20:])
    run(mapped, mapped_theta, GRADS[20:], RATES[20:])
    assert_array_equal(mapped_theta, theta)


@each_optimizer
def test_step_allocates_no_vector(name):
    theta = np.zeros(100_000)
    grad = np.ones_like(theta)
    build = (lambda t: AdamW(t, np.ones(t.shape))) if name == "adamw" else CASES[name][0]
    optimizer = build(theta)
    optimizer.step(theta, grad, 0.1)
    tracemalloc.start()
    optimizer.step(theta, grad, 0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < theta.nbytes / 10


def test_scratch_is_not_pickled():
    theta = np.zeros(10_000)
    optimizer = Adam(theta)
    fresh = len(pickle.dumps(optimizer))
    optimizer.step(theta, np.ones_like(theta), 0.1)
    assert len(pickle.dumps(optimizer)) < fresh + 100


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_adam_step_is_the_learning_rate(dtype):
    # m_hat / sqrt(v_hat) is the sign of the gradient at t = 1, whatever its size.
    theta = np.zeros(3, dtype)
    Adam(theta).step(theta, np.array([1e-3, -1.0, 1e3], dtype), 0.25)
    assert_allclose(theta, [-0.25, 0.25, -0.25], rtol=2e-5)


def test_adamw_decay_skips_what_the_mask_leaves_out():
    theta = START.copy()
    run(AdamW(theta, MASK, weight_decay=0.5), theta, np.zeros((3, N)), [0.1, 0.2, 0.1])
    assert_allclose(theta, np.where(MASK, START * 0.95 * 0.9 * 0.95, START), rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_norm", [0.5, 4.9999999, 5.0, 5.0000005, 5.1])
def test_clip_norm_is_torchs(dtype, max_norm):
    grad = np.array([3.0, 0.0, -4.0], dtype)
    factor = min(1.0, max_norm / (5.0 + 1e-6))
    expected = np.array([3.0 * factor, 0.0, -4.0 * factor], dtype)
    assert clip_norm(grad, max_norm) == 5.0
    assert grad.dtype == dtype
    assert_allclose(grad, expected, rtol=2 * np.finfo(dtype).eps)


def test_clip_norm_against_torch():
    torch = pytest.importorskip("torch")
    for grad in GRADS:
        parameter = torch.nn.Parameter(torch.zeros(N, dtype=torch.float64))
        parameter.grad = torch.tensor(grad)
        norm = torch.nn.utils.clip_grad_norm_([parameter], 50.0)
        ours = grad.copy()
        assert_allclose(clip_norm(ours, 50.0), norm.item(), rtol=1e-14)
        assert_allclose(ours, parameter.grad.numpy(), rtol=1e-13)


def test_clip_norm_without_a_bound_measures_only():
    grad = np.array([3.0, -4.0])
    assert clip_norm(grad, None) == 5.0
    assert_array_equal(grad, [3.0, -4.0])


@pytest.mark.parametrize("max_norm", [None, 1.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_clip_norm_reports_what_is_not_finite_and_leaves_it(bad, max_norm):
    grad = np.array([1.0, bad], np.float32)  # 1e30 squared overflows float32
    norm = clip_norm(grad, max_norm)
    assert not math.isfinite(norm)
    assert_array_equal(grad, np.array([1.0, bad], np.float32))


@pytest.mark.parametrize(
    "build",
    [
        Adam,
        lambda theta: AdamW(theta, np.arange(len(theta)) < 2, weight_decay=0.1),
        RMSprop,
        SGD,
    ],
    ids=["adam", "adamw", "rmsprop", "sgd"],
)
def test_a_tail_moves_as_if_its_entries_were_all_there_is(build):
    rng = np.random.default_rng(0)
    start = rng.standard_normal(8)
    theta, touched = start.copy(), np.array([0, 1, 2, 5, 7])
    small = start[touched]
    sparse, dense = build(theta), build(small)
    for _ in range(5):
        grad = rng.standard_normal(5)
        sparse.step(theta, grad, 0.1, tail=np.array([5, 7]))
        dense.step(small, grad, 0.1)
    assert_array_equal(theta[touched], small)
    assert_array_equal(theta[[3, 4, 6]], start[[3, 4, 6]])
