"""The functions under the names of NumPy's do what NumPy's do, on whatever memory they share."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

pytest.importorskip("numba")

from numba import njit  # noqa: E402

from skrnn._core import cells  # noqa: E402
from skrnn._core.compiled import calls  # noqa: E402
from skrnn._core.compiled.calls import NAMES  # noqa: E402

DTYPES = [np.float32, np.float64]
ONE, TWO = list(calls.ONE), list(calls.TWO)


def compiled(name):
    """Call from compiled code, as the kernels do."""
    function = NAMES[name]
    if name in ONE:
        return njit(lambda x, out: function(x, out))
    return njit(lambda a, b, out: function(a, b, out))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, largest", [("exp", 80), ("tanh", 30)])
def test_exp_and_tanh_are_right_to_one_and_a_half_times_the_precision(name, largest, dtype):
    x = np.linspace(-largest, largest, 100_001).astype(dtype)
    x = np.concatenate([x, x * dtype(1e-3), x * dtype(1e-8)])
    out = np.empty_like(x)
    compiled(name)(x, out)
    exact = getattr(np, name)(x.astype(np.longdouble))
    assert_allclose(out, exact, rtol=1.5 * np.finfo(dtype).eps, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_too_large_saturates_and_nan_stays(dtype):
    x = np.array([-np.inf, -1e4, 1e4, np.inf, np.nan], dtype)
    exp, tanh = np.empty_like(x), np.empty_like(x)
    compiled("exp")(x, exp)
    compiled("tanh")(x, tanh)
    assert_allclose(exp[:2], 0, atol=1e-37)
    assert_array_equal(exp[2:], [np.inf, np.inf, np.nan])
    assert_array_equal(tanh, [-1, -1, 1, 1, np.nan])
    # The gate of such a product is shut or open, or NaN.
    compiled("reciprocal")(exp + dtype(1), exp)
    assert_array_equal(exp, [1, 1, 0, 0, np.nan])


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("size", [1, 7, 64, 1001])
@pytest.mark.parametrize("function", [np.reciprocal, cells.relu, cells.is_positive])
def test_functions_of_one_array(function, size, in_place):
    x = np.random.default_rng(0).standard_normal(size).astype("f4")
    x[0] = np.nan
    expected = np.empty_like(x)
    function(x, expected)
    out = x if in_place else np.empty_like(x)
    compiled(function.__name__)(x, out)
    assert_array_equal(out, expected)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["apart", "first", "second", "number first", "number second"])
@pytest.mark.parametrize("size", [1, 7, 64, 1001])
@pytest.mark.parametrize("name", TWO)
def test_functions_of_two(name, size, where):
    a, b = np.random.default_rng(1).standard_normal((2, size)).astype("f4")
    a = np.float32(1.5) if where == "number first" else a
    b = np.float32(1.5) if where == "number second" else b
    expected = getattr(np, name)(a, b)
    out = {"first": a, "second": b}.get(where, np.empty(size, "f4"))
    compiled(name)(a, b, out)
    assert_array_equal(out, expected)


def test_one_slab_multiplies_each_of_many():
    a, b = np.arange(12.0), np.array([1.0, 10, 100])
    compiled("multiply")(a, b, a)
    assert_array_equal(a.reshape(4, 3), np.arange(12.0).reshape(4, 3) * b)


def test_functions_that_differ_have_names_that_differ():
    """Else code that another process has compiled is linked with a function of this one."""
    made = [NAMES[name].py_func for name in ONE] + [NAMES[name] for name in TWO]
    for name, function in calls.TWO.items():
        made += calls.with_a_number(name, function)
        made.append(calls.with_two_arrays(name, function))
    names = [function.__qualname__ for function in made]
    assert len(set(names)) == len(names) == len(ONE) + 4 * len(TWO)
