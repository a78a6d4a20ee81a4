"""A network that takes its steps one by one, with its states in place.

`Network.step` makes new arrays at each step. For a single sequence that, and the way into the loop
over time, takes longer than the arithmetic. A `Stepper` makes the arrays and all views of them
once.
"""

import numpy as np

from skrnn._core.unroll import products_from_h


class LayerStates:
    """The states of N sequences in one layer, and the memory of one of its steps.

    s      (H + D + 1, N): h, x and 1, as in the state blocks of `unroll`
    frame  (n_slabs * H, 1, N), as there
    state  the arrays (H, 1, N) of h and, for the LSTM, c; each step overwrites them
    """

    def __init__(self, layer, weights, n_sequences, dtype):
        cell, H, (_, R, K) = layer.cell, layer.hidden_size, weights.W_T.shape
        block = np.zeros((K, 1, n_sequences), dtype)
        frame = np.zeros((cell.n_slabs * H, 1, n_sequences), dtype)
        block[-1] = 1
        self.frame = frame
        self.state = [block[:H], *(frame[slab * H : (slab + 1) * H] for slab in cell.carried)]
        self.s, self.products = block[:, 0], frame[:R, 0]
        self.x, self.h = self.s[H:-1], self.s[:H]


class LayerStepper(LayerStates):
    """One layer, forward in time, by calls of NumPy on views that are drawn once."""

    def __init__(self, layer, weights, n_sequences, dtype):
        super().__init__(layer, weights, n_sequences, dtype)
        cell, H, (W,) = layer.cell, layer.hidden_size, weights.for_columns(n_sequences)
        # What takes in x alone is a product of its own: in one with h it would meet zeros.
        n_from_h = products_from_h(cell, H)
        parts = [(W[:n_from_h], self.s, self.products[:n_from_h])]
        if n_from_h < len(W):
            parts.append((W[n_from_h:, H:], self.s[H:], self.products[n_from_h:]))
        # A part that is not contiguous would be copied by each call of `np.dot`.
        order = "F" if W.flags.f_contiguous else "C"
        self.multiply = [(np.asarray(part, order=order), s, out) for part, s, out in parts]
        term = np.empty((cell.n_terms * H, 1, n_sequences), dtype)
        # The step's frame is also the next one's, and a state is overwritten by the next.
        arrays = self.frame, self.state[0], term, *weights.vectors
        G, h, *fixed = (array[np.newaxis] for array in arrays)
        parts = cell.forward_parts(G, G, h, h, fixed[0], H, *fixed[1:])
        self.forward, self.one = cell.forward, np.asarray(1, dtype)
        self.parts = tuple(part[0] for part in parts)

    def step(self, x):
        """Take a step: x (D, N)."""
        self.x[...] = x
        for W, s, products in self.multiply:
            np.dot(W, s, products)
        self.forward(self.one, self.parts)
        return self.h


class Stepper:
    """A network whose layers read forward, and the states of N sequences.

    Parameters
    ----------
    network : Network
    params : dict of str -> ndarray
    arranged : list of Arranged
        The weights of its layers.
    n_sequences : int

    Attributes
    ----------
    uses_blas : bool
        Whether a step multiplies matrices, with BLAS.
    """

    uses_blas, make_layer = True, LayerStepper

    def __init__(self, network, params, arranged, n_sequences):
        self.params, self.pool, self.n_sequences = params, network.pool, n_sequences
        self.embedding = network.stack.embedding
        self.W, self.b = params[network.head.weight], params[network.head.bias]
        dtype = self.W.dtype
        self.layers = [
            self.make_layer(layer, weights, n_sequences, dtype)
            for layer, weights in zip(network.stack.layers, arranged, strict=True)
        ]
        self.carried = network.initial_states(n_sequences, dtype)[len(self.layers) :]

    def step(self, x):
        """Take one step: x (N, n_features). Returns outputs (N, n_outputs)."""
        if self.embedding:
            x, _ = self.embedding.forward(self.params, x)
        h = x.T
        # An exponential that overflows makes a gate 0, as it should.
        with np.errstate(over="ignore"):
            for layer in self.layers:
                h = layer.step(h)
        return self.answer(h)

    def answer(self, h):
        """Pool the last layer's state h (H, N) and apply the head to it."""
        features, carried = self.pool.step(h.T, *self.carried)
        if carried is not None:
            self.carried = [carried]
        return (np.dot(self.W, features.T) + self.b[:, np.newaxis]).T

    def take(self, chosen=slice(None)):
        """Return copies of the states of some sequences, as `Network.step` takes and gives them."""
        states = [np.stack([state[..., chosen] for state in layer.state]) for layer in self.layers]
        return states + [np.array(state[..., chosen]) for state in self.carried]

    def put(self, states, chosen=slice(None)):
        """Let some sequences go on from these states."""
        n_layers = len(self.layers)
        for layer, values in zip(self.layers, states[:n_layers], strict=True):
            for state, value in zip(layer.state, values, strict=True):
                state[..., chosen] = value
        # What a pooling carries may be an array of its own making, so it is not written to.
        self.carried = [state.copy() for state in self.carried]
        for state, value in zip(self.carried, states[n_layers:], strict=True):
            state[..., chosen] = value
