import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.embedding import Embedding, add_at


def test_embedding_puts_numbers_first_and_then_the_vectors():
    layer = Embedding(4, {0: (3, 2), 2: (2, 1)})
    params = {
        "embedding_0.weight": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        "embedding_2.weight": np.array([[7.0], [8.0]]),
    }
    x = np.array([[2, 0.5, 1, -1.5], [0, 2.5, 1, 3.5], [2, 4.5, 0, 5.5]])
    outputs, backward = layer.forward(params, x)
    expected = [[0.5, -1.5, 5, 6, 8], [2.5, 3.5, 1, 2, 8], [4.5, 5.5, 5, 6, 7]]
    assert_array_equal(outputs, expected)
    assert layer.width == 5
    assert layer.shapes == {name: table.shape for name, table in params.items()}
    # Rows 0 and 2 share vector 2 of the first table, rows 0 and 1 vector 1 of the second.
    grads = {name: np.ones_like(table) for name, table in params.items()}
    backward(grads, np.arange(15.0).reshape(3, 5))
    assert_array_equal(grads["embedding_0.weight"], [[8, 9], [1, 1], [15, 17]])
    assert_array_equal(grads["embedding_2.weight"], [[15], [14]])


def test_a_frozen_table_receives_no_gradient():
    layer = Embedding(2, {0: (3, 2), 1: (2, 1)}, frozen=[0])
    params = {name: np.ones(shape) for name, shape in layer.shapes.items()}
    outputs, backward = layer.forward(params, np.zeros((4, 2)))
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    backward(grads, np.ones_like(outputs))
    assert_array_equal(grads["embedding_0.weight"], np.zeros((3, 2)))
    assert_array_equal(grads["embedding_1.weight"], [[4], [0]])


def test_embedding_of_ids_alone_computes_in_the_dtype_of_the_vectors():
    layer = Embedding(1, {0: (3, 2)})
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    params = {"embedding_0.weight": table}
    outputs, _ = layer.forward(params, np.array([[2], [0]]))
    assert outputs.dtype == np.float32
    assert_array_equal(outputs, table[[2, 0]])


def test_a_share_of_the_ids_is_replaced_with_the_unknown():
    layer, x = Embedding(3, {0: (3, 2), 2: (3, 2)}), np.ones((10_000, 3))
    layer.replace_with_unknown(x, 0.3, np.random.default_rng(0))
    assert_array_equal(np.unique(x[:, [0, 2]]), [0, 1])
    assert_array_equal(x[:, 1], np.ones(10_000))
    # Five standard errors of 10 000 draws; each column has draws of its own.
    assert_allclose((x == 0).mean(axis=0)[[0, 2]], 0.3, atol=5 * np.sqrt(0.21 / 10_000))
    assert (x[:, 0] != x[:, 2]).any()


def test_ids_are_numbered_anew():
    layer = Embedding(3, {0: (9, 2), 2: (9, 1)}, prefix="a.")
    xs = [np.array([[7, 0.5, 1], [2, 1.5, 1]]), np.array([[7, 2.5, 8.0]])]
    before = [x.copy() for x in xs]
    renumbered, touched = layer.renumber(xs)
    assert_array_equal(renumbered[0], [[1, 0.5, 0], [0, 1.5, 0]])
    assert_array_equal(renumbered[1], [[1, 2.5, 1]])
    assert_array_equal(touched["a.embedding_0.weight"], [2, 7])
    assert_array_equal(touched["a.embedding_2.weight"], [1, 8])
    for x, kept in zip(xs, before, strict=True):
        assert_array_equal(x, kept)


def test_add_at_is_the_sum_of_all_that_fall_on_a_vector():
    rng = np.random.default_rng(0)
    ids, values = rng.integers(20, size=50), rng.normal(size=(50, 3))
    table = rng.normal(size=(30, 3))
    expected = table.copy()
    np.add.at(expected, ids, values)
    add_at(table, ids, values)
    assert_allclose(table, expected, rtol=1e-13)
