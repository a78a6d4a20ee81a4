"""What a training is told: the parameters of an estimator that concern nothing else."""

from dataclasses import dataclass, fields, replace

from skrnn._fitting.budget import auto_batch_size, auto_epochs
from skrnn._fitting.solvers import SOLVERS


@dataclass(frozen=True)
class Settings:
    """The parameters of a solver and its schedule, named as the estimators name them."""

    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int | str
    shuffle: bool
    tol: float
    n_iter_no_change: int | float
    momentum: float
    nesterovs_momentum: bool
    beta_1: float
    beta_2: float
    epsilon: float
    max_fun: int
    max_grad_norm: float | None
    verbose: bool | int
    token_dropout: float = 0.0
    ends_when_learnt: bool = False  # see `Trainer.has_learnt`

    @classmethod
    def of(cls, params):
        """Take the settings out of a dict of parameters that holds more."""
        names = params.keys() & {field.name for field in fields(cls)}
        return cls(**{name: params[name] for name in names})

    @property
    def rule(self):
        """The `Solver` of that name."""
        return SOLVERS[self.solver]

    @property
    def is_planned(self):
        """Whether the learning rate follows a plan for `max_iter` epochs, to be carried out."""
        return self.learning_rate in ("cosine", "one_cycle")

    def sequences_per_batch(self, n_sequences):
        """Sequences in a batch, of so many in the training set."""
        if self.rule.needs_whole_set:
            return n_sequences
        size = auto_batch_size(n_sequences) if self.batch_size == "auto" else int(self.batch_size)
        return min(size, n_sequences)

    def batches(self, train, rng=None):
        """Cut a training set into the batches of an epoch; in the given order without `rng`."""
        size = self.sequences_per_batch(len(train))
        return train.batches(size, rng, self.shuffle and rng is not None)

    def for_set(self, train, may_end_sooner):
        """Return the settings with a number of epochs that suits the training set.

        may_end_sooner  whether sequences have labels, and training ends when it has learnt them
        """
        if self.max_iter != "auto":
            return self
        n_epochs = auto_epochs(len(self.batches(train)))
        ends_when_learnt = may_end_sooner and not self.rule.needs_whole_set
        return replace(self, max_iter=n_epochs, ends_when_learnt=ends_when_learnt)
