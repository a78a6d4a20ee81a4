"""Class labels: encoding, class weights, the most probable class."""

import math
from numbers import Real

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, log_expit
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import column_or_1d, compute_class_weight
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from skrnn._core.losses import binary_cross_entropy, cross_entropy, log_softmax
from skrnn._data.frames import to_array
from skrnn._data.labels import as_labels, check_labels
from skrnn._data.values import as_floats, checked_array, reject_masked
from skrnn._targets.target import Target, values_per_sequence

ONE_TYPE = "give every sequence a label, all of one type, and leave out those without one."


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
                "pass y of shape (n_sequences,), of one-hot rows y.argmax(axis=1). Where several "
                "may hold, RNNClassifier takes 0 and 1 for each, as from MultiLabelBinarizer. "
                "SequenceTagger learns one label for each step."
            )
        labels = column_or_1d(as_labels(y, "y"), warn=True)
        labels = check_labels(labels, "y", ONE_TYPE)
        check_classification_targets(labels)
        return labels

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

    def asked(self, name, outputs):
        if name is None:
            return outputs.argmax(axis=1)
        names = check_labels(as_labels(name, "target"), "target", "name a class.")
        names = np.broadcast_to(names, len(outputs))
        for label in names[~np.isin(names, self.classes)].tolist()[:1]:
            raise ValueError(f"target={label!r} is not among the classes {self.classes}: name one.")
        return np.searchsorted(self.classes, names)

    def explain(self, outputs, position):
        rows, doutputs = np.arange(len(outputs)), np.zeros_like(outputs)
        doutputs[rows, position] = 1
        if outputs.shape[1] == 2:  # the log odds, as the decision functions of scikit-learn
            doutputs[rows, 1 - position] = -1
        return (outputs * doutputs).sum(axis=1), doutputs

    def score(self, held_out, encoded):
        return accuracy_score(held_out.target, encoded, sample_weight=held_out.weight)

    def without_strangers(self, held_out):
        # They have no probability, and the loss would be infinite.
        strangers = held_out.target == self.n_outputs
        return held_out.without(strangers) if strangers.any() else held_out

    def gaps(self, held_out):
        if not self.knows(held_out):
            return f"It has labels that are not among the classes {self.classes.tolist()} of y."
        lacking = np.delete(self.classes, held_out.target).tolist()
        return f"It has no example of the classes {lacking}." if lacking else ""

    def knows(self, held_out):
        return bool((held_out.target < self.n_outputs).all())

    def strata(self, train, chosen, fraction):
        target = train.target[chosen]
        counts = np.bincount(target, minlength=self.n_outputs)
        for label in self.classes[counts == 1].tolist():
            raise ValueError(
                f"early_stopping=True holds out sequences of each class, but {label!r} has only 1: "
                "pass more of them or leave it out, pass X_val and y_val, or set "
                "early_stopping=False."
            )
        n_scored, n_classes = math.ceil(fraction * len(target)), np.count_nonzero(counts)
        if not n_classes <= n_scored <= len(target) - n_classes:
            raise ValueError(
                f"validation_fraction={fraction!r} of {len(target)} sequences is {n_scored}, but "
                f"both parts need one of each of the {n_classes} classes: choose another "
                "validation_fraction, or pass X_val and y_val."
            )
        return target

    def attributes(self):
        return {"classes_": self.classes, "n_outputs_": self.n_outputs}

    def restore(self, attributes):
        self.classes, self.is_learnt = attributes["classes_"], True

    def weigh(self, y, weight):
        """Weight of each label's class, given the labels' own weights."""
        if self.class_weight is None:
            return 1.0
        check_class_weight(self.class_weight)
        used = weight > 0
        # A class without weight would be given an infinite balanced one.
        classes, code = np.unique(y[used], return_inverse=True)
        named = classes
        if self.class_weight != "balanced":
            named = np.union1d(self.classes, classes)
        of_class = compute_class_weight(
            self.class_weight, classes=named, y=classes, sample_weight=sums(weight[used], code)
        )
        result = np.zeros(len(weight))
        result[used] = of_class[np.searchsorted(named, classes)][code]
        return result


def is_multilabel(y):
    """Whether y has 0 and 1 for each of several labels."""
    if issparse(y):
        return True
    try:
        reject_masked(y, "y")
        values = to_array(y, "y")
        values = np.array(values.tolist()) if values.dtype.kind == "O" else values
    except (TypeError, ValueError):  # sequences of different lengths, say
        return False
    is_table = values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind in "biuf"
    return is_table and are_indicators(values)


def are_indicators(y):
    """Whether all values are 0 or 1."""
    return bool(np.isin(y, (0, 1)).all())


class MultiLabels(Labels):
    """Any number of labels for each sequence: y (n_sequences, n_labels) of 0 and 1.

    Each label has a logistic output of its own, and the loss is the mean over them.
    """

    loss = binary_cross_entropy

    def check(self, y, data):
        y = checked_array(as_floats(y.toarray() if issparse(y) else y, "y"), "y")
        if not are_indicators(y):
            raise ValueError(
                f"y has several labels for each sequence, and {y[(y != 0) & (y != 1)][0]:g} among "
                "them: give 1 where a label applies, and 0 where it does not."
            )
        return y.astype(np.int64)

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

    def explain(self, outputs, position):
        doutputs = np.zeros_like(outputs)
        doutputs[np.arange(len(outputs)), position] = 1
        return (outputs * doutputs).sum(axis=1), doutputs

    def weigh(self, y, weight):
        if self.class_weight is None:
            return 1.0
        check_class_weight(self.class_weight)
        return compute_sample_weight(self.class_weight, y)

    def without_strangers(self, held_out):
        return held_out

    def gaps(self, held_out):
        constant = self.classes[(held_out.target == held_out.target[0]).all(axis=0)].tolist()
        return f"The labels {constant} are the same in all of it." if constant else ""

    def knows(self, held_out):
        return True

    def strata(self, train, chosen, fraction):
        return None


def check_class_weight(class_weight):
    """Raise unless all weights of classes are finite numbers and none is negative."""
    several = class_weight if isinstance(class_weight, list) else [class_weight]
    for weights in (weights for weights in several if isinstance(weights, dict)):
        for label, weight in weights.items():
            if not (isinstance(weight, Real) and 0 <= weight < math.inf):
                raise ValueError(
                    f"class_weight must hold finite numbers that are not negative, but is "
                    f"{weight!r} for the class {label!r}: leave a class out with a weight of 0."
                )


def sums(values, group):
    """Sum the values of each group. `fsum` rounds once, so that their order changes no bit."""
    ends = np.cumsum(np.bincount(group))
    return [math.fsum(part) for part in np.split(values[np.argsort(group)], ends)[:-1]]
