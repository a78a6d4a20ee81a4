import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from skrnn._core.cells import LSTM, slabs
from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.recurrent import Recurrent

pytestmark = pytest.mark.usefixtures("backend")

T, D, H, N = 4, 2, 3, 5


class Peephole(LSTM):
    """LSTM whose gates also see c, through a weight for each unit (Gers & Schmidhuber, 2000).

    What a cell with parameters of its own takes; the tests below hold it to its gradients.
    """

    vectors = "peephole_i", "peephole_f", "peephole_o"

    def step(self, from_x, from_h, h, c, p_i, p_f, p_o):
        i, f, g, o = np.split(from_x + from_h, 4, axis=1)
        i, f, g = expit(i + p_i * c), expit(f + p_f * c), np.tanh(g)
        c = f * c + i * g
        return expit(o + p_o * c) * np.tanh(c), c

    @staticmethod
    def forward_parts(G, after, h_before, h, term, H, *peepholes):
        return *(slabs(G, H, j, j + 1) for j in range(6)), slabs(after, H, 4, 5), h, *peepholes

    @staticmethod
    def forward(one, parts):
        o, i, f, g, c_prev, tanh_c, c, h, p_i, p_f, p_o = parts
        i[...], f[...] = expit(p_i * c_prev - i), expit(p_f * c_prev - f)
        g[...] = np.tanh(g)
        c[...] = f * c_prev + i * g
        o[...] = expit(p_o * c - o)
        tanh_c[...] = np.tanh(c)
        h[...] = o * tanh_c
        for s in (i, f, o):
            s[...] = 1 / s

    @staticmethod
    def local_parts(G, A, h_before, h, H):
        return ()

    @staticmethod
    def local(one, parts):
        pass

    @staticmethod
    def back_parts(G, A, d, term, H, *vectors):
        return *(slabs(G, H, j, j + 1) for j in range(6)), A[:, : 4 * H], d, *vectors

    @staticmethod
    def back(parts):
        o, i, f, g, c_prev, tanh_c, a, d, p_i, p_f, p_o, *dvectors = parts
        dh, dc = np.split(d, 2)
        do = dh * tanh_c * o * (1 - o)
        dc += dh * o * (1 - tanh_c**2) + do * p_o
        di, df = dc * g * i * (1 - i), dc * c_prev * f * (1 - f)
        # The products of logistic gates are those of -z.
        a[...] = np.concatenate([-do, -di, -df, dc * i * (1 - g**2)])
        seen = c_prev, c_prev, f * c_prev + i * g
        for dvector, dgate, c in zip(dvectors, (di, df, do), seen, strict=True):
            dvector += (dgate * c).sum(axis=2, keepdims=True)
        dc *= f
        dc += di * p_i + df * p_f


CELLS = {**CELLS, "peephole": Peephole()}


def filled(layer, value):
    return {name: np.full(shape, value) for name, shape in layer.shapes.items()}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("K", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_runs_are_the_steps_that_the_papers_print(cell, K, masked):
    rng = np.random.default_rng(0)
    layer = Recurrent(CELLS[cell], D, H, K)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    x, state0 = rng.normal(size=(T, N, D)), rng.normal(size=(*layer.state_shape, N))
    mask = 1.25 * (rng.random((H, K, N)) < 0.8) if masked else None
    packing = Packing([T] * N)
    outputs, final, _ = layer.forward(params, x.reshape(-1, D), packing, state0, mask)
    outputs = outputs.reshape(T, N, K, H)
    for k, weights in enumerate(layer.directions(params)):
        W_x, W_h, b_x, b_h, *vectors = weights.values()
        state = tuple(state0[:, :, k].swapaxes(1, 2))
        for t in range(T)[:: -1 if k else 1]:
            h_in = state[0] * mask[:, k].T if masked else state[0]
            state = CELLS[cell].step(x[t] @ W_x.T + b_x, h_in @ W_h.T + b_h, *state, *vectors)
            assert_allclose(outputs[t, :, k], state[0], rtol=1e-12, atol=1e-15)
        assert_allclose(final[:, :, k].swapaxes(1, 2), state, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_entry_of_the_gradient(cell, masked):
    layer, packing = Recurrent(CELLS[cell], 1, 2), Packing([3, 2])
    state_shape = (*layer.state_shape, 2)
    layout = ParamLayout({**layer.shapes, "x": (5, 1), "state0": state_shape})
    rng = np.random.default_rng(1)
    point = rng.normal(size=layout.size)
    doutputs, dfinal = rng.normal(size=(5, 2)), rng.normal(size=state_shape)
    mask = np.array([[[1.25, 0.0]], [[1.25, 1.25]]]) if masked else None

    def run(point):
        views = layout.views(point)
        return layer.forward(views, views["x"], packing, views["state0"], mask)

    def value(point):
        outputs, final, _ = run(point)
        return np.vdot(outputs, doutputs) + np.vdot(final, dfinal)

    gradient = np.zeros_like(point)
    grads = layout.views(gradient)
    backward = run(point)[2]
    grads["x"][...], grads["state0"][...] = backward(grads, doutputs, dfinal, need_dx=True)
    assert_gradient_entries(value, point, gradient)


@pytest.mark.parametrize(
    ("cell", "keep", "shut", "state"), [("lstm", 1, [0], 1), ("gru", 1, [], 0)]
)
def test_a_gate_held_open_keeps_the_state_and_its_gradient(cell, keep, shut, state):
    rng = np.random.default_rng(2)
    layer = Recurrent(CELLS[cell], D, H)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    bias = params["bias_ih_l0"].reshape(-1, H)
    bias[keep], bias[shut] = 1e4, -1e4
    state0, dfinal = np.zeros((2, *layer.state_shape, N))
    state0[...] = rng.normal(size=state0.shape)
    dfinal[state] = rng.normal(size=dfinal[state].shape)
    x = rng.normal(size=(T * N, D))
    with np.errstate(all="raise"):
        _, final, backward = layer.forward(params, x, Packing([T] * N), state0)
        _, dstate0 = backward(filled(layer, 0.0), dfinal=dfinal)
    assert_allclose(final[state], state0[state], rtol=1e-13)
    assert_array_equal(dstate0[state], dfinal[state])


@pytest.mark.parametrize("size", [1e4, -1e4, 1e150])
@pytest.mark.parametrize("cell", ["tanh", "lstm", "gru"])
def test_huge_inputs_saturate_without_overflow(cell, size):
    layer = Recurrent(CELLS[cell], D, H)
    x, grads = np.full((T * N, D), size), filled(layer, 0.0)
    with np.errstate(all="raise"):
        outputs, final, backward = layer.forward(filled(layer, 1.0), x, Packing([T] * N))
        backward(grads, np.ones_like(outputs), np.ones_like(final))
    on = size > 0
    # LSTM with open gates: c grows by one a step. GRU with z = 1 keeps its first state, 0; with
    # z = 0 it shows n = -1.
    expected = {
        "tanh": np.full(T, np.sign(size)),
        "lstm": np.tanh(np.arange(1, T + 1)) if on else np.zeros(T),
        "gru": np.full(T, 0.0 if on else -1.0),
    }
    assert_allclose(outputs.reshape(T, N, H), np.broadcast_to(expected[cell], (H, N, T)).T)
    for name, grad in grads.items():
        assert_array_equal(grad, np.zeros_like(grad), err_msg=name)


def test_relu_has_slope_zero_at_zero():
    layer = Recurrent(CELLS["relu"], D, H)
    grads = filled(layer, 0.0)
    state0 = np.ones((*layer.state_shape, N))
    outputs, _, backward = layer.forward(
        filled(layer, 0.0), np.ones((T * N, D)), Packing([T] * N), state0
    )
    _, dstate0 = backward(grads, np.ones_like(outputs), np.ones_like(state0))
    assert_array_equal(outputs, np.zeros_like(outputs))
    assert_array_equal(dstate0, np.zeros_like(state0))
    for name, grad in grads.items():
        assert_array_equal(grad, np.zeros_like(grad), err_msg=name)
