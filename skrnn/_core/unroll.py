"""The loop over time by NumPy, and its backward pass: a run of steps at a time.

A *run* is a stretch of steps with the same number of live sequences, see `packing`. The layout that
makes it fast: during a run of T steps with N sequences everything is feature-major; a step is a
block of shape (features, K, N), contiguous in memory, for K directions. The state block of a step
stacks what the cell's products need::

               direction 0       direction 1
    S[t] = [ h h h . . . h h | h h h . . . h h ]  H features, written in place by step t - 1
           [ x x x . . . x x | x x x . . . x x ]  D features, gathered before the loop
           [ 1 1 1 . . . 1 1 | 1 1 1 . . . 1 1 ]  one, so that the bias is a column of the weights
             N sequences each

so one product ``W @ S[t]`` for each direction writes the pre-activations of all gates into the tape
``G[t]``, in which each gate, and each group of neighbouring gates, is one contiguous slab of both
directions. Rows x features would need strided gate slices or a product for each gate, and takes
about twice as long.
"""

from functools import lru_cache, partial
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from skrnn._core.weights import Arranged

# Floats of the tape that the backward pass treats in one stretch: this bounds its memory.
STRETCH = 1 << 18


def unroll(layer, xs, packing, state, mask, how, return_steps=True):
    """Go over packed rows with a recurrent layer.

    layer         a `Recurrent`
    xs            K arrays (n_rows, D), one for each direction, each in its own order of steps
    state         (n_states, H, K, N): h, and c for the LSTM. It is overwritten: the initial state
                  goes in, the final state comes out. Columns beyond ``packing.n_sequences``, if
                  there are any, stay as they are
    mask          (H, K, N) or None: multiplies the h that enters the products
    how           a `Pass` that has the weights, an `Arranged`
    return_steps  whether the outputs of all steps are needed

    Returns outputs (n_rows, K * H), the directions side by side and each in its own order of steps,
    or None, and, or None if not ``how.for_backward``,

    backward(gradient, dstate, doutputs=None, need_dx=False) -> dx (K, n_rows, D) or None
        `gradient`, an `Arranged`, is added to. `dstate`, like `state`, is overwritten: the
        gradient of the final state goes in, that of the initial state comes out. `doutputs` is
        the gradient of outputs.
    """
    dtype, tapes = how.arranged.W_T.dtype, []
    outputs = np.empty((len(xs[0]), layer.n_outputs), dtype) if return_steps else None
    for run in packing.runs(one_by_one=how.watch is not None):
        blocks = [feature_major(x, run) for x in xs]
        # The states of sequences that have ended lie beyond these columns, and stay.
        now = state[..., : run.n_sequences]
        tape = go_over(layer.cell, how.arranged, blocks, now, live(mask, run), how)
        if how.for_backward:
            tapes.append((run, tape))
        if return_steps:
            by_unit(layer, outputs, run)[...] = tape.h[1:]
    return outputs, partial(go_back, layer, how, tapes) if how.for_backward else None


def go_back(layer, how, tapes, gradient, dstate, doutputs=None, need_dx=False):
    """Do what `unroll` says of ``backward``."""
    W, n_rows = how.arranged.W, tapes[-1][0].stop
    dx = np.empty((len(W), n_rows, layer.n_features), W.dtype) if need_dx else None
    for run, tape in reversed(tapes):
        go_back_over_run(run, tape, layer, how, gradient, (dstate, doutputs), dx)
    return dx


def go_back_over_run(run, tape, layer, how, gradient, given, dx):
    """Take a run back; overwrite the first of the gradients `given`, dstate and doutputs."""
    dstate, doutputs = given
    # Columns beyond the run still hold the gradient of the final state: a shorter sequence joins
    # the backward pass at its own last step.
    d = live(dstate, run)
    dh = None if doutputs is None else np.ascontiguousarray(by_unit(layer, doutputs, run))
    if how.watch:
        how.watch(layer, run.first_step, d[0] if dh is None else d[0] + dh[0])
    # `d` goes in as the gradient of the state after the run, and comes out as that before.
    run_dx = go_back_over(tape, gradient, d, dh, dx is not None, how.empty)
    dstate[..., : run.n_sequences] = d
    if dx is not None:
        for rows, block in zip(dx, run_dx.swapaxes(0, 1), strict=True):
            feature_major(rows, run)[...] = block


def by_unit(layer, rows, run):
    """View the rows of a run, (n_rows, K * H), as (n_steps, H, K, n_sequences)."""
    shape = run.n_steps, len(layer.suffixes), layer.hidden_size, run.n_sequences
    return feature_major(rows, run).reshape(shape).swapaxes(1, 2)


def feature_major(rows, run):
    """View the rows of a run as (n_steps, features, n_sequences)."""
    block = rows[run.start : run.stop]
    return block.reshape(run.n_steps, run.n_sequences, -1).swapaxes(1, 2)


def live(state, run):
    """Columns of the sequences that a run still has, in memory of their own if they are fewer."""
    return None if state is None else np.ascontiguousarray(state[..., : run.n_sequences])


class Tape(NamedTuple):
    """The arrays of a run, which its forward and its backward pass share."""

    cell: Any
    weights: Arranged
    S: np.ndarray
    h: np.ndarray
    G: np.ndarray
    mask: np.ndarray | None


def go_over(cell, weights, xs, state, mask, how):
    """Take K arrays xs (T, D, N) through T steps of N sequences; overwrite `state`."""
    H, W_T = state.shape[1], weights.W_T
    S = state_blocks(xs, H, W_T.dtype, how.empty)
    # With a mask the h in S is what the mask leaves of it, and h itself has a place of its own.
    h = S[:, :H] if mask is None else how.empty((len(S), H, *S.shape[2:]), W_T.dtype)
    h[0] = state[0]
    # Products of the input alone are computed for all steps at once, and so need all frames.
    one_frame = not how.for_backward and W_T.shape[1] == products_from_h(cell, H)
    G = frames(cell, h.shape, state, one_frame, W_T.dtype, how.empty)
    tape = Tape(cell, weights, S, h, G, mask)
    with np.errstate(over="ignore", under="ignore"):  # in the exp of a closed and of an open gate
        step_forward(tape, how.for_backward)
    state[0] = h[-1]
    for j, slab in enumerate(cell.carried, 1):
        state[j] = G[-1, slab * H : (slab + 1) * H]
    return tape


def state_blocks(xs, H, dtype, empty):
    """Allocate S (T + 1, H + D + 1, K, N), with the inputs and ones in place."""
    T, D, N = xs[0].shape
    S = empty((T + 1, H + D + 1, len(xs), N), dtype)
    for k, x in enumerate(xs):
        S[:T, H:-1, k] = x
    S[:, -1] = 1
    return S


def frames(cell, shape, state, one_frame, dtype, empty):
    """Allocate G (T + 1, n_slabs * H, K, N), with the first carried states in place."""
    n_frames, H, K, N = shape
    frame = (cell.n_slabs * H, K, N)
    G = empty((1 if one_frame else n_frames, *frame), dtype)
    for slab, c0 in zip(cell.carried, state[1:], strict=True):
        G[0, slab * H : (slab + 1) * H] = c0
    # One frame that all steps overwrite lets the code of cells stay one.
    return endless(G[0], n_frames) if one_frame else G


def endless(array, n_steps):
    """View an array as that of so many steps, all of which are it: the stride is 0."""
    return np.ndarray((n_steps, *array.shape), array.dtype, array, strides=(0, *array.strides))


@lru_cache
def products_from_h(cell, H):
    """Number of products that take in the hidden state; they come first."""
    return H * sum(from_h for _, from_h, _ in cell.products)


def step_forward(tape, for_backward):
    """Fill h and the tape."""
    cell, weights, S, h, G, mask = tape
    (H, K, N), n_steps = h.shape[1:], len(h) - 1
    W = weights.for_columns(N)
    n_products = W.shape[1]
    n_from_h = products_from_h(cell, H)
    by_direction, products = S[:-1].swapaxes(1, 2), G[:-1, :n_products].swapaxes(1, 2)
    if n_products > n_from_h:
        np.matmul(W[:, n_from_h:, H:], by_direction[:, :, H:], out=products[:, :, n_from_h:])
    W_from_h, products = W[:, :n_from_h], products[:, :, :n_from_h]
    term = endless(np.empty((cell.n_terms * H, K, N), W.dtype), n_steps)
    vectors = [endless(vector, n_steps) for vector in weights.vectors]
    parts = cell.forward_parts(G[:-1], G[1:], h[:-1], h[1:], term, H, *vectors)
    multiply = np.matmul
    if K == 1:
        W_from_h, products, by_direction = W_from_h[0], products[:, 0], by_direction[:, 0]
        multiply = product_by(W_from_h)
    # An array of one is made once: a number would become one at each call.
    one = np.asarray(1, W.dtype)
    logistic = G[:-1, : cell.n_sigmoid * H]
    in_turn(
        mask is not None and map(np.multiply, h[:-1], repeat(mask), S[:-1, :H]),
        map(multiply, repeat(W_from_h), by_direction, by_step(products)),
        map(cell.forward, repeat(one), zip(*map(by_step, parts), strict=True)),
        for_backward and cell.n_sigmoid and map(np.reciprocal, logistic, logistic),
    )


def by_step(array):
    """Steps of an array; where one step's memory is that of all, it is viewed once."""
    return array if array.strides[0] else repeat(array[0], len(array))


def in_turn(*calls):
    """Draw from iterators in turn, leaving out what is false: each draw is a call for one step.

    A loop that is written out would take a third longer for the steps of one sequence.
    """
    for _ in zip(*filter(None, calls), strict=True):
        pass


def product_by(W):
    """Return what multiplies a matrix: ``np.dot`` starts sooner, but copies a part."""
    return np.dot if W.flags.forc else np.matmul


def go_back_over(tape, gradient, dstate, dh, need_dx, empty):
    """Go back over a run, in stretches of steps from the last to the first."""
    cell, weights, S, h, G, mask = tape
    W, T, (_, H, K, N) = weights.W, len(h) - 1, h.shape
    n_products = W.shape[2]
    dx = np.empty((T, K, S.shape[1] - H - 1, N), W.dtype) if need_dx else None
    length = max(1, STRETCH // (K * cell.n_slabs * H * N))
    A = empty((min(length, T), n_products + cell.n_local * H, K, N), W.dtype)
    of_cell, one = (*weights.vectors, *gradient.vectors), np.asarray(1, W.dtype)
    for stop in range(T, 0, -length):
        start = max(0, stop - length)
        a, g = A[: stop - start], G[start:stop]
        cell.local(one, cell.local_parts(g, a, h[start:stop], h[start + 1 : stop + 1], H))
        step_back(tape, g, a, dstate, of_cell, None if dh is None else dh[start:stop])
        # One large product for all steps takes less time than one for each, copies included.
        a = a[:, :n_products]
        for k in range(K):
            gradient.W_T[k] += sum_over_steps(a[:, :, k], S[start:stop, :, k])
        if need_dx:
            np.matmul(W[:, H:-1], a.swapaxes(1, 2), out=dx[start:stop])
    return dx


def step_back(tape, g, a, dstate, of_cell, dh):
    """Take the cell back through a stretch; pass the gradient on from each step to that before."""
    cell, W, mask = tape.cell, tape.weights.W, tape.mask
    (_, H, K, N), n_steps = dstate.shape, len(a)
    n_from_h = products_from_h(cell, H)
    term, d = np.empty((cell.n_terms * H, K, N), W.dtype), dstate.reshape(-1, K, N)
    fixed = [endless(array, n_steps) for array in (d, term, *of_cell)]
    parts = [part[::-1] for part in cell.back_parts(g, a, *fixed[:2], H, *fixed[2:])]
    W_h, dproducts = W[:, :H, :n_from_h], a[::-1, :n_from_h].swapaxes(1, 2)
    # A cell that keeps h has left the direct part in dh, to which that of the products is added.
    product = np.empty_like(dstate[0]) if cell.keeps_h else dstate[0]
    multiply, out, to_dh = np.matmul, product.swapaxes(0, 1), repeat(dstate[0])
    if K == 1:
        W_h, dproducts, out = W_h[0], dproducts[:, 0], out[0]
        multiply = product_by(W_h)
    in_turn(
        dh is not None and map(np.add, to_dh, dh[::-1], to_dh),
        map(cell.back, zip(*map(by_step, parts), strict=True)),
        map(multiply, repeat(W_h), dproducts, repeat(out)),
        mask is not None
        and map(np.multiply, repeat(product, n_steps), repeat(mask), repeat(product)),
        cell.keeps_h and map(np.add, repeat(product, n_steps), to_dh, to_dh),
    )


def sum_over_steps(a, s):
    """Sum of ``a[t] @ s[t].T`` over steps, as one product over all steps and sequences."""
    a, s = (np.ascontiguousarray(m.swapaxes(0, 1)).reshape(m.shape[1], -1) for m in (a, s))
    return a @ s.T
