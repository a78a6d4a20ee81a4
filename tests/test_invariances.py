"""What must not change a result: batch-mates, order, form, unit weights, threads, precision."""

import copy
import pickle

import numpy as np
import pytest
from estimators import (
    CASES,
    EVERY_CASE,
    RAGGED_FORMS,
    TOKENS,
    each_case,
    each_case_with,
    each_form,
    each_network,
    equal_sequences,
    every_case,
    every_network,
    numbers,
    sequences,
)
from numpy.testing import assert_allclose, assert_array_equal

import skrnn._fitting.objective
import skrnn._fitting.trainer
import skrnn._model
from skrnn._model import Model

pytestmark = [
    pytest.mark.slow,  # all of it together
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

# The same sums in another order: equal up to the rounding of float64.
EXACT = {"rtol": 1e-11, "atol": 1e-13}


def fitted(case, X, sample_weight=None, **params):
    return case.make(**params).fit(X, case.target(X), sample_weight=sample_weight)


def assert_identical(fit_a, fit_b):
    """Two fits that went through the very same numbers."""
    assert fit_a.loss_curve_ == fit_b.loss_curve_
    assert_same_coefs(fit_a, fit_b, rtol=0, atol=0)


def assert_same_coefs(fit_a, fit_b, **tolerance):
    assert fit_a.coefs_.keys() == fit_b.coefs_.keys()
    for name, value in fit_a.coefs_.items():
        assert_allclose(value, fit_b.coefs_[name], **tolerance, err_msg=name)


# Prediction ---------------------------------------------------------------------------------


@every_network
def test_a_sequence_alone_gives_what_it_gives_in_any_ragged_batch(case, network):
    X = sequences()
    model = fitted(case, X, **network)
    together = case.outputs(model, X)
    alone = np.concatenate([case.outputs(model, [sequence]) for sequence in X])
    assert_allclose(alone, together, **EXACT)
    assert_allclose(case.outputs(model, X[5:9]), together[5:9], **EXACT)


@every_network
def test_the_order_of_sequences_is_the_order_of_results(case, network):
    X = sequences()
    model = fitted(case, X, **network)
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = case.outputs(model, [X[i] for i in order])
    assert_allclose(shuffled, case.outputs(model, X)[order], **EXACT)


@pytest.mark.parametrize("rows", [1, 10, 10**6])
@each_case
def test_the_batch_size_at_predict_does_not_matter(case, rows, monkeypatch):
    X = sequences()
    model = fitted(case, X, bidirectional=True)
    expected = case.outputs(model, X)
    monkeypatch.setattr(skrnn._model, "PREDICT_ROWS", rows)
    assert_allclose(case.outputs(model, X), expected, **EXACT)


@every_case
def test_prediction_leaves_no_trace(case):
    X = sequences()
    model = fitted(case, X)
    first, state = case.outputs(model, X), copy.deepcopy(vars(model))
    assert_array_equal(case.outputs(model, X), first)
    assert vars(model).keys() == state.keys()
    assert_array_equal(model._model.theta, state["_model"].theta)


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize(
    "case", [case for case in CASES if "pooling" in case.make().get_params()], ids=str
)
def test_reversed_input_and_swapped_directions_cancel(case, pooling, n_layers):
    X = sequences()
    model = fitted(case, X, pooling=pooling, n_layers=n_layers, bidirectional=True)
    mirrored = swap_directions(model)
    expected = case.outputs(model, X)
    assert_allclose(case.outputs(mirrored, [s[::-1] for s in X]), expected, **EXACT)
    assert np.abs(case.outputs(mirrored, X) - expected).max() > 1e-4


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(
    "case", [case for case in CASES if "pooling" not in case.make().get_params()], ids=str
)
def test_reversed_input_and_swapped_directions_reverse_what_each_step_gives(case, n_layers):
    X = sequences()
    model = fitted(case, X, n_layers=n_layers, bidirectional=True)
    mirrored, backwards = swap_directions(model), [s[::-1] for s in X]
    expected, found = case.outputs(model, X), case.outputs(mirrored, backwards)
    for sequence, ours, theirs in zip(X, found, expected, strict=True):
        n_steps = len(sequence)
        assert_allclose(ours[:n_steps], theirs[:n_steps][::-1], **EXACT)
    assert np.abs(case.outputs(mirrored, X) - expected).max() > 1e-4


def swap_directions(model):
    """Copy a bidirectional model with its directions, and all that reads them, exchanged."""
    swapped, old, coefs = copy.deepcopy(model), model.coefs_, {}
    for name in old:
        layer = name.startswith(("weight", "bias"))
        twin = name.removesuffix("_reverse") if name.endswith("_reverse") else name + "_reverse"
        value = old[twin] if layer else old[name]
        reads_both = name == "head.weight" or ("weight_ih" in name and "_l0" not in name)
        coefs[name] = np.roll(value, value.shape[1] // 2, axis=1) if reads_both else value
    return swapped.set_coefs(coefs)


@every_case
def test_predictions_follow_every_change_of_the_parameters(case, monkeypatch):
    X = sequences()

    def same_without_kept_weights(model):
        fresh = copy.deepcopy(model)
        fresh._model = Model(model._model.architecture, model._model.theta)
        return np.array_equal(case.outputs(model, X), case.outputs(fresh, X))

    model = fitted(case, X, warm_start=True)
    assert same_without_kept_weights(model)
    assert same_without_kept_weights(model.fit(X, case.target(X)))
    assert same_without_kept_weights(model.partial_fit(X, case.target(X)))
    assert same_without_kept_weights(pickle.loads(pickle.dumps(model)))
    assert b"_how" not in pickle.dumps(model)
    monkeypatch.setattr(skrnn._fitting.trainer.Trainer, "record", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # after an epoch
        model.fit(X, case.target(X))
    assert same_without_kept_weights(model)


# Forms of input -----------------------------------------------------------------------------


@each_form
@every_case
def test_every_form_of_equal_sequences_gives_the_same_model(case, form):
    X = equal_sequences()
    y = case.target(X)
    expected, model = case.make().fit(np.stack(X), y), case.make().fit(form(X), y)
    assert_identical(model, expected)
    assert_array_equal(case.outputs(model, form(X)), case.outputs(expected, np.stack(X)))


@pytest.mark.parametrize("form", RAGGED_FORMS.values(), ids=RAGGED_FORMS)
@every_case
def test_every_form_of_ragged_sequences_gives_the_same_model(case, form):
    X = sequences()
    y = case.target(X)
    expected, model = case.make().fit(X, y), case.make().fit(form(X), y)
    assert_identical(model, expected)
    assert_array_equal(case.outputs(model, form(X)), case.outputs(expected, X))


@every_case
def test_two_dimensions_equal_three_with_one_feature(case):
    X = np.stack(equal_sequences(n_features=1))
    y = case.target(X)
    flat, deep = case.make().fit(X[:, :, 0], y), case.make().fit(X, y)
    assert_identical(flat, deep)
    expected = case.outputs(deep, X)
    for model in (flat, deep):
        assert_array_equal(case.outputs(model, X), expected)
        assert_array_equal(case.outputs(model, X[:, :, 0]), expected)


@pytest.mark.parametrize("shape", [(24, 5), (24, 5, 2)])
@every_case
def test_a_view_of_any_strides_gives_the_same_model(case, shape):
    X = np.random.default_rng(0).standard_normal(shape)
    y = case.target(X.reshape(24, 5, -1))
    expected = case.make().fit(X, y)
    wide = np.zeros((48, *shape[1:]))
    wide[::-2] = X
    for view in (np.asfortranarray(X), wide[::-2]):
        assert_identical(case.make().fit(view, y), expected)


# Categories ---------------------------------------------------------------------------------

TOKEN_FORMS = {
    **RAGGED_FORMS,
    "lists": lambda tokens: [ids.tolist() for ids in tokens],
    "column": lambda tokens: [ids[:, np.newaxis] for ids in tokens],
    "float32 column": lambda tokens: [ids[:, np.newaxis].astype(np.float32) for ids in tokens],
}


@pytest.mark.parametrize("name", TOKEN_FORMS)
@each_case
def test_every_form_of_tokens_gives_the_same_model(case, name):
    X, y = TOKEN_FORMS[name](TOKENS), case.target(numbers(TOKENS))
    categorical_features = [0] if "column" in name else "auto"
    expected = case.make().fit(TOKENS, y)
    model = case.make(categorical_features=categorical_features).fit(X, y)
    assert_identical(model, expected)
    assert_array_equal(case.outputs(model, X), case.outputs(expected, TOKENS))


@pytest.mark.parametrize("n_jobs", [2, 3])
@every_case
def test_batch_mates_and_threads_do_not_matter_to_tokens(case, n_jobs, monkeypatch):
    monkeypatch.setattr(skrnn._fitting.objective, "SPLIT_UNITS", 1)
    y = case.target(numbers(TOKENS))
    one = case.make(batch_size=7).fit(TOKENS, y)
    many = case.make(batch_size=7, n_jobs=n_jobs).fit(TOKENS, y)
    assert_identical(many, one)
    together = case.outputs(one, TOKENS)
    alone = np.concatenate([case.outputs(one, [ids]) for ids in TOKENS])
    assert_allclose(alone, together, rtol=1e-4, atol=1e-6)


@each_case
def test_the_names_of_categories_do_not_matter(case):
    """Other ids, and the same vectors for them: the same model."""
    y, order = case.target(numbers(TOKENS)), np.random.default_rng(1).permutation(9)
    vectors = np.random.default_rng(2).standard_normal((9, 3))
    renamed = np.empty_like(vectors)
    renamed[order] = vectors
    expected = case.make(embedding_init=vectors, dtype="float64").fit(TOKENS, y)
    model = case.make(embedding_init=renamed, dtype="float64")
    model.fit([order[ids] for ids in TOKENS], y)
    assert_allclose(model.loss_curve_, expected.loss_curve_, **EXACT)
    learnt = model.coefs_["embedding_0.weight"][order]
    assert_allclose(learnt, expected.coefs_["embedding_0.weight"], rtol=1e-8, atol=1e-10)


# Weights ------------------------------------------------------------------------------------


@every_network
def test_unit_weights_equal_no_weights(case, network):
    X = sequences()
    assert_identical(fitted(case, X, np.ones(len(X)), **network), fitted(case, X, **network))


WEIGHTED = {
    "full batch": {"batch_size": 100},
    "mini-batches": {"batch_size": 5},
    "in order": {"batch_size": 5, "shuffle": False},
    "lbfgs": {"solver": "lbfgs"},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3, "batch_size": 4},
    "crf": {"decoder": "crf", "batch_size": 5},
}


@each_case_with("params", WEIGHTED, EVERY_CASE)
def test_a_zero_weight_equals_a_removed_sequence(case, params):
    X = sequences(40)
    weight = np.random.default_rng(2).uniform(0.5, 2, len(X))
    weight[::4] = 0
    keep = np.flatnonzero(weight)
    y = case.target(X)
    zeroed = case.make(**params).fit(X, y, sample_weight=weight)
    removed = case.make(**params).fit([X[i] for i in keep], y[keep], sample_weight=weight[keep])
    assert_allclose(zeroed.loss_curve_, removed.loss_curve_, **EXACT)
    assert_same_coefs(zeroed, removed, rtol=1e-8, atol=1e-10)
    assert_allclose(case.outputs(zeroed, X), case.outputs(removed, X), rtol=1e-8)


FULL_BATCH = {
    **{name: {"solver": name} for name in ("adam", "adamw", "rmsprop", "sgd", "lbfgs")},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling"},
    "dropout": {"dropout": 0.5, "recurrent_dropout": 0.5},
    "crf": {"decoder": "crf"},
    "balanced": {"class_weight": "balanced"},
}


@each_case_with("params", FULL_BATCH, EVERY_CASE)
def test_a_full_batch_knows_no_order_and_a_sequence_given_twice_as_a_weight_of_two(case, params):
    X = sequences()
    # Twice a weight is exact; three times one would be rounded.
    times = np.random.default_rng(3).integers(0, 3, len(X))
    once = np.random.default_rng(5).uniform(0.5, 2, len(X))
    order = np.random.default_rng(4).permutation(np.repeat(np.arange(len(X)), times))
    model, y = case.make(batch_size=1000, **params), case.target(X)
    weighted = copy.deepcopy(model.fit(X, y, sample_weight=times * once))
    repeated = [X[i] for i in order]
    assert_identical(model.fit(repeated, y[order], sample_weight=once[order]), weighted)


# Training -----------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
@each_network
def test_chunks_carry_the_state_so_that_only_gradients_are_cut(case, network, steps):
    X = sequences(lengths=(7, 7))
    one_step = {"max_iter": 1, "batch_size": 100, **network}
    whole, chunked = fitted(case, X, **one_step), fitted(case, X, tbptt_steps=steps, **one_step)
    # The loss of the first step is that of the initial parameters, which are the same.
    assert_allclose(chunked.loss_curve_, whole.loss_curve_, **EXACT)
    same_gradient = np.allclose(chunked.grad_norm_curve_, whole.grad_norm_curve_, rtol=1e-9)
    assert same_gradient == (steps >= 7)
    chunked.set_coefs(whole.coefs_)
    assert_allclose(case.outputs(chunked, X), case.outputs(whole, X), **EXACT)


RANDOM = {
    "plain": {},
    "dropout": {"dropout": 0.3, "n_layers": 2},
    "recurrent dropout": {"recurrent_dropout": 0.3},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.3},
    "lbfgs": {"solver": "lbfgs"},
    "crf": {"decoder": "crf"},
}


@each_case_with("params", RANDOM, EVERY_CASE)
def test_a_second_fit_with_the_same_random_state_is_bit_identical(case, params):
    X = sequences()
    model = fitted(case, X, batch_size=5, **params)
    first = copy.deepcopy(model)
    assert_identical(model.fit(X, case.target(X)), first)
    assert model.set_params(random_state=1).fit(X, case.target(X)).loss_curve_ != first.loss_curve_


@each_case_with("params", RANDOM, EVERY_CASE)
@pytest.mark.parametrize("split_units", [1, 10**9], ids=["split", "whole"])
def test_n_jobs_changes_no_bit(case, params, split_units, monkeypatch):
    monkeypatch.setattr(skrnn._fitting.objective, "SPLIT_UNITS", split_units)
    monkeypatch.setattr(skrnn._fitting.objective, "FULL_BATCH_ROWS", 30)
    monkeypatch.setattr(skrnn._model, "PREDICT_ROWS", 10)
    X = sequences()
    one = fitted(case, X, batch_size=7, **params)
    for n_jobs in (2, 3):
        many = fitted(case, X, batch_size=7, n_jobs=n_jobs, **params)
        assert_identical(many, one)
        assert_array_equal(case.outputs(many, X), case.outputs(one, X))


@every_case
def test_a_split_batch_is_the_same_batch(case, monkeypatch):
    X = sequences()
    whole = fitted(case, X, batch_size=7)
    monkeypatch.setattr(skrnn._fitting.objective, "SPLIT_UNITS", 1)
    split = fitted(case, X, batch_size=7)
    assert_allclose(split.loss_curve_, whole.loss_curve_, **EXACT)
    assert_same_coefs(split, whole, rtol=1e-8, atol=1e-10)


@each_network
def test_float32_and_float64_agree_to_float32_precision(case, network):
    X = [s.astype(np.float32) for s in sequences()]
    y = case.target(X)
    single = case.make(**network).fit(X, y)
    double = case.make(dtype="float64", **network).fit(X, y)
    assert_allclose(single.loss_curve_, double.loss_curve_, rtol=1e-5)
    assert_same_coefs(single, double, rtol=1e-4, atol=1e-5)
    assert_allclose(case.outputs(single, X), case.outputs(double, X), rtol=1e-4)
    for model, dtype in ((single, np.float32), (double, np.float64)):
        assert {value.dtype for value in model.coefs_.values()} == {np.dtype(dtype)}
        # Values are put back into the units of y in its own precision.
        in_units = not hasattr(model, "predict_proba")
        assert case.outputs(model, X).dtype == (np.float64 if in_units else dtype)
