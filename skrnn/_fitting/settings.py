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

    def for_set(self, n_sequences):
        """Return the settings with numbers for 'auto', given the size of the training set."""
        size, n_epochs = self.sequences_per_batch(n_sequences), self.max_iter
        if n_epochs == "auto":
            n_epochs = auto_epochs(-(-n_sequences // size))
        return replace(self, batch_size=size, max_iter=n_epochs)
