"""A saved model predicts, and goes on learning."""

import pickle

import joblib
import pytest
from estimators import every_case
from numpy.testing import assert_array_equal
from training import X, brief, flat


@brief
@every_case
def test_a_pickled_model_is_its_parameters_and_little_else(case):
    model = case.make(hidden_size=64, max_iter=1).fit(X, case.target(X))
    assert len(pickle.dumps(model)) < 8 * model.n_parameters_ + 10_000


@brief
@every_case
def test_nothing_is_saved_that_predictions_have_left_in_memory(case):
    model = case.make().fit(X, case.target(X))
    before = pickle.dumps(model)
    case.outputs(model, X), model.score(X, case.target(X))
    assert pickle.dumps(model) == before


def by_pickle(model, path, mode):
    return pickle.loads(pickle.dumps(model))


def by_joblib(model, path, mode):
    joblib.dump(model, path / "model.joblib", compress=0 if mode else 3)
    return joblib.load(path / "model.joblib", mmap_mode=mode)


@pytest.mark.slow
@brief
@pytest.mark.parametrize(
    "save, mode",
    [(by_pickle, None), (by_joblib, None), (by_joblib, "r"), (by_joblib, "c")],
    ids=["pickle", "compressed", "mmap r", "mmap c"],
)
@every_case
def test_a_saved_model_predicts_and_goes_on_learning(case, save, mode, tmp_path):
    y = case.target(X)
    model = case.partial_fit(case.make(warm_start=True), X, y)
    loaded = save(model, tmp_path, mode)
    assert_array_equal(case.outputs(loaded, X), case.outputs(model, X))
    for method in (case.partial_fit, lambda model, X, y: model.fit(X, y)):
        method(model, X, y), method(loaded, X, y)
        assert loaded.loss_curve_ == model.loss_curve_
        assert_array_equal(flat(loaded), flat(model))
