"""Picture of what each symbol of a translation has read."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from skrnn._data.frames import readable
from skrnn._typing import Sequences
from skrnn.inspection._images import StepImageDisplay


class AlignmentDisplay(StepImageDisplay):
    """Picture of what each symbol of a translation has read: one row for each symbol.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    values : array-like of shape (n_steps, n_symbols)
        What is drawn.
    limits : tuple of float, default=None
        The values that the first and the last colour stand for; None takes the largest absolute
        value and its negative.
    title, row_label : str, default=None
        What is drawn, and what its rows are.
    row_names, step_names : array-like of str, default=None
        Names of the rows and of the steps; None numbers them.

    Attributes
    ----------
    values : ndarray of shape (n_steps, n_symbols)
        What is drawn.
    ax_ : matplotlib Axes
        Axes with the image.
    figure_ : matplotlib Figure
        Its figure.
    image_ : matplotlib AxesImage
        The image.
    colorbar_ : matplotlib Colorbar
        What the colours stand for.

    See Also
    --------
    skrnn.SequenceTranslator : Its ``attention_weights`` and ``align`` are the numbers.

    Examples
    --------
    >>> from skrnn import SequenceTranslator
    >>> from skrnn.inspection import AlignmentDisplay
    >>> X = [[0, 1, 2], [2, 1], [1, 0]]
    >>> model = SequenceTranslator(hidden_size=4, max_iter=3).fit(X, ["abc", "cb", "ba"])
    >>> display = AlignmentDisplay.from_estimator(model, X)  # doctest: +SKIP
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        y: Sequences = None,
        *,
        sequence: int = 0,
        step_names: ArrayLike | None = None,
        ax: Any = None,
        **image_kwargs: Any,
    ) -> Self:
        """Draw the weights of the attention or, of ``decoder='ctc'``, what each step emits.

        Parameters
        ----------
        estimator : SequenceTranslator or Pipeline
            Fitted estimator, or a Pipeline that ends with one.
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        y : list or array of sequences of symbols, default=None
            What is made of them. None takes what the estimator predicts.
        sequence : int, default=0
            Which of the sequences is drawn.
        step_names : array-like of str, default=None
            Names of the steps. None takes the tokens of a text, as a `TokenEncoder` in front cuts
            it, and else numbers.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **image_kwargs : dict
            Passed to matplotlib's ``imshow``.

        Returns
        -------
        display : AlignmentDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is not one of `step_names` for each step.
        TypeError
            If the estimator has neither an attention nor steps that emit symbols.
        """
        tokens = tokens_of(estimator, entry(X, sequence))
        if isinstance(estimator, Pipeline):
            X, estimator = estimator[:-1].transform(X), estimator[-1]
        y = estimator.predict(X) if y is None else y
        values, names = alignment(estimator, X, y, sequence)
        if step_names is None and len(tokens) == len(values):
            step_names = tokens
        display = cls(
            values=values,
            limits=(0, 1),
            title="Alignment",
            row_label="Symbol",
            row_names=names,
            step_names=step_names,
        )
        return display.plot(ax, **image_kwargs)


def tokens_of(estimator, x):
    """Tokens of a sequence of words, or of a text as a `TokenEncoder` cuts it; none of numbers."""
    if isinstance(x, str):
        encoder = estimator[0] if isinstance(estimator, Pipeline) else None
        return [own.token for own in encoder.tokenize(x)] if hasattr(encoder, "tokenize") else [*x]
    is_words = isinstance(x, (list, tuple)) and all(isinstance(token, str) for token in x)
    return x if is_words else []


def entry(values, i):
    """Entry of a list, an array or a column of a data frame, by its place."""
    values = readable(values, "y")
    return getattr(values, "iloc", values)[i]


def alignment(estimator, X, y, sequence):
    """Return how much each symbol has read of each step, (n_steps, n_symbols), and their names."""
    aligns = hasattr(estimator, "align")
    if not aligns and not hasattr(estimator, "attention_weights"):
        raise TypeError(
            f"{type(estimator).__name__} has nothing that aligns symbols with steps: pass a "
            "SequenceTranslator with an attention, or with decoder='ctc'."
        )
    names = [str(symbol) for symbol in entry(y, sequence)]
    if aligns:
        positions = estimator.align(X, y)[sequence]
        return (positions[:, None] == np.arange(len(names))).astype(float), names
    return estimator.attention_weights(X, y)[sequence].T, [*names, "(end)"]
