"""Scorers for scikit-learn's searches and cross-validation."""

from __future__ import annotations

from inspect import signature
from typing import Any, Self

from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRequest

from skrnn._typing import Sequences
from skrnn.metrics._spans import span_f1_score, span_precision_score, span_recall_score
from skrnn.metrics._symbols import symbol_error_rate
from skrnn.metrics._tokens import sequence_accuracy_score, token_accuracy_score


class PredictionScorer:
    """Score what an estimator predicts; higher is better.

    scikit-learn takes any callable for a scorer and asks `get_metadata_routing` what else to pass
    to it, so this needs none of scikit-learn's own classes of scorers, which are private.

    sign  1, or -1 for a function of which lower is better
    """

    sign = 1

    def __init__(self, score_function, sign=1):
        self.score_function = score_function
        if sign != 1:
            self.sign = sign
        keywords = signature(score_function).parameters.values()
        self.requests = {p.name: None for p in keywords if p.kind is p.KEYWORD_ONLY}

    def __call__(self, estimator: Any, X: Sequences, y_true: Sequences, **params: Any) -> float:
        """Return the score of the predictions for X; `params` go to the score function."""
        return self.sign * self.score_function(y_true, estimator.predict(X), **params)

    def __repr__(self):
        return f"{type(self).__name__}({self.score_function.__name__})"

    def set_score_request(self, **requests: bool | str | None) -> Self:
        """Set which metadata, such as `sample_weight`, scikit-learn is to pass to the score."""
        if not get_config()["enable_metadata_routing"]:
            raise RuntimeError(
                "set_score_request needs metadata routing: call "
                "sklearn.set_config(enable_metadata_routing=True) before it."
            )
        self.requests = requests
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return what scikit-learn is to pass to the score."""
        routing = MetadataRequest(owner=repr(self))
        for name, request in self.requests.items():
            routing.score.add_request(param=name, alias=request)
        return routing

    def __setstate__(self, state):
        if "_score_func" in state:  # saved as a subclass of scikit-learn's private scorer
            self.__init__(state["_score_func"])
            if "_metadata_request" in state:
                self.requests = dict(state["_metadata_request"].score.requests)
        else:
            self.__dict__.update(state)


class TaggingScorer(PredictionScorer):
    """Score what a tagger predicts, without the steps that it leaves out, its `ignore_label`."""

    def __call__(self, estimator: Any, X: Sequences, y_true: Sequences, **params: Any) -> float:
        """Return the score of the predictions for X; `params` go to the score function."""
        params = {"ignore_label": ignore_label_of(estimator), **params}
        return super().__call__(estimator, X, y_true, **params)


def ignore_label_of(estimator):
    """Return that of a tagger, of one at the end of a Pipeline, or of one in a search."""
    if hasattr(estimator, "ignore_label"):
        return estimator.ignore_label
    if isinstance(estimator, Pipeline):
        return ignore_label_of(estimator.steps[-1][1])
    inner = getattr(estimator, "best_estimator_", getattr(estimator, "estimator", None))
    return None if inner is None else ignore_label_of(inner)


token_accuracy_scorer = TaggingScorer(token_accuracy_score)
sequence_accuracy_scorer = TaggingScorer(sequence_accuracy_score)
span_precision_scorer = TaggingScorer(span_precision_score)
span_recall_scorer = TaggingScorer(span_recall_score)
span_f1_scorer = TaggingScorer(span_f1_score)
neg_symbol_error_rate_scorer = PredictionScorer(symbol_error_rate, sign=-1)
