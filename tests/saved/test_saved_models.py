"""Models that earlier versions have saved load, and answer as they did."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skrnn import SequenceArray

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


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_saved_object_answers_as_it_did(file):
    saved = pickle.loads(file.read_bytes())
    found = answer(saved["object"], saved["X"])
    assert len(found) == len(saved["output"])
    # The processor and the libraries may be others than those of the file.
    assert_allclose(as_rows(found), as_rows(saved["output"]), rtol=1e-6, atol=1e-7)


def test_every_kind_of_model_was_saved():
    assert len(FILES) >= 15
