"""Recurrent neural networks that behave like any other scikit-learn estimator."""

from skrnn import metrics
from skrnn._classifier import RNNClassifier
from skrnn._display import LossCurveDisplay
from skrnn._forecast import recursive_forecast
from skrnn._regressor import RNNRegressor
from skrnn._sequence_array import SequenceArray
from skrnn._split import PurgedWindowSplit
from skrnn._tagger import SequenceTagger
from skrnn._timestep import TimestepTransformer
from skrnn._tokens import TokenEncoder, load_word_vectors
from skrnn._version import __version__ as __version__
from skrnn._window import SlidingWindowTransformer, sliding_windows
from skrnn._window_scaling import WindowScaledRegressor

__all__ = [
    "LossCurveDisplay",
    "PurgedWindowSplit",
    "RNNClassifier",
    "RNNRegressor",
    "SequenceArray",
    "SequenceTagger",
    "SlidingWindowTransformer",
    "TimestepTransformer",
    "TokenEncoder",
    "WindowScaledRegressor",
    "load_word_vectors",
    "metrics",
    "recursive_forecast",
    "sliding_windows",
]
