"""The recurrent cells: Elman, LSTM and GRU, elementwise, forward and backward in time.

Each cell is written twice. ``gates`` and ``step`` have the equations as the papers print them, for
one step of rows: they are what the tests compare with, and the place to begin reading. ``forward``,
``local`` and ``back`` compute the same in place, with as few calls as there can be: for the small
arrays of one step a call of NumPy takes longer than its arithmetic.

gates(from_x, from_h) -> activations
step(from_x, from_h, *state, *vectors) -> state
    from_x = W_x x + b_x and from_h = W_h h + b_h are (N, n_gates * H), the gates in torch's order;
    the state is h and, for the LSTM, c, both (N, H), as is the activation of each gate.

The fast form works on *slabs*: contiguous feature-major blocks of H features, stacked into the
frame of a step. Each function has a second one that picks its slabs, once for all steps where NumPy
runs them:

forward_parts(G, after, h_before, h, term, H, *vectors)   forward(one, parts)
    The products of a step, ``W [h; x; 1]``, stand in the first slabs of its frame G. Write the new
    hidden state into `h`, other states into the frame `after`, that of the next step.
local_parts(G, A, h_before, h, H)                         local(one, parts)
    Write derivatives that do not need the gradient of the state into A. It is called for many
    steps at once.
back_parts(G, A, d, term, H, *vectors, *dvectors)         back(parts)
    `d` has slabs of the gradient of the state after the step: dh, and dc for the LSTM. Make the
    first slabs of A the gradients of the products, and `d` that of the state before the step, apart
    from what reaches it through the products. Vectors' gradients are added to.

`one` is the number, as an array; `term` is memory of `n_terms` slabs for one step. These functions
are compiled, too (see `compiled`), unless the cell has vectors: they may use nothing but the calls
that this module imports by name and the helpers below. What a cell declares, where it differs from
`Cell`:

n_gates : the number of gates in torch's weights.
gate_names : their letters, in torch's order; that of a cell without gates is its hidden state's.
products : entry j is ``(gate, from_h, from_x)`` of product slab j: which of torch's gates
    supplies its weights and whether it takes in the hidden state and the input. Slabs fed by the
    hidden state come first.
n_sigmoid : the number of leading slabs that are logistic gates. Their weights are negated: their
    products are the -z of ``s = sigmoid(z) = 1 / (1 + exp(-z))``. ``forward`` leaves ``1 / s`` in
    them, by which it divides; the loop replaces that by s for a way back, where ``local``
    differentiates by -z: ``ds = s (s - 1)``.
n_slabs : slabs of G, the products and whatever else the backward pass needs.
n_local : slabs of A behind those of the products.
carried : slabs that hold a state besides h; at step t they hold its value *before* the step.
keeps_h : whether h also reaches the next step directly, outside the products.
memory_gate, input_gate : for `init_recurrent`, which of torch's gates keeps the state when open,
    and which admits the input apart from it; None if no gate does.
vectors : names of parameters beside the weights of the products, one number for each unit. They
    come as (H, K, 1).
"""

import numpy as np

# In the loops over time NumPy's functions go by their own names and write to their last argument by
# position: a tenth of what a call for a small array takes is looking these up.
from numpy import add, divide, exp, greater, maximum, multiply, subtract, tanh
from scipy.special import expit


def slabs(G, H, first, last):
    """View slabs `first` to `last` (exclusive) of frames (T, n_slabs * H, K, N)."""
    return G[:, first * H : last * H]


def each(G, H, first, last):
    """View the same so that what is multiplied by one slab is each of them."""
    return slabs(G, H, first, last).reshape(len(G), last - first, H, *G.shape[2:])


def relu(z, out):
    maximum(z, 0, out=out)


def is_positive(h, out):
    greater(h, 0, out)


class Cell:
    """What a cell declares of itself, see above: that of a cell without gates, and without c."""

    n_gates, n_slabs, products = 1, 1, ((0, True, True),)
    gate_names: tuple[str, ...] = ("h",)
    n_sigmoid, n_local, n_terms, carried, keeps_h = 0, 0, 0, (), False
    memory_gate, input_gate, vectors = None, None, ()


class Elman(Cell):
    """h = act(W_x x + W_h h_prev + b), act being tanh or relu (Elman, 1990)."""

    def __init__(self, activation="tanh"):
        self.activation = activation
        if activation == "relu":
            self.forward, self.local = self.forward_relu, self.local_relu

    def gates(self, from_x, from_h):
        z = from_x + from_h
        return (np.tanh(z) if self.activation == "tanh" else np.maximum(z, 0),)

    def step(self, from_x, from_h, h):
        return self.gates(from_x, from_h)

    @staticmethod
    def forward_parts(G, after, h_before, h, term, H):
        return G, h

    @staticmethod
    def forward(one, parts):
        z, h = parts
        tanh(z, h)

    @staticmethod
    def forward_relu(one, parts):
        z, h = parts
        relu(z, h)

    # Both derivatives follow from h, so that the tape need not keep z.
    @staticmethod
    def local_parts(G, A, h_before, h, H):
        return h, A

    @staticmethod
    def local(one, parts):
        h, dz = parts
        multiply(h, h, dz)
        subtract(one, dz, dz)

    @staticmethod
    def local_relu(one, parts):
        h, dz = parts
        is_positive(h, dz)

    @staticmethod
    def back_parts(G, A, d, term, H):
        return d, A

    @staticmethod
    def back(parts):
        dh, dz = parts
        multiply(dz, dh, dz)


class LSTM(Cell):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997; forget gate: Gers et al., 2000).

    i, f, o = sigmoid(W_x x + W_h h_prev + b), g = tanh(...), each with weights of its own;
    c = f * c_prev + i * g;  h = o * tanh(c).

    Slabs o, i, f, g, c_prev, tanh(c): in this order the logistic gates are one block, and
    [i, f] * [g, c_prev] is one call. A has do, di, df, dg and, behind them, dc / dh.
    """

    n_gates, n_sigmoid, n_slabs, n_local, n_terms, carried = 4, 3, 6, 1, 2, (4,)
    products = (3, True, True), (0, True, True), (1, True, True), (2, True, True)
    memory_gate, input_gate, gate_names = 1, 0, ("i", "f", "g", "o")

    def gates(self, from_x, from_h):
        i, f, g, o = np.split(from_x + from_h, 4, axis=1)
        return expit(i), expit(f), np.tanh(g), expit(o)

    def step(self, from_x, from_h, h, c):
        i, f, g, o = self.gates(from_x, from_h)
        c = f * c + i * g
        return o * np.tanh(c), c

    @staticmethod
    def forward_parts(G, after, h_before, h, term, H):
        oif, if_, gc = slabs(G, H, 0, 3), slabs(G, H, 1, 3), slabs(G, H, 3, 5)
        o, g, tanh_c = slabs(G, H, 0, 1), slabs(G, H, 3, 4), slabs(G, H, 5, 6)
        admitted, remembered = slabs(term, H, 0, 1), slabs(term, H, 1, 2)
        # The new c goes to the slab c_prev of the next step, so that no step copies it.
        c = slabs(after, H, 4, 5)
        return oif, if_, gc, o, g, tanh_c, term, admitted, remembered, c, h

    @staticmethod
    def forward(one, parts):
        oif, if_, gc, o, g, tanh_c, term, admitted, remembered, c, h = parts
        exp(oif, oif)  # 1 / s = 1 + exp(-z); a tanh would take twice as long
        add(oif, one, oif)
        tanh(g, g)
        divide(gc, if_, term)  # i * g and f * c_prev
        add(admitted, remembered, c)
        tanh(c, tanh_c)
        divide(tanh_c, o, h)

    @staticmethod
    def local_parts(G, A, h_before, h, H):
        o, i, g, tanh_c = slabs(G, H, 0, 1), slabs(G, H, 1, 2), slabs(G, H, 3, 4), slabs(G, H, 5, 6)
        do, dif, dg, dc_dh = (
            slabs(A, H, 0, 1),
            slabs(A, H, 1, 3),
            slabs(A, H, 3, 4),
            slabs(A, H, 4, 5),
        )
        return (
            slabs(G, H, 0, 3),
            o,
            i,
            g,
            slabs(G, H, 3, 5),
            tanh_c,
            slabs(A, H, 0, 3),
            do,
            dif,
            dg,
            dc_dh,
        )

    @staticmethod
    def local(one, parts):
        oif, o, i, g, gc, tanh_c, doif, do, dif, dg, dc_dh = parts
        # The products of logistic gates are -z, so that their derivative is s (s - 1).
        subtract(oif, one, doif)
        multiply(doif, oif, doif)
        multiply(do, tanh_c, do)
        multiply(dif, gc, dif)
        multiply(g, g, dg)
        subtract(one, dg, dg)
        multiply(dg, i, dg)
        multiply(tanh_c, tanh_c, dc_dh)
        subtract(one, dc_dh, dc_dh)
        multiply(dc_dh, o, dc_dh)

    @staticmethod
    def back_parts(G, A, d, term, H):
        dh, dc, through_h = slabs(d, H, 0, 1), slabs(d, H, 1, 2), slabs(term, H, 0, 1)
        do, difg, dc_dh = slabs(A, H, 0, 1), each(A, H, 1, 4), slabs(A, H, 4, 5)
        return dh, dc, through_h, do, difg, dc_dh, slabs(G, H, 2, 3)

    @staticmethod
    def back(parts):
        dh, dc, through_h, do, difg, dc_dh, f = parts
        multiply(dh, dc_dh, through_h)
        add(dc, through_h, dc)
        multiply(do, dh, do)
        multiply(difg, dc, difg)
        multiply(dc, f, dc)


class GRU(Cell):
    """Gated recurrent unit, reset after the product as in cuDNN and torch (Cho et al., 2014).

    r, z = sigmoid(W_x x + W_h h_prev + b);  a = W_h h_prev + b_h;
    n = tanh(W_x x + b_x + r * a);  h = (1 - z) * n + z * h_prev.

    Slabs r, z, a, n.
    """

    n_gates, n_sigmoid, n_slabs, n_terms, keeps_h = 3, 2, 4, 1, True
    products = (0, True, True), (1, True, True), (2, True, False), (2, False, True)
    memory_gate, gate_names = 1, ("r", "z", "n")

    def gates(self, from_x, from_h):
        (x_r, x_z, x_n), (h_r, h_z, a) = (np.split(z, 3, axis=1) for z in (from_x, from_h))
        r, z = expit(x_r + h_r), expit(x_z + h_z)
        return r, z, np.tanh(x_n + r * a)

    def step(self, from_x, from_h, h):
        _, z, n = self.gates(from_x, from_h)
        return ((1 - z) * n + z * h,)

    @staticmethod
    def forward_parts(G, after, h_before, h, term, H):
        r, z, a, n = slabs(G, H, 0, 1), slabs(G, H, 1, 2), slabs(G, H, 2, 3), slabs(G, H, 3, 4)
        return slabs(G, H, 0, 2), r, z, a, n, h_before, h, term

    @staticmethod
    def forward(one, parts):
        rz, r, z, a, n, h_before, h, term = parts
        exp(rz, rz)  # 1 / s = 1 + exp(-z)
        add(rz, one, rz)
        divide(a, r, term)
        add(n, term, n)
        tanh(n, n)
        # h = n + z (h_prev - n) takes one product less than the form of the papers.
        subtract(h_before, n, term)
        divide(term, z, term)
        add(n, term, h)

    @staticmethod
    def local_parts(G, A, h_before, h, H):
        r, z, a, n = slabs(G, H, 0, 1), slabs(G, H, 1, 2), slabs(G, H, 2, 3), slabs(G, H, 3, 4)
        dr, dz, da, dn = slabs(A, H, 0, 1), slabs(A, H, 1, 2), slabs(A, H, 2, 3), slabs(A, H, 3, 4)
        return r, z, a, n, h_before, dr, dz, da, dn

    @staticmethod
    def local(one, parts):
        r, z, a, n, h_before, dr, dz, da, dn = parts
        # All are by dh here, so that each step is two calls.
        subtract(one, z, dz)
        multiply(n, n, dn)
        subtract(one, dn, dn)
        multiply(dn, dz, dn)
        # By -z, as in the LSTM: z (z - 1) (h_prev - n).
        multiply(dz, z, dz)
        subtract(n, h_before, da)
        multiply(dz, da, dz)
        multiply(dn, r, da)
        subtract(r, one, dr)
        multiply(dr, da, dr)
        multiply(dr, a, dr)

    @staticmethod
    def back_parts(G, A, d, term, H):
        return d, each(A, H, 0, 4), slabs(G, H, 1, 2)

    @staticmethod
    def back(parts):
        dh, drzan, z = parts
        multiply(drzan, dh, drzan)
        multiply(dh, z, dh)


# By the names that estimators have for them; they take the names they offer from here.
CELLS = {"rnn": Elman, "lstm": LSTM, "gru": GRU}
