"""Modules of torch answer as the estimators do, and their weights go back."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.export import CELLS, ESTIMATORS, answers_of, difference, padded, ragged, trained
from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, SequenceTagger
from skrnn.export import to_torch

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.parity,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

X = ragged()
NETWORKS = {
    f"{estimator.__name__}-{reading}": (estimator, params)
    for estimator, readings in ESTIMATORS.items()
    for reading, params in readings.items()
    if reading != "crf"
}
each_network = pytest.mark.parametrize("estimator, params", NETWORKS.values(), ids=NETWORKS)
each_cell = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def tensors(X, dtype=np.float64):
    return [torch.from_numpy(array) for array in padded(X, dtype)]


def answers(module, *inputs):
    return module.answers(*inputs).detach().numpy()


@pytest.mark.slow
@pytest.mark.parametrize("sides", [False, True], ids=["one", "both"])
@each_cell
@each_network
def test_every_network_of_two_layers(estimator, params, cell, sides):
    options = params | cell | {"bidirectional": sides, "n_layers": 2}
    model = trained(estimator, X, **options, dtype="float64")
    assert difference(answers(to_torch(model), *tensors(X)), answers_of(model, X)) < 1e-10
    single = trained(estimator, X, **options, dtype="float32")
    found = answers(to_torch(single), *tensors(X, np.float32))
    unit = getattr(single, "y_scale_", np.ones(1))[0]
    assert difference(found, answers_of(single, X)) < 1e-5 * unit


@each_network
def test_sequences_of_equal_length(estimator, params):
    whole = np.stack([x[:5] for x in ragged(60) if len(x) > 4])
    model = trained(estimator, list(whole), **params)
    found = answers(to_torch(model), torch.from_numpy(whole))
    assert difference(found, answers_of(model, whole)) < 1e-10


QUANTILES = {"loss": "quantile", "quantile": [0.1, 0.9]}


@pytest.mark.parametrize("n_values", [1, 2])
@pytest.mark.parametrize("params", [{"loss": "poisson"}, QUANTILES], ids=["counts", "quantiles"])
def test_numbers(params, n_values):
    y = np.exp([x[:, :n_values].mean(axis=0) for x in X])
    y = y[:, 0] if n_values == 1 else y
    model = RNNRegressor(hidden_size=4, max_iter=3, random_state=0, **params).fit(X, y)
    assert_allclose(answers(to_torch(model), *tensors(X)), model.predict(X), rtol=1e-10)


def test_several_labels():
    y = np.column_stack([[x[0, 0] > 0 for x in X], [x[-1, 1] > 0 for x in X]]).astype(int)
    model = RNNClassifier(hidden_size=4, max_iter=5, random_state=0).fit(X, y)
    assert_allclose(answers(to_torch(model), *tensors(X)), model.predict_proba(X), atol=1e-10)


def test_embeddings_beside_numbers():
    X = [np.column_stack([x[:, :2], np.floor(np.abs(x[:, 2]))]) for x in ragged()]
    model = trained(RNNClassifier, X, categorical_features=[2])
    values, lengths = tensors(X)
    found = answers(to_torch(model), values.clamp(max=2), lengths)
    expected = model.predict_proba([np.minimum(x, 2) for x in X])
    assert_allclose(found, expected, atol=1e-10)


def test_scores_that_a_crf_reads():
    model = trained(SequenceTagger, X, decoder="crf")
    module = to_torch(model)
    plain = trained(SequenceTagger, X, decoder="softmax")
    plain.set_coefs({name: model.coefs_[name] for name in plain.coefs_})
    found = module(*tensors(X)).softmax(dim=-1).detach().numpy()
    assert difference(found, plain.predict_proba(X)) < 1e-10
    with pytest.raises(NotImplementedError, match="take the scores from module"):
        module.answers(*tensors(X))
    assert_array_equal(module.crf["start"].detach(), model.coefs_["crf.start"])


@pytest.mark.parametrize("tied", [False, True])
def test_a_language_model(tied):
    model = RNNLanguageModel(
        hidden_size=6, embedding_dim=6, max_iter=5, tie_embeddings=tied, random_state=0
    ).fit(["abc", "abcabc", "cab"] * 5)
    module = to_torch(model)
    found = answers(module, torch.tensor([[3, 0, 1]])[..., None])[:, -1]
    assert_allclose(found, model.predict_proba(["ab"]), atol=1e-6)
    assert module.coefs().keys() == model.coefs_.keys()


@pytest.mark.slow
@each_cell
@each_network
def test_weights_go_back(estimator, params, cell):
    model = trained(estimator, X, **params, **cell)
    module = to_torch(model)
    coefs = module.coefs()
    assert coefs.keys() == model.coefs_.keys()
    for name, value in coefs.items():
        assert_array_equal(value, model.coefs_[name])
    # Training in torch changes the module alone, until its weights go back.
    before = answers_of(model, X)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05)
    module(*tensors(X)).square().mean().backward()
    optimizer.step()
    assert difference(answers_of(model, X), before) == 0
    model.set_coefs(module.coefs())
    assert difference(answers_of(model, X), before) > 1e-6
    assert difference(answers(module, *tensors(X)), answers_of(model, X)) < 1e-10
