"""Which steps and features an answer rests on, by its gradient."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skrnn._compat import Interval, StrOptions, validate_params
from skrnn._data.labels import as_labels
from skrnn._data.values import as_floats
from skrnn._typing import Sequences
from skrnn.inspection._reading import Reading

CONSTRAINTS = {
    "method": [StrOptions({"gradient", "integrated_gradients"})],
    "n_points": [Interval(Integral, 1, None, closed="left")],
    "step": [Interval(Integral, None, None, closed="neither")],
}


@validate_params(CONSTRAINTS)
def saliency(
    estimator: Any,
    X: Sequences,
    target: Any = None,
    *,
    method: str = "integrated_gradients",
    baseline: ArrayLike | None = None,
    n_points: int = 32,
    step: int = -1,
) -> np.ndarray | list[np.ndarray]:
    """Compute how much each step and feature of a sequence counts for the answer to it.

    What is explained is a number F: of a classifier the score of a class, as in
    `decision_function` (for two classes the log odds of the class); of a regressor the prediction;
    of a language model the logarithm of the probability of the next symbol.

    Parameters
    ----------
    estimator : estimator
        A fitted recurrent estimator.
    X : array-like or SequenceArray
        Sequences in a form that `predict` takes.
    target : label, int or array-like, default=None
        The class, label or symbol whose score is explained, or the number of the output of a
        regressor; an array has one for each sequence. None explains what is predicted.
    method : {'integrated_gradients', 'gradient'}, default='integrated_gradients'
        'integrated_gradients' (Sundararajan, Taly & Yan, 2017) shares the change of F, from a
        sequence of nothing but `baseline` to the given one, out among all values: they add up to
        it. 'gradient' is dF/dx, by how much F grows with a value, for small changes; for a category
        or a token it is the product of the gradient and its vector, summed up. It takes one pass in
        place of `n_points`, and finds features, but hardly steps: it vanishes where a unit is
        saturated, and so at the very steps that have decided.
    baseline : array-like of shape (n_features,), default=None
        The features of a step that says nothing, for 'integrated_gradients'. None is zeros: the
        mean, if features are standardised. Categories and tokens begin with a vector of zeros,
        whatever stands in their columns.
    n_points : int, default=32
        Points at which the gradient is computed between the baseline and a sequence, each at the
        price of a pass through the network and back.
    step : int, default=-1
        The step whose answer is explained, of estimators that answer at every step; negative ones
        count from the end of a sequence.

    Returns
    -------
    saliency : ndarray, or list of ndarray
        In the form of `X`: an array of its shape, or a list with one for each sequence. Symbols and
        tokens have one number for each step.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is no recurrent network of skrnn, or `X` is of a type that holds no sequences.
    ValueError
        If `X` cannot be read, or an argument is not valid.

    See Also
    --------
    SaliencyDisplay : The picture of it.
    permutation_importance : What the score of a whole set rests on.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import saliency
    >>> X = np.random.default_rng(0).normal(size=(300, 6, 3))
    >>> y = 2 * X[:, 4, 1]
    >>> model = RNNRegressor(hidden_size=8, max_iter=40, random_state=0).fit(X, y)
    >>> share = saliency(model, X)
    >>> step, feature = np.unravel_index(np.abs(share).mean(axis=0).argmax(), (6, 3))
    >>> int(step), int(feature)
    (4, 1)
    >>> nothing = np.zeros_like(X)
    >>> change = model.predict(X) - model.predict(nothing)
    >>> bool(np.abs(share.sum(axis=(1, 2)) - change).max() < 1e-3)
    True
    """
    reading = Reading(estimator, X)
    explained = Explained(reading, target, step)
    first = first_values(reading.model, baseline)
    points, weights = np.polynomial.legendre.leggauss(n_points)

    def compute(x, packing, part):
        vectors = reading.model.embed(x)
        if method == "gradient":
            return as_features(reading.model, explained.gradient(vectors, packing, part), vectors)
        way, total = vectors - first, np.zeros_like(vectors)
        position = explained.position(vectors, packing, part)
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            at = (first + point * way).astype(vectors.dtype)
            total += weight * explained.gradient(at, packing, part, position)
        return by_column(reading.model, total * way)

    rows = reading.each_step(compute)
    return reading.in_form(rows if reading.has_features else rows[:, 0])


class Explained:
    """The number that is explained, as a function of what the first layer reads."""

    def __init__(self, reading, target, step):
        self.target, self.asked = reading.target, target
        self.model = reading.model.on_vectors()
        self.is_one_for_all = target is None or as_labels(target, "target").ndim == 0
        n = len(reading.data)
        if not self.is_one_for_all and len(target) != n:
            raise ValueError(
                f"target has {len(target)} entries, but X has {n} sequences: give one for each, or "
                "one for all."
            )
        self.step, lengths = step, reading.data.lengths
        if self.model.network.pool.per_step and not -lengths.min() <= step < lengths.min():
            raise ValueError(
                f"step={step!r} must be a step that every sequence has, and the shortest of them "
                f"has {lengths.min()}."
            )

    def position(self, vectors, packing, part):
        """Position of what is explained among the outputs, for each sequence."""
        outputs, _ = self.model.forward(vectors, packing)
        return self.named(outputs[self.rows(packing)], part)

    def named(self, outputs, part):
        asked = self.asked if self.is_one_for_all else np.asarray(self.asked)[part]
        return self.target.asked(asked, outputs)

    def rows(self, packing):
        """Rows of the outputs that are explained, one for each sequence."""
        if not self.model.network.pool.per_step:
            return np.arange(packing.n_sequences)
        step = self.step if self.step >= 0 else packing.lengths + self.step
        return packing.offsets[step] + np.arange(packing.n_sequences)

    def gradient(self, vectors, packing, part, position=None):
        """Return the gradient by the vectors (n_rows, width)."""
        outputs, backward = self.model.differentiate(vectors, packing)
        rows = self.rows(packing)
        if position is None:
            position = self.named(outputs[rows], part)
        doutputs = np.zeros_like(outputs)
        doutputs[rows] = self.target.explain(outputs[rows], position)[1]
        return backward(doutputs)


def first_values(model, baseline):
    """Return what the first layer reads of a step of the baseline, (width,)."""
    stack = model.network.stack
    first = np.zeros(stack.width)
    if baseline is None:
        return first
    baseline = as_floats(baseline, "baseline")
    if baseline.shape != (stack.n_features,) or not np.isfinite(baseline).all():
        raise ValueError(
            f"baseline has shape {baseline.shape}, but must hold a finite number for each of the "
            f"{stack.n_features} features of a step."
        )
    numeric = range(stack.n_features) if stack.embedding is None else stack.embedding.numeric
    first[: len(numeric)] = baseline[list(numeric)]
    return first


def by_column(model, values):
    """Sum values by what the first layer reads to the columns of X."""
    embedding = model.network.stack.embedding
    return values if embedding is None else embedding.by_column(values)


def as_features(model, gradient, vectors):
    """Return the gradient by the columns of X; that by a category is along its vector."""
    embedding = model.network.stack.embedding
    if embedding is not None:
        n_numeric = len(embedding.numeric)
        gradient[:, n_numeric:] *= vectors[:, n_numeric:]
    return by_column(model, gradient)
