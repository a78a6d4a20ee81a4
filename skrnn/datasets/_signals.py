"""Noisy signals for which the best possible prediction is known."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import logsumexp, softmax
from sklearn.utils import Bunch, check_random_state

from skrnn._compat import Interval, validate_params
from skrnn._data.values import as_floats
from skrnn.datasets._lengths import draw_lengths, gather

_COMMON = {
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "n_steps": ["array-like", Integral],
    "noise": [Interval(Real, 1e-30, 1e30, closed="both")],  # its square is divided by
    "return_X_y": ["boolean"],
    "random_state": ["random_state"],
}


@validate_params({**_COMMON, "periods": ["array-like"]})
def make_sines(
    n_samples: int = 100,
    *,
    n_steps: int | tuple[int, int] = 50,
    periods: Sequence[float] = (8, 12, 20),
    noise: float = 0.3,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple | Bunch:
    """Generate noisy sines of unknown period, phase and strength, and the value that comes next.

    A sequence is ``a * cos(2 * pi * t / period) + b * sin(2 * pi * t / period) + noise * e`` for
    ``t = 0, 1, ...``, where `a`, `b` and all `e` are drawn from the standard normal distribution
    and the period from `periods`. The target is the value of the step after the last.

    Given the period, the expected next value is linear in the sequence: that of Bayesian linear
    regression on the cosine and the sine (Bishop, 2006, section 3.3). Weighted by the probabilities
    of the periods given the sequence, which regression yields as well, it is the best prediction
    that there is: no other has a lower expected squared error. It is not linear as soon as there
    are two periods.

    Parameters
    ----------
    n_samples : int, default=100
        Sequences to generate.

    n_steps : int or (int, int), default=50
        Steps of each sequence. Two numbers are the least and the most, and the length of each
        sequence is drawn between them.

    periods : sequence of float, default=(8, 12, 20)
        Number of steps of one oscillation, at least 2; a sequence has one of them.

    noise : float, default=0.3
        Standard deviation of the noise, at least 1e-30.

    return_X_y : bool, default=True
        Whether to return ``(X, y)`` instead of a Bunch.

    random_state : int, RandomState instance or None, default=None
        Source of the random numbers. An int gives the same sequences at every call.

    Returns
    -------
    (X, y) : tuple if `return_X_y` is True
        X : ndarray of shape (n_samples, n_steps, 1), or list of ndarray of shape (n_steps_i, 1)
            The sequences; a list if `n_steps` has two numbers.
        y : ndarray of shape (n_samples,)
            The value that follows each sequence, with its noise.

    data : :class:`~sklearn.utils.Bunch` if `return_X_y` is False
        `X` and `y`, ``optimal``, the best prediction of `y`, and ``period``, the index in `periods`
        of that of each sequence, a label to learn; ``optimal_proba`` has its probabilities given
        the sequence, of shape (n_samples, n_periods).

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_motif_sequences : A label to learn, and the best possible prediction of it.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.datasets import make_sines
    >>> sines = make_sines(1000, random_state=0, return_X_y=False)
    >>> sines.X.shape
    (1000, 50, 1)
    >>> print(f"{np.mean((sines.y - sines.X[:, -1, 0]) ** 2):.3f}")  # the last value again
    0.471
    >>> print(f"{np.mean((sines.y - sines.optimal) ** 2):.3f}")  # noise of y alone: 0.090
    0.098
    """
    periods = as_floats(periods, "periods")
    if periods.ndim != 1 or not len(periods) or not np.all((periods >= 2) & np.isfinite(periods)):
        raise ValueError(f"periods must be a list of numbers of at least 2. Got {periods}.")
    rng = check_random_state(random_state)
    lengths = draw_lengths(n_steps, n_samples, 1, rng)
    period = rng.randint(len(periods), size=n_samples)
    waves = [_waves(n, periods[k]) for n, k in zip(lengths + 1, period, strict=True)]
    signals = [wave @ rng.standard_normal(2) for wave in waves]
    signals = [signal + noise * rng.standard_normal(len(signal)) for signal in signals]
    y = np.array([signal[-1] for signal in signals])
    X = gather([signal[:-1, np.newaxis] for signal in signals], n_steps)
    if return_X_y:
        return X, y
    optimal, proba = _expect_next(X, lengths, periods, noise)
    return Bunch(X=X, y=y, period=period, optimal=optimal, optimal_proba=proba)


def _waves(n_steps, period):
    """Return the cosine and the sine of a period as columns."""
    angle = 2 * np.pi * np.arange(n_steps) / period
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _expect_next(X, lengths, periods, noise):
    """Return the expected next value of each sequence, and the probabilities of its periods."""
    values, evidence = np.empty((2, len(X), len(periods)))
    for n in np.unique(lengths):
        rows = np.flatnonzero(lengths == n)
        x = np.stack([X[i][:, 0] for i in rows])
        for k, period in enumerate(periods):
            values[rows, k], evidence[rows, k] = _regress(x, _waves(n + 1, period), noise)
    proba = softmax(evidence, axis=1)
    return np.sum(values * proba, axis=1), proba


def _regress(x, waves, noise):
    """Return the next values of one period, and the log evidence of it but for a constant.

    Equations 3.53, 3.54 and 3.86 of Bishop (2006), with a prior precision of 1. Sequences are the
    rows of `x`.
    """
    past, following = waves[:-1], waves[-1]
    precision = past.T @ past + noise**2 * np.eye(2)
    mean = np.linalg.solve(precision, past.T @ x.T)
    fit = np.sum((x @ past) * mean.T, axis=1)
    return following @ mean, (fit / noise**2 - np.linalg.slogdet(precision)[1]) / 2


@validate_params(
    {
        **_COMMON,
        "n_classes": [Interval(Integral, 2, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "motif_length": [Interval(Integral, 1, None, closed="left")],
    }
)
def make_motif_sequences(
    n_samples: int = 100,
    *,
    n_classes: int = 3,
    n_steps: int | tuple[int, int] = 50,
    n_features: int = 1,
    motif_length: int = 8,
    noise: float = 0.7,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple | Bunch:
    """Generate noise in which each class hides its motif, anywhere in the sequence.

    A motif has `motif_length` steps of standard normal numbers, drawn once for each class. The
    motif of the class is added to normal noise at an evenly drawn position, as a whole.

    The probability of a class given the sequence is known: it is in proportion to the sum, over
    all positions, of the likelihood of the motif there. For a motif ``m`` and the steps ``x`` that
    it would cover, this is ``exp((x @ m - m @ m / 2) / noise**2)`` times what all classes share, a
    matched filter (Turin, 1960). No classifier has a lower expected log loss or error.

    Parameters
    ----------
    n_samples : int, default=100
        Sequences to generate.

    n_classes : int, default=3
        Number of classes, at least 2, all of them equally frequent on average.

    n_steps : int or (int, int), default=50
        Steps of each sequence. Two numbers are the least and the most, and the length of each
        sequence is drawn between them. At least `motif_length`.

    n_features : int, default=1
        Number of features of a step.

    motif_length : int, default=8
        Number of steps of a motif.

    noise : float, default=0.7
        Standard deviation of the noise, at least 1e-30.

    return_X_y : bool, default=True
        Whether to return ``(X, y)`` instead of a Bunch.

    random_state : int, RandomState instance or None, default=None
        Source of the random numbers. An int gives the same sequences at every call. The motifs are
        drawn from it too: for a test set with the same motifs split the sequences of one call.

    Returns
    -------
    (X, y) : tuple if `return_X_y` is True
        X : ndarray of shape (n_samples, n_steps, n_features), or list of ndarray of shape \
                (n_steps_i, n_features)
            The sequences; a list if `n_steps` has two numbers.
        y : ndarray of shape (n_samples,)
            The classes, integers from 0.

    data : :class:`~sklearn.utils.Bunch` if `return_X_y` is False
        `X` and `y`, ``optimal_proba`` of shape (n_samples, n_classes), the probabilities of the
        classes given each sequence, ``position``, the first step of each motif, and ``motifs`` of
        shape (n_classes, motif_length, n_features).

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_sines : A value to predict, and the best possible prediction of it.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.datasets import make_motif_sequences
    >>> data = make_motif_sequences(1000, random_state=0, return_X_y=False)
    >>> data.X.shape
    (1000, 50, 1)
    >>> print(f"{np.mean(data.optimal_proba.argmax(axis=1) == data.y):.3f}")  # none has more
    0.951
    """
    rng = check_random_state(random_state)
    motifs = rng.standard_normal((n_classes, motif_length, n_features))
    lengths = draw_lengths(n_steps, n_samples, motif_length, rng)
    y = rng.randint(n_classes, size=n_samples)
    position = rng.randint(lengths - motif_length + 1)
    sequences = [noise * rng.standard_normal((n, n_features)) for n in lengths]
    for x, start, label in zip(sequences, position, y, strict=True):
        x[start : start + motif_length] += motifs[label]
    X = gather(sequences, n_steps)
    if return_X_y:
        return X, y
    proba = np.stack([_class_probabilities(x, motifs, noise) for x in sequences])
    return Bunch(X=X, y=y, position=position, motifs=motifs, optimal_proba=proba)


def _class_probabilities(x, motifs, noise):
    """Return the probabilities of the classes, whatever the position of the motif."""
    windows = sliding_window_view(x, motifs.shape[1], axis=0)  # (n_positions, D, motif_length)
    match = np.einsum("pdl,kld->kp", windows, motifs)
    energy = np.sum(motifs**2, axis=(1, 2))[:, np.newaxis]
    return softmax(logsumexp((match - energy / 2) / noise**2, axis=1))
