"""Rare classes: weights and thresholds
=====================================

One recording in fifteen shows a fault. How to find faults, and what that does to probabilities.

Recordings are noise in which a motif hides somewhere, one of two; the second one is rare. A network
that is trained as usual knows how rare it is and seldom says so. ``class_weight="balanced"`` makes
both classes count the same: more faults are found, with more false alarms, and its probabilities
are those of a world in which every second recording is faulty. The third way leaves the weights
alone and says "fault" from a lower probability on, chosen by scikit-learn's
TunedThresholdClassifierCV: the probabilities stay true. For these recordings the true probabilities
are known, and so is the best that any model can do.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import balanced_accuracy_score, log_loss, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV

from skrnn import RNNClassifier
from skrnn.datasets import make_motif_sequences

data = make_motif_sequences(
    20000, n_steps=30, n_classes=2, n_features=1, noise=0.8, random_state=0, return_X_y=False
)
rng = np.random.default_rng(0)
kept = (data.y == 0) | (rng.random(len(data.y)) < 1 / 14)  # every fourteenth of the second kind
X, y = data.X[kept].astype(np.float32), data.y[kept]
odds = data.optimal_proba[kept, 1] / data.optimal_proba[kept, 0] / 14
train, test = slice(3000), slice(3000, None)
print(f"{y[train].sum()} faults in 3000 recordings to learn from, {y[test].sum()} to find")

# %%
# Three ways, and the best there is.

network = RNNClassifier(hidden_size=24, max_iter=12, random_state=0)
balanced = RNNClassifier(hidden_size=24, max_iter=12, random_state=0, class_weight="balanced")
tuned = TunedThresholdClassifierCV(network, scoring="balanced_accuracy", cv=3)
contest = {"as usual": network, "balanced weights": balanced, "tuned threshold": tuned}
probabilities, labels = {}, {}
for name, model in contest.items():
    model.fit(X[train], y[train])
    probabilities[name] = model.predict_proba(X[test])[:, 1]
    labels[name] = model.predict(X[test])
probabilities["best possible"] = (odds / (1 + odds))[test]
labels["best possible"] = (odds * 14 > 1).astype(int)[test]

print(f"{'':<17} found  right  balanced accuracy  log loss")
for name, said in labels.items():
    scores = [
        recall_score(y[test], said),
        precision_score(y[test], said),
        balanced_accuracy_score(y[test], said),
        log_loss(y[test], probabilities[name]),
    ]
    print(f"{name:<17} {{:.3f}}  {{:.3f}}  {{:.3f}}  {{:16.3f}}".format(*scores))

# %%
# Of recordings to which a model gives the probability p, the share p should be faulty.

figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name in ("as usual", "balanced weights"):
    CalibrationDisplay.from_predictions(y[test], probabilities[name], n_bins=5, name=name, ax=ax)
ax.set(xlabel="probability of a fault", ylabel="share of faults")
plt.show()
