"""Fits that fail leave transformers and forecasters as they were; copies share nothing written."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    ConformalForecaster,
    ForecastOutlierDetector,
    SlidingWindowTransformer,
    TimestepTransformer,
    TokenEncoder,
)

X = np.arange(60.0).reshape(30, 2) % 7
BAD = np.where(np.arange(30)[:, np.newaxis] == 20, np.nan, X)


def fail(token):
    raise MemoryError


WINDOWS = SlidingWindowTransformer(2, horizon=1, output="2d")
FORECASTER = ConformalForecaster(make_pipeline(WINDOWS, LinearRegression()), coverage=0.5)
FITS = {
    "windows": (SlidingWindowTransformer(2), (X,), (BAD,), "transform"),
    "tokens": (TokenEncoder(), (["red fox", "fox"],), (["owl", 1],), "transform"),
    "forecaster": (FORECASTER, (X, X[:, 0]), (BAD, X[:, 0]), "predict"),
}


@pytest.mark.parametrize("estimator, right, wrong, method", FITS.values(), ids=FITS)
def test_a_fit_that_fails_leaves_what_fits_as_it_was(estimator, right, wrong, method):
    new = copy.deepcopy(estimator)
    with pytest.raises((TypeError, ValueError)):
        new.fit(*wrong)
    assert vars(new).keys() == vars(estimator).keys()
    with pytest.raises(NotFittedError):
        getattr(new, method)(right[0])
    fitted = copy.deepcopy(estimator).fit(*right)
    before = list(getattr(fitted, method)(right[0]))
    with pytest.raises((TypeError, ValueError)):
        fitted.fit(*wrong)
    for one, other in zip(getattr(fitted, method)(right[0]), before, strict=True):
        assert_array_equal(one, other)


class Forgetful(LinearRegression):
    """A regressor that fits, and then predicts less than was asked for."""

    def predict(self, X):
        return super().predict(X)[1:]


def test_an_error_of_the_first_prediction_leaves_the_detector():
    detector = ForecastOutlierDetector(make_pipeline(WINDOWS, LinearRegression())).fit(X)
    before = detector.score_samples(X)
    detector.set_params(estimator=make_pipeline(WINDOWS, Forgetful()))
    with pytest.raises(ValueError, match="reshape"):
        detector.fit(X)
    assert_array_equal(detector.score_samples(X), before)


def test_an_error_of_a_feature_of_tokens_leaves_the_vocabulary():
    encoder = TokenEncoder().fit(["fox red"])
    with pytest.raises(MemoryError):
        encoder.set_params(token_features=[fail]).fit(["owl"])
    assert list(encoder.vocabulary_) == ["fox", "red"]


def test_a_copy_that_goes_on_learning_leaves_the_original():
    scaler = TimestepTransformer(StandardScaler()).fit(X[np.newaxis])
    before = scaler.transform(X[np.newaxis])
    copy.copy(scaler).partial_fit(9 + X[np.newaxis])
    assert_array_equal(scaler.transform(X[np.newaxis]), before)


def test_a_forecaster_is_fitted_anew_to_other_targets():
    several = SlidingWindowTransformer(2, horizon=[1, 2], output="2d")
    model = copy.deepcopy(FORECASTER).fit(X, X[:, 0])
    model.set_params(estimator=make_pipeline(several, LinearRegression()))
    assert model.fit(X, several.targets(X, X[:, 0])).scores_.ndim == 2
