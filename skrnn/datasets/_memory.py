"""Problems that are solved by remembering: what is to be remembered, and how long, is known."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state

from skrnn._compat import Interval, validate_params
from skrnn.datasets._lengths import draw_lengths, gather

_POSITIVE = [Interval(Integral, 1, None, closed="left")]


@validate_params(
    {
        "n_samples": _POSITIVE,
        "n_steps": ["array-like", Integral],
        "return_X_y": ["boolean"],
        "random_state": ["random_state"],
    }
)
def make_adding_problem(
    n_samples: int = 100,
    *,
    n_steps: int | tuple[int, int] = 100,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple | Bunch:
    """Generate the adding problem: two numbers that stand far apart are to be added.

    Each step has a number, drawn evenly between 0 and 1, and a mark. Two steps are marked with 1,
    one in each half of the sequence, all others with 0. The target is the sum of the two marked
    numbers. This is the form of Arjovsky et al. (2016); that of Hochreiter & Schmidhuber (1997,
    experiment 4) has other ranges.

    A network that remembers makes no error at all. One that cannot find or keep the marked numbers
    does best to predict 1 always, and has a mean squared error of 1/6, the variance of a sum of
    two such numbers.

    Parameters
    ----------
    n_samples : int, default=100
        Sequences to generate.

    n_steps : int or (int, int), default=100
        Steps of each sequence. Two numbers are the least and the most, and the length of each
        sequence is drawn between them. At least 2.

    return_X_y : bool, default=True
        Whether to return ``(X, y)`` instead of a Bunch.

    random_state : int, RandomState instance or None, default=None
        Source of the random numbers. An int gives the same sequences at every call.

    Returns
    -------
    (X, y) : tuple if `return_X_y` is True
        X : ndarray of shape (n_samples, n_steps, 2), or list of ndarray of shape (n_steps_i, 2)
            The sequences; a list if `n_steps` has two numbers.
        y : ndarray of shape (n_samples,)
            The sums.

    data : :class:`~sklearn.utils.Bunch` if `return_X_y` is False
        `X`, `y` and ``baseline_mse``, 1/6.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_copy_memory : Several symbols to remember, in order.

    Examples
    --------
    >>> from skrnn.datasets import make_adding_problem
    >>> X, y = make_adding_problem(1000, n_steps=20, random_state=0)
    >>> X.shape
    (1000, 20, 2)
    >>> X[0][X[0, :, 1] == 1]
    array([[0.60276338, 1.        ],
           [0.92559664, 1.        ]])
    >>> print(f"{y[0]:.4f}")
    1.5284
    """
    rng = check_random_state(random_state)
    lengths = draw_lengths(n_steps, n_samples, 2, rng)
    sequences = [_marked_numbers(length, rng) for length in lengths]
    X, y = gather(sequences, n_steps), np.array([np.prod(x, axis=1).sum() for x in sequences])
    return (X, y) if return_X_y else Bunch(X=X, y=y, baseline_mse=1 / 6)


def _marked_numbers(n_steps, rng):
    """Return one sequence of the adding problem."""
    x, half = np.zeros((n_steps, 2)), n_steps // 2
    x[:, 0] = rng.random_sample(n_steps)
    x[[rng.randint(half), rng.randint(half, n_steps)], 1] = 1
    return x


@validate_params(
    {
        "n_samples": _POSITIVE,
        "n_symbols": [Interval(Integral, 2, None, closed="left")],
        "n_copied": _POSITIVE,
        "delay": _POSITIVE,
        "return_X_y": ["boolean"],
        "random_state": ["random_state"],
    }
)
def make_copy_memory(
    n_samples: int = 100,
    *,
    n_symbols: int = 8,
    n_copied: int = 10,
    delay: int = 100,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple | Bunch:
    """Generate the copy memory problem: symbols are to be repeated after a delay.

    A sequence begins with `n_copied` symbols, drawn from 1 to `n_symbols`. Blanks follow, 0, the
    last of the `delay` steps is the signal ``n_symbols + 1``, and `n_copied` blanks end it. The
    labels are blanks up to and with the signal, and then the symbols in their order
    (Arjovsky et al., 2016).

    A network that remembers makes no error. One that has lost the symbols does best to say blank
    up to the signal and to guess afterwards: the mean of its log loss is
    ``n_copied * log(n_symbols) / (delay + 2 * n_copied)`` nats a step.

    Parameters
    ----------
    n_samples : int, default=100
        Sequences to generate.

    n_symbols : int, default=8
        Number of different symbols to remember, at least 2.

    n_copied : int, default=10
        Number of steps to remember.

    delay : int, default=100
        Number of steps from the last symbol to the signal.

    return_X_y : bool, default=True
        Whether to return ``(X, y)`` instead of a Bunch.

    random_state : int, RandomState instance or None, default=None
        Source of the random numbers. An int gives the same sequences at every call.

    Returns
    -------
    (X, y) : tuple if `return_X_y` is True
        X : list of ndarray of shape (delay + 2 * n_copied,)
            The symbols of each sequence, integers. A list, because recurrent estimators embed the
            ids in a list of 1-D arrays, and take a 2-D array for numbers.
        y : ndarray of shape (n_samples, delay + 2 * n_copied)
            One label for each step, integers.

    data : :class:`~sklearn.utils.Bunch` if `return_X_y` is False
        `X`, `y`, ``baseline_log_loss``, in nats a step, and ``baseline_accuracy``, the share of
        steps that such a network has right on average.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_adding_problem : Two numbers to remember, at marked steps.

    Examples
    --------
    >>> from skrnn.datasets import make_copy_memory
    >>> X, y = make_copy_memory(1, n_symbols=4, n_copied=3, delay=5, random_state=0)
    >>> print(X[0])
    [1 4 2 0 0 0 0 5 0 0 0]
    >>> print(y[0])
    [0 0 0 0 0 0 0 0 1 4 2]
    """
    rng = check_random_state(random_state)
    copied = rng.randint(1, n_symbols + 1, size=(n_samples, n_copied))
    X = np.zeros((n_samples, delay + 2 * n_copied), dtype=int)
    y = np.zeros_like(X)
    X[:, :n_copied] = y[:, -n_copied:] = copied
    X[:, n_copied + delay - 1] = n_symbols + 1
    if return_X_y:
        return list(X), y
    share = n_copied / X.shape[1]
    return Bunch(
        X=list(X),
        y=y,
        baseline_log_loss=share * np.log(n_symbols),
        baseline_accuracy=1 - share + share / n_symbols,
    )
