"""A stepper does what the steps of a network do, with its states in place."""

import numpy as np
import pytest
from cells import CELLS
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._config import config_context, stepper_for
from skrnn._core.network import Network

EXACT = {"rtol": 1e-12, "atol": 1e-14}


def make(backend, cell, pooling, n_sequences, n_layers=2, dtype=np.float64):
    network = Network(3, CELLS[cell], 4, 2, pooling=pooling, n_layers=n_layers)
    theta = network.initialise(np.random.default_rng(0), dtype)
    theta += 0.1 * np.random.default_rng(1).standard_normal(theta.shape).astype(dtype)
    params, arranged = network.layout.views(theta), network.arrange(theta)
    with config_context(backend=backend):
        stepper = stepper_for(network.stack.cell, np.dtype(dtype))
    return network, params, arranged, stepper(network, params, arranged, n_sequences)


@pytest.mark.parametrize("n_sequences", [1, 5])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", None])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_equal_those_of_the_network(cell, pooling, n_sequences, backend):
    network, params, arranged, stepper = make(backend, cell, pooling, n_sequences)
    rng, states = np.random.default_rng(2), network.initial_states(n_sequences, np.float64)
    for _ in range(6):
        x = rng.standard_normal((n_sequences, 3))
        outputs, states = network.step(params, arranged, x, states)
        assert_allclose(stepper.step(x), outputs, **EXACT)
        for ours, theirs in zip(stepper.take(), states, strict=True):
            assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
            assert_allclose(ours, theirs, **EXACT)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("cell", CELLS)
def test_states_are_taken_and_put(cell, pooling, backend):
    rng = np.random.default_rng(3)
    *_, stepper = make(backend, cell, pooling, 4)
    *_, other = make(backend, cell, pooling, 4)
    steps = rng.standard_normal((6, 4, 3))
    for x in steps[:3]:
        stepper.step(x)
    before, some = stepper.take(), stepper.take([2, 0])
    other.put(before)
    for state, chosen in zip(before, some, strict=True):
        assert_array_equal(state[..., [2, 0]], chosen)
    expected = [stepper.step(x) for x in steps[3:]]
    for x, outputs in zip(steps[3:], expected, strict=True):
        assert_array_equal(other.step(x), outputs)
    # What was taken is a copy.
    assert any(np.abs(a - b).max() > 0 for a, b in zip(before, stepper.take(), strict=True))
    stepper.put(some, [1, 3])
    swapped = steps[3][[0, 2, 2, 0]]
    assert_allclose(stepper.step(swapped)[[1, 3]], expected[0][[2, 0]], **EXACT)


def test_gates_that_overflow_are_shut_without_a_warning(backend):
    *_, stepper = make(backend, "lstm", "last", 1, dtype=np.float32)
    assert np.isfinite(stepper.step(np.full((1, 3), -1e6))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_sequences", [1, 5])
def test_any_layout_of_a_step_will_do(n_sequences, dtype, backend):
    x = np.random.default_rng(4).standard_normal((n_sequences, 3)).astype(dtype)
    read_only = x.copy()
    read_only.flags.writeable = False
    forms = [read_only, np.asfortranarray(x), x[:, ::-1].copy()[:, ::-1], x.astype(">f8")]
    *_, stepper = make(backend, "gru", "last", n_sequences, dtype=dtype)
    begin, expected = stepper.take(), stepper.step(x)
    for form in forms:
        stepper.put(begin)
        assert_array_equal(stepper.step(form), expected)
    assert_array_equal(read_only, x)
