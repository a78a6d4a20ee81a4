"""The adding problem and the copy memory: their sequences, and scores that are known."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from skrnn import RNNRegressor, SequenceTagger
from skrnn.datasets import make_adding_problem, make_copy_memory


@pytest.mark.parametrize("n_steps", [2, 7, 30])
def test_adding_problem_marks_one_number_in_each_half_and_sums_them(n_steps):
    X, y = make_adding_problem(200, n_steps=n_steps, random_state=0)
    numbers, marks = X[:, :, 0], X[:, :, 1]
    assert X.shape == (200, n_steps, 2)
    assert set(np.unique(marks)) == {0, 1} or n_steps == 2
    assert (marks[:, : n_steps // 2].sum(axis=1) == 1).all()
    assert (marks[:, n_steps // 2 :].sum(axis=1) == 1).all()
    assert numbers.min() >= 0 and numbers.max() <= 1
    np.testing.assert_allclose(y, [x[m == 1].sum() for x, m in zip(numbers, marks, strict=True)])


def test_every_step_of_the_adding_problem_may_be_marked():
    X, _ = make_adding_problem(500, n_steps=7, random_state=0)
    assert (X[:, :, 1].sum(axis=0) > 0).all()


def test_adding_problem_of_several_lengths():
    X, y = make_adding_problem(300, n_steps=(3, 6), random_state=0)
    assert isinstance(X, list) and {x.shape for x in X} == {(n, 2) for n in (3, 4, 5, 6)}
    np.testing.assert_allclose(y, [x[x[:, 1] == 1, 0].sum() for x in X])


def test_the_mean_has_the_baseline_error_of_the_adding_problem_and_no_constant_less():
    data = make_adding_problem(20_000, n_steps=4, random_state=0, return_X_y=False)
    assert data.baseline_mse == 1 / 6
    errors = {c: np.mean((data.y - c) ** 2) for c in (0.9, 1.0, 1.1)}
    assert errors[1.0] == pytest.approx(1 / 6, abs=0.0056)  # four standard errors
    assert min(errors, key=errors.get) == 1.0


def test_a_network_beats_the_baseline_of_the_adding_problem():
    X, y = make_adding_problem(1200, n_steps=8, random_state=0)
    model = RNNRegressor(
        cell_type="gru", hidden_size=16, learning_rate_init=0.02, max_iter=15, random_state=0
    )
    errors = model.fit(X[:1000], y[:1000]).predict(X[1000:]) - y[1000:]
    assert np.mean(errors**2) < 1 / 60


def test_copy_memory_shows_symbols_a_delay_a_signal_and_wants_the_symbols():
    X, y = make_copy_memory(50, n_symbols=4, n_copied=3, delay=5, random_state=0)
    X = np.stack(X)
    assert X.shape == y.shape == (50, 11)
    assert set(np.unique(X[:, :3])) == {1, 2, 3, 4}
    assert (X[:, 3:] == [0, 0, 0, 0, 5, 0, 0, 0]).all()
    assert (y[:, :8] == 0).all()
    np.testing.assert_array_equal(y[:, 8:], X[:, :3])


def test_guessing_has_the_baseline_scores_of_the_copy_memory():
    data = make_copy_memory(
        4000, n_symbols=5, n_copied=4, delay=6, random_state=0, return_X_y=False
    )
    guess = np.zeros((data.y.shape[1], 6))
    guess[:10, 0] = 1
    guess[10:, 1:] = 1 / 5
    proba = np.tile(guess, (len(data.y), 1))
    assert log_loss(data.y.ravel(), proba) == pytest.approx(data.baseline_log_loss, rel=1e-12)
    accuracy = np.mean(data.y == np.where(np.arange(14) < 10, 0, 3))
    assert accuracy == pytest.approx(data.baseline_accuracy, abs=0.004)


def test_baseline_of_the_copy_memory_is_that_of_the_paper():
    baseline = make_copy_memory(1, delay=100, return_X_y=False).baseline_log_loss
    assert baseline == pytest.approx(10 * np.log(8) / 120)


def test_a_tagger_that_looks_ahead_and_back_copies_over_a_short_delay():
    X, y = make_copy_memory(600, n_symbols=3, n_copied=1, delay=2, random_state=0)
    tagger = SequenceTagger(hidden_size=16, learning_rate_init=0.03, max_iter=15, random_state=0)
    assert tagger.fit(X[:500], y[:500]).score(X[500:], y[500:]) == 1


@pytest.mark.parametrize(
    "make, parameters, message",
    [
        (make_adding_problem, {"n_steps": 1}, "n_steps == 1, must be >= 2"),
        (make_adding_problem, {"n_steps": (5, 3)}, "n_steps == 3, must be >= 5"),
        (make_adding_problem, {"n_steps": (3, 4, 5)}, "n_steps must be one number, or"),
        (make_adding_problem, {"n_samples": 0}, "n_samples"),
        (make_copy_memory, {"n_symbols": 1}, "n_symbols"),
        (make_copy_memory, {"n_copied": 0}, "n_copied"),
        (make_copy_memory, {"delay": 0}, "delay"),
        (make_copy_memory, {"random_state": "zero"}, "random_state"),
    ],
)
def test_parameters_out_of_range_are_named(make, parameters, message):
    with pytest.raises(ValueError, match=message):
        make(**parameters)


def test_lengths_that_are_no_integers_are_refused():
    with pytest.raises(TypeError, match="n_steps must be an instance of int"):
        make_adding_problem(n_steps=(2.5, 4))
