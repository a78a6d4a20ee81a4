import numpy as np
import pytest
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.pooling import POOLINGS, Max

LENGTHS = {"equal": [4, 4, 4], "ragged": [5, 3, 3, 1], "one step": [1, 1, 1]}
H, K = 2, 2
CARRIED = {"mean": H * K + 1, "max": H * K}  # features of the state


def draw(packing, pooling, seed=0):
    """Outputs, final state and state of the steps before."""
    rng = np.random.default_rng(seed)
    outputs = rng.normal(size=(packing.n_rows, K * H))
    state = None
    if pooling in CARRIED:
        state = rng.normal(size=(CARRIED[pooling], packing.n_sequences))
        if pooling == "mean":
            state[-1] = rng.integers(1, 5, packing.n_sequences)
    return outputs, rng.normal(size=(2, H, K, packing.n_sequences)), state


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(("pooling", "reduce"), [("mean", np.mean), ("max", np.max)])
def test_pooling_reduces_each_sequence(pooling, reduce, lengths):
    packing = Packing(LENGTHS[lengths])
    outputs, final, _ = draw(packing, pooling)
    features, _, _ = POOLINGS[pooling].forward(outputs, final, packing)
    expected = [reduce(outputs[packing.sequence == s], axis=0) for s in range(len(features))]
    assert_allclose(features, expected, rtol=1e-14)


def test_the_last_hidden_state_holds_one_direction_after_the_other():
    packing = Packing([2, 1])
    final = np.arange(16.0).reshape(2, H, K, 2)
    features, state, _ = POOLINGS["last"].forward(None, final, packing)
    # h of units 0 and 1 in the forward, then in the backward direction, of both sequences.
    assert_array_equal(features, [[0, 4, 2, 6], [1, 5, 3, 7]])
    assert state is None


def test_every_step_keeps_the_outputs():
    packing = Packing([2, 1])
    outputs, final, _ = draw(packing, None)
    features, state, backward = POOLINGS[None].forward(outputs, final, packing)
    assert features is outputs and state is None
    doutputs, dfinal, dstate = backward(outputs)
    assert doutputs is outputs and dfinal is None and dstate is None


@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_gradient(pooling, lengths, carried):
    packing, pool = Packing(LENGTHS[lengths]), POOLINGS[pooling]
    outputs, final, state = draw(packing, pooling)
    given = {"outputs": outputs, "final": final}
    if carried and pooling in CARRIED:
        given["state"] = state
    layout = ParamLayout({name: array.shape for name, array in given.items()})
    point = np.concatenate([array.ravel() for array in given.values()])

    def forward(point):
        views = layout.views(point)
        return pool.forward(views["outputs"], views["final"], packing, views.get("state"))

    features, after, backward = forward(point)
    rng = np.random.default_rng(1)
    dfeatures = rng.normal(size=features.shape)
    dafter = None if after is None else rng.normal(size=after.shape)

    def value(point):
        features, after, _ = forward(point)
        return np.vdot(features, dfeatures) + (0 if after is None else np.vdot(after, dafter))

    gradient = np.zeros_like(point)
    parts = zip(("outputs", "final", "state"), backward(dfeatures, dafter), strict=True)
    for name, part in parts:
        if name in given and part is not None:
            layout.views(gradient)[name][...] = part
    assert_gradient_entries(value, point, gradient)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("pooling", CARRIED)
def test_chunks_that_hand_the_state_on_make_the_whole(pooling, size):
    packing, pool = Packing([5] * 3), POOLINGS[pooling]
    outputs, final, _ = draw(packing, pooling)
    whole, after, backward = pool.forward(outputs, final, packing)
    state, backwards = None, []
    for chunk in np.split(outputs, np.arange(size, 5, size) * 3):
        part = Packing([len(chunk) // 3] * 3)
        features, state, back = pool.forward(chunk, final, part, state)
        backwards.append(back)
    assert_allclose(features, whole, rtol=1e-13)
    assert_allclose(state, after, rtol=1e-13)
    # Only the last chunk's features are used: the rest of the gradient goes through the state.
    dfeatures, dstate, doutputs = np.random.default_rng(1).normal(size=whole.shape), None, []
    expected = backward(dfeatures)[0]
    for back in reversed(backwards):
        d, _, dstate = back(dfeatures, dstate)
        doutputs.insert(0, d)
        dfeatures = np.zeros_like(dfeatures)
    assert_allclose(np.concatenate(doutputs), expected, rtol=1e-12)


def test_the_earliest_of_equal_maxima_takes_the_gradient():
    # Lengths 3, 2: rows a0 b0 a1 b1 a2. The run of steps 0-1 and the run of step 2 meet in a.
    rows = np.array([[1.0, 2], [4, 4], [3, 2], [4, 5], [3, 2]])
    features, _, backward = Max().forward(rows, None, Packing([3, 2]))
    assert_array_equal(features, [[3, 2], [4, 5]])
    doutputs, _, dstate = backward(np.array([[10.0, 20], [30, 40]]))
    assert_array_equal(doutputs, [[0, 20], [30, 0], [10, 0], [0, 40], [0, 0]])
    assert_array_equal(dstate, np.zeros((2, 2)))
    # What was before is earlier still.
    before = np.array([[3.0, 4], [1, 5]])
    features, after, backward = Max().forward(rows, None, Packing([3, 2]), before)
    assert_array_equal(features, [[3, 2], [4, 5]])
    assert_array_equal(after, features.T)
    doutputs, _, dstate = backward(np.array([[10.0, 20], [30, 40]]))
    assert_array_equal(doutputs, [[0, 20], [0, 0], [0, 0], [0, 0], [0, 0]])
    assert_array_equal(dstate, [[10, 30], [0, 40]])


def test_the_mean_of_a_long_stream_counts_in_double_precision():
    # float32 cannot add 1 to 2 ** 24, nor 0.5 to a sum of that size.
    before = np.array([[2.0**24], [2.0**24]])
    packing, pool = Packing([1]), POOLINGS["mean"]
    features, after, _ = pool.forward(np.full((1, 1), 0.5, np.float32), None, packing, before)
    assert features.dtype == np.float32
    assert_array_equal(after, [[2.0**24 + 0.5], [2.0**24 + 1]])


def test_a_maximum_over_what_is_no_number_is_none():
    rows = np.array([[1.0, 2], [4, 4], [np.nan, 2], [4, 5], [3, 2]])
    features, _, backward = Max().forward(rows, None, Packing([3, 2]))
    assert_array_equal(features, [[np.nan, 2], [4, 5]])
    assert backward(np.ones((2, 2)))[0].sum() == 4
