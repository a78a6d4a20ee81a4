"""What the pictures show are the numbers, and what they say of them."""

import numpy as np
import pytest
from estimators import TINY, TOKENS, each_case, numbers, sequences
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import confusion_matrix

from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, SequenceTagger
from skrnn.inspection import (
    GateActivationsDisplay,
    GradientFlowDisplay,
    HiddenStatesDisplay,
    PermutationImportanceDisplay,
    SaliencyDisplay,
    StepConfusionDisplay,
    StepOutputsDisplay,
    gate_activations,
    gradient_flow,
    hidden_states,
    permutation_importance,
    saliency,
    step_outputs,
)
from skrnn.metrics import flatten_labels

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

X = sequences(12)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def shown(display):
    """Values of an image, step by step."""
    return display.image_.get_array().T


def assert_covers_nothing(display):
    """The legend lies within the figure, and outside the axes."""
    display.figure_.canvas.draw()
    legend = display.ax_.get_legend().get_window_extent()
    assert not legend.overlaps(display.ax_.get_window_extent())
    assert display.figure_.bbox.padded(1).fully_overlaps(legend)


@pytest.mark.parametrize("cell_type", ["lstm", "gru", "rnn"])
def test_images_show_one_sequence(cell_type):
    model = RNNRegressor(**TINY, cell_type=cell_type, n_layers=2).fit(X, np.arange(12.0))
    display = HiddenStatesDisplay.from_estimator(model, X, sequence=2, layer=0)
    assert_array_equal(shown(display), hidden_states(model, X, layer=0)[2])
    low, high = display.image_.get_clim()
    assert low == -high
    gates = gate_activations(model, X)
    letter = {"lstm": "f", "gru": "z", "rnn": "h"}[model.cell_type]
    display = GateActivationsDisplay.from_estimator(model, X, sequence=1)
    assert_array_equal(shown(display), gates[letter][1])
    assert display.ax_.get_title() == f"Gate {letter}"
    assert (display.image_.get_clim() == (0, 1)) == (letter != "h")
    display = SaliencyDisplay.from_estimator(model, X, sequence=3)
    assert_allclose(shown(display), saliency(model, X)[3])


def test_options_of_images():
    model = RNNClassifier(**TINY, bidirectional=True).fit(X, np.arange(12) % 2)
    ax = plt.subplots()[1]
    display = GateActivationsDisplay.from_estimator(
        model, X, gate="n", direction="backward", ax=ax, cmap="gray"
    )
    assert display.ax_ is ax and display.image_.get_cmap().name == "gray"
    assert_array_equal(shown(display), gate_activations(model, X, direction="backward").n[0])
    with pytest.raises(ValueError, match="gate='f' must be one of 'r', 'z', 'n'"):
        GateActivationsDisplay.from_estimator(model, X, gate="f")
    options = {"method": "gradient", "step_names": list("abcdefg")[: len(X[0])]}
    display = SaliencyDisplay.from_estimator(model, X, 0, **options)
    assert_array_equal(shown(display), saliency(model, X, 0, method="gradient")[0])
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == options["step_names"]


def test_steps_and_units_are_counted_in_whole_numbers():
    display = HiddenStatesDisplay(values=np.ones((3, 2))).plot()
    for ticks in (display.ax_.get_xticks(), display.ax_.get_yticks()):
        assert_array_equal(ticks, np.round(ticks))


def test_names_of_features():
    frame = pytest.importorskip("pandas").DataFrame
    frames = [frame(x, columns=["speed", "height"]) for x in X]
    model = RNNRegressor(**TINY).fit(frames, np.arange(12.0))
    display = SaliencyDisplay.from_estimator(model, frames)
    assert [tick.get_text() for tick in display.ax_.get_yticklabels()] == ["speed", "height"]


@each_case
def test_tokens_make_one_row(case):
    model = case.make().fit(TOKENS, case.target(numbers(TOKENS)))
    display = SaliencyDisplay.from_estimator(model, TOKENS, sequence=3)
    assert shown(display).shape == (len(TOKENS[3]), 1)


@each_case
def test_the_flow_is_drawn_as_a_share_of_what_one_step_leaves(case):
    model = case.make(n_layers=2, bidirectional=True).fit(X, case.target(X))
    display = GradientFlowDisplay.from_estimator(model, X, case.target(X), color="black")
    norm = gradient_flow(model, X, case.target(X)).norm
    assert len(display.lines_) == norm.shape[0] * norm.shape[1]
    for line, drawn in zip(display.lines_, norm.reshape(-1, norm.shape[-1]), strict=True):
        share = drawn / drawn[1] if drawn[1] else drawn
        assert_allclose(line.get_ydata(), np.where(share > 0, share, np.nan))
        assert line.get_label().startswith(model.cell_type)
        assert line.get_color() == "black"
    assert display.ax_.get_yscale() == "log"
    assert_covers_nothing(display)


def test_flows_side_by_side():
    y, ax = np.arange(12.0), None
    for cell_type in ("rnn", "gru"):
        model = RNNRegressor(**TINY, cell_type=cell_type).fit(X, y)
        ax = GradientFlowDisplay.from_estimator(model, X, y, ax=ax).ax_
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["rnn", "gru"]
    display = GradientFlowDisplay(norm=np.ones((2, 2, 3)), name="mine").plot()
    assert display.lines_[3].get_label() == "mine, layer 1, backward"
    assert GradientFlowDisplay(norm=np.ones((1, 1, 1))).plot().ax_.get_legend() is None


@each_case
def test_answers_step_by_step(case):
    model = case.make().fit(X, case.target(X))
    display = StepOutputsDisplay.from_estimator(model, X, sequence=4, linewidth=3)
    outputs = step_outputs(model, X)[4].reshape(len(X[4]), -1)
    assert len(display.lines_) == outputs.shape[1]
    for line, values in zip(display.lines_, outputs.T, strict=True):
        assert_array_equal(line.get_ydata(), values)
        assert line.get_linewidth() == 3
    if hasattr(model, "classes_"):
        assert [line.get_label() for line in display.lines_] == list(model.classes_)
        assert_covers_nothing(display)


def test_symbols_step_by_step():
    model = RNNLanguageModel(**TINY).fit(["abab", "ba"])
    display = StepOutputsDisplay.from_estimator(model, ["aba"])
    assert [line.get_label() for line in display.lines_] == ["a", "b", "end"]
    assert display.ax_.get_ylabel() == "Probability"
    outputs = np.random.default_rng(0).random((5, 30))
    display = StepOutputsDisplay(outputs=outputs, names=[f"y{i}" for i in range(30)]).plot()
    assert len(display.ax_.get_legend().get_texts()) == 10
    assert_covers_nothing(display)


def test_importances_are_ordered_for_features_and_in_order_for_steps():
    model = RNNRegressor(**TINY).fit(X, [x[0, 0] for x in X])
    options = {"n_repeats": 3, "random_state": 0}
    y = [x[0, 0] for x in X]
    display = PermutationImportanceDisplay.from_estimator(model, X, y, **options)
    found = permutation_importance(model, X, y, **options)
    order = found.importances_mean.argsort()
    assert_allclose([bar.get_width() for bar in display.bars_], found.importances_mean[order])
    assert [tick.get_text() for tick in display.ax_.get_yticklabels()] == list(found.names[order])
    display = PermutationImportanceDisplay.from_estimator(model, X, y, by="step", **options)
    found = permutation_importance(model, X, y, by="step", **options)
    assert_allclose([bar.get_height() for bar in display.bars_], found.importances_mean)
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == list(found.names)


def test_labels_of_steps_that_are_taken_for_others():
    y = [np.where(x[:, 0] > 0, "a", "b") for x in X]
    model = SequenceTagger(**TINY).fit(X, y)
    display = StepConfusionDisplay.from_estimator(model, X, y, normalize="true")
    pair = flatten_labels(y, model.predict(X))
    assert_allclose(display.confusion_matrix, confusion_matrix(*pair, normalize="true"))
    assert isinstance(display, StepConfusionDisplay)
    assert display.display_labels.tolist() == ["a", "b"]
    partly = [np.where(x[:, 1] > 0, "?", labels) for x, labels in zip(X, y, strict=True)]
    ax = plt.subplots()[1]
    display = StepConfusionDisplay.from_predictions(
        partly, model.predict(X), ignore_label="?", ax=ax
    )
    assert display.ax_ is ax
    assert display.confusion_matrix.sum() == sum((labels != "?").sum() for labels in partly)
