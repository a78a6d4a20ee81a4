"""Class labels: encoding, class weights, the most probable class."""

from math import fsum

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, log_expit
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_array, column_or_1d, compute_class_weight
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from skrnn._core.losses import binary_cross_entropy, cross_entropy, log_softmax
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
        if isinstance(earlier, MultiLabels):
            raise ValueError(
                f"y has one label for each sequence, but {self.owner} was fitted with several: "
                f"pass y of shape (n_sequences, {earlier.n_outputs}), or fit anew with "
                "warm_start=False."
            )
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

    def log_marginals(self, params, outputs, packing):
        """Logarithm of the probability of each class."""
        return log_softmax(outputs)

    def marginals(self, params, outputs, packing):
        """Probability of each class."""
        return np.exp(self.log_marginals(params, outputs, packing))

    def scores(self, outputs):
        """Outputs in the form of scikit-learn's decision functions."""
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

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


def is_multilabel(y):
    """Whether y has 0 and 1 for each of several labels."""
    if issparse(y):
        return True
    try:
        values = np.asarray(y)
    except (TypeError, ValueError):  # sequences of different lengths, say
        return False
    is_table = values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind in "biuf"
    return is_table and bool(np.isin(values, (0, 1)).all())


class MultiLabels(Labels):
    """Any number of labels for each sequence: y (n_sequences, n_labels) of 0 and 1.

    Each label has a logistic output of its own, and the loss is the mean over them.
    """

    loss = binary_cross_entropy

    def check(self, y, data):
        return check_array(y.toarray() if issparse(y) else y, dtype=np.int64, input_name="y")

    def learn(self, y, weight):
        if self.classes is None:
            self.classes = np.arange(y.shape[1])

    def resume(self, earlier):
        if not isinstance(earlier, MultiLabels):
            raise ValueError(
                f"y has 0 and 1 for each of several labels, but {self.owner} was fitted with one "
                "label for each sequence: pass y of shape (n_sequences,), or fit anew with "
                "warm_start=False."
            )
        self.classes, self.is_learnt = earlier.classes, True

    def encode(self, y, held_out=False):
        if y.shape[1] != self.n_outputs:
            raise ValueError(
                f"y has {y.shape[1]} labels, but {self.owner} was fitted with {self.n_outputs}: "
                f"pass y of shape (n_sequences, {self.n_outputs})."
            )
        return y.astype(float)

    def choose(self, params, outputs, packing):
        return (outputs > 0).astype(np.int64)

    def decode(self, encoded):
        return encoded

    def log_marginals(self, params, outputs, packing):
        return log_expit(outputs)

    def marginals(self, params, outputs, packing):
        return expit(outputs)

    def scores(self, outputs):
        return outputs

    def weigh(self, y, weight):
        if self.class_weight is None:
            return 1.0
        return compute_sample_weight(self.class_weight, y)


def sums(values, group):
    """Sum the values of each group. `fsum` rounds once, so that their order changes no bit."""
    ends = np.cumsum(np.bincount(group))
    return [fsum(part) for part in np.split(values[np.argsort(group)], ends)[:-1]]
