"""Which labels of steps are taken for which."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.metrics import ConfusionMatrixDisplay

from skrnn._typing import Label, Sequences
from skrnn.metrics import flatten_labels


class StepConfusionDisplay(ConfusionMatrixDisplay):
    """Confusion matrix of the labels of steps, such as parts of speech.

    It is scikit-learn's `ConfusionMatrixDisplay`, whose attributes and method ``plot`` it has, for
    sequences of labels. Use :meth:`from_estimator` or :meth:`from_predictions`. It needs
    matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    confusion_matrix : array-like of shape (n_classes, n_classes)
        True labels by row, predicted ones by column.
    display_labels : array-like of shape (n_classes,), default=None
        Names of the labels; None numbers them.

    See Also
    --------
    skrnn.metrics.flatten_labels : Labels end to end, for any metric of scikit-learn.

    Examples
    --------
    >>> from skrnn.inspection import StepConfusionDisplay
    >>> y_true, y_pred = [["N", "V"], ["V"]], [["N", "N"], ["V"]]
    >>> display = StepConfusionDisplay.from_predictions(y_true, y_pred)  # doctest: +SKIP
    """

    def __init__(self, confusion_matrix: ArrayLike, *, display_labels: ArrayLike | None = None):
        super().__init__(confusion_matrix, display_labels=display_labels)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        y: Sequences,
        *,
        ignore_label: Label = None,
        **matrix_kwargs: Any,
    ) -> Self:
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator that labels steps, such as a SequenceTagger, or a Pipeline with one.
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        y : sequences of labels
            The true labels.
        ignore_label : label, default=None
            Steps with this true label are left out.
        **matrix_kwargs : dict
            As for ``ConfusionMatrixDisplay.from_predictions``, such as ``normalize`` and ``ax``.

        Returns
        -------
        display : StepConfusionDisplay
            The display, drawn.
        """
        return cls.from_predictions(
            y, estimator.predict(X), ignore_label=ignore_label, **matrix_kwargs
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Sequences,
        y_pred: Sequences,
        *,
        ignore_label: Label = None,
        **matrix_kwargs: Any,
    ) -> Self:
        """Draw true labels against predicted ones.

        Parameters
        ----------
        y_true, y_pred : sequences of labels
            True and predicted labels, one for each step.
        ignore_label : label, default=None
            Steps with this true label are left out.
        **matrix_kwargs : dict
            As for ``ConfusionMatrixDisplay.from_predictions``, such as ``normalize`` and ``ax``.

        Returns
        -------
        display : StepConfusionDisplay
            The display, drawn.
        """
        labels = flatten_labels(y_true, y_pred, ignore_label=ignore_label)
        return super().from_predictions(*labels, **matrix_kwargs)
