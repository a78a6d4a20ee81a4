"""Scores by labelled span."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics

from skrnn._data.ragged import sequence_of_rows, sequence_starts
from skrnn._data.steps import concatenate_steps
from skrnn._data.symbols import has_hash
from skrnn._data.values import as_array, as_list, check_integer
from skrnn._data.weights import weights_of_sequences
from skrnn._tagging import find_spans, tags_of_spans
from skrnn._typing import Score, Sequences
from skrnn.metrics._tokens import read_pair


class Span(NamedTuple):
    """A labelled span: the tokens ``start:stop`` of a sequence."""

    label: str
    start: int
    stop: int


def extract_spans(y: Sequences, *, scheme: str = "conlleval") -> list[list[Span]]:
    """List the labelled spans of each sequence.

    Tags are ``O`` outside of spans, else a prefix and a label such as ``B-PER``: ``B`` begins a
    span, ``I`` is inside, ``E`` ends one, ``S`` is a span of its own.

    Parameters
    ----------
    y : sequences of str
        One tag per time step.
    scheme : {'conlleval', 'bio', 'iobes', 'bilou', 'bmes'}, default='conlleval'
        Which spans count. 'conlleval' takes the tags of any scheme and lets every tag other
        than ``O`` belong to a span, as the CoNLL evaluation script does: an ``I`` or ``E`` that
        continues nothing begins a span. 'bio' leaves out spans that do not begin with ``B``;
        'iobes' leaves out all but ``S`` and ``B``, any ``I``, ``E``. 'bilou' has ``L`` for ``E``
        and ``U`` for ``S``, 'bmes' ``M`` for ``I``.

    Returns
    -------
    spans : list of list of Span
        For each sequence its spans ``(label, start, stop)`` in order; the tokens are
        ``sequence[start:stop]``. A tag without a label, such as ``B``, has the label ``_``.

    Raises
    ------
    ValueError
        If a tag is not one of the scheme.

    References
    ----------
    Tjong Kim Sang & Buchholz, 2000. Papers are listed in docs/references.md.

    Examples
    --------
    >>> from skrnn.metrics import extract_spans
    >>> extract_spans([["B-PER", "I-PER", "O", "I-LOC"]])
    [[Span(label='PER', start=0, stop=2), Span(label='LOC', start=3, stop=4)]]
    >>> extract_spans([["B-PER", "I-PER", "O", "I-LOC"]], scheme="bio")
    [[Span(label='PER', start=0, stop=2)]]
    """
    tags, lengths = concatenate_steps(y, "y")
    labels, starts, stops = find_spans(tags, lengths, scheme)
    first = sequence_starts(lengths)
    # The ends are searched, because an empty sequence shares its beginning with the next one.
    sequence = np.searchsorted(first + lengths, starts, side="right")
    found = labels, starts - first[sequence], stops - first[sequence]
    spans = [[] for _ in lengths]
    for i, *span in zip(sequence, *(values.tolist() for values in found), strict=True):
        spans[i].append(Span(*span))
    return spans


def spans_to_tags(spans: Sequences, lengths: ArrayLike, *, scheme: str = "bio") -> list[list[str]]:
    """Write spans as one tag for each step.

    Parameters
    ----------
    spans : list of list of (label, start, stop)
        For each sequence its spans, as `extract_spans` returns them; they must not overlap.
    lengths : array-like of int of shape (n_sequences,)
        Number of steps of each sequence.
    scheme : {'bio', 'iobes', 'bilou', 'bmes'}, default='bio'
        Letters that begin the tags of the steps of a span.

    Returns
    -------
    tags : list of list of str
        One tag for each step, ``O`` outside of spans.

    Raises
    ------
    ValueError
        If spans overlap or leave their sequence, or the scheme is unknown.

    Examples
    --------
    >>> from skrnn.metrics import extract_spans, spans_to_tags
    >>> spans = extract_spans([["B-PER", "I-PER", "O", "B-LOC"]])
    >>> spans_to_tags(spans, [4], scheme="bilou")
    [['B-PER', 'L-PER', 'O', 'U-LOC']]
    """
    spans = as_list(spans, "spans", "a list with the spans of each sequence")
    lengths = as_array(lengths, "lengths")
    if lengths.dtype.kind not in "iu" or lengths.shape != (len(spans),) or (lengths < 0).any():
        raise ValueError(
            f"lengths must be {len(spans)} numbers of steps, one for the spans of each sequence, "
            f"got {lengths.tolist()!r}."
        )
    found = [as_list(own, f"spans[{i}]", "a list of spans") for i, own in enumerate(spans)]
    return [tags_of_spans(own, n, scheme) for own, n in zip(found, lengths.tolist(), strict=True)]


def span_precision_recall_f1_support(
    y_true: Sequences,
    y_pred: Sequences,
    *,
    average: str | None = "micro",
    labels: Iterable[str] | None = None,
    scheme: str = "conlleval",
    ignore_label: str | None = None,
    zero_division: float = 0.0,
    sample_weight: ArrayLike | None = None,
) -> tuple[Score, Score, Score, Score]:
    """Compute precision, recall, F1 and support of labelled spans.

    A predicted span is right if a true span has the same beginning, end and label.

    Parameters
    ----------
    y_true, y_pred : sequences of str
        True and predicted tags, one per time step; see :func:`extract_spans`.
    average : {'micro', 'macro', 'weighted'} or None, default='micro'
        'micro' counts all spans together, as the CoNLL evaluation script does; 'macro' is the
        mean over labels; 'weighted' that mean weighted by support. None gives an array over
        labels.
    labels : list of str, default=None
        Span labels, in this order. None takes all that occur, sorted.
    scheme : {'conlleval', 'bio', 'iobes'}, default='conlleval'
        Which spans count, see :func:`extract_spans`.
    ignore_label : str, default=None
        Steps with this true tag are taken out before spans are read, from both sides.
    zero_division : float, default=0.0
        Value of a ratio without any span in its denominator.
    sample_weight : array-like of shape (n_sequences,), default=None
        Weight of each sequence's spans. None weighs all equally.

    Returns
    -------
    precision, recall, f1 : float or ndarray of shape (n_labels,)
        The share of predicted spans that are right, the share of true spans that are found, and
        the harmonic mean of both.
    support : None or ndarray of shape (n_labels,)
        Number, or weight, of the true spans of each label; None if averaged.

    Raises
    ------
    ValueError
        If lengths differ or a tag is not one of the scheme.

    References
    ----------
    Tjong Kim Sang & Buchholz, 2000. Papers are listed in docs/references.md.

    Examples
    --------
    >>> from skrnn.metrics import span_precision_recall_f1_support
    >>> y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]
    >>> y_pred = [["B-PER", "I-PER", "O", "O"], ["B-LOC", "I-LOC"]]
    >>> precision, recall, f1, _ = span_precision_recall_f1_support(y_true, y_pred)
    >>> precision, round(recall, 3), f1
    (0.5, 0.333, 0.4)
    """
    codes, names, weight = _match_spans(y_true, y_pred, labels, scheme, ignore_label, sample_weight)
    # Where there is no label to score, one that never occurs gives `zero_division`.
    positive = np.arange(1, 1 + max(len(names), average is not None))
    return metrics.precision_recall_fscore_support(
        *codes, labels=positive, average=average, zero_division=zero_division, sample_weight=weight
    )


def span_precision_score(y_true: Sequences, y_pred: Sequences, **kwargs: Any) -> Score:
    """Compute the share of predicted spans that are right.

    Parameters
    ----------
    y_true, y_pred : sequences of str
        True and predicted tags, one per time step; see :func:`extract_spans`.
    **kwargs
        Further arguments of :func:`span_precision_recall_f1_support`.

    Returns
    -------
    precision : float or ndarray of shape (n_labels,)
        Between 0 and 1; an array for ``average=None``.

    Examples
    --------
    >>> from skrnn.metrics import span_precision_score
    >>> span_precision_score([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "O"]])
    1.0
    """
    return span_precision_recall_f1_support(y_true, y_pred, **kwargs)[0]


def span_recall_score(y_true: Sequences, y_pred: Sequences, **kwargs: Any) -> Score:
    """Compute the share of true spans that are found.

    Parameters
    ----------
    y_true, y_pred : sequences of str
        True and predicted tags, one per time step; see :func:`extract_spans`.
    **kwargs
        Further arguments of :func:`span_precision_recall_f1_support`.

    Returns
    -------
    recall : float or ndarray of shape (n_labels,)
        Between 0 and 1; an array for ``average=None``.

    Examples
    --------
    >>> from skrnn.metrics import span_recall_score
    >>> span_recall_score([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "O"]])
    0.5
    """
    return span_precision_recall_f1_support(y_true, y_pred, **kwargs)[1]


def span_f1_score(y_true: Sequences, y_pred: Sequences, **kwargs: Any) -> Score:
    """Compute the harmonic mean of span precision and span recall.

    Parameters
    ----------
    y_true, y_pred : sequences of str
        True and predicted tags, one per time step; see :func:`extract_spans`.
    **kwargs
        Further arguments of :func:`span_precision_recall_f1_support`.

    Returns
    -------
    f1 : float or ndarray of shape (n_labels,)
        Between 0 and 1; an array for ``average=None``.

    Examples
    --------
    >>> from skrnn.metrics import span_f1_score
    >>> round(span_f1_score([["B-PER", "I-PER", "O", "B-LOC"]], [["B-PER", "I-PER", "O", "O"]]), 3)
    0.667

    As a scorer with other arguments:

    >>> from sklearn.metrics import make_scorer
    >>> macro_f1 = make_scorer(span_f1_score, average="macro", scheme="iobes")
    """
    return span_precision_recall_f1_support(y_true, y_pred, **kwargs)[2]


def span_classification_report(
    y_true: Sequences,
    y_pred: Sequences,
    *,
    labels: Iterable[str] | None = None,
    scheme: str = "conlleval",
    ignore_label: str | None = None,
    digits: int = 2,
    output_dict: bool = False,
    zero_division: float = 0.0,
    sample_weight: ArrayLike | None = None,
) -> Any:
    """Report precision, recall and F1 of each span label.

    Parameters
    ----------
    y_true, y_pred : sequences of str
        True and predicted tags, one per time step; see :func:`extract_spans`.
    labels : list of str, default=None
        Span labels, in this order. None takes all that occur, sorted.
    scheme : {'conlleval', 'bio', 'iobes'}, default='conlleval'
        Which spans count, see :func:`extract_spans`.
    ignore_label : str, default=None
        Steps with this true tag are taken out before spans are read, from both sides.
    digits : int, default=2
        Decimals of the text.
    output_dict : bool, default=False
        If True, return the numbers as a dict.
    zero_division : float, default=0.0
        Value of a ratio without any span in its denominator.
    sample_weight : array-like of shape (n_sequences,), default=None
        Weight of each sequence's spans. None weighs all equally.

    Returns
    -------
    report : str or dict
        As :func:`sklearn.metrics.classification_report` returns it.

    Raises
    ------
    ValueError
        If lengths differ, a tag is not one of the scheme, or there is no label to report.

    Examples
    --------
    >>> from skrnn.metrics import span_classification_report
    >>> y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]
    >>> y_pred = [["B-PER", "I-PER", "O", "O"], ["B-LOC", "I-LOC"]]
    >>> print(span_classification_report(y_true, y_pred))
                  precision    recall  f1-score   support
    <BLANKLINE>
             LOC       0.00      0.00      0.00         2
             PER       1.00      1.00      1.00         1
    <BLANKLINE>
       micro avg       0.50      0.33      0.40         3
       macro avg       0.50      0.50      0.50         3
    weighted avg       0.33      0.33      0.33         3
    <BLANKLINE>
    """
    digits = check_integer(digits, "digits", 0)
    codes, names, weight = _match_spans(y_true, y_pred, labels, scheme, ignore_label, sample_weight)
    if not names:
        raise ValueError("There is no span in y_true or y_pred, so there is no label to report.")
    return metrics.classification_report(
        *codes,
        labels=np.arange(1, 1 + len(names)),
        target_names=names,
        digits=digits,
        output_dict=output_dict,
        zero_division=zero_division,
        sample_weight=weight,
    )


def _as_names(labels):
    """Return labels of spans; raise for what cannot be one, such as a list."""
    names = as_list(labels, "labels")
    for name in names:
        if not has_hash(name):
            raise TypeError(f"labels must be a list of strings, but has {name!r}.")
    return names


def _match_spans(y_true, y_pred, labels, scheme, ignore_label, sample_weight):
    """Turn span matching into classification of the places where a span is or should be.

    Returns the true and predicted class of each place, 0 for none and otherwise counting the
    names from 1, the names, and the weight of each place or None.
    """
    true, pred, lengths, known = read_pair(y_true, y_pred, ignore_label)
    sequence = sequence_of_rows(lengths)[known]
    lengths = np.bincount(sequence, minlength=len(lengths))
    sides = [find_spans(tags, lengths, scheme) for tags in (true, pred)]
    found = np.concatenate([label for label, _, _ in sides])
    names = sorted(set(found.tolist())) if labels is None else _as_names(labels)
    number = {str(name): i for i, name in enumerate(names, start=1)}
    # One place has no span on either side, because scikit-learn refuses empty arrays.
    places = [np.array([-1])] + [start * (len(known) + 1) + stop for _, start, stop in sides]
    every = np.unique(np.concatenate(places))
    codes = np.zeros((2, len(every)), dtype=np.intp)
    for code, place, (label, _, _) in zip(codes, places[1:], sides, strict=True):
        code[np.searchsorted(every, place)] = [number.get(name, 0) for name in label.tolist()]
    if sample_weight is None:
        return codes, names, None
    # The place without a span needs a weight, too; which one does not matter.
    weight = np.append(weights_of_sequences(sample_weight, len(lengths), "y_true"), 1.0)
    place = np.append(sequence, len(lengths))[every // (len(known) + 1)]
    return codes, names, weight[place]
