"""A classifier that has learnt its labels does not go on for epochs that nobody needs."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skrnn import RNNClassifier, RNNRegressor

RNG = np.random.default_rng(0)
Y = np.arange(40) % 4
X = RNG.standard_normal((40, 6, 3)) / 5
X[np.arange(40), 3, :2] = np.column_stack([Y // 2, Y % 2])
SMALL = {"hidden_size": 16, "learning_rate_init": 0.02, "random_state": 0}


@pytest.mark.parametrize("patience", [3, 10])
def test_training_ends_when_the_loss_has_long_been_next_to_nothing(patience):
    model = RNNClassifier(**SMALL, alpha=0, n_iter_no_change=patience).fit(X, Y)
    assert model.n_iter_ < 60 and model.score(X, Y) == 1
    is_low = np.array(model.loss_curve_) < 0.01 * np.log(4)  # which a constant prediction costs
    assert is_low[-patience - 1 :].all() and not is_low[-patience - 2]
    # It is the same training, cut short.
    whole = RNNClassifier(**SMALL, alpha=0, n_iter_no_change=np.inf).fit(X, Y)
    assert whole.n_iter_ == 100
    assert whole.loss_curve_[: model.n_iter_] == model.loss_curve_


def test_the_penalty_is_no_part_of_what_is_learnt():
    """Else it would keep the loss above a hundredth for ever."""
    model = RNNClassifier(**SMALL, alpha=0.02).fit(X, Y)
    assert model.n_iter_ < 100
    assert model.loss_ > 0.01 * np.log(4)


def test_a_penalty_that_leaps_does_not_look_like_labels_that_are_learnt():
    """What it is after an epoch may be far more than it was in its batches."""
    changes = {"solver": "rmsprop", "alpha": 30.0, "learning_rate_init": 1.0, "batch_size": 20}
    model = RNNClassifier(**SMALL | changes, n_iter_no_change=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, np.random.default_rng(0).integers(0, 2, 40))
    assert model.n_iter_ == 100


@pytest.mark.parametrize(
    "changes",
    [
        {"max_iter": 70},
        {"n_iter_no_change": np.inf},
        {"max_iter": 70, "learning_rate": "one_cycle"},
    ],
)
def test_who_says_how_many_epochs_gets_them(changes):
    model = RNNClassifier(**SMALL | changes).fit(X, Y)
    assert model.n_iter_ == changes.get("max_iter", 100)


def test_a_training_that_goes_on_where_it_had_ended_ends_soon():
    model = RNNClassifier(**SMALL, alpha=0, n_iter_no_change=3, warm_start=True).fit(X, Y)
    n_epochs = len(model.loss_curve_)
    assert len(model.fit(X, Y).loss_curve_) <= n_epochs + 20


def test_a_single_epoch_cannot_end_sooner(monkeypatch):
    """What a constant costs takes longer than an epoch where sequences have many labels."""
    monkeypatch.delattr("skrnn._fitting.trainer.loss_range")
    assert RNNClassifier(**SMALL).partial_fit(X, Y, classes=np.unique(Y)).n_iter_ == 1


def test_values_can_always_be_closer():
    model = RNNRegressor(hidden_size=16, learning_rate_init=0.02, random_state=0)
    assert model.fit(X, X[:, -1, 0]).n_iter_ == 100
