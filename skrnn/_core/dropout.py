"""Dropout (Srivastava et al., 2014): inverted, so that a pass without it needs no factor."""

import numpy as np


def drop(x, rate, rng, start=0):
    """Apply dropout to ``x[:, start:]``; return the result and drop_backward(d) -> dx."""
    if rng is None or not rate:
        return x, lambda d: d
    mask = dropout_mask(x.shape, rate, rng, x.dtype)
    mask[:, :start] = 1
    return x * mask, lambda d: d * mask


def dropout_mask(shape, rate, rng, dtype):
    """Zeros with probability `rate`, else ``1 / (1 - rate)``."""
    # The draws are float32 whatever the dtype, so that both precisions drop the same units.
    stays = rng.random(shape, dtype=np.float32) >= rate
    return stays * np.asarray(1 / (1 - rate), dtype)
