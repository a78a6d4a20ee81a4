"""Recurrent neural networks that behave like any other scikit-learn estimator."""

from skrnn._classifier import RNNClassifier
from skrnn._regressor import RNNRegressor
from skrnn._sequence_array import SequenceArray
from skrnn._tagger import SequenceTagger

__version__ = "0.1.0.dev0"

__all__ = ["RNNClassifier", "RNNRegressor", "SequenceArray", "SequenceTagger"]
