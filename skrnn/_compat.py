"""All that skrnn uses of scikit-learn's private names, and of those that some versions lack.

No other module names them; a test enforces it. A private name may be moved or changed by any
release of scikit-learn, so each has its reason here, the risk, and the public way out. The
continuous integration runs the tests with the oldest version and with the newest.
"""

from collections.abc import Callable
from functools import cache, wraps
from importlib.metadata import PackageNotFoundError, metadata
from inspect import signature
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils._param_validation import Options, RealNotInt, StrOptions
from sklearn.utils._param_validation import validate_params as _validate_params

from skrnn._typing import Method

__all__ = [
    "CallbackSupportMixin",
    "DocumentationLinkMixin",
    "Interval",
    "Options",
    "RealNotInt",
    "StrOptions",
    "callback_context",
    "check_parameters",
    "named",
    "safe_indexing",
    "validate_params",
    "with_callbacks",
]

# `safe_indexing`: it takes rows of X in each of its forms as scikit-learn's own splits do, and the
# public `sklearn.utils.resample` would shuffle them. Risk low: it is described in scikit-learn's
# manual, though private, and other projects use it. Way out: `train_test_split` with the positions.

# `Interval` and its like: they check parameters, and word the errors, as scikit-learn's own
# estimators do, and its common tests look for `_parameter_constraints`. Risk medium: they have not
# changed since scikit-learn 1.2, and skrub and skglm rely on them. Way out: the public
# `sklearn.utils.check_scalar` for each parameter.


class Interval(_Interval):
    """Interval of numbers, among which True and False are not."""

    def is_satisfied_by(self, val):
        """Return whether a value is in the interval."""
        if isinstance(val, bool | np.bool_):
            return False
        try:
            return super().is_satisfied_by(val)
        except TypeError:  # of NumPy, which asks no fraction whether it is NaN
            return False


def check_parameters(estimator):
    """Check each parameter of an estimator against its ``_parameter_constraints``.

    The way out, `check_scalar`, is that of `Interval`.
    """
    _check_integers(estimator.get_params(deep=False))
    estimator._validate_params()


def _check_integers(params):
    """Raise for integers that NumPy cannot hold, and for durations, which are its integers."""
    for name, value in params.items():
        if isinstance(value, np.timedelta64):
            raise TypeError(f"{name}={value!r} is a duration: give a number.")
        if isinstance(value, Integral) and not -(2**63) <= value < 2**63:
            raise ValueError(f"{name}={value} has more than 64 bits: give a smaller integer.")


def validate_params(constraints: dict[str, Any]) -> Callable[[Method], Method]:
    """Check the arguments of a function as :func:`check_parameters` does those of an estimator.

    It preserves the signature, for type checkers too. The way out is that of `Interval`.
    """

    def decorate(function):
        checked = _validate_params(constraints, prefer_skip_nested_validation=True)(function)

        @wraps(function)
        def call(*args, **kwargs):
            _check_integers(signature(function).bind(*args, **kwargs).arguments)
            return checked(*args, **kwargs)

        return call

    return decorate


# Callbacks: public since scikit-learn 1.9, but marked experimental; an estimator gets its context
# from a method that is private, though described in scikit-learn's manual. Risk medium. Way out:
# none is needed, for training works without them.

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks

    _SEES_ALL_NAMES = True
except ImportError:  # scikit-learn < 1.9
    _SEES_ALL_NAMES = False

    class CallbackSupportMixin:
        """Stand-in without callbacks: older versions report with ``verbose``."""

    def _with_callbacks(method):
        """Return `method` as it is."""
        return method


def with_callbacks(method: Method) -> Method:
    """Apply :func:`sklearn.callback.with_callbacks`, typed to preserve the signature."""
    return _with_callbacks(method)


def callback_context(estimator):
    """Return the context that tells an estimator's callbacks of a fit, or None without support.

    The number of its subtasks, the epochs, is not known yet: it depends on the training set.
    """
    start = getattr(estimator, "_init_callback_context", None)
    return None if start is None else start(max_subtasks=None)


# The link in the HTML view of an estimator: two private attributes, which scikit-learn's manual
# describes for other projects. Risk low: they are the same from 1.7 to 1.9. Way out: no link.


class DocumentationLinkMixin:
    """Lead the HTML view of an estimator to its page of the documentation's site."""

    _doc_link_module = "skrnn"

    @property
    def _doc_link_template(self):
        site = documentation_site()
        return f"{site}/api/{{estimator_name}}.html" if site else ""


@cache
def documentation_site():
    """Return the address of the site, which ``project.urls`` in pyproject.toml has, or ''."""
    try:
        urls = metadata("skrnn").get_all("Project-URL") or []
    except PackageNotFoundError:  # it is imported from a folder
        return ""
    named = dict(url.split(", ", 1) for url in urls)
    return named.get("Documentation", "").rstrip("/")


# Names of features: below 1.9 scikit-learn asks frames other than pandas' for them through the
# interchange protocol, `__dataframe__`, which polars has removed in 2.0. Risk none: the protocol is
# public, and the stand-in is used with these versions only.


def named(X):
    """Return X, or where scikit-learn would not see its names a stand-in that shows them."""
    has_names = hasattr(X, "columns") and not hasattr(X, "iloc")  # which pandas has
    return X if _SEES_ALL_NAMES or not has_names else _Names(X)


class _Names:
    """The names and the shape of a data frame, by the interchange protocol."""

    def __init__(self, frame):
        self.columns, self.shape = frame.columns, frame.shape

    def __dataframe__(self):
        return self

    def column_names(self):
        return list(self.columns)
