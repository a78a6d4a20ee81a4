"""Training learns, and counts what it does."""

import numpy as np
import pytest
from estimators import CASES, TOKENS, each_case, numbers
from numpy.testing import assert_allclose, assert_array_equal
from training import ONE_STEP, SOLVERS, STILL, X, brief, fitted, flat

pytestmark = pytest.mark.slow  # all of it together


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
    ({"cell_type": "lstm"}, {"cell_type": "rnn"}),
    ({"cell_type": "lstm"}, {"cell_type": "gru"}),
    ({"cell_type": "rnn"}, {"activation": "relu"}),
    ({}, {"hidden_size": 5}),
    ({}, {"n_layers": 2}),
    ({"bidirectional": False}, {"bidirectional": True}),
    ({"pooling": "last"}, {"pooling": "mean"}),
    ({"pooling": "last"}, {"pooling": "max"}),
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
    ({"early_stopping": True}, {"early_stopping": "time"}),
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
    assert far_apart(before, after)


def far_apart(model, other):
    """Whether the losses differ by more than rounding would make them."""
    first, second = model.loss_curve_, other.loss_curve_
    return np.abs(np.subtract(first, second)).max() > 1e-9 * first[0]


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
    assert far_apart(before, after)


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
    model = fitted(case, cell_type="lstm", n_layers=2, bidirectional=True)
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
