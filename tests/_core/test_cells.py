import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.recurrent import Recurrent

T, D, H, N = 4, 2, 3, 5


# The cells as the papers print them: one step in one direction. `h_in` is the hidden state that
# enters the products: `h` itself, or what recurrent dropout leaves of it.


def elman(act):
    def step(x, h, h_in, W_x, W_h, b_x, b_h):
        return (act(x @ W_x.T + b_x + h_in @ W_h.T + b_h),)

    return step


def lstm(x, h, c, h_in, W_x, W_h, b_x, b_h):
    i, f, g, o = np.split(x @ W_x.T + b_x + h_in @ W_h.T + b_h, 4, axis=1)
    c = expit(f) * c + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(c), c


def gru(x, h, h_in, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = np.split(x @ W_x.T + b_x, 3, axis=1)
    h_r, h_z, h_n = np.split(h_in @ W_h.T + b_h, 3, axis=1)
    r, z = expit(x_r + h_r), expit(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return ((1 - z) * n + z * h,)


TEXTBOOK = {
    "tanh": elman(np.tanh),
    "relu": elman(lambda z: np.maximum(z, 0)),
    "lstm": lstm,
    "gru": gru,
}


def filled(layer, value):
    return {name: np.full(shape, value) for name, shape in layer.shapes.items()}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("K", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_are_those_of_the_textbook(cell, K, masked):
    rng = np.random.default_rng(0)
    layer = Recurrent(CELLS[cell], D, H, K)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    x, state0 = rng.normal(size=(T, N, D)), rng.normal(size=(*layer.state_shape, N))
    mask = 1.25 * (rng.random((H, K, N)) < 0.8) if masked else None
    packing = Packing([T] * N)
    outputs, final, _ = layer.forward(params, x.reshape(-1, D), packing, state0, mask)
    outputs = outputs.reshape(T, N, K, H)
    for k, suffix in enumerate(layer.suffixes):
        weights = [params[f"{name}_l0{suffix}"] for name in ("weight_ih", "weight_hh")]
        weights += [params[f"{name}_l0{suffix}"] for name in ("bias_ih", "bias_hh")]
        state = tuple(state0[:, :, k].swapaxes(1, 2))
        for t in range(T)[:: -1 if k else 1]:
            h_in = state[0] * mask[:, k].T if masked else state[0]
            state = TEXTBOOK[cell](x[t], *state, h_in, *weights)
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
