"""The record of a training, which later trainings of the same network continue."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

# Each entry of the record, and the attribute of the estimator that publishes it.
PUBLISHED = {
    "n_iter": "n_iter_",
    "samples_seen": "t_",
    "loss_curve": "loss_curve_",
    "grad_norm_curve": "grad_norm_curve_",
    "validation_scores": "validation_scores_",
    "validation_loss_curve": "validation_loss_curve_",
    "best_validation_score": "best_validation_score_",
    "optimizer": "_optimizer",
    "rng": "_rng",
}
# What grows with each epoch; the latter two are of a validation set.
VALIDATION = "validation_scores", "validation_loss_curve"
CURVES = ("loss_curve", "grad_norm_curve", *VALIDATION)


@dataclass
class History:
    """What a training has done so far.

    n_iter                  epochs of the present call
    samples_seen            training sequences since the first epoch of all
    loss_curve              mean loss of each epoch, earlier calls included; likewise
    grad_norm_curve         mean norm of the gradient, before clipping
    validation_scores       score after each epoch; None without a validation set; likewise
    validation_loss_curve   mean loss of that set after each epoch, without the penalty
    best_validation_score   of the present call; None likewise
    optimizer, rng          what partial_fit goes on with; None after fit
    """

    n_iter: int = 0
    samples_seen: int = 0
    loss_curve: list[float] = field(default_factory=list)
    grad_norm_curve: list[float] = field(default_factory=list)
    validation_scores: list[float] | None = None
    validation_loss_curve: list[float] | None = None
    best_validation_score: float | None = None
    optimizer: Any = None
    rng: np.random.Generator | None = None

    @classmethod
    def of(cls, attributes):
        """Take the record out of the attributes of a fitted estimator."""
        return cls(**{name: attributes[public] for name, public in PUBLISHED.items()})

    def attributes(self):
        """Return the record by the names under which an estimator publishes it."""
        record = {public: getattr(self, name) for name, public in PUBLISHED.items()}
        return record | {"loss_": self.loss, "best_loss_": self.best_loss}

    def snapshot(self):
        """Return a copy that does not grow with this one."""
        copies = {name: getattr(self, name) and list(getattr(self, name)) for name in CURVES}
        return replace(self, **copies)

    def continued(self, is_scored):
        """Return a copy for one more call: the record of this one stays as it is."""
        curves = {name: list(getattr(self, name) or []) for name in CURVES}
        best = math.nan if is_scored else None
        if not is_scored:
            curves |= dict.fromkeys(VALIDATION)
        return replace(self, **curves, n_iter=0, best_validation_score=best)

    @property
    def loss(self):
        """Loss of the last epoch; NaN if none was completed."""
        return self.loss_curve[-1] if self.loss_curve else math.nan

    @property
    def best_loss(self):
        """Smallest loss of an epoch; None with a validation set."""
        if self.validation_scores is not None:
            return None
        return min(self.loss_curve, default=math.nan)
