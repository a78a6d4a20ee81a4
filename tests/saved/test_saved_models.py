"""Models that earlier versions have saved load, and answer as they did."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import skrnn
from skrnn import SequenceArray, SequenceTagger, TokenEncoder, _version

FILES = sorted(Path(__file__).parent.glob("format_*/*.pkl"))


def answer(fitted, X):
    """Return what a saved object makes of X."""
    if isinstance(fitted, SequenceArray):
        return [fitted[i] for i in range(len(fitted))]
    for method in ("transform", "predict_proba", "predict"):
        if hasattr(fitted, method):
            return getattr(fitted, method)(X)


def as_rows(output):
    return np.concatenate([np.ravel(part) for part in output])


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 reads no pickle of NumPy 2's")
@pytest.mark.filterwarnings("ignore:Trying to unpickle estimator StandardScaler")
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_saved_object_answers_as_it_did(file):
    saved = pickle.loads(file.read_bytes())
    found = answer(saved["object"], saved["X"])
    assert len(found) == len(saved["output"])
    # The processor and the libraries may be others than those of the file.
    assert_allclose(as_rows(found), as_rows(saved["output"]), rtol=1e-6, atol=1e-7)


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 reads no pickle of NumPy 2's")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("number", [1, 2])
def test_a_model_from_before_the_validation_loss_goes_on(number):
    file = Path(__file__).parent / f"format_{number}" / "regressor.pkl"
    saved = pickle.loads(file.read_bytes())
    model, X, y = saved["object"], saved["X"], saved["output"]
    assert model.validation_loss_curve_ is None
    model.set_params(warm_start=True).fit(X, y, X_val=X, y_val=y)
    assert len(model.validation_loss_curve_) == model.n_iter_ < len(model.loss_curve_)


def test_every_kind_of_model_was_saved():
    assert len(FILES) >= 15


MODEL = SequenceTagger(hidden_size=2, max_iter=1, random_state=0, learning_rate="cosine").fit(
    [[[0.5], [1.0]], [[0.0]]], [["a", "b"], ["a"]]
)


@pytest.mark.parametrize("change", ["_input_layout_", "_architecture", "classes_"])
def test_what_is_older_than_the_first_format_says_what_to_do(change):
    state = {name: value for name, value in vars(MODEL).items() if name[0] != "_"}
    state |= {"_skrnn_version": skrnn.__version__, "_theta": MODEL._model.theta}
    state |= {"_architecture": MODEL._model.architecture}
    state |= {"_input_layout_": {"table": None, "dtype": "float64", "n_categories": {}}}
    del state[change]
    with pytest.raises(ValueError, match="from before its first format .* fit it anew"):
        SequenceTagger().__setstate__(state)


@pytest.mark.parametrize(
    "fitted", [MODEL, TokenEncoder().fit(["one two"])], ids=["tagger", "tokens"]
)
def test_a_format_of_the_future_says_what_to_do(fitted, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(_version, "FORMAT", 99)
        saved = pickle.dumps(fitted)
    with pytest.raises(ValueError, match="in format 99, but skrnn .* install the version"):
        pickle.loads(saved)
