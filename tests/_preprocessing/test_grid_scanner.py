"""GridScanner: lines of images in each direction, and what cannot be read."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skrnn import GridScanner, RNNClassifier

SQUARE = np.arange(2 * 3 * 3).reshape(2, 3, 3)


@pytest.mark.parametrize(
    "direction, line",
    [
        ("down", lambda image, t: image[t]),
        ("up", lambda image, t: image[2 - t]),
        ("right", lambda image, t: image[:, t]),
        ("left", lambda image, t: image[:, 2 - t]),
    ],
)
def test_a_step_is_a_line(direction, line):
    found = GridScanner([direction]).fit_transform(SQUARE)
    for image, sequence in zip(SQUARE, found, strict=True):
        for t in range(3):
            assert_array_equal(sequence[t], line(image, t))


def test_directions_stand_side_by_side_in_their_order():
    whole = GridScanner().fit_transform(SQUARE)
    parts = [GridScanner([d]).fit_transform(SQUARE) for d in ("down", "up", "right", "left")]
    assert_array_equal(whole, np.concatenate(parts, axis=2))
    assert whole.shape == (2, 3, 12) and whole.dtype == SQUARE.dtype


def test_directions_may_stand_in_any_list():
    pyarrow = pytest.importorskip("pyarrow")
    expected = GridScanner(["up", "down"]).fit_transform(SQUARE)
    for make in (tuple, np.array, pyarrow.array):
        assert_array_equal(GridScanner(make(["up", "down"])).fit_transform(SQUARE), expected)


def test_channels_and_oblong_images():
    images = np.random.default_rng(0).random((4, 5, 7, 3))
    assert GridScanner(["down", "up"]).fit_transform(images).shape == (4, 5, 2 * 7 * 3)
    assert_array_equal(
        GridScanner(["right"]).fit_transform(images)[:, 2], images[:, :, 2].reshape(4, -1)
    )


def test_flat_images():
    flat = SQUARE.reshape(2, 9)
    scanner = GridScanner(shape=(3, 3)).fit(flat)
    assert_array_equal(scanner.transform(flat), GridScanner().fit_transform(SQUARE))
    assert scanner.shape_ == (3, 3, 1) and scanner.n_features_in_ == 9
    again = pickle.loads(pickle.dumps(clone(scanner).fit(flat)))
    assert_array_equal(again.transform(flat), scanner.transform(flat))


def test_x_is_not_changed():
    images = SQUARE.copy()
    images.setflags(write=False)
    GridScanner().fit_transform(images)
    assert_array_equal(images, SQUARE)


def test_four_directions_in_a_pipeline():
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order].astype(np.float32) / 16, y[order]
    network = RNNClassifier(
        cell_type="gru",
        hidden_size=32,
        pooling="max",
        bidirectional=False,
        max_iter=12,
        batch_size=32,
        random_state=0,
    )
    model = make_pipeline(GridScanner(shape=(8, 8)), network).fit(X[:1000], y[:1000])
    assert model.score(X[1000:], y[1000:]) > 0.93


OBLONG = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: GridScanner(["across"]).fit(SQUARE), ValueError, "must name some of"),
        (lambda: GridScanner([]).fit(SQUARE), ValueError, "must name some of"),
        (lambda: GridScanner(["up", "up"]).fit(SQUARE), ValueError, "each once"),
        (lambda: GridScanner().fit(OBLONG), ValueError, "3 rows and 4 columns cannot be read"),
        (lambda: GridScanner().fit(np.zeros((2, 9))), ValueError, "give their height and width"),
        (lambda: GridScanner(shape=(2, 4)).fit(np.zeros((2, 9))), ValueError, "flat images of 9"),
        (lambda: GridScanner().fit(np.zeros((2, 3, 3, 1, 1))), ValueError, "X has 5 dimensions"),
        (lambda: GridScanner().fit(SQUARE).transform(OBLONG), ValueError, "fitted with"),
        (lambda: GridScanner().transform(SQUARE), NotFittedError, "not fitted"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("shape", [(3, 4), (9,), (3, 3, 1), ("3", 3), "33", {3, 4}])
def test_a_shape_that_is_not_that_of_the_images_is_refused(shape):
    with pytest.raises((TypeError, ValueError), match="shape"):
        GridScanner(shape=shape).fit(SQUARE)
    assert_array_equal(
        GridScanner(shape=np.array([3, 3])).fit_transform(SQUARE.reshape(2, 9)),
        GridScanner(shape=(3, 3)).fit_transform(SQUARE),
    )
