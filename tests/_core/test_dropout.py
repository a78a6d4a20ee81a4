import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn._core.dropout import drop, dropout_mask


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_expected_value(rate):
    mask = dropout_mask((200, 500), rate, np.random.default_rng(0), np.float64)
    assert_array_equal(np.unique(mask), [0, 1 / (1 - rate)])
    # Five standard errors of the mean of 100 000 draws.
    assert abs(mask.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / mask.size)


def test_both_precisions_drop_the_same_units():
    single, double = (
        dropout_mask((50, 50), 0.3, np.random.default_rng(0), dtype)
        for dtype in (np.float32, np.float64)
    )
    assert single.dtype == np.float32
    assert_array_equal(single == 0, double == 0)


def test_dropout_spares_the_numbers_beside_embeddings():
    dropped, drop_backward = drop(np.ones((40, 5)), 0.75, np.random.default_rng(0), start=2)
    assert_array_equal(dropped[:, :2], 1)
    assert_array_equal(np.unique(dropped[:, 2:]), [0, 4])
    assert_array_equal(drop_backward(np.ones((40, 5))), dropped)
