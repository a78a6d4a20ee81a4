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

import matplotlib.pyplot as plt
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
figure, axes = plt.subplots(1, 3, figsize=(9, 3.3), sharey=True, layout="constrained")
for ax, cell_type in zip(axes, ["rnn", "lstm", "gru"], strict=True):
    model = RNNRegressor(
        cell_type=cell_type, hidden_size=32, learning_rate_init=0.01, max_iter=15, random_state=0
    )
    predicted = model.fit(X[train], y[train]).predict(X[test])
    print(f"{cell_type:<15}: test MSE {mean_squared_error(y[test], predicted):.4f}", flush=True)
    ax.scatter(y[test], predicted, s=4)
    ax.axline((1, 1), slope=1, color="k", linewidth=0.8)
    ax.set(title=cell_type, xlabel="sum of the marked numbers", xlim=(-0.1, 2.1), ylim=(-0.1, 2.1))
axes[0].set(ylabel="predicted")
plt.show()
