import numpy as np
import pytest
from cells import CELLS
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.init import chrono, glorot_uniform, init_recurrent, orthogonal
from skrnn._core.network import Network
from skrnn._core.recurrent import Recurrent

D, H = 3, 8


def rng(seed=0):
    return np.random.default_rng(seed)


def initialise(cell, **options):
    """The weights of both directions of a layer, each a dict."""
    layer = Recurrent(CELLS[cell], D, H, 2)
    views = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    init_recurrent(layer, views, rng(), **options)
    return layer.directions(views)


def test_glorot_uniform_fills_its_range_evenly():
    weights = glorot_uniform((100, 500), rng())
    limit = 0.1  # sqrt(6 / 600)
    assert np.abs(weights).max() <= limit
    # Of 50 000 uniform draws: mean and variance within five standard errors.
    assert abs(weights.mean()) < 5 * limit / np.sqrt(3 * weights.size)
    assert abs(weights.var() / (limit**2 / 3) - 1) < 5 * np.sqrt(0.8 / weights.size)


def test_orthogonal_is_orthogonal_and_uniform():
    q = orthogonal((H, H), rng())
    assert_allclose(q @ q.T, np.eye(H), atol=1e-14)
    # The one QR factorisation with a positive diagonal of R: uniform by construction.
    r = q.T @ rng().standard_normal((H, H))
    assert_allclose(np.tril(r, -1), 0, atol=1e-14)
    assert (np.diag(r) > 0).all()


@pytest.mark.parametrize("cell", CELLS)
def test_weights_gate_by_gate(cell):
    seen = set()
    for weights in initialise(cell):
        for W_x in np.split(weights["weight_ih"], CELLS[cell].n_gates):
            assert 0 < np.abs(W_x).max() <= np.sqrt(6 / (D + H))
            seen.add(W_x[0, 0])
        for W_h in np.split(weights["weight_hh"], CELLS[cell].n_gates):
            assert_allclose(W_h @ W_h.T, np.eye(H), atol=1e-14)
            seen.add(W_h[0, 0])
    assert len(seen) == 4 * CELLS[cell].n_gates  # each block is a draw of its own


KEEPING = {"lstm": 1, "gru": 1}  # the forget gate of i, f, g, o; the update gate of r, z, n


@pytest.mark.parametrize("options", [{}, {"forget_bias": 2.5}], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_biases_are_zero_except_that_of_the_gate_that_keeps_the_state(cell, options):
    expected = np.zeros((CELLS[cell].n_gates, H))
    if cell in KEEPING:
        expected[KEEPING[cell]] = options.get("forget_bias", 1.0)
    for weights in initialise(cell, **options):
        assert_array_equal(weights["bias_ih"].reshape(-1, H), expected)
        assert_array_equal(weights["bias_hh"], np.zeros(expected.size))


@pytest.mark.parametrize("n_steps", [1, 2, 3, 100])
def test_chrono_is_the_log_of_times_up_to_the_length(n_steps):
    times = np.exp(chrono(10_000, n_steps, rng()))
    longest = max(2, n_steps - 1)
    # 10 000 uniform draws leave less than a thousandth of the range at its ends.
    assert 1 <= times.min() < 1 + (longest - 1) / 1000
    assert longest - (longest - 1) / 1000 < times.max() <= longest
    standard_error = (longest - 1) / np.sqrt(12 * len(times))
    assert abs(times.mean() - (1 + longest) / 2) < 5 * standard_error


@pytest.mark.parametrize("cell", CELLS)
def test_chrono_biases(cell):
    for weights in initialise(cell, forget_bias="chrono", n_steps=50):
        bias = weights["bias_ih"].reshape(-1, H)
        if cell in KEEPING:
            kept = bias[KEEPING[cell]].copy()
            assert len(np.unique(kept)) == H
            assert (kept >= 0).all() and (kept <= np.log(49)).all()
            bias[KEEPING[cell]] = 0
            if cell == "lstm":
                assert_array_equal(bias[0], -kept)
                bias[0] = 0
        assert_array_equal(bias, np.zeros_like(bias))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_whole_network(dtype):
    network = Network(2, CELLS["gru"], H, 4, n_layers=2, bidirectional=True, tables={1: (2000, 25)})
    theta = network.initialise(rng(), dtype)
    assert theta.dtype == dtype
    assert_array_equal(theta, network.initialise(rng(), dtype))
    views = network.layout.views(theta)
    table, head = views["embedding_1.weight"], views["head.weight"]
    assert abs(table.var() * 25 - 1) < 5 * np.sqrt(2 / table.size)
    assert 0 < np.abs(head).max() <= np.sqrt(6 / (4 + 2 * H))
    assert_array_equal(views["head.bias"], np.zeros(4))
    for layer in network.stack.layers:
        for weights in layer.directions(views):
            for W_h in np.split(weights["weight_hh"], 3):
                assert_allclose(W_h @ W_h.T, np.eye(H), atol=10 * np.finfo(dtype).eps)
