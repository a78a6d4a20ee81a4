"""Mini-batches of sequence indices that suit packed computation: alike in length, longest first."""

from collections.abc import Iterator

import numpy as np

MAX_POOL = 32  # batches that are sorted by length together: more save few further steps
MIN_POOLS = 4  # of an epoch: fewer would put the same sequences into one batch again and again


def batches(
    lengths: np.ndarray,
    batch_size: int,
    rng: np.random.Generator | None = None,
    shuffle: bool = True,
) -> list[np.ndarray]:
    """Return one epoch: arrays of indices that hold every sequence exactly once.

    Within a batch the longest sequence comes first. With ``shuffle`` the sequences are shuffled,
    sorted by length within pools of up to 32 batches, and the batches shuffled; sequences of equal
    length give a plain shuffle. What does not fill a batch forms a smaller one, drawn at random:
    cut from a sorted pool, it would hold an extreme of length every time. Without ``shuffle``
    the batches follow the given order, and ``rng`` is not used.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    if not shuffle:
        return [_longest_first(b, lengths) for b in _cut(np.arange(len(lengths)), batch_size)]
    order = rng.permutation(len(lengths))
    full = len(order) - len(order) % batch_size
    pool_batches = max(1, min(MAX_POOL, full // batch_size // MIN_POOLS))
    pools = _cut(order[:full], batch_size * pool_batches)
    ordered = [b for pool in pools for b in _cut(_longest_first(pool, lengths), batch_size)]
    if full < len(order):
        ordered.append(_longest_first(order[full:], lengths))
    return [ordered[i] for i in rng.permutation(len(ordered))]


def length_sorted_batches(lengths: np.ndarray, max_rows: int) -> Iterator[np.ndarray]:
    """Yield indices of all sequences, longest first, in batches of at most ``max_rows`` steps.

    The steps of a batch are the sum of its lengths; a longer sequence is a batch of its own.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    order = _longest_first(np.arange(len(lengths)), lengths)
    ends = np.cumsum(lengths[order])
    start = rows_before = 0
    while start < len(order):
        stop = int(np.searchsorted(ends, rows_before + max_rows, side="right"))
        stop = max(stop, start + 1)
        yield order[start:stop]
        start, rows_before = stop, ends[stop - 1]


def _longest_first(indices, lengths):
    return indices[np.argsort(-lengths[indices], kind="stable")]


def _cut(indices, size):
    return [indices[i : i + size] for i in range(0, len(indices), size)]
