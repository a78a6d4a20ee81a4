"""Gradients against central differences, in random directions or entry by entry."""

import numpy as np

EPS = 1e-6


def assert_gradient(function, point, gradient, blocks, rtol=1e-6, rng=0):
    """Check a claimed gradient along one random direction in each block and one through all.

    function  point (P,) -> value, or values (m,)
    gradient  (P,), or (m, P) for m values, claimed at `point`
    blocks    dict of name -> slice of the point: a direction of its own for each, so that none
              can hide behind a larger one

    An error counts in proportion to the norm of the block's gradient. Along a direction of unit
    normal entries that is the standard deviation of the derivative, which itself may come out
    small by chance.
    """
    rng = np.random.default_rng(rng)
    for name, block in {**blocks, "everything": slice(None)}.items():
        direction = np.zeros_like(point)
        direction[block] = rng.standard_normal(direction[block].shape)
        scale = np.linalg.norm(gradient[..., block], axis=-1)
        assert_derivative(function, point, gradient, direction, scale, name, rtol)


def assert_gradient_entries(function, point, gradient, rtol=1e-6):
    """Check every entry of a claimed gradient: for tiny sizes."""
    scale = np.abs(gradient).max(axis=-1)
    for i, direction in enumerate(np.eye(len(point))):
        assert_derivative(function, point, gradient, direction, scale, f"entry {i}", rtol)


def assert_derivative(function, point, gradient, direction, scale, name, rtol):
    after, before = (np.asarray(function(point + step * direction)) for step in (EPS, -EPS))
    numeric = (after - before) / (2 * EPS)
    claimed = gradient @ direction
    error = np.abs(numeric - claimed)
    # What the rounding of the two values leaves in their difference.
    noise = 4 * np.finfo(float).eps * (1 + np.abs(after)) / EPS
    assert (error <= rtol * scale + noise).all(), (
        f"{name}: derivative {numeric}, claimed {claimed}, error {error} at scale {scale}"
    )
