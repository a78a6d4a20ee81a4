import numpy as np
import pytest
from cells import CELLS
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core import unroll
from skrnn._core.cells import Cell, add, subtract
from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.recurrent import Recurrent

pytestmark = pytest.mark.usefixtures("backend")

LENGTHS = [4, 2, 2, 1]
N, ROWS = 4, 9


class Counter(Cell):
    """h = h_prev + 1: a cell without mathematics, so that integers tell where a step ran."""

    keeps_h = True

    @staticmethod
    def forward_parts(G, after, h_before, h, term, H):
        return h_before, h

    @staticmethod
    def forward(one, parts):
        h_before, h = parts
        add(h_before, one, h)

    @staticmethod
    def local_parts(G, A, h_before, h, H):
        return h, A

    @staticmethod
    def local(one, parts):
        h, dproducts = parts
        subtract(h, h, dproducts)

    @staticmethod
    def back_parts(G, A, d, term, H):
        return d, d

    @staticmethod
    def back(parts):
        dh, same = parts
        pass


def count(max_steps=None, seed=0):
    """Run two directions of a counter over ragged sequences; integers in, integers out."""
    layer, packing = Recurrent(Counter(), 1, 1, 2, max_steps=max_steps), Packing(LENGTHS)
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    state0, dfinal = rng.integers(1, 100, size=(2, 1, 1, 2, N)).astype(float)
    doutputs = rng.integers(1, 100, size=(ROWS, 2)).astype(float)
    outputs, final, backward = layer.forward(params, np.zeros((ROWS, 1)), packing, state0)
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    _, dstate0 = backward(grads, doutputs, dfinal)
    return packing, state0, outputs, final, doutputs, dfinal, dstate0


@pytest.mark.parametrize("max_steps", [None, 1, 2, 3])
def test_each_sequence_counts_its_own_steps(max_steps):
    packing, state0, outputs, final, *_ = count(max_steps)
    steps_to = [packing.step + 1, packing.lengths[packing.sequence] - packing.step]
    for k in range(2):
        assert_array_equal(outputs[:, k], state0[0, 0, k, packing.sequence] + steps_to[k])
        assert_array_equal(final[0, 0, k], state0[0, 0, k] + LENGTHS)


@pytest.mark.parametrize("max_steps", [None, 1, 2, 3])
def test_the_initial_state_collects_the_gradient_of_the_steps_it_may_reach(max_steps):
    packing, _, _, _, doutputs, dfinal, dstate0 = count(max_steps)
    reach = packing.n_steps if max_steps is None else max_steps
    steps_before = [packing.step, packing.lengths[packing.sequence] - 1 - packing.step]
    for k in range(2):
        expected = np.where(packing.lengths <= reach, dfinal[0, 0, k], 0)
        within = steps_before[k] < reach
        np.add.at(expected, packing.sequence[within], doutputs[within, k])
        assert_array_equal(dstate0[0, 0, k], expected)


def compute(cell, masked=False, for_backward=True):
    """Run two directions of a cell over ragged sequences, both ways if asked to."""
    rng = np.random.default_rng(1)
    layer = Recurrent(CELLS[cell], 2, 3, 2)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    x, state0 = rng.normal(size=(ROWS, 2)), rng.normal(size=(*layer.state_shape, N))
    mask = rng.integers(0, 2, size=(3, 2, N)) * 2.0 if masked else None
    outputs, final, backward = layer.forward(
        params, x, Packing(LENGTHS), state0, mask, Pass(for_backward=for_backward)
    )
    numbers = {"outputs": outputs, "final": final}
    if for_backward:
        grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
        doutputs, dfinal = rng.normal(size=outputs.shape), rng.normal(size=final.shape)
        dx, dstate0 = backward(grads, doutputs, dfinal, need_dx=True)
        numbers |= {"dx": dx, "dstate0": dstate0, **grads}
    return numbers


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_without_a_tape_the_numbers_are_the_same(cell, masked):
    kept, forgotten = compute(cell, masked), compute(cell, masked, for_backward=False)
    assert_array_equal(forgotten["outputs"], kept["outputs"])
    assert_array_equal(forgotten["final"], kept["final"])


@pytest.mark.parametrize("stretch", [1, 100])
@pytest.mark.parametrize("cell", CELLS)
def test_the_way_back_may_be_cut_into_stretches(cell, stretch, monkeypatch):
    whole = compute(cell)
    monkeypatch.setattr(unroll, "STRETCH", stretch)
    for name, number in compute(cell).items():
        assert_allclose(number, whole[name], rtol=1e-12, atol=1e-14, err_msg=name)
