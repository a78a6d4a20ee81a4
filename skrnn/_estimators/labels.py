"""What estimators of class labels share: partial_fit with all the classes there will be."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier

from skrnn._compat import check_parameters, with_callbacks
from skrnn._data.labels import as_labels, check_labels
from skrnn._estimators.parameters import is_stochastic
from skrnn._estimators.reading import STATES_NOT_ROUTED
from skrnn._typing import Sequences, available_if


def _read_classes(classes):
    """Return the different classes in order."""
    labels = as_labels(classes, "classes")
    if labels.ndim != 1:
        raise ValueError(f"classes must be a list of labels, got the shape {labels.shape}.")
    return np.unique(check_labels(labels, "classes", "name labels of one type."))


class LabelsMixin:
    """What estimators of class labels share."""

    classes_: np.ndarray

    __metadata_request__predict_proba = STATES_NOT_ROUTED

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
        # A wrong parameter is the first thing to be told, also where classes are lacking.
        check_parameters(self)
        if classes is not None:
            classes = _read_classes(classes)
        if not self.__sklearn_is_fitted__():
            if classes is None and is_classifier(self):
                raise ValueError("classes must be passed on the first call to partial_fit.")
        elif classes is not None and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes={classes} is not the same as on the last call to partial_fit: "
                f"{self.classes_}."
            )
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)
