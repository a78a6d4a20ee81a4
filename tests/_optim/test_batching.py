import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skrnn._optim.batching import batches, length_sorted_batches

some_lengths = st.lists(st.integers(1, 20), min_size=1, max_size=120).map(np.array)
sizes = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def assert_partition(parts, n):
    assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))


@given(some_lengths, sizes, seeds, st.booleans())
def test_each_index_once_and_longest_first(lengths, batch_size, seed, shuffle):
    epoch = batches(lengths, batch_size, np.random.default_rng(seed), shuffle)
    assert_partition(epoch, len(lengths))
    assert all((np.diff(lengths[batch]) <= 0).all() for batch in epoch)


@given(some_lengths, sizes, seeds, st.booleans())
def test_every_batch_but_one_is_full(lengths, batch_size, seed, shuffle):
    epoch = batches(lengths, batch_size, np.random.default_rng(seed), shuffle)
    full, rest = divmod(len(lengths), batch_size)
    expected = [batch_size] * full + [rest] * (rest > 0)
    assert sorted(map(len, epoch), reverse=True) == expected


@given(some_lengths, sizes)
def test_without_shuffle_batches_follow_the_given_order(lengths, batch_size):
    epoch = batches(lengths, batch_size, shuffle=False)
    for i, batch in enumerate(epoch):
        given_order = range(i * batch_size, min((i + 1) * batch_size, len(lengths)))
        # Python's sort is stable: equal lengths stay as given.
        assert batch.tolist() == sorted(given_order, key=lambda j: -lengths[j])


@given(some_lengths, sizes, seeds)
def test_the_rng_decides(lengths, batch_size, seed):
    first, second = (batches(lengths, batch_size, np.random.default_rng(seed)) for _ in "ab")
    for a, b in zip(first, second, strict=True):
        assert_array_equal(a, b)


def test_successive_epochs_differ():
    rng = np.random.default_rng(0)
    epochs = [np.concatenate(batches(np.full(50, 3), 8, rng)) for _ in range(20)]
    assert len({tuple(e) for e in epochs}) == 20


def test_lengths_of_any_kind_are_read():
    expected = batches([3, 0, 2, 5], 4, shuffle=False)
    for dtype in (np.uint8, np.int32, np.uint64):
        assert_array_equal(batches(np.array([3, 0, 2, 5], dtype), 4, shuffle=False), expected)
    assert_array_equal(expected, [[3, 0, 2, 1]])


def test_equal_lengths_stay_as_given():
    lengths = np.tile([2, 1], 100)
    expected = [*range(0, 200, 2), *range(1, 200, 2)]
    assert batches(lengths, 200, shuffle=False)[0].tolist() == expected
    assert np.concatenate(list(length_sorted_batches(lengths, 50))).tolist() == expected


def test_equal_lengths_are_a_plain_shuffle():
    # Every index is equally often at every place of the epoch: 6 x 6 counts, each binomial with
    # mean 500 and standard deviation 20.4.
    rng = np.random.default_rng(0)
    counts = np.zeros((6, 6))
    for _ in range(3000):
        counts[np.arange(6), np.concatenate(batches(np.full(6, 9), 2, rng))] += 1
    assert abs(counts - 500).max() < 4 * 20.4


def test_no_length_is_favoured_in_the_small_batch():
    # 19 = 9 * 2 + 1: each sequence is alone in a nineteenth of the epochs (deviation 9.7).
    rng = np.random.default_rng(0)
    alone = np.zeros(19)
    for _ in range(1900):
        (small,) = (b for b in batches(np.arange(1, 20), 2, rng) if len(b) == 1)
        alone[small] += 1
    assert abs(alone - 100).max() < 4 * 9.7


def test_batches_come_in_no_order_of_length():
    rng = np.random.default_rng(0)
    lengths = np.arange(1, 65)
    first = [lengths[batches(lengths, 4, rng)[0]].mean() for _ in range(400)]
    assert abs(np.mean(first) - 32.5) < 4 * np.std(first) / 20


def test_pooling_saves_steps():
    # Uniform lengths 1..100: a random batch of 32 runs 97.4 steps on average, a pooled one about
    # half of the range plus a pool's step width.
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 101, size=6400)
    steps = np.mean([lengths[batch[0]] for batch in batches(lengths, 32, rng)])
    assert 50 < steps < 56


def test_small_sets_keep_mixing():
    # However few batches there are, two sequences are not bound to meet or to miss each other.
    rng = np.random.default_rng(0)
    lengths = np.arange(1, 65)
    met = np.zeros((64, 64), dtype=bool)
    for _ in range(200):
        for batch in batches(lengths, 16, rng):
            met[np.ix_(batch, batch)] = True
    assert met.all()


@given(some_lengths, st.integers(1, 200))
def test_prediction_batches_fill_the_rows_they_may_have(lengths, max_rows):
    parts = list(length_sorted_batches(lengths, max_rows))
    assert_partition(parts, len(lengths))
    assert (np.diff(lengths[np.concatenate(parts)]) <= 0).all()
    rows = [lengths[part].sum() for part in parts]
    assert all(r <= max_rows or len(p) == 1 for r, p in zip(rows, parts, strict=True))
    # Greedy: the first sequence of a batch would not have fitted into the one before.
    following = [lengths[part[0]] for part in parts[1:]]
    assert all(r + f > max_rows for r, f in zip(rows, following, strict=False))


def test_prediction_batches_by_hand():
    parts = list(length_sorted_batches([2, 9, 2, 3, 1, 2], max_rows=5))
    assert [p.tolist() for p in parts] == [[1], [3, 0], [2, 5, 4]]


def test_no_sequences_no_batches():
    assert batches([], 3, np.random.default_rng(0)) == []
    assert list(length_sorted_batches([], 3)) == []
