"""Scores for sequences of symbols whose lengths need not agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from skrnn._data.ragged import sequence_starts
from skrnn._data.symbols import read_symbols
from skrnn._data.values import check_same_length
from skrnn._data.weights import weights_of_sequences
from skrnn._typing import Sequences

PAIRS_AT_ONCE = 256


def edit_distance(y_true: Sequences, y_pred: Sequences) -> np.ndarray:
    """Count the fewest edits that make one sequence of symbols of another.

    An edit inserts a symbol, deletes one, or puts one in the place of another (Levenshtein, 1966).

    Parameters
    ----------
    y_true, y_pred : sequences of symbols
        As many of each: strings, which are the sequences of their characters, or lists, tuples or
        arrays of symbols. They may be empty.

    Returns
    -------
    distances : ndarray of int, shape (n_sequences,)
        One for each pair.

    Raises
    ------
    ValueError
        If there are not as many sequences in `y_pred` as in `y_true`.
    TypeError
        If they hold no sequences of symbols, or one holds strings and the other does not.

    Examples
    --------
    >>> from skrnn.metrics import edit_distance
    >>> edit_distance(["kitten", "abc"], ["sitting", "abc"])
    array([3, 0])
    >>> edit_distance([["K", "AE", "T"]], [["K", "EY", "T", "S"]])
    array([2])
    """
    return read_and_count(y_true, y_pred)[0]


def symbol_error_rate(
    y_true: Sequences, y_pred: Sequences, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the number of edits for each true symbol: the error rate of words or characters.

    All edits are divided by all true symbols, so that long sequences count more than short ones.
    The rate may be larger than 1, if too much is predicted.

    Parameters
    ----------
    y_true, y_pred : sequences of symbols
        As many of each, see :func:`edit_distance`.
    sample_weight : array-like of shape (n_sequences,), default=None
        Weight of each sequence. None weighs all equally.

    Returns
    -------
    rate : float
        0 is best.

    Raises
    ------
    ValueError
        If there are not as many sequences in `y_pred` as in `y_true`, or no symbols in `y_true`.
    TypeError
        If they hold no sequences of symbols, or one holds strings and the other does not.

    Examples
    --------
    >>> from skrnn.metrics import symbol_error_rate
    >>> round(symbol_error_rate(["kitten", "abc"], ["sitting", "abc"]), 4)
    0.3333
    """
    distances, lengths = read_and_count(y_true, y_pred)
    weight = weights_of_sequences(sample_weight, len(lengths), "y_true")
    total = float(weight @ lengths)
    if not total > 0:
        raise ValueError(
            "y_true has no symbols of positive weight, so that there is no rate of errors: "
            "edit_distance counts the symbols that are predicted in vain."
        )
    return float(weight @ distances) / total


def read_and_count(y_true, y_pred):
    """Edit distance of each pair, and number of true symbols, (n_sequences,) both."""
    true, pred = (
        read_symbols(y, name, may_be_empty=True)
        for y, name in ((y_true, "y_true"), (y_pred, "y_pred"))
    )
    check_same_length(y_true=true.lengths, y_pred=pred.lengths)
    if true.numbers.size and pred.numbers.size and (true.kind == "str") != (pred.kind == "str"):
        raise TypeError(
            f"y_true holds sequences of type {true.kind} and y_pred of type {pred.kind}: the "
            "symbols of a string are its characters. Pass strings only, or lists only."
        )
    number = {symbol: i for i, symbol in enumerate(true.distinct)}
    same = np.array([number.get(symbol, -1) for symbol in pred.distinct], np.intp)
    found = same[pred.numbers] if pred.numbers.size else np.empty(0, np.intp)
    return count_edits(true.numbers, true.lengths, found, pred.lengths), true.lengths


def count_edits(true, true_lengths, pred, pred_lengths):
    """Edit distance of each pair, given numbers that lie end to end; -1 is like no other."""
    result, order = np.empty(len(true_lengths), np.intp), np.argsort(true_lengths, kind="stable")
    for start in range(0, len(order), PAIRS_AT_ONCE):
        pairs = order[start : start + PAIRS_AT_ONCE]
        result[pairs] = edits_side_by_side(
            padded(true, true_lengths, pairs),
            true_lengths[pairs],
            padded(pred, pred_lengths, pairs),
            pred_lengths[pairs],
        )
    return result


def padded(numbers, lengths, chosen):
    """Lay some sequences side by side: (n, length of the longest); what lies behind is any."""
    first, lengths = sequence_starts(lengths)[chosen], lengths[chosen]
    columns = np.arange(lengths.max())
    rows = np.minimum(first[:, None] + columns, max(0, len(numbers) - 1))
    return numbers[rows] if len(numbers) else np.full(rows.shape, -1)


def edits_side_by_side(true, true_lengths, pred, pred_lengths):
    """Edit distances by dynamic programming, for all pairs and all places in `pred` at once.

    Entry j of row t is the distance of the first t true and the first j predicted symbols. An
    insertion leads from one entry to the next of the same row: the fewest edits with any number
    of them are a running minimum.
    """
    n, places = len(true), np.arange(pred.shape[1] + 1)
    row, result = np.tile(places, (n, 1)), np.array(pred_lengths)
    for t in range(true.shape[1]):
        deleted = row + 1
        deleted[:, 1:] = np.minimum(deleted[:, 1:], row[:, :-1] + (pred != true[:, t, None]))
        row = np.minimum.accumulate(deleted - places, axis=1) + places
        ended = true_lengths == t + 1
        result[ended] = row[ended, pred_lengths[ended]]
    return result
