"""Fits that leave an estimator as it was if they fail: a twin learns, and it becomes the twin."""

from functools import wraps

from skrnn._typing import Method


def twin_of(estimator):
    """Return an estimator that shares all attributes with another one."""
    twin = object.__new__(type(estimator))
    twin.__dict__ = vars(estimator).copy()
    return twin


def become(estimator, twin):
    """Give an estimator the attributes of its twin; return it."""
    # One statement: an error in another one would come after the estimator has become the twin.
    return setattr(estimator, "__dict__", vars(twin)) or estimator


def all_or_nothing(fit: Method) -> Method:
    """Let a method that fits change its estimator only if it does not fail."""

    @wraps(fit)
    def call(self, *args, **kwargs):
        twin = twin_of(self)
        result = fit(twin, *args, **kwargs)
        become(self, twin)
        return self if result is twin else result

    return call
