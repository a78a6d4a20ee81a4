"""What the pictures show is what was recorded."""

import numpy as np
import pytest
from estimators import each_case, sequences
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skrnn import LossCurveDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")

X = sequences(30)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@each_case
def test_the_loss_of_each_epoch_is_drawn(case):
    model = case.make().fit(X, case.target(X))
    display = LossCurveDisplay.from_estimator(model, color="black")
    assert_array_equal(display.line_.get_xdata(), [1, 2, 3])
    assert_array_equal(display.line_.get_ydata(), model.loss_curve_)
    assert display.line_.get_color() == "black"
    assert display.ax_.get_legend().get_texts()[0].get_text() == type(model).__name__
    assert display.score_ax_ is display.score_line_ is display.validation_line_ is None


@each_case
def test_validation_scores_stand_at_their_epochs(case):
    y = case.target(X)
    model = case.make(warm_start=True).fit(X, y)
    model.set_params(early_stopping=True, validation_fraction=0.3).fit(X, y)
    ax = plt.subplots()[1]
    display = LossCurveDisplay.from_estimator(model, ax=ax, name="mine")
    assert display.ax_ is ax and display.figure_ is ax.figure
    assert len(display.line_.get_xdata()) == 6
    assert_array_equal(display.score_line_.get_xdata(), [4, 5, 6])
    assert_array_equal(display.score_line_.get_ydata(), model.validation_scores_)
    assert_array_equal(display.validation_line_.get_xdata(), [4, 5, 6])
    assert_array_equal(display.validation_line_.get_ydata(), model.validation_loss_curve_)
    assert display.validation_line_.get_color() == display.line_.get_color()
    best = 4 + int(np.argmax(model.validation_scores_))
    assert_array_equal(display.best_line_.get_xdata(), [best, best])
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "mine",
        "validation loss",
        "score",
        f"best: {best}",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("width", [6.4, 4.5])
def test_the_legend_covers_nothing(width):
    ax = plt.subplots(figsize=(width, 4), layout="constrained")[1]
    display = LossCurveDisplay(
        loss_curve=[3, 2, 1],
        validation_scores=[0.1, np.nan, 0.3],
        validation_loss_curve=[3, 2, 2],
        name="RNNClassifier",
    ).plot(ax)
    display.figure_.canvas.draw()
    legend = display.ax_.get_legend().get_window_extent()
    assert not legend.overlaps(display.ax_.get_window_extent())
    assert display.figure_.bbox.padded(1).fully_overlaps(legend)
    nothing = LossCurveDisplay(
        loss_curve=[2, 1], validation_scores=[np.nan, np.nan], name="a"
    ).plot()
    assert nothing.best_line_ is None


def test_legends_of_neighbours_do_not_meet():
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    curves = dict.fromkeys(("loss_curve", "validation_loss_curve", "validation_scores"), [2, 1])
    for ax in axes:
        LossCurveDisplay(**curves, name="RNNClassifier").plot(ax)
    figure.canvas.draw()
    left, right = (ax.get_legend().get_window_extent() for ax in axes)
    assert not left.overlaps(right)


@each_case
def test_what_keeps_no_losses_is_refused(case):
    pipeline = make_pipeline(case.make())
    for estimator in (case.make(), pipeline):
        with pytest.raises(NotFittedError):
            LossCurveDisplay.from_estimator(estimator)
    pipeline.fit(X, case.target(X))
    with pytest.raises(TypeError, match=r"Pipeline has no loss_curve_: .* pipeline\[-1\]"):
        LossCurveDisplay.from_estimator(pipeline)


def test_losses_below_zero_are_drawn_on_a_linear_scale():
    losses = np.array([1.0, -1.0])
    assert LossCurveDisplay(loss_curve=losses).plot().ax_.get_yscale() == "linear"
    assert LossCurveDisplay(loss_curve=losses**2).plot().ax_.get_yscale() == "log"
    assert LossCurveDisplay(loss_curve=[]).plot().ax_.get_yscale() == "linear"
    below = LossCurveDisplay(loss_curve=[2, 1], validation_loss_curve=[1, -1]).plot()
    assert below.ax_.get_yscale() == "linear"


def test_a_loss_without_end_has_no_place():
    display = LossCurveDisplay(loss_curve=[2, 1], validation_loss_curve=[np.inf, 3]).plot()
    assert_array_equal(display.validation_line_.get_ydata(), [np.nan, 3])
    assert display.ax_.get_yscale() == "log"
