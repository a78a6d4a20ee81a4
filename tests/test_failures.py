"""A fit that raises leaves the estimator as it was, wherever it raises."""

import copy
import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from estimators import every_case, sequences
from numpy.testing import assert_array_equal
from sklearn.utils.validation import check_is_fitted

import skrnn

PACKAGE = str(Path(skrnn.__file__).parent)
X = sequences(6, lengths=(1, 3))
N_LINES = int(os.environ.get("INJECTED_LINES", 40))  # of about three thousand in each fit

pytestmark = [
    pytest.mark.slow,  # all of it together
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Python itself swallows what is raised while it closes a generator.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class InjectedError(Exception):
    """Raised in the midst of a fit."""


def run(function, fail_at=None, events=("call",)):
    """Call a function, and raise in the package's `fail_at`-th event of these kinds.

    Returns the number of such events, and whether the error got out.
    """
    n_events = 0

    def trace(frame, event, arg):
        nonlocal n_events
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event in events:
            n_events += 1
            if n_events == fail_at:
                raise InjectedError
        return trace if "line" in events else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except Exception:  # scikit-learn makes an AttributeError of it where a method is looked up
        if fail_at is None or n_events < fail_at:
            raise
        return n_events, True
    finally:
        sys.settrace(before)
    return n_events, False


def fit(case, model):
    return model.fit(X, case.target(X))


def fit_with_validation(case, model):
    return model.fit(X, case.target(X), X_val=X, y_val=case.target(X))


def partial_fit(case, model):
    return case.partial_fit(model, X, case.target(X))


WAYS = {
    "fit": (fit, {}),
    "warm": (fit, {"warm_start": True}),
    "validation": (fit_with_validation, {}),
    "lbfgs": (fit, {"solver": "lbfgs"}),
    "partial_fit": (partial_fit, {}),
}
each_way = pytest.mark.parametrize("way", WAYS)


def places(n_events, limit):
    """Numbers of so many events, spread over all of them, and of the last ten: the estimator is
    changed there."""
    spread = np.linspace(1, n_events, min(limit, n_events)).astype(int)
    return np.union1d(spread, np.arange(n_events - 9, n_events + 1)).tolist()


def assert_failures_change_nothing(case, way, limit, events):
    train, params = WAYS[way]
    fresh = case.make(max_iter=1, hidden_size=2, **params)
    fitted = partial_fit(case, copy.deepcopy(fresh)) if way == "partial_fit" else None
    fitted = fitted or fit(case, copy.deepcopy(fresh))
    n_events, _ = run(lambda: train(case, copy.deepcopy(fitted)), events=events)
    assert n_events > 50
    failed = 0
    for at in places(n_events, limit):
        for model in (copy.deepcopy(fresh), fitted):
            state, content = vars(model).copy(), pickle.dumps(model)
            _, raised = run(lambda model=model: train(case, model), at, events)
            failed += raised
            if raised:
                assert vars(model).keys() == state.keys(), at
                assert all(vars(model)[name] is value for name, value in state.items()), at
                assert pickle.dumps(model) == content, at
    assert failed >= min(limit, n_events) // 2


@each_way
@every_case
def test_a_failure_at_any_call_of_a_fit_leaves_the_estimator_as_it_was(case, way):
    assert_failures_change_nothing(case, way, limit=25, events=("call",))


@each_way
@every_case
def test_a_failure_at_any_line_of_a_fit_leaves_the_estimator_as_it_was(case, way):
    assert_failures_change_nothing(case, way, limit=N_LINES, events=("line",))


@every_case
def test_a_first_fit_that_fails_leaves_an_unfitted_estimator(case):
    model = case.make(scoring=lambda estimator, X, y: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit_with_validation(case, model)
    with pytest.raises(Exception, match="not fitted yet"):
        check_is_fitted(model)


@every_case
def test_copies_share_nothing_that_is_written(case):
    model = partial_fit(case, case.make())
    expected = case.outputs(model, X)
    for other in (copy.copy(model), copy.deepcopy(model)):
        for _ in range(2):
            partial_fit(case, other)
        assert np.abs(case.outputs(other, X) - expected).max() > 1e-6
        assert_array_equal(case.outputs(model, X), expected)
    again = partial_fit(case, copy.copy(model))
    assert_array_equal(case.outputs(partial_fit(case, model), X), case.outputs(again, X))
