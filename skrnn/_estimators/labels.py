"""Class labels: encoding, class weights and partial_fit, for whatever predicts classes."""

from __future__ import annotations

from math import fsum
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import compute_class_weight

from skrnn._compat import check_parameters, with_callbacks
from skrnn._estimators.base import is_stochastic
from skrnn._typing import Sequences, available_if


class LabelsMixin:
    """What estimators of class labels share."""

    classes_: np.ndarray

    @available_if(is_stochastic)
    @with_callbacks
    def partial_fit(
        self,
        X: Sequences,
        y: Sequences,
        classes: ArrayLike | None = None,
        sample_weight: Sequences = None,
    ) -> Self:
        """Train for one epoch on more data, going on from where the last call has left off.

        Parameters
        ----------
        X : array-like or SequenceArray
            As for `fit`.
        y : array-like
            As for `fit`.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur. Classifiers require it at the first call; a
            `SequenceTagger` without it takes the labels of that call's y for all.
        sample_weight : array-like, default=None
            As for `fit`.

        Returns
        -------
        self : estimator
            The trained estimator.

        Raises
        ------
        ValueError
            If a parameter is not valid, `X`, `y` or the weights cannot be read or do not fit what
            was learnt before, `y` has labels that are not among the classes, or the loss is no
            longer finite.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        check_parameters(self)
        if classes is not None:
            classes = np.unique(classes)
        if not hasattr(self, "_theta"):
            if classes is None and is_classifier(self):
                raise ValueError("classes must be passed on the first call to partial_fit.")
        elif classes is not None and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes={classes} is not the same as on the last call to partial_fit: "
                f"{self.classes_}."
            )
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def _encode_labels(self, labels, reset, classes=None, held_out=False):
        """Integers for flat `labels`; with `reset` sets ``classes_`` and ``n_outputs_``."""
        if reset:
            self.classes_ = LabelEncoder().fit(labels).classes_ if classes is None else classes
            self.n_outputs_ = len(self.classes_)
        if held_out:
            return self._encode_held_out(labels)
        unseen = np.setdiff1d(labels, self.classes_)
        if len(unseen):
            raise ValueError(
                f"y has the labels {unseen}, which are not among the classes {self.classes_}: name "
                "all of them in `classes` at the first call of partial_fit, or fit anew with "
                "warm_start=False."
            )
        return np.searchsorted(self.classes_, labels)

    def _encode_held_out(self, labels):
        """Integers for `labels`; those that are not learnt get one that is never predicted."""
        known = np.isin(labels, self.classes_)
        if not known.any():
            raise ValueError(
                f"No label of y_val, such as {labels[0]!r}, is one of y, which are "
                f"{self.classes_}: give both the same labels."
            )
        target = np.full(len(labels), self.n_outputs_)
        target[known] = self._encode_labels(labels[known], reset=False)
        return target

    def _class_weight(self, labels, weight):
        """Weight of each label's class, given the labels' own weights."""
        if self.class_weight is None:
            return 1.0
        used = weight > 0
        # A class without weight would be given an infinite balanced one.
        classes, code = np.unique(labels[used], return_inverse=True)
        named = classes
        if self.class_weight != "balanced":
            named = np.union1d(self.classes_, classes)
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
