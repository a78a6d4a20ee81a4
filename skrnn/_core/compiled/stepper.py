"""A `Stepper` whose step is one call of compiled code, from the features to the outputs."""

from functools import lru_cache

import numpy as np
from numba import carray, types
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from skrnn._core.compiled.build import as_argument, built
from skrnn._core.compiled.calls import borrowed
from skrnn._core.compiled.kernels import multiply_by_row, multiply_weights, read_rows
from skrnn._core.compiled.products import addresses_for, weights_for
from skrnn._core.compiled.vecmath import like
from skrnn._core.stepper import LayerStates, Stepper
from skrnn._core.unroll import products_from_h

# The functions of a cell stand here when `built` compiles the kernel for it.
step_forward_parts = step_forward = None


@intrinsic
def pointer(typing_context, address, number):
    """Return an address as a pointer to numbers like the one that is given."""

    def codegen(context, builder, signature, args):
        return builder.inttoptr(args[0], context.get_value_type(number).as_pointer())

    return types.CPointer(number)(address, number), codegen


def step(plan, x, outputs):
    """Take a step with all layers, and with the head if there are outputs to write.

    plan     the addresses of products, n_from_h, n_slabs, n_terms, the numbers of units, of
             products and of sequences, the addresses of `term` and of the head's weights; then,
             for each layer, the addresses of its weights, its state block and its frame, how much
             it reads, and the address and the number of rows of W_T, see `weights_for`
    x        (N, D)
    outputs  (n_outputs,), for a single sequence, or (0,)
    """
    plan, x, outputs = borrowed(plan), borrowed(x), borrowed(outputs)
    addresses, n_from_h, n_slabs, n_terms = (plan[0], plan[1]), plan[2], plan[3], plan[4]
    H, R, N = plan[5], plan[6], plan[7]
    zero, one = like(x[0, 0], 0), like(x[0, 0], 1)
    term = h = carray(pointer(plan[8], zero), n_terms * H * N)
    for first in range(10, plan.size, 6):
        D = plan[first + 3]
        W = carray(pointer(plan[first], zero), (H + D + 1, R - plan[first + 5]))
        s = carray(pointer(plan[first + 1], zero), (H + D + 1) * N)
        g = carray(pointer(plan[first + 2], zero), n_slabs * H * N)
        if first == 10:
            read_rows(x, s[H * N :])
        else:
            s[H * N : (H + D) * N] = h
        W_T = carray(pointer(plan[first + 4], zero), (plan[first + 5], H + D + 1))
        multiply_weights(addresses, W, W_T, s, H, n_from_h, g)
        h = s[: H * N]
        step_forward(one, step_forward_parts(g, g, h, h, term, H * N))
    if outputs.size:
        head = carray(pointer(plan[9], zero), (H + 1, outputs.size))
        multiply_by_row(h, head, 0, 0, outputs)
        for j in range(outputs.size):
            outputs[j] += head[H, j]


class CompiledStepper(Stepper):
    """A `Stepper` of the same states, which lie where it has them."""

    make_layer = LayerStates

    def __init__(self, network, params, arranged, n_sequences):
        super().__init__(network, params, arranged, n_sequences)
        cell, H = network.stack.cell, network.stack.hidden_size
        # A single sequence's products are loops, which take less time than to call for one.
        self.has_head = n_sequences == 1 and not self.carried
        self.uses_blas = not self.has_head
        self.memory = np.empty(cell.n_terms * H * n_sequences + 1, self.W.dtype)
        self.head = np.ascontiguousarray(np.vstack([self.W.T, self.b]))
        R, sizes = len(cell.products) * H, (products_from_h(cell, H), cell.n_slabs, cell.n_terms)
        self.kept = []  # arrays of which the kernel knows addresses
        shared = address_of(self.memory), address_of(self.head)
        plan = [*addresses_for(self.W.dtype), *sizes, H, R, n_sequences, *shared]
        for layer, weights in zip(self.layers, arranged, strict=True):
            W, W_T = weights_for(weights, n_sequences)
            self.kept += W, W_T
            plan += *map(address_of, (W, layer.s, layer.products)), len(layer.x)
            plan += address_of(W_T), W_T.shape[1]
        self.plan = np.array(plan, np.int64)
        self.kernel = step_for(cell, self.W.dtype)

    def step(self, x):
        """Take one step: x (N, n_features). Returns outputs (N, n_outputs)."""
        if self.embedding:
            x, _ = self.embedding.forward(self.params, x)
        n_outputs = len(self.b) if self.has_head else 0
        outputs = np.empty(n_outputs, self.head.dtype)
        self.kernel(self.plan, as_argument(x, self.head.dtype), outputs)
        return outputs[np.newaxis] if self.has_head else self.answer(self.layers[-1].h)


def address_of(array):
    return array.ctypes.data


@lru_cache
def step_for(cell, dtype):
    """`step` for a cell and a type of numbers."""
    real = from_dtype(dtype)
    plan, x, outputs = (types.Array(*of, "C") for of in ((types.int64, 1), (real, 2), (real, 1)))
    return built(step, types.void(plan, x, outputs), cell)
