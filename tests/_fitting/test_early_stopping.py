"""Early stopping keeps the best epoch by whatever scores it."""

import numpy as np
import pytest
from estimators import CASES, each_case, each_form, equal_sequences, every_case
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import check_scoring
from training import OVERSHOOTING, X_VAL, X, assert_is_its_best, brief, fitted, flat

from skrnn import RNNClassifier, RNNRegressor, SequenceTagger
from skrnn.metrics import sequence_accuracy_scorer


@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, len(X_VAL))], ids=["", "weighted"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@every_case
def test_validation_data_choose_the_best_weights(case, solver, weight):
    model = case.make(**OVERSHOOTING, solver=solver)
    validation = {"X_val": X_VAL, "y_val": case.target(X_VAL), "sample_weight_val": weight}
    model.fit(X, case.target(X), **validation)
    assert_is_its_best(case, model, sample_weight=weight)
    assert model.n_iter_ == len(model.validation_scores_) < 200
    assert model.best_loss_ is None


@brief
@every_case
def test_validation_data_are_not_trained_on(case):
    with_val = case.make(tol=0).fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    assert with_val.loss_curve_ == fitted(case, tol=0).loss_curve_


@brief
@each_case
def test_early_stopping_holds_out_a_fraction_and_keeps_the_best_epoch(case):
    params = OVERSHOOTING | {"early_stopping": True, "validation_fraction": 0.4}
    model = fitted(case, **params)
    best = int(np.argmax(model.validation_scores_)) + 1
    assert best < model.n_iter_ == len(model.validation_scores_) < 200
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.t_ == 24 * model.n_iter_
    assert_array_equal(flat(model), flat(fitted(case, **params | {"max_iter": best})))


@brief
@every_case
def test_lbfgs_stops_early_too(case):
    model = case.make(**OVERSHOOTING, solver="lbfgs", tol=0.01)
    model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    assert model.n_iter_ == len(model.validation_scores_) < 200
    score = model.score(X_VAL, case.target(X_VAL))
    assert_allclose(score, max(model.validation_scores_), rtol=1e-12)


@brief
@every_case
def test_a_warm_start_reports_the_best_score_of_the_weights_it_keeps(case):
    validation = {"X_val": X_VAL, "y_val": case.target(X_VAL)}
    model = case.make(max_iter=40, warm_start=True).fit(X, case.target(X), **validation)
    model.set_params(learning_rate_init=5.0, max_iter=2).fit(X, case.target(X), **validation)
    score = model.score(X_VAL, case.target(X_VAL))
    assert_allclose(model.best_validation_score_, score, rtol=1e-12)


@brief
@every_case
def test_without_a_validation_set_no_scores_are_left_of_an_earlier_one(case):
    validation = {"X_val": X_VAL, "y_val": case.target(X_VAL)}
    model = case.make(warm_start=True).fit(X, case.target(X), **validation)
    model.fit(X, case.target(X))
    assert model.validation_scores_ is model.best_validation_score_ is None
    assert len(model.loss_curve_) == 2 * model.max_iter


@brief
@every_case
def test_the_scorer_chooses_the_epoch(case):
    scores = iter([0.1, 0.9, 0.3, 0.8])
    model = case.make(max_iter=4, scoring=lambda *args: next(scores))
    model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    assert model.validation_scores_ == [0.1, 0.9, 0.3, 0.8]
    assert model.best_validation_score_ == 0.9
    assert_array_equal(flat(model), flat(fitted(case, max_iter=2)))


SCORINGS = {
    RNNClassifier: "neg_log_loss",
    RNNRegressor: "neg_mean_absolute_error",
    SequenceTagger: sequence_accuracy_scorer,
}


@brief
@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, len(X_VAL))], ids=["", "weighted"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@every_case
def test_validation_scores_are_the_scorers(case, solver, weight):
    model = case.make(solver=solver, scoring=SCORINGS.get(case.estimator, case.scoring), max_iter=2)
    y_val = case.target(X_VAL)
    model.fit(X, case.target(X), X_val=X_VAL, y_val=y_val, sample_weight_val=weight)
    weights = {} if weight is None else {"sample_weight": weight}
    expected = check_scoring(model, model.scoring)(model, X_VAL, y_val, **weights)
    assert_allclose(model.best_validation_score_, expected, rtol=1e-12)
    assert model.best_validation_score_ == max(model.validation_scores_)


@brief
@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, 24)], ids=["", "weighted"])
@each_form
@every_case
def test_the_scorer_is_given_what_is_held_out(case, form, weight):
    X = equal_sequences(24)
    X, y = form(X), case.target(X)
    default, named = (
        case.make(early_stopping=True, validation_fraction=0.4, scoring=scoring)
        .fit(X, y, sample_weight=weight)
        .validation_scores_
        for scoring in (None, case.scoring)
    )
    assert_allclose(named, default, rtol=1e-12)


@brief
@every_case
def test_the_scorer_sees_the_present_weights(case):
    y, validation = case.target(X), {"X_val": X_VAL, "y_val": case.target(X_VAL)}
    default, named = (
        case.make(warm_start=True, scoring=scoring).fit(X, y, **validation).fit(X, y, **validation)
        for scoring in (None, case.scoring)
    )
    assert_allclose(named.validation_scores_, default.validation_scores_, rtol=1e-12)


def else_at(y, n):
    """The first n labels of y replaced by one that training has not seen."""
    ends = np.cumsum([np.size(labels) for labels in y])[:-1]
    labels = np.hstack(y).astype(object)
    labels[:n] = "else"
    return labels if np.ndim(y[0]) == 0 else np.split(labels, ends)


@brief
@pytest.mark.parametrize("n", [1, 10])
@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
def test_validation_labels_that_training_lacks_count_as_wrong(case, n):
    y, y_val = case.target(X), else_at(case.target(X_VAL), n)
    model = case.make(max_iter=20, learning_rate_init=0.05)
    model.fit(X, y, X_val=X_VAL, y_val=y_val)
    right = np.hstack(model.predict(X_VAL)) == np.hstack(y_val)
    assert right[n:].mean() > 0.6 and not right[:n].any()
    assert_allclose(model.best_validation_score_, right.mean())
    assert_array_equal(model.classes_, np.unique(np.hstack(y)))


@brief
@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
def test_a_class_that_training_lacks_counts_in_balanced_validation(case):
    y, y_val = case.target(X), else_at(case.target(X_VAL), 4)
    model = case.make(max_iter=20, class_weight="balanced").fit(X, y, X_val=X_VAL, y_val=y_val)
    right, labels = np.hstack(model.predict(X_VAL)) == np.hstack(y_val), np.hstack(y_val)
    recalls = [right[labels == label].mean() for label in np.unique(labels)]
    assert recalls[np.unique(labels).tolist().index("else")] == 0
    assert_allclose(model.best_validation_score_, np.mean(recalls))
