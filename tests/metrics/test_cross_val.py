import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context, model_selection
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from taggers import FORM, StepwiseTagger, tagging_data

from skrnn import SequenceGenerator, SequenceRegressor, SequenceTranslator
from skrnn.metrics import cross_val_predict


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
@FORM
def test_cross_val_predict_is_the_loop_over_folds(method, form):
    X, y = tagging_data()
    predictions = cross_val_predict(StepwiseTagger(), X, form(y), cv=KFold(3), method=method)
    assert predictions.shape == (10,)
    for train, test in KFold(3).split(X):
        model = StepwiseTagger().fit([X[i] for i in train], [y[i] for i in train])
        for i in test:
            assert_array_equal(predictions[i], getattr(model, method)([X[i]])[0])


@pytest.mark.parametrize("method, lowest", [("predict_proba", 0), ("predict_log_proba", None)])
def test_cross_val_predict_where_a_fold_lacks_a_label(method, lowest):
    X, y = tagging_data()
    lowest = np.finfo(float).min if lowest is None else lowest
    y[0][0] = "B-RARE"
    predictions = cross_val_predict(StepwiseTagger(), X, y, cv=KFold(10), method=method)
    model = StepwiseTagger().fit(X[1:], y[1:])
    assert_array_equal(predictions[0][:, 0], lowest)
    assert_array_equal(predictions[0][:, 1:], getattr(model, method)(X[:1])[0])
    with_all = StepwiseTagger().fit(X[:1] + X[2:], y[:1] + y[2:])
    assert_array_equal(predictions[1], getattr(with_all, method)(X[1:2])[0])


def test_cross_val_predict_has_no_column_for_the_ignored_label():
    X, y = tagging_data()
    y[2][1] = "X"
    for given in ({}, {"ignore_label": "X"}):
        predictions = cross_val_predict(
            StepwiseTagger(ignore_label="X"), X, y, cv=2, method="predict_proba", **given
        )
        assert predictions[2].shape == (2, 3)
        assert_allclose(predictions[2].sum(axis=1), 1)
    with pytest.raises(ValueError, match="give both the same ignore_label"):
        cross_val_predict(StepwiseTagger(), X, y, cv=5, method="predict_proba", ignore_label="X")


def test_cross_val_predict_of_one_array_is_one_array():
    X, y = tagging_data([4] * 6)
    X, y = np.stack(X), np.array(y)
    ragged = cross_val_predict(StepwiseTagger(), list(X), y, cv=3, method="predict_proba")
    stacked = cross_val_predict(StepwiseTagger(), X, y, cv=3, method="predict_proba")
    assert stacked.shape == (6, 4, 3)
    assert_array_equal(stacked, np.stack(ragged))
    assert cross_val_predict(StepwiseTagger(), X, y, cv=3).shape == (6, 4)


def test_cross_val_predict_of_one_label_per_sequence_is_that_of_scikit_learn():
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = np.where(X[:, 0] > 0, "a", "b")
    for method in ("predict", "predict_proba"):
        assert_array_equal(
            cross_val_predict(GaussianNB(), X, y, cv=3, method=method),
            model_selection.cross_val_predict(GaussianNB(), X, y, cv=3, method=method),
        )


@pytest.mark.parametrize("routing", [False, True])
def test_cross_val_predict_passes_sample_weights(routing):
    X, y = tagging_data()
    weight = np.arange(1.0, 11.0)
    with config_context(enable_metadata_routing=routing):
        model = StepwiseTagger()
        if routing:
            model.set_fit_request(sample_weight=True)
        predictions = cross_val_predict(
            model, X, y, cv=2, method="predict_proba", params={"sample_weight": weight}
        )
    expected = StepwiseTagger().fit(X[5:], y[5:], weight[5:]).predict_proba(X[:5])
    for prediction, proba in zip(predictions[:5], expected, strict=True):
        assert_array_equal(prediction, proba)


STEPS = [np.random.default_rng(i).standard_normal((2 + i % 3, 2)) for i in range(6)]
VALUES = [np.where(x[:, 0] > 1, np.nan, x[:, 0]) for x in STEPS]
QUANTILES = {"loss": "quantile", "quantile": [0.1, 0.9]}


@pytest.mark.parametrize(
    "estimator, X, y",
    [
        (SequenceRegressor(), STEPS, VALUES),
        (SequenceRegressor(), STEPS, STEPS),
        (SequenceRegressor(**QUANTILES), STEPS, VALUES),
        (SequenceRegressor(**QUANTILES), np.ones((6, 3, 2)), np.arange(18.0).reshape(6, 3)),
        (SequenceTranslator(), np.ones((6, 3, 2)), [["ab", "c"], ["c"]] * 3),
        (SequenceGenerator(), np.ones((6, 2)), [["ab", "c"], ["c"]] * 3),
    ],
    ids=["unknown values", "vectors", "quantiles", "array", "translator", "generator"],
)
def test_cross_val_predict_of_values_and_symbols(estimator, X, y):
    estimator.set_params(hidden_size=3, max_iter=1, random_state=0)
    predicted = cross_val_predict(estimator, X, y, cv=3)
    expected = [None] * 6
    for train, test in KFold(3).split(X):
        estimator.fit([X[i] for i in train], [y[i] for i in train])
        for i, values in zip(test, estimator.predict([X[i] for i in test]), strict=True):
            expected[i] = values
    for one, other in zip(predicted, expected, strict=True):
        assert type(one) is type(other)
        assert_array_equal(one, other)
