"""Rows that a forecast did not expect."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import ForecastOutlierDetector, RNNRegressor, SlidingWindowTransformer


def wave(n_rows=300, seed=0):
    rng = np.random.default_rng(seed)
    x = np.sin(0.3 * np.arange(n_rows)) + 0.05 * rng.normal(size=n_rows)
    return np.column_stack([x, np.roll(x, 3)])


def pipeline(horizon=1, regressor=None, **options):
    output = "2d" if regressor is None else "3d"
    windows = SlidingWindowTransformer(6, horizon=horizon, output=output, **options)
    return make_pipeline(StandardScaler(), windows, regressor or Ridge(0.1))


@pytest.mark.parametrize("columns", [[0], [1, 0], None])
def test_scores_are_the_residuals_of_the_pipeline(columns):
    X = wave()
    detector = ForecastOutlierDetector(pipeline(), target_features=columns, contamination=0.1)
    scores = detector.fit(X[:200]).score_samples(X)
    places = [0, 1] if columns is None else columns
    target = X[:, places] if len(places) > 1 else X[:, places[0]]
    ridge = pipeline().fit(X[:200], target[:200])
    errors = (target - ridge.predict(X)).reshape(len(X), -1)
    center = np.median(errors[6:200], axis=0)
    scale = 1.4826 * np.median(np.abs(errors[6:200] - center), axis=0)
    expected = -np.sqrt(np.mean(((errors - center) / scale) ** 2, axis=1))
    expected[:6] = 0
    np.testing.assert_allclose(scores, expected)
    assert detector.offset_ == np.quantile(expected[6:200], 0.1)
    np.testing.assert_allclose(detector.decision_function(X), scores - detector.offset_)
    np.testing.assert_array_equal(detector.predict(X), np.where(scores < detector.offset_, -1, 1))
    assert np.mean(detector.predict(X[:200])[6:] == -1) == pytest.approx(0.1, abs=0.01)
    np.testing.assert_array_equal(clone(detector).fit_predict(X[:200]), detector.predict(X[:200]))


@pytest.mark.parametrize("regressor", ["ridge", "network"])
def test_values_out_of_place_are_found_within_the_range_of_the_series(regressor):
    X = wave()[:, :1]
    rows = np.arange(210, 300, 15)
    X[rows] *= -0.8
    network = RNNRegressor(hidden_size=8, max_iter=15, learning_rate_init=0.02, random_state=0)
    detector = ForecastOutlierDetector(
        pipeline(regressor=network if regressor == "network" else None)
    )
    detector.fit(X[:200])
    is_wrong = np.isin(np.arange(300), rows)
    late = np.arange(300) >= 200
    scores = roc_auc_score(is_wrong[late], -detector.score_samples(X)[late])
    alone = IsolationForest(random_state=0).fit(X[:200]).score_samples(X)
    assert scores > 0.9 > 0.7 > roc_auc_score(is_wrong[late], -alone[late])
    assert (detector.predict(X)[rows] == -1).mean() > 0.8


def test_many_series_with_dates_and_a_known_column():
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2024", periods=60)
    parts = [
        pd.DataFrame(
            {"load": wave(60, i)[:, 0] + i, "site": str(i), "hour": np.arange(60) % 7}, days
        )
        for i in range(3)
    ]
    X = pd.concat(parts)
    windows = SlidingWindowTransformer(
        6, horizon=1, group_feature="site", known_features=["hour"], output="2d"
    )
    detector = ForecastOutlierDetector(make_pipeline(windows, Ridge()))
    scores = detector.fit(X).score_samples(X)
    assert detector.center_.shape == (1,)  # the load alone
    assert (scores.reshape(3, 60)[:, :6] == 0).all()
    assert (scores.reshape(3, 60)[:, 6:] < 0).all()


def test_missing_values_are_for_an_imputer_that_tells_of_them():
    X = wave()[:, :1]
    X[50] = np.nan
    model = make_pipeline(SimpleImputer(add_indicator=True), *[s for _, s in pipeline().steps])
    with pytest.raises(ValueError, match="contains NaN"):
        ForecastOutlierDetector(model).fit(X)
    filled = SimpleImputer(add_indicator=True).fit_transform(X)
    detector = ForecastOutlierDetector(pipeline(), target_features=[0]).fit(filled)
    assert np.isfinite(detector.score_samples(filled)).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"contamination": 0.0}, "'contamination' parameter of ForecastOutlierDetector must be"),
        ({"contamination": 0.7}, "'contamination' parameter"),
        ({"target_features": []}, r"target_features=\[\] leaves no column of X to judge"),
        ({"target_features": [5]}, "target_features=5 is not a column of X, which has 2 columns"),
        ({"estimator": Ridge()}, "has no windows that look ahead"),
        ({"estimator": pipeline(0)}, "has no windows that look ahead"),
        ({"estimator": pipeline([1, 2])}, "estimator has several horizons"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        ForecastOutlierDetector(**({"estimator": pipeline()} | options)).fit(wave())


def test_constant_columns_have_no_scale():
    X = np.ones((40, 1))
    detector = ForecastOutlierDetector(pipeline()).fit(X)
    X[30] = 5
    assert detector.score_samples(X).argmin() == 30
