"""Guards of the core's speed, for pytest-benchmark.

    python -m pytest benchmarks/core.py --benchmark-save=before
    python -m pytest benchmarks/core.py --benchmark-compare --benchmark-compare-fail=min:10%

One row each for the loop over time and a layer over ragged rows, by NumPy and compiled, for the
whole network and for an optimiser's step, by cell and size. `test_products` is the bound: the
matrix products of `test_unroll` alone, in the same shapes. Compare runs of one machine only.
"""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skrnn._config import config_context, unroll_for
from skrnn._core.cells import CELLS
from skrnn._core.losses import cross_entropy
from skrnn._core.network import Batch, Network
from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.passes import Pass
from skrnn._core.recurrent import Recurrent
from skrnn._core.unroll import products_from_h, unroll
from skrnn._core.weights import Arranged
from skrnn._optim.optimizers import Adam, AdamW, RMSprop, clip_norm

T = 50
SIZES = {"one": (1, 8, 64), "tiny": (32, 1, 32), "small": (32, 8, 64), "wide": (64, 32, 256)}


@pytest.fixture(autouse=True)
def one_blas_thread():
    with threadpool_limits(1):
        yield


cells = pytest.mark.parametrize("cell", CELLS)
sizes = pytest.mark.parametrize("size", SIZES)
backends = pytest.mark.parametrize("backend", ["numpy", "numba"])


def draw(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32) / 10


def loop(backend, cell):
    """Return the loop over time of a backend."""
    if backend == "numba":
        pytest.importorskip("numba")
    with config_context(backend=backend):
        compiled = unroll_for(cell, np.dtype(np.float32))
    return compiled or unroll


def problem(cell, size):
    """Arguments of `unroll` but for the pass, and the weights."""
    (N, D, H), cell = SIZES[size], CELLS[cell]()
    weights = Arranged(draw(1, len(cell.products) * H, H + D + 1), np.empty((0, H, 1, 1)))
    state0 = np.zeros((1 + len(cell.carried), H, 1, N), np.float32)
    layer, packing = Recurrent(cell, D, H), Packing(np.full(N, T))
    return layer, [draw(N * T, D)], packing, state0, weights


@backends
@cells
@sizes
def test_unroll(benchmark, cell, size, backend):
    layer, xs, packing, state0, weights = problem(cell, size)
    gradient, compute = weights.zero_gradient(), loop(backend, layer.cell)
    how = Pass(arranged=weights)

    def forth_and_back():
        _, backward = compute(layer, xs, packing, state0.copy(), None, how, False)
        backward(gradient, np.ones_like(state0))

    benchmark(forth_and_back)


@cells
@sizes
def test_products(benchmark, cell, size):
    layer, _, _, state0, weights = problem(cell, size)
    H, n = state0.shape[1], state0.shape[3]
    n_products = products_from_h(layer.cell, H)
    W = weights.W[0]
    W_T, W_h = W[:, :n_products].T, W[:H, :n_products]
    s, a, h = draw(len(W), n), draw(n_products, n), draw(H, n)
    all_a, all_s = draw(n_products, T * n), draw(len(W), T * n)

    def products():
        for _ in range(T):
            np.matmul(W_T, s, out=a)
            np.matmul(W_h, a, out=h)
        all_a @ all_s.T

    benchmark(products)


@backends
@cells
@sizes
def test_predict(benchmark, cell, size, backend):
    layer, xs, packing, state0, weights = problem(cell, size)
    how = Pass(for_backward=False, arranged=weights)
    benchmark(loop(backend, layer.cell), layer, xs, packing, state0, None, how, False)


@backends
@cells
@pytest.mark.parametrize("n_directions", [1, 2])
def test_ragged_layer(benchmark, cell, n_directions, backend):
    layer = Recurrent(CELLS[cell](), 8, 64, n_directions)
    layout = ParamLayout(layer.shapes)
    params, grads = (layout.views(draw(layout.size)) for _ in range(2))
    packing = Packing(np.sort(np.random.default_rng(0).integers(5, T, 32))[::-1])
    x, how = draw(packing.n_rows, 8), Pass(unroll=loop(backend, layer.cell))

    def forth_and_back():
        outputs, _, backward = layer.forward(params, x, packing, how=how)
        backward(grads, outputs)

    benchmark(forth_and_back)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_network(benchmark, pooling):
    network = Network(8, CELLS["gru"](), 64, 5, n_layers=2, pooling=pooling)
    theta = network.initialise(np.random.default_rng(0), np.float32)
    packing = Packing(np.full(32, T))
    x, target = draw(packing.n_rows, 8), np.arange(32) % 5
    weight = np.full(32, 1 / 32, np.float32)
    batch = Batch(x, packing, target, weight)
    benchmark(network.loss_and_grad, theta, batch, cross_entropy)


@pytest.mark.parametrize("n", [5_000, 500_000])
@pytest.mark.parametrize("rule", [Adam, AdamW, RMSprop])
def test_optimizer(benchmark, rule, n):
    theta, grad = draw(n), draw(n)
    mask = (np.ones(n, bool),) if rule is AdamW else ()
    optimizer = rule(theta, *mask)

    def step():
        clip_norm(grad, 1.0)
        optimizer.step(theta, grad, 1e-6)

    benchmark(step)
