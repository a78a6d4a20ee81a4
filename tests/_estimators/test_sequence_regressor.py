"""SequenceRegressor: forms of y, unknown steps, weights, units, and tasks with a known answer."""

import numpy as np
import pytest
from estimators import TINY, object_array, sequences, sums_so_far
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold

from skrnn import SequenceRegressor
from skrnn.metrics import cross_val_predict

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(40)
Y = sums_so_far(X)


def tiny(**params):
    return SequenceRegressor(**TINY | params)


def flat(values):
    return np.concatenate(list(values))


# Forms of y ---------------------------------------------------------------------------------


def test_predictions_have_the_form_of_x():
    grid = np.stack(sequences(6, lengths=(5, 5)))
    one = grid.sum(axis=2)
    assert tiny().fit(grid, one).predict(grid).shape == (6, 5)
    several = np.stack([one, -one], axis=2)
    assert tiny().fit(grid, several).predict(grid).shape == (6, 5, 2)
    ragged = tiny().fit(X, Y).predict(X)
    assert ragged.dtype == object and [len(y) for y in ragged] == [len(x) for x in X]
    vectors = tiny().fit(X, [np.column_stack([y, y, y]) for y in Y]).predict(X)
    assert [y.shape for y in vectors] == [(len(x), 3) for x in X]


def test_a_list_and_an_array_are_the_same_target():
    grid = sequences(6, lengths=(5, 5))
    y = [x.sum(axis=1) for x in grid]
    expected = tiny().fit(grid, y).predict(grid)
    for form in (np.stack(y), [values.tolist() for values in y], object_array(y)):
        assert_array_equal(flat(tiny().fit(grid, form).predict(grid)), flat(expected))


def test_a_table_of_single_steps():
    table = np.random.default_rng(0).standard_normal((50, 3))
    model = tiny(max_iter=60, learning_rate_init=0.05).fit(table, table @ [1.0, 2.0, 3.0])
    assert model.predict(table).shape == (50,)
    assert model.score(table, table @ [1.0, 2.0, 3.0]) > 0.9


def test_several_quantiles_are_the_last_axis():
    model = tiny(loss="quantile", quantile=[0.1, 0.5, 0.9]).fit(X, Y)
    predicted = model.predict(X)
    assert [y.shape for y in predicted] == [(len(x), 3) for x in X]
    assert_allclose(model.score(X, Y), r2_score(flat(Y), flat(predicted)[:, 1]))


# Unknown steps and weights ------------------------------------------------------------------


def some_unknown(seed=0):
    rng = np.random.default_rng(seed)
    return [np.where(rng.random(len(y)) < 0.4, np.nan, y) for y in Y]


def test_what_is_unknown_has_no_part_in_loss_scale_and_score():
    unknown = some_unknown()
    model = tiny(batch_size=100, alpha=0.0).fit(X, unknown)
    known = ~np.isnan(flat(unknown))
    assert_allclose(model.y_mean_, flat(Y)[known].mean())
    assert_allclose(model.y_scale_, flat(Y)[known].std())
    assert_allclose(
        model.score(X, unknown), r2_score(flat(Y)[known], flat(model.predict(X))[known])
    )
    weights = [np.where(np.isnan(y), 0.0, 1.0) for y in unknown]
    weighted = tiny(batch_size=100, alpha=0.0).fit(X, Y, sample_weight=weights)
    assert_allclose(weighted.loss_curve_, model.loss_curve_, rtol=1e-10)


def test_the_loss_is_the_weighted_mean_over_known_steps():
    still = {"batch_size": 100, "alpha": 0.0, "max_iter": 1, "learning_rate_init": 1e-12}
    weight = np.random.default_rng(1).uniform(0.5, 2, len(X))
    model = tiny(**still).fit(X, Y, sample_weight=weight)
    steps = np.repeat(weight, [len(x) for x in X])
    error = (flat(model.predict(X)) - flat(Y)) / model.y_scale_
    assert_allclose(model.loss_, np.average(error**2 / 2, weights=steps), rtol=1e-6)


def test_weights_of_sequences_are_weights_of_their_steps():
    weight = np.random.default_rng(1).uniform(0.5, 2, len(X))
    by_step = [np.full(len(x), w) for x, w in zip(X, weight, strict=True)]
    one = tiny().fit(X, Y, sample_weight=weight)
    other = tiny().fit(X, Y, sample_weight=by_step)
    assert one.loss_curve_ == other.loss_curve_
    assert_allclose(one.score(X, Y, weight), one.score(X, Y, by_step))


# Behaviour ----------------------------------------------------------------------------------


def test_what_follows_does_not_change_the_values_of_a_prefix():
    model = tiny(n_layers=2).fit(X, Y)
    long = sequences(8, lengths=(7, 7), seed=3)
    whole, prefix = model.predict(long), model.predict([x[:4] for x in long])
    for values, first in zip(whole, prefix, strict=True):
        assert_allclose(values[:4], first, rtol=1e-12)
    both = tiny(bidirectional=True).fit(X, Y)
    assert abs(both.predict(long)[0][:4] - both.predict([long[0][:4]])[0]).max() > 1e-3


def test_a_filter_comes_near_its_optimum():
    # y_t = a y_{t-1} + x_t is a linear filter that an Elman network can be: its error is noise.
    rng = np.random.default_rng(0)

    def make(n):
        X = rng.standard_normal((n, 30, 1))
        y = np.zeros((n, 30))
        for t in range(30):
            y[:, t] = 0.8 * y[:, t - 1] + X[:, t, 0] if t else X[:, t, 0]
        return X, y + rng.normal(0, 0.5, y.shape)

    X_train, y_train = make(150)
    X_test, y_test = make(100)
    model = SequenceRegressor(cell_type="gru", hidden_size=16, max_iter=40, random_state=0)
    error = model.fit(X_train, y_train).predict(X_test) - y_test
    assert 0.25 * 0.9 < np.mean(error**2) < 0.25 * 1.2


def test_one_long_series_is_one_sequence():
    t = np.arange(400)
    series = np.sin(t / 5)[np.newaxis, :, np.newaxis]
    target = np.roll(series[:, :, 0], -3, axis=1)
    target[:, -3:] = np.nan  # what follows is not known yet
    model = SequenceRegressor(hidden_size=8, max_iter=150, learning_rate_init=0.02, random_state=0)
    model.fit(series, target)
    assert model.score(series, target) > 0.95
    assert model.predict(series).shape == (1, 400)


def test_cross_validation_of_sequences_of_different_lengths():
    predicted = cross_val_predict(tiny(), X, Y, cv=KFold(4))
    train = np.arange(10, 40)
    model = tiny().fit([X[i] for i in train], [Y[i] for i in train])
    assert_array_equal(predicted[0], model.predict(X[:1])[0])


# Bad input ----------------------------------------------------------------------------------


def changed(i, values):
    y = list(Y)
    y[i] = values
    return y


@pytest.mark.parametrize(
    "y, message",
    [
        ([0.0] * 40, "y has one value for each sequence, but SequenceRegressor needs one for each"),
        (Y[:39], "inconsistent numbers of samples"),
        (changed(3, Y[3][:-1]), r"y\[3\] has \d value\(s\), but X\[3\] has \d step\(s\)"),
        (changed(3, np.full(len(X[3]), np.inf)), r"y\[3\] is infinite at step 0"),
        (changed(3, np.zeros((len(X[3]), 2))), r"y\[3\] has shape .* and y\[0\] has"),
        ([np.full(len(x), np.nan) for x in X], "every value in y is NaN"),
        (
            [["a"] * len(x) for x in X],
            "holds 'a', which is no real number: .* SequenceTagger",
        ),
        (
            [np.column_stack([y, np.where(np.arange(len(y)) == 0, np.nan, y)]) for y in Y],
            r"y\[0\] has NaN at step 0 in some of its 2 outputs but not in all",
        ),
        (
            [np.column_stack([y, y]) for y in Y[:3]]
            + [np.column_stack([Y[3], np.full(len(Y[3]), np.nan)])]
            + [np.column_stack([y, y]) for y in Y[4:]],
            r"y\[3\] has NaN at step 0",
        ),
    ],
)
def test_targets_that_cannot_be_read(y, message):
    with pytest.raises(ValueError, match=message):
        tiny().fit(X, y)


def test_counts_must_not_be_negative():
    with pytest.raises(ValueError, match="loss='poisson' needs y >= 0"):
        tiny(loss="poisson").fit(X, [np.full(len(x), -1.0) for x in X])
    known = tiny(loss="poisson").fit(X, [np.where(np.arange(len(x)) == 1, np.nan, 2) for x in X])
    assert (flat(known.predict(X)) > 0.5).all()
