"""RNNRegressor: losses and what they estimate, units, outputs, and tasks with a known answer."""

import numpy as np
import pytest
from estimators import TINY, sequences, values
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score

from skrnn import RNNRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(40)
Y = values(X)
WEIGHT = np.random.default_rng(0).integers(1, 4, len(X)).astype(float)


def tiny(**params):
    return RNNRegressor(**TINY | params)


# What a loss estimates ----------------------------------------------------------------------

# All sequences are alike, so that a network can learn one number only: the minimiser of its loss.
ALIKE = np.zeros((101, 2, 1))
SKEWED = np.random.default_rng(0).exponential(5.0, 101)
CONSTANT = {
    "solver": "adam",
    "learning_rate": "cosine",
    "learning_rate_init": 0.05,
    "batch_size": 101,
    "max_iter": 300,
    "alpha": 0.0,
    "n_iter_no_change": np.inf,
}


@pytest.mark.parametrize(
    "loss, quantile, statistic",
    [
        ("squared_error", 0.5, np.mean),
        ("poisson", 0.5, np.mean),
        ("absolute_error", 0.1, np.median),
        ("quantile", 0.5, np.median),
        ("quantile", 0.1, lambda y: np.quantile(y, 0.1)),
        ("quantile", 0.9, lambda y: np.quantile(y, 0.9)),
    ],
)
def test_each_loss_estimates_its_statistic_in_the_unit_of_y(loss, quantile, statistic):
    model = tiny(**CONSTANT, loss=loss, quantile=quantile).fit(ALIKE, SKEWED)
    assert_allclose(model.predict(ALIKE[:1]), statistic(SKEWED), rtol=0.03)


def test_huber_lies_where_clipped_errors_cancel():
    model = tiny(**CONSTANT, loss="huber").fit(ALIKE, SKEWED)
    errors = (model.predict(ALIKE) - SKEWED) / SKEWED.std()
    assert_allclose(np.clip(errors, -1, 1).mean(), 0, atol=1e-3)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_weights_move_the_mean(loss):
    weight = np.linspace(0, 2, 101)
    model = tiny(**CONSTANT, loss=loss).fit(ALIKE, SKEWED, sample_weight=weight)
    assert_allclose(model.predict(ALIKE[:1]), np.average(SKEWED, weights=weight), rtol=1e-3)


def test_weights_move_the_median():
    weight = np.where(SKEWED > np.median(SKEWED), 4.0, 1.0)
    repeated = np.repeat(SKEWED, weight.astype(int))
    model = tiny(**CONSTANT, loss="absolute_error").fit(ALIKE, SKEWED, sample_weight=weight)
    assert_allclose(model.predict(ALIKE[:1]), np.median(repeated), rtol=0.03)


@pytest.mark.parametrize("sample_weight", [None, WEIGHT], ids=["", "weighted"])
@pytest.mark.parametrize(
    "loss, of_errors",
    [
        ("squared_error", lambda e: e**2 / 2),
        ("absolute_error", np.abs),
        ("huber", lambda e: np.where(np.abs(e) < 1, e**2 / 2, np.abs(e) - 0.5)),
        ("quantile", lambda e: np.where(e < 0, -0.2 * e, 0.8 * e)),
    ],
)
def test_the_loss_is_the_mean_over_sequences_of_standardised_errors(loss, of_errors, sample_weight):
    first = {"alpha": 0.0, "batch_size": 100, "max_iter": 1, "learning_rate_init": 1e-12}
    model = tiny(loss=loss, quantile=0.2, **first).fit(X, Y, sample_weight=sample_weight)
    scale = np.sqrt(np.cov(Y, ddof=0, aweights=sample_weight))
    losses = of_errors((model.predict(X) - Y) / scale)
    assert_allclose(model.loss_, np.average(losses, weights=sample_weight))


SHIFTABLE = ["squared_error", "absolute_error", "huber", "quantile"]

# Units --------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", SHIFTABLE)
def test_predictions_follow_the_unit_of_y(loss):
    plain = tiny(loss=loss).fit(X, Y)
    other = tiny(loss=loss).fit(X, 1000 * Y - 7)
    assert_allclose(other.predict(X), 1000 * plain.predict(X) - 7, rtol=1e-9)
    assert_allclose(other.loss_curve_, plain.loss_curve_, rtol=1e-9)


def test_the_mean_and_scale_of_y_are_weighted():
    y, weight = np.column_stack([Y, 3 * Y**2]), np.arange(len(Y))
    model = tiny().fit(X, y, sample_weight=weight)
    mean = np.average(y, axis=0, weights=weight)
    assert_allclose(model.y_mean_, mean)
    assert_allclose(model.y_scale_, np.average((y - mean) ** 2, axis=0, weights=weight) ** 0.5)
    poisson = tiny(loss="poisson").fit(X, y[:, 1], sample_weight=weight)
    assert_array_equal(poisson.y_mean_, [0])
    assert_allclose(poisson.y_scale_, mean[1:])


@pytest.mark.parametrize("unit", [1e-170, 1e160])
def test_y_may_have_any_unit(unit):
    plain, other = tiny().fit(X, Y), tiny().fit(X, unit * Y)
    assert_allclose(other.predict(X), unit * plain.predict(X), rtol=1e-9)


def test_poisson_predictions_follow_the_unit_of_y_and_are_positive():
    counts = np.random.default_rng(0).poisson(0.5, len(X))
    plain = tiny(loss="poisson").fit(X, counts)
    other = tiny(loss="poisson").fit(X, 60 * counts)
    assert_allclose(other.predict(X), 60 * plain.predict(X), rtol=1e-9)
    assert plain.predict(X).min() > 0


def test_a_large_offset_of_y_is_no_harm_in_float32():
    X32 = [x.astype(np.float32) for x in X]
    plain, offset = tiny().fit(X32, Y), tiny().fit(X32, Y + 1e6)
    assert_allclose(offset.loss_curve_, plain.loss_curve_, rtol=1e-5)
    # float32 has 0.06 between numbers near a million.
    assert_allclose(offset.predict(X32), plain.predict(X32) + 1e6, atol=0.07, rtol=0)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("value", [0.0, 5.0])
def test_constant_targets_are_predicted_to_the_unit(value, loss):
    model = tiny(**CONSTANT, loss=loss).fit(ALIKE, np.full(101, value))
    assert_allclose(model.predict(ALIKE[:1]), value, atol=1e-2)


# Outputs ------------------------------------------------------------------------------------


def test_y_of_one_column_is_predicted_as_one_column():
    flat, column = tiny().fit(X, Y), tiny().fit(X, Y[:, None])
    assert flat.predict(X).shape == (len(X),)
    assert_array_equal(column.predict(X), flat.predict(X)[:, None])


def test_the_outputs_of_a_vector_target_each_have_their_own_unit():
    both = np.column_stack([Y, 1e4 * Y**2])
    model = tiny().fit(X, both)
    other = tiny().fit(X, both * [1e4, 1e-8])
    assert model.n_outputs_ == 2
    assert_allclose(other.predict(X), model.predict(X) * [1e4, 1e-8], rtol=1e-9)


@pytest.mark.parametrize("loss", [*SHIFTABLE, "poisson"])
def test_repeating_an_output_changes_no_loss(loss):
    # The mean over equal outputs is that of one, so only the head's own start differs.
    model = tiny(loss=loss, alpha=0.0, batch_size=100, max_iter=1, learning_rate_init=1e-12)
    model.fit(X, np.column_stack([Y, Y, Y]))
    losses = []
    for column in range(3):
        single = tiny(**model.get_params()).fit(X, Y)
        single.set_coefs(
            {
                name: value[[column]] if name.startswith("head") else value
                for name, value in model.coefs_.items()
            }
        )
        losses.append(single.set_params(warm_start=True).fit(X, Y).loss_)
    assert_allclose(model.loss_, np.mean(losses))


def test_score_is_the_weighted_coefficient_of_determination():
    model = tiny(max_iter=20).fit(X, Y)
    assert_allclose(model.score(X, Y), r2_score(Y, model.predict(X)))
    expected = r2_score(Y, model.predict(X), sample_weight=WEIGHT)
    assert_allclose(model.score(X, Y, sample_weight=WEIGHT), expected)


def test_integers_and_lists_are_targets():
    whole = np.round(Y).astype(int)
    expected = tiny().fit(X, whole.astype(float)).predict(X)
    for y in (whole, whole.tolist(), whole.astype(np.uint8)):
        assert_array_equal(tiny().fit(X, y).predict(X), expected)


# Tasks with a known answer ------------------------------------------------------------------

LEARNER = {
    "hidden_size": 8,
    "learning_rate_init": 0.02,
    "learning_rate": "cosine",
    "max_iter": 60,
    "batch_size": 32,
    "random_state": 0,
}


def test_a_linear_recurrence_is_learnt_with_its_coefficient():
    # y = 0.8 y(t-1) + x(t): a relu unit can hold it exactly while it stays positive.
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (300, 12, 1))
    y = X[:, :, 0] @ 0.8 ** np.arange(11, -1, -1)
    model = RNNRegressor(cell_type="rnn", activation="relu", **LEARNER).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.99
    # The answer to a unit impulse decays by the coefficient.
    base = np.full((1, 12, 1), 0.5)
    impulses = np.repeat(base, 6, axis=0)
    impulses[np.arange(6), 11 - np.arange(6)] += 0.5
    response = model.predict(impulses) - model.predict(base)
    assert_allclose(response / 0.5, 0.8 ** np.arange(6), atol=0.05)


def test_the_sum_of_a_sequence_of_any_length():
    X = sequences(300, n_features=1, lengths=(1, 10))
    y = np.array([x.sum() for x in X])
    model = RNNRegressor(**LEARNER).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.97


def test_several_horizons_of_a_sine():
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (200, 1))
    wave = np.sin(0.4 * np.arange(25) + phase)
    X, y = wave[:, :20], wave[:, 20:]
    model = RNNRegressor(**LEARNER).fit(X[:150], y[:150])
    assert_allclose(model.predict(X[150:]), y[150:], atol=0.15)


def test_quantiles_cover_their_share():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (600, 3, 1))
    y = X.sum(axis=(1, 2)) + rng.standard_normal(600)
    for quantile in (0.1, 0.9):
        model = RNNRegressor(loss="quantile", quantile=quantile, **LEARNER).fit(X[:400], y[:400])
        below = (y[400:] < model.predict(X[400:])).mean()
        assert abs(below - quantile) < 0.07


# Several quantiles --------------------------------------------------------------------------


def test_several_quantiles_in_one_network():
    quantiles = [0.1, 0.5, 0.9]
    model = tiny(**CONSTANT, loss="quantile", quantile=quantiles).fit(ALIKE, SKEWED)
    found = model.predict(ALIKE[:1])
    assert found.shape == (1, 3)
    assert_allclose(found[0], np.quantile(SKEWED, quantiles), rtol=0.03)


def test_several_quantiles_of_several_outputs_are_the_last_axis():
    model = tiny(loss="quantile", quantile=[0.2, 0.8], max_iter=2)
    model.fit(X, np.column_stack([Y, 2 * Y, -Y]))
    assert model.predict(X).shape == (len(X), 3, 2)
    assert model.n_outputs_ == 3
    assert model.coefs_["head.weight"].shape[0] == 6


def test_quantiles_never_cross_and_the_one_nearest_to_the_median_is_scored():
    model = tiny(loss="quantile", quantile=[0.1, 0.4, 0.9], max_iter=1).fit(X, Y)
    assert (np.diff(model.predict(X)) >= 0).all()
    assert_allclose(model.score(X, Y), r2_score(Y, model.predict(X)[:, 1]))


@pytest.mark.parametrize("quantile", [[0.9, 0.1], [0.1, 1.0], [], ["a"], [[0.1]], [0.5, 0.5]])
def test_several_quantiles_are_increasing_numbers_between_0_and_1(quantile):
    with pytest.raises(ValueError, match="quantile=.* several in increasing order, between 0"):
        tiny(loss="quantile", quantile=quantile).fit(X, Y)


def test_weights_of_any_size_give_the_same_mean_and_scale_of_the_targets():
    large = Y * 2.0**40
    weight = np.arange(1.0, 1 + len(Y))
    models = [tiny(max_iter=1).fit(X, large, weight * unit) for unit in (1.0, 2.0**990)]
    for name in ("y_mean_", "y_scale_"):
        assert_array_equal(*[getattr(model, name) for model in models])
