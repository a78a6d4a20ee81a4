"""The picture of an alignment is what the estimator says of it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
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


class Spread(TransformerMixin, BaseEstimator):
    """Reads every character twice, so that there is no name for each step."""

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return [np.repeat([ord(c) - 97 for c in word], 2) for word in X]


COMMANDS = ["Jump twice", "run", "walk and run"] * 2


@pytest.mark.parametrize(
    "encoder, X, expected",
    [
        (TokenEncoder(), COMMANDS, ["walk", "and", "run"]),
        (TokenEncoder(), [text.split() for text in COMMANDS], ["walk", "and", "run"]),
        (TokenEncoder(analyzer=str.split), COMMANDS, ["walk", "and", "run"]),
        (TokenEncoder(analyzer="char"), COMMANDS, list("walk and run")),
        (Spread(), WORDS, None),
    ],
    ids=["words", "lists", "callable", "characters", "other steps"],
)
def test_steps_are_named_by_the_tokens_that_were_read(encoder, X, expected):
    model = make_pipeline(encoder, SequenceTranslator(**TINY)).fit(X, TARGETS)
    display = AlignmentDisplay.from_estimator(model, X, sequence=-1)
    if expected is None:
        assert display.step_names is None
    else:
        assert names(display.ax_.get_xticklabels()) == expected


def test_rows_of_a_series_are_counted_by_place():
    pd = pytest.importorskip("pandas")
    X, y = (pd.Series(values, index=range(7, 13)) for values in (WORDS, TARGETS))
    model = make_pipeline(TokenEncoder(analyzer="char"), SequenceTranslator(**TINY)).fit(X, y)
    display = AlignmentDisplay.from_estimator(model, X, y, sequence=2)
    assert names(display.ax_.get_xticklabels()) == list("bacca")


def test_names_of_other_steps_are_refused():
    X = np.random.default_rng(0).standard_normal((6, 5, 2))
    model = SequenceTranslator(**TINY).fit(X, TARGETS)
    with pytest.raises(ValueError, match="step_names holds 4 names, but the sequence has 5 steps"):
        AlignmentDisplay.from_estimator(model, X, step_names="vwxy")


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
    "model, y",
    [(RNNClassifier(**TINY), [0, 1] * 3), (SequenceTranslator(attention=None, **TINY), "ababab")],
    ids=str,
)
def test_what_aligns_nothing_is_refused(model, y):
    X = np.random.default_rng(0).standard_normal((6, 5, 2))
    model.fit(X, list(y))
    with pytest.raises(TypeError, match="has nothing that aligns symbols with steps"):
        AlignmentDisplay.from_estimator(model, X)


@pytest.mark.parametrize("decoder", ["recurrent", "ctc"])
def test_other_looks_inside_are_refused(decoder):
    X = np.random.default_rng(0).standard_normal((6, 5, 2))
    model = SequenceTranslator(decoder=decoder, **TINY).fit(X, list("ababab"))
    for look in (gate_activations, saliency, lambda model, X: gradient_flow(model, X, "ababab")):
        with pytest.raises(TypeError, match="sequences of symbols of others"):
            look(model, X)
