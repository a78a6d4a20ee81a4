import tracemalloc

import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.recurrent import Recurrent

pytestmark = pytest.mark.usefixtures("backend")

LENGTHS = {"equal": [4, 4, 4], "ragged": [5, 3, 3, 1], "one step": [1, 1, 1]}
D, H = 2, 3


def recurrent(cell, K=1, max_steps=None):
    return Recurrent(CELLS[cell], D, H, K, max_steps=max_steps)


def draw(layer, packing, masked=False, seed=0):
    """Random parameters, inputs, and gradients of what comes out."""
    rng = np.random.default_rng(seed)
    n, (_, _, K) = packing.n_sequences, layer.state_shape
    return {
        "params": {name: rng.normal(size=shape) / 2 for name, shape in layer.shapes.items()},
        "x": rng.normal(size=(packing.n_rows, D)),
        "state0": rng.normal(size=(*layer.state_shape, n)),
        "doutputs": rng.normal(size=(packing.n_rows, K * H)),
        "dfinal": rng.normal(size=(*layer.state_shape, n)),
        "mask": 1.25 * (rng.random((H, K, n)) < 0.8) if masked else None,
    }


def run(layer, packing, params, x, state0, doutputs, dfinal, mask=None):
    """Everything a layer computes, by name."""
    outputs, final, backward = layer.forward(params, x, packing, state0, mask)
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    dx, dstate0 = backward(grads, doutputs, dfinal, need_dx=True)
    return {"outputs": outputs, "final": final, "dx": dx, "dstate0": dstate0, **grads}


def assert_same(numbers, expected):
    assert numbers.keys() == expected.keys()
    for name, number in numbers.items():
        assert_allclose(number, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("K", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_parameters_input_and_initial_state(cell, K, lengths, masked):
    layer, packing = recurrent(cell, K), Packing(LENGTHS[lengths])
    drawn = draw(layer, packing, masked)
    inputs = drawn["params"] | {"x": drawn["x"], "dstate0": drawn["state0"]}
    layout = ParamLayout({name: value.shape for name, value in inputs.items()})
    point = np.concatenate([value.ravel() for value in inputs.values()])

    def value(point):
        views = layout.views(point)
        outputs, final, _ = layer.forward(
            views, views["x"], packing, views["dstate0"], drawn["mask"]
        )
        return np.vdot(outputs, drawn["doutputs"]) + np.vdot(final, drawn["dfinal"])

    numbers = run(layer, packing, **drawn)
    numbers["x"] = numbers["dx"]
    gradient = np.concatenate([numbers[name].ravel() for name in inputs])
    assert_gradient(value, point, gradient, layout.slices)


@pytest.mark.parametrize("max_steps", [None, 2])
@pytest.mark.parametrize("K", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_alone_computes_what_it_does_in_a_ragged_batch(cell, K, max_steps):
    layer, packing = recurrent(cell, K, max_steps), Packing(LENGTHS["ragged"])
    drawn = draw(layer, packing, masked=True)
    together = run(layer, packing, **drawn)
    summed = dict.fromkeys(layer.shapes, 0.0)
    for s, length in enumerate(packing.lengths):
        rows, column = packing.sequence == s, slice(s, s + 1)
        alone = run(
            layer,
            Packing([length]),
            drawn["params"],
            drawn["x"][rows],
            drawn["state0"][..., column],
            drawn["doutputs"][rows],
            drawn["dfinal"][..., column],
            drawn["mask"][..., column],
        )
        parts = {name: together[name][rows] for name in ("outputs", "dx")}
        parts |= {name: together[name][..., column] for name in ("final", "dstate0")}
        assert_same({name: alone[name] for name in parts}, parts)
        for name in summed:
            summed[name] = summed[name] + alone[name]
    assert_same(summed, {name: together[name] for name in summed})


def in_chunks(layer, packing, params, x, state0, doutputs, dfinal, mask, size, truncate):
    """`run`, chunk by chunk: each is a call of its own that takes the state on from the last.

    Rows are in order of time, so those of a chunk are neighbours.
    """
    chunks, outputs, final = [], [], state0.copy()
    for first in range(0, packing.n_steps, size):
        last = min(first + size, packing.n_steps)
        n = packing.batch_sizes[first]
        rows = slice(packing.offsets[first], packing.offsets[last])
        part = Packing(np.minimum(packing.lengths[:n], last) - first)
        part_mask = None if mask is None else mask[..., :n]
        out, final[..., :n], backward = layer.forward(
            params, x[rows], part, final[..., :n], part_mask
        )
        outputs.append(out)
        chunks.append((rows, n, backward))
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    dx, dstate = [], dfinal.copy()
    for rows, n, backward in reversed(chunks):
        dx_part, dstate_part = backward(grads, doutputs[rows], dstate[..., :n], need_dx=True)
        dx.insert(0, dx_part)
        dstate[..., :n] = 0 if truncate and rows.start else dstate_part
    outputs, dx = np.concatenate(outputs), np.concatenate(dx)
    return {"outputs": outputs, "final": final, "dx": dx, "dstate0": dstate, **grads}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_chunks_that_carry_the_state_both_ways_make_the_whole(cell, size, masked):
    layer, packing = recurrent(cell), Packing(LENGTHS["ragged"])
    drawn = draw(layer, packing, masked)
    chunked = in_chunks(layer, packing, **drawn, size=size, truncate=False)
    assert_same(chunked, run(layer, packing, **drawn))


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("max_steps", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_truncation_is_chunks_that_carry_the_state_but_not_its_gradient(cell, max_steps, lengths):
    packing = Packing(LENGTHS[lengths])
    drawn = draw(recurrent(cell), packing)
    chunked = in_chunks(recurrent(cell), packing, **drawn, size=max_steps, truncate=True)
    assert_same(run(recurrent(cell, max_steps=max_steps), packing, **drawn), chunked)


@pytest.mark.parametrize("lengths", [[400] * 8, range(400, 0, -50)], ids=["equal", "ragged"])
@pytest.mark.parametrize("K", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_truncation_needs_the_memory_of_some_steps(cell, K, lengths, backend):
    packing = Packing(lengths)
    drawn = draw(recurrent(cell, K), packing)

    def peak(max_steps):
        layer = recurrent(cell, K, max_steps)
        run(layer, packing, **drawn)  # what is made once, and compiled
        grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
        tracemalloc.start()
        try:
            *_, backward = layer.forward(drawn["params"], drawn["x"], packing, return_steps=False)
            backward(grads, dfinal=drawn["dfinal"])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20) < peak(None) / 2


@pytest.mark.parametrize("K", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_truncation_beyond_the_longest_sequence_changes_nothing(cell, K):
    packing = Packing(LENGTHS["ragged"])
    drawn = draw(recurrent(cell, K), packing)
    full = run(recurrent(cell, K), packing, **drawn)
    for max_steps in (5, 6, 1000):
        truncated = run(recurrent(cell, K, max_steps), packing, **drawn)
        for name, number in truncated.items():
            assert_array_equal(number, full[name], err_msg=name)
    shorter = run(recurrent(cell, K, max_steps=4), packing, **drawn)
    assert np.abs(shorter["weight_hh_l0"] - full["weight_hh_l0"]).max() > 1e-6


@pytest.mark.parametrize("max_steps", [None, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_two_directions_are_two_layers_one_of_them_on_mirrored_rows(cell, max_steps):
    packing = Packing(LENGTHS["ragged"])
    drawn = draw(recurrent(cell, K=2), packing, masked=True)
    both = run(recurrent(cell, 2, max_steps), packing, **drawn)
    single, dx = recurrent(cell, 1, max_steps), 0
    for k, (suffix, order) in enumerate([("", slice(None)), ("_reverse", packing.mirror)]):
        half, one = slice(k * H, (k + 1) * H), slice(k, k + 1)
        numbers = run(
            single,
            packing,
            {name: drawn["params"][name + suffix] for name in single.shapes},
            drawn["x"][order],
            drawn["state0"][:, :, one],
            drawn["doutputs"][order, half],
            drawn["dfinal"][:, :, one],
            drawn["mask"][:, one],
        )
        dx = dx + numbers.pop("dx")[order]
        parts = {name: both[name + suffix] for name in single.shapes}
        parts |= {name: both[name][:, :, one] for name in ("final", "dstate0")}
        assert_same(numbers, parts | {"outputs": both["outputs"][order, half]})
    assert_same({"dx": dx}, {"dx": both["dx"]})


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_reversed_input_and_swapped_directions_reverse_the_outputs(cell, lengths):
    layer, packing = recurrent(cell, K=2), Packing(LENGTHS[lengths])
    drawn = draw(layer, packing)
    swap = {
        name: name.removesuffix("_reverse") if name.endswith("_reverse") else name + "_reverse"
        for name in layer.shapes
    }
    halves = np.r_[H : 2 * H, :H]
    swapped = run(
        layer,
        packing,
        {swap[name]: value for name, value in drawn["params"].items()},
        drawn["x"][packing.mirror],
        drawn["state0"][:, :, ::-1],
        drawn["doutputs"][packing.mirror][:, halves],
        drawn["dfinal"][:, :, ::-1],
    )
    numbers = run(layer, packing, **drawn)
    expected = {swap[name]: numbers[name] for name in layer.shapes}
    expected |= {name: numbers[name][:, :, ::-1] for name in ("final", "dstate0")}
    expected["outputs"] = numbers["outputs"][packing.mirror][:, halves]
    assert_same(swapped, expected | {"dx": numbers["dx"][packing.mirror]})


@pytest.mark.parametrize("cell", CELLS)
def test_no_state_and_no_gradient_mean_zeros(cell):
    layer, packing = recurrent(cell, K=2), Packing(LENGTHS["ragged"])
    drawn = draw(layer, packing)
    zeros = {name: np.zeros_like(drawn[name]) for name in ("state0", "doutputs", "dfinal")}
    for name in zeros:
        none, zero = drawn | {name: None}, drawn | {name: zeros[name]}
        assert_same(run(layer, packing, **none), run(layer, packing, **zero))


def test_backward_adds_to_the_gradients_and_may_be_called_again():
    layer, packing = recurrent("lstm"), Packing(LENGTHS["ragged"])
    drawn = draw(layer, packing)
    outputs, _, backward = layer.forward(drawn["params"], drawn["x"], packing)
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    backward(grads, drawn["doutputs"])
    once = {name: grad.copy() for name, grad in grads.items()}
    backward(grads, drawn["doutputs"])
    assert_same(grads, {name: 2 * grad for name, grad in once.items()})


def test_unwanted_outputs_and_input_gradient_are_left_out():
    layer, packing = recurrent("gru", K=2), Packing(LENGTHS["ragged"])
    drawn = draw(layer, packing)
    outputs, final, backward = layer.forward(
        drawn["params"], drawn["x"], packing, return_steps=False
    )
    assert outputs is None
    assert_array_equal(final, layer.forward(drawn["params"], drawn["x"], packing)[1])
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    dx, _ = backward(grads, dfinal=drawn["dfinal"])
    assert dx is None
    nothing = {"state0": None, "doutputs": None}
    expected = run(layer, packing, **drawn | nothing)
    assert_same(grads, {name: expected[name] for name in grads})
