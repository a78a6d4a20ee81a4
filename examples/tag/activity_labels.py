"""A label for every step of a recording
=====================================

Label every step of a recording: what the wearer of a motion sensor is doing.

Recordings are generated: 12 persons rest, walk and run in turns, each with a pace and a strength
of movement of their own, measured 20 times a second along two axes. A label belongs to each row,
and a causal window of 40 rows ends with that row, so the same pipeline could label the recording
while it is being made. Scores are those of persons who were not in training. A transition is the
first second of an activity, in which most of the window still shows the one before.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import RNNClassifier, SlidingWindowTransformer

N_PERSONS, N_TRAIN, N_BOUTS, RATE, WINDOW_SIZE = 12, 8, 12, 20, 40


def record(rng):
    """Accelerations (rows, 2) and activities (rows,) of one person."""
    pace, strength = rng.uniform(0.8, 1.2), rng.uniform(0.7, 1.4)
    bouts = rng.integers(4, 12, N_BOUTS) * RATE
    activity = np.repeat(np.arange(N_BOUTS) + rng.integers(3), bouts) % 3
    phase = np.cumsum(2 * np.pi * pace * np.array([0, 1.8, 2.8])[activity] / RATE)
    size = strength * np.array([0, 1, 1.5])[activity]
    up = size * (np.sin(phase) + 0.3 * np.sin(2 * phase))
    forward = 0.6 * size * np.sin(phase / 2)
    return np.column_stack([up, forward]) + 0.5 * rng.standard_normal((len(phase), 2)), activity


def windows(window_size, output):
    return SlidingWindowTransformer(window_size, group_feature=-1, output=output)


rng = np.random.default_rng(0)
signals, activities = zip(*(record(rng) for _ in range(N_PERSONS)), strict=True)
person = np.repeat(np.arange(N_PERSONS), list(map(len, activities)))
X = np.column_stack([np.concatenate(signals), person])  # the last column tells persons apart
y, train, test = np.concatenate(activities), person < N_TRAIN, person >= N_TRAIN
change = np.flatnonzero(np.diff(y, prepend=y[0]))
transition = np.zeros(len(y), bool)
transition[np.add.outer(change, np.arange(RATE)).ravel() % len(y)] = True

network = RNNClassifier(
    bidirectional=False, hidden_size=24, batch_size=64, max_iter=6, random_state=0
)
sizes = FunctionTransformer(np.abs)  # a linear model can tell strong from weak, not the rhythm
linear = make_pipeline(sizes, StandardScaler(), LogisticRegression(max_iter=1000))
contest = {
    "majority class": DummyClassifier(),
    "logistic regression, one row": make_pipeline(windows(1, "2d"), linear),
    "logistic regression, window": make_pipeline(windows(WINDOW_SIZE, "2d"), linear),
    "RNNClassifier": make_pipeline(windows(WINDOW_SIZE, "3d"), network),
}
print(f"{train.sum()} rows to learn from, {test.sum()} of other persons to label")
print(f"{'':<30} accuracy  in transitions")
for name, model in contest.items():
    labels = model.fit(X[train], y[train]).predict(X)
    scores = [accuracy_score(y[part], labels[part]) for part in (test, test & transition)]
    print(f"{name:<30}", "  ".join(f"{score:8.3f}" for score in scores), flush=True)

figure, axes = plt.subplots(2, sharex=True, figsize=(9, 4), layout="constrained")
last = person == N_PERSONS - 1
seconds = np.arange(last.sum()) / RATE
axes[0].plot(seconds, X[last, :2], linewidth=0.5, label=["up", "forward"])
axes[0].set(ylabel="acceleration")
axes[1].plot(seconds, labels[last], label="RNNClassifier")
axes[1].plot(seconds, y[last], "k--", linewidth=1, label="what was done")
axes[1].set(yticks=range(3), yticklabels=["rest", "walk", "run"], xlabel="seconds")
for ax in axes:
    ax.legend(loc="upper right")
plt.show()
