"""Matrix products from compiled code, by the addresses of functions in SciPy's BLAS."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic
from scipy.linalg import cython_blas

NAMES = {np.dtype("f4"): "sgemm", np.dtype("f8"): "dgemm"}
# gemm's flags: a matrix as it stands or transposed.
PLAIN, TRANSPOSED = ord("N"), ord("T")


def gemm_address(dtype):
    """Address of BLAS's gemm for float32 or float64."""
    return get_cython_function_address("scipy.linalg.cython_blas", NAMES[np.dtype(dtype)])


def takes_int():
    """Whether that gemm counts by a C int, as `gemm` does."""
    capsule = repr(cython_blas.__pyx_capi__["dgemm"])
    return capsule.count(", int *") == 6


def place_of(array, kind, context, builder):
    """Return the place of the numbers of an array."""
    return context.make_array(kind)(context, builder, array).data


def call_at(address, pointers, builder):
    """Call the function at an address."""
    function = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
    builder.call(builder.inttoptr(address, function.as_pointer()), pointers)


@intrinsic
def gemm(typing_context, address, how, sizes, A, B, C):
    """``C = A @ B + beta C``, column-major as BLAS has it.

    address  from `gemm_address`: an argument, so that compiled code can be kept for later processes
    how      flags of A and B, and beta
    sizes    m, n, k: C is (m, n)
    A, B, C  each an array and its leading dimension
    """

    def codegen(context, builder, signature, args):
        def integer(value, bits=32):
            value = builder.trunc(value, ir.IntType(bits))
            return cgutils.alloca_once_value(builder, value)

        def matrix(j):
            array, leading = cgutils.unpack_tuple(builder, args[j])
            return [place_of(array, signature.args[j][0], context, builder), integer(leading)]

        (trans_a, trans_b, beta), sizes = (cgutils.unpack_tuple(builder, args[j]) for j in (1, 2))
        a, b, c = map(matrix, (3, 4, 5))
        real = a[0].type.pointee
        one = cgutils.alloca_once_value(builder, ir.Constant(real, 1.0))
        factor = cgutils.alloca_once_value(builder, builder.sitofp(beta, real))
        pointers = [integer(trans_a, 8), integer(trans_b, 8), *map(integer, sizes)]
        call_at(args[0], [*pointers, one, *a, *b, factor, *c], builder)
        return context.get_dummy_value()

    return types.void(address, how, sizes, A, B, C), codegen
