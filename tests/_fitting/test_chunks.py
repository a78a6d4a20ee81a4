"""Mini-batches in chunks of steps: states go on, gradients do not, and samples count once."""

import numpy as np
import pytest
from architectures import OF_SYMBOLS
from numpy.testing import assert_allclose

from skrnn import RNNClassifier
from skrnn._fitting import objective as module
from skrnn._fitting.objective import Objective
from skrnn._fitting.settings import Settings
from skrnn._model import build_network
from skrnn._targets.next_symbol import NextSymbol, chunks
from skrnn._targets.training_set import Chunk

TEXTS = ["abcabcabcab", "cab", "abcab", "bbbbbbb", "ac"]
ORDER = np.array([0, 3, 2, 1, 4])


def make(cell="lstm", max_steps=None, **params):
    changes = {"cell_type": cell, "max_steps": max_steps, "tables": ((0, 4, 2),)}
    architecture = OF_SYMBOLS | changes
    network = build_network(tuple(architecture.items()))
    rng = np.random.default_rng(0)
    theta = network.initialise(rng, np.dtype("f8"))
    target = NextSymbol("Test", "X", dtype="float64")
    train = target.read(TEXTS, [1.0, 0.5, 2.0, 1.0, 3.0])
    settings = Settings.of(RNNClassifier(alpha=0, **params).get_params())
    return Objective(network, target.loss, train, settings, rng), theta


def gradient_of(objective, theta, chunk):
    """Loss and gradient of a chunk, times its weight, with the gradient in its place."""
    loss, grad, weight, tail = objective(theta, chunk)
    n_dense, whole = objective.network.n_dense, np.zeros_like(theta)
    whole[:n_dense] = grad[:n_dense]
    whole[tail] = grad[n_dense:]
    return loss * weight, whole * weight, weight


@pytest.mark.parametrize("split_units", [1, 16384])
@pytest.mark.parametrize("n_steps", [1, 3, 5])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_chunks_add_up_to_the_truncated_whole(cell, n_steps, split_units, monkeypatch):
    whole, theta = make(cell, max_steps=n_steps)
    expected = gradient_of(whole, theta, Chunk(ORDER))
    monkeypatch.setattr(module, "SPLIT_UNITS", split_units)
    objective, _ = make(cell)
    parts = [
        gradient_of(objective, theta, chunk)
        for chunk in chunks(ORDER, objective.train.data.lengths, n_steps)
    ]
    assert len(parts) == -(-12 // n_steps)
    for found, value in zip(zip(*parts, strict=True), expected, strict=True):
        assert_allclose(sum(found), value, rtol=1e-11, atol=1e-13)


def test_a_batch_that_begins_anew_knows_no_earlier_states():
    objective, theta = make()
    first = objective(theta, Chunk(ORDER, 0, 3))[0]
    objective(theta, Chunk(ORDER[:4], 3, 6))
    assert objective(theta, Chunk(ORDER, 0, 3))[0] == first
