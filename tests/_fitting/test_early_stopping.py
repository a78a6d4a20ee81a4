"""Early stopping keeps the best epoch by whatever scores it."""

import numpy as np
import pytest
from estimators import CASES, each_case, each_form, equal_sequences, every_case
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import (
    brier_score_loss,
    check_scoring,
    log_loss,
    mean_squared_error,
    top_k_accuracy_score,
)
from sklearn.pipeline import make_pipeline
from training import OVERSHOOTING, STILL, X_VAL, X, assert_is_its_best, brief, fitted, flat

from skrnn import (
    RNNClassifier,
    RNNRegressor,
    SequenceRegressor,
    SequenceTagger,
    SlidingWindowTransformer,
    WindowScaledRegressor,
)
from skrnn._fitting.trainer import Trainer
from skrnn.metrics import sequence_accuracy_scorer

pytestmark = pytest.mark.slow  # all of it together


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
    assert model.validation_loss_curve_ is None
    assert len(model.loss_curve_) == 2 * model.max_iter


@brief
@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, len(X))], ids=["", "weighted"])
@every_case
def test_the_validation_loss_is_the_loss_that_is_trained(case, weight):
    y = case.target(X)
    validation = {"X_val": X, "y_val": y, "sample_weight_val": weight}
    for scoring in (None, case.scoring):
        model = case.make(**STILL, scoring=scoring)
        model.fit(X, y, sample_weight=weight, **validation)
        assert_allclose(model.validation_loss_curve_, model.loss_curve_, rtol=1e-8)


@brief
def test_the_validation_loss_is_that_of_each_epoch():
    options = {"learning_rate": "constant", "random_state": 0, "dtype": "float64"}
    y, y_val = (np.array([x[0, 0] > 0 for x in part]) for part in (X, X_VAL))
    for n, loss in enumerate(
        RNNClassifier(**options, max_iter=3, dropout=0.5)
        .fit(X, y, X_val=X_VAL, y_val=y_val)
        .validation_loss_curve_,
        1,
    ):
        model = RNNClassifier(**options, max_iter=n, dropout=0.5).fit(X, y)
        assert_allclose(loss, log_loss(y_val, model.predict_proba(X_VAL)), rtol=1e-9)


@brief
def test_the_validation_loss_of_numbers_is_in_the_scale_of_the_network():
    values, values_val = (np.array([3 * x[0, 0] for x in part]) for part in (X, X_VAL))
    model = RNNRegressor(max_iter=1, random_state=0, dtype="float64", learning_rate="constant")
    model.fit(X, values, X_val=X_VAL, y_val=values_val)
    error = mean_squared_error(values_val, model.predict(X_VAL)) / values.var()
    assert_allclose(model.validation_loss_curve_, [error / 2], rtol=1e-9)


@brief
@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
def test_labels_that_training_lacks_have_no_part_in_the_validation_loss(case):
    y, y_val, weight = case.target(X), case.target(X_VAL), np.ones(len(X_VAL))
    weight[0] = 0
    strangers = else_at(y_val, np.size(y_val[0]))
    known, other = (
        case.make(max_iter=2).fit(X, y, X_val=X_VAL, y_val=y_val, sample_weight_val=weight)
        for y_val in (y_val, strangers)
    )
    assert_allclose(other.validation_loss_curve_, known.validation_loss_curve_, rtol=1e-9)
    without = case.make(max_iter=2).fit(X, y, X_val=X_VAL[1:], y_val=y_val[1:])
    assert_allclose(other.validation_loss_curve_, without.validation_loss_curve_, rtol=1e-9)


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


RARE = np.repeat(["no", "yes", "rare"], [40, 38, 2])
MANY = equal_sequences(80)


def watched(**params):
    return RNNClassifier(hidden_size=2, max_iter=2, random_state=0, **params)


@brief
@pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score", "top_k_accuracy"])
def test_probabilities_are_scored_whatever_classes_are_held_out(scoring):
    model, y_val = watched(scoring=scoring), RARE[:20]
    model.fit(MANY, RARE, X_val=MANY[:20], y_val=y_val)
    probability = model.predict_proba(MANY[:20])
    expected = {
        "neg_log_loss": -log_loss(y_val, probability, labels=model.classes_),
        "neg_brier_score": -brier_score_loss(y_val, probability, labels=model.classes_),
        "top_k_accuracy": top_k_accuracy_score(y_val, probability, labels=model.classes_),
    }[scoring]
    assert_allclose(model.best_validation_score_, expected, rtol=1e-12)
    # A tenth of the sequences has none of the two rare ones.
    assert np.isfinite(watched(scoring=scoring, early_stopping=True).fit(MANY, RARE).loss_)
    assert np.isfinite(watched(scoring=scoring, early_stopping="time").fit(MANY, RARE).loss_)


NEITHER = "no example of the classes"
AUC = "scoring='roc_auc.*' cannot score the validation set: "


@brief
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize(
    "scoring, y_val, message",
    [
        ("roc_auc_ovr", ["no", "yes"], rf"{AUC}Number of classes.* {NEITHER} \['rare'\]"),
        ("roc_auc_ovo", ["no", "no"], rf"{AUC}.* {NEITHER} \['rare', 'yes'\]"),
        ("roc_auc", ["no", "yes", "rare"], rf"{AUC}multi_class must be .* Choose another scorer"),
        ("roc_auc_ovr_weighted", ["yes", "no"], rf"{AUC}.* {NEITHER} \['rare'\]"),
        ("neg_log_loss", ["yes", "no", "new"], "labels that are not among the classes .* of y"),
        ("f1", ["yes", "no", "rare"], "scoring='f1' cannot score .* Choose another scorer"),
    ],
)
def test_what_needs_all_classes_is_refused_before_training(monkeypatch, scoring, y_val, message):
    epochs = []
    model = watched(scoring=scoring)
    monkeypatch.setattr(Trainer, "record", lambda *args: epochs.append(args))
    with pytest.raises(ValueError, match=message):
        model.fit(MANY, RARE, X_val=MANY[:12], y_val=np.resize(y_val, 12))
    assert not epochs and not hasattr(model, "classes_")


@brief
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_score_that_is_no_number_is_refused_where_a_class_is_missing():
    y = np.arange(80) % 2
    with pytest.raises(ValueError, match=rf"{AUC}the score is nan.* {NEITHER} \[1\]"):
        watched(scoring="roc_auc").fit(MANY, y, X_val=MANY[:9], y_val=np.zeros(9, int))
    labels = np.column_stack([y, 1 - y])
    with pytest.raises(ValueError, match=r"The labels \[1\] are the same in all of it"):
        several = np.column_stack([y[:9], np.ones(9, int)])
        watched(scoring="roc_auc").fit(MANY, labels, X_val=MANY[:9], y_val=several)


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


WINDOWS = np.lib.stride_tricks.sliding_window_view(
    np.random.default_rng(0).standard_normal((103, 2)), 4, axis=0
).transpose(0, 2, 1)
RANDOM = r"The sequences overlap.*early_stopping='time', or pass X_val"


@brief
@each_case
def test_in_order_of_time_the_last_are_scored_and_those_that_overlap_them_left_out(case):
    y = case.target(WINDOWS)
    params = {"max_iter": 20, "n_iter_no_change": np.inf, "random_state": 0, "batch_size": 10}
    held_out = case.make(**params, early_stopping="time", validation_fraction=0.295)
    held_out.fit(WINDOWS, y)
    assert held_out.t_ == 67 * held_out.n_iter_
    score = held_out.score(WINDOWS[70:], y[70:])
    assert_allclose(held_out.best_validation_score_, score, rtol=1e-9)


@brief
def test_in_order_of_time_targets_are_scored_by_a_scorer_too():
    y = WINDOWS[:, :, 0].sum(axis=1)
    params = {"early_stopping": "time", "scoring": "neg_mean_squared_error", "max_iter": 3}
    model = RNNRegressor(**params, learning_rate="constant", random_state=0).fit(WINDOWS, y)
    error = model.predict(WINDOWS[-10:]) - y[-10:]
    assert_allclose(-np.mean(error**2), model.validation_scores_[model.n_iter_ - 1], rtol=0.5)


def test_in_order_of_time_something_must_be_left_to_train_on():
    model = RNNRegressor(early_stopping="time", validation_fraction=0.5)
    with pytest.raises(ValueError, match="scores the last 4 of 7 sequences, and leaves out the 3"):
        model.fit(WINDOWS[:7], np.arange(7))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("form", [np.array, list, lambda X: (X - X.mean()) / 3])
@brief
def test_windows_held_out_at_random_are_warned_of(form, stride):
    X = form(WINDOWS[::stride])
    model = RNNRegressor(early_stopping=True, max_iter=1, random_state=0)
    with pytest.warns(UserWarning, match=RANDOM):
        model.fit(X, np.arange(len(X)))


@brief
@pytest.mark.parametrize("scaling", ["last", "standard"])
def test_padded_and_scaled_windows_are_warned_of_as_well(scaling):
    rows = np.random.default_rng(0).standard_normal((60, 1))
    network = RNNRegressor(early_stopping=True, max_iter=1, random_state=0)
    scaled = WindowScaledRegressor(network, scaling=scaling)
    model = make_pipeline(SlidingWindowTransformer(12, horizon=1), scaled)
    with pytest.warns(UserWarning, match=RANDOM):
        model.fit(rows, rows[:, 0])


@brief
@pytest.mark.parametrize(
    "X",
    [
        X,
        WINDOWS[::4],  # these do not overlap
        WINDOWS[::3],  # these share a step of four
        np.ones((20, 4, 2)),
        np.random.default_rng(0).integers(0, 5, (20, 3)).tolist(),
    ],
)
def test_other_sequences_are_held_out_at_random_in_silence(X):
    model = RNNRegressor(early_stopping=True, max_iter=1, learning_rate="cosine", random_state=0)
    model.fit(X, np.arange(len(X)) % 3)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.estimator in (SequenceTagger, SequenceRegressor)],
    ids=str,
)
def test_one_long_recording_is_enough_for_a_score_of_steps(case):
    recording = [np.concatenate(X_VAL)]
    model = case.make(learning_rate="cosine")
    model.fit(X, case.target(X), X_val=recording, y_val=case.target(recording))
    score = model.score(recording, case.target(recording))
    assert_allclose(score, model.best_validation_score_, rtol=1e-6)
