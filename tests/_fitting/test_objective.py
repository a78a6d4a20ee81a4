"""The loss of a mini-batch: its parts, its penalty, its gradient."""

import numpy as np
import pytest
from architectures import PLAIN
from estimators import sequences
from gradcheck import assert_gradient
from numpy.testing import assert_allclose

from skrnn import RNNRegressor
from skrnn._core.losses import regression_loss
from skrnn._data.recognise import read_sequences
from skrnn._fitting import objective as module
from skrnn._fitting.objective import Objective
from skrnn._fitting.settings import Settings
from skrnn._model import build_network
from skrnn._targets.training_set import Chunk, TrainingSet

X = sequences(9)
ARCHITECTURE = PLAIN | {
    "cell_type": "gru",
    "bidirectional": True,
    "hidden_size": 3,
    "n_layers": 1,
    "n_outputs": 1,
}


def make(**params):
    """Return an objective, and parameters drawn at random."""
    rng = np.random.default_rng(0)
    data, _ = read_sequences(X, owner="Objective")
    train = TrainingSet(data, rng.standard_normal((len(X), 1)), rng.uniform(0.5, 2, len(X)))
    network = build_network(tuple(ARCHITECTURE.items()))
    settings = Settings.of(RNNRegressor(**params).get_params())
    theta = network.initialise(rng, np.dtype("f8"))
    return Objective(network, regression_loss("squared_error"), train, settings, rng), theta


@pytest.mark.parametrize("solver", ["adam", "adamw", "lbfgs"])
def test_gradient_of_loss_and_penalty(solver):
    objective, theta = make(solver=solver, alpha=3.0)
    batch = np.argsort([-len(x) for x in X], kind="stable")
    gradient, blocks = objective(theta, Chunk(batch))[1], objective.network.layout.slices
    assert_gradient(lambda point: objective(point, Chunk(batch))[0], theta, gradient, blocks)


@pytest.mark.parametrize("size", [1, 2, 9])
def test_a_batch_in_two_parts_has_the_loss_of_the_whole(size, monkeypatch):
    objective, theta = make()
    batch = np.argsort([-len(x) for x in X], kind="stable")[:size]
    loss, grad, weight, _ = objective(theta, Chunk(batch))
    monkeypatch.setattr(module, "SPLIT_UNITS", 1)
    assert len(objective.parts(batch)) == min(size, 2)
    split_loss, split_grad, split_weight, _ = objective(theta, Chunk(batch))
    assert_allclose(split_loss, loss, rtol=1e-13)
    assert_allclose(split_grad, grad, rtol=1e-11, atol=1e-14)
    assert split_weight == weight == objective.train.weight[batch].sum()


def test_the_penalty_is_half_the_sum_of_squared_weights_over_the_weight_of_the_batch():
    (without, theta), (with_penalty, _) = make(alpha=0.0), make(alpha=3.0)
    batch = np.array([1])
    difference = with_penalty(theta, Chunk(batch))[0] - without(theta, Chunk(batch))[0]
    views = without.network.layout.views(theta)
    squares = sum((view**2).sum() for name, view in views.items() if "weight" in name)
    assert_allclose(difference, 1.5 * squares / without.train.weight[1])
