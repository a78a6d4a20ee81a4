"""Class labels: encoding, class weights, the most probable class."""

from math import fsum

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_array, column_or_1d, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from skrnn._core.losses import cross_entropy
from skrnn._targets.target import Target
from skrnn._targets.weights import values_per_sequence


class Labels(Target):
    """One class for each sequence.

    class_weight   as estimators take it
    classes        all classes, sorted; learnt from y if None
    """

    loss = cross_entropy

    def __init__(self, owner, class_weight=None, classes=None):
        super().__init__(owner)
        self.class_weight, self.classes = class_weight, classes

    def check(self, y, data):
        n_labels = values_per_sequence(y)
        for i in np.flatnonzero(n_labels != 1)[:1]:
            raise ValueError(
                f"y[{i}] has {n_labels[i]} labels, but {self.owner} needs one for each sequence: "
                "pass y of shape (n_sequences,), of one-hot rows y.argmax(axis=1). SequenceTagger "
                "learns one label for each step."
            )
        y = column_or_1d(
            check_array(y, ensure_2d=False, dtype=None, input_name="y", allow_nd=True), warn=True
        )
        check_classification_targets(y)
        return y

    def learn(self, y, weight):
        if self.classes is None:
            self.classes = LabelEncoder().fit(y).classes_

    def resume(self, earlier):
        self.classes, self.is_learnt = earlier.classes, True

    @property
    def n_outputs(self):
        return len(self.classes)

    def encode(self, y, held_out=False):
        if held_out:
            return self.encode_held_out(y)
        unseen = np.setdiff1d(y, self.classes)
        if len(unseen):
            raise ValueError(
                f"y has the labels {unseen}, which are not among the classes {self.classes}: name "
                "all of them in `classes` at the first call of partial_fit, or fit anew with "
                "warm_start=False."
            )
        return np.searchsorted(self.classes, y)

    def encode_held_out(self, y):
        """Integers for labels; those that were not learnt get one that is never predicted."""
        known = np.isin(y, self.classes)
        if not known.any():
            raise ValueError(
                f"No label of y_val, such as {y[0]!r}, is one of y, which are {self.classes}: give "
                "both the same labels."
            )
        target = np.full(len(y), self.n_outputs)
        target[known] = self.encode(y[known])
        return target

    def choose(self, params, outputs, packing):
        return outputs.argmax(axis=1)

    def decode(self, encoded):
        return self.classes[encoded]

    def score(self, held_out, encoded):
        return accuracy_score(held_out.target, encoded, sample_weight=held_out.weight)

    def attributes(self):
        return {"classes_": self.classes, "n_outputs_": self.n_outputs}

    def restore(self, attributes):
        self.classes, self.is_learnt = attributes["classes_"], True

    def weigh(self, y, weight):
        """Weight of each label's class, given the labels' own weights."""
        if self.class_weight is None:
            return 1.0
        used = weight > 0
        # A class without weight would be given an infinite balanced one.
        classes, code = np.unique(y[used], return_inverse=True)
        named = classes
        if self.class_weight != "balanced":
            named = np.union1d(self.classes, classes)
        of_class = compute_class_weight(
            self.class_weight, classes=named, y=classes, sample_weight=sums(weight[used], code)
        )
        if (of_class < 0).any():
            raise ValueError(
                f"class_weight must not be negative, but is {self.class_weight!r}: leave a class "
                "out with a weight of 0."
            )
        result = np.zeros(len(weight))
        result[used] = of_class[np.searchsorted(named, classes)][code]
        return result


def sums(values, group):
    """Sum the values of each group. `fsum` rounds once, so that their order changes no bit."""
    ends = np.cumsum(np.bincount(group))
    return [fsum(part) for part in np.split(values[np.argsort(group)], ends)[:-1]]
