"""What the equations of `cells` find under their names when they are compiled.

A step's arrays are flat here: a slab of H features and n sequences is H * n numbers. Each function
is a loop for itself, with a case for each pair of arguments that may be the same memory: so LLVM
sees that others are apart, and makes SIMD code.

Functions that differ must differ in name, see `named`.
"""

import operator

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

from skrnn._core.compiled import vecmath
from skrnn._core.compiled.vecmath import OPTIONS, like


@intrinsic
def borrowed(typing_context, array):
    """View an argument without its owner: slices of it then count no references.

    An array that compiled code has made itself would be freed too soon.
    """

    def codegen(context, builder, signature, args):
        view = context.make_array(signature.args[0])(context, builder, args[0])
        view.meminfo = ir.Constant(view.meminfo.type, None)
        return view._getvalue()

    return array(array), codegen


@njit(**OPTIONS)
def address(array):
    return array.ctypes.data


@njit(**OPTIONS)
def slabs(G, size, first, last):
    return G[first * size : last * size]


def named(name):
    """Let a function that is made anew for each operation be called after it.

    Compiled code that was kept by one process and loaded by another is linked by names, to which
    numba adds the types and a number that counts what its process has compiled. So two functions of
    one name might be taken for each other.
    """

    def rename(function):
        function.__name__ += f"_{name}"
        function.__qualname__ += f"_{name}"
        return function

    return rename


def of_one(name, function):
    """Compile ``f(x, out)``, number by number; x may be `out`."""

    @njit(**OPTIONS)
    @named(name)
    def call(x, out):
        if address(x) == address(out):
            for j in range(out.size):
                out[j] = function(out[j])
        else:
            for j in range(out.size):
                out[j] = function(x[j])

    return call


def of_two(name, function):
    """Compile ``f(a, b, out)``, number by number, for an array and a number or two arrays.

    a or b may be `out`, and b one slab by which each of those in a is multiplied.
    """

    @named(name)
    def call(a, b, out):
        pass

    number_first, number_second = with_a_number(name, function)
    two_arrays = with_two_arrays(name, function)

    @overload(call, jit_options=OPTIONS)
    def _call(a, b, out):
        if not isinstance(a, types.Array):
            return number_first
        return two_arrays if isinstance(b, types.Array) else number_second

    return call


def with_a_number(name, function):
    @named(name)
    def number_first(a, b, out):
        if address(b) == address(out):
            for j in range(out.size):
                out[j] = function(a, out[j])
        else:
            for j in range(out.size):
                out[j] = function(a, b[j])

    @named(name)
    def number_second(a, b, out):
        if address(a) == address(out):
            for j in range(out.size):
                out[j] = function(out[j], b)
        else:
            for j in range(out.size):
                out[j] = function(a[j], b)

    return number_first, number_second


def with_two_arrays(name, function):
    @named(name)
    def two_arrays(a, b, out):
        if address(a) == address(out):
            for start in range(0, out.size, b.size):
                slab = out[start : start + b.size]
                for j in range(b.size):
                    slab[j] = function(slab[j], b[j])
        elif address(b) == address(out):
            for j in range(out.size):
                out[j] = function(a[j], out[j])
        else:
            for j in range(out.size):
                out[j] = function(a[j], b[j])

    return two_arrays


@njit(**OPTIONS)
def _reciprocal(x):
    return like(x, 1) / x


@njit(**OPTIONS)
def _relu(x):
    # A comparison with NaN is false, so that NaN stays.
    return like(x, 0) if x < like(x, 0) else x


@njit(**OPTIONS)
def _is_positive(x):
    return like(x, 1) if x > like(x, 0) else like(x, 0)


ONE = {
    "reciprocal": _reciprocal,
    "exp": vecmath.exp,
    "tanh": vecmath.tanh,
    "relu": _relu,
    "is_positive": _is_positive,
}
TWO = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}
NAMES = {
    "slabs": slabs,
    "each": slabs,
    **{name: of_one(name, function) for name, function in ONE.items()},
    **{name: of_two(name, function) for name, function in TWO.items()},
}
