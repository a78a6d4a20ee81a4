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

        def items(j):
            return [builder.extract_value(args[j], i) for i in range(len(signature.args[j]))]

        def matrix(j):
            array, leading = items(j)
            data = context.make_array(signature.args[j][0])(context, builder, array).data
            return [data, integer(leading)]

        (trans_a, trans_b, beta), a, b, c = items(1), matrix(3), matrix(4), matrix(5)
        real = a[0].type.pointee
        one = cgutils.alloca_once_value(builder, ir.Constant(real, 1.0))
        factor = cgutils.alloca_once_value(builder, builder.sitofp(beta, real))
        pointers = [integer(trans_a, 8), integer(trans_b, 8), *map(integer, items(2))]
        pointers += [one, *a, *b, factor, *c]
        function = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), pointers)
        return context.get_dummy_value()

    return types.void(address, how, sizes, A, B, C), codegen
