"""Matrix products in compiled code: by blocks of our own where they are faster, else by BLAS.

BLAS copies both factors at each product. That pays where they are huge, and takes up to half of the
time of those of a step: weights and some dozen columns, one for each sequence. A block of the
product stays in registers over the whole inner dimension instead, see `blocks`.
"""

from functools import lru_cache

import numpy as np
from numba import njit, types
from numba.core.cgutils import alloca_once_value, unpack_tuple
from numba.core.registry import cpu_target
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

from skrnn._core.compiled.blas import PLAIN, TRANSPOSED, call_at, gemm, gemm_address, place_of
from skrnn._core.compiled.blocks import block
from skrnn._core.compiled.build import kept_for_c
from skrnn._core.compiled.vecmath import OPTIONS

FEATURES = cpu_target.target_context.codegen().magic_tuple()[2].split(",")
HAS_AVX512, HAS_BLOCKS = "+avx512f" in FEATURES, {"+avx2", "+fma"} <= set(FEATURES)
# A block fills half of AVX-512's registers, or twelve of the sixteen of AVX2.
BITS, ROWS = (512, 8) if HAS_AVX512 else (256, 6)
two, one = block(ROWS, BITS, 2), block(ROWS, BITS, 1)
half, row = block(ROWS, BITS // 2, 1), block(1, BITS, 1)
# With fewer columns a block is mostly empty. With more, B's rows lie so far apart that they push
# one another out of the cache; AVX-512, which reads each half as often, bears that.
FEW, MANY = 8, 128


@njit(**OPTIONS)
def multiply(addresses, sizes, A, b, c):
    """Write ``A @ b`` to c.

    addresses  from `addresses_for`
    sizes      m, n, k
    A          an array, and how many of its numbers lie between two rows and between two columns of
               the matrix (m, k); one of them is 1
    b, c       the numbers of (k, n) and of (m, n)
    """
    (m, n, k), (a, down, across), (by_blas, by_blocks) = sizes, A, addresses
    lanes = BITS // 8 // c.itemsize
    if by_blocks and is_for_blocks(n, lanes):
        call(by_blocks, (lanes, m, n, k, down, across, 0), (a, b, c))
    else:
        flag = PLAIN if across == 1 else TRANSPOSED
        gemm(by_blas, (PLAIN, flag, 0), (n, m, k), (b, n), (a, max(down, across)), (c, n))


@njit(**OPTIONS)
def add_outer(addresses, a, s, n, turned, dW):
    """Add to dW (R, K) the sum of a_i s_i' over n sequences; `turned` has room for s."""
    (R, K), (by_blas, by_blocks) = dW.shape, addresses
    if by_blocks and HAS_AVX512:
        for i in range(n):
            for j in range(K):
                turned[i * K + j] = s[j * n + i]
        call(by_blocks, (BITS // 8 // s.itemsize, R, K, n, n, 1, 1), (a, turned, dW))
    else:
        gemm(by_blas, (TRANSPOSED, PLAIN, 1), (K, R, n), (s, n), (a, n), (dW, K))


@njit(**OPTIONS)
def is_for_blocks(n, lanes):
    """Whether blocks are faster for n columns."""
    # AVX2 takes long to read and write a part of a vector.
    return n >= FEW if HAS_AVX512 else n <= MANY and n % (2 * lanes) == 0


def weights_for(arranged, n):
    """W and W_T of `Arranged` weights, of which that is empty which n columns do not need."""
    W_T = arranged.W_T
    return (W_T[:, :0].swapaxes(1, 2), W_T) if n > 1 else (arranged.W, W_T[:, :0])


def addresses_for(dtype):
    """Addresses of BLAS's product and of that by blocks, which is 0 where there is none."""
    return gemm_address(dtype), by_blocks(np.dtype(dtype)).address if HAS_BLOCKS else 0


@lru_cache
def by_blocks(dtype):
    """Compile the product by blocks once for all kernels, which call it by its address."""
    real = types.CPointer(from_dtype(dtype))
    sizes = types.CPointer(types.UniTuple(types.int64, 7))
    return kept_for_c(multiply_by_blocks, types.void(sizes, *[real] * 3))


def multiply_by_blocks(sizes, a, b, c):
    """Do what `multiply` does, or add to c.

    sizes  the place of: how many numbers a vector holds, m, n, k, how many of them lie between two
           rows of A and between two columns, and 1 to add
    """
    lanes, m, n, k, down, across, adds = sizes[0]
    whole = m // ROWS * ROWS
    for i in range(0, whole, ROWS):
        j, A = 0, (a, i * down, down, across)
        while n - j >= 2 * lanes:
            two((k, n, n - j, adds), A, (b, j), (c, i * n + j))
            j += 2 * lanes
        while n - j > lanes // 2:
            one((k, n, n - j, adds), A, (b, j), (c, i * n + j))
            j += lanes
        if j < n:
            half((k, n, n - j, adds), A, (b, j), (c, i * n + j))
    for i in range(whole, m):
        for j in range(0, n, lanes):
            row((k, n, n - j, adds), (a, i * down, down, across), (b, j), (c, i * n + j))


@intrinsic
def call(typing_context, address, numbers, arrays):
    """Call a function by its address, with the places of numbers and of arrays."""

    def codegen(context, builder, signature, args):
        pairs = zip(unpack_tuple(builder, args[2]), arrays, strict=True)
        places = [place_of(array, kind, context, builder) for array, kind in pairs]
        call_at(args[0], [alloca_once_value(builder, args[1]), *places], builder)
        return context.get_dummy_value()

    return types.void(address, numbers, arrays), codegen
