"""Windows: N x T x D
==================

How one long table becomes the sequences that a network reads, and which rows are in which of them.

A recurrent network reads an array of N sequences of T steps of D features. A table of weather has N
rows of D columns. SlidingWindowTransformer gives each row the window of T rows that ends before it:
``horizon=1`` leaves the row itself out, so that it can be forecast. Nothing is copied, windows
overlap in memory; and there are as many windows as rows, so that ``y`` stays as it is. The weather
is made up: it rains when the wind has turned clockwise by a right angle within the last six hours,
whatever direction it came from, and now and then for no reason.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNClassifier, SlidingWindowTransformer

N, T, N_TEST = 4000, 8, 1000
rng = np.random.default_rng(0)
angle = np.cumsum(rng.normal(scale=0.6, size=N))  # clockwise from north
rain = np.roll(angle, 1) - np.roll(angle, 7) > np.pi / 2
rain[:7] = False
rain ^= rng.random(N) < 0.02
table = np.column_stack([np.sin(angle), np.cos(angle), rng.gamma(9, 0.5, N)])

windows = SlidingWindowTransformer(T, horizon=1).fit_transform(table)
flat = SlidingWindowTransformer(T, horizon=1, output="2d").fit_transform(table)
print(f"table {table.shape} -> windows N x T x D {windows.shape}, or flat {flat.shape}")
print(f"window 100 ends with row 99: {np.array_equal(windows[100], table[92:100])}")
print(SlidingWindowTransformer(3, horizon=1).explain_alignment(6))

# %%
# In a Pipeline, rows go in and one answer for each row comes out.

contest = {
    "as the hour before": None,
    "logistic regression": ("2d", LogisticRegression(max_iter=1000)),
    "RNNClassifier": (
        "3d", RNNClassifier(bidirectional=False, hidden_size=32, max_iter=20, random_state=0)
    ),
}  # fmt: skip
known, new = slice(T, N - N_TEST), slice(N - N_TEST, N)
for name, what in contest.items():
    if what is None:
        predicted = np.roll(rain, 1)
    else:
        pipeline = make_pipeline(
            StandardScaler(), SlidingWindowTransformer(T, horizon=1, output=what[0]), what[1]
        )
        predicted = pipeline.fit(table[: N - N_TEST], rain[: N - N_TEST]).predict(table)
    print(f"{name:<20} accuracy {np.mean(predicted[new] == rain[new]):.3f}", flush=True)

# %%
# The table, three of its windows, and the row that each of them stands for.

figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 5), width_ratios=[1, 2.2], layout="constrained"
)
shown = (table[:16] - table.mean(axis=0)) / table.std(axis=0)
left.imshow(shown, cmap="RdBu_r", aspect="auto", vmin=-2, vmax=2)
left.set(title="table: N rows of D columns", ylabel="row", yticks=range(16), xticks=range(3))
left.set_xticklabels(["east", "north", "strength"])
right.set(xlim=(-0.6, 3), ylim=(15.5, -0.5), yticks=range(16), xticks=range(3))
right.set(title=f"windows: T = {T} rows of D columns", xticklabels=["9", "11", "13"])
right.set(xlabel="window, with the row that it stands for in black")
for x, row in enumerate([9, 11, 13]):
    extent = (x - 0.4, x + 0.4, row - 0.5, row - T - 0.5)
    right.imshow(shown[row - T : row], cmap="RdBu_r", vmin=-2, vmax=2, extent=extent)
    right.add_patch(plt.Rectangle((x - 0.4, row - 0.5), 0.8, 1, color="k"))
right.set_aspect("auto")
plt.show()
