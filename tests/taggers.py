"""Labels in every form, and a simple tagger to score."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import GaussianNB


def object_array(items):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


FORMS = {
    "lists": lambda y: y,
    "tuple of tuples": lambda y: tuple(map(tuple, y)),
    "list of arrays": lambda y: [np.array(labels) for labels in y],
    "object array of arrays": lambda y: object_array([np.array(labels) for labels in y]),
    "object array of lists": object_array,
    "object labels": lambda y: [np.array(labels, dtype=object) for labels in y],
}
FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)

TRUE = [["N", "V", "N"], ["V"], ["N", "N"]]
PRED = [["N", "N", "N"], ["V"], ["V", "N"]]


class StepwiseTagger(BaseEstimator):
    """Naive Bayes on each time step."""

    def __init__(self, var_smoothing=1e-9, ignore_label=None):
        self.var_smoothing = var_smoothing
        self.ignore_label = ignore_label

    def fit(self, X, y, sample_weight=None):
        if sample_weight is not None:
            sample_weight = np.repeat(sample_weight, [len(x) for x in X])
        X, y = np.concatenate(X), np.concatenate(y)
        if self.ignore_label is not None:
            X, y = X[y != self.ignore_label], y[y != self.ignore_label]
        self.model_ = GaussianNB(var_smoothing=self.var_smoothing).fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def _each(self, method, X):
        outputs = [getattr(self.model_, method)(x) for x in X]
        return np.stack(outputs) if isinstance(X, np.ndarray) else object_array(outputs)

    def predict(self, X):
        return self._each("predict", X)

    def predict_proba(self, X):
        return self._each("predict_proba", X)

    def predict_log_proba(self, X):
        return self._each("predict_log_proba", X)


def tagging_data(lengths=(3, 5, 2, 4, 6, 1, 2, 3, 7, 4)):
    rng = np.random.default_rng(0)
    tags = np.array(["B-X", "I-X", "O"])
    labels = [rng.integers(3, size=length) for length in lengths]
    X = [np.eye(3)[codes] + rng.normal(size=(len(codes), 3)) for codes in labels]
    return X, [tags[codes].tolist() for codes in labels]
