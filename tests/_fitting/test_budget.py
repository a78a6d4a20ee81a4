"""Mini-batches and epochs that follow from the size of the training set."""

import numpy as np
import pytest
from estimators import each_case, sequences
from training import brief, fitted, flat

from skrnn import RNNRegressor
from skrnn._fitting.budget import auto_batch_size, auto_epochs

pytestmark = pytest.mark.slow  # all of it together

AUTO = {"batch_size": "auto", "max_iter": "auto", "hidden_size": 1, "learning_rate": "cosine"}


@pytest.mark.parametrize(
    "n_sequences, size",
    [
        (1, 1),
        (32, 32),
        (33, 8),
        (80, 8),
        (99, 9),
        (200, 20),
        (320, 32),
        (32_999, 32),
        (60_000, 60),
        (10**6, 256),
    ],
)
def test_a_mini_batch_is_a_tenth_of_a_small_set_and_a_thousandth_of_a_large_one(n_sequences, size):
    assert auto_batch_size(n_sequences) == size


@pytest.mark.parametrize(
    "n_batches, n_epochs", [(1, 100), (10, 100), (20, 50), (32, 31), (100, 10), (10_000, 10)]
)
def test_epochs_make_a_thousand_updates_between_bounds(n_batches, n_epochs):
    assert auto_epochs(n_batches) == n_epochs


@brief
@pytest.mark.parametrize("n, size, n_epochs", [(40, 8, 100), (300, 30, 100), (600, 32, 53)])
@each_case
def test_auto_is_what_its_numbers_are(case, n, size, n_epochs):
    X = sequences(n, lengths=(1, 2))
    auto = fitted(case, X, **AUTO)
    assert (auto.n_iter_, auto.t_) == (n_epochs, n * n_epochs)
    given = fitted(case, X, **AUTO | {"batch_size": size, "max_iter": n_epochs})
    assert np.array_equal(flat(auto), flat(given))


@brief
@each_case
def test_held_out_sequences_and_those_without_weight_do_not_count(case):
    weight = np.repeat([1.0, 0.0], [300, 300])
    assert fitted(case, sequences(600, lengths=(1, 2)), weight, **AUTO).n_iter_ == 100


def test_lbfgs_has_100_iterations():
    X = sequences(50)
    with pytest.warns(match="after 100 iteration"):
        RNNRegressor(solver="lbfgs", tol=0, random_state=0).fit(X, np.arange(50))
