"""The loop over time, compiled: one call forward and one back, without the interpreter's lock.

It goes over packed rows of one direction. The layout is that of `skrnn._core.unroll`, but flat: of
S, G and h, step t owns a block of all features times its live sequences, behind those of the steps
before it. So ragged sequences need no runs: where some end, what goes on to the next step is made
narrower.
"""

from numba import njit, types
from numba.np.numpy_support import from_dtype

from skrnn._core.compiled import calls
from skrnn._core.compiled.build import built
from skrnn._core.compiled.calls import borrowed
from skrnn._core.compiled.products import add_outer, multiply
from skrnn._core.compiled.vecmath import OPTIONS, like

# The functions of a cell stand here when `built` compiles the kernels for it.
step_forward_parts = step_forward = step_local_parts = step_local = None
step_back_parts = step_back = None
add, reciprocal = calls.NAMES["add"], calls.NAMES["reciprocal"]


@njit(**OPTIONS)
def narrow(a, width, n, buffer):
    """The first n of `width` columns, in the buffer if they are fewer."""
    if n == width:
        return a
    for row in range(a.size // width):
        for j in range(n):
            buffer[row * n + j] = a[row * width + j]
    return buffer[: a.size // width * n]


@njit(**OPTIONS)
def multiply_by_row(s, W, row, column, out):
    """out = s @ W[row:, column:], of as many columns as out; BLAS takes longer for one row."""
    for j in range(out.size):
        out[j] = 0
    last, whole = column + out.size, s.size // 4 * 4
    for k in range(0, whole, 4):
        w0, w1 = W[row + k][column:last], W[row + k + 1][column:last]
        w2, w3 = W[row + k + 2][column:last], W[row + k + 3][column:last]
        s0, s1, s2, s3 = s[k], s[k + 1], s[k + 2], s[k + 3]
        for j in range(out.size):
            out[j] += (s0 * w0[j] + s1 * w1[j]) + (s2 * w2[j] + s3 * w3[j])
    for k in range(whole, s.size):
        w0, s0 = W[row + k][column:last], s[k]
        for j in range(out.size):
            out[j] += s0 * w0[j]


@njit(**OPTIONS)
def read_rows(rows, block):
    """Write rows (n, D) into a block of D features."""
    n, D = rows.shape
    for j in range(D):
        for i in range(n):
            block[j * n + i] = rows[i, j]


@njit(**OPTIONS)
def fill_state_block(s, h, mask, x, H):
    """Write h, by the mask if there is one, x (n, D) and ones into a block of S."""
    n, D = x.shape
    for j in range(H * n):
        s[j] = h[j]
    for row in range(mask.shape[0]):
        for i in range(n):
            s[row * n + i] *= mask[row, i]
    read_rows(x, s[H * n :])
    for i in range(n):
        s[(H + D) * n + i] = 1


@njit(**OPTIONS)
def multiply_weights(addresses, W, W_T, s, H, n_from_h, g):
    """Write the products of a step into the first slabs of its frame, by W or W_T."""
    K, R = W.shape[0], max(W.shape[1], W_T.shape[0])
    n, rest = s.size // K, R - n_from_h
    x, products = s[H * n :], g[n_from_h * n :]
    if W.size:
        multiply_by_row(s, W, 0, 0, g[:n_from_h])
        multiply_by_row(x, W, H, n_from_h, g[n_from_h:R])
        return
    multiply(addresses, (n_from_h, n, K), (W_T, K, 1), s, g)
    if rest:
        multiply(addresses, (rest, n, K - H), (W_T[n_from_h:, H:], K, 1), x, products)


@njit(**OPTIONS)
def write_rows(block, n, column, rows):
    """Write a block of features into columns of rows (n, ...), the first of them `column`."""
    for i in range(n if rows.size else 0):
        for j in range(block.size // n):
            rows[i, column + j] = block[j * n + i]


@njit(**OPTIONS)
def add_rows(rows, n, column, block):
    """Add columns of rows (n, ...) to a block of features."""
    for i in range(n if rows.size else 0):
        for j in range(block.size // n):
            block[j * n + i] += rows[i, column + j]


@njit(**OPTIONS)
def part_ways(value, n, n_after, ended, going_on):
    """Keep a state (H, n) of those that end here, and hand that of the others on."""
    for row in range(value.size // n):
        for j in range(n_after):
            going_on[row * n_after + j] = value[row * n + j]
        for j in range(n_after, n):
            ended[row, j] = value[row * n + j]


def forward(addresses, sizes, steps, inputs, tape, state, outputs):
    """Go over the steps of one direction; overwrite state (n_states, H, N).

    addresses  of products, see `multiply`
    sizes      n_from_h, n_sigmoid, n_slabs, n_terms, whether each step has memory of its own in the
               tape, for a way back, and the first of the H columns of outputs
    steps      offsets of a `Packing`, and ``carried`` of a cell
    inputs     W (H + D + 1, R) or W_T (R, H + D + 1), see `weights_for`, x (n_rows, D), and the
               mask (H, N), or (0, N) for none
    tape       S, G, h, and memory to work with
    outputs    written to if they have rows
    """
    n_from_h, n_sigmoid, n_slabs, n_terms, keeps, column = sizes
    offsets, carried = steps
    W, W_T = borrowed(inputs[0]), borrowed(inputs[1])
    x, mask = borrowed(inputs[2]), borrowed(inputs[3])
    S, G, h, work = borrowed(tape[0]), borrowed(tape[1]), borrowed(tape[2]), borrowed(tape[3])
    state, outputs = borrowed(state), borrowed(outputs)
    (_, H, N), K, one = state.shape, W.shape[0], like(state[0, 0, 0], 1)
    narrowed, term, spare = work[: H * N], work[H * N :], work[(1 + n_terms) * H * N :]
    h_before, width = state[0].reshape(H * N), N
    for j in range(carried.size):
        G[carried[j] * H * N : (carried[j] + 1) * H * N] = state[j + 1].reshape(H * N)
    for t in range(offsets.size - 1):
        start, stop = offsets[t], offsets[t + 1]
        n, n_after = stop - start, offsets[t + 2] - stop if t + 2 < offsets.size else 0
        # Without memory for all steps, frames share one, and h has two by turns.
        here, there, here_h = (start, stop, start) if keeps else (0, 0, t % 2 * N)
        s, g = S[here * K : (here + n) * K], G[here * n_slabs * H : (here + n) * n_slabs * H]
        h_now = h[here_h * H : (here_h + n) * H]
        h_before = narrow(h_before, width, n, narrowed)
        fill_state_block(s, h_before, mask, x[start:stop], H)
        multiply_weights(addresses, W, W_T, s, H, n_from_h, g)
        after = G[there * n_slabs * H :] if n_after == n else spare
        term_now = term[: n_terms * H * n]
        step_forward(one, step_forward_parts(g, after, h_before, h_now, term_now, H * n))
        if keeps:
            logistic = g[: n_sigmoid * H * n]
            reciprocal(logistic, logistic)
        write_rows(h_now, n, column, outputs[start:stop])
        if n_after < n:
            part_ways(h_now, n, n_after, state[0], narrowed)
            for j in range(carried.size):
                value = spare[carried[j] * H * n : (carried[j] + 1) * H * n]
                going_on = G[(there * n_slabs + carried[j] * n_after) * H :]
                part_ways(value, n, n_after, state[j + 1], going_on)
        h_before, width = h_now, n


@njit(**OPTIONS)
def exchange(d, dstate, width, n):
    """Put `width` columns back into dstate, and take n of them."""
    for row in range(dstate.shape[0]):
        for j in range(width):
            dstate[row, j] = d[row * width + j]
    for row in range(dstate.shape[0]):
        for j in range(n):
            d[row * n + j] = dstate[row, j]


@njit(**OPTIONS)
def through_products(addresses, W, a, n_from_h, mask, dh):
    """Gradient of the hidden state that the products have read, by the mask if there is one."""
    R = W.shape[1]
    n = a.size // R
    multiply(addresses, (dh.size // n, n, n_from_h), (W, R, 1), a, dh)
    for row in range(mask.shape[0]):
        for i in range(n):
            dh[row * n + i] *= mask[row, i]


@njit(**OPTIONS)
def read_back(addresses, W_x, a, buffer, dx):
    """Write the gradient of what a step has read, dx (n, D)."""
    (n, D), R = dx.shape, W_x.shape[1]
    multiply(addresses, (D, n, R), (W_x, R, 1), a, buffer)
    write_rows(buffer[: D * n], n, 0, dx)


def backward(addresses, sizes, offsets, inputs, tape, given, gradient):
    """Go back over the steps of one direction.

    addresses  as in `forward`
    sizes      n_from_h, n_slabs, n_local, n_terms, keeps_h, and the first of the H columns of
               doutputs
    inputs     W, which is not empty, and the mask, as in `forward`
    tape       as in `forward`
    given      h0 (H, N), the first hidden state, and doutputs, which may have no rows
    gradient   dstate (n_states * H, N), which is overwritten; dW (R, H + D + 1), which is added
               to; dx (n_rows, D), which is filled if it has rows
    """
    n_from_h, n_slabs, n_local, n_terms, keeps_h, column = sizes
    S, G, h, work = borrowed(tape[0]), borrowed(tape[1]), borrowed(tape[2]), borrowed(tape[3])
    W, mask, h0 = borrowed(inputs[0]), borrowed(inputs[1]), borrowed(given[0])
    doutputs, dstate, dW = borrowed(given[1]), borrowed(gradient[0]), borrowed(gradient[1])
    dx = borrowed(gradient[2])
    (H, N), (K, R), one = h0.shape, W.shape, like(W[0, 0], 1)
    n_states = dstate.shape[0] // H
    narrowed, product, term = work[: H * N], work[H * N :], work[2 * H * N :]
    d = work[(2 + n_terms) * H * N :]
    A = d[n_states * H * N :]
    buffer, width = A[(R + n_local * H) * N :], 0
    for t in range(offsets.size - 2, -1, -1):
        start, stop = offsets[t], offsets[t + 1]
        n, before = stop - start, offsets[t - 1] if t else start - N
        if n != width:  # Those that end here join, with the gradient of their final state.
            exchange(d, dstate, width, n)
            width = n
        h_before = h[before * H : start * H] if t else h0.reshape(H * N)
        h_before, h_now = narrow(h_before, start - before, n, narrowed), h[start * H : stop * H]
        g, a = G[start * n_slabs * H : stop * n_slabs * H], A[: (R + n_local * H) * n]
        d_now, dh, through = d[: n_states * H * n], d[: H * n], product[: H * n]
        add_rows(doutputs[start:stop], n, column, dh)
        step_local(one, step_local_parts(g, a, h_before, h_now, H * n))
        step_back(step_back_parts(g, a, d_now, term[: n_terms * H * n], H * n))
        a = a[: R * n]
        through_products(addresses, W, a, n_from_h, mask, through)
        if keeps_h:
            add(dh, through, dh)
        else:
            dh[:] = through
        add_outer(addresses, a, S[start * K : stop * K], n, buffer, dW)
        if dx.size:
            read_back(addresses, W[H:], a, buffer, dx[start:stop])
    exchange(d, dstate, width, 0)


def kernels_for(cell, dtype):
    """`forward` and `backward` for a cell and a type of numbers."""
    real, integer, whole = from_dtype(dtype), types.int64, types.Array(types.intp, 1, "C")
    flat, matrix, cube = (types.Array(real, n, "C") for n in (1, 2, 3))
    tape = types.UniTuple(flat, 4)
    steps, inputs = types.UniTuple(whole, 2), types.UniTuple(matrix, 4)
    pair, gradient = types.UniTuple(matrix, 2), types.UniTuple(matrix, 3)
    addresses, sizes, sizes_back = (types.UniTuple(integer, n) for n in (2, 6, 6))
    return (
        built(forward, types.void(addresses, sizes, steps, inputs, tape, cube, matrix), cell),
        built(backward, types.void(addresses, sizes_back, whole, pair, tape, pair, gradient), cell),
    )
