"""Intervals that widen when they should
======================================

Forecast not one value but an interval, in a series that is calm for a while and then is not.

The series swings at random, and how far depends on how far it has swung of late, as exchange rates
do (an ARCH process: Engle, 1982). Nothing can be said about the next value itself, but much about
its spread. A network with ``loss="quantile"`` learns the bounds between which the next value lies
with a probability of 80 %. Scores are the share of values inside, the mean width and the pinball
loss, which is smaller the better both bounds are; the true process is known, and so are the best
bounds.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from skrnn import RNNRegressor, SlidingWindowTransformer

rng = np.random.default_rng(0)
N, N_TEST, WINDOW = 6000, 2000, 20
LEVELS = [0.1, 0.9]
series, spread = np.zeros(N), np.zeros(N)
for t in range(N):
    recent = series[max(t - 3, 0) : t][::-1] ** 2
    spread[t] = np.sqrt(0.2 + [0.5, 0.3, 0.1][: len(recent)] @ recent)
    series[t] = spread[t] * rng.normal()

# %%
# Sizes say more about the spread than the values themselves, and logarithms keep them in bounds.

rows = np.log(np.abs(series) + 0.1)[:, np.newaxis]
X = SlidingWindowTransformer(WINDOW, horizon=1).fit_transform(rows)
train, test = slice(WINDOW, N - N_TEST), slice(N - N_TEST, N)
network = RNNRegressor(
    loss="quantile", quantile=LEVELS, hidden_size=16, max_iter=10, batch_size=32, random_state=0
).fit(X[train], series[train])

recent = np.sqrt(np.convolve(series**2, np.full(WINDOW, 1 / WINDOW))[: N - 1])
recent = np.insert(recent, 0, 1)[test, np.newaxis]
bounds = {
    "the same bounds always": np.tile(np.quantile(series[train], LEVELS), (N_TEST, 1)),
    f"spread of {WINDOW} values": recent * norm.ppf(LEVELS),
    "RNNRegressor": network.predict(X[test]),
    "best possible": spread[test, np.newaxis] * norm.ppf(LEVELS),
}
print(f"{'':<23} inside  width  pinball loss")
for name, (low, high) in ((name, both.T) for name, both in bounds.items()):
    inside = np.mean((low < series[test]) & (series[test] < high))
    losses = [
        mean_pinball_loss(series[test], bound, alpha=level)
        for bound, level in zip((low, high), LEVELS, strict=True)
    ]
    print(f"{name:<23} {inside:.3f}  {np.mean(high - low):5.2f}  {np.mean(losses):8.4f}")

figure, ax = plt.subplots(figsize=(9, 4), layout="constrained")
ax.plot(series[test][:250], "k", linewidth=0.8, label="series")
ax.fill_between(range(250), *bounds["RNNRegressor"][:250].T, alpha=0.4, label="RNNRegressor, 80 %")
low, high = bounds["best possible"][:250].T
ax.plot(low, "C1", linewidth=0.8, label="best possible")
ax.plot(high, "C1", linewidth=0.8)
ax.set(xlabel="step", ylabel="value")
ax.legend(loc="upper left", ncols=3)
plt.show()
