"""GridScanner: images read as sequences, in up to four directions at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import check_parameters
from skrnn._data.frames import readable
from skrnn._data.values import as_list, check_numbers, is_integer
from skrnn._preprocessing.sequence_transformer import SequenceTransformerMixin
from skrnn._twin import all_or_nothing
from skrnn._version import VersionMixin

DIRECTIONS = ("down", "up", "right", "left")


class GridScanner(VersionMixin, SequenceTransformerMixin, BaseEstimator):
    """Read images line by line, as sequences for a recurrent network.

    A step is a row of pixels for 'down' and 'up', a column for 'right' and 'left'. Several
    directions are read side by side: at the same step the network sees the first row, the last row,
    the first column and the last column, so that a network of one direction has the whole picture
    framed from all sides (the four scans of multi-dimensional networks; Graves et al., 2007).

    Parameters
    ----------
    directions : sequence of {'down', 'up', 'right', 'left'}, \
            default=('down', 'up', 'right', 'left')
        What is read at each step, in this order of features. Rows and columns can be read together
        only if the image is square.
    shape : tuple of int or None, default=None
        (height, width) or (height, width, channels) of images that come as flat rows of pixels, as
        from :func:`sklearn.datasets.load_digits`. None if they come with their axes.

    Attributes
    ----------
    shape_ : tuple of int
        (height, width, channels) of the images that `fit` saw.
    n_features_in_ : int
        Number of features of what `fit` saw: pixels of flat images, else the size of their last
        axis.

    See Also
    --------
    RNNClassifier : Reads the sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import GridScanner
    >>> image = np.array([[[1, 2], [3, 4]]])
    >>> GridScanner(directions=["down", "left"]).fit_transform(image)
    array([[[1, 2, 2, 4],
            [3, 4, 1, 3]]])
    """

    shape_: tuple[int, int, int]
    n_features_in_: int

    _parameter_constraints: dict = {
        "directions": ["array-like"],
        "shape": ["array-like", None],
    }

    def __init__(
        self,
        directions: Sequence[str] = DIRECTIONS,
        *,
        shape: Sequence[int] | None = None,
    ):
        self.directions = directions
        self.shape = shape

    @all_or_nothing
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the size of the images.

        Parameters
        ----------
        X : array-like of shape (n_images, height, width[, channels]) or (n_images, n_pixels)
            Images; flat ones need `shape`.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : GridScanner
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter is not valid, or the images have not the axes that `shape` says, or are
            not square though rows and columns are read together.
        TypeError
            If `X` holds dates or masked values.
        """
        check_parameters(self)
        X = self._read(X)
        images = self._images(X)
        check_directions(self._directions(), *images.shape[1:3])
        self.shape_, self.n_features_in_ = images.shape[1:], X.shape[-1]
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Return the images as sequences of lines.

        Parameters
        ----------
        X : array-like of shape (n_images, height, width[, channels]) or (n_images, n_pixels)
            Images of the size that `fit` saw.

        Returns
        -------
        sequences : ndarray of shape (n_images, n_lines, n_features)
            In the dtype of `X`; for each direction the pixels of its line, then the next direction.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the images have another size.
        TypeError
            If `X` holds dates or masked values.
        """
        check_is_fitted(self, "shape_")
        images = self._images(self._read(X))
        if images.shape[1:] != self.shape_:
            raise ValueError(
                f"X has images of shape {images.shape[1:]}, but GridScanner was fitted with "
                f"{self.shape_}: pass images of one size."
            )
        scans = [scan(images, direction) for direction in self._directions()]
        return np.concatenate(scans, axis=2)

    def _directions(self):
        return as_list(self.directions, "directions")

    def _read(self, X):
        X = readable(X, "X")
        check_numbers(X, "X")
        return check_array(X, allow_nd=True, dtype="numeric", ensure_all_finite=False)

    def _images(self, X):
        """Return X as (n_images, height, width, channels)."""
        shape = self._given_shape()
        if X.ndim == 2:
            return self._from_flat(X, shape)
        if X.ndim not in (3, 4):
            raise ValueError(
                f"X has {X.ndim} dimensions, shape {X.shape}: pass images of shape (n_images, "
                "height, width) or (n_images, height, width, channels)."
            )
        if X.shape[1 : 1 + len(shape)] != shape:
            raise ValueError(
                f"X has images of shape {X.shape[1:]}, but shape={self.shape!r}: leave it out, for "
                "only flat images need it."
            )
        return X if X.ndim == 4 else X[..., np.newaxis]

    def _given_shape(self):
        """Return the parameter `shape` as a tuple, which is empty if it is None."""
        shape = () if self.shape is None else tuple(as_list(self.shape, "shape", "two numbers"))
        if not all(is_integer(n) and n > 0 for n in shape):
            raise ValueError(f"shape={self.shape!r} must hold a height and a width, above 0.")
        return shape

    def _from_flat(self, X, shape):
        if len(shape) not in (2, 3) or np.prod(shape) != X.shape[1]:
            raise ValueError(
                f"X has flat images of {X.shape[1]} pixels, but shape={self.shape!r}: give their "
                "height and width, such as shape=(8, 8) for 64 pixels."
            )
        return X.reshape(len(X), *(shape if len(shape) == 3 else (*shape, 1)))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def check_directions(directions, height, width):
    """Raise unless images of that size can be read in these directions."""
    known = [d for d in DIRECTIONS if directions.count(d) == 1]
    if not directions or len(known) < len(directions):
        raise ValueError(f"directions={directions} must name some of {DIRECTIONS}, each once.")
    by_rows = [d in ("down", "up") for d in directions]
    if height != width and any(by_rows) and not all(by_rows):
        raise ValueError(
            f"Images of {height} rows and {width} columns cannot be read by rows and columns at "
            "the same step: choose directions of one kind, or crop the images to squares."
        )


def scan(images, direction):
    """Return the lines (n_images, n_lines, n_pixels * channels) in one direction."""
    lines = images if direction in ("down", "up") else images.swapaxes(1, 2)
    if direction in ("up", "left"):
        lines = lines[:, ::-1]
    return lines.reshape(len(lines), lines.shape[1], -1)
