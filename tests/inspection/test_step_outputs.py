"""Answers after each step: those to the steps so far."""

import numpy as np
import pytest
from estimators import TOKENS, each_case, each_form, each_network, numbers, sequences
from numpy.testing import assert_allclose

from skrnn import RNNLanguageModel, RNNRegressor
from skrnn.inspection import step_outputs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(8)
EXACT = {"rtol": 1e-10, "atol": 1e-12}


def assert_steps(model, X, rtol=1e-10):
    answer = getattr(model, "predict_proba", model.predict)
    whole = answer(X)
    for i, (sequence, found) in enumerate(zip(X, step_outputs(model, X), strict=True)):
        if whole.dtype == object:  # an answer at each step already
            assert_allclose(found, whole[i], rtol=rtol, atol=1e-12)
            continue
        assert len(found) == len(sequence)
        for t in range(len(sequence)):
            assert_allclose(found[t], answer([sequence[: t + 1]])[0], rtol=rtol, atol=1e-12)


@each_network
def test_answers_to_the_steps_so_far(case, network):
    assert_steps(case.make(**network).fit(X, case.target(X)), X)


@each_case
def test_networks_that_read_forward(case):
    params = {"pooling": "mean"} if "pooling" in case.make().get_params() else {}
    model = case.make(bidirectional=False, n_layers=2, **params).fit(X, case.target(X))
    assert_steps(model, X)


@each_case
def test_tokens(case):
    model = case.make().fit(TOKENS, case.target(numbers(TOKENS)))
    assert_steps(model, TOKENS[:6], rtol=1e-5)


def test_quantiles_and_several_numbers():
    model = RNNRegressor(max_iter=1, loss="quantile", quantile=[0.2, 0.8]).fit(X, np.ones((8, 3)))
    assert step_outputs(model, X)[0].shape == (len(X[0]), 3, 2)
    assert_steps(model, X)


def test_symbols():
    model = RNNLanguageModel(hidden_size=4, max_iter=2, dtype="float64").fit(["abba", "ab"])
    found = step_outputs(model, ["abba", ""])
    prefixes = ["a", "ab", "abb", "abba"]
    assert_allclose(found[0], model.predict_proba(prefixes), **EXACT)
    assert found[1].shape == (0, 3)


@each_form
def test_the_form_of_X(form):
    equal = sequences(8, lengths=(4, 4))
    model = RNNRegressor(hidden_size=4, max_iter=2).fit(equal, np.arange(8.0))
    found = step_outputs(model, form(equal))
    assert isinstance(found, np.ndarray if form is np.stack else list)
    assert_allclose(found, step_outputs(model, equal), rtol=1e-12)
