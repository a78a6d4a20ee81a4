"""When to stop: no more progress, or numbers that are no longer finite."""

import math

import numpy as np


class Stopping:
    """Watch one number per epoch and say when it has stopped improving.

    The rule of scikit-learn's ``MLPClassifier``: an epoch improves if it betters the best value so
    far by at least ``tol``; training stops after more than ``n_iter_no_change`` epochs in a row
    that do not. A NaN never improves.

    Parameters
    ----------
    tol : float
        Smallest change that counts.
    n_iter_no_change : int or np.inf
        Epochs in a row without improvement that are tolerated; ``np.inf`` never stops.
    higher_is_better : bool, default=False
        True for scores, False for losses.
    keep_best : bool, default=False
        Keep a copy of the parameters of the best epoch, however small its lead.

    Attributes
    ----------
    best : float
        Best value so far.
    best_theta : ndarray or None
        Parameters that reached it.
    """

    def __init__(
        self,
        tol: float,
        n_iter_no_change: float,
        *,
        higher_is_better: bool = False,
        keep_best: bool = False,
    ):
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.higher_is_better = higher_is_better
        self.keep_best = keep_best
        self.best = -math.inf if higher_is_better else math.inf
        self.best_theta = None
        self.n_stalled = 0

    def update(self, value: float, theta: np.ndarray | None = None) -> bool:
        """Note the value of one epoch and return True if training should stop."""
        sign = -1.0 if self.higher_is_better else 1.0
        cost, lowest = sign * value, sign * self.best
        self.n_stalled = 0 if cost <= lowest - self.tol else self.n_stalled + 1
        if cost < lowest:
            self.best = value
            if self.keep_best:
                self.best_theta = theta.copy()
        return self.n_stalled > self.n_iter_no_change

    def resume(self) -> None:
        """Grant the patience anew, after a plateau has been answered with a lower rate."""
        self.n_stalled = 0

    def restore(self, theta: np.ndarray) -> None:
        """Overwrite ``theta`` with the best parameters, if any epoch had a best."""
        if self.best_theta is not None:
            theta[:] = self.best_theta


class NonFiniteLoss(FloatingPointError):
    """A loss or gradient that is NaN or infinite; the parameters are those before it.

    Attributes
    ----------
    epoch, batch : int
        Where it happened, both counted from 1.
    loss, grad_norm : float
        What was found.
    """

    def __init__(self, epoch: int, batch: int, loss: float, grad_norm: float):
        # The arguments, not a message: so the exception survives the trip from a worker process.
        super().__init__(epoch, batch, loss, grad_norm)
        self.epoch, self.batch, self.loss, self.grad_norm = epoch, batch, loss, grad_norm

    def __str__(self):
        return (
            f"The training diverged in epoch {self.epoch}, batch {self.batch}: "
            f"loss {self.loss:g}, gradient norm {self.grad_norm:g}."
        )


def check_finite(epoch: int, batch: int, loss: float, grad_norm: float) -> None:
    """Raise `NonFiniteLoss` unless both numbers are finite."""
    if not (math.isfinite(loss) and math.isfinite(grad_norm)):
        raise NonFiniteLoss(epoch, batch, float(loss), float(grad_norm))
