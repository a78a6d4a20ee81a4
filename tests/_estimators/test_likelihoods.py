"""Likelihoods and states of sequences of symbols, in bounded memory."""

import numpy as np
import pytest
from architectures import OF_SYMBOLS
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.losses import log_softmax
from skrnn._estimators import likelihoods
from skrnn._estimators.likelihoods import log_likelihood, states_before_last
from skrnn._model import Model, build_network
from skrnn._targets.next_symbol import NextSymbol, NextSymbols, SymbolData
from skrnn._targets.training_set import Chunk

TEXTS = ["abcab", "b", "ccc", "ab"]
A, B, C, END = range(4)


def make_model(cell="lstm", n_layers=2, tied=False):
    changes = {"cell_type": cell, "n_layers": n_layers, "tables": ((0, 4, 5),), "tied": tied}
    architecture = OF_SYMBOLS | changes
    network = build_network(tuple(architecture.items()))
    return Model(architecture, network.initialise(np.random.default_rng(0), np.dtype("f8")))


@pytest.mark.parametrize("outputs, parallel", [(1, 2), (40, 3), (1 << 20, 256)])
def test_likelihoods_and_states_do_not_depend_on_how_much_is_computed_at_a_time(
    outputs, parallel, monkeypatch
):
    monkeypatch.setattr(likelihoods, "MAX_OUTPUTS", outputs)
    monkeypatch.setattr(likelihoods, "PARALLEL", parallel)
    model, train = make_model(), NextSymbol("Test", "X", dtype="float64").read(TEXTS)
    expected, finals = [], []
    for i in range(len(train)):
        batch = train.batch(Chunk(np.array([i])))
        out, _ = model.forward(batch.x, batch.packing)
        expected.append(log_softmax(out)[np.arange(len(out)), batch.target].sum())
        short = SymbolData(train.data.ids, train.data.first[[i]], train.data.lengths[[i]] - 1, "f8")
        batch = NextSymbols(short, np.ones(1)).batch(Chunk(np.array([0])))
        finals.append(model.forward(batch.x, batch.packing)[1])
    assert_allclose(log_likelihood(model, train), expected, rtol=1e-12)
    states, last = states_before_last(model, train.data)
    assert_array_equal(last, [B, B, C, B])
    for layer, state in enumerate(states):
        for i in range(len(train)):
            assert_allclose(state[..., i], finals[i][layer][..., 0], rtol=1e-12)


def test_states_before_the_first_step_are_zero():
    target = NextSymbol("Test", "X", dtype="float64")
    target.read(TEXTS)
    for texts in (["", ""], ["ab", ""]):
        states, last = states_before_last(make_model(), target.read(texts, held_out=True).data)
        assert last[1] == END
        assert not any(state[..., 1].any() for state in states)
