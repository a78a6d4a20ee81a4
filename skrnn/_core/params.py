"""One flat vector owns every parameter; named views are borrowed from it for one call."""

from math import prod

import numpy as np


class ParamLayout:
    """Names and shapes of the parameters, in the order in which they share a flat vector.

    Views are made at the top of a call and never stored: after pickling or a deep copy a stored
    view would silently stop aliasing its vector.

    Parameters
    ----------
    shapes : dict of str -> tuple of int
    """

    def __init__(self, shapes):
        self.shapes = dict(shapes)
        self.slices, self.size = {}, 0
        for name, shape in self.shapes.items():
            stop = self.size + prod(shape)
            self.slices[name] = slice(self.size, stop)
            self.size = stop

    def views(self, theta):
        """Return a dict of name -> array that shares memory with the flat vector `theta`."""
        return {
            name: theta[self.slices[name]].reshape(shape) for name, shape in self.shapes.items()
        }

    def mask(self, chosen):
        """Boolean vector (size,), true where ``chosen(name)`` holds."""
        mask = np.zeros(self.size, dtype=bool)
        for name, where in self.slices.items():
            mask[where] = chosen(name)
        return mask

    def positions(self, name, ids):
        """Positions in the flat vector of some vectors of a table, in their order."""
        width = prod(self.shapes[name][1:])
        return (self.slices[name].start + ids[:, None] * width + np.arange(width)).ravel()

    def select_vectors(self, theta, ids):
        """Leave out all but some vectors of the tables, which stand last.

        ids  dict of name -> which vectors to keep, for each table

        Returns the smaller theta, its layout, and the positions in theta of those vectors.
        """
        names = [name for name in self.shapes if name in ids]
        chosen = np.concatenate([self.positions(name, ids[name]) for name in names])
        smaller = {name: (len(ids[name]), *self.shapes[name][1:]) for name in names}
        dense = theta[: self.slices[names[0]].start]
        return np.concatenate([dense, theta[chosen]]), ParamLayout(self.shapes | smaller), chosen
