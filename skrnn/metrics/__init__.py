"""Scores for one label per time step, by token, by sequence and by span; and for symbols.

For labels of steps, the labels of many sequences are a list of lists, a list or 1-D object array of
arrays, or an array or data frame of shape (n_sequences, n_steps). Sequences may differ in length:
nothing is padded, so no score can count padding. Sequences of symbols, which no steps belong to,
are those of `SequenceTranslator` and `SequenceGenerator`.
"""

from skrnn._tagging import allowed_transitions
from skrnn.metrics._cross_val import cross_val_predict
from skrnn.metrics._scorers import (
    neg_symbol_error_rate_scorer,
    sequence_accuracy_scorer,
    span_f1_scorer,
    span_precision_scorer,
    span_recall_scorer,
    token_accuracy_scorer,
)
from skrnn.metrics._spans import (
    Span,
    extract_spans,
    span_classification_report,
    span_f1_score,
    span_precision_recall_f1_support,
    span_precision_score,
    span_recall_score,
    spans_to_tags,
)
from skrnn.metrics._symbols import edit_distance, symbol_error_rate
from skrnn.metrics._tokens import (
    flatten_labels,
    sequence_accuracy_score,
    token_accuracy_score,
    token_classification_report,
)

__all__ = [
    "Span",
    "allowed_transitions",
    "cross_val_predict",
    "edit_distance",
    "extract_spans",
    "flatten_labels",
    "neg_symbol_error_rate_scorer",
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
    "spans_to_tags",
    "symbol_error_rate",
    "token_accuracy_score",
    "token_accuracy_scorer",
    "token_classification_report",
]
