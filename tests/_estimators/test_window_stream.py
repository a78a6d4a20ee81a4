"""Series row by row: what a Pipeline says of the last row of the series so far."""

import pickle

import numpy as np
import pytest
from estimators import TINY
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import skrnn
from skrnn import (
    RNNClassifier,
    RNNLanguageModel,
    RNNRegressor,
    SlidingWindowTransformer,
    WindowScaledRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

EXACT = {"rtol": 1e-10, "atol": 1e-12}
RNG = np.random.default_rng(0)
SERIES = RNG.standard_normal((40, 3)).cumsum(axis=0)
VALUES = SERIES[:, 0]
LABELS = np.where(VALUES > VALUES.mean(), "high", "low")


SCALER = StandardScaler()
WINDOWS = SlidingWindowTransformer(window_size=5, output="2d")


def fitted(last=None, before=SCALER, y=VALUES, X=SERIES, **windows):
    steps = [before] if before is not None else []
    windows = SlidingWindowTransformer(**{"window_size": 5} | windows)
    last = RNNRegressor(**TINY, bidirectional=True) if last is None else last
    return make_pipeline(*steps, windows, last).fit(X, y)


@pytest.mark.parametrize(
    "windows",
    [
        {},
        {"horizon": 1},
        {"horizon": 4},
        {"window_size": 1},
        {"padding": "zero", "horizon": 1},
        {"horizon": 2, "padding": "edge"},
    ],
    ids=str,
)
def test_rows_give_the_predictions_of_the_series_so_far(windows):
    model = fitted(**windows)
    stream = skrnn.stream(model)
    for t, row in enumerate(SERIES[:15], start=1):
        assert_allclose(stream.step(row), model.predict(SERIES[:t])[-1], **EXACT)


@pytest.mark.parametrize("before", [None, StandardScaler(), FunctionTransformer(np.tanh)])
def test_transformers_before_the_windows(before):
    model = fitted(before=before)
    found = [row_answer for row_answer in map(skrnn.stream(model).step, SERIES[:12])]
    assert_allclose(found, model.predict(SERIES[:12]), **EXACT)


@pytest.mark.parametrize("is_frame", [False, True], ids=["array", "frame"])
@pytest.mark.parametrize(
    "steps",
    [
        (WINDOWS, LinearRegression()),
        (SlidingWindowTransformer(window_size=5), RNNRegressor(**TINY)),
        ("passthrough", WINDOWS, LinearRegression()),
        ("passthrough", StandardScaler(), WINDOWS, LinearRegression()),
        (StandardScaler(), "passthrough", WINDOWS, LinearRegression()),
        (WINDOWS, "passthrough", LinearRegression()),
        ("passthrough", WINDOWS, "passthrough", LinearRegression()),
    ],
    ids=lambda steps: "-".join(s if isinstance(s, str) else type(s).__name__ for s in steps),
)
def test_steps_that_a_search_has_switched_off(steps, is_frame):
    X = SERIES
    if is_frame:
        pd = pytest.importorskip("pandas")
        dates = pd.date_range("2024-01-01", periods=len(SERIES))
        X = pd.DataFrame(SERIES, columns=["a", "b", "c"], index=dates)
    model = make_pipeline(*steps).fit(X, VALUES)
    found = [answer for answer in map(skrnn.stream(model).step, SERIES[:12])]
    assert_allclose(found, model.predict(X[:12]), **EXACT)
    assert_allclose(skrnn.stream(model).push(SERIES[:12]), found, **EXACT)


@pytest.mark.parametrize(
    "last, windows",
    [
        (LinearRegression(), {"output": "2d"}),
        (WindowScaledRegressor(RNNRegressor(**TINY)), {"horizon": 1}),
    ],
)
def test_other_estimators_behind_the_windows(last, windows):
    model = fitted(last, **windows)
    found = [answer for answer in map(skrnn.stream(model).step, SERIES[:12])]
    assert_allclose(found, model.predict(SERIES[:12]), **EXACT)


def test_probabilities_and_labels():
    model = fitted(RNNClassifier(**TINY), y=LABELS)
    stream, other = skrnn.stream(model), skrnn.stream(model)
    found = [stream.step_proba(row) for row in SERIES[:10]]
    assert_allclose(found, model.predict_proba(SERIES[:10]), **EXACT)
    assert_array_equal([other.step(row) for row in SERIES[:10]], model.predict(SERIES[:10]))
    with pytest.raises(AttributeError, match="predict_proba"):
        skrnn.stream(fitted()).step_proba(SERIES[0])


def test_chunks_equal_steps():
    model = fitted(horizon=1)
    stream = skrnn.stream(model)
    found = [stream.push(SERIES[a:b]) for a, b in ((0, 2), (2, 3), (3, 20), (20, 40))]
    assert_allclose(np.concatenate(found), model.predict(SERIES), **EXACT)
    assert_allclose(stream.step(SERIES[0]), model.predict(np.vstack([SERIES, SERIES[:1]]))[-1])


def test_series_side_by_side_that_grow_at_different_times():
    model, rng = fitted(horizon=1), np.random.default_rng(1)
    series = rng.standard_normal((3, 12, 3))
    stream, seen = skrnn.stream(model, n_streams=3), [0, 0, 0]
    for _ in range(15):
        which = np.flatnonzero((rng.random(3) < 0.6) & (np.array(seen) < 12))
        if not len(which):
            continue
        found = stream.step([series[i, seen[i]] for i in which], which=which)
        for i, value in zip(which, found, strict=True):
            seen[i] += 1
            assert_allclose(value, model.predict(series[i, : seen[i]])[-1], **EXACT)
    stream.reset(which=[1])
    x = series[:, 0]
    assert_allclose(stream.step(x)[1], model.predict(x[1:2])[0], **EXACT)


def test_the_state_is_the_caller_s():
    model = fitted()
    stream = skrnn.stream(model)
    stream.push(SERIES[:9])
    state = stream.state
    expected = stream.copy().step(SERIES[9])
    for other in (stream.copy(), pickle.loads(pickle.dumps(stream))):
        assert_allclose(other.step(SERIES[9]), expected, **EXACT)
    stream.push(SERIES[20:30])
    stream.state = state
    assert_allclose(stream.step(SERIES[9]), expected, **EXACT)
    assert_allclose(stream.reset().step(SERIES[0]), model.predict(SERIES[:1])[0], **EXACT)


def test_data_frames_and_names():
    frame = pytest.importorskip("pandas").DataFrame(SERIES, columns=["a", "b", "c"])
    model = fitted(X=frame)
    stream, other = skrnn.stream(model), skrnn.stream(model)
    expected = model.predict(frame[:8])
    # Rows without names are given those of fit, so that no transformer warns of them.
    assert_allclose([stream.step(row) for row in SERIES[:8]], expected, **EXACT)
    assert_allclose([other.step(frame[i : i + 1])[0] for i in range(8)], expected, **EXACT)


def test_what_is_no_pipeline_is_followed_by_itself():
    X = RNG.standard_normal((12, 5, 2))
    model = RNNClassifier(**TINY, bidirectional=False).fit(X, np.arange(12) % 2)
    stream = skrnn.stream(model, n_streams=2)
    assert_array_equal(stream.push(X[:2]), model.predict(X[:2]))
    language = RNNLanguageModel(**TINY).fit(["abab", "ba"])
    assert skrnn.stream(language).step("a") == language.predict(["a"])[0]


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message, error",
    [
        (
            lambda: skrnn.stream(LinearRegression()),
            "LinearRegression cannot be followed",
            TypeError,
        ),
        (
            lambda: skrnn.stream(TransformedTargetRegressor(fitted())),
            "the regressor_ of what scales targets",
            TypeError,
        ),
        (
            lambda: skrnn.stream(make_pipeline(StandardScaler(), LinearRegression())),
            "not fitted",
            NotFittedError,
        ),
        (
            lambda: skrnn.stream(
                make_pipeline(StandardScaler(), LinearRegression()).fit([[1], [2]], [1, 2])
            ),
            "has 0 SlidingWindowTransformers",
            TypeError,
        ),
        (lambda: skrnn.stream(fitted(), 0), "n_streams=0 must be a positive integer", ValueError),
        (lambda: skrnn.stream(fitted(), True), "n_streams=True must be a positive", ValueError),
        (
            lambda: skrnn.stream(fitted(before=FunctionTransformer(lambda X: X - X.mean(axis=0)))),
            "The transformers before the windows mix rows",
            ValueError,
        ),
        (
            lambda: skrnn.stream(fitted(before=None, known_features=[2], horizon=1)),
            r"The windows have known_features=\[2\], which a stream does not know",
            ValueError,
        ),
        (
            lambda: skrnn.stream(fitted()).step([1.0]),
            r"x has shape \(1, 1\), but a row has 3",
            ValueError,
        ),
        (
            lambda: skrnn.stream(fitted(), 2).step(SERIES[:3]),
            r"x has 3 row\(s\), but 2 str",
            ValueError,
        ),
        (lambda: skrnn.stream(fitted()).step([np.nan, 1, 1]), "NaN", ValueError),
        (
            lambda: skrnn.stream(fitted(), 2).step(SERIES[:1], which=[2]),
            r"which=\[2\] must name different streams, from 0 to 1",
            ValueError,
        ),
        (
            lambda: skrnn.stream(fitted(), 2).push(SERIES),
            "rows of a single series, not of 2",
            ValueError,
        ),
        (
            lambda: setattr(skrnn.stream(fitted(), 2), "state", [SERIES]),
            "state has the rows of 1 streams, but there are 2",
            ValueError,
        ),
    ],
)
def test_what_it_refuses(call, message, error):
    with pytest.raises(error, match=message):
        call()


def test_a_row_that_is_refused_is_not_kept():
    stream = skrnn.stream(fitted())
    stream.push(SERIES[:7])
    before = stream.state
    with pytest.raises(ValueError, match="NaN"):
        stream.step([np.nan, 0, 0])
    assert_array_equal(stream.state[0], before[0])


def test_categories_before_the_windows():
    days = np.array([["mon"], ["tue"], ["wed"], ["thu"]] * 10, dtype=object)
    model = fitted(before=OneHotEncoder(sparse_output=False), X=days)
    found = [answer for answer in map(skrnn.stream(model).step, days[:9])]
    assert_allclose(found, model.predict(days[:9]), **EXACT)
