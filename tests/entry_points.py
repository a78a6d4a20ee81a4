"""Every public function and method, with a valid value for each argument that holds data.

The fuzzer in test_fuzz.py calls them with the same values in other forms, and with wrong ones. A
new public name joins the entries, or `WITHOUT_DATA` with the reason; a new estimator does so by its
row in tests/estimators.py.
"""

import copy
import warnings
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from inspect import getmembers, isclass, signature
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
from estimators import CASES, object_array
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skrnn
from skrnn import (
    ConformalForecaster,
    ForecastOutlierDetector,
    GridScanner,
    PurgedWindowSplit,
    RNNLanguageModel,
    SequenceArray,
    SequenceEncoder,
    SequenceGenerator,
    SequenceTranslator,
    SlidingWindowTransformer,
    TimestepTransformer,
    TokenEncoder,
    WindowScaledRegressor,
    WordVectors,
    backtest,
    datasets,
    direct_forecast,
    export,
    inspection,
    load_word_vectors,
    metrics,
    recursive_forecast,
    sliding_windows,
    stream,
    tag_text,
)


class Entry(NamedTuple):
    """A public call."""

    call: Callable  # takes the arguments by name, and nothing that it changes is seen again
    good: dict  # a valid value for each argument; integers, for these have a form in every dtype


def public_calls(module=skrnn, prefix=""):
    """Yield the names of all public functions, and of the methods that our classes define."""
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, ModuleType):
            yield from public_calls(value, f"{name}.")
            continue
        yield prefix + name
        if isclass(value):
            for method, function in getmembers(value, callable):
                is_ours = str(getattr(function, "__module__", "")).startswith("skrnn")
                if is_ours and not method.startswith("_"):
                    yield f"{prefix}{name}.{method}"


# Data: six sequences of three steps of two features, and what belongs to them -------------------

rng = np.random.default_rng(0)
TABLE = rng.integers(-3, 4, (6, 4)).astype(np.float64)
GRID = rng.integers(-3, 4, (6, 3, 2)).astype(np.float64)
RAGGED = [GRID[i, : 1 + i % 3] for i in range(6)]
IDS = [np.arange(1 + i % 3) for i in range(6)]
INPUTS = {"table": TABLE, "grid": GRID, "ragged": RAGGED, "ids": IDS}
WEIGHT = np.array([1.0, 2, 1, 3, 1, 2])
LABELS, VALUES = np.array([0, 1, 0, 1, 1, 0]), np.array([1.0, 2, 0, 3, 1, 2])
FOLDER = TemporaryDirectory()
TARGETS = {
    "RNNClassifier": lambda X: LABELS,
    "RNNRegressor": lambda X: VALUES,
    "SequenceTagger": lambda X: object_array([np.arange(len(x)) % 2 for x in X]),
    "SequenceRegressor": lambda X: object_array([np.arange(len(x)) * 1.0 for x in X]),
}
TAGS = [["B-x", "I-x"], ["O"], ["B-y", "O", "O"]]
PREDICTED = [["B-x", "O"], ["O"], ["B-y", "I-y", "O"]]
SERIES = np.arange(24.0).reshape(12, 2) % 7
SEVERAL = np.column_stack([np.repeat([0, 1], 6), SERIES[:, 1]])
TEXTS = ["red fox", "fox jumps", "red"]


def attempt(estimator, method, result=lambda output: output):
    """Return a function that calls a method of a copy, which a failure must leave as it was."""

    def call(**arguments):
        made = copy.deepcopy(estimator)
        before = dict(vars(made))
        try:
            output = getattr(made, method)(**arguments)
        except Exception as error:
            changed = {name for name, value in vars(made).items() if before.get(name) is not value}
            assert not changed | (before.keys() - vars(made).keys()), f"{changed} after {error!r}"
            raise
        return result(output)

    return call


def parameters(estimator, use):
    """Entry for the parameters of a constructor, which are read when the estimator is used."""
    good = estimator.get_params(deep=False)
    return Entry(lambda **params: use(type(estimator)(**good | params)), good)


# Estimators -------------------------------------------------------------------------------------


def fitted(case, form):
    X = INPUTS[form]
    return case.make(max_iter=1, hidden_size=2).fit(X, TARGETS[str(case)](X))


# Parameters that are not the default, and with which they are valid.
SPECIAL = {
    "RNNClassifier": {"class_weight": {0: 1.0, 1: 2.0}, "scoring": "accuracy"},
    "RNNRegressor": {"loss": "quantile", "quantile": [0.25, 0.5]},
    "SequenceTagger": {"decoder": "crf", "ignore_label": 7},
    "SequenceRegressor": {"loss": "quantile", "quantile": [0.25, 0.5]},
}
OF_IDS = {
    "categorical_features": [0],
    "embedding_dim": [2],
    "embedding_init": np.arange(6.0).reshape(3, 2),
    "freeze_embeddings": True,
}
OF_X = ("predict", "predict_proba", "predict_log_proba", "decision_function", "hidden_states")


def special(case, params, X):
    """Entry for some parameters of an estimator, which is fitted to X."""
    new, y = case.make(max_iter=1, hidden_size=2), TARGETS[str(case)](X)
    return Entry(lambda **given: clone(new).set_params(**given).fit(X, y).coefs_, params)


def of_estimator(case):
    """Yield the entries of an estimator by name; the last model reads token ids."""
    name, target = str(case), TARGETS[str(case)]
    new = case.make(max_iter=1, hidden_size=2)
    yield name, parameters(new, lambda model: model.fit(GRID, target(GRID)).coefs_)
    yield f"{name} (special)", special(case, SPECIAL[name], GRID)
    yield f"{name} (embeddings)", special(case, OF_IDS, IDS)
    given = {"X": GRID, "y": target(GRID)}
    validation = {"X_val": GRID, "y_val": target(GRID), "sample_weight_val": WEIGHT}
    train = attempt(new, "fit", lambda model: model.coefs_)
    yield f"{name}.fit (validation)", Entry(partial(train, **given), validation)
    for form, X in INPUTS.items():
        good = {"X": X, "y": target(X), "sample_weight": WEIGHT}
        yield f"{name}.fit ({form})", Entry(train, good)
        more = attempt(new, "partial_fit", lambda model: model.coefs_)
        known = {"classes": np.array([0, 1])} if case.known else {}
        yield f"{name}.partial_fit ({form})", Entry(more, good | known)
        model = copy.deepcopy(new).fit(X, target(X))
        yield f"{name}.score ({form})", Entry(model.score, good)
        for method in OF_X:
            if hasattr(model, method):
                yield f"{name}.{method} ({form})", Entry(getattr(model, method), {"X": X})
    ahead = copy.deepcopy(new).set_params(bidirectional=False).fit(IDS, target(IDS))
    yield f"{name}.stream", Entry(lambda n_streams: ahead.stream(n_streams).state, {"n_streams": 2})
    one = {"x": np.zeros(1, int)}
    yield f"{name}.stream (step)", Entry(lambda x: ahead.stream().step(x), one)
    chunk = {"chunk": IDS[2]}
    yield f"{name}.stream (push)", Entry(lambda chunk: ahead.stream().push(chunk), chunk)
    yield f"{name}.pooled_states", Entry(model.pooled_states, {"X": IDS, "pooling": "max"})
    coefs = {name: np.rint(9 * value) for name, value in model.coefs_.items()}
    change = attempt(model, "set_coefs", lambda model: model.coefs_)
    yield f"{name}.set_coefs", Entry(change, {"coefs": coefs})


class LastStep(RegressorMixin, BaseEstimator):
    """Predict the last step, with weights unread, so that only what is around it can fail."""

    def fit(self, X, y, sample_weight=None):
        return self

    def predict(self, X):
        return X.reshape(len(X), -1)[:, -1]


# Transformers and series ------------------------------------------------------------------------


class Identity(FunctionTransformer):
    """Give back what comes, unread, so that only what is around it can fail."""

    def partial_fit(self, X, y=None):
        return self.fit(X)


def of_timestep():
    name = "TimestepTransformer"
    for form, X in INPUTS.items():
        model = TimestepTransformer(Identity())
        for method in ("fit", "partial_fit"):
            call = attempt(model, method, lambda fitted: fitted.n_features_in_)
            yield f"{name}.{method} ({form})", Entry(call, {"X": X})
        model = TimestepTransformer(Identity()).fit(X)
        for method in ("transform", "inverse_transform"):
            yield f"{name}.{method} ({form})", Entry(attempt(model, method), {"X": X})
    model = TimestepTransformer(StandardScaler())
    yield name, parameters(model, lambda made: made.fit_transform(RAGGED))
    yield (
        f"{name}.get_feature_names_out",
        Entry(attempt(model.fit(GRID), "get_feature_names_out"), {"input_features": ["a", "b"]}),
    )


def of_tokens():
    name, model = "TokenEncoder", TokenEncoder().fit(TEXTS)
    yield f"{name}.fit", Entry(attempt(model, "fit", lambda m: m.vocabulary_), {"X": TEXTS})
    yield f"{name}.fit_transform", Entry(attempt(model, "fit_transform"), {"X": TEXTS})
    yield f"{name}.transform", Entry(model.transform, {"X": TEXTS})
    yield f"{name}.inverse_transform", Entry(model.inverse_transform, {"X": [[1, 2], [3]]})
    ignored = {"input_features": None}
    yield f"{name}.get_feature_names_out", Entry(model.get_feature_names_out, ignored)
    special = TokenEncoder(vocabulary=["red", "fox"], token_features=["shape", "suffix2"])
    yield f"{name} (special)", parameters(special, lambda made: made.fit_transform(TEXTS))
    yield name, parameters(TokenEncoder(), lambda made: made.fit_transform(TEXTS))


def dated():
    """Return a series with the day of each row in a column."""
    pd = pytest.importorskip("pandas")
    return pd.DataFrame({"t": pd.date_range("2024", periods=12), "x": SERIES[:, 0]})


def of_windows():
    name, model = "SlidingWindowTransformer", SlidingWindowTransformer(2, output="2d")
    yield f"{name}.fit", Entry(attempt(model, "fit", lambda m: m.n_features_in_), {"X": SERIES})
    model = model.fit(SERIES)
    yield f"{name}.transform", Entry(model.transform, {"X": SERIES})
    windows = {"X": np.arange(8.0).reshape(2, 4)}
    yield f"{name}.inverse_transform", Entry(model.inverse_transform, windows)
    named = {"input_features": ["a", "b"]}
    yield f"{name}.get_feature_names_out", Entry(model.get_feature_names_out, named)
    yield f"{name}.is_complete", Entry(model.is_complete, {"X": SERIES})
    yield f"{name}.explain_alignment", Entry(model.explain_alignment, {"n_rows": 4})
    special = SlidingWindowTransformer(2, horizon=1, padding="zero", group_feature=0)
    yield f"{name} (groups)", parameters(special, lambda made: made.fit_transform(SEVERAL))
    yield name, parameters(SlidingWindowTransformer(), lambda made: made.fit_transform(SERIES))
    several = SlidingWindowTransformer(2, horizon=[1, 2], known_features=[0])
    targets = {"X": SERIES, "y": SERIES[:, 0]}
    yield f"{name}.targets", Entry(copy.deepcopy(several).targets, targets)
    yield f"{name} (known)", parameters(several, lambda made: made.fit_transform(SERIES))
    with_times, days = SlidingWindowTransformer(2, time_feature="t", freq="1D"), dated()
    yield f"{name} (times)", parameters(with_times, lambda made: made.fit_transform(days))
    good = {"X": SERIES, "y": SERIES[:, 0], "groups": np.zeros(12)}
    more = {"window_size": 2, "horizon": 1, "stride": 1, "freq": None, "gaps": "raise"}
    yield "sliding_windows", Entry(sliding_windows, good | more)
    frame = {"X": days.set_index("t"), "freq": "1D", "gaps": "cut"}
    yield "sliding_windows (times)", Entry(partial(sliding_windows, window_size=2), frame)


def split(X=SERIES, groups=None, **params):
    splitter = PurgedWindowSplit(**{"n_splits": 2, "window_size": 2} | params)
    return [part for parts in splitter.split(X, groups=groups) for part in parts]


FORECASTS = {
    "recursive_forecast": partial(recursive_forecast, n_steps=1),
    "direct_forecast": direct_forecast,
}


def of_series():
    two = {"X": np.tile(SERIES, (2, 1)), "groups": np.repeat([0, 1], 12)}
    yield "PurgedWindowSplit.split", Entry(split, two)
    params = {"n_splits": 2, "window_size": 2, "horizon": 1, "max_train_size": 4, "test_size": 2}
    yield "PurgedWindowSplit", Entry(split, params)
    timed = {"time_feature": "t", "X": dated(), "groups": np.zeros(12)}
    yield "PurgedWindowSplit (times)", Entry(split, timed)
    name, model = "WindowScaledRegressor", WindowScaledRegressor(LastStep())
    good = {"X": TABLE, "y": VALUES, "sample_weight": WEIGHT}
    yield f"{name}.fit", Entry(attempt(model, "fit", lambda m: m.predict(TABLE)), good)
    yield name, parameters(model, lambda made: made.fit(TABLE, VALUES).predict(TABLE))
    yield f"{name}.predict", Entry(copy.deepcopy(model).fit(TABLE, VALUES).predict, {"X": TABLE})
    features = {"scaled_features": [0, 1], "target_feature": [0]}
    special = WindowScaledRegressor(CASES[1].make(max_iter=1), scaling="standard", **features)
    yield (
        f"{name} (special)",
        parameters(special, lambda made: made.fit(GRID, VALUES).predict(GRID)),
    )
    pipe = make_pipeline(SlidingWindowTransformer(2, horizon=1, output="2d"), LinearRegression())
    good = {"estimator": pipe.fit(SERIES, SERIES), "X": SERIES}
    told = {"future": None, "group_feature": None, "time_feature": None, "freq": None}
    yield "recursive_forecast", Entry(recursive_forecast, good | told | {"n_steps": 2})
    yield "direct_forecast", Entry(direct_forecast, good | told)
    yield from of_forecasts()


def of_forecasts():
    """Yield forecasts of a frame with dates, of several series, and with what is known ahead."""
    frame = dated().assign(group=np.repeat([0, 1], 6))
    windows = SlidingWindowTransformer(
        2, horizon=1, group_feature="group", time_feature="t", output="2d"
    )
    pipe = make_pipeline(windows, LinearRegression()).fit(frame, frame["x"])
    told = {"group_feature": "group", "time_feature": "t", "freq": "1D"}
    for name, forecast in FORECASTS.items():
        yield f"{name} (groups)", Entry(forecast, {"estimator": pipe, "X": frame} | told)
    windows = SlidingWindowTransformer(2, horizon=1, known_features=[0], output="2d")
    pipe = make_pipeline(windows, LinearRegression()).fit(SERIES, SERIES[:, 1])
    good = {"estimator": pipe, "X": SERIES, "future": np.array([[3.0, np.nan]])}
    for name, forecast in FORECASTS.items():
        yield f"{name} (future)", Entry(forecast, good)


def of_backtests():
    X, y = np.tile(SERIES, (2, 1)), np.tile(SERIES[:, 0], 2)
    pipe = make_pipeline(SlidingWindowTransformer(2, horizon=1, output="2d"), LinearRegression())
    good = {"X": X, "y": y, "cv": 2, "season": 2, "groups": np.repeat([0, 1], 12)}
    yield "backtest", Entry(backtest, {"estimator": pipe, "refit": True} | good)
    alone = {"X": X[:, :1], "y": y, "cv": 2, "season": 2, "horizon": [1, 2]}
    yield "backtest (recursive)", Entry(backtest, {"estimator": pipe, "refit": False} | alone)
    name, model = "ConformalForecaster", ConformalForecaster(pipe, coverage=0.5)
    yield name, parameters(model, lambda made: made.fit(X, y).scores_)
    yield f"{name}.fit", Entry(attempt(model, "fit", lambda m: m.scores_), {"X": X, "y": y})
    model = copy.deepcopy(model).fit(X, y)
    yield f"{name}.predict", Entry(model.predict, {"X": X})
    yield f"{name}.predict_interval", Entry(model.predict_interval, {"X": X, "y": y})
    name, model = "ForecastOutlierDetector", ForecastOutlierDetector(pipe, target_features=[0])
    yield name, parameters(model, lambda made: made.fit(X).offset_)
    yield f"{name}.fit", Entry(attempt(model, "fit", lambda m: m.offset_), {"X": X})
    model = copy.deepcopy(model).fit(X)
    for method in ("predict", "score_samples", "decision_function"):
        yield f"{name}.{method}", Entry(getattr(model, method), {"X": X})
    follow = copy.deepcopy(pipe).fit(X, y)
    good = {"estimator": follow, "x": X[0], "n_streams": 1}
    yield "stream", Entry(lambda x, **of: stream(**of).step(x), good)


# Sequences, metrics and the rest ----------------------------------------------------------------


def of_sequences():
    name, X = "SequenceArray", SequenceArray.from_list(RAGGED)
    ids = {"categorical": False}
    good = {"values": X.values, "offsets": X.offsets, "feature_names": ["a", "b"]}
    yield name, Entry(SequenceArray, good | ids)
    yield f"{name}.from_list", Entry(SequenceArray.from_list, {"sequences": RAGGED} | ids)
    side = {"padding_side": "left"}
    good = {"X": GRID, "lengths": np.array([1, 2, 3, 1, 2, 3])}
    yield f"{name}.from_padded", Entry(SequenceArray.from_padded, good | side | ids)
    frame = pytest.importorskip("pandas").DataFrame({"id": [0, 0, 1], "t": [1, 2, 1], "x": 1.0})
    good = {"df": frame, "sequence": "id", "time": "t", "features": "x"}
    yield f"{name}.from_long", Entry(SequenceArray.from_long, good | ids)
    yield f"{name}.to_list", Entry(X.to_list, {})
    yield f"{name}.concatenate", Entry(SequenceArray.concatenate, {"arrays": [X, X]})
    yield f"{name}.to_padded", Entry(X.to_padded, {"fill": 0} | side)


def of_language_model():
    name, X = "RNNLanguageModel", [list("abc"), list("ba"), list("c")]
    new = RNNLanguageModel(hidden_size=2, max_iter=1, random_state=0)
    yield name, parameters(new, lambda model: model.fit(X).coefs_)
    for method in ("fit", "partial_fit"):
        yield f"{name}.{method}", Entry(attempt(new, method, lambda m: m.coefs_), {"X": X})
    model = copy.deepcopy(new).fit(X)
    for method in (*OF_X[:3], "score", "score_samples", "perplexity"):
        yield f"{name}.{method}", Entry(getattr(model, method), {"X": X})
    good = {"n_samples": 2, "prompt": ["a"], "temperature": 1.0, "top_k": 2, "top_p": 0.9}
    more = {"max_length": 3, "random_state": 0}
    yield f"{name}.sample", Entry(model.sample, good | more)
    yield f"{name}.stream", Entry(lambda x: model.stream().step(x), {"x": "a"})
    change = attempt(model, "set_coefs", lambda model: model.coefs_)
    yield f"{name}.set_coefs", Entry(change, {"coefs": model.coefs_})


def of_generator():
    name, X, y = "SequenceGenerator", GRID[:, 0], ["ab", "b", "ba", "aab", "b", "ab"]
    new = SequenceGenerator(hidden_size=2, max_iter=1, random_state=0, max_length=3)
    yield name, parameters(new, lambda model: model.fit(X, y).coefs_)
    data = {"X": X, "y": y, "sample_weight": WEIGHT}
    held_out = {"X_val": X, "y_val": y, "sample_weight_val": WEIGHT}
    train = attempt(new, "fit", lambda model: model.coefs_)
    yield f"{name}.fit", Entry(train, data)
    yield f"{name}.fit (validation)", Entry(partial(train, X=X, y=y), held_out)
    yield f"{name}.partial_fit", Entry(attempt(new, "partial_fit", lambda m: m.coefs_), data)
    model = copy.deepcopy(new).fit(X, y)
    yield f"{name}.predict", Entry(model.predict, {"X": X})
    how = {"temperature": 1.0, "top_k": 2, "top_p": 0.9, "max_length": 3, "random_state": 0}
    yield f"{name}.sample", Entry(model.sample, {"X": X} | how)
    yield f"{name}.score", Entry(model.score, data)
    yield f"{name}.score_samples", Entry(model.score_samples, {"X": X, "y": y})
    change = attempt(model, "set_coefs", lambda model: model.coefs_)
    yield f"{name}.set_coefs", Entry(change, {"coefs": model.coefs_})


def of_translator():
    name, X, y = "SequenceTranslator", IDS, ["ab", "b", "ba", "aab", "b", "ab"]
    new = SequenceTranslator(hidden_size=2, max_iter=1, random_state=0, max_length=3)
    yield name, parameters(new, lambda model: model.fit(X, y).coefs_)
    data = {"X": X, "y": y, "sample_weight": WEIGHT}
    held_out = {"X_val": X, "y_val": y, "sample_weight_val": WEIGHT}
    train = attempt(new, "fit", lambda model: model.coefs_)
    yield f"{name}.fit", Entry(train, data)
    yield f"{name}.fit (validation)", Entry(partial(train, X=X, y=y), held_out)
    yield f"{name}.partial_fit", Entry(attempt(new, "partial_fit", lambda m: m.coefs_), data)
    model = copy.deepcopy(new).fit(X, y)
    yield f"{name}.predict", Entry(model.predict, {"X": X})
    yield f"{name}.predict_n_best", Entry(model.predict_n_best, {"X": X, "n_best": 2})
    how = {"temperature": 1.0, "top_k": 2, "top_p": 0.9, "max_length": 3, "random_state": 0}
    yield f"{name}.sample", Entry(model.sample, {"X": X} | how)
    yield f"{name}.score", Entry(model.score, data)
    for method in ("score_samples", "attention_weights"):
        yield f"{name}.{method}", Entry(getattr(model, method), {"X": X, "y": y})
    change = attempt(model, "set_coefs", lambda model: model.coefs_)
    yield f"{name}.set_coefs", Entry(change, {"coefs": model.coefs_})
    ctc = copy.deepcopy(new).set_params(decoder="ctc").fit(GRID, ["a", "b"] * 3)
    yield f"{name}.align", Entry(ctc.align, {"X": GRID, "y": ["a", "b"] * 3})
    ahead = copy.deepcopy(ctc).set_params(bidirectional=False).fit(GRID, ["a", "b"] * 3)
    yield f"{name}.stream (step)", Entry(lambda x: ahead.stream().step(x), {"x": GRID[0, 0]})
    yield (
        f"{name}.stream (push)",
        Entry(lambda chunk: ahead.stream().push(chunk), {"chunk": GRID[0]}),
    )


def of_inspection():
    model = CASES[0].make(max_iter=1, hidden_size=2).fit(GRID, LABELS)
    good = {"estimator": model, "X": GRID}
    arguments = {
        "gate_activations": {"layer": -1, "direction": "forward"},
        "gradient_flow": {"y": LABELS},
        "hidden_states": {"layer": -1},
        "permutation_importance": {
            **{"y": LABELS, "by": "feature", "block_size": None, "scoring": "accuracy"},
            **{"n_repeats": 1, "random_state": 0, "sample_weight": WEIGHT},
        },
        "saliency": {"target": 1, "method": "gradient", "baseline": None, "n_points": 2},
    }
    for name, more in arguments.items():
        yield f"inspection.{name}", Entry(getattr(inspection, name), good | more)
    tagger = CASES[2].make(max_iter=1, hidden_size=2).fit(GRID, TARGETS["SequenceTagger"](GRID))
    answers = {"estimator": tagger, "X": GRID}
    yield "inspection.step_outputs", Entry(inspection.step_outputs, answers)
    saliency = partial(inspection.saliency, tagger, GRID)
    given = {"target": 1, "step": 0, "baseline": np.zeros(2), "n_points": 2}
    yield "inspection.saliency (step)", Entry(saliency, given)


def of_export():
    model = CASES[0].make(max_iter=1, hidden_size=2).fit(GRID, LABELS)
    if find_spec("onnx") is not None:
        good = {"estimator": model, "with_lengths": True, "with_state": False}
        yield "export.to_onnx", Entry(lambda **given: bool(export.to_onnx(**given)), good)
    if find_spec("torch") is not None:
        read = {"estimator": model}
        yield "export.to_torch", Entry(lambda **given: bool(export.to_torch(**given)), read)


def of_texts():
    tags = [["B-x", "O"], ["O", "B-x"], ["O"]]
    pipe = make_pipeline(TokenEncoder(), CASES[2].make(max_iter=1, hidden_size=2))
    good = {"estimator": pipe.fit(TEXTS, tags), "text": "red fox", "scheme": "bio"}
    yield "tag_text", Entry(tag_text, good)
    yield "tag_text (several)", Entry(partial(tag_text, pipe), {"text": TEXTS})
    yield "TokenEncoder.tokenize", Entry(TokenEncoder().fit(TEXTS).tokenize, {"text": "red fox"})


def of_metrics():
    pair = {"y_true": TAGS, "y_pred": PREDICTED}
    weighted = pair | {"sample_weight": np.array([1.0, 2, 1]), "ignore_label": "O"}
    spans = weighted | {"labels": ["x", "y"], "scheme": "bio"}
    arguments = {
        "span_precision_score": spans | {"average": "micro"},
        "span_recall_score": spans | {"average": "micro"},
        "span_f1_score": spans | {"average": "micro"},
        "span_precision_recall_f1_support": spans | {"average": "micro"},
        "span_classification_report": spans | {"digits": 3, "output_dict": True},
        "token_accuracy_score": weighted,
        "sequence_accuracy_score": weighted,
        "token_classification_report": weighted,
        "flatten_labels": pair | {"ignore_label": "O"},
        "extract_spans": {"y": TAGS, "scheme": "bio"},
        "symbol_error_rate": {"y_true": ["ab", "b"], "y_pred": ["b", "b"], "sample_weight": [1, 2]},
        "edit_distance": {"y_true": ["ab", "b"], "y_pred": ["b", "b"]},
        "spans_to_tags": {"spans": [[("x", 0, 2)], []], "lengths": [3, 1], "scheme": "bio"},
        "allowed_transitions": {"tags": ["B-x", "I-x", "O"], "scheme": "bio"},
    }
    for name, good in arguments.items():
        yield f"metrics.{name}", Entry(getattr(metrics, name), good)
    X, y, tagger = GRID, TARGETS["SequenceTagger"](GRID), CASES[2].make(max_iter=1, hidden_size=2)
    good = {"estimator": tagger, "X": X, "y": y, "groups": np.arange(6), "cv": 2}
    yield (
        "metrics.cross_val_predict",
        Entry(metrics.cross_val_predict, good | {"method": "predict_proba"}),
    )
    model = copy.deepcopy(tagger).fit(X, y)
    for name in (name for name in metrics.__all__ if name.endswith("accuracy_scorer")):
        score = partial(getattr(metrics, name), model)
        yield f"metrics.{name}", Entry(score, {"X": X, "y_true": y})


def of_words_and_images():
    path = Path(FOLDER.name, "vectors.txt")
    path.write_text("a 1 2\nb 3 4\n", "utf-8")
    vocabulary = {"vocabulary": ["a", "b"]}
    read = {"dtype": np.float64, "encoding": "utf-8", "decode_error": "strict"}
    load = partial(load_word_vectors, path)
    yield "load_word_vectors", Entry(lambda **given: load(**given).vectors, vocabulary | read)
    good = vocabulary | {"vectors": np.eye(2)}
    yield "WordVectors", Entry(lambda **given: WordVectors(**given).vectors, good)
    words = WordVectors(**good)
    yield "WordVectors.align", Entry(lambda **given: words.align(**given).vectors, vocabulary)
    scanner, images = GridScanner(["right"]), {"X": GRID}
    yield (
        "GridScanner.fit",
        Entry(attempt(scanner, "fit", lambda made: made.transform(GRID)), images),
    )
    yield "GridScanner.transform", Entry(copy.deepcopy(scanner).fit(GRID).transform, images)
    flat = GridScanner(["down", "up"], shape=[2, 2])
    yield "GridScanner (flat)", parameters(flat, lambda made: made.fit_transform(TABLE))
    yield "GridScanner", parameters(scanner, lambda made: made.fit_transform(GRID))


def of_encoder():
    encoder = SequenceEncoder(CASES[0].make(max_iter=1, hidden_size=2))
    good = {"X": GRID, "y": LABELS}
    yield "SequenceEncoder", parameters(encoder, lambda made: made.fit(**good).transform(GRID))
    train = attempt(encoder, "fit", lambda made: made.transform(GRID))
    yield "SequenceEncoder.fit", Entry(train, good)
    transform = copy.deepcopy(encoder).fit(**good).transform
    yield "SequenceEncoder.transform", Entry(transform, {"X": GRID})


def of_datasets():
    for name in (name for name in datasets.__all__ if name.startswith("make_")):
        make = getattr(datasets, name)
        good = {key: value.default for key, value in signature(make).parameters.items()}
        yield f"datasets.{name}", Entry(make, good | {"n_samples": 2, "random_state": 0})


# Names that take no data, and what of them is tried nevertheless.
WITHOUT_DATA = [
    *(
        "LossCurveDisplay*",
        "inspection.*Display*",
        "inspection.*Panel",
        "metrics.Span",
        "metrics.span_*_scorer",
        "metrics.neg_symbol_error_rate_scorer",
    ),
    *("*.set_params", "*.set_output", "*.get_metadata_routing", "datasets.load_*", "export.*"),
    *("set_config", "get_config", "config_context", "show_versions"),
]
# Numbers of what is done: large ones are right, and take for ever.
COUNTS = {"n_steps", "n_rows", "max_iter", "max_fun", "hidden_size", "n_layers", "n_samples"} | {
    *("max_length", "n_copied", "delay", "n_features", "motif_length", "n_symbols", "n_classes"),
    *("n_streams", "max_features"),
}
# Arguments that hold data, and not a setting.
DATA = {"X", "y", "y_true", "y_pred", "sample_weight", "X_val", "y_val", "sample_weight_val"} | {
    *("classes", "coefs", "groups", "sequences", "values", "offsets", "lengths", "df", "arrays"),
    *("x", "chunk", "future", "spans", "tags", "vectors", "vocabulary"),
}


@cache
def entries():
    parts = [of_timestep, of_tokens, of_windows, of_series, of_sequences, of_metrics]
    parts += [
        of_backtests,
        of_export,
        of_translator,
        of_generator,
        of_inspection,
        of_texts,
        of_words_and_images,
        of_encoder,
        of_datasets,
        of_language_model,
    ]
    parts += [partial(of_estimator, case) for case in CASES]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return {name: entry for part in parts for name, entry in part()}
