"""Add two numbers that stand far apart: what gated cells remember and a plain network does not.

A sequence has 100 steps of 2 features: a random number between 0 and 1, and a mark. Two steps are
marked, one in each half, and the target is the sum of their numbers. Always predicting the mean, 1,
has a mean squared error of 1/6. The LSTM and the GRU learn to keep the first number until the
second comes; to the Elman network it is lost on the way (Hochreiter & Schmidhuber, 1997, Long
short-term memory, experiment 4).
"""

import numpy as np
from sklearn.metrics import mean_squared_error

from skrnn import RNNRegressor


def adding_problem(n_sequences, n_steps, rng):
    """Sequences (n_sequences, n_steps, 2) and the sums of their marked numbers."""
    numbers = rng.random((n_sequences, n_steps), dtype=np.float32)
    marks = np.zeros_like(numbers)
    rows, half = np.arange(n_sequences), n_steps // 2
    marks[rows, rng.integers(half, size=n_sequences)] = 1
    marks[rows, rng.integers(half, n_steps, size=n_sequences)] = 1
    return np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1)


rng = np.random.default_rng(0)
X_train, y_train = adding_problem(5000, 100, rng)
X_test, y_test = adding_problem(1000, 100, rng)
print(f"always the mean: test MSE {mean_squared_error(y_test, np.ones_like(y_test)):.4f}")
for cell_type in ("rnn", "lstm", "gru"):
    model = RNNRegressor(
        cell_type=cell_type, hidden_size=32, learning_rate_init=0.01, max_iter=15, random_state=0
    )
    error = mean_squared_error(y_test, model.fit(X_train, y_train).predict(X_test))
    print(f"{cell_type:<15}: test MSE {error:.4f}", flush=True)
