"""SequenceEncoder, and the hidden states that it is made of."""

import pickle

import numpy as np
import pytest
from estimators import each_case, labels, sequences
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import RNNClassifier, SequenceArray, SequenceEncoder, SequenceTagger

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(40)
Y = labels(X)


def tiny(**params):
    return RNNClassifier(hidden_size=4, max_iter=3, random_state=0, **params)


@pytest.mark.parametrize("bidirectional", [False, True])
@each_case
def test_states_of_steps_pool_to_those_of_sequences(case, bidirectional):
    model = case.make(bidirectional=bidirectional).fit(X, case.target(X))
    states = model.hidden_states(X)
    assert isinstance(states, SequenceArray)
    assert [s.shape for s in states] == [(len(x), 4 * (1 + bidirectional)) for x in X]
    for pooling, pool in (("mean", np.mean), ("max", np.max)):
        expected = [pool(s, axis=0) for s in states]
        assert_allclose(model.pooled_states(X, pooling), expected, rtol=1e-12)
    last = model.pooled_states(X, "last")
    assert_allclose(last[:, :4], [s[-1, :4] for s in states], rtol=1e-12)
    if bidirectional:  # the backward direction ends at the first step
        assert_allclose(last[:, 4:], [s[0, 4:] for s in states], rtol=1e-12)


def test_states_are_what_the_output_layer_reads():
    model = tiny(pooling="mean").fit(X, Y)
    head = model.coefs_
    logits = model.pooled_states(X, "mean") @ head["head.weight"].T + head["head.bias"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(model.predict_proba(X), p, rtol=1e-10)


@pytest.mark.parametrize("pooling", ["auto", "last", "mean", "max"])
def test_the_encoder_gives_the_states_of_its_network(pooling):
    encoder = SequenceEncoder(tiny(pooling="max", bidirectional=False), pooling=pooling)
    found = encoder.fit_transform(X, Y)
    network = tiny(pooling="max", bidirectional=False).fit(X, Y)
    expected = network.pooled_states(X, "max" if pooling == "auto" else pooling)
    assert_array_equal(found, expected)
    assert len(encoder.get_feature_names_out()) == found.shape[1] == 4
    assert encoder.get_feature_names_out()[0] == "sequenceencoder0"
    assert_array_equal(pickle.loads(pickle.dumps(encoder)).transform(X), found)


def test_a_network_that_answers_at_every_step_gives_its_last_state():
    y = [np.where(x[:, 0] > 0, "a", "b") for x in X]
    tagger = SequenceTagger(hidden_size=4, max_iter=1, bidirectional=True, random_state=0)
    encoder = SequenceEncoder(tagger).fit(X, y)
    assert_array_equal(encoder.transform(X), encoder.estimator_.pooled_states(X, "last"))
    assert encoder.transform(X).shape == (40, 8)


def test_a_fitted_network_is_taken_as_it_is():
    network = tiny().fit(X, Y)
    encoder = SequenceEncoder(network, prefit=True).fit(X)
    assert encoder.estimator_ is network
    with pytest.raises(NotFittedError):
        SequenceEncoder(tiny(), prefit=True).fit(X)


def test_in_a_pipeline_and_beside_other_features():
    lengths = FunctionTransformer(lambda X: np.array([[len(x)] for x in X]))
    union = FeatureUnion([("states", SequenceEncoder(tiny())), ("lengths", lengths)])
    model = make_pipeline(union, PCA(3), LogisticRegression()).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert clone(model).fit(X, Y).score(X, Y) == model.score(X, Y)


def test_weights_reach_the_network():
    weight = np.random.default_rng(0).uniform(0.5, 2, len(X))
    found = SequenceEncoder(tiny()).fit(X, Y, sample_weight=weight).transform(X)
    expected = tiny().fit(X, Y, sample_weight=weight)
    assert_array_equal(found, expected.pooled_states(X, expected.pooling))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: SequenceEncoder(Ridge()).fit(X, Y), TypeError, "has no hidden states"),
        (lambda: SequenceEncoder(tiny(), pooling="sum").fit(X, Y), ValueError, "'pooling'"),
        (lambda: SequenceEncoder(tiny()).transform(X), NotFittedError, "not fitted"),
        (lambda: tiny().fit(X, Y).pooled_states(X, "sum"), ValueError, "pooling must be one of"),
        (lambda: tiny().hidden_states(X), NotFittedError, "not fitted"),
        (
            lambda: SequenceEncoder(tiny()).fit(X, Y).transform([x[:, :1] for x in X]),
            ValueError,
            "X has 1 features",
        ),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
