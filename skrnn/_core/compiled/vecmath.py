"""exp and tanh without calls or branches, so that LLVM turns a loop around them into SIMD code.

``exp(x) = 2^n exp(r)`` with ``x = n ln 2 + r``, where n is found by adding a number so large that
the fraction falls away, exp(r) - 1 is a polynomial, and 2^n is written into the bits of the
exponent (Cody & Waite, 1980; coefficients in float32 from Cephes' expf, in float64 Taylor's).
Relative errors are at most 1.5 times the precision of the type. NaN stays NaN.
"""

from math import factorial

import numpy as np
from llvmlite import ir
from numba import njit
from numba.extending import intrinsic, overload

# The order of operations stands, but a * b + c may become one instruction: the same on each run.
OPTIONS = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}

# By the bits of a type: the type, bits of its mantissa, its exponent of 1, ln 2 in two parts, the
# bounds between which exp is computed, and q in exp(r) - 1 = r + r^2 q(r) for |r| < ln(2) / 2.
FORMATS = {
    32: (
        np.float32,
        (23, 127),
        (0.693359375, -2.12194440e-4),
        (-88.0, 89.0),
        [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5],
    ),
    64: (
        np.float64,
        (52, 1023),
        (6.93145751953125e-1, 1.42860682030941723212e-6),
        (-708.5, 710.0),
        [1 / factorial(k) for k in range(13, 1, -1)],
    ),
}


@intrinsic
def power_of_two(typing_context, z):
    """2^n from z, in whose lowest bits n stands."""
    _, (mantissa, bias), *_ = FORMATS[z.bitwidth]

    def codegen(context, builder, signature, args):
        bits = ir.IntType(z.bitwidth)
        n = builder.shl(builder.bitcast(args[0], bits), bits(mantissa))
        return builder.bitcast(builder.add(n, bits(bias << mantissa)), args[0].type)

    return z(z), codegen


def polynomial(r):
    """Stand for q(r) of `FORMATS` in compiled code."""


@overload(polynomial, jit_options=OPTIONS, inline="always")
def _polynomial(r):
    real, *_, coefficients = FORMATS[r.bitwidth]
    # An expression of numbers of the type: a loop would not be unrolled in time for SIMD code.
    terms = "c0"
    for j in range(1, len(coefficients)):
        terms = f"({terms}) * r + c{j}"
    names = {f"c{j}": real(c) for j, c in enumerate(coefficients)}
    exec(f"def horner(r):\n    return {terms}", names)
    return names["horner"]


def parts_of_exp(x):
    """Stand for (p, s) in compiled code: exp(x) = s (1 + p), s being a power of two."""


@overload(parts_of_exp, jit_options=OPTIONS, inline="always")
def _parts_of_exp(x):
    real, (mantissa, _), ln2, bounds, _ = FORMATS[x.bitwidth]
    log2e, large = real(1 / np.log(2)), real(1.5 * 2**mantissa)
    (high, low), (least, most) = map(real, ln2), map(real, bounds)

    def parts_of_exp(x):
        x = least if x < least else x
        x = most if x > most else x
        z = x * log2e + large
        n = z - large
        r = (x - n * high) - n * low
        return r + r * r * polynomial(r), power_of_two(z)

    return parts_of_exp


def like(x, number):
    """Stand for a number in the type of x in compiled code: numba would widen float32 * 1."""


@overload(like, inline="always")
def _like(x, number):
    real = FORMATS[x.bitwidth][0]
    return lambda x, number: real(number)


@njit(**OPTIONS)
def exp(x):
    p, s = parts_of_exp(x)
    return s + s * p


@njit(**OPTIONS)
def tanh(x):
    # (exp(2x) - 1) / (exp(2x) + 1), whose numerator is exact near 0.
    one, most = like(x, 1), like(x, 20)
    x = most if x > most else x
    p, s = parts_of_exp(x + x)
    t = s * p + (s - one)
    return t / (t + (one + one))
