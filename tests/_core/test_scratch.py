from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cells import CELLS
from numpy.testing import assert_array_equal

from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.recurrent import Recurrent
from skrnn._core.scratch import Scratch


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_scratch_memory_changes_no_result(cell):
    scratch, rng = Scratch(), np.random.default_rng(0)
    layer = Recurrent(cell, 2, 3, n_directions=2)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    for lengths in ([3, 1], [5, 5, 2], [4], [5, 5, 2]):
        packing = Packing(lengths)
        x, d = rng.normal(size=(packing.n_rows, 2)), rng.normal(size=(packing.n_rows, 6))
        scratch.reset()
        found = there_and_back(layer, params, x, packing, d, scratch.empty)
        for ours, expected in zip(
            found, there_and_back(layer, params, x, packing, d, np.empty), strict=True
        ):
            assert_array_equal(ours, expected)


def there_and_back(layer, params, x, packing, doutputs, empty):
    outputs, final, backward = layer.forward(params, x, packing, how=Pass(empty=empty))
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    dx, dstate = backward(grads, doutputs, np.ones_like(final), need_dx=True)
    return outputs, final, dx, dstate, *grads.values()


def test_scratch_hands_out_the_same_memory_again_once_it_knows_how_much():
    scratch, f4 = Scratch(), np.dtype("f4")
    passes = []
    for _ in range(3):
        scratch.reset()
        passes.append([scratch.empty((3, 5), f4), scratch.empty((70,), f4)])
    first, second, third = passes
    assert not np.shares_memory(second[0], second[1])
    for a, b, c in zip(first, second, third, strict=True):
        assert not np.shares_memory(a, b) and np.shares_memory(b, c)
        assert c.ctypes.data % 64 == scratch.buffer.ctypes.data % 64


def test_scratch_gives_each_thread_memory_of_its_own():
    scratch = Scratch()

    def second_pass():
        for _ in range(2):
            scratch.reset()
            array = scratch.empty((100,), np.dtype("f8"))
        return array

    here = second_pass()
    with ThreadPoolExecutor(1) as pool:
        assert not np.shares_memory(here, pool.submit(second_pass).result())
