"""What gated cells remember: the adding problem
=============================================

Add two numbers that stand far apart: what gated cells remember and a plain network does not.

A sequence has 100 steps of 2 features: a random number between 0 and 1, and a mark. Two steps are
marked, one in each half, and the target is the sum of their numbers. Always predicting the mean, 1,
has a mean squared error of 1/6. The LSTM and the GRU learn to keep the first number until the
second comes; to the Elman network it is lost on the way (Hochreiter & Schmidhuber, 1997, Long
short-term memory, experiment 4).
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import mean_squared_error

from skrnn import RNNRegressor
from skrnn.datasets import make_adding_problem

# The Elman network is warned of: it ends where it began. That is what this example shows.
warnings.simplefilter("ignore", ConvergenceWarning)
X, y = make_adding_problem(6000, n_steps=100, random_state=0)
X, train, test = X.astype(np.float32), slice(5000), slice(5000, None)
print(f"always the mean: test MSE {mean_squared_error(y[test], np.ones(1000)):.4f}")
for cell_type in ("rnn", "lstm", "gru"):
    model = RNNRegressor(
        cell_type=cell_type, hidden_size=32, learning_rate_init=0.01, max_iter=15, random_state=0
    )
    error = mean_squared_error(y[test], model.fit(X[train], y[train]).predict(X[test]))
    print(f"{cell_type:<15}: test MSE {error:.4f}", flush=True)
