"""The vanishing gradient, seen
=============================

An Elman network and an LSTM on the adding problem: how much of the gradient reaches which step.

A sequence has 100 steps of two features: a number, and a mark. Two steps are marked, one in each
half, and the target is the sum of their numbers. To learn it a network has to be told by the
gradient of the loss, at the last step, what it should have kept some 50 to 100 steps before.
gradient_flow measures what is left of the gradient on its way back, and says what to do about it
(Hochreiter et al., 2001, Gradient flow in recurrent nets). In the Elman network half of it is gone
after six steps, and nearly all of it after a hundred; in the LSTM most of it is lost on the way
into the gates, and nothing after that.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skrnn import RNNRegressor
from skrnn.datasets import make_adding_problem
from skrnn.inspection import GradientFlowDisplay, gradient_flow

# The Elman network is warned of: it ends where it began. That is what this example shows.
warnings.simplefilter("ignore", ConvergenceWarning)
X, y = make_adding_problem(3500, n_steps=100, random_state=0)
X, train, test = X.astype(np.float32), slice(3000), slice(3000, None)
ax = None
for cell_type in ("rnn", "lstm"):
    model = RNNRegressor(
        cell_type=cell_type,
        hidden_size=24,
        forget_bias="chrono",
        learning_rate_init=0.01,
        max_iter=10,
        random_state=5,
    ).fit(X[train], y[train])
    flow = gradient_flow(model, X[test], y[test])
    left = flow.norm[0, 0, -1] / flow.norm[0, 0, 0]
    print(f"{cell_type}: R2 {model.score(X[test], y[test]):.3f}, left of the gradient {left:.1e}")
    print(f"    {flow.advice[0]}", flush=True)
    ax = GradientFlowDisplay(norm=flow.norm, name=cell_type).plot(ax).ax_
plt.show()
