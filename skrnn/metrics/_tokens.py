"""Scores by token and by sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics

from skrnn._data.labels import are_known, check_labels, take_known
from skrnn._data.ragged import sequence_of_rows
from skrnn._data.steps import check_lengths_of_steps, concatenate_steps
from skrnn._data.weights import weights_of_sequences, weights_of_steps
from skrnn._typing import Label, Sequences

ONE_TYPE = "give every step a label, all of one type."
ONE_TYPE_OR_UNKNOWN = (
    "give every step a label, all of one type, or name what stands for unknown ones: "
    "ignore_label=np.nan for NaN, None for None."
)


def flatten_labels(
    y_true: Sequences, y_pred: Sequences, *, ignore_label: Label = None
) -> tuple[np.ndarray, np.ndarray]:
    """Put the labels of all sequences end to end, ready for any scikit-learn metric.

    Parameters
    ----------
    y_true, y_pred : sequences of labels
        True and predicted labels, one per time step.
    ignore_label : label, default=None
        Steps with this true label, which may be NaN, are left out. None is no label: it leaves
        out the steps that have none.

    Returns
    -------
    y_true, y_pred : ndarray of shape (n_steps,)
        The labels of all steps that are not left out.

    Raises
    ------
    ValueError
        If the sequences of `y_true` and `y_pred` differ in number or length, or a label is missing
        that `ignore_label` does not name.
    TypeError
        If the labels of one side differ in type, as 1, True and "1" do.

    Examples
    --------
    >>> from sklearn.metrics import confusion_matrix
    >>> from skrnn.metrics import flatten_labels
    >>> y_true, y_pred = flatten_labels([["N", "V"], ["V"]], [["N", "N"], ["V"]])
    >>> confusion_matrix(y_true, y_pred)
    array([[1, 0],
           [1, 1]])
    """
    return read_pair(y_true, y_pred, ignore_label)[:2]


def token_accuracy_score(
    y_true: Sequences,
    y_pred: Sequences,
    *,
    sample_weight: Sequences = None,
    ignore_label: Label = None,
) -> float:
    """Compute the share of time steps whose label is right.

    Parameters
    ----------
    y_true, y_pred : sequences of labels
        True and predicted labels, one per time step.
    sample_weight : array-like of shape (n_sequences,) or sequences of floats, default=None
        Weight of each sequence's steps, or of each step. None weighs all steps equally.
    ignore_label : label, default=None
        Steps with this true label, which may be NaN, do not count. None counts every step that has
        a label.

    Returns
    -------
    score : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If lengths differ, the steps that count have no weight, or a label is missing that
        `ignore_label` does not name.
    TypeError
        If the labels of one side differ in type, as 1, True and "1" do.

    Examples
    --------
    >>> from skrnn.metrics import token_accuracy_score
    >>> token_accuracy_score([["N", "V", "N"], ["V"]], [["N", "N", "N"], ["V"]])
    0.75
    """
    true, pred, lengths, known = read_pair(y_true, y_pred, ignore_label)
    weight = weights_of_steps(sample_weight, lengths, "y_true")
    return weighted_mean(true == pred, weight[known])


def sequence_accuracy_score(
    y_true: Sequences,
    y_pred: Sequences,
    *,
    sample_weight: ArrayLike | None = None,
    ignore_label: Label = None,
) -> float:
    """Compute the share of sequences whose labels are all right.

    Parameters
    ----------
    y_true, y_pred : sequences of labels
        True and predicted labels, one per time step.
    sample_weight : array-like of shape (n_sequences,), default=None
        Weight of each sequence. None weighs all equally.
    ignore_label : label, default=None
        Steps with this true label, which may be NaN, do not count. None counts every step that has
        a label. Nor do sequences of such steps alone.

    Returns
    -------
    score : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If lengths differ, the sequences that count have no weight, or a label is missing that
        `ignore_label` does not name.
    TypeError
        If the labels of one side differ in type, as 1, True and "1" do.

    Examples
    --------
    >>> from skrnn.metrics import sequence_accuracy_score
    >>> sequence_accuracy_score([["N", "V", "N"], ["V"]], [["N", "N", "N"], ["V"]])
    0.5
    """
    true, pred, lengths, known = read_pair(y_true, y_pred, ignore_label)
    sequence = sequence_of_rows(lengths)[known]
    wrong = sequence[true != pred]
    counted = np.unique(sequence)
    weight = weights_of_sequences(sample_weight, len(lengths), "y_true")
    return weighted_mean(np.isin(counted, wrong, invert=True), weight[counted])


def token_classification_report(
    y_true: Sequences,
    y_pred: Sequences,
    *,
    sample_weight: Sequences = None,
    ignore_label: Label = None,
    **kwargs: Any,
) -> Any:
    """Report precision, recall and F1 of each label, counted by time step.

    Parameters
    ----------
    y_true, y_pred : sequences of labels
        True and predicted labels, one per time step.
    sample_weight : array-like of shape (n_sequences,) or sequences of floats, default=None
        Weight of each sequence's steps, or of each step. None weighs all steps equally.
    ignore_label : label, default=None
        Steps with this true label, which may be NaN, do not count. None counts every step that has
        a label.
    **kwargs
        Further arguments of :func:`sklearn.metrics.classification_report`.

    Returns
    -------
    report : str or dict
        As :func:`sklearn.metrics.classification_report` returns it.

    Examples
    --------
    >>> from skrnn.metrics import token_classification_report
    >>> print(token_classification_report([["N", "V", "N"], ["V"]], [["N", "N", "N"], ["V"]]))
                  precision    recall  f1-score   support
    <BLANKLINE>
               N       0.67      1.00      0.80         2
               V       1.00      0.50      0.67         2
    <BLANKLINE>
        accuracy                           0.75         4
       macro avg       0.83      0.75      0.73         4
    weighted avg       0.83      0.75      0.73         4
    <BLANKLINE>
    """
    true, pred, lengths, known = read_pair(y_true, y_pred, ignore_label)
    weight = None  # counts would become floats
    if sample_weight is not None:
        weight = weights_of_steps(sample_weight, lengths, "y_true")[known]
    return metrics.classification_report(true, pred, sample_weight=weight, **kwargs)


def read_pair(y_true, y_pred, ignore_label):
    """Return what is known of both sides, end to end, the lengths, and which steps are known.

    The labels of a side are of one type, as in a fit. Booleans equal 0 and 1 on the other side, as
    in scikit-learn's metrics.
    """
    true, lengths = concatenate_steps(y_true, "y_true")
    pred, pred_lengths = concatenate_steps(y_pred, "y_pred")
    check_lengths_of_steps(pred_lengths, lengths, "y_pred", "y_true")
    known = are_known(true, ignore_label)
    true = check_labels(take_known(true, known), "y_true", ONE_TYPE_OR_UNKNOWN)
    pred = check_labels(take_known(pred, known), "y_pred", ONE_TYPE)
    if len({side.dtype.kind in "UO" for side in (true, pred) if len(side)}) > 1:
        raise ValueError(
            f"The labels of y_true are {true.dtype} but those of y_pred are {pred.dtype}. "
            "Give both the same type."
        )
    return true, pred, lengths, known


def weighted_mean(right, weight):
    """Return the share of what is right; raise if nothing counts, in words that say so."""
    if not weight.any():
        raise ValueError("There is nothing to score: no time step counts or all weights are 0.")
    return float(np.average(right, weights=weight))
