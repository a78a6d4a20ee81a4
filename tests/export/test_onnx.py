"""ONNX models answer as the estimators do, run by ONNX Runtime."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from benchmarks.export import (  # noqa: E402
    CELLS,
    ESTIMATORS,
    answers_of,
    by_onnx,
    difference,
    padded,
    ragged,
    run,
    target_for,
    trained,
)
from skrnn import (  # noqa: E402
    RNNClassifier,
    RNNLanguageModel,
    RNNRegressor,
    SequenceRegressor,
    SequenceTagger,
    TimestepTransformer,
)
from skrnn.export import to_onnx  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = ragged()
CLOSE = {"rtol": 0, "atol": 1e-5}
NETWORKS = {
    f"{estimator.__name__}-{reading}": (estimator, params)
    for estimator, readings in ESTIMATORS.items()
    for reading, params in readings.items()
}
each_network = pytest.mark.parametrize("estimator, params", NETWORKS.values(), ids=NETWORKS)
each_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def unit(model):
    """Return what differences are measured in: standard deviations of y, if that is numbers."""
    return getattr(model, "y_scale_", np.ones(1)).max()


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sides", [False, True], ids=["one", "both"])
@each_cell
@each_network
def test_every_network_of_two_layers(estimator, params, cell, sides, dtype):
    options = params | cell | {"bidirectional": sides, "dtype": dtype}
    model = trained(estimator, X, n_layers=2, **options)
    assert difference(by_onnx(model, X), answers_of(model, X)) < 1e-5 * unit(model)


@each_cell
@each_network
def test_every_network_without_lengths(estimator, params, cell):
    whole = [x for x in ragged(60) if len(x) > 4]
    whole = np.stack([x[:5] for x in whole])
    model = trained(estimator, list(whole), **params, **cell)
    answers = run(to_onnx(model, with_lengths=False), X=whole.astype(np.float32))
    found = answers.get("probabilities", answers.get("prediction"))
    assert difference(found, answers_of(model, whole)) < 1e-5 * unit(model)


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
def test_labels_of_steps(decoder):
    model = trained(SequenceTagger, X, decoder=decoder)
    values, lengths = padded(X)
    labels = run(to_onnx(model), X=values, lengths=lengths)["label"]
    for ours, theirs in zip(labels, model.predict(X), strict=True):
        assert_array_equal(ours[: len(theirs)], theirs)


def test_a_path_that_keeps_to_the_constraints():
    rng = np.random.default_rng(0)
    tags = [np.array(["O", "B-X", "I-X"])[np.minimum(np.arange(len(x)) % 4, 2)] for x in X]
    model = SequenceTagger(
        decoder="crf", transition_constraints="bio", hidden_size=4, max_iter=1, random_state=0
    ).fit(X, tags)
    noise = {name: rng.normal(size=value.shape) * 3 for name, value in model.coefs_.items()}
    model.set_coefs(noise)
    values, lengths = padded(X)
    answers = run(to_onnx(model), X=values, lengths=lengths)
    assert difference(answers["probabilities"], model.predict_proba(X)) < 1e-4
    starts = 0
    for ours, theirs in zip(answers["label"], model.predict(X), strict=True):
        assert_array_equal(ours[: len(theirs)], theirs)
        starts += np.sum(theirs == "I-X")
    assert starts  # or the constraints would not have been at stake


@pytest.mark.parametrize(
    "classes",
    [[3, 7, 9], [False, True], ["a", "ö", "c"], [0.5, 1.5, 2.5], np.array([1, 2, 200], np.uint8)],
    ids=str,
)
def test_labels_of_every_kind(classes):
    y = np.asarray(classes)[np.arange(len(X)) % len(classes)]
    if y.dtype.kind == "f":
        y = y + 0.5  # scikit-learn takes other fractions for numbers to predict
    model = RNNClassifier(hidden_size=4, max_iter=2, random_state=0).fit(X, y)
    values, lengths = padded(X)
    assert_array_equal(run(to_onnx(model), X=values, lengths=lengths)["label"], model.predict(X))


def test_several_labels():
    y = np.column_stack([[x[0, 0] > 0 for x in X], [x[-1, 1] > 0 for x in X]]).astype(int)
    model = RNNClassifier(hidden_size=4, max_iter=5, random_state=0).fit(X, y)
    values, lengths = padded(X)
    answers = run(to_onnx(model), X=values, lengths=lengths)
    assert_array_equal(answers["label"], model.predict(X))
    assert_allclose(answers["probabilities"], model.predict_proba(X), **CLOSE)


NUMBERS = {
    "shifted": ({}, lambda sums: sums + 1e6),
    "counts": ({"loss": "poisson"}, lambda sums: np.exp(sums)),
    "median": ({"loss": "quantile"}, lambda sums: sums),
    "quantiles": ({"loss": "quantile", "quantile": [0.1, 0.5, 0.9]}, lambda sums: sums),
    "several": ({}, lambda sums: np.column_stack([sums, -2 * sums])),
    "quantiles of several": (
        {"loss": "quantile", "quantile": [0.2, 0.8]},
        lambda sums: np.column_stack([sums, -2 * sums]),
    ),
}


@pytest.mark.parametrize("params, change", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("estimator", [RNNRegressor, SequenceRegressor])
def test_numbers_of_every_kind(estimator, params, change):
    y = target_for(estimator, X)
    y = change(y) if estimator is RNNRegressor else [change(sums) for sums in y]
    model = estimator(hidden_size=4, max_iter=3, random_state=0, **params).fit(X, y)
    found, expected = by_onnx(model, X), model.predict(X)
    assert found.ndim == np.ndim(expected[0]) + 1
    assert difference(found, list(expected)) < 1e-5 * unit(model)


def with_ids(columns):
    """Sequences of which some columns hold ids from 0 to 4."""
    X = ragged(seed=1)
    for x in X:
        x[:, columns] = np.floor(np.abs(x[:, columns]) * 2) % 5
    return X


@pytest.mark.parametrize("columns", [[0], [1], [0, 2], [0, 1, 2]], ids=str)
def test_embeddings_beside_numbers(columns):
    X = with_ids(columns)
    model = trained(RNNClassifier, X, categorical_features=columns, n_layers=2)
    values, lengths = padded(X, np.int64 if len(columns) == 3 else np.float32)
    values[np.arange(values.shape[1]) >= lengths[:, None]] = 0
    found = run(to_onnx(model), X=values, lengths=lengths)["probabilities"]
    assert_allclose(found, model.predict_proba(X), **CLOSE)


SCALERS = {
    "standard": StandardScaler(),
    "mean": StandardScaler(with_std=False),
    "scale": StandardScaler(with_mean=False),
    "range": MinMaxScaler(),
    "clipped": MinMaxScaler(feature_range=(-1, 2), clip=True),
}


@pytest.mark.parametrize("scaler", SCALERS.values(), ids=SCALERS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_scalers_of_a_pipeline(estimator, scaler):
    raw = [(x * [1, 3, 2] + [5, 0, 40]).astype(np.float32) for x in X]
    network = estimator(hidden_size=4, max_iter=2, random_state=0)
    model = make_pipeline(TimestepTransformer(scaler), "passthrough", network)
    model.fit(raw[:12], target_for(estimator, X)[:12])
    assert difference(by_onnx(model, raw), answers_of(model, raw)) < 1e-5 * unit(network)


# State ------------------------------------------------------------------------------------------


def initial(model, n):
    """Return the states before the first step, by the inputs that a model has for them."""
    kinds = {1: np.float32, 11: np.float64, 7: np.int64}
    states = {}
    for value in model.graph.input:
        tensor = value.type.tensor_type
        shape = [n if size.dim_param else size.dim_value for size in tensor.shape.dim]
        if value.name not in ("X", "lengths"):
            states[value.name] = np.zeros(shape, kinds[tensor.elem_type])
    return states


def moved(answers):
    """Return the states among the answers, as inputs of the next call."""
    return {
        name.removesuffix("_next"): value
        for name, value in answers.items()
        if name.endswith("_next")
    }


@each_cell
@pytest.mark.parametrize(
    "estimator, params",
    [NETWORKS[name] for name in NETWORKS if "crf" not in name],
    ids=[name for name in NETWORKS if "crf" not in name],
)
def test_chunks_that_hand_their_state_on(estimator, params, cell):
    options = params | cell | {"bidirectional": False, "n_layers": 2}
    model = trained(estimator, X, **options)
    exported = to_onnx(model, with_state=True)
    whole = np.stack([x[:6] for x in ragged(60) if len(x) > 5]).astype(np.float32)
    states, n, lengths = initial(exported, len(whole)), len(whole), np.zeros(len(whole), np.int64)
    rng = np.random.default_rng(0)
    while len(unfinished := np.flatnonzero(lengths < 6)):
        # Each sequence takes one to three steps, in a block as long as the longest.
        chunk = np.minimum(rng.integers(1, 4, n), 6 - lengths)[unfinished]
        block = np.full((len(unfinished), chunk.max(), 3), 9, np.float32)
        for row, i, k in zip(block, unfinished, chunk, strict=True):
            row[:k] = whole[i, lengths[i] : lengths[i] + k]
        before = {
            name: value[:, unfinished] if name[1] == "_" else value[unfinished]
            for name, value in states.items()
        }
        answers = run(exported, X=block, lengths=chunk, **before)
        lengths[unfinished] += chunk
        for name, value in moved(answers).items():
            where = (slice(None), unfinished) if name[1] == "_" else unfinished
            states[name][where] = value
        found = answers.get("probabilities", answers.get("prediction"))
        prefixes = [whole[i, : lengths[i]] for i in unfinished]
        expected = answers_of(model, prefixes)
        if model.__class__ in (SequenceTagger, SequenceRegressor):
            found = [f[:k] for f, k in zip(found, chunk, strict=True)]
            expected = [e[-k:] for e, k in zip(expected, chunk, strict=True)]
        assert difference(found, expected) < 1e-5 * unit(model)


@pytest.mark.parametrize("tied", [False, True])
def test_steps_of_a_language_model(tied):
    texts = ["abc", "abcabc", "cab", "bca"] * 5
    model = RNNLanguageModel(
        hidden_size=6, embedding_dim=6, max_iter=5, tie_embeddings=tied, random_state=0
    ).fit(texts)
    exported, (a, b, end) = to_onnx(model, with_lengths=False, with_state=True), (0, 1, 3)
    assert_array_equal(model.classes_, ["a", "b", "c"])
    states = initial(exported, 2)
    for step, prefixes in [([end, end], ["", ""]), ([a, b], ["a", "b"]), ([b, b], ["ab", "bb"])]:
        answers = run(exported, X=np.array(step).reshape(2, 1, 1), **states)
        states = moved(answers)
        assert_allclose(answers["probabilities"][:, 0], model.predict_proba(prefixes), **CLOSE)


def test_words_and_other_symbols_are_their_positions():
    model = RNNLanguageModel(hidden_size=4, max_iter=2, random_state=0).fit(
        [["to", "be"], ["or", "not", "to", "be"]] * 3
    )
    symbols = {symbol: i for i, symbol in enumerate(model.classes_)}
    prefix = [len(symbols), symbols["or"], symbols["not"]]
    found = run(to_onnx(model, with_lengths=False), X=np.reshape(prefix, (1, 3, 1)))
    expected = model.predict_proba([["or", "not"]])
    assert_allclose(found["probabilities"][:, -1], expected, **CLOSE)


# Files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_files_are_small(cell):
    model = trained(RNNClassifier, X, cell_type=cell, hidden_size=64)
    size = len(to_onnx(model).SerializeToString())
    assert 4 * model.n_parameters_ < size < 200_000  # numbers of four bytes, each once


def test_what_a_model_says_of_itself():
    model = to_onnx(trained(RNNClassifier, X, n_layers=2))
    assert model.producer_name == "skrnn"
    assert [value.name for value in model.graph.input] == ["X", "lengths"]
    assert [value.name for value in model.graph.output] == ["label", "probabilities"]
    operators = [node.op_type for node in model.graph.node]
    assert operators.count("GRU") == 2
    assert {opset.domain for opset in model.opset_import} == {""}
