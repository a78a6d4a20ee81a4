"""Every estimator and transformer goes through skops, and the page lists the types to trust."""

import re
from pathlib import Path

import numpy as np
import pytest
from make_models import RAGGED, SMALL, TABLE, TOKENS, VALUES, objects
from numpy.testing import assert_array_equal
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from test_saved_models import answer

import skrnn
from skrnn import (
    ConformalForecaster,
    ForecastOutlierDetector,
    RNNClassifier,
    RNNRegressor,
    SequenceGenerator,
    SequenceTranslator,
    SlidingWindowTransformer,
)
from skrnn._core.losses import REGRESSION_LOSSES
from skrnn._fitting.solvers import SOLVERS

skops = pytest.importorskip("skops.io")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAGE = Path(__file__).parents[2] / "docs" / "promises.md"


def listed_types():
    """Return the types that the page tells users to trust."""
    block = re.search(r"^TRUSTED = \[(.*?)^\]", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return set(re.findall(r'"(.*?)"', block[1]))


def further_models():
    """Yield what a model holds of each loss, of each solver, and of several labels."""
    for loss in [*REGRESSION_LOSSES, "quantile"]:
        yield loss, RNNRegressor(**SMALL, loss=loss).fit(RAGGED, np.abs(VALUES)), RAGGED
    for solver in SOLVERS.keys() - {"lbfgs"}:
        yield solver, RNNRegressor(**SMALL, solver=solver).partial_fit(RAGGED, VALUES), RAGGED
    names = SequenceGenerator(hidden_size=2, max_iter=1, random_state=0, max_length=3)
    yield "generator", names.fit(TABLE, ["ab", "ba", "b"] * 4), TABLE
    for decoder in ("recurrent", "ctc"):
        spell = SequenceTranslator(hidden_size=2, max_iter=1, random_state=0, decoder=decoder)
        yield f"translator_{decoder}", spell.fit(TOKENS, ["a", "b"] * (len(TOKENS) // 2)), TOKENS
    table = np.arange(48.0).reshape(24, 2) % 5
    windows = SlidingWindowTransformer(2, horizon=1, output="2d")
    pipe = make_pipeline(windows, LinearRegression())
    conformal = ConformalForecaster(pipe, coverage=0.5)
    yield "conformal", conformal.fit(table, table[:, 0]), table
    yield "outliers", ForecastOutlierDetector(pipe).fit(table), table
    yield "several", RNNClassifier(**SMALL).fit(RAGGED, (VALUES > 0).astype(int)), RAGGED


@pytest.fixture(scope="module")
def saved():
    """The small models of tests/saved, one of every public class, and further ones."""
    found = {name: (fitted, X) for name, fitted, X, _ in objects()}
    return found | {name: (fitted, X) for name, fitted, X in further_models()}


def test_models_answer_as_before_and_need_the_listed_types_only(saved):
    needed = set()
    for name, (fitted, X) in saved.items():
        data = skops.dumps(fitted)
        needed |= set(skops.get_untrusted_types(data=data))
        loaded = skops.loads(data, trusted=sorted(listed_types()))
        for one, other in zip(answer(loaded, X), answer(fitted, X), strict=True):
            assert_array_equal(one, other, err_msg=name)
    assert needed == listed_types()


def test_every_class_with_a_fit_is_saved(saved):
    classes = {getattr(skrnn, name) for name in skrnn.__all__}
    classes = {c for c in classes if isinstance(c, type) and hasattr(c, "fit")}
    assert classes == {type(fitted) for fitted, _ in saved.values() if hasattr(fitted, "fit")}


def test_what_is_not_trusted_is_not_loaded(saved):
    fitted, _ = saved["classifier_lstm"]
    with pytest.raises(TypeError, match="RNNClassifier"):
        skops.loads(skops.dumps(fitted))
