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


def test_indices_are_where_the_rows_lie():
    rows = np.array([1, 0, 1])
    for name, view in LAYOUT.views(np.arange(13)).items():
        if view.shape[:1] == (2,):
            assert_array_equal(LAYOUT.indices(name, rows), view[rows].ravel())
