"""Scores for one label per time step: by token, by sequence and by span.

Everywhere, the labels of many sequences are a list of lists, a list or 1-D object array of
arrays, or an array or data frame of shape (n_sequences, n_steps). Sequences may differ in length:
nothing is padded, so no score can count padding.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics, model_selection
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from skrnn._compat import Scorer
from skrnn._data.steps import are_known, end_to_end, is_flat
from skrnn._typing import Label, Score, Sequences

__all__ = [
    "Span",
    "allowed_transitions",
    "cross_val_predict",
    "extract_spans",
    "flatten_labels",
    "sequence_accuracy_score",
    "sequence_accuracy_scorer",
    "span_classification_report",
    "span_f1_score",
    "span_f1_scorer",
    "span_precision_recall_f1_support",
    "span_precision_score",
    "span_precision_scorer",
    "span_recall_score",
    "span_recall_scorer",
    "token_accuracy_score",
    "token_accuracy_scorer",
    "token_classification_report",
]

_PREFIXES = {"conlleval": "BIES", "bio": "BI", "iobes": "BIES"}


class Span(NamedTuple):
    """A labelled span: the tokens ``start:stop`` of a sequence."""

    label: str
    start: int
    stop: int


def flatten_labels(
    y_true: Sequences, y_pred: Sequences, *, ignore_label: Label = None
) -> tuple[np.ndarray, np.ndarray]:
    """Put the labels of all sequences end to end, ready for any scikit-learn metric.

    Parameters
    ----------
    y_true, y_pred : sequences of labels
        True and predicted labels, one per time step.
    ignore_label : label, default=None
        Steps with this true label are left out. None leaves out nothing.

    Returns
    -------
    y_true, y_pred : ndarray of shape (n_steps,)
        The labels of all steps that are not left out.

    Raises
    ------
    ValueError
        If the sequences of `y_true` and `y_pred` differ in number or length.

    Examples
    --------
    >>> from sklearn.metrics import confusion_matrix
    >>> from skrnn.metrics import flatten_labels
    >>> y_true, y_pred = flatten_labels([["N", "V"], ["V"]], [["N", "N"], ["V"]])
    >>> confusion_matrix(y_true, y_pred)
    array([[1, 0],
           [1, 1]])
    """
    true, pred, _, keep = _read_pair(y_true, y_pred, ignore_label)
    return true[keep], pred[keep]


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
        Steps with this true label do not count. None counts every step.

    Returns
    -------
    score : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If lengths differ, or the steps that count have no weight.

    Examples
    --------
    >>> from skrnn.metrics import token_accuracy_score
    >>> token_accuracy_score([["N", "V", "N"], ["V"]], [["N", "N", "N"], ["V"]])
    0.75
    """
    true, pred, lengths, keep = _read_pair(y_true, y_pred, ignore_label)
    weight = None if sample_weight is None else _step_weights(sample_weight, lengths)[keep]
    return _weighted_mean(true[keep] == pred[keep], weight)


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
        Steps with this true label do not count, nor do sequences that have no other. None counts
        every step.

    Returns
    -------
    score : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If lengths differ, or the sequences that count have no weight.

    Examples
    --------
    >>> from skrnn.metrics import sequence_accuracy_score
    >>> sequence_accuracy_score([["N", "V", "N"], ["V"]], [["N", "N", "N"], ["V"]])
    0.5
    """
    true, pred, lengths, keep = _read_pair(y_true, y_pred, ignore_label)
    sequence = np.repeat(np.arange(len(lengths)), lengths)[keep]
    wrong = sequence[true[keep] != pred[keep]]
    counted = np.unique(sequence)
    if sample_weight is not None:
        sample_weight = _sequence_weights(sample_weight, len(lengths))[counted]
    return _weighted_mean(np.isin(counted, wrong, invert=True), sample_weight)


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
        Weight of each sequence or of each time step. None weighs all steps equally.
    ignore_label : label, default=None
        Steps with this true label do not count. None counts every step.
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
    true, pred, lengths, known = _read_pair(y_true, y_pred, ignore_label)
    weight = None if sample_weight is None else _step_weights(sample_weight, lengths)[known]
    return metrics.classification_report(true[known], pred[known], sample_weight=weight, **kwargs)


def extract_spans(y: Sequences, *, scheme: str = "conlleval") -> list[list[Span]]:
    """List the labelled spans of each sequence.

    Tags are ``O`` outside of spans, else a prefix and a label such as ``B-PER``: ``B`` begins a
    span, ``I`` is inside, ``E`` ends one, ``S`` is a span of its own.

    Parameters
    ----------
    y : sequences of str
        One tag per time step.
    scheme : {'conlleval', 'bio', 'iobes'}, default='conlleval'
        Which spans count. 'conlleval' takes the tags of either scheme and lets every tag other
        than ``O`` belong to a span, as the CoNLL evaluation script does: an ``I`` or ``E`` that
        continues nothing begins a span. 'bio' leaves out spans that do not begin with ``B``;
        'iobes' leaves out all but ``S`` and ``B``, any ``I``, ``E``.

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
    .. [1] Tjong Kim Sang, E. F., & Buchholz, S. (2000). Introduction to the CoNLL-2000 shared
       task: chunking. Proceedings of CoNLL-2000.

    Examples
    --------
    >>> from skrnn.metrics import extract_spans
    >>> extract_spans([["B-PER", "I-PER", "O", "I-LOC"]])
    [[Span(label='PER', start=0, stop=2), Span(label='LOC', start=3, stop=4)]]
    >>> extract_spans([["B-PER", "I-PER", "O", "I-LOC"]], scheme="bio")
    [[Span(label='PER', start=0, stop=2)]]
    """
    tags, lengths = end_to_end(y, "y")
    labels, starts, stops = _find_spans(tags, lengths, scheme)
    first = np.cumsum(lengths) - lengths
    # Searching the ends of the sequences, for an empty one shares its beginning with the next.
    sequence = np.searchsorted(first + lengths, starts, side="right")
    found = labels, starts - first[sequence], stops - first[sequence]
    spans = [[] for _ in lengths]
    for i, *span in zip(sequence, *(values.tolist() for values in found), strict=True):
        spans[i].append(Span(*span))
    return spans


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
        Span labels to score, in this order. None takes all that occur, sorted.
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
    .. [1] Tjong Kim Sang, E. F., & Buchholz, S. (2000). Introduction to the CoNLL-2000 shared
       task: chunking. Proceedings of CoNLL-2000.

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
    # Without a label to score, a label that never occurs gives `zero_division`.
    positive = np.arange(1, 1 + max(len(names), average is not None))
    return metrics.precision_recall_fscore_support(
        *codes, labels=positive, average=average, zero_division=zero_division, sample_weight=weight
    )


def span_precision_score(y_true: Sequences, y_pred: Sequences, **kwargs: Any) -> Score:
    """Compute the share of predicted spans that are right.

    Parameters
    ----------
    y_true, y_pred : sequences of str
        True and predicted tags, one per time step.
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
        True and predicted tags, one per time step.
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
        True and predicted tags, one per time step.
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
        True and predicted tags, one per time step.
    labels : list of str, default=None
        Span labels to report, in this order. None takes all that occur, sorted.
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


class _TaggingScorer(Scorer):
    """Scorer that leaves out the steps that a tagger leaves out: those of its `ignore_label`."""

    def _score(self, method_caller, estimator, X, y_true, **kwargs):
        parameters = {"ignore_label": _ignore_label(estimator), **kwargs}
        return super()._score(method_caller, estimator, X, y_true, **parameters)


def _ignore_label(estimator):
    """Return that of a tagger, of one at the end of a Pipeline, or of one in a search."""
    if hasattr(estimator, "ignore_label"):
        return estimator.ignore_label
    if isinstance(estimator, Pipeline):
        return _ignore_label(estimator.steps[-1][1])
    inner = getattr(estimator, "best_estimator_", getattr(estimator, "estimator", None))
    return None if inner is None else _ignore_label(inner)


def _tagging_scorer(score_function):
    return _TaggingScorer(score_function, 1, {}, "predict")


token_accuracy_scorer: Callable[..., float] = _tagging_scorer(token_accuracy_score)
sequence_accuracy_scorer: Callable[..., float] = _tagging_scorer(sequence_accuracy_score)
span_precision_scorer: Callable[..., float] = _tagging_scorer(span_precision_score)
span_recall_scorer: Callable[..., float] = _tagging_scorer(span_recall_score)
span_f1_scorer: Callable[..., float] = _tagging_scorer(span_f1_score)


def allowed_transitions(
    tags: ArrayLike, *, scheme: str = "bio"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell which tags may follow which in well-formed sequences.

    Parameters
    ----------
    tags : array-like of str, shape (n_tags,)
        The tags, for instance the ``classes_`` of a tagger.
    scheme : {'bio', 'iobes'}, default='bio'
        'bio': ``I-X`` only after ``B-X`` or ``I-X``. 'iobes': besides, what ``B-X`` begins goes
        on with ``I-X`` until ``E-X``.

    Returns
    -------
    transitions : ndarray of bool, shape (n_tags, n_tags)
        Whether the tag of the column may follow the tag of the row.
    start, end : ndarray of bool, shape (n_tags,)
        Whether the tag may be the first, or the last, of a sequence.

    Raises
    ------
    ValueError
        If a tag is not one of the scheme.

    Examples
    --------
    >>> from skrnn.metrics import allowed_transitions
    >>> transitions, start, end = allowed_transitions(["B-PER", "I-PER", "O"])
    >>> transitions
    array([[ True,  True,  True],
           [ True,  True,  True],
           [ True, False,  True]])
    >>> start, end
    (array([ True, False,  True]), array([ True,  True,  True]))
    """
    label, opens, continues = _read_tags(np.asarray(tags).tolist(), scheme)
    must_go_on = opens if scheme == "iobes" else np.zeros_like(opens)
    joins = opens[:, None] & continues & (label[:, None] == label)
    return joins | ~(must_go_on[:, None] | continues), ~continues, ~must_go_on


def cross_val_predict(
    estimator: Any,
    X: Sequences,
    y: Sequences = None,
    *,
    groups: ArrayLike | None = None,
    cv: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    params: dict[str, Any] | None = None,
    pre_dispatch: int | str = "2*n_jobs",
    method: str = "predict",
    ignore_label: Label = None,
) -> np.ndarray:
    """Predict every sequence with a model that was fitted without it.

    :func:`sklearn.model_selection.cross_val_predict` for one label per time step, where that
    function cannot return probabilities. With one label per sequence, it is that function.

    Parameters
    ----------
    estimator : estimator
        It is cloned for each split.
    X : sequences
        As `estimator` accepts them.
    y : sequences of labels or array-like of shape (n_sequences,)
        The target.
    groups : array-like of shape (n_sequences,), default=None
        Groups for `cv` to keep together.
    cv : int, splitter or iterable, default=None
        Number of folds, or what makes them; None means 5.
    n_jobs : int, default=None
        Processes; None means 1 unless in a :class:`joblib.parallel_config` context.
    verbose : int, default=0
        How much is printed.
    params : dict, default=None
        Passed to `fit` of the estimator and `split` of the splitter.
    pre_dispatch : int or str, default='2*n_jobs'
        Jobs that are dispatched ahead.
    method : str, default='predict'
        Method to call: 'predict', 'predict_proba', 'predict_log_proba' or 'decision_function'.
    ignore_label : label, default=None
        A label that is none of the classes. None takes the `ignore_label` of `estimator`.

    Returns
    -------
    predictions : ndarray of shape (n_sequences,) of arrays, or (n_sequences, n_steps, ...)
        The result of `method` for each sequence; one array if X is one. Columns are the sorted
        labels of y. Where a label does not occur in what a model was fitted to, its
        probability is 0, its log-probability and decision the lowest finite number.

    Raises
    ------
    ValueError
        If y and the estimator differ in what they ignore, or as scikit-learn's function does.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from skrnn.metrics import cross_val_predict
    >>> class Shares(BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.classes_, counts = np.unique(np.concatenate(y), return_counts=True)
    ...         self.shares_ = counts / counts.sum()
    ...         return self
    ...     def predict_proba(self, X):
    ...         return [np.tile(self.shares_, (len(x), 1)) for x in X]
    >>> X = [np.zeros((2, 1)), np.zeros((1, 1))]
    >>> y = [["N", "V"], ["N"]]
    >>> cross_val_predict(Shares(), X, y, cv=2, method="predict_proba").tolist()
    [array([[1., 0.],
           [1., 0.]]), array([[0.5, 0.5]])]
    """
    options = {
        "groups": groups,
        "cv": cv,
        "n_jobs": n_jobs,
        "verbose": verbose,
        "params": params,
        "pre_dispatch": pre_dispatch,
    }
    if y is None or is_flat(y):
        return model_selection.cross_val_predict(estimator, X, y, method=method, **options)
    ignored = _ignore_label(estimator) if ignore_label is None else ignore_label
    labels, _ = end_to_end(y, "y")
    classes = np.unique(labels[are_known(labels, ignored)])
    predictions = model_selection.cross_val_predict(
        _Predictor(estimator, method, classes), X, y, **options
    )
    return np.stack(predictions) if getattr(X, "ndim", 1) > 1 else predictions


class _Predictor(BaseEstimator):
    """`estimator` with `method` as its predict: one array per sequence, a column per class."""

    def __init__(self, estimator, method, classes):
        self.estimator = estimator
        self.method = method
        self.classes = classes

    def get_metadata_routing(self):
        return self.estimator.get_metadata_routing()

    def fit(self, X, y, **params):
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        return self

    def predict(self, X):
        outputs = getattr(self.estimator_, self.method)(X)
        predictions = np.empty(len(outputs), dtype=object)
        for i, output in enumerate(outputs):
            predictions[i] = output if output.ndim == 1 else self._with_all_classes(output)
        return predictions

    def _with_all_classes(self, output):
        if not np.isin(self.estimator_.classes_, self.classes).all():
            raise ValueError(
                f"The estimator has the classes {self.estimator_.classes_}, but y without "
                f"ignore_label has {self.classes}: give both the same ignore_label."
            )
        lowest = 0 if self.method == "predict_proba" else np.finfo(output.dtype).min
        full = np.full((len(output), len(self.classes)), lowest, output.dtype)
        full[:, np.searchsorted(self.classes, self.estimator_.classes_)] = output
        return full


def _read_pair(y_true, y_pred, ignore_label):
    """Return both sides' labels end to end, their common lengths, and which steps count."""
    true, lengths = end_to_end(y_true, "y_true")
    pred, pred_lengths = end_to_end(y_pred, "y_pred")
    if len(lengths) != len(pred_lengths):
        raise ValueError(f"y_true has {len(lengths)} sequences but y_pred has {len(pred_lengths)}.")
    differ = np.flatnonzero(lengths != pred_lengths)
    if len(differ):
        i = differ[0]
        raise ValueError(
            f"y_true[{i}] has {lengths[i]} labels but y_pred[{i}] has {pred_lengths[i]}. "
            "Each time step needs one label in both."
        )
    is_text = [labels.dtype.kind == "U" for labels in (true, pred)]
    if len(true) and is_text[0] != is_text[1] and "O" not in (true.dtype.kind, pred.dtype.kind):
        raise ValueError(
            f"The labels of y_true are {true.dtype} but those of y_pred are {pred.dtype}. "
            "Give both the same type."
        )
    return true, pred, lengths, are_known(true, ignore_label)


def _step_weights(sample_weight, lengths):
    """Expand weights of sequences, or of steps, to one weight per step."""
    if is_flat(sample_weight):
        return np.repeat(_sequence_weights(sample_weight, len(lengths)), lengths)
    weight, weight_lengths = end_to_end(sample_weight, "sample_weight")
    if not np.array_equal(weight_lengths, lengths):
        raise ValueError("sample_weight must have one weight per sequence or one per time step.")
    return weight


def _sequence_weights(sample_weight, n_sequences):
    """Return one weight per sequence."""
    if not is_flat(sample_weight) or np.shape(sample_weight) != (n_sequences,):
        raise ValueError(f"sample_weight must have one weight for each of {n_sequences} sequences.")
    return np.asarray(sample_weight, dtype=float)


def _weighted_mean(right, weight):
    if len(right) == 0 or (weight is not None and np.sum(weight) == 0):
        raise ValueError("There is nothing to score: no time step counts or all weights are 0.")
    return float(np.average(right, weights=weight))


def _read_tags(tags, scheme):
    """Return of each tag its label, "" for O, and whether it opens or continues a span.

    Two tags in a row belong to one span if the first opens, the second continues and their
    labels are equal.
    """
    if scheme not in _PREFIXES:
        raise ValueError(f"scheme must be one of {sorted(_PREFIXES)}. Got {scheme!r}.")
    prefixes, labels = [], []
    for tag in tags:
        prefix, _, label = str(tag).partition("-")
        if tag != "O" and prefix not in tuple(_PREFIXES[scheme]):
            raise ValueError(
                f"{tag!r} is no tag of scheme={scheme!r}, in which tags are 'O' or begin with "
                f"one of {', '.join(_PREFIXES[scheme])}, as in 'B-PER'."
            )
        prefixes.append(prefix)
        labels.append("" if tag == "O" else label or "_")
    prefixes = np.array(prefixes)
    return np.array(labels), np.isin(prefixes, ["B", "I"]), np.isin(prefixes, ["I", "E"])


def _find_spans(tags, lengths, scheme):
    """Return label, first step and end of each span, counting steps through all sequences."""
    number = {}
    codes = np.array([number.setdefault(tag, len(number)) for tag in tags.tolist()], dtype=np.intp)
    label, opens, continues = (values[codes] for values in _read_tags(number, scheme))
    joins = np.zeros(len(tags) + 1, dtype=bool)
    joins[1:-1] = opens[:-1] & continues[1:] & (label[:-1] == label[1:])
    joins[np.cumsum(lengths)] = False
    first = np.flatnonzero((label != "") & ~joins[:-1])
    last = np.flatnonzero((label != "") & ~joins[1:])
    if scheme != "conlleval":
        well_formed = ~continues[first] & ((scheme == "bio") | ~opens[last])
        first, last = first[well_formed], last[well_formed]
    return label[first], first, last + 1


def _match_spans(y_true, y_pred, labels, scheme, ignore_label, sample_weight):
    """Turn span matching into classification of the places where a span is or should be.

    Returns the true and predicted class of each place, 0 for none and otherwise counting the
    names from 1, the names, and the weight of each place or None.
    """
    true, pred, lengths, keep = _read_pair(y_true, y_pred, ignore_label)
    sequence = np.repeat(np.arange(len(lengths)), lengths)[keep]
    lengths = np.bincount(sequence, minlength=len(lengths))
    sides = [_find_spans(tags[keep], lengths, scheme) for tags in (true, pred)]
    found = np.concatenate([label for label, _, _ in sides])
    names = sorted(set(found.tolist())) if labels is None else list(labels)
    number = {str(name): i for i, name in enumerate(names, start=1)}
    # A span-free place of its own, for scikit-learn refuses empty arrays.
    places = [np.array([-1])] + [start * (len(true) + 1) + stop for _, start, stop in sides]
    every = np.unique(np.concatenate(places))
    codes = np.zeros((2, len(every)), dtype=np.intp)
    for code, place, (label, _, _) in zip(codes, places[1:], sides, strict=True):
        code[np.searchsorted(every, place)] = [number.get(name, 0) for name in label.tolist()]
    if sample_weight is None:
        return codes, names, None
    # The weight of the first place does not matter, but that there is one.
    weight = np.append(_sequence_weights(sample_weight, len(lengths)), 1.0)
    place = np.append(sequence, len(lengths))[every // (len(true) + 1)]
    return codes, names, weight[place]
