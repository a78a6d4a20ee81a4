"""Next symbols: what steps read and predict, pieces, and chunks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._fitting.settings import Settings
from skrnn._targets.next_symbol import NextSymbol, SymbolData, chunks
from skrnn._targets.training_set import Chunk

TEXTS = ["abcab", "b", "ccc", "ab"]
A, B, C, END = range(4)


def read(texts=TEXTS, weight=None, **options):
    return NextSymbol("Test", "X", dtype="float64", **options).read(texts, weight)


def settings(**changes):
    names = dict.fromkeys(Settings.__dataclass_fields__)
    return Settings(**names | {"solver": "adam", "batch_size": 2} | changes)


def test_each_step_reads_the_symbol_before_the_one_that_it_predicts():
    batch = read().batch(Chunk(np.array([0, 3, 1])))
    first, second, third = (batch.packing.sequence == i for i in range(3))
    assert_array_equal(batch.x[first, 0], [END, A, B, C, A, B])
    assert_array_equal(batch.target[first], [A, B, C, A, B, END])
    assert_array_equal(batch.x[second, 0], [END, A, B])
    assert_array_equal(batch.target[third], [B, END])


def test_a_chunk_has_the_steps_between_its_bounds():
    train = read(weight=[1.0, 2.0, 3.0, 4.0])
    batch = train.batch(Chunk(np.array([0, 2]), 2, 5))
    assert_array_equal(batch.packing.lengths, [3, 2])
    assert_array_equal(batch.x[:, 0], [B, C, C, C, A])
    assert_array_equal(batch.target, [C, C, A, END, B])
    assert_array_equal(batch.weight, [1, 3, 1, 3, 1])
    assert_array_equal(train.weights(Chunk(np.array([0, 2]), 2, 5)), [3.0, 6.0])
    assert_array_equal(train.weights(Chunk(np.array([0, 2]))), [6.0, 12.0])
    assert_array_equal(train.sequence_weight, [6, 4, 12, 12])


def test_chunks_cover_every_step_once_in_order_of_time():
    lengths = np.array([7, 9, 1, 3, 9, 6])
    order = np.argsort(-lengths, kind="stable")
    steps = []
    for chunk in chunks(order, lengths, 3):
        stop = chunk.stop or lengths.max()
        steps += [(i, t) for t in range(chunk.start, stop) for i in chunk.indices if t < lengths[i]]
    assert sorted(steps) == [(i, t) for i, n in enumerate(lengths) for t in range(n)]
    assert [len(chunk.indices) for chunk in chunks(order, lengths, 3)] == [6, 4, 3]
    assert [len(chunk) for chunk in chunks(order, lengths, 3)] == [6, 0, 0]


@pytest.mark.parametrize("n_steps", [None, 9, 100])
def test_short_sequences_are_one_chunk_that_leaves_no_states(n_steps):
    (chunk,) = chunks(np.array([1, 0]), np.array([7, 9]), n_steps)
    assert chunk.stop is None and len(chunk) == 2


def test_pieces_of_a_long_sequence_follow_each_other():
    data = SymbolData.of(np.arange(20) % 3, np.array([17, 3]), END, "f8")
    pieces, sequence = data.cut(5)
    assert_array_equal(sequence, [0, 0, 0, 0, 1])
    assert_array_equal(pieces.lengths, [4, 5, 4, 5, 4])
    parts = [pieces[i] for i in range(4)]
    assert_array_equal(np.concatenate([parts[0][:1], *(p[1:] for p in parts)]), data[0])
    assert all(before[-1] == after[0] for before, after in zip(parts, parts[1:], strict=False))


@pytest.mark.parametrize(
    "texts, lengths",
    [
        (["abc" * 10], [15, 16]),
        (["abc" * 10, "ab"], [15, 16, 3]),
        (["abcab"], [6]),
        (["abc", "ab", "c" * 9, "b" * 9], [4, 3, 10, 10]),
    ],
)
def test_a_text_longer_than_its_share_of_a_batch_is_cut(texts, lengths):
    train = read(texts, chunk_steps=8).for_batches(settings())
    assert sorted(train.data.lengths) == sorted(lengths)


@pytest.mark.parametrize("chunk_steps, solver", [(None, "adam"), (4, "lbfgs")])
def test_without_chunks_sequences_are_taken_whole(chunk_steps, solver):
    train = read(["abc" * 10], chunk_steps=chunk_steps)
    assert_array_equal(train.for_batches(settings(solver=solver)).data.lengths, [31])


def test_equal_sequences_are_one_with_the_weight_of_both():
    train = read(["ab", "c", "ab"], [1.0, 5.0, 2.0]).distinct()
    found = {tuple(train.data[i]): weight for i, weight in enumerate(train.weight)}
    assert found == {(END, A, B, END): 3.0, (END, C, END): 5.0}


def test_the_score_is_the_mean_over_symbols_and_ends():
    target = NextSymbol("Test", "X", dtype="float64")
    held_out = target.read(["abc", "b"], [1.0, 3.0])
    assert_allclose(target.score(held_out, np.array([-8.0, -2.0])), -(8 + 6) / (4 + 6))
