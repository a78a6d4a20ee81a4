"""Pipelines that skl2onnx converts, with the networks of skrnn among their steps."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    SplineTransformer,
    StandardScaler,
)

skl2onnx = pytest.importorskip("skl2onnx")
pytest.importorskip("onnxruntime")

from benchmarks.export import (  # noqa: E402
    ESTIMATORS,
    answers_of,
    difference,
    ragged,
    run,
    target_for,
)
from skrnn import RNNClassifier, RNNRegressor, TimestepTransformer  # noqa: E402
from skrnn.export import register_with_skl2onnx  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.stack([x[:5] for x in ragged(60) if len(x) > 4]).astype(np.float32)
TRANSFORMERS = {
    "standard": StandardScaler(),
    "range": MinMaxScaler(clip=True),
    "components": make_pipeline(StandardScaler(), PCA(2)),
}


@pytest.fixture(autouse=True, scope="module")
def registered():
    register_with_skl2onnx()


def converted_answers(model, X):
    answers = run(skl2onnx.to_onnx(model, X[:1]), X=X)
    return answers.get("probabilities", answers.get("prediction"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("transformer", TRANSFORMERS.values(), ids=TRANSFORMERS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_steps_of_any_transformer(estimator, transformer, dtype):
    raw = (X * [1, 10, 100] + [5, 0, 40]).astype(dtype)
    network = estimator(hidden_size=4, max_iter=2, random_state=0)
    model = make_pipeline(TimestepTransformer(transformer), network)
    model.fit(raw, target_for(estimator, list(X)))
    assert difference(converted_answers(model, raw), answers_of(model, raw)) < 2e-5


@pytest.mark.parametrize("scaler", [StandardScaler(), TimestepTransformer(StandardScaler())])
def test_a_table_of_series(scaler):
    table = X[:, :, 0] * 3 + 1
    network = RNNRegressor(hidden_size=4, max_iter=2, random_state=0)
    model = make_pipeline(scaler, network).fit(table, table[:, -1])
    assert difference(converted_answers(model, table), model.predict(table)) < 1e-5


def test_ids():
    ids = np.floor(np.abs(X[:, :, :1]) * 2).astype(np.int64)
    network = RNNClassifier(categorical_features=[0], hidden_size=4, max_iter=2, random_state=0)
    model = make_pipeline(network).fit(ids, ids[:, 0, 0] > 0)
    assert difference(converted_answers(model, ids), model.predict_proba(ids)) < 1e-5


def test_labels_beside_their_probabilities():
    y = np.where(X[:, :, 0].sum(axis=1) > 0, "up", "down")
    model = make_pipeline(RNNClassifier(hidden_size=4, max_iter=9, random_state=0)).fit(X, y)
    answers = run(skl2onnx.to_onnx(model, X[:1]), X=X)
    assert list(answers) == ["label", "probabilities"]
    np.testing.assert_array_equal(answers["label"], model.predict(X))


def test_a_transformer_of_single_sequences_is_refused():
    step = TimestepTransformer(StandardScaler(), scope="sequence")
    model = make_pipeline(step, RNNRegressor(max_iter=1)).fit(X, X[:, 0, 0])
    with pytest.raises(TypeError, match="fits a transformer to each sequence anew: use scope="):
        skl2onnx.to_onnx(model, X[:1])


@pytest.mark.parametrize(
    "step, message",
    [
        (
            TimestepTransformer(FunctionTransformer(np.square)),
            r"TimestepTransformer\(.*square.*cannot become ONNX \(.*Export the last step",
        ),
        (TimestepTransformer(SplineTransformer()), r"SplineTransformer\(.*cannot become ONNX"),
        (FunctionTransformer(), "a table of what comes before RNNRegressor, which reads sequences"),
    ],
)
def test_steps_that_skl2onnx_cannot_convert_are_named(step, message):
    model = make_pipeline(step, RNNRegressor(hidden_size=4, max_iter=1)).fit(X, X[:, 0, 0])
    with pytest.raises(TypeError, match=message):
        skl2onnx.to_onnx(model, X[:1])
