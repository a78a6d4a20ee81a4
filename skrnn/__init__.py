"""Recurrent neural networks that behave like any other scikit-learn estimator."""

from skrnn import _legacy as _legacy
from skrnn import datasets, export, inspection, metrics
from skrnn._config import config_context, get_config, set_config, show_versions
from skrnn._data.sequence_array import SequenceArray
from skrnn._estimators.classifier import RNNClassifier
from skrnn._estimators.encoder import SequenceEncoder
from skrnn._estimators.generator import SequenceGenerator
from skrnn._estimators.language_model import RNNLanguageModel
from skrnn._estimators.regressor import RNNRegressor
from skrnn._estimators.sequence_regressor import SequenceRegressor
from skrnn._estimators.tagger import SequenceTagger
from skrnn._estimators.translator import SequenceTranslator
from skrnn._estimators.window_stream import stream
from skrnn._preprocessing.grid_scanner import GridScanner
from skrnn._preprocessing.raw_text import tag_text
from skrnn._preprocessing.timestep import TimestepTransformer
from skrnn._preprocessing.tokens import TokenEncoder
from skrnn._preprocessing.word_vectors import WordVectors, load_word_vectors
from skrnn._series.backtest import backtest
from skrnn._series.forecast import direct_forecast, recursive_forecast
from skrnn._series.intervals import ConformalForecaster
from skrnn._series.outliers import ForecastOutlierDetector
from skrnn._series.sliding import sliding_windows
from skrnn._series.split import PurgedWindowSplit
from skrnn._series.window_scaling import WindowScaledRegressor
from skrnn._series.windows import SlidingWindowTransformer
from skrnn._version import __version__ as __version__
from skrnn.inspection import LossCurveDisplay

__all__ = [
    "ConformalForecaster",
    "ForecastOutlierDetector",
    "GridScanner",
    "LossCurveDisplay",
    "PurgedWindowSplit",
    "RNNClassifier",
    "RNNLanguageModel",
    "RNNRegressor",
    "SequenceArray",
    "SequenceEncoder",
    "SequenceGenerator",
    "SequenceRegressor",
    "SequenceTagger",
    "SequenceTranslator",
    "SlidingWindowTransformer",
    "TimestepTransformer",
    "TokenEncoder",
    "WindowScaledRegressor",
    "WordVectors",
    "backtest",
    "config_context",
    "datasets",
    "direct_forecast",
    "export",
    "get_config",
    "inspection",
    "load_word_vectors",
    "metrics",
    "recursive_forecast",
    "set_config",
    "show_versions",
    "sliding_windows",
    "stream",
    "tag_text",
]
