"""Weights as large as those of language models: the same numbers as NumPy's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("numba")

from skrnn._config import _stepper, _unroll  # noqa: E402
from skrnn._core.cells import CELLS  # noqa: E402
from skrnn._core.network import Network  # noqa: E402
from skrnn._core.packing import Packing  # noqa: E402
from skrnn._core.params import ParamLayout  # noqa: E402
from skrnn._core.passes import Pass  # noqa: E402
from skrnn._core.recurrent import Recurrent  # noqa: E402

H, D, FLOAT64 = 200, 9, np.dtype(np.float64)
EXACT = {"rtol": 1e-10, "atol": 1e-13}


@pytest.mark.parametrize("cell", CELLS)
def test_a_ragged_batch_and_its_gradient(cell):
    layer, rng = Recurrent(CELLS[cell](), D, H, 2), np.random.default_rng(0)
    layout, packing = ParamLayout(layer.shapes), Packing([7, 5, 5, 3, 1])
    theta = rng.standard_normal(layout.size) / 20
    x, doutputs = rng.standard_normal((21, D)), rng.standard_normal((21, 2 * H))

    def compute(backend):
        how, grad = Pass(unroll=_unroll(backend, layer.cell, FLOAT64)), np.zeros(layout.size)
        outputs, final, backward = layer.forward(layout.views(theta), x, packing, how=how)
        return outputs, final, *backward(layout.views(grad), doutputs, need_dx=True), grad

    for ours, numpys in zip(compute("numba"), compute("numpy"), strict=True):
        assert_allclose(ours, numpys, **EXACT)


@pytest.mark.parametrize("cell", CELLS)
def test_steps_of_several_sequences(cell):
    network, rng = Network(D, CELLS[cell](), H, 2, n_layers=2), np.random.default_rng(0)
    theta = network.initialise(rng, FLOAT64)
    params, arranged = network.layout.views(theta), network.arrange(theta)
    ours, numpys = (
        _stepper(backend, network.stack.cell, FLOAT64)(network, params, arranged, 3)
        for backend in ("numba", "numpy")
    )
    for _ in range(3):
        x = rng.standard_normal((3, D))
        assert_allclose(ours.step(x), numpys.step(x), **EXACT)
