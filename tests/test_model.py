"""A network with its parameters: states in and out, steps, parameters by name, plain data."""

import json
import pickle
from math import prod

import numpy as np
import pytest
from architectures import PLAIN
from cells import CELLS
from estimators import sequences
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.stack import Stack
from skrnn._data.recognise import read_sequences
from skrnn._model import Model, build_network

EXACT = {"rtol": 1e-11, "atol": 1e-13}


def make(**changes):
    """Return a model with parameters drawn at random."""
    architecture = PLAIN | changes
    network = build_network(tuple(architecture.items()))
    return Model(architecture, network.initialise(np.random.default_rng(0), np.dtype("f8")))


def read(X):
    return read_sequences(X, owner="Model", dtype="float64")[0]


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_chunks_that_carry_their_states_give_the_outputs_of_the_whole(cell, pooling):
    model, X = make(cell_type=cell, pooling=pooling), sequences(lengths=(4, 9))
    whole, finals = model.outputs(read(X))
    _, states = model.outputs(read([x[:3] for x in X]))
    outputs, states = model.outputs(read([x[3:] for x in X]), states)
    assert_allclose(outputs, whole, **EXACT)
    for state, final in zip(states, finals, strict=True):
        assert_allclose(state, final, **EXACT)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", None])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_steps_give_the_outputs_of_their_prefix(cell, pooling):
    model, X = make(cell_type=cell, pooling=pooling), np.stack(sequences(5, lengths=(6, 6)))
    states = None
    for t in range(6):
        outputs, states = model.step(X[:, t], states)
        expected, _ = model.outputs(read(X[:, : t + 1]))
        last = expected.reshape(5, -1, 3)[:, -1]
        assert_allclose(outputs, last, **EXACT)


def test_states_are_in_the_order_of_the_sequences(monkeypatch):
    monkeypatch.setattr("skrnn._model.PREDICT_ROWS", 10)
    model, X = make(), sequences()
    _, finals = model.outputs(read(X))
    for i in (0, 7, 23):
        for final, alone in zip(finals, model.outputs(read([X[i]]))[1], strict=True):
            assert_allclose(final[..., i], alone[..., 0], **EXACT)


def test_outputs_can_be_decoded_batch_by_batch():
    model, X = make(), sequences()
    classes, _ = model.outputs(read(X), decode=lambda outputs, packing: outputs.argmax(axis=1))
    assert_array_equal(classes, model.outputs(read(X))[0].argmax(axis=1))


def test_parameters_are_views_that_cannot_be_written():
    model = make()
    assert sum(value.size for value in model.coefs.values()) == model.theta.size
    with pytest.raises(ValueError, match="read-only"):
        model.coefs["head.bias"][0] = 1


def test_plain_data_bring_the_model_back():
    model = make(tables=((1, 5, 3),), frozen=(1,), cell_type="gru")
    content = model.to_dict()
    assert json.loads(json.dumps(content["architecture"])) == content["architecture"]
    again = Model.from_dict(content)
    assert again.architecture == model.architecture
    assert_array_equal(again.theta, model.theta)


def test_a_pickle_holds_the_architecture_and_the_parameters_only():
    model = make()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.outputs(read(sequences()))[0], model.outputs(read(sequences()))[0])
    assert len(pickle.dumps(model)) < model.theta.nbytes + 1000


def test_parameters_of_another_network_are_refused():
    coefs = make().coefs
    with pytest.raises(ValueError, match=r"'head.bias': \(3,\)"):
        Model.from_coefs(PLAIN | {"n_outputs": 4}, coefs)


def test_plain_data_bring_a_conditioned_model_back():
    layers = ("cell_type", "activation", "bidirectional", "hidden_size", "n_layers", "n_outputs")
    architecture = {name: PLAIN[name] for name in layers} | {
        "tables": ((0, 4, 2),),
        "frozen": (),
        "n_condition": 2,
        "condition_tables": ((1, 5, 3),),
        "feed_condition": True,
    }
    network = build_network(tuple(architecture.items()))
    model = Model(architecture, network.initialise(np.random.default_rng(0), np.dtype("f8")))
    content = model.to_dict()
    assert json.loads(json.dumps(content["architecture"])) == content["architecture"]
    again = Model.from_dict(content)
    assert again.architecture == model.architecture
    assert_array_equal(again.theta, model.theta)


@pytest.mark.parametrize("n_layers", [1, 2])
def test_parameters_of_cells_and_directions(n_layers):
    # The LSTM has four gates with weights of their own, the GRU three.
    sizes = {"n_features": 3, "cell": None, "hidden_size": 5, "n_layers": n_layers}

    def count(cell, bidirectional=False):
        stack = Stack(**sizes | {"cell": cell, "bidirectional": bidirectional})
        return sum(prod(shape) for shape in stack.shapes.values())

    elman = count(CELLS["tanh"])
    assert elman == 5 * (3 + 5 + 2) + (n_layers - 1) * 5 * (5 + 5 + 2)
    assert count(CELLS["lstm"]) == 4 * elman
    assert count(CELLS["gru"]) == 3 * elman
    both = count(CELLS["tanh"], bidirectional=True)
    # Twice as many; the layers above read both directions, which is 5 inputs more for each unit.
    assert both == 2 * elman + (n_layers - 1) * 2 * 5 * 5
