"""The two training loops: mini-batches, and L-BFGS on the whole set.

Both write to the caller's ``theta`` and to nothing else, so an interruption (KeyboardInterrupt, or
leaving the loop) needs no clean-up here: catch it around the call, and ``theta`` is the model
reached so far, after the last mini-batch step or the last accepted L-BFGS iterate.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from .optimizers import clip_norm
from .stopping import check_finite


class Epoch(NamedTuple):
    """What one epoch reports."""

    loss: float  # mean over the batches, by weight
    grad_norm: float  # mean over the steps, before clipping
    samples_seen: int  # since the first epoch of all
    learning_rate: float  # of the last step


class LBFGSResult(NamedTuple):
    """How an L-BFGS run ended."""

    n_iter: int
    converged: bool
    message: str


def minimize_minibatch(
    objective: Callable,
    theta: np.ndarray,
    epochs: Iterable,
    optimizer,
    schedule,
    max_norm: float | None = None,
    *,
    epochs_done: int = 0,
    samples_seen: int = 0,
) -> Iterator[Epoch]:
    """Yield an `Epoch` for each epoch while updating ``theta`` in place.

    Parameters
    ----------
    objective : callable
        ``objective(theta, batch) -> (loss, grad, weight, tail)``: mean loss of the batch, its
        gradient (clipped in place), the weight of the batch in the mean loss of the epoch, and
        None or the entries of ``theta`` that the end of the gradient is for (see `optimizers`).
    theta : ndarray of shape (n_parameters,)
        Updated in place.
    epochs : iterable of sequences of batches
        One sequence of batches per epoch; ``len(batch)`` is its number of samples.
    optimizer : Adam, AdamW, RMSprop or SGD
        Carries its state on from earlier calls.
    schedule : Schedule
        Asked before each step.
    max_norm : float, default=None
        Largest gradient norm; None does not clip.
    epochs_done, samples_seen : int, default=0
        Where earlier calls have left off.

    Raises
    ------
    NonFiniteLoss
        At the first batch with a loss or gradient norm that is not finite, before its step.
    """
    for epoch, batches in enumerate(epochs, start=epochs_done):
        loss_sum = weight_sum = norm_sum = n_samples = 0
        for i, batch in enumerate(batches):
            loss, grad, weight, tail = objective(theta, batch)
            norm = clip_norm(grad, max_norm)
            check_finite(epoch + 1, i + 1, loss, norm)
            rate = schedule.rate(epoch + i / len(batches), samples_seen)
            optimizer.step(theta, grad, rate, tail)
            loss_sum += float(loss) * float(weight)
            weight_sum += float(weight)
            norm_sum += norm
            n_samples += len(batch)
        samples_seen += n_samples
        yield Epoch(loss_sum / weight_sum, norm_sum / len(batches), samples_seen, rate)


def minimize_lbfgs(
    objective: Callable,
    theta: np.ndarray,
    max_iter: int = 200,
    max_fun: int = 15000,
    tol: float = 1e-4,
    callback: Callable | None = None,
) -> LBFGSResult:
    """Minimise a smooth function with limited-memory BFGS, updating ``theta`` in place.

    Parameters
    ----------
    objective : callable
        ``objective(point) -> (loss, grad)``, at a point with the shape and dtype of ``theta``.
    theta : ndarray of shape (n_parameters,)
        The start; set to each accepted iterate in turn, never to a trial point of a line search.
        SciPy works in float64 whatever its dtype.
    max_iter, max_fun : int
        Largest numbers of iterations and of evaluations. An iteration that is under way when
        ``max_fun`` is reached is finished first.
    tol : float
        Converged when no entry of the gradient exceeds it in size (SciPy's gtol), or when the loss
        has ceased to fall (its ftol).
    callback : callable, default=None
        ``callback(loss, grad_norm)`` after each iteration; a true answer stops.

    Raises
    ------
    NonFiniteLoss
        At the first evaluation that is not finite, with the iteration as its epoch.

    References
    ----------
    Liu & Nocedal (1989). On the limited memory BFGS method for large scale optimization.
    Mathematical Programming 45.
    """
    point, iteration, last_norm = theta.copy(), 1, math.nan

    def evaluate(x):
        nonlocal last_norm
        point[:] = x
        loss, grad = objective(point)
        last_norm = clip_norm(grad, None)
        check_finite(iteration, 1, loss, last_norm)
        return float(loss), grad.astype(np.float64)  # a copy: SciPy keeps it between calls

    def accept(intermediate_result):
        nonlocal iteration
        iteration += 1
        theta[:] = intermediate_result.x
        # A line search ends on the point it accepts: the last gradient is the iterate's.
        if callback is not None and callback(float(intermediate_result.fun), last_norm):
            raise StopIteration

    result = minimize(
        evaluate,
        theta.astype(np.float64),
        method="L-BFGS-B",
        jac=True,
        callback=accept,
        options={"maxiter": max_iter, "maxfun": max_fun, "gtol": tol},
    )
    return LBFGSResult(result.nit, bool(result.success), str(result.message))
