"""The picture of an alignment is what the estimator says of it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceTranslator, TokenEncoder
from skrnn.inspection import AlignmentDisplay, gate_activations, gradient_flow, saliency

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

TINY = {"hidden_size": 4, "max_iter": 2, "random_state": 0}
WORDS, TARGETS = ["abc", "cba", "bacca"] * 2, [["A", "B"], ["C"], ["B", "A", "C"]] * 2


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def names(ticks):
    return [tick.get_text() for tick in ticks]


def test_weights_of_an_attention_are_drawn():
    model = make_pipeline(TokenEncoder(analyzer="char"), SequenceTranslator(**TINY))
    model.fit(WORDS, TARGETS)
    display = AlignmentDisplay.from_estimator(model, WORDS, TARGETS, sequence=2, cmap="Greys")
    weights = model[-1].attention_weights(model[:-1].transform(WORDS), TARGETS)[2]
    assert_array_equal(display.image_.get_array(), weights)
    assert names(display.ax_.get_yticklabels()) == ["B", "A", "C", "(end)"]
    assert names(display.ax_.get_xticklabels()) == list("bacca")


def test_what_steps_emit_is_drawn():
    X = np.random.default_rng(0).standard_normal((6, 5, 2))
    model = SequenceTranslator(decoder="ctc", **TINY).fit(X, TARGETS)
    display = AlignmentDisplay.from_estimator(model, X, TARGETS, sequence=2, step_names="vwxyz")
    drawn, positions = display.image_.get_array(), model.align(X, TARGETS)[2]
    assert drawn.shape == (3, 5) and drawn.sum() == (positions >= 0).sum()
    for t, position in enumerate(positions):
        assert position < 0 or drawn[position, t] == 1
    shown = AlignmentDisplay.from_estimator(model, X)
    assert names(shown.ax_.get_yticklabels()) == list(model.predict(X[:1])[0])


@pytest.mark.parametrize(
    "model", [RNNClassifier(**TINY), SequenceTranslator(attention=None, **TINY)], ids=str
)
def test_what_aligns_nothing_is_refused(model):
    X = np.random.default_rng(0).standard_normal((6, 5, 2))
    model.fit(X, list("ababab"))
    with pytest.raises(TypeError, match="has nothing that aligns symbols with steps"):
        AlignmentDisplay.from_estimator(model, X)


@pytest.mark.parametrize("decoder", ["recurrent", "ctc"])
def test_other_looks_inside_are_refused(decoder):
    X = np.random.default_rng(0).standard_normal((6, 5, 2))
    model = SequenceTranslator(decoder=decoder, **TINY).fit(X, list("ababab"))
    for look in (gate_activations, saliency, lambda model, X: gradient_flow(model, X, "ababab")):
        with pytest.raises(TypeError, match="sequences of symbols of others"):
            look(model, X)
