"""One training: an objective minimised by a solver, epoch by epoch, and the record of it."""

import math
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skrnn._core.cached import cached_property
from skrnn._fitting.constant import loss_range
from skrnn._fitting.objective import ignore_overflow
from skrnn._optim.minimize import minimize_lbfgs, minimize_minibatch
from skrnn._optim.schedules import Schedule
from skrnn._optim.stopping import NonFiniteLoss, Stopping
from skrnn._targets.training_set import Chunk

# A loss is judged by the share that is left of what the best constant prediction costs more than
# right ones. A training of at least so many updates that leaves more than this share has learnt
# nothing. Of the sets in ``benchmarks/README.md`` none that learns ends above two thirds, and those
# that are stuck above 0.98.
ENOUGH_UPDATES, STUCK = 100, 0.97
# One that leaves less than this share has learnt the labels of its sequences: measured in
# ``benchmarks/README.md``, "What the budget of small sets costs".
LEARNT = 0.01
# Where all targets are equal, a constant costs no more than rounding: there is nothing to learn.
NOTHING = 1e-12
# An L2 penalty that is so much larger than the weight of a batch is the reason of a divergence.
TOO_STRONG = 1e20


class Trainer:
    """Minimises an objective over its training set.

    Parameters
    ----------
    objective : Objective
    settings : Settings
    history : History
        Continued by `fit`.
    score : callable or None
        ``score(theta, history)``: validation score of some parameters, of which higher is better,
        and their loss on the validation set.
    report : callable
        ``report(theta, history)`` after each epoch; a true answer stops.
    """

    def __init__(self, objective, settings, history, score=None, report=None):
        self.objective, self.settings, self.history = objective, settings, history
        self.score, self.report = score, report or (lambda theta, history: False)
        self.stopping = Stopping(
            settings.tol,
            settings.n_iter_no_change,
            higher_is_better=score is not None,
            keep_best=score is not None,
        )
        self.stopped = self.ended = False
        self.n_learnt = 0  # epochs in a row

    def fit(self, theta, n_epochs, incremental=False):
        """Train `theta` in place for at most so many epochs; return the history.

        With `incremental` the last optimiser goes on, and the rate does not follow a plan.
        """
        try:
            with ignore_overflow():
                if self.settings.rule.needs_whole_set:
                    self.quasi_newton(theta)
                else:
                    self.mini_batches(theta, n_epochs, incremental)
            if not incremental:
                self.warn_stuck(theta)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        except NonFiniteLoss as error:
            raise ValueError(self.remedy(error)) from error
        self.stopping.restore(theta)
        if self.stopping.best_theta is not None:
            self.history.best_validation_score = self.stopping.best
        return self.history

    def remedy(self, error):
        """Say what to do about a loss that is not finite."""
        weight, alpha = self.objective.train.sequence_weight, self.settings.alpha
        least = weight[weight > 0].min(initial=np.inf)
        if alpha > TOO_STRONG * least and not self.settings.rule.decays_weights:
            return (
                f"{error} The penalty alpha={alpha:g} counts as much as a sequence of weight "
                f"{alpha:g}, but sample_weight times class_weight is as small as {least:.2g}: "
                "scale sample_weight to a mean of 1, leave out what has hardly any weight with a "
                "weight of 0, or set alpha=0."
            )
        return (
            f"{error} Lower learning_rate_init (now {self.settings.learning_rate_init:g}), set "
            f"max_grad_norm (now {self.settings.max_grad_norm}), or scale the input, for example "
            "with StandardScaler."
        )

    def mini_batches(self, theta, n_epochs, incremental):
        settings, history, rng = self.settings, self.history, self.objective.rng
        schedule = Schedule(
            "constant" if incremental and settings.is_planned else settings.learning_rate,
            settings.learning_rate_init,
            settings.max_iter,
            settings.power_t,
        )
        optimizer = self.optimizer(theta, incremental)
        history.optimizer, history.rng = (optimizer, rng) if incremental else (None, None)
        loop = minimize_minibatch(
            self.objective,
            theta,
            (settings.batches(self.objective.train, rng) for _ in range(n_epochs)),
            optimizer,
            schedule,
            settings.max_grad_norm,
            epochs_done=len(history.loss_curve) if incremental else 0,
            samples_seen=history.samples_seen,
        )
        for epoch in loop:
            history.samples_seen = epoch.samples_seen
            if self.record(theta, epoch.loss, epoch.grad_norm):
                if self.stopped or schedule.plateau():
                    break
                self.stopping.resume()
        else:
            self.warn_unfinished(incremental)

    def optimizer(self, theta, incremental):
        """A new update rule, which goes on with the state of the last one if `incremental`."""
        rule, last = self.settings.rule, self.history.optimizer if incremental else None
        penalised = np.zeros(theta.shape, bool)
        penalised[: len(self.objective.penalised)] = self.objective.penalised
        optimizer = rule.optimizer(theta, self.settings, penalised)
        if type(last) is type(optimizer):
            optimizer.resume(last)
        return optimizer

    def quasi_newton(self, theta):
        settings, everything = self.settings, Chunk(np.arange(len(self.objective.train)))
        self.history.optimizer = self.history.rng = None
        result = minimize_lbfgs(
            lambda point: self.objective(point, everything)[:2],
            theta,
            settings.max_iter,
            settings.max_fun,
            settings.tol,
            lambda loss, grad_norm: self.record(theta, loss, grad_norm),
        )
        self.history.samples_seen += len(everything) * result.n_iter
        if not result.converged and not self.ended:
            warnings.warn(
                f"lbfgs failed to converge after {result.n_iter} iteration(s): {result.message}. "
                "Increase max_iter or max_fun, or scale the input.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def warn_unfinished(self, incremental):
        """Warn if training ends although neither the stopping rule nor the schedule planned it."""
        if not incremental and not self.settings.is_planned:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.settings.max_iter}) reached "
                "and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def warn_stuck(self, theta):
        """Warn if the network predicts no better than a constant does."""
        network, n_batches = self.objective.network, self.n_batches
        if self.history.n_iter * n_batches < ENOUGH_UPDATES:
            return
        loss = self.without_penalty(theta, self.history.loss)
        if not self.share_left(loss) >= STUCK:  # It may be NaN.
            return
        pooling = " read all steps with pooling='max'," if network.pooling == "last" else ""
        warnings.warn(
            f"The network has learnt nothing from X: its loss is {loss:.4g} after "
            f"{self.history.n_iter} epochs, and {self.loss_range[1]:.4g} if the same is predicted "
            f"for all sequences. Scale the input, for example with StandardScaler,{pooling} lower "
            f"learning_rate_init (now {self.settings.learning_rate_init:g}), or change "
            f"max_grad_norm (now {self.settings.max_grad_norm}).",
            ConvergenceWarning,
            stacklevel=2,
        )

    def has_learnt(self, theta, loss):
        """Whether labels cost hardly anything beside a constant prediction, and have for long.

        More epochs would change no label of the training set, and few of others.
        """
        # Where a strong penalty has grown within the epoch, the difference may be far below zero.
        is_low = abs(self.share_left(self.without_penalty(theta, loss))) < LEARNT
        self.n_learnt = self.n_learnt + 1 if is_low else 0
        return self.n_learnt > self.settings.n_iter_no_change

    def share_left(self, loss):
        """Share of what can be saved that a loss has left; NaN where there is nothing to save."""
        right, constant = self.loss_range
        return (loss - right) / (constant - right) if constant - right > NOTHING else math.nan

    def without_penalty(self, theta, loss):
        """Return the mean loss of an epoch without the L2 penalty of its batches."""
        weight = self.objective.train.sequence_weight.sum() / self.n_batches
        return loss - self.objective.penalty(theta, weight)[0]

    @cached_property
    def n_batches(self):
        return len(self.settings.batches(self.objective.train))

    @cached_property
    def loss_range(self):
        network = self.objective.network
        return loss_range(self.objective.loss, self.objective.train, network.head.n_outputs)

    def record(self, theta, loss, grad_norm):
        """Note one epoch; True if training should end."""
        history = self.history
        history.n_iter += 1
        history.loss_curve.append(loss)
        history.grad_norm_curve.append(grad_norm)
        message, learnt = f"Iteration {history.n_iter}, loss = {loss:.8f}", False
        if self.score is None:
            # A quasi-Newton method ends by its own rule, and a plan is carried out: the loss of
            # 'cosine' may stall at a high rate, and improve only as the rate falls.
            ends_itself = self.settings.is_planned or self.settings.rule.needs_whole_set
            stalled = self.stopping.update(loss) and not ends_itself
            learnt = self.settings.ends_when_learnt and self.has_learnt(theta, loss)
        else:
            score, validation_loss = self.score(theta, history)
            history.validation_scores.append(score)
            history.validation_loss_curve.append(validation_loss)
            stalled = self.stopping.update(score, theta)
            message += f", validation score = {score:.6f}"
        if self.settings.verbose:
            print(message)
        self.stopped = self.report(theta, history) or learnt
        self.ended = self.stopped or stalled
        return self.ended
