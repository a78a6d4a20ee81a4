"""A stream, followed live
========================

A machine sends a measurement ten times a second: label what it does, as it does it.

The machine rests, runs, or runs with a bearing that knocks: then every ninth measurement is a
little higher, which one can only notice with a memory. SequenceTagger learns from labelled
recordings, in one direction, so that it needs no future. ``stream()`` then takes one measurement at
a time, and gives the label that ``predict`` would give the last step of all there is so far; but a
step always costs the same, where ``predict`` reads everything anew. The baseline is a logistic
regression on the sorted values of the last 20 measurements, which knows how they spread.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from skrnn import SequenceTagger

STATES, WINDOW = np.array(["rests", "runs", "knocks"]), 20


def record(rng, n_bouts=6):
    """Measurements (n_steps,) and states (n_steps,) of one day."""
    bouts = rng.integers(30, 80, n_bouts)
    state = np.repeat(np.arange(n_bouts) + rng.integers(3), bouts) % 3
    t = np.arange(len(state))
    value = 0.5 * rng.normal(size=len(t)) + np.where(state > 0, np.sin(t / 1.5), 0)
    return value + np.where((state == 2) & (t % 9 == 0), 2.5, 0), STATES[state]


def windows(recordings):
    """The last measurements at each step, in order of size, and the states."""
    parts = [(np.pad(x, (WINDOW - 1, 0), "edge"), y) for x, y in recordings]
    rows = [np.sort(np.lib.stride_tricks.sliding_window_view(x, WINDOW)) for x, _ in parts]
    return np.concatenate(rows), np.concatenate([y for _, y in parts])


rng = np.random.default_rng(0)
known, new = [record(rng) for _ in range(60)], [record(rng) for _ in range(5)]
linear = LogisticRegression(max_iter=1000).fit(*windows(known))
print(f"logistic regression  accuracy {linear.score(*windows(new)):.3f}")

tagger = SequenceTagger(
    bidirectional=False, hidden_size=32, batch_size=4, max_iter=20, random_state=0
)
tagger.fit([x[:, np.newaxis] for x, _ in known], [y for _, y in known])
accuracy = tagger.score([x[:, np.newaxis] for x, _ in new], [y for _, y in new])
print(f"SequenceTagger       accuracy {accuracy:.3f}")

# %%
# Now the measurements of a new day come one by one.

values, states = new[0]
stream, start = tagger.stream(), perf_counter()
probabilities = np.array([stream.step_proba([value])[0] for value in values])
seconds = (perf_counter() - start) / len(values)
same = np.allclose(probabilities, tagger.predict_proba([values[:, np.newaxis]])[0], atol=1e-6)
print(f"{1e6 * seconds:.0f} microseconds a step; as predict_proba of the whole day: {same}")

figure, axes = plt.subplots(2, sharex=True, figsize=(9, 5), layout="constrained")
axes[0].plot(np.arange(len(values)) / 10, values, "0.4", linewidth=0.8)
axes[0].set(ylabel="measurement")
axes[1].stackplot(np.arange(len(values)) / 10, probabilities.T, labels=tagger.classes_, alpha=0.8)
for change in np.flatnonzero(states[1:] != states[:-1]):
    axes[1].axvline((change + 1) / 10, color="k", linestyle="--")
axes[1].set(xlabel="seconds; dashed: the state changes", ylabel="probability", ylim=(0, 1))
axes[1].legend(loc="lower right")
plt.show()
