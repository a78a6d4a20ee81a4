"""From features of a sequence to the states in which a stack begins to write it."""

from math import prod

import numpy as np

from skrnn._core.dense import Dense
from skrnn._core.init import glorot_uniform
from skrnn._core.states import to_features, to_states


class Bridge:
    """A dense layer and tanh, for each state of each layer of a stack.

    They are one weight: of each layer in turn first h, then c if there is one, unit by unit.

    Parameters
    ----------
    n_features : int
        Of what describes a sequence: a vector, or the states of an encoder side by side.
    stack : Stack
        Whose first states these are; its prefix stands before the parameters' names.
    """

    def __init__(self, n_features, stack):
        self.state_shapes = [layer.state_shape for layer in stack.layers]
        n_outputs = sum(map(prod, self.state_shapes))
        self.dense = Dense(n_features, n_outputs, "bridge", stack.prefix)
        self.block = stack.hidden_size

    @property
    def shapes(self):
        return self.dense.shapes

    def initialise(self, views, rng):
        """Draw the weights into views of zeros: each state is a Glorot-uniform layer of its own."""
        weight = views[self.dense.weight]
        for rows in np.split(weight, len(weight) // self.block):
            rows[...] = glorot_uniform(rows.shape, rng)

    def forward(self, params, features):
        """features (n_sequences, n_features) -> states, as those of `Stack`, and

        backward(grads, dstates) -> dfeatures.
        """
        outputs, dense_backward = self.dense.forward(params, features)
        values = np.tanh(outputs)

        def backward(grads, dstates):
            return dense_backward(grads, to_features(dstates) * (1 - values * values))

        return to_states(values, self.state_shapes), backward
