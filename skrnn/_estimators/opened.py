"""What a fitted estimator is made of, for those who look inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sklearn.utils.validation import check_is_fitted

from skrnn._model import Model


class Opened(NamedTuple):
    """The parts of a fitted estimator, none of which may be changed.

    name           that of its class
    model          `Model`
    target         `Target`
    schema         `Schema`; None for symbols
    read           ``read(X)``: sequences, checked, as for a prediction
    read_training  ``read_training(X, y)``: a training set, as the loss wants it
    """

    name: str
    model: Model
    target: Any
    schema: Any
    read: Callable
    read_training: Callable


def check_is_network(estimator, kind):
    """Raise for what is no network, that is, not of a kind, or is not fitted."""
    if not isinstance(estimator, kind):
        raise TypeError(
            f"{type(estimator).__name__} is no recurrent network of skrnn: pass the one inside, "
            "such as pipeline[-1] with pipeline[:-1].transform(X), search.best_estimator_ or the "
            "regressor_ of what scales targets."
        )
    check_is_fitted(estimator)
