import numpy as np
from numpy.testing import assert_array_equal

from skrnn._core.params import ParamLayout

LAYOUT = ParamLayout({"W": (2, 3), "b": (2,), "scale": (), "W2": (1, 2, 2)})


def test_views_share_the_vector_in_the_order_of_the_names():
    theta = np.arange(13.0)
    views = LAYOUT.views(theta)
    assert LAYOUT.size == 13
    assert list(views) == ["W", "b", "scale", "W2"]
    assert_array_equal(views["W"], [[0, 1, 2], [3, 4, 5]])
    assert_array_equal(views["b"], [6, 7])
    assert_array_equal(views["scale"], 8)
    assert_array_equal(views["W2"], [[[9, 10], [11, 12]]])


def test_writing_to_a_view_writes_to_the_vector():
    theta = np.zeros(13)
    for i, view in enumerate(LAYOUT.views(theta).values()):
        view[...] = i + 1
    assert_array_equal(theta, [1] * 6 + [2] * 2 + [3] + [4] * 4)


def test_mask_marks_the_chosen_blocks():
    chosen = LAYOUT.mask(lambda name: name.startswith("W"))
    assert chosen.dtype == bool
    assert_array_equal(chosen, [True] * 6 + [False] * 3 + [True] * 4)


def test_positions_are_where_the_vectors_lie():
    ids = np.array([1, 0, 1])
    for name, view in LAYOUT.views(np.arange(13)).items():
        if view.shape[:1] == (2,):
            assert_array_equal(LAYOUT.positions(name, ids), view[ids].ravel())


def test_selected_vectors_and_what_stands_before_make_a_smaller_vector():
    layout = ParamLayout({"W": (2, 2), "first": (3, 2), "second": (4, 1)})
    theta = np.arange(14) * 10
    ids = {"second": np.array([3]), "first": np.array([2, 0])}
    small, smaller, chosen = layout.select_vectors(theta, ids)
    assert smaller.shapes == {"W": (2, 2), "first": (2, 2), "second": (1, 1)}
    assert_array_equal(small, [0, 10, 20, 30, 80, 90, 40, 50, 130])
    assert_array_equal(theta[chosen], small[4:])
    for name, view in smaller.views(small).items():
        assert_array_equal(view, layout.views(theta)[name][ids.get(name, slice(None))])
