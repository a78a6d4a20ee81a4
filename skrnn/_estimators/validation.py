"""The validation set of a fit: given, or held out of what is given, and scored after each epoch."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.model_selection import train_test_split

from skrnn._compat import safe_indexing
from skrnn._data.frames import readable
from skrnn._estimators.scoring import GivenScore
from skrnn._fitting.held_out import are_windows, hold_out_latest, judge


class ValidationMixin:
    """What estimators share that score sequences which they do not train on, to stop early."""

    _needs_target = True  # whether there is a y to learn
    _least_held_out = 2  # values or sequences that a validation score needs

    def _validation(self, given, train, validation, rng, parallel_map):
        """Split what is trained on from what is scored; the score is a function, or None."""
        # A zero weight leaves a sequence out entirely, so that the batches are the same without it.
        chosen = np.flatnonzero(train.sequence_weight)
        if not len(chosen):
            raise ValueError(
                "No sequence has a weight: sample_weight times class_weight is 0 for all of them."
            )
        X_val, y_val, sample_weight_val = validation
        if X_val is not None:
            if y_val is None and self._needs_target:
                raise ValueError("X_val was passed without y_val: pass y_val too.")
            held_out = self._read_validation(*validation)
            return train.subset(chosen), self._score_of(held_out, validation, parallel_map)
        if y_val is not None or sample_weight_val is not None:
            raise ValueError("y_val or sample_weight_val was passed without X_val: pass X_val too.")
        if not self.early_stopping:
            return train.subset(chosen), None
        if len(chosen) < 2:
            raise ValueError(
                "early_stopping=True holds out whole sequences, but there is only 1 to learn from: "
                "pass more of them, or others as X_val."
            )
        chosen, indices = self._hold_out(train, chosen, rng)
        if self.scoring is not None:
            parts = map(readable, given, ("X", "y", "sample_weight"))
            given = [None if part is None else safe_indexing(part, indices) for part in parts]
        score = self._score_of(train.subset(indices), given, parallel_map)
        return train.subset(chosen), score

    def _read_validation(self, X, y, sample_weight):
        """Read the validation set; errors have a note that it is the one they are about."""
        try:
            return self._read_more(X, y, sample_weight, held_out=True)
        except (TypeError, ValueError) as error:
            error.add_note(
                "This is about the validation set: X is what was passed as X_val, y as y_val and "
                "sample_weight as sample_weight_val."
            )
            raise

    def _hold_out(self, train, chosen, rng):
        """Split the indices `chosen` into those to train on and those to score."""
        fraction = float(self.validation_fraction)
        if self.early_stopping == "time":
            return hold_out_latest(chosen, fraction, int(train.data.lengths[chosen].max()) - 1)
        if are_windows(train.data):
            warnings.warn(
                "The sequences overlap, as windows of one series do. early_stopping=True holds "
                "some out at random, which share steps with those trained on, so that their score "
                "is too good and training stops too late: set early_stopping='time', or pass "
                "X_val and y_val.",
                stacklevel=2,
            )
        return train_test_split(
            chosen,
            test_size=fraction,
            random_state=int(rng.integers(np.iinfo(np.int32).max)),
            stratify=self._target.strata(train, chosen, fraction),
        )

    def _score_of(self, held_out, given, parallel_map):
        """Score and loss of held-out sequences, a function; they were read from `given`."""
        if held_out.n_scored < self._least_held_out:
            raise ValueError(
                f"The validation set has {held_out.n_scored} value to score, but a score needs at "
                f"least {self._least_held_out}: increase validation_fraction, or pass more "
                "sequences as X_val."
            )
        if self.scoring is None:
            return lambda: self._judge(held_out, parallel_map)
        return GivenScore(
            self, self._target, held_out, given, lambda: self._judge(held_out, parallel_map)[1]
        )

    def _judge(self, held_out, parallel_map):
        """Score that the target itself gives to held-out sequences, and their loss."""
        return judge(self._model, self._target, held_out, parallel_map)
