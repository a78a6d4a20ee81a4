"""A validation set scored by what `scoring` names, which is tried before it is relied on."""

import math

from sklearn.metrics import (
    brier_score_loss,
    check_scoring,
    log_loss,
    make_scorer,
    top_k_accuracy_score,
)

# Scores of probabilities that take the classes in y_val for all there are, unless they are told.
_TOLD = {
    "neg_log_loss": (log_loss, False, "predict_proba"),
    "neg_brier_score": (brier_score_loss, False, "predict_proba"),
    "top_k_accuracy": (top_k_accuracy_score, True, ("decision_function", "predict_proba")),
}
# Scores of what the network puts out for each class. That there are as many classes in y_val is
# all that they check of them.
_BY_CLASS = ("roc_auc", "average_precision", "d2_", *_TOLD)


class GivenScore:
    """Score of held-out sequences by the scorer of an estimator, which reads them as given.

    target    that of the estimator
    held_out  the sequences as a training set
    given     X, y and sample_weight that they were read from
    loss      returns the loss of the estimator on them
    """

    def __init__(self, estimator, target, held_out, given, loss):
        self.estimator, (self.X, self.y, weight), self.loss = estimator, given, loss
        self.weights = {} if weight is None else {"sample_weight": weight}
        self.gaps = target.gaps(held_out)
        self.is_known = target.knows(held_out)
        are_told = self.gaps and self.is_known and held_out.target.ndim == 1
        self.scorer = _scorer(estimator, target.classes if are_told else None)

    def __call__(self):
        """Return the score and the loss."""
        return self.score(), self.loss()

    def score(self):
        return float(self.scorer(self.estimator, self.X, self.y, **self.weights))

    def try_out(self):
        """Raise if a scorer of classes that has a name cannot score what is held out."""
        name = self.estimator.scoring
        if self.gaps is None or not isinstance(name, str):
            return
        if name.startswith(_BY_CLASS) and not self.is_known:
            raise self.useless("the network has no score for some of its classes")
        try:
            score = self.score()
        except ValueError as error:
            raise self.useless(str(error)) from None
        if self.gaps and not math.isfinite(score):
            raise self.useless(f"the score is {score}")

    def useless(self, reason):
        """Return an error that says why a scorer is of no use, and what to do about it."""
        message = (
            f"scoring={self.estimator.scoring!r} cannot score the validation set: "
            f"{reason.rstrip('.')}. "
        )
        if not self.gaps:
            return ValueError(f"{message}Choose another scorer.")
        return ValueError(
            f"{message}{self.gaps} Pass X_val and y_val with examples of each class of y and of no "
            "other, hold out more by validation_fraction, or choose a scorer that needs none, such "
            "as 'accuracy'."
        )


def _scorer(estimator, classes):
    """Return what `scoring` asks for, which is told the classes unless they are None."""
    name = estimator.scoring
    if classes is None or not isinstance(name, str) or name not in _TOLD:
        return check_scoring(estimator, name)
    function, greater_is_better, method = _TOLD[name]
    return make_scorer(
        function, response_method=method, greater_is_better=greater_is_better, labels=classes
    )
