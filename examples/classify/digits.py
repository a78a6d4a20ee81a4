"""Digits, row by row
==================

Classify handwritten digits, read row by row, and compare with two baselines.

An image of 8 x 8 pixels is a sequence here: 8 steps (its rows, from the top) of 8 features (the
pixels of a row). The baselines see all 64 pixels at once. The scores are accuracies of 5-fold
cross-validation. The set keeps the images of a writer together and the folds are not shuffled,
so nearly all test images come from writers that were not in training. The picture shows digits of
such writers, and what the network would say after each row; it needs matplotlib.
"""

from importlib.util import find_spec

from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from skrnn import RNNClassifier
from skrnn.inspection import step_outputs

images, y = load_digits(return_X_y=True)
images = images / 16
rows = images.reshape(-1, 8, 8)

contest = [
    ("majority class", DummyClassifier(), images),
    ("logistic regression", LogisticRegression(max_iter=1000), images),
    ("RNNClassifier", RNNClassifier(random_state=0), rows),
]

print(f"{len(y)} images of handwritten digits, 5-fold cross-validation")
for name, model, X in contest:
    scores = cross_val_score(model, X, y)
    print(f"{name:<20} accuracy {scores.mean():.3f} +/- {scores.std():.3f}", flush=True)


def draw(images, outputs):
    """Each digit beside the probabilities of all ten after each of its rows."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 5, figsize=(9, 4.2), layout="constrained")
    for image, rows, (above, below) in zip(images, outputs, axes.T, strict=True):
        above.imshow(image, cmap="gray_r")
        above.set_axis_off()
        below.imshow(rows, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        below.set(xlabel="digit", xticks=range(10), yticks=[0, 7], yticklabels=[])
    axes[1, 0].set(ylabel="row", yticklabels=["first", "last"])
    plt.show()


if find_spec("matplotlib"):
    network = RNNClassifier(random_state=0).fit(rows[:-400], y[:-400])
    chosen = [i for digit in range(5) for i in [int((y[-400:] == digit).argmax())]]
    draw(rows[-400:][chosen], step_outputs(network, rows[-400:])[chosen])
