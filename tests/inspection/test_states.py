"""Gates and hidden states: the equations of the cells hold between them."""

import numpy as np
import pytest
from estimators import TINY, TOKENS, each_case, each_form, each_network, numbers, sequences
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, SequenceTagger
from skrnn._core.cells import CELLS
from skrnn.inspection import gate_activations, hidden_states

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(12)


def hidden(gates, before):
    """Hidden states of one sequence from its gates, step by step; `before` begins with zeros."""
    if "h" in gates:
        return gates["h"]
    if "z" in gates:
        return (1 - gates["z"]) * gates["n"] + gates["z"] * before
    c, states = 0.0, []
    for i, f, g, o in zip(gates["i"], gates["f"], gates["g"], gates["o"], strict=True):
        c = f * c + i * g
        states.append(o * np.tanh(c))
    return np.array(states)


@each_network
def test_hidden_states_follow_from_the_gates(case, network):
    model = case.make(**network).fit(X, case.target(X))
    directions = ["forward", "backward"][: 1 + model.bidirectional]
    for layer in range(model.n_layers):
        states = hidden_states(model, X, layer=layer)
        for k, direction in enumerate(directions):
            gates = gate_activations(model, X, layer=layer, direction=direction)
            for i in range(len(X)):
                turn = slice(None, None, -1 if k else 1)
                h = states[i][turn, 4 * k : 4 * k + 4]
                before = np.vstack([np.zeros(4), h[:-1]])
                of_sequence = {name: values[i][turn] for name, values in gates.items()}
                assert_allclose(hidden(of_sequence, before), h, rtol=1e-12, atol=1e-14)


@each_network
def test_the_states_of_the_last_layer_are_those_of_the_estimator(case, network):
    model = case.make(**network).fit(X, case.target(X))
    ours, theirs = hidden_states(model, X), model.hidden_states(X)
    assert_array_equal(ours.offsets, theirs.offsets)
    assert_array_equal(ours.values, theirs.values)


@each_form
def test_gates_come_in_the_form_of_X(form):
    equal = sequences(12, lengths=(5, 5))
    model = RNNClassifier(**TINY, bidirectional=False).fit(equal, np.arange(12) % 2)
    for values in gate_activations(model, form(equal)).values():
        assert isinstance(values, np.ndarray if form is np.stack else list)
        assert [each.shape for each in values] == 12 * [(5, 4)]


def test_letters():
    names = {
        cell: list(gate_activations(RNNRegressor(**TINY, cell_type=cell).fit(X, range(12)), X))
        for cell in CELLS
    }
    assert names == {"rnn": ["h"], "lstm": ["i", "f", "g", "o"], "gru": ["r", "z", "n"]}


@each_case
def test_tokens(case):
    model = case.make().fit(TOKENS, case.target(numbers(TOKENS)))
    assert [len(s) for s in hidden_states(model, TOKENS)] == [len(ids) for ids in TOKENS]


def test_symbols_have_the_states_after_them():
    model = RNNLanguageModel(**TINY, cell_type="gru").fit(["abab", "ba"])
    states = hidden_states(model, ["abab", "", "ab"])
    assert states.lengths.tolist() == [4, 0, 2]
    assert_array_equal(states[2], states[0][:2])
    assert [z.shape for z in gate_activations(model, ["ab", ""]).z] == [(2, 4), (0, 4)]


def test_a_table_of_steps():
    table = np.random.default_rng(0).standard_normal((10, 3))
    model = SequenceTagger(**TINY).fit(table, np.arange(10) % 2)
    assert gate_activations(model, table)["z"].shape == (10, 4)


@pytest.mark.parametrize("function", [hidden_states, gate_activations])
@pytest.mark.parametrize("layer", [2, -3, 0.5, "last", True])
def test_layers_that_are_not_there(function, layer):
    model = RNNRegressor(**TINY, n_layers=2).fit(X, range(12))
    with pytest.raises(ValueError, match=f"layer={layer!r} must be the number of a layer"):
        function(model, X, layer=layer)


@pytest.mark.parametrize("direction", ["backward", "both", 1])
def test_directions_that_are_not_there(direction):
    model = RNNRegressor(**TINY).fit(X, range(12))
    with pytest.raises(ValueError, match=f"direction={direction!r} must be .* reads: 'forward'"):
        gate_activations(model, X, direction=direction)
