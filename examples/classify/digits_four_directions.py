"""Digits read in four directions
================================

Handwritten digits, read from above alone, from all four sides, and by two networks together.

GridScanner lets a network read rows and columns at the same step: the first row, the last row, the
first column and the last column together, which takes no more steps and few more parameters. The
last model joins the states of two networks that have each read in both directions, one the rows and
one the columns: SequenceEncoder makes features of them, and a logistic regression decides. With few
images and epochs more sides are far better (--short). With all of them the rows alone are enough:
the scores, accuracies on a quarter of the images, have a standard error of about 0.6 %, and the two
networks lead by less.
"""

import sys

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union

from skrnn import GridScanner, RNNClassifier, SequenceEncoder

short = "--short" in sys.argv
images, y = load_digits(return_X_y=True)
images = images / 16
if short:
    images, y = images[:600], y[:600]
X, X_test, y, y_test = train_test_split(images, y, test_size=0.25, stratify=y, random_state=0)


def network(**params):
    options = {"hidden_size": 32, "max_iter": 10 if short else 40, "random_state": 0}
    return RNNClassifier(**options | params)


def reader(*directions, **params):
    return GridScanner(directions, shape=(8, 8)), network(**params)


def states(direction):
    """Features made of the states of a network that reads one direction and back."""
    scanner, network = reader(direction, hidden_size=16, bidirectional=True)
    return make_pipeline(scanner, SequenceEncoder(network))


models = {
    "rows, one network": make_pipeline(*reader("down", bidirectional=False)),
    "four sides, one network": make_pipeline(
        *reader("down", "up", "right", "left", bidirectional=False)
    ),
    "rows and columns, two networks": make_pipeline(
        make_union(states("down"), states("right")), LogisticRegression(max_iter=1000)
    ),
}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.3), layout="constrained")
for name, model in models.items():
    score = model.fit(X, y).score(X_test, y_test)
    networks = [model[-1]]
    if name.endswith("two networks"):
        networks = [part[-1].estimator_ for _, part in model[0].transformer_list]
    n_parameters = sum(each.n_parameters_ for each in networks)
    print(f"{name:<31} accuracy {score:.3f}, {n_parameters} parameters", flush=True)
    axes[1].barh(name, 1 - score, color="C0")

axes[0].imshow(X_test[0].reshape(8, 8), cmap="gray_r")
for way, x, y in [("→", -1.5, 3.5), ("←", 8.5, 3.5), ("↓", 3.5, -1.2), ("↑", 3.5, 8.2)]:
    axes[0].text(x, y, way, fontsize=20, ha="center", va="center")
axes[0].set_axis_off()
axes[1].set(xlabel="share of errors")
axes[1].locator_params(axis="x", nbins=4)  # else their numbers touch
axes[1].invert_yaxis()
plt.show()
