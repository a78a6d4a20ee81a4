"""The recurrent cells: Elman, LSTM and GRU, elementwise, forward and backward in time.

Each cell is written twice. ``step`` has the equations as the papers print them, for one step of
rows: it is what the tests compare with, and the place to begin reading. ``forward`` and
``backward`` compute the same in place, for a whole run, with as few calls of NumPy as there can be:
for the small arrays of one step a call takes longer than its arithmetic.

gates(from_x, from_h) -> activations
step(from_x, from_h, *state, *vectors) -> state
    from_x = W_x x + b_x and from_h = W_h h + b_h are (N, n_gates * H), the gates in torch's order;
    the state is h and, for the LSTM, c, both (N, H), as is the activation of each gate.

For the fast form a cell fills *slabs*: contiguous feature-major blocks of shape (H, K, N), stacked
along axis 1 of the tape ``G (T + 1, n_slabs * H, K, N)`` for T steps, K directions and N sequences.
`unroll` owns the weights, their products and the state; it draws a cell's generators one step at a
time:

forward(G, h_prev, h, *vectors) yields at each step when `unroll` is to overwrite the slabs of the
    products with ``W [h; x; 1]``, and goes on to write the new hidden state into ``h``.
backward(G, h_prev, h, A, dh, ...) yields at each step, from the last to the first, when it has
    written the gradients of those products into ``A``, and leaves in ``dh`` (and ``dc``), both
    (H, K, N), what the step before receives. First a few large calls turn the whole stretch into
    local derivatives, so that the loop itself is a handful of small ones. Behind the gradient of
    the state come the vectors, and arrays to which it adds their gradients.

``h_prev`` and ``h`` have shape (T, H, K, N). What a cell declares, where it differs from `Cell`:

n_gates : the number of gates in torch's weights.
gate_names : their letters, in torch's order; that of a cell without gates is its hidden state's.
products : entry j is ``(gate, from_h, from_x)`` of product slab j: which of torch's gates
    supplies its weights and whether it takes in the hidden state and the input. Slabs fed by the
    hidden state come first; those fed by the input alone are ready before the loop.
n_sigmoid : the number of leading slabs that are logistic gates. `unroll` negates their weights:
    their products are the -z of ``s = sigmoid(z) = 1 / (1 + exp(-z))``, and ``backward``
    differentiates by -z: ``ds = s (s - 1)``.
n_slabs : the products and whatever else the backward pass needs.
carried : slabs that hold a state besides h; at step t they hold its value *before* the step.
keeps_h : whether h also reaches the next step directly, outside the products.
memory_gate, input_gate : for `init_recurrent`, which of torch's gates keeps the state when open,
    and which admits the input apart from it; None if no gate does.
vectors : names of parameters beside the weights of the products, one number for each unit. They
    come as (H, K, 1).
"""

from itertools import repeat

import numpy as np

# In the loops over time NumPy's functions go by their own names and write to their last argument by
# position: a tenth of what a call for a small array takes is looking these up.
from numpy import add, exp, maximum, multiply, reciprocal, subtract, tanh
from scipy.special import expit


def by_step(*arrays):
    """Zip arrays over their time steps.

    An array that has one step's memory for all (stride 0) is viewed once, not anew at each step.
    The last must not be one: it ends the zip.
    """
    return zip(*(a if a.strides[0] else repeat(a[0]) for a in arrays), strict=False)


def slabs(G, H, first, last):
    """View slabs `first` to `last` (exclusive) of a tape."""
    return G[:, first * H : last * H]


class Cell:
    """What a cell declares of itself, see above: that of a cell without gates, and without c."""

    n_gates, n_slabs, products = 1, 1, ((0, True, True),)
    gate_names: tuple[str, ...] = ("h",)
    n_sigmoid, carried, keeps_h = 0, (), False
    memory_gate, input_gate, vectors = None, None, ()


class Elman(Cell):
    """h = act(W_x x + W_h h_prev + b), act being tanh or relu (Elman, 1990)."""

    def __init__(self, activation="tanh"):
        self.activation = activation

    def gates(self, from_x, from_h):
        z = from_x + from_h
        return (np.tanh(z) if self.activation == "tanh" else np.maximum(z, 0),)

    def step(self, from_x, from_h, h):
        return self.gates(from_x, from_h)

    def forward(self, G, h_prev, h):
        for z, h_t in by_step(G[:-1], h):
            yield
            if self.activation == "tanh":
                tanh(z, h_t)
            else:
                maximum(z, 0, out=h_t)

    def backward(self, G, h_prev, h, A, dh):
        # Both derivatives follow from h, so that the tape need not keep z.
        np.copyto(A, 1 - h * h if self.activation == "tanh" else h > 0)
        for a in A[::-1]:
            a *= dh
            yield


class LSTM(Cell):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997; forget gate: Gers et al., 2000).

    i, f, o = sigmoid(W_x x + W_h h_prev + b), g = tanh(...), each with weights of its own;
    c = f * c_prev + i * g;  h = o * tanh(c).

    Slabs o, i, f, g, c_prev, tanh(c): in this order the logistic gates are one block, and
    [i, f] * [g, c_prev] is one call.
    """

    n_gates, n_sigmoid, n_slabs, carried = 4, 3, 6, (4,)
    products = (3, True, True), (0, True, True), (1, True, True), (2, True, True)
    memory_gate, input_gate, gate_names = 1, 0, ("i", "f", "g", "o")

    def gates(self, from_x, from_h):
        i, f, g, o = np.split(from_x + from_h, 4, axis=1)
        return expit(i), expit(f), np.tanh(g), expit(o)

    def step(self, from_x, from_h, h, c):
        i, f, g, o = self.gates(from_x, from_h)
        c = f * c + i * g
        return o * np.tanh(c), c

    def forward(self, G, h_prev, h):
        # An array of one is made once: a number would become one at each call.
        H, now, one = h.shape[1], G[:-1], np.asarray(1, G.dtype)
        admitted, remembered = terms = np.empty((2, *h.shape[1:]), h.dtype)
        terms = terms.reshape(2 * H, *h.shape[2:])
        oif, if_, gc = (slabs(now, H, *j) for j in ((0, 3), (1, 3), (3, 5)))
        o, g, tanh_c = (slabs(now, H, j, j + 1) for j in (0, 3, 5))
        # The new c goes to the slab c_prev of the next step, so that no step copies it.
        c = slabs(G[1:], H, 4, 5)
        for oif_t, if_t, gc_t, o_t, g_t, tanh_c_t, c_t, h_t in by_step(
            oif, if_, gc, o, g, tanh_c, c, h
        ):
            yield
            exp(oif_t, oif_t)  # 1 / (1 + exp(-z)); a tanh would take twice as long
            add(oif_t, one, oif_t)
            reciprocal(oif_t, oif_t)
            tanh(g_t, g_t)
            multiply(if_t, gc_t, terms)  # i * g and f * c_prev
            add(admitted, remembered, c_t)
            tanh(c_t, tanh_c_t)
            multiply(o_t, tanh_c_t, h_t)

    def backward(self, G, h_prev, h, A, dh, dc):
        # With local derivatives in A, each step multiplies them by dh (o) or dc (i, f, g).
        H = h.shape[1]
        o, i, f, g = (slabs(G, H, j, j + 1) for j in range(4))
        gc, tanh_c, oif = slabs(G, H, 3, 5), slabs(G, H, 5, 6), slabs(G, H, 0, 3)
        do, dif, dg = slabs(A, H, 0, 1), slabs(A, H, 1, 3), slabs(A, H, 3, 4)
        # The products of logistic gates are -z, so that their derivative is s (s - 1).
        np.subtract(oif, 1, out=slabs(A, H, 0, 3))
        slabs(A, H, 0, 3)[...] *= oif
        do *= tanh_c
        dif *= gc
        one_minus_square(g, out=dg)
        dg *= i
        dc_dh = one_minus_square(tanh_c)
        dc_dh *= o
        difg = slabs(A, H, 1, 4).reshape(len(A), 3, *dc.shape)
        through_h = np.empty_like(dc)
        for do_t, difg_t, dc_dh_t, f_t in zip(
            do[::-1], difg[::-1], dc_dh[::-1], f[::-1], strict=True
        ):
            multiply(dh, dc_dh_t, through_h)
            dc += through_h
            do_t *= dh
            difg_t *= dc
            dc *= f_t
            yield


class GRU(Cell):
    """Gated recurrent unit, reset after the product as in cuDNN and torch (Cho et al., 2014).

    r, z = sigmoid(W_x x + W_h h_prev + b);  a = W_h h_prev + b_h;
    n = tanh(W_x x + b_x + r * a);  h = (1 - z) * n + z * h_prev.

    Slabs r, z, a, n.
    """

    n_gates, n_sigmoid, n_slabs, keeps_h = 3, 2, 4, True
    products = (0, True, True), (1, True, True), (2, True, False), (2, False, True)
    memory_gate, gate_names = 1, ("r", "z", "n")

    def gates(self, from_x, from_h):
        (x_r, x_z, x_n), (h_r, h_z, a) = (np.split(z, 3, axis=1) for z in (from_x, from_h))
        r, z = expit(x_r + h_r), expit(x_z + h_z)
        return r, z, np.tanh(x_n + r * a)

    def step(self, from_x, from_h, h):
        _, z, n = self.gates(from_x, from_h)
        return ((1 - z) * n + z * h,)

    def forward(self, G, h_prev, h):
        H, now, one = h.shape[1], G[:-1], np.asarray(1, G.dtype)
        term = np.empty_like(h[0])
        rz, (r, z, a, n) = slabs(now, H, 0, 2), (slabs(now, H, j, j + 1) for j in range(4))
        for rz_t, r_t, z_t, a_t, n_t, before, h_t in by_step(rz, r, z, a, n, h_prev, h):
            yield
            exp(rz_t, rz_t)
            add(rz_t, one, rz_t)
            reciprocal(rz_t, rz_t)
            multiply(r_t, a_t, term)
            n_t += term
            tanh(n_t, n_t)
            # h = n + z (h_prev - n) takes one product less than the form of the papers.
            subtract(before, n_t, term)
            term *= z_t
            add(n_t, term, h_t)

    def backward(self, G, h_prev, h, A, dh):
        # All local derivatives are by dh here, so that each step is two calls.
        H = h.shape[1]
        r, z, a, n = (slabs(G, H, j, j + 1) for j in range(4))
        dr, dz, da, dn = (slabs(A, H, j, j + 1) for j in range(4))
        np.subtract(1, z, out=dz)
        one_minus_square(n, out=dn)
        dn *= dz
        # By -z, as in the LSTM: z (z - 1) (h_prev - n).
        dz *= z
        dz *= n - h_prev
        np.multiply(dn, r, out=da)
        np.subtract(r, 1, out=dr)
        dr *= da
        dr *= a
        each = A.reshape(len(A), 4, *dh.shape)
        for each_t, z_t in zip(each[::-1], z[::-1], strict=True):
            each_t *= dh
            dh *= z_t
            yield


def one_minus_square(y, out=None):
    """1 - y ** 2: the derivative of tanh, from its value."""
    out = np.multiply(y, y, out=out)
    return np.subtract(1, out, out=out)


# By the names that estimators have for them; they take the names they offer from here.
CELLS = {"rnn": Elman, "lstm": LSTM, "gru": GRU}
