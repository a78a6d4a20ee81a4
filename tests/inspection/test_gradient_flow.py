"""The gradient of the loss on its way back: its numbers, and what is said of them."""

import numpy as np
import pytest
from estimators import TINY, TOKENS, each_case, every_plain_network, numbers, sequences
from gradcheck import assert_gradient
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, SequenceTagger
from skrnn._core.packing import Packing
from skrnn._estimators.base import open_up
from skrnn.datasets import make_adding_problem
from skrnn.inspection import gate_activations, gradient_flow
from skrnn.inspection._advice import share_left

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(12)


def plain_outputs(model, x, shift):
    """Outputs for one sequence by the equations of the cells, with the hidden states shifted.

    shift  (n_layers, n_directions, n_steps, hidden_size), added to each h as it is computed
    """
    network, cell, rows = model.network, model.network.stack.cell, x
    for layer in network.stack.layers:
        halves, ends = [], []
        for k, views in enumerate(layer.directions(model.params)):
            steps = range(len(x))[:: -1 if k else 1]
            state = [np.zeros((1, layer.hidden_size)) for _ in range(layer.state_shape[0])]
            half = np.empty((len(x), layer.hidden_size))
            for t in steps:
                from_x = rows[t : t + 1] @ views["weight_ih"].T + views["bias_ih"]
                from_h = state[0] @ views["weight_hh"].T + views["bias_hh"]
                h, *others = cell.step(from_x, from_h, *state)
                state = [h + shift[layer.index, k, t], *others]
                half[t] = state[0]
            halves.append(half)
            ends.append(half[steps[-1]])
        rows = np.hstack(halves)
    last = np.hstack(ends)[np.newaxis]
    pools = {"last": last, "mean": rows.mean(0)[None], "max": rows.max(0)[None], None: rows}
    features = pools[network.pooling]
    return features @ model.params["head.weight"].T + model.params["head.bias"]


@every_plain_network
def test_the_gradient_of_each_hidden_state_is_that_of_the_plain_equations(case, network):
    model = open_up(case.make(**network).fit(X, case.target(X))).model
    n_steps, rng = 5, np.random.default_rng(0)
    stack = model.network.stack
    K, H = 1 + stack.bidirectional, stack.hidden_size
    packing, recorded = Packing([n_steps]), np.zeros((len(stack.layers), K, n_steps, H))

    def watch(layer, step, dh):
        recorded[layer.index, 0, step] = dh[:, 0, 0]
        if K == 2:
            recorded[layer.index, 1, n_steps - 1 - step] = dh[:, 1, 0]

    x = rng.standard_normal((n_steps, stack.width))
    model = model.on_vectors()
    outputs, backward = model.differentiate(x, packing, watch)
    assert_allclose(outputs, plain_outputs(model, x, 0 * recorded), rtol=1e-12, atol=1e-14)
    doutputs = rng.standard_normal(outputs.shape)
    dx = backward(doutputs)

    def loss(shift):
        return (doutputs * plain_outputs(model, x, shift.reshape(recorded.shape))).sum()

    sizes = recorded[0, 0].size
    blocks = {str(i): slice(i, i + sizes) for i in range(0, recorded.size, sizes)}
    assert_gradient(loss, np.zeros(recorded.size), recorded.ravel(), blocks)
    assert_gradient(
        lambda x: (doutputs * model.forward(x.reshape(dx.shape), packing)[0]).sum(),
        x.ravel(),
        dx.ravel(),
        {},
    )


@pytest.mark.slow
@every_plain_network
def test_the_flow_of_a_set_is_the_mean_of_its_sequences(case, network):
    model = case.make(**network).fit(X, case.target(X))
    y, n_lags = case.target(X), max(map(len, X))
    flow = gradient_flow(model, X, y)
    total, count = np.zeros(flow.norm.shape), np.zeros(flow.norm.shape[1:])
    for i in range(len(X)):
        alone = gradient_flow(model, X[i : i + 1], y[i : i + 1])
        lags = alone.norm.shape[-1]
        total[..., :lags] += alone.norm
        count[..., :lags] += 1
    # A language model has read one symbol more.
    n_lags += flow.norm.shape[-1] - n_lags
    assert flow.norm.shape[-1] == n_lags
    assert_allclose(flow.norm, total / count, rtol=1e-9, atol=1e-15)
    assert (flow.n_sequences == count).all()


def test_steps_without_a_label_are_no_place_of_a_loss():
    y = [np.where(x[:, 0] > 0, "a", "b").astype(object) for x in X]
    model = SequenceTagger(**TINY, bidirectional=True).fit(X, y)
    long = max(X, key=len)
    labels = np.where(long[:, 0] > 0, "a", "b").astype(object)
    labels[-2:] = labels[0] = None
    model.set_params(ignore_label=None)
    masked = SequenceTagger(**TINY, ignore_label="?").fit(X, y).set_coefs(model.coefs_)
    flow = gradient_flow(masked, [long], [np.where(labels == None, "?", labels)])  # noqa: E711
    assert_allclose(flow.n_sequences.sum(axis=1), [len(long) - 2, len(long) - 1])


def test_truncation_stops_the_gradient():
    x, y = np.stack(sequences(8, lengths=(7, 7))), np.arange(8.0)
    flow = gradient_flow(RNNRegressor(**TINY, tbptt_steps=3).fit(x, y), x, y)
    # Steps 6 and 3 begin a stretch, and the loss is at step 6.
    assert (flow.norm[0, 0, :1] > 0).all() and (flow.norm[0, 0, 1:] == 0).all()
    assert "set tbptt_steps=None (it is 3)" in flow.advice[0]


@each_case
def test_tokens(case):
    model = case.make().fit(TOKENS, case.target(numbers(TOKENS)))
    flow = gradient_flow(model, TOKENS, case.target(numbers(TOKENS)))
    assert (flow.norm > 0).all()


def test_symbols():
    model = RNNLanguageModel(**TINY).fit(["abab", "ba"])
    assert gradient_flow(model, ["ababab", "a"]).norm.shape == (1, 1, 7)


def test_figures_of_the_weights():
    model = RNNRegressor(**TINY, cell_type="gru", n_layers=2).fit(X, np.arange(12.0))
    flow = gradient_flow(model, X, np.arange(12.0))
    assert (flow.gates, flow.directions) == (("r", "z", "n"), ("forward",))
    for layer in range(2):
        for gate, W in enumerate(np.split(model.coefs_[f"weight_hh_l{layer}"], 3)):
            radius = np.abs(np.linalg.eigvals(W)).max()
            assert_allclose(flow.spectral_radius[layer, 0, gate], radius)
    shut = model.coefs_["bias_ih_l0"].copy()
    shut[4:8] = 100
    model.set_coefs({"bias_ih_l0": shut})
    gates = gate_activations(model, X, layer=0)
    r, z, n = (np.concatenate(gates[gate]) for gate in "rzn")
    shares = [np.mean(np.abs(r - 0.5) > 0.45), 1.0, np.mean(np.abs(n) > 0.95)]
    assert_allclose(gradient_flow(model, X, np.arange(12.0)).saturation[0, 0], shares)
    assert (z > 0.99).all()


# What is said ------------------------------------------------------------------------------


def flow_of_memory(n_steps, n=200, **params):
    """Flow of a network, of one epoch, that is to remember the first value to the end."""
    X = np.random.default_rng(0).standard_normal((n, n_steps, 1)).astype(np.float32)
    y = X[:, 0, 0]
    options = {"hidden_size": 16, "max_iter": 1, "random_state": 0}
    return gradient_flow(RNNRegressor(**options | params).fit(X, y), X, y)


def test_an_elman_network_that_forgets():
    flow = flow_of_memory(100, cell_type="rnn", learning_rate_init=0.01, max_iter=3)
    assert flow.norm[0, 0, -1] < 1e-3 * flow.norm[0, 0, 0]
    assert flow.memory[0, 0] < 100
    (advice,) = flow.advice
    assert f"falls to 1 % within {flow.memory[0, 0]:.0f} of 100 steps" in advice
    assert "set cell_type='lstm' or 'gru'" in advice and "pooling='mean'" in advice


@pytest.mark.parametrize(
    "params, remedy",
    [
        ({"cell_type": "rnn"}, "set cell_type='lstm' or 'gru', and forget_bias='chrono'"),
        ({"cell_type": "lstm", "forget_bias": 1.0}, "set forget_bias='chrono' (it is 1.0)"),
        ({"cell_type": "lstm", "forget_bias": "chrono"}, "let pooling='mean' or 'max' read"),
    ],
)
def test_little_of_the_gradient_is_not_nothing_to_change(params, remedy):
    n_steps = 60 if params.get("forget_bias") == "chrono" else 30
    flow = flow_of_memory(n_steps, **params)
    share = flow.norm[0, 0, -1] / flow.norm[0, 0, 1]
    assert 0.01 < share < 0.1 and np.isinf(flow.memory[0, 0])
    (advice,) = flow.advice
    assert advice.startswith(f"The gradient reaches all {n_steps} steps, but {share:.0%} of what")
    assert f"learnt slowly, or not at all. If it matters, {remedy}" in advice


@pytest.mark.parametrize("max_grad_norm", [None, 0.5])
def test_an_elman_network_that_explodes(max_grad_norm):
    X = np.abs(np.random.default_rng(0).standard_normal((20, 30, 1)))
    y = X[:, 0, 0]
    model = RNNRegressor(
        **TINY, cell_type="rnn", activation="relu", max_grad_norm=max_grad_norm
    ).fit(X, y)
    weights = {"weight_hh_l0": 1.6 * np.eye(4), "weight_ih_l0": np.ones((4, 1))}
    flow = gradient_flow(model.set_coefs(weights), X, y)
    assert_allclose(flow.norm[0, 0, 1:] / flow.norm[0, 0, :-1], 1.6, rtol=1e-10)
    assert "grows 5.2e+05 times" in flow.advice[0] and "radius: 1.60" in flow.advice[0]
    assert ("set max_grad_norm" in flow.advice[0]) == (max_grad_norm is None)


@pytest.mark.parametrize("forget_bias", [1.0, 3.0, "chrono"])
def test_a_gru_that_has_to_be_told_to_remember(forget_bias):
    flow = flow_of_memory(60, cell_type="gru", forget_bias=forget_bias)
    (advice,) = flow.advice
    if forget_bias == 1:
        assert flow.memory[0, 0] < 40
        assert "set forget_bias='chrono' (it is 1.0)" in advice
    else:
        assert np.isinf(flow.memory[0, 0])
        assert advice.startswith("The gradient reaches all 60 steps")


@pytest.mark.slow
def test_what_the_flow_says_of_a_gru_comes_true():
    X = np.random.default_rng(0).standard_normal((1700, 60, 1)).astype(np.float32)
    X[:, 1:] *= 0.3
    y, scores = X[:, 0, 0], {}
    for forget_bias in (1.0, 3.0, "chrono"):
        model = RNNRegressor(
            cell_type="gru",
            hidden_size=16,
            max_iter=15,
            forget_bias=forget_bias,
            learning_rate_init=0.02,
            batch_size=50,
            random_state=0,
        )
        scores[forget_bias] = model.fit(X[:1500], y[:1500]).score(X[1500:], y[1500:])
    assert scores[1.0] < 0.1 and min(scores[3.0], scores["chrono"]) > 0.9, scores


@pytest.mark.parametrize(
    "norm, share",
    [
        ([[[8.0, 4.0, 2.0]], [[0.0, 4.0, 1.0]]], 3 / 8),  # the layers together
        ([[[8.0, 4.0, 2.0], [9.0, 1.0, 0.1]]], 0.1),  # the direction that loses more
        ([[[5.0]]], 1.0),  # a single step has nothing to lose
        ([[[5.0, 0.0, 0.0]]], 1.0),
    ],
)
def test_the_share_that_is_left_is_of_what_one_step_leaves(norm, share):
    assert share_left(Bunch(norm=np.array(norm))) == share


def test_a_healthy_lstm():
    flow = flow_of_memory(40, cell_type="lstm", forget_bias="chrono")
    (advice,) = flow.advice
    assert advice.startswith("The gradient reaches all 40 steps")
    assert advice.endswith("Nothing to change.")


def test_saturated_units():
    X = 1000 * np.random.default_rng(0).standard_normal((20, 5, 2))
    model = RNNRegressor(**TINY, cell_type="rnn")
    model.fit(X, X[:, 0, 0])
    flow = gradient_flow(model, X, X[:, 0, 0])
    assert flow.saturation[0, 0, 0] > 0.9
    assert any("scale the features" in advice for advice in flow.advice)


def test_dead_units():
    x = np.abs(X[0])[np.newaxis]
    model = RNNRegressor(**TINY, cell_type="rnn", activation="relu").fit(
        np.repeat(x, 9, 0), range(9)
    )
    coefs = {"bias_ih_l0": np.full(4, -1e3)}
    flow = gradient_flow(model.set_coefs(coefs), x, [1.0])
    assert flow.saturation[0, 0, 0] == 1


@pytest.mark.slow
def test_on_the_adding_problem_the_gradient_of_the_elman_network_vanishes_and_the_lstm_s_does_not():
    X, y = make_adding_problem(3200, n_steps=100, random_state=0)
    X = X.astype(np.float32)
    left, score = {}, {}
    # An Elman network that learns nothing ends by chance: of three, the one in the middle counts.
    for cell_type, seeds in (("rnn", range(3)), ("lstm", range(1))):
        shares, scores = [], []
        for seed in seeds:
            model = RNNRegressor(
                cell_type=cell_type,
                hidden_size=24,
                forget_bias="chrono",
                learning_rate_init=0.01,
                max_iter=10,
                random_state=seed,
            ).fit(X[:3000], y[:3000])
            norm = gradient_flow(model, X[3000:], y[3000:]).norm[0, 0]
            shares.append(norm[-1] / norm[0])
            scores.append(model.score(X[3000:], y[3000:]))
        left[cell_type], score[cell_type] = np.median(shares), np.median(scores)
    assert left["rnn"] < 0.01 < left["lstm"], left
    assert score["rnn"] < 0.1 and score["lstm"] > 0.9, score


# Bad input ---------------------------------------------------------------------------------


def test_what_is_no_network_is_refused():
    model = RNNClassifier(**TINY).fit(X, np.arange(12) % 2)
    with pytest.raises(TypeError, match=r"Pipeline is no recurrent network.*pipeline\[-1\]"):
        gradient_flow(make_pipeline(model), X, np.arange(12) % 2)
    with pytest.raises(ValueError, match="which are not among the classes"):
        gradient_flow(model, X, np.arange(12))
