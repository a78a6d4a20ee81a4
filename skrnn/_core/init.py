"""First values of the parameters."""

import numpy as np


def glorot_uniform(shape, rng):
    """U(-a, a) with a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010)."""
    limit = np.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def orthogonal(shape, rng):
    """A random orthogonal matrix, uniform over the group (Saxe et al., 2014)."""
    # LAPACK fixes no signs; those of a positive diagonal of r make q uniform.
    q, r = np.linalg.qr(rng.standard_normal(shape))
    return q * np.sign(np.diag(r))


def chrono(hidden_size, n_steps, rng):
    """log U(1, n_steps - 1): biases for memories of that many steps (Tallec & Ollivier, 2018)."""
    return np.log(rng.uniform(1, max(2, n_steps - 1), hidden_size))


def init_recurrent(layer, views, rng, forget_bias=1.0, n_steps=2):
    """Fill the views of one layer, gate by gate.

    Input weights are Glorot-uniform, recurrent weights orthogonal, biases zero, except the bias
    of the gate that keeps the state, the LSTM's forget gate and the GRU's update gate: it is
    `forget_bias`, 1 by default (Gers et al., 2000; Jozefowicz et al., 2015), or, for 'chrono',
    drawn by `chrono`, with the negative for the LSTM's input gate.
    """
    H, cell = layer.hidden_size, layer.cell
    for weights in layer.directions(views):
        for gate in range(cell.n_gates):
            # Each gate is a matrix of its own: drawn as one, it would begin too small.
            block = slice(gate * H, (gate + 1) * H)
            weights["weight_ih"][block] = glorot_uniform((H, layer.n_features), rng)
            weights["weight_hh"][block] = orthogonal((H, H), rng)
        if cell.memory_gate is not None:
            bias = weights["bias_ih"].reshape(cell.n_gates, H)
            is_chrono = forget_bias == "chrono"
            bias[cell.memory_gate] = chrono(H, n_steps, rng) if is_chrono else forget_bias
            if is_chrono and cell.input_gate is not None:
                bias[cell.input_gate] = -bias[cell.memory_gate]
