"""Matrix products of compiled code, by blocks and by BLAS, are those of NumPy."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("numba")

from numba import njit  # noqa: E402

from skrnn._core.compiled import products  # noqa: E402

DTYPES = [np.float32, np.float64]
EXACT = {np.float32: 2e-6, np.float64: 2e-15}
# Code for AVX2, by which a processor with AVX-512 tries the other shape of blocks as well.
AVX2 = "+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe"
needs_blocks = pytest.mark.skipif(not products.HAS_BLOCKS, reason="this processor has no blocks")


@njit
def multiply(addresses, sizes, A, b, c):
    products.multiply(addresses, sizes, A, b, c)


@njit
def add_outer(addresses, a, s, n, turned, dW):
    products.add_outer(addresses, a, s, n, turned, dW)


def addresses_of(by, dtype):
    by_blas, by_blocks = products.addresses_for(dtype)
    return by_blas, by_blocks if by == "blocks" else 0


def random(shape, dtype):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("by", ["blas", pytest.param("blocks", marks=needs_blocks)])
@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 16, 20, 31, 32, 45, 64, 300])
def test_products_of_weights_and_columns(n, by, order, dtype):
    addresses = addresses_of(by, dtype)
    for m, k in [(1, 1), (4, 3), (24, 11), (37, 70)]:
        A, b = random((m, k), dtype), random((k, n), dtype)
        c = np.full(m * n + 1, np.nan, dtype)
        strides = (k, 1) if order == "C" else (1, m)
        multiply(addresses, (m, n, k), (np.asarray(A, order=order), *strides), b.ravel(), c)
        error = np.abs(A).astype(float) @ np.abs(b) * EXACT[dtype]
        assert np.all(np.abs(c[:-1].reshape(m, n) - A.astype(float) @ b) <= error)
        assert np.isnan(c[-1])  # Nothing is written beyond the end.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("by", ["blas", pytest.param("blocks", marks=needs_blocks)])
@pytest.mark.parametrize("n", [1, 2, 7, 16, 33])
def test_outer_products_are_added(n, by, dtype):
    addresses = addresses_of(by, dtype)
    for R, K in [(4, 3), (24, 11), (37, 70)]:
        a, s, dW = random((R, n), dtype), random((K, n), dtype), random((R, K), dtype)
        expected = dW + a.astype(float) @ s.T
        add_outer(addresses, a.ravel(), s.ravel(), n, np.empty(n * K, dtype), dW)
        assert_allclose(dW, expected, rtol=10 * EXACT[dtype], atol=10 * EXACT[dtype])


@pytest.mark.skipif(not products.HAS_AVX512, reason="AVX2 multiplies some numbers of columns only")
@pytest.mark.parametrize("dtype", DTYPES)
def test_by_blocks_a_column_does_not_depend_on_the_others(dtype):
    """Nor do the halves of a batch, as far as products by blocks go, differ from the whole."""
    A, b, addresses = (
        random((40, 50), dtype),
        random((50, 43), dtype),
        addresses_of("blocks", dtype),
    )
    whole, some = np.empty((40, 43), dtype), np.empty((40, 19), dtype)
    multiply(addresses, (40, 43, 50), (A, 50, 1), b.ravel(), whole.reshape(-1))
    part = np.ascontiguousarray(b[:, 21:40])
    multiply(addresses, (40, 19, 50), (A, 50, 1), part.ravel(), some.reshape(-1))
    assert_array_equal(some, whole[:, 21:40])


@pytest.mark.slow
@pytest.mark.skipif(not products.HAS_AVX512, reason="the other tests have this shape of blocks")
def test_the_blocks_of_avx2():
    environment = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": AVX2}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    command += ["-k", "weights_and_columns or outer"]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-2000:]
