"""Memory that the passes of a training hand on to each other."""

from math import prod
from threading import local

import numpy as np


class Scratch(local):
    """Memory for the arrays of one pass, handed out again to the next, by each thread.

    Without it, malloc may give the memory of one mini-batch back to the system and ask for that
    of the next, which takes up to a third of the time of a small network.
    """

    def __init__(self):
        self.buffer, self.used = np.empty(0, np.uint8), 0

    def reset(self):
        """Make room for what the last pass needed; its arrays must no longer be in use."""
        if self.used > self.buffer.size:
            self.buffer = None  # before the larger one is there
            self.buffer = np.empty(self.used, np.uint8)
        self.used = 0

    def empty(self, shape, dtype):
        """Do what ``np.empty`` does, in the buffer as long as there is room."""
        start = self.used
        self.used += -(-prod(shape) * dtype.itemsize // 64) * 64
        if self.used > self.buffer.size:
            return np.empty(shape, dtype)
        return np.ndarray(shape, dtype, self.buffer, start)
