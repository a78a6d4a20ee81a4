"""What each parameter does to a fit, as a number that follows from its meaning.

Steps of gradient descent are so short here that the gradient is the same at each of them. How far
the parameters move is then a known multiple of it.
"""

import warnings
from itertools import product

import numpy as np
import pytest
from estimators import CASES, TOKENS, each_case, equal_sequences, numbers, sequences
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import RNNClassifier, RNNRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RATE = 1e-7
DESCENT = {
    "solver": "sgd",
    "momentum": 0.0,
    "alpha": 0.0,
    "learning_rate_init": RATE,
    "max_grad_norm": None,
    "max_iter": 1,
    "batch_size": 24,
    "shuffle": False,
    "dtype": "float64",
}
STILL = DESCENT | {"learning_rate_init": 1e-300}
X = equal_sequences(24)
POOLED = [case for case in CASES if case.estimator in (RNNClassifier, RNNRegressor)]


def fitted(case, X=X, **params):
    return case.make(**params).fit(X, case.target(X))


def flat(model):
    return np.concatenate([value.ravel() for value in model.coefs_.values()])


def start(case, **params):
    """Return the parameters before training, in one vector."""
    return flat(fitted(case, **params | STILL))


def moved(case, **params):
    """Return how far the parameters move, by what is added to plain descent."""
    return flat(fitted(case, **DESCENT | params)) - start(case)


def assert_close(found, expected):
    assert np.abs(expected).max() > 0
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


# The step ---------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize(
    "params, factor",
    [
        ({"learning_rate_init": 2 * RATE}, 2),
        ({"max_iter": 3}, 3),
        # Two batches of half the sequences: the mean of each is over half as many.
        ({"batch_size": 12}, 2),
        ({"learning_rate": "invscaling", "max_iter": 3}, 1 + 25**-0.5 + 49**-0.5),
        ({"learning_rate": "invscaling", "power_t": 2.0, "max_iter": 2}, 1 + 25**-2.0),
        ({"learning_rate": "adaptive", "max_iter": 2}, 2),
        ({"learning_rate": "cosine", "max_iter": 3}, 1 + 0.75 + 0.25),
        ({"learning_rate": "one_cycle", "max_iter": 2}, 0.04 + (1 + np.cos(np.pi * 4 / 9)) / 2),
        ({"momentum": 0.5, "nesterovs_momentum": False, "max_iter": 3}, 3 + 2 * 0.5 + 0.5**2),
        ({"momentum": 0.5, "max_iter": 2}, (1 + 0.5) + (1 + 0.5 + 0.5**2)),
    ],
    ids=str,
)
def test_how_far_descent_goes(case, params, factor):
    assert_close(moved(case, **params), factor * moved(case))


@each_case
def test_a_clipped_gradient_has_the_largest_norm_allowed(case):
    free, clipped = moved(case), moved(case, max_grad_norm=0.01)
    assert np.linalg.norm(free) > 2 * 0.01 * RATE
    assert_close(clipped, free * 0.01 * RATE / np.linalg.norm(free))


def gradients_of_two_batches(case):
    """Return the gradients of the first and of the second half of X, from runs of descent."""
    plain = moved(case, batch_size=12) / -RATE
    heavy = moved(case, batch_size=12, momentum=1.0, nesterovs_momentum=False) / -RATE
    return heavy - plain, 2 * plain - heavy


@each_case
@pytest.mark.parametrize(
    "params", [{}, {"beta_1": 0.5}, {"beta_2": 0.5}, {"epsilon": 0.1}], ids=str
)
def test_the_steps_of_adam(case, params):
    options = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-3} | params
    b1, b2, epsilon = options.values()
    g, h = gradients_of_two_batches(case)
    mean, square = (b1 * g + h) / (1 + b1), (b2 * g**2 + h**2) / (1 + b2)
    expected = g / (np.abs(g) + epsilon) + mean / (np.sqrt(square) + epsilon)
    assert_close(moved(case, solver="adam", batch_size=12, **options), -RATE * expected)


@each_case
@pytest.mark.parametrize("params", [{}, {"beta_2": 0.5}, {"epsilon": 0.1}], ids=str)
def test_the_steps_of_rmsprop(case, params):
    options = {"beta_2": 0.99, "epsilon": 1e-3} | params
    b2, epsilon = options.values()
    g, h = gradients_of_two_batches(case)
    square = (1 - b2) * g**2
    expected = g / (np.sqrt(square) + epsilon)
    expected += h / (np.sqrt(b2 * square + (1 - b2) * h**2) + epsilon)
    assert_close(moved(case, solver="rmsprop", batch_size=12, **options), -RATE * expected)


@each_case
@pytest.mark.parametrize("solver", ["sgd", "adamw"])
def test_the_penalty_pulls_weights_to_zero(case, solver):
    coefs = fitted(case, **STILL).coefs_
    is_weight = [np.full(value.size, "weight" in name) for name, value in coefs.items()]
    options = {"solver": solver, "epsilon": 1e-3}
    pull = moved(case, alpha=3.0, **options) - moved(case, **options)
    n_targets = sum(np.size(target) for target in case.target(X))
    strength = 3.0 if solver == "adamw" else 3.0 / n_targets
    assert_close(pull, -RATE * strength * start(case) * np.concatenate(is_weight))


@each_case
@pytest.mark.parametrize("shuffle", [False, True])
def test_only_shuffled_batches_depend_on_the_seed(case, shuffle):
    ends = []
    for seed in (1, 2):
        model = fitted(case, **STILL, random_state=0)
        model.set_params(learning_rate_init=0.1, batch_size=7, shuffle=shuffle)
        model.set_params(warm_start=True, random_state=seed).fit(X, case.target(X))
        ends.append(flat(model))
    difference = np.abs(ends[0] - ends[1]).max()
    assert difference > 1e-6 if shuffle else difference == 0


@each_case
@pytest.mark.parametrize("share, n_held_out", [(0.1, 3), (0.4, 10)])
def test_a_share_of_the_sequences_is_held_out(case, share, n_held_out):
    model = fitted(case, early_stopping=True, validation_fraction=share, max_iter=3)
    assert model.t_ == 3 * (24 - n_held_out)
    assert len(model.validation_scores_) == 3


# The network ------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("cell, n_gates", [("rnn", 1), ("lstm", 4), ("gru", 3)])
@pytest.mark.parametrize("n_layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_shapes_of_the_parameters(case, cell, n_gates, n_layers, bidirectional):
    options = {"cell_type": cell, "n_layers": n_layers, "bidirectional": bidirectional}
    coefs = fitted(case, **STILL, **options, hidden_size=5).coefs_
    suffixes = ["", "_reverse"][: 1 + bidirectional]
    n_read = 5 * len(suffixes)
    expected = {"head.weight": n_read}
    for layer, suffix in product(range(n_layers), suffixes):
        expected[f"weight_ih_l{layer}{suffix}"] = n_read if layer else 2
        expected[f"weight_hh_l{layer}{suffix}"] = 5
    found = {name: value.shape for name, value in coefs.items() if "weight" in name}
    assert {name: shape[1] for name, shape in found.items()} == expected
    recurrent = {shape[0] for name, shape in found.items() if name.startswith("weight")}
    assert recurrent == {5 * n_gates}


@each_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_have_the_precision_asked_for(case, dtype):
    assert {value.dtype for value in fitted(case, dtype=dtype).coefs_.values()} == {np.dtype(dtype)}


@each_case
def test_the_first_bias_of_the_forget_gate(case):
    def biases(value):
        options = {"cell_type": "lstm", "hidden_size": 50, "forget_bias": value}
        coefs = fitted(case, **STILL, **options).coefs_
        return np.split(coefs["bias_ih_l0"] + coefs["bias_hh_l0"], 4)

    i, f, g, o = biases(2.0)
    assert_allclose([i, f, g, o], np.repeat([[0], [2], [0], [0]], 50, axis=1), atol=1e-290)
    i, f, g, o = biases("chrono")
    assert_allclose(i, -f, rtol=1e-15)
    # Uniform in exp(f) from 1 to 4, one less than the five steps.
    assert 1 <= np.exp(f).min() < 1.2 and 3.8 < np.exp(f).max() <= 4
    assert_allclose(np.exp(f).mean(), 2.5, atol=3 * 3 / np.sqrt(12 * 50))


def states(coefs, x, activation=np.tanh, masks=1.0):
    """Return the hidden states of an Elman layer over one sequence, (n_steps, hidden_size)."""
    h, result = np.zeros(len(coefs["weight_hh_l0"])), []
    bias = coefs["bias_ih_l0"] + coefs["bias_hh_l0"]
    for row in x:
        h = activation(coefs["weight_ih_l0"] @ row + coefs["weight_hh_l0"] @ (h * masks) + bias)
        result.append(h)
    return np.array(result)


def head(coefs, pooled):
    return pooled @ coefs["head.weight"].T + coefs["head.bias"]


def raw_outputs(model, X):
    """Return what the output layer gives, but for a constant in each row of a classifier."""
    if hasattr(model, "classes_"):
        return model.predict_log_proba(X)
    return ((model.predict(X) - model.y_mean_) / model.y_scale_)[:, np.newaxis]


@pytest.mark.parametrize("case", POOLED, ids=str)
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_pooled_states_by_hand(case, pooling, activation):
    ragged = sequences(24)
    options = {"cell_type": "rnn", "activation": activation, "pooling": pooling}
    options |= {"bidirectional": False, "learning_rate_init": 0.1, "dtype": "float64"}
    model = fitted(case, ragged, **options)
    function = np.tanh if activation == "tanh" else lambda z: np.maximum(z, 0)
    pool = {"last": lambda h: h[-1], "mean": lambda h: h.mean(axis=0), "max": lambda h: h.max(0)}
    pooled = [pool[pooling](states(model.coefs_, x, function)) for x in ragged]
    expected, found = head(model.coefs_, np.array(pooled)), raw_outputs(model, ragged)
    if hasattr(model, "classes_"):
        expected, found = (values - values[:, :1] for values in (expected, found))
    assert_allclose(found, expected, atol=1e-10)
    assert np.ptp(found) > 1e-3


# What is drawn ----------------------------------------------------------------------------------

REGRESSOR = next(case for case in CASES if case.estimator is RNNRegressor)


def losses_by_mask(model, X, y, rate, recurrent):
    """Return the losses of the sequences under each mask of the units, and the masks' chances."""
    targets = (y - model.y_mean_) / model.y_scale_
    masks = np.array(list(product([0.0, 1.0], repeat=model.hidden_size)))
    n_kept = masks.sum(axis=1)
    chances = (1 - rate) ** n_kept * rate ** (model.hidden_size - n_kept)
    losses = []
    for mask in masks / (1 - rate):
        if recurrent:
            pooled = np.array([states(model.coefs_, x, masks=mask)[-1] for x in X])
        else:
            pooled = np.array([states(model.coefs_, x)[-1] for x in X]) * mask
        losses.append((head(model.coefs_, pooled)[:, 0] - targets) ** 2 / 2)
    return np.array(losses), chances


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
def test_the_loss_is_a_mean_over_the_masks_of_dropout(name):
    n_epochs, rate = 300, 0.3
    options = {"cell_type": "rnn", "hidden_size": 2, "pooling": "last", "bidirectional": False}
    options |= STILL | {"max_iter": n_epochs, "n_iter_no_change": np.inf, name: rate}
    model = fitted(REGRESSOR, **options)
    y = REGRESSOR.target(X)
    losses, chances = losses_by_mask(model, X, y, rate, name == "recurrent_dropout")
    expected = chances @ losses
    spread = np.sqrt((chances @ (losses - expected) ** 2).sum()) / len(X) / np.sqrt(n_epochs)
    assert abs(np.mean(model.loss_curve_) - expected.mean()) < 4 * spread
    assert spread < 0.1 * np.ptp(losses.mean(axis=1))


def test_dropped_tokens_become_token_zero():
    n_epochs, rate = 300, 0.3
    tokens = [np.array([k % 6]) for k in range(24)]
    y = np.arange(24.0)
    options = {"token_dropout": rate, "n_iter_no_change": np.inf, "embedding_dim": 2}
    model = REGRESSOR.make(**STILL | {"max_iter": n_epochs}, **options).fit(tokens, y)
    targets = (y - model.y_mean_) / model.y_scale_

    def losses(tokens):
        return (raw_outputs(model, tokens)[:, 0] - targets) ** 2 / 2

    seen, dropped = losses(tokens), losses([np.array([0])] * 24)
    expected = (1 - rate) * seen + rate * dropped
    spread = np.sqrt((rate * (1 - rate) * (seen - dropped) ** 2).sum() / n_epochs) / 24
    assert abs(np.mean(model.loss_curve_) - expected.mean()) < 4 * spread


# Truncated backpropagation ----------------------------------------------------------------------


@pytest.mark.parametrize("n_steps", [1, 4])
def test_truncated_gradients_know_the_last_steps_only(n_steps):
    options = {"cell_type": "rnn", "pooling": "last", "bidirectional": False}
    before = fitted(REGRESSOR, **STILL, **options)
    after = fitted(REGRESSOR, **DESCENT, **options, tbptt_steps=n_steps)
    targets = (REGRESSOR.target(X) - before.y_mean_) / before.y_scale_
    direction = np.random.default_rng(0).standard_normal(before.coefs_["weight_ih_l0"].shape)

    def loss(step):
        """Loss if the weights change by a step, for the last step of each sequence alone."""
        coefs = before.coefs_ | {"weight_ih_l0": before.coefs_["weight_ih_l0"] + step * direction}
        total = 0.0
        for x, target in zip(X, targets, strict=True):
            h = states(before.coefs_, x[:-1])[-1]
            z = coefs["weight_ih_l0"] @ x[-1] + before.coefs_["weight_hh_l0"] @ h
            z += before.coefs_["bias_ih_l0"] + before.coefs_["bias_hh_l0"]
            total += (head(before.coefs_, np.tanh(z))[0] - target) ** 2 / 2
        return total / len(X)

    slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    change = after.coefs_["weight_ih_l0"] - before.coefs_["weight_ih_l0"]
    assert_allclose((change * direction).sum(), -RATE * slope, rtol=1e-4)


@each_case
def test_truncation_beyond_the_longest_sequence_is_none(case):
    assert_array_equal(moved(case, tbptt_steps=5), moved(case))
    assert np.abs(moved(case, tbptt_steps=4) / RATE - moved(case) / RATE).max() > 1e-4


# Categories -------------------------------------------------------------------------------------


@each_case
def test_embeddings_have_the_size_and_the_vectors_asked_for(case):
    y = case.target(numbers(TOKENS))
    vectors = np.random.default_rng(0).standard_normal((9, 3))

    def table(**params):
        return case.make(**STILL, **params).fit(TOKENS, y).coefs_["embedding_0.weight"]

    assert table(embedding_dim=2).shape == (9, 2)
    assert table(embedding_dim="auto").shape == (9, round(1.6 * 9**0.56))
    assert_array_equal(table(embedding_init=vectors), vectors)
    as_numbers = case.make(**STILL, categorical_features=None).fit(TOKENS, y).coefs_
    assert as_numbers["weight_ih_l0"].shape[1] == 1


@pytest.mark.parametrize(
    "embedding_dim, sizes",
    [({1: 8}, [3, 8]), ({0: 2, 1: 4}, [2, 4]), ({}, [3, 5]), ([4, 2], [4, 2])],
)
@each_case
def test_sizes_of_embeddings_by_column(case, embedding_dim, sizes):
    ids = np.stack([np.arange(24) % 3, np.arange(24) % 8], axis=1).reshape(8, 3, 2)
    params = {"categorical_features": [0, 1], "learning_rate": "cosine", "warm_start": True}
    model = case.make(embedding_dim=embedding_dim, **params).fit(ids, case.target(ids - 1.0))
    for _ in range(2):
        assert [model.coefs_[f"embedding_{i}.weight"].shape for i in (0, 1)] == [
            (3, sizes[0]),
            (8, sizes[1]),
        ]
        model.fit(ids, case.target(ids - 1.0))


@pytest.mark.parametrize("cell_type", ["lstm", "gru"])
@each_case
def test_an_activation_without_effect_is_said_once_at_fit(case, cell_type):
    model = case.make(cell_type=cell_type, activation="relu", warm_start=True)
    with pytest.warns(UserWarning) as record:
        case.partial_fit(model, X, case.target(X))
    message = f"activation='relu' has no effect with cell_type={cell_type!r}"
    assert [message in str(warning.message) for warning in record] == [True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        case.partial_fit(model, X, case.target(X))
        fitted(case, cell_type="rnn", activation="relu", learning_rate="cosine")
    plain = case.partial_fit(case.make(cell_type=cell_type), X, case.target(X))
    case.partial_fit(plain, X, case.target(X))
    assert_array_equal(flat(model), flat(plain))
