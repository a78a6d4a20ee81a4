import numpy as np
import pytest
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.packing import Packing
from skrnn._core.pooling import POOLINGS, Max

LENGTHS = {"equal": [4, 4, 4], "ragged": [5, 3, 3, 1], "one step": [1, 1, 1]}


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(("pooling", "reduce"), [("mean", np.mean), ("max", np.max)])
def test_pooling_reduces_each_sequence(pooling, reduce, lengths):
    packing = Packing(LENGTHS[lengths])
    rng = np.random.default_rng(0)
    rows, dpooled = rng.normal(size=(packing.n_rows, 2)), rng.normal(size=(packing.n_sequences, 2))
    pooled, _, backward = POOLINGS[pooling].forward(rows, None, packing)
    expected = [reduce(rows[packing.sequence == s], axis=0) for s in range(packing.n_sequences)]
    assert_allclose(pooled, expected, rtol=1e-14)

    def value(point):
        return np.vdot(
            POOLINGS[pooling].forward(point.reshape(rows.shape), None, packing)[0], dpooled
        )

    assert_gradient_entries(value, rows.ravel(), backward(dpooled)[0].ravel())


def test_the_earliest_of_equal_maxima_takes_the_gradient():
    # Lengths 3, 2: rows a0 b0 a1 b1 a2. The run of steps 0-1 and the run of step 2 meet in a.
    rows = np.array([[1.0, 2], [4, 4], [3, 2], [4, 5], [3, 2]])
    pooled, _, backward = Max().forward(rows, None, Packing([3, 2]))
    assert_array_equal(pooled, [[3, 2], [4, 5]])
    drows, _, _ = backward(np.array([[10.0, 20], [30, 40]]))
    assert_array_equal(drows, [[0, 20], [30, 0], [10, 0], [0, 40], [0, 0]])
