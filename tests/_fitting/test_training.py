"""Training that cannot hang or lie: how it goes, how it ends, what it leaves behind."""

import copy
import pickle
import re
import tempfile
import tracemalloc

import joblib
import numpy as np
import pytest
from estimators import CASES, TOKENS, each_case, each_form, equal_sequences, numbers, sequences
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import check_scoring
from sklearn.neural_network import MLPClassifier

from skrnn import RNNClassifier, RNNRegressor, SequenceArray, SequenceTagger
from skrnn._fitting import objective as _objective
from skrnn._fitting.objective import Objective
from skrnn._fitting.trainer import Trainer
from skrnn.metrics import sequence_accuracy_scorer

brief = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
STOCHASTIC = ["adam", "adamw", "rmsprop", "sgd"]
SOLVERS = [*STOCHASTIC, "lbfgs"]

X = sequences(40)
X_VAL = sequences(25, seed=1)
ONE_STEP = {"solver": "sgd", "momentum": 0.0, "alpha": 0.0, "batch_size": 100, "max_iter": 1}
STILL = ONE_STEP | {"learning_rate_init": 1e-12}


def fitted(case, X=X, sample_weight=None, **params):
    return case.make(**params).fit(X, case.target(X), sample_weight=sample_weight)


def flat(model):
    """All parameters in one vector."""
    return np.concatenate([value.ravel() for value in model.coefs_.values()])


def raise_after(n_calls, method, exception):
    """Wrap `method` so that the call after so many raises."""
    countdown = iter(range(n_calls))

    def wrapped(*args):
        if next(countdown, None) is None:
            raise exception
        return method(*args)

    return wrapped


# Learning -----------------------------------------------------------------------------------


@brief
@pytest.mark.parametrize("solver", SOLVERS)
@each_case
def test_every_solver_learns(case, solver):
    rate = {"sgd": 0.3, "rmsprop": 0.003}.get(solver, 0.01)
    model = fitted(case, solver=solver, learning_rate_init=rate, momentum=0.5, max_iter=60)
    assert model.loss_ == model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.score(X, case.target(X)) > 0.8


EFFECTS = [
    ({}, {"cell_type": "rnn"}),
    ({}, {"cell_type": "gru"}),
    ({"cell_type": "rnn"}, {"activation": "relu"}),
    ({}, {"hidden_size": 5}),
    ({}, {"n_layers": 2}),
    ({}, {"bidirectional": True}),
    ({}, {"pooling": "mean"}),
    ({}, {"pooling": "max"}),
    ({}, {"dropout": 0.2}),
    ({}, {"recurrent_dropout": 0.2}),
    ({}, {"forget_bias": 2.0}),
    ({}, {"forget_bias": "chrono"}),
    ({}, {"alpha": 1.0}),
    ({"solver": "adamw"}, {"alpha": 1.0}),
    ({}, {"batch_size": 7}),
    ({}, {"learning_rate": "invscaling"}),
    ({}, {"learning_rate": "cosine"}),
    ({}, {"learning_rate": "one_cycle"}),
    ({"learning_rate": "invscaling"}, {"power_t": 0.1}),
    ({}, {"learning_rate_init": 0.02}),
    ({}, {"shuffle": False}),
    ({}, {"early_stopping": True}),
    ({"early_stopping": True}, {"validation_fraction": 0.4}),
    ({}, {"max_grad_norm": 0.1}),
    ({}, {"tbptt_steps": 2}),
    ({}, {"beta_1": 0.5}),
    ({}, {"beta_2": 0.5}),
    ({}, {"epsilon": 0.1}),
    ({"solver": "rmsprop"}, {"beta_2": 0.5}),
    ({"solver": "sgd"}, {"momentum": 0.5}),
    ({"solver": "sgd"}, {"nesterovs_momentum": False}),
    ({}, {"random_state": 1}),
    ({}, {"dtype": "float32"}),
]


@brief
@pytest.mark.parametrize(
    "case, base, changed",
    [
        pytest.param(case, base, changed, id=f"{case}-{base}-{changed}")
        for case in CASES
        for base, changed in EFFECTS
        if changed.keys() <= case.make().get_params().keys()
    ],
)
def test_no_parameter_is_ignored(case, base, changed):
    before = fitted(case, **base | {"batch_size": 16})
    after = fitted(case, **{"batch_size": 16} | base | changed)
    assert before.loss_curve_ != after.loss_curve_


VECTORS = np.random.default_rng(0).standard_normal((9, 3))


@brief
@pytest.mark.parametrize(
    "base, changed",
    [
        ({}, {"embedding_dim": 2}),
        ({}, {"embedding_init": VECTORS}),
        ({"embedding_init": VECTORS}, {"freeze_embeddings": True}),
        ({}, {"token_dropout": 0.3}),
        ({}, {"categorical_features": None}),
    ],
)
@each_case
def test_no_parameter_of_embeddings_is_ignored(case, base, changed):
    y = case.target(numbers(TOKENS))
    before = case.make(**base).fit(TOKENS, y)
    after = case.make(**base | changed).fit(TOKENS, y)
    assert before.loss_curve_ != after.loss_curve_


@brief
@pytest.mark.parametrize("solver", SOLVERS)
@each_case
def test_frozen_vectors_stay_and_given_ones_are_the_start(case, solver):
    y = case.target(numbers(TOKENS))
    given = case.make(solver=solver, embedding_init=VECTORS, dtype="float64")
    frozen = given.fit(TOKENS, y).set_params(freeze_embeddings=True).fit(TOKENS, y)
    assert_array_equal(frozen.coefs_["embedding_0.weight"], VECTORS)
    started = given.set_params(freeze_embeddings=False, learning_rate_init=1e-12, max_iter=1)
    if solver != "lbfgs":
        learnt = started.fit(TOKENS, y).coefs_["embedding_0.weight"]
        assert_allclose(learnt, VECTORS, atol=1e-9)
        assert not np.array_equal(learnt, VECTORS)


@brief
@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd"])
@each_case
def test_vectors_that_are_frozen_between_partial_fits_move_no_more(case, solver):
    y = case.target(numbers(TOKENS))
    model = case.make(solver=solver, embedding_init=VECTORS)
    case.partial_fit(model, TOKENS, y)
    moved = model.coefs_["embedding_0.weight"].copy()
    model.set_params(freeze_embeddings=True)
    for _ in range(3):
        case.partial_fit(model, TOKENS, y)
    assert_array_equal(model.coefs_["embedding_0.weight"], moved)
    assert not np.array_equal(moved, VECTORS.astype(moved.dtype))


@brief
@each_case
def test_a_refused_warm_start_leaves_the_categories(case):
    y = case.target(numbers(TOKENS))
    model = case.make(embedding_dim=3, warm_start=True).fit(TOKENS, y)
    with pytest.raises(ValueError, match="tables=.* differs from"):
        model.set_params(embedding_init=np.ones((50, 3))).fit(TOKENS, y)
    model.set_params(embedding_init=None).fit(TOKENS, y)
    with pytest.raises(ValueError, match="fit saw ids below"):
        model.predict([[49]])


@brief
@each_case
def test_embeddings_are_not_penalised(case):
    y = case.target(numbers(TOKENS))
    free = case.make(**STILL).fit(TOKENS, y)
    bound = case.make(**STILL | {"alpha": 3.0}).fit(TOKENS, y)
    weights = [v for name, v in free.coefs_.items() if name.startswith(("weight", "head.weight"))]
    squares = sum((w**2).sum() for w in weights)
    n_targets = sum(np.size(target) for target in y)
    assert_allclose(bound.loss_ - free.loss_, 3.0 / 2 * squares / n_targets, rtol=1e-5)


@brief
@each_case
def test_the_step_of_plain_gradient_descent(case):
    start = flat(fitted(case, **STILL))
    free = fitted(case, **ONE_STEP, learning_rate_init=0.1, max_grad_norm=None)
    clipped = fitted(case, **ONE_STEP, learning_rate_init=0.1, max_grad_norm=1e-3)
    assert_allclose(np.linalg.norm(flat(free) - start), 0.1 * free.grad_norm_curve_[0])
    assert_allclose(np.linalg.norm(flat(clipped) - start), 0.1 * 1e-3, rtol=1e-4)
    # The record is of the gradient before clipping.
    assert clipped.grad_norm_curve_ == free.grad_norm_curve_


@brief
@pytest.mark.parametrize("weight", [None, np.linspace(0, 3, len(X))], ids=["", "weighted"])
@each_case
def test_the_penalty_is_half_alpha_by_the_squared_weights_over_the_sum_of_weights(case, weight):
    free = fitted(case, sample_weight=weight, **STILL)
    bound = fitted(case, sample_weight=weight, **STILL | {"alpha": 3.0})
    squares = sum((v**2).sum() for name, v in free.coefs_.items() if "weight" in name)
    # In the loss, every target has the weight of its sequence.
    total = np.average([np.size(y) for y in case.target(X)], weights=weight)
    total *= len(X) if weight is None else weight.sum()
    assert_allclose(bound.loss_ - free.loss_, 3.0 / 2 * squares / total)


@brief
@each_case
def test_what_is_counted(case):
    model = fitted(case, batch_size=7)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.grad_norm_curve_) == 3
    assert model.t_ == 3 * len(X)
    assert model.n_parameters_ == flat(model).size
    assert model.n_features_in_ == 2
    assert model.validation_scores_ is None and model.best_validation_score_ is None


@brief
@each_case
def test_coefs_have_the_names_and_shapes_of_torch_and_are_read_only(case):
    model = fitted(case, n_layers=2, bidirectional=True)
    shapes = {name: value.shape for name, value in model.coefs_.items()}
    layer = {"weight_ih": (16, 2), "weight_hh": (16, 4), "bias_ih": (16,), "bias_hh": (16,)}
    upper = layer | {"weight_ih": (16, 8)}
    assert shapes == {
        **{f"{name}_l0{end}": s for end in ("", "_reverse") for name, s in layer.items()},
        **{f"{name}_l1{end}": s for end in ("", "_reverse") for name, s in upper.items()},
        "head.weight": (model.n_outputs_, 8),
        "head.bias": (model.n_outputs_,),
    }
    for value in model.coefs_.values():
        with pytest.raises(ValueError, match="read-only"):
            value[...] = 0


# The end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", STOCHASTIC)
@each_case
def test_the_last_epoch_warns_as_in_mlpclassifier(case, solver):
    with pytest.warns(ConvergenceWarning) as expected:
        MLPClassifier(max_iter=3).fit(np.eye(4), [0, 1, 0, 1])
    with pytest.warns(ConvergenceWarning) as found:
        fitted(case, solver=solver)
    assert [str(w.message) for w in found] == [str(w.message) for w in expected]


@each_case
def test_lbfgs_warns_at_max_iter_and_at_max_fun(case):
    with pytest.warns(ConvergenceWarning, match=r"lbfgs failed to converge after 3 iteration"):
        assert fitted(case, solver="lbfgs").n_iter_ == 3
    with pytest.warns(ConvergenceWarning, match="EVALUATIONS"):
        assert fitted(case, solver="lbfgs", max_fun=2, max_iter=100).n_iter_ < 3


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
@each_case
def test_a_schedule_with_an_end_is_carried_out_without_a_warning(case, schedule):
    # No epoch improves by as much as `tol`.
    model = fitted(case, learning_rate=schedule, tol=1e9, n_iter_no_change=1, max_iter=6)
    assert model.n_iter_ == 6


@pytest.mark.parametrize("patience", [1, 4])
@pytest.mark.parametrize("schedule", ["constant", "adaptive"])
@each_case
def test_training_stops_in_the_epoch_in_which_mlpclassifier_would(case, schedule, patience):
    # No epoch improves by as much as `tol`.
    rule = {
        "tol": 1e9,
        "n_iter_no_change": patience,
        "max_iter": 500,
        "solver": "sgd",
        "learning_rate": schedule,
        "learning_rate_init": 0.001,
    }
    mlp = MLPClassifier(**rule).fit(np.eye(4), [0, 1, 0, 1])
    assert fitted(case, **rule, batch_size=100).n_iter_ == mlp.n_iter_


@each_case
def test_infinite_patience_never_stops(case):
    with pytest.warns(ConvergenceWarning):
        assert fitted(case, n_iter_no_change=np.inf, tol=1e9, max_iter=20).n_iter_ == 20


@each_case
def test_lbfgs_ends_where_no_entry_of_the_gradient_exceeds_tol(case):
    model = fitted(case, solver="lbfgs", max_iter=2000, alpha=10.0, tol=1e-3, n_iter_no_change=1)
    assert model.n_iter_ < 2000
    assert model.grad_norm_curve_[-1] < 1e-3 * np.sqrt(model.n_parameters_)
    assert (np.array(model.grad_norm_curve_[:-1]) > 1e-3).all()


@pytest.fixture
def epochs_done(monkeypatch):
    """A function that tells how many epochs the present training has done."""
    trainers, begin = [], Trainer.__init__

    def watched(self, *arguments, **options):
        begin(self, *arguments, **options)
        trainers.append(self)

    monkeypatch.setattr(Trainer, "__init__", watched)
    return lambda: trainers[-1].history.n_iter


# Not finite ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(
    "params",
    [
        {"cell_type": "rnn", "activation": "relu", "solver": "sgd"},
        {"cell_type": "rnn", "activation": "relu", "solver": "sgd", "dtype": "float32"},
        {"cell_type": "lstm", "solver": "adam", "dtype": "float32"},
        {"cell_type": "gru", "solver": "adamw"},
    ],
)
@each_case
def test_a_training_that_diverges_says_so_and_nothing_else(case, params, n_jobs, monkeypatch):
    monkeypatch.setattr(_objective, "SPLIT_UNITS", 1)  # so that threads have a part in it
    rate = 1e30 if params.get("dtype") == "float32" else 1e200
    params = params | {"learning_rate_init": rate, "max_grad_norm": None, "max_iter": 100}
    model = case.make(**params, n_jobs=n_jobs)
    reason = (
        r"The training diverged in epoch \d, batch \d+: loss (nan|inf).*, gradient norm (nan|inf)"
        rf".*Lower learning_rate_init \(now {re.escape(f'{rate:g}')}\), set max_grad_norm "
        r"\(now None\), or scale"
    )
    with pytest.raises(ValueError, match=reason):
        model.fit(X, case.target(X))
    assert not hasattr(model, "n_iter_")


@each_case
def test_a_training_that_diverges_between_two_scores_says_so(case):
    diverging = {"cell_type": "rnn", "activation": "relu", "solver": "sgd", "batch_size": 100}
    model = case.make(**diverging, learning_rate_init=1e200, max_grad_norm=None)
    with pytest.raises(ValueError, match="The training diverged in epoch 2, batch 1"):
        model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    with pytest.raises(NotFittedError):
        model.predict(X)


@brief
@pytest.mark.parametrize("solver", SOLVERS)
@each_case
def test_a_loss_that_is_not_finite_leaves_the_last_model(case, solver, epochs_done, monkeypatch):
    model = fitted(case, solver=solver, batch_size=100, max_iter=2, warm_start=True)
    first, healthy = copy.deepcopy(model), Objective.__call__

    def objective(self, theta, batch):
        loss, *rest = healthy(self, theta, batch)
        return (np.nan if epochs_done() == 2 else loss), *rest

    monkeypatch.setattr(Objective, "__call__", objective)
    with pytest.raises(ValueError, match="diverged in epoch 3, batch 1: loss nan, gradient norm"):
        model.set_params(max_iter=10).fit(X, case.target(X))
    assert vars(model).keys() == vars(first).keys()
    assert model.loss_curve_ == first.loss_curve_ and model.n_iter_ == 2
    assert_array_equal(case.outputs(model, X), case.outputs(first, X))


# Interrupted --------------------------------------------------------------------------------


@brief
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("solver", STOCHASTIC)
@each_case
def test_an_interrupted_fit_keeps_the_model_reached_so_far(case, solver, n_jobs, monkeypatch):
    params = {"solver": solver, "batch_size": 10, "n_jobs": n_jobs}
    expected = fitted(case, **params, max_iter=2)
    interrupted = raise_after(2 * 4, Objective.__call__, KeyboardInterrupt)
    monkeypatch.setattr(Objective, "__call__", lambda *args: interrupted(*args))
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case, **params, max_iter=50)
    assert model.loss_curve_ == expected.loss_curve_
    assert model.n_iter_ == 2
    assert_array_equal(case.outputs(model, X), case.outputs(expected, X))


@brief
@each_case
def test_an_interrupted_lbfgs_keeps_its_last_iterate(case, epochs_done, monkeypatch):
    expected = fitted(case, solver="lbfgs", max_iter=2)
    healthy = Objective.__call__

    def objective(self, theta, batch):
        if epochs_done() == 2:
            raise KeyboardInterrupt
        return healthy(self, theta, batch)

    monkeypatch.setattr(Objective, "__call__", objective)
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case, solver="lbfgs", max_iter=50)
    assert_array_equal(case.outputs(model, X), case.outputs(expected, X))


@each_case
def test_an_interruption_before_the_first_epoch_leaves_a_model_without_a_loss(case, monkeypatch):
    interrupted = raise_after(0, Objective.__call__, KeyboardInterrupt)
    monkeypatch.setattr(Objective, "__call__", lambda *args: interrupted(*args))
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case)
    assert model.n_iter_ == 0 and np.isnan(model.loss_) and np.isnan(model.best_loss_)
    assert np.isfinite(case.outputs(model, X)).all()


@each_case
def test_an_interruption_before_the_first_score_leaves_none_that_was_best(case, monkeypatch):
    interrupted = raise_after(0, Objective.__call__, KeyboardInterrupt)
    monkeypatch.setattr(Objective, "__call__", lambda *args: interrupted(*args))
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model = fitted(case, early_stopping=True)
    assert model.validation_scores_ == [] and np.isnan(model.best_validation_score_)
    assert model.best_loss_ is None


@each_case
def test_an_interrupted_early_stopping_restores_the_best_weights(case, monkeypatch):
    interrupted = raise_after(15, Trainer.record, KeyboardInterrupt)
    monkeypatch.setattr(Trainer, "record", lambda *args: interrupted(*args))
    model = case.make(**OVERSHOOTING | {"n_iter_no_change": np.inf})
    with pytest.warns(UserWarning, match="Training interrupted by user."):
        model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    assert len(model.validation_scores_) == 15
    assert_is_its_best(case, model)


# Early stopping -----------------------------------------------------------------------------

# Steps too large for the scores to keep rising.
OVERSHOOTING = {"learning_rate_init": 0.2, "max_iter": 200, "n_iter_no_change": 12}


def assert_is_its_best(case, model, sample_weight=None):
    """The model scores its best validation score, which was not its last."""
    score = model.score(X_VAL, case.target(X_VAL), sample_weight=sample_weight)
    assert_allclose(score, model.best_validation_score_, rtol=1e-12)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_validation_score_ > model.validation_scores_[-1]


@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, len(X_VAL))], ids=["", "weighted"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@each_case
def test_validation_data_choose_the_best_weights(case, solver, weight):
    model = case.make(**OVERSHOOTING, solver=solver)
    validation = {"X_val": X_VAL, "y_val": case.target(X_VAL), "sample_weight_val": weight}
    model.fit(X, case.target(X), **validation)
    assert_is_its_best(case, model, sample_weight=weight)
    assert model.n_iter_ == len(model.validation_scores_) < 200
    assert model.best_loss_ is None


@brief
@each_case
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
@each_case
def test_lbfgs_stops_early_too(case):
    model = case.make(**OVERSHOOTING, solver="lbfgs", tol=0.01)
    model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    assert model.n_iter_ == len(model.validation_scores_) < 200
    score = model.score(X_VAL, case.target(X_VAL))
    assert_allclose(score, max(model.validation_scores_), rtol=1e-12)


@brief
@each_case
def test_a_warm_start_reports_the_best_score_of_the_weights_it_keeps(case):
    validation = {"X_val": X_VAL, "y_val": case.target(X_VAL)}
    model = case.make(max_iter=40, warm_start=True).fit(X, case.target(X), **validation)
    model.set_params(learning_rate_init=5.0, max_iter=2).fit(X, case.target(X), **validation)
    score = model.score(X_VAL, case.target(X_VAL))
    assert_allclose(model.best_validation_score_, score, rtol=1e-12)


@brief
@each_case
def test_without_a_validation_set_no_scores_are_left_of_an_earlier_one(case):
    validation = {"X_val": X_VAL, "y_val": case.target(X_VAL)}
    model = case.make(warm_start=True).fit(X, case.target(X), **validation)
    model.fit(X, case.target(X))
    assert model.validation_scores_ is model.best_validation_score_ is None
    assert len(model.loss_curve_) == 2 * model.max_iter


@brief
@each_case
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
@each_case
def test_validation_scores_are_the_scorers(case, solver, weight):
    model = case.make(solver=solver, scoring=SCORINGS[case.estimator], max_iter=2)
    y_val = case.target(X_VAL)
    model.fit(X, case.target(X), X_val=X_VAL, y_val=y_val, sample_weight_val=weight)
    weights = {} if weight is None else {"sample_weight": weight}
    expected = check_scoring(model, model.scoring)(model, X_VAL, y_val, **weights)
    assert_allclose(model.best_validation_score_, expected, rtol=1e-12)
    assert model.best_validation_score_ == max(model.validation_scores_)


@brief
@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, 24)], ids=["", "weighted"])
@each_form
@each_case
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
@each_case
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


# Continuing ---------------------------------------------------------------------------------

# Plain gradient descent has no state but the weights.
STATELESS = {"solver": "sgd", "momentum": 0.0, "shuffle": False, "batch_size": 9}


@brief
@each_case
def test_a_warm_start_goes_on_from_the_weights(case):
    y = case.target(X)
    whole = case.make(**STATELESS, max_iter=6).fit(X, y)
    model = case.make(**STATELESS, max_iter=2, warm_start=True)
    for n_fits in (1, 2, 3):
        model.fit(X, y)
        assert model.n_iter_ == 2 and len(model.loss_curve_) == 2 * n_fits
    assert model.loss_curve_ == whole.loss_curve_
    assert_array_equal(flat(model), flat(whole))


@brief
@each_case
def test_a_cold_start_forgets(case):
    model = fitted(case)
    first = flat(model)
    assert_array_equal(flat(model.fit(X, case.target(X))), first)
    assert len(model.loss_curve_) == 3


@brief
@pytest.mark.parametrize("schedule", ["constant", "invscaling", "one_cycle"])
@pytest.mark.parametrize("solver", STOCHASTIC)
@each_case
def test_partial_fits_are_the_epochs_of_a_fit(case, solver, schedule):
    params = {"solver": solver, "learning_rate": schedule, "batch_size": 9, "dropout": 0.2}
    y = case.target(X)
    # Without a last epoch to plan for, the rate stays.
    kept = {"learning_rate": "constant"} if schedule == "one_cycle" else {}
    whole = case.make(**params | kept).fit(X, y)
    model = case.make(**params)
    for n_calls in (1, 2, 3):
        model = case.partial_fit(pickle.loads(pickle.dumps(model)), X, y)
        assert model.n_iter_ == 1 and len(model.loss_curve_) == n_calls
        assert model.t_ == n_calls * len(X)
    assert model.loss_curve_ == whole.loss_curve_
    assert_array_equal(flat(model), flat(whole))


@brief
@each_case
def test_partial_fit_learns_from_a_stream_of_chunks(case):
    model = case.make(learning_rate_init=0.03)
    for seed in range(60):
        chunk = sequences(20, seed=seed)
        case.partial_fit(model, chunk, case.target(chunk))
    assert model.score(X, case.target(X)) > 0.7


@each_case
def test_partial_fit_is_for_stochastic_solvers(case):
    model = case.make(solver="lbfgs")
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        model.partial_fit(X, case.target(X))


@brief
@each_case
def test_a_fit_does_not_depend_on_partial_fits_before_it(case):
    model = case.partial_fit(case.make(), X_VAL, case.target(X_VAL))
    model.fit(X, case.target(X))
    expected = fitted(case)
    assert model.loss_curve_ == expected.loss_curve_
    for continued in (model, expected):
        case.partial_fit(continued, X, case.target(X))
    assert_array_equal(flat(model), flat(expected))


@brief
@each_case
def test_a_failed_first_fit_leaves_an_unfitted_estimator(case):
    model = case.make()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, case.target(X)[1:])
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.predict(X)


@brief
@each_case
def test_partial_fit_follows_a_change_of_the_solver(case):
    model = case.partial_fit(case.make(alpha=1.0), X, case.target(X))
    forgetful = copy.deepcopy(model)
    forgetful._optimizer = None
    for changed in (model, forgetful):
        case.partial_fit(changed.set_params(solver="adamw"), X, case.target(X))
    assert_array_equal(flat(model), flat(forgetful))


@brief
@each_case
@pytest.mark.parametrize("name, value", [("beta_1", 0.5), ("epsilon", 0.1)])
def test_partial_fit_follows_a_change_of_the_solver_s_options(case, name, value):
    model = case.partial_fit(case.make(), X, case.target(X))
    same = copy.deepcopy(model)
    for changed in (model.set_params(**{name: value}), same):
        case.partial_fit(changed, X, case.target(X))
    assert model._optimizer.n_steps == same._optimizer.n_steps > 1
    assert np.abs(flat(model) - flat(same)).max() > 1e-8


@brief
@each_case
def test_small_integers_do_not_overflow(case):
    names = {"hidden_size": 20, "n_layers": 2, "batch_size": 5, "tbptt_steps": 3}
    small = case.make(**{name: np.uint8(value) for name, value in names.items()})
    assert_array_equal(flat(small.fit(X, case.target(X))), flat(fitted(case, **names)))


# Traces -------------------------------------------------------------------------------------


@brief
@each_case
def test_one_line_for_each_epoch_if_verbose(case, capsys):
    model = fitted(case, verbose=True)
    lines = [f"Iteration {i}, loss = {x:.8f}" for i, x in enumerate(model.loss_curve_, 1)]
    assert capsys.readouterr().out.splitlines() == lines


@brief
@each_case
def test_verbose_shows_the_validation_score(case, capsys):
    model = fitted(case, verbose=True, early_stopping=True)
    for line, score in zip(
        capsys.readouterr().out.splitlines(), model.validation_scores_, strict=True
    ):
        assert line.endswith(f"validation score = {score:.6f}")


INPUTS = {
    "array": np.stack(equal_sequences()),
    "list": sequences(),
    "SequenceArray": SequenceArray.from_list(sequences()),
    "tokens": TOKENS,
}


def lock(values):
    """Make every array among `values` read-only."""
    for array in values.values if isinstance(values, SequenceArray) else values:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    if isinstance(values, np.ndarray):
        values.flags.writeable = False


@brief
@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@each_case
def test_fit_is_silent_and_writes_neither_files_nor_input(
    case, solver, name, capfd, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    X = copy.deepcopy(INPUTS[name])
    y, weight = case.target(numbers(X) if name == "tokens" else X), np.ones(len(X))
    before = copy.deepcopy((X, y, weight))
    for values in (X, y, weight):
        lock(values)
    model = case.make(solver=solver, early_stopping=True, validation_fraction=0.3, n_jobs=2)
    model.set_params(token_dropout=0.3 if solver == "adam" else 0.0)
    model.fit(X, y, sample_weight=weight).predict(X)
    for old, new in zip(before, (X, y, weight), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(old, new, strict=True))
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")


@brief
@pytest.mark.parametrize("dtype", ["auto", "float32"])
@each_case
def test_a_memory_map_is_trained_on_batch_by_batch(case, dtype, tmp_path):
    n, n_steps, n_features = 800, 100, 50
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.standard_normal((n, n_steps, n_features)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    y = case.target(X)
    model = case.make(hidden_size=1, batch_size=20, max_iter=1, dtype=dtype, early_stopping=True)
    tracemalloc.start()
    model.fit(X, y).predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 3  # 32 MB, of which predict takes some 8192 rows at a time


# Saving -------------------------------------------------------------------------------------


@brief
@each_case
def test_a_pickled_model_of_the_default_size_is_under_300_kB(case):
    model = case.estimator(hidden_size=64, max_iter=1).fit(X, case.target(X))
    assert len(pickle.dumps(model)) < 300_000


def by_pickle(model, path, mode):
    return pickle.loads(pickle.dumps(model))


def by_joblib(model, path, mode):
    joblib.dump(model, path / "model.joblib", compress=0 if mode else 3)
    return joblib.load(path / "model.joblib", mmap_mode=mode)


@brief
@pytest.mark.parametrize(
    "save, mode",
    [(by_pickle, None), (by_joblib, None), (by_joblib, "r"), (by_joblib, "c")],
    ids=["pickle", "compressed", "mmap r", "mmap c"],
)
@each_case
def test_a_saved_model_predicts_and_goes_on_learning(case, save, mode, tmp_path):
    y = case.target(X)
    model = case.partial_fit(case.make(warm_start=True), X, y)
    loaded = save(model, tmp_path, mode)
    assert_array_equal(case.outputs(loaded, X), case.outputs(model, X))
    for method in (case.partial_fit, lambda model, X, y: model.fit(X, y)):
        method(model, X, y), method(loaded, X, y)
        assert loaded.loss_curve_ == model.loss_curve_
        assert_array_equal(flat(loaded), flat(model))
