"""Digits, row by row
==================

Classify handwritten digits, read row by row, and compare with two baselines.

An image of 8 x 8 pixels is a sequence here: 8 steps (its rows, from the top) of 8 features (the
pixels of a row). The baselines see all 64 pixels at once. The scores are accuracies of 5-fold
cross-validation. The set keeps the images of a writer together and the folds are not shuffled,
so nearly all test images come from writers that were not in training.
"""

from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from skrnn import RNNClassifier

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
