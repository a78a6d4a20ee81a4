"""One training: an estimator's parameters turned into a loop and its records."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skrnn._fitting.objective import Objective, quiet
from skrnn._optim.batching import batches
from skrnn._optim.minimize import minimize_lbfgs, minimize_minibatch
from skrnn._optim.optimizers import SGD, Adam, AdamW, RMSprop
from skrnn._optim.schedules import Schedule
from skrnn._optim.stopping import NonFiniteLoss, Stopping


class Trainer:
    """Trains ``estimator._theta`` in place and keeps the estimator's record of it.

    Parameters
    ----------
    estimator : BaseRNN
    train, chosen, score, rng
        As `BaseRNN._prepare` returns them.
    run : callable
        ``map`` or its like over threads.
    report : FitReport
    """

    def __init__(self, estimator, train, chosen, score, rng, run, report):
        self.estimator = estimator
        if solver_batch_size(estimator, len(chosen)) == len(chosen):
            # Rounding grows from epoch to epoch: with the same sums, order and repetition of the
            # sequences change nothing at all.
            train = train.distinct(chosen)
            chosen = np.arange(len(train.data))
        self.train, self.chosen = train, chosen
        self.score, self.rng, self.run, self.report = score, rng, run, report
        self.theta, self.objective = estimator._theta, Objective(estimator, train, rng, run)
        self.planned = estimator.learning_rate in ("cosine", "one_cycle")
        self.stopping = Stopping(
            estimator.tol,
            estimator.n_iter_no_change,
            higher_is_better=score is not None,
            keep_best=score is not None,
        )
        if score is None:
            estimator.validation_scores_ = estimator.best_validation_score_ = None
        elif estimator.validation_scores_ is None:
            estimator.validation_scores_ = []

    def fit(self, n_epochs, incremental):
        """Train for at most so many epochs, or, if `incremental`, on with the last optimiser."""
        estimator = self.estimator
        estimator.n_iter_ = 0
        self.stopped = self.ended = False
        try:
            with quiet():
                if estimator.solver == "lbfgs":
                    self.lbfgs()
                else:
                    self.mini_batches(n_epochs, incremental)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
        except NonFiniteLoss as error:
            raise ValueError(
                f"{error} Lower learning_rate_init (now {estimator.learning_rate_init:g}), set "
                f"max_grad_norm (now {estimator.max_grad_norm}), or scale the input, for example "
                "with StandardScaler."
            ) from error
        finally:
            self.stopping.restore(self.theta)
            self.summarise()

    def summarise(self):
        """Set the attributes that sum up the record."""
        estimator, curve = self.estimator, self.estimator.loss_curve_
        estimator.loss_ = curve[-1] if curve else np.nan
        if self.score is None:
            estimator.best_loss_ = min(curve, default=np.nan)
        else:
            estimator.best_loss_ = None
            has_best = self.stopping.best_theta is not None
            estimator.best_validation_score_ = self.stopping.best if has_best else np.nan

    def mini_batches(self, n_epochs, incremental):
        estimator, lengths = self.estimator, self.train.data.lengths[self.chosen]
        size = solver_batch_size(estimator, len(self.chosen))
        epochs = (
            [self.chosen[b] for b in batches(lengths, size, self.rng, estimator.shuffle)]
            for _ in range(n_epochs)
        )
        schedule = Schedule(
            "constant" if incremental and self.planned else estimator.learning_rate,
            estimator.learning_rate_init,
            estimator.max_iter,
            estimator.power_t,
        )
        optimizer = self.optimizer()
        if incremental and type(estimator._optimizer) is type(optimizer):
            optimizer.resume(estimator._optimizer)
        loop = minimize_minibatch(
            self.objective,
            self.theta,
            epochs,
            optimizer,
            schedule,
            estimator.max_grad_norm,
            epochs_done=len(estimator.loss_curve_) if incremental else 0,
            samples_seen=estimator.t_,
        )
        for epoch in loop:
            estimator.t_ = epoch.samples_seen
            if self.record(epoch.loss, epoch.grad_norm):
                if self.stopped or schedule.plateau():
                    break
                self.stopping.resume()
        else:
            self.warn_unfinished(incremental)
        kept = (optimizer, self.rng) if incremental else (None, None)
        estimator._optimizer, estimator._rng = kept

    def lbfgs(self):
        estimator = self.estimator

        def objective(theta):
            return self.objective(theta, self.chosen)[:2]

        result = minimize_lbfgs(
            objective,
            self.theta,
            estimator.max_iter,
            estimator.max_fun,
            estimator.tol,
            self.record,
        )
        estimator.t_ += len(self.chosen) * result.n_iter
        if not result.converged and not self.ended:
            warnings.warn(
                f"lbfgs failed to converge after {result.n_iter} iteration(s): {result.message}. "
                "Increase max_iter or max_fun, or scale the input.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def warn_unfinished(self, incremental):
        """Warn of an end that neither the rule for stopping nor the schedule has planned."""
        if not incremental and not self.planned:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.estimator.max_iter}) reached "
                "and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def optimizer(self):
        """A new optimiser of the estimator's solver."""
        e, theta = self.estimator, self.theta
        moments = {"beta_1": e.beta_1, "beta_2": e.beta_2, "epsilon": e.epsilon}
        match e.solver:
            case "adam":
                return Adam(theta, **moments)
            case "adamw":
                mask = np.zeros(theta.shape, bool)
                mask[: len(self.objective.is_weight)] = self.objective.is_weight
                return AdamW(theta, mask, weight_decay=e.alpha, **moments)
            case "rmsprop":
                return RMSprop(theta, beta_2=e.beta_2, epsilon=e.epsilon)
            case "sgd":
                return SGD(theta, momentum=e.momentum, nesterov=e.nesterovs_momentum)

    def record(self, loss, grad_norm):
        """Note one epoch; True if training should end."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.loss_curve_.append(loss)
        estimator.grad_norm_curve_.append(grad_norm)
        message = f"Iteration {estimator.n_iter_}, loss = {loss:.8f}"
        if self.score is None:
            # L-BFGS ends by its own rule, and a plan is carried out: the loss of 'cosine' may
            # stall at a high rate, and improve only as the rate falls.
            stalled = self.stopping.update(loss) and not self.planned
            stalled = stalled and estimator.solver != "lbfgs"
        else:
            score = self.score(self.run)
            estimator.validation_scores_.append(score)
            stalled = self.stopping.update(score, self.theta)
            message += f", validation score = {score:.6f}"
        if estimator.verbose:
            print(message)
        self.stopped = self.report.epoch(estimator._attributes)
        self.ended = self.stopped or stalled
        return self.ended


def solver_batch_size(estimator, n_sequences):
    """Sequences in a batch: all of them for L-BFGS, else `batch_size`, of which 'auto' is 32."""
    if estimator.solver == "lbfgs":
        return n_sequences
    size = estimator.batch_size
    return min(32 if size == "auto" else int(size), n_sequences)
