"""Wrong calls: each raises at once, names what was read, and says what to do."""

import re
import sys
from datetime import date
from functools import cache, partial

import numpy as np
import pytest
from estimators import (
    CASES,
    TINY,
    each_case,
    equal_sequences,
    labels,
    object_array,
    sequences,
)
from scipy.sparse import csr_array
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import skrnn
from skrnn import (
    ConformalForecaster,
    PurgedWindowSplit,
    RNNClassifier,
    RNNLanguageModel,
    RNNRegressor,
    SequenceArray,
    SequenceGenerator,
    SequenceRegressor,
    SequenceTagger,
    SequenceTranslator,
    SlidingWindowTransformer,
    TimestepTransformer,
    TokenEncoder,
    WindowScaledRegressor,
    backtest,
    direct_forecast,
    recursive_forecast,
    sliding_windows,
    tag_text,
)
from skrnn.export import register_with_skl2onnx, to_onnx, to_torch
from skrnn.inspection import (
    GateActivationsDisplay,
    gate_activations,
    gradient_flow,
    hidden_states,
    permutation_importance,
    saliency,
    step_outputs,
)
from skrnn.metrics import spans_to_tags

CLASSIFIER, REGRESSOR, TAGGER = CASES[:3]
X = np.stack(equal_sequences(12, n_steps=5, n_features=2))
RAGGED = sequences(12, n_features=2)
TOKENS = [[0, 1, 2], [2, 1], [1, 0, 1, 1]] * 4


def like(X):
    """Sequences as long as those of X, at levels from -6 to 6, to make targets of."""
    return [np.full((len(x), 2), level) for x, level in zip(X, np.linspace(-6, 6, 12), strict=True)]


def check(call, message, error=ValueError):
    """Assert that a call raises an error whose text contains `message`."""
    with pytest.raises(error, match=re.escape(message)):
        call()


# Parameters ---------------------------------------------------------------------------------

# For every parameter of every estimator: what is wrong, in the words of the allowed set.
WRONG_VALUES = {
    "cell_type": [("LSTM", "a str among"), (None, "a str among")],
    "hidden_size": [(0, "an int in the range [1, inf)"), (2.5, "an int in the range [1, inf)")],
    "n_layers": [(0, "an int in the range [1, inf)"), (True, "[1, inf). Got True")],
    "bidirectional": [("both", "an instance of 'bool'")],
    "activation": [("sigmoid", "'tanh'")],
    "pooling": [("sum", "a str among"), (None, "a str among")],
    "forget_bias": [(np.inf, "a float in the range (-1e+30, 1e+30)"), ("high", "'chrono'")],
    "dropout": [(1.0, "a float in the range [0.0, 1.0)"), (-0.1, "in the range [0.0, 1.0)")],
    "recurrent_dropout": [(1.0, "a float in the range [0.0, 1.0)")],
    "token_dropout": [(1.0, "a float in the range [0.0, 1.0)")],
    "categorical_features": [(3, "an array-like"), ("all", "a str among {'auto'}")],
    "embedding_dim": [(0, "an int in the range [1, inf)"), (2.5, "an int in the range [1, inf)")],
    "embedding_init": [("word2vec", "an array-like")],
    "freeze_embeddings": [("yes", "an instance of 'bool'")],
    "loss": [("mse", "a str among"), (None, "a str among")],
    "quantile": [(0.0, "in the range (0.0, 1.0)"), (1, "in the range (0.0, 1.0)")],
    "decoder": [("viterbi", "a str among"), (None, "a str among")],
    "transition_constraints": [("bioes", "a str among"), (True, "a str among")],
    "ignore_label": [],  # a label may be anything
    "solver": [("newton", "a str among")],
    "alpha": [(-1e-4, "a float in the range [0.0, inf)"), (None, "a float in the range")],
    "batch_size": [(0, "an int in the range [1, inf)"), ("full", "a str among {'auto'}")],
    "learning_rate": [(0.001, "a str among")],
    "learning_rate_init": [(0.0, "(0.0, 1e+300)"), (-1.0, "(0.0, 1e+300)")],
    "power_t": [(-0.5, "a float in the range [0.0, inf)")],
    "max_iter": [(0, "an int in the range [1, inf)"), (10.5, "an int in the range [1, inf)")],
    "shuffle": [("no", "an instance of 'bool'")],
    "tol": [(-1.0, "a float in the range [0.0, inf)")],
    "n_iter_no_change": [(0, "an int in the range [1, inf)"), (2.5, "among {inf}")],
    "early_stopping": [("auto", "an instance of 'bool'")],
    "scoring": [("f1_span", "a callable or None"), (["r2"], "a callable or None")],
    "validation_fraction": [(0.0, "(0.0, 1.0)"), (1.0, "(0.0, 1.0)"), (5, "(0.0, 1.0)")],
    "momentum": [(1.5, "a float in the range [0.0, 1.0]")],
    "nesterovs_momentum": [("yes", "an instance of 'bool'")],
    "beta_1": [(1.0, "a float in the range [0.0, 1.0)")],
    "beta_2": [(-0.1, "a float in the range [0.0, 1.0)")],
    "epsilon": [(0.0, "a float in the range (0.0, inf)")],
    "max_fun": [(0, "an int in the range [1, inf)")],
    "max_grad_norm": [(0.0, "a float in the range (0.0, inf) or None"), (-1.0, "or None")],
    "tbptt_steps": [(0, "an int in the range [1, inf) or None"), (1.5, "or None")],
    "class_weight": [("equal", "a str among {'balanced'}"), (2.0, "an instance of 'dict'")],
    "warm_start": [("yes", "an instance of 'bool'")],
    "random_state": [(-1, "an int in the range [0, 4294967295]"), ("seed", "RandomState")],
    "verbose": [("high", "an int in the range [0, inf)"), (-1, "an int in the range [0, inf)")],
    "dtype": [("float16", "a str among"), (np.float32, "a str among")],
    "n_jobs": [("all", "an instance of 'int'"), (1.5, "an instance of 'int'")],
}


@each_case
def test_the_table_has_a_wrong_value_for_every_parameter(case):
    assert set(case.make().get_params()) <= set(WRONG_VALUES)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "case, name, value, allowed",
    [
        pytest.param(case, name, value, allowed, id=f"{case}-{name}={value!r}")
        for case in CASES
        for name, rows in WRONG_VALUES.items()
        for value, allowed in rows
        if name in case.make().get_params()
    ],
)
def test_a_wrong_parameter_is_named_with_its_value_and_the_allowed_set(
    case, name, value, allowed, method
):
    model = case.make(**{name: value})
    method = {"fit": model.fit, "partial_fit": partial(case.partial_fit, model)}[method]
    with pytest.raises(ValueError) as error:
        method(X, case.target(X))
    message = str(error.value)
    assert message.startswith(f"The {name!r} parameter of {case} must be ")
    assert allowed in message
    assert message.endswith(f"Got {value!r} instead.")


# Values that are each valid, but not for these data or not together.
WRONG_COMBINATIONS = [
    ({"solver": "lbfgs", "dropout": 0.1}, X, "solver='lbfgs' needs the same loss at every call"),
    ({"solver": "lbfgs", "recurrent_dropout": 0.1}, X, "'recurrent_dropout': 0.1"),
    ({"solver": "lbfgs", "token_dropout": 0.1}, TOKENS, "'token_dropout': 0.1"),
    ({"n_jobs": 0}, X, "n_jobs == 0"),
    ({"categorical_features": [2]}, X, "a list of column indices from 0 to 1"),
    ({"categorical_features": [True]}, X, "a boolean mask of length 2"),
    ({"categorical_features": ["a"]}, X, "names out of none (steps of this X have no"),
    ({"categorical_features": [0]}, X, "categories are non-negative integers"),
    ({"embedding_dim": [2, 3]}, TOKENS, "embedding_dim lists 2 sizes, but X has 1 categorical"),
    ({"embedding_dim": [0]}, TOKENS, "embedding_dim"),
    ({"embedding_dim": ["big"]}, TOKENS, "embedding_dim"),
    ({"embedding_dim": [True]}, TOKENS, "embedding_dim lists True"),
    ({"embedding_dim": {0: 0}}, TOKENS, "embedding_dim lists 0"),
    ({"embedding_dim": {1: 8}}, TOKENS, "embedding_dim has a size for column 1, but the categ"),
    ({"embedding_init": np.ones((2, 4))}, TOKENS, "embedding_init has 2 rows for column 0"),
    ({"embedding_init": np.ones((3, 4))}, X, "but X has 0 categorical columns"),
    ({"embedding_init": {1: np.ones((3, 4))}}, TOKENS, "the categorical columns of X are [0]"),
    ({"embedding_init": [[1.0], [np.nan], [0.0]]}, TOKENS, "embedding_init contains NaN"),
    ({"embedding_init": np.ones(3)}, TOKENS, "Expected 2D array, got 1D array instead"),
]


@pytest.mark.parametrize("params, X, message", WRONG_COMBINATIONS)
@each_case
def test_wrong_combinations_of_parameters_and_data(case, params, X, message):
    check(lambda: case.make(**params).fit(X, case.target(like(X))), message)


# X ------------------------------------------------------------------------------------------


def lists_in(shape):
    cells = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        cells[place] = [0, 1]
    return cells


def with_value(value, X=X):
    """Copy X with one value replaced, in sequence 3 at step 1."""
    X = [np.array(sequence, np.result_type(X[0], type(value))) for sequence in X]
    X[3] = X[3][[0, 0, 0]]
    X[3][1, 0] = value
    return X


EMPTY_ITEM = [*RAGGED[:4], np.empty((0, 2)), *RAGGED[5:]]
OTHER_WIDTH = [*RAGGED[:4], np.ones((3, 5)), *RAGGED[5:]]

WRONG_X = {
    "none": (None, "X is of type NoneType; expected an array of shape", TypeError),
    "number": (3.0, "Expected 2D array, got scalar array instead", ValueError),
    "1-D": (np.arange(12.0), "Reshape your data", ValueError),
    "1-D, remedy": (np.arange(12.0), "Cut it into windows with sliding_windows", ValueError),
    "list of numbers": ([1.0] * 12, "Reshape your data", ValueError),
    "4-D": (X[..., None], "X has 4 dimensions, shape (12, 5, 2, 1)", ValueError),
    "0 sequences": (X[:0], "Found array with 0 sample(s) (shape=(0, 5, 2))", ValueError),
    "0 steps": (X[:, :0], "Found array with 0 time step(s) (shape=(12, 0, 2))", ValueError),
    "0 features": (X[:, :, :0], "Found array with 0 feature(s) (shape=(12, 5, 0))", ValueError),
    "0 rows": (np.empty((0, 5)), "Found array with 0 sample(s) (shape=(0, 5))", ValueError),
    "0 columns": (np.empty((12, 0)), "Found array with 0 feature(s) (shape=(12, 0))", ValueError),
    "empty list": ([], "X is a list of 0 sequences", ValueError),
    "empty SequenceArray": (
        SequenceArray(np.empty((0, 2)), [0]),
        "X is a SequenceArray of 0 sequences",
        ValueError,
    ),
    "empty sequence": (EMPTY_ITEM, "X[4] is empty: every sequence needs at least one", ValueError),
    "empty, shape": (
        EMPTY_ITEM,
        f"X was read as 12 sequences of 0 to {max(map(len, EMPTY_ITEM))} steps.",
        ValueError,
    ),
    "empty in SequenceArray": (
        SequenceArray.from_list(EMPTY_ITEM),
        "X[4] is empty: every sequence needs at least one step",
        ValueError,
    ),
    "empty token list": ([[1], [], [2]] * 4, "X[1] is empty", ValueError),
    "other width": (OTHER_WIDTH, "X[0] has shape", ValueError),
    "other width, second": (OTHER_WIDTH, "and X[4] has shape (3, 5)", ValueError),
    "mixed dimensions": ([X[0], X[1, :, 0]] * 6, "and X[1] has shape (5,)", ValueError),
    "ragged steps": ([[[1.0, 2.0], [3.0]]] * 12, "X[0] is not an array: its steps", ValueError),
    "3-D items": ([X] * 12, "X[0] has 3 dimensions, shape (12, 5, 2)", ValueError),
    "lists in 3-D": (lists_in((12, 5, 2)), "X holds sequences in its cells, such as [", ValueError),
    "lists in items": ([lists_in((5, 2))] * 12, "X[0] holds sequences in its cells", ValueError),
    "lists in SequenceArray": (
        SequenceArray.from_list([lists_in((5, 2))] * 12),
        "X.values holds sequences in its cells, such as [0, 1]: give each of their values a column",
        ValueError,
    ),
    "NaN in 3-D": (np.stack([*X[:11], X[11] * np.nan]), "first in X[11] at step 0", ValueError),
    "NaN in list": (with_value(np.nan), "NaN, first in X[3] at step 1, feature 0", ValueError),
    "NaN in 2-D": (X[:, :, 0] * np.nan, "Input X contains NaN", ValueError),
    "NaN, shape": (X * np.nan, "X was read as 12 sequences of 5 steps of 2 features.", ValueError),
    "infinity, shape": (X + np.inf, "X was read as 12 sequences of 5 steps of 2", ValueError),
    "NaN is not padding": (with_value(np.nan), "never as padding", ValueError),
    "infinity": (with_value(np.inf), "Input X contains infinity", ValueError),
    "minus infinity": (with_value(-np.inf), "Remove or clip such values", ValueError),
    "infinity in 2-D": (X[:, :, 0] + np.inf, "Input X contains infinity", ValueError),
    "complex": (X + 1j, "Complex data not supported: X has dtype complex128", ValueError),
    "complex, shape": (X + 1j, "X has dtype complex128, shape (12, 5, 2). Pass the", ValueError),
    "complex items": ([s + 1j for s in RAGGED], "Complex data not supported: X[0]", ValueError),
    "sparse": (csr_array(X[:, :, 0]), "X is a csr_array of shape (12, 5), but", ValueError),
    "sparse items": ([csr_array(s) for s in X], "X[0] is a csr_array of shape (5, 2)", ValueError),
    "sparse, remedy": (csr_array(X[:, :, 0]), "Pass X.toarray().", ValueError),
    "strings": ([["to", "be"], ["or", "not", "to"]] * 6, "X[0] holds strings", ValueError),
    "strings, remedy": (["to be"] * 12, "TokenEncoder", ValueError),
    "string array": (np.full((12, 5), "a"), "X holds strings", ValueError),
    "objects": (np.full((12, 5, 2), {}), "X holds objects that are not numbers", TypeError),
    "dates": (
        np.full((12, 5, 2), "2020", "M8[D]"),
        "X holds times (datetime64[D]), not numbers",
        ValueError,
    ),
    "dict": (
        {"a": X},
        "of 1-D integer arrays (token ids) or a SequenceArray. Of a dict",
        TypeError,
    ),
    "text": ("to be or not", "X is of type str; expected an array of shape", TypeError),
    "None in list": ([None] * 12, "X[0] is of type NoneType", TypeError),
    "negative token": ([[0, -1]] * 12, "X[0] holds -1 at step 1 of the categorical", ValueError),
    "huge token": ([[0, 2**40]] * 12, "number the categories from 0", ValueError),
}


@pytest.mark.parametrize("X, message, error", WRONG_X.values(), ids=WRONG_X)
@each_case
def test_wrong_x_in_fit(case, X, message, error):
    check(lambda: case.make().fit(X, case.target(like(RAGGED))), message, error)


# At predict: what was fitted on, and what comes then.
FITTED_ON = {"3-D": X, "list": RAGGED, "2-D": X[:, :, 0], "1-D floats": [s[:, 0] for s in RAGGED],
             "tokens": TOKENS}  # fmt: skip
WRONG_AT_PREDICT = [
    ("3-D", X[:, :, :1], "X has 1 features, but {} is expecting 2 features as input"),
    ("3-D", np.ones((4, 2, 7)), "If its last two axes are swapped, transpose each sequence."),
    ("3-D", np.ones((4, 2, 7)), "X was read as 4 sequences of 2 steps of 7 features."),
    ("3-D", X[0], "One sequence of 5 steps is passed as X[np.newaxis]."),
    ("3-D", X[0, :, 0], "Reshape your data"),
    ("3-D", X * np.nan, "Input X contains NaN, first in X[0] at step 0, feature 0"),
    ("3-D", X[:0], "Found array with 0 sample(s)"),
    ("3-D", X + 1j, "Complex data not supported"),
    ("list", [s[:, :1] for s in RAGGED], "X has 1 features, but {} is expecting 2 features"),
    ("list", [np.ones((2, 3))], "If its last two axes are swapped"),
    ("list", EMPTY_ITEM, "X[4] is empty"),
    ("list", [], "X is a list of 0 sequences"),
    ("list", with_value(np.inf), "Input X contains infinity"),
    ("list", TOKENS, "X has 1 features, but {} is expecting 2 features"),
    ("2-D", X[:, :4, 0], "X has 4 features, but {} is expecting 5 features as input"),
    ("2-D", X[:, :4, 0], "sequences of any length are read from X[:, :, np.newaxis]"),
    ("2-D", X, "{} was fitted on a 2-D X: univariate sequences."),
    ("2-D", X[:, :, 0] * np.inf, "Input X contains"),
    ("1-D floats", X, "X has 2 features, but {} is expecting 1 features"),
    ("tokens", [[0, 3]], "step 1 of the categorical column 0, but fit saw ids below 3"),
    ("tokens", [[0, 3]], "X was read as 1 sequences of 2 steps of 1 features."),
    ("tokens", [[0], [1, -2]], "X[1] holds -2 at step 1"),
    ("tokens", [[0], [1, -2]], "X was read as 2 sequences of 1 to 2 steps of 1 features."),
    ("tokens", [[0.5]], "categories are non-negative integers"),
    (
        "tokens",
        [["a"]],
        "holds strings. Encode tokens as integer ids first, with TokenEncoder (analyzer='char'",
    ),
    ("tokens", X, "X has 2 features, but {} is expecting 1 features"),
]


@pytest.fixture(scope="module")
def models():
    """Models fitted on each form of input, made once."""
    return {
        (str(case), form): case.make(learning_rate="cosine").fit(data, case.target(like(data)))
        for case in CASES
        for form, data in FITTED_ON.items()
    }


@pytest.mark.parametrize("form, X, message", WRONG_AT_PREDICT)
@each_case
def test_wrong_x_at_predict(case, form, X, message, models):
    name = str(case)
    check(lambda: models[name, form].predict(X), message.format(name))


@each_case
def test_wrong_x_in_partial_fit_and_warm_start_is_as_wrong_as_at_predict(case):
    model = case.make(warm_start=True, learning_rate="cosine").fit(X, case.target(X))
    for method in (model.fit, model.partial_fit):
        check(lambda m=method: m(X[:, :, :1], case.target(X)), "is expecting 2 features as input")


@each_case
def test_frames_must_have_the_columns_of_fit(case):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X[:, :, 0], columns=list("abcde"))
    model = case.make(learning_rate="cosine").fit(frame, case.target(X))
    wrong = frame.rename(columns={"a": "z"})
    check(lambda: model.predict(wrong), "Feature names unseen at fit time:\n- z")
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(frame.to_numpy())


@each_case
def test_columns_of_frames_that_are_read_as_objects_are_checked_too(case):
    pd = pytest.importorskip("pandas")
    digits = pd.Categorical(["1", "2"] * 6)
    frame = pd.DataFrame({"digit": digits, "number": np.linspace(0, 1, 12)})
    y = case.target(X[:, :2])
    model = case.make(learning_rate="cosine").fit(frame, y)
    frame.loc[3, "number"] = np.nan
    for call in (lambda: model.predict(frame), lambda: model.fit(frame, y)):
        check(call, "Input X contains NaN")
    frame["digit"] = pd.Categorical(["one", "two"] * 6)
    check(lambda: model.fit(frame, y), "Encode tokens as integer ids first, with TokenEncoder")


@each_case
def test_a_fit_that_fails_leaves_what_was_learnt(case):
    y = case.target(X)
    model = case.make(learning_rate="cosine").fit(X, y)
    expected = model.predict(X)
    other = X[:, :3, :1] * 9
    for wrong in ({"sample_weight": -np.ones(12)}, {"X_val": other[:1], "y_val": y[:1]}):
        with pytest.raises(ValueError):
            model.fit(other, y, **wrong)
        np.testing.assert_array_equal(model.predict(X), expected)


# y and weights ------------------------------------------------------------------------------

FEW = np.arange(11.0)
WRONG_Y = [
    (CLASSIFIER, None, "RNNClassifier requires y to be passed, but the target y is None"),
    (CLASSIFIER, ["a"] * 11, "inconsistent numbers of samples: [12, 11]"),
    (CLASSIFIER, [["a", "b"]] * 12, "y[0] has 2 labels, but RNNClassifier needs one for each"),
    (CLASSIFIER, [["a"] * len(x) for x in RAGGED], "SequenceTagger learns one label for each step"),
    (CLASSIFIER, [["a"]] * 11 + [["a", "b"]], "y[11] has 2 labels"),
    (CLASSIFIER, 2 * np.eye(12), "of one-hot rows y.argmax(axis=1)"),
    (CLASSIFIER, [["a", "b"]] * 12, "takes 0 and 1 for each, as from MultiLabelBinarizer"),
    (CLASSIFIER, np.eye(12) + 1, "y[0] has 12 labels, but RNNClassifier needs one for each"),
    (CLASSIFIER, np.linspace(0, 1, 12), "Unknown label type: continuous"),
    (CLASSIFIER, [np.nan] + [1.0] * 11, "Input y contains NaN"),
    (REGRESSOR, None, "RNNRegressor requires y to be passed, but the target y is None"),
    (REGRESSOR, FEW, "inconsistent numbers of samples: [12, 11]"),
    (REGRESSOR, ["a"] * 12, "y holds 'a', which is no real number: RNNRegressor predicts numbers"),
    (REGRESSOR, [np.nan, *FEW], "Input y contains NaN"),
    (REGRESSOR, [np.inf, *FEW], "Input y contains infinity"),
    (REGRESSOR, np.ones((12, 2, 2)), "y has 3 dimensions, shape (12, 2, 2), but RNNRegressor"),
    (REGRESSOR, [[1.0]] * 11 + [[1.0, 2.0]], "y[0] has 1 value(s) and y[11] has 2, but"),
    (TAGGER, None, "SequenceTagger requires y to be passed, but the target y is None"),
    (TAGGER, [["a"] * 5] * 11, "inconsistent numbers of samples: [12, 11]"),
    (TAGGER, ["a"] * 12, "y has one label for each sequence, but SequenceTagger needs one for"),
    (TAGGER, ["a"] * 12, "pass a list of label sequences, or use RNNClassifier"),
    (TAGGER, [["a"] * 5] * 11 + [["a"] * 4], "y[11] has 4 value(s), but X[11] has 5 step(s)"),
    (TAGGER, np.ones((12, 5, 2)), "one sequence of values per entry, but y[0] has shape (5, 2)"),
    (TAGGER, [[["a"], ["b"]]] * 12, "but y[0] has shape (2, 1): give one value for each step"),
    (TAGGER, ["aaaaa"] * 12, "y has one label for each sequence"),
    (TAGGER, np.linspace(0, 1, 60).reshape(12, 5), "Unknown label type: continuous"),
    (TAGGER, np.full((12, 5), np.nan), "Input y contains NaN"),
]


@pytest.mark.parametrize("case, y, message", WRONG_Y)
def test_wrong_y(case, y, message):
    check(lambda: case.make().fit(X, y), message)


# What is no label, or no number, wherever it stands.
NO_LABELS = [
    (["a", None], "Input {} contains None, which is a missing label", ValueError),
    ([1, None], "Input {} contains None, which is a missing label", ValueError),
    (["a", np.nan], "Input {} contains NaN, which is a missing label", ValueError),
    ([1, np.nan], "Input {} contains NaN, which is a missing label", ValueError),
    ([1, np.inf], "Input {} contains infinity, which is no label", ValueError),
    (["a", 1], "{} holds labels of different types, such as 'a' and 1: ", TypeError),
    (["a", True], "{} holds labels of different types, such as 'a' and True", TypeError),
    ([b"a", b"b"], "{} holds b'a' of type bytes, which is no label", TypeError),
    ([date(2020, 1, 1), date(2020, 1, 2)], "{} holds datetime.date(2020, 1, 1) of", TypeError),
    (np.array(["2020", "2021"], "M8[D]"), "of type datetime64, which is no label", TypeError),
    (np.array(["2020", "2021"], "M8[ns]"), "of type datetime64, which is no label", TypeError),
    ([{1}, {2}], "{} holds {{1}} of type set, which is no label", TypeError),
    ([10**30, 5], "which is no label: labels are strings, booleans, or integers of", TypeError),
    ([1j, 2j], "{} holds 1j of type complex, which is no label", TypeError),
]
NO_NUMBERS = [
    (["a", None], "holds 'a', which is no real number"),
    (["a", 1.0], "holds 'a', which is no real number"),
    ([1.0, np.inf], "infinit"),
    ([date(2020, 1, 1), date(2020, 1, 2)], "holds times (date), not numbers: count them in a unit"),
    (np.array(["2020", "2021"], "M8[D]"), "holds times (datetime64[D]), not numbers: count"),
    (np.array([1, 2], "m8[s]"), "holds times (timedelta64[s]), not numbers: count them"),
    ([{1}, {2}], "holds {1}, which is no real number"),
    ([10**400, 5], "holds integers that are larger than any float"),
    ([1j, 2j], "holds 1j, which is no real number"),
]


def alternating(case, two):
    """A target for X that consists of two values, in lists or an array."""
    flat = two if isinstance(two, np.ndarray) else object_array(two)
    rows = flat[np.arange(12) % 2]
    steps = [flat[np.arange(5) % 2]] * 12
    if not isinstance(two, np.ndarray):
        rows, steps = rows.tolist(), [values.tolist() for values in steps]
    return steps if case.estimator in (SequenceTagger, SequenceRegressor) else rows


def calls(case, y):
    """Calls in which a target has to be read."""
    good, marks = case.target(X), {"ignore_label": "?"} if case.estimator is SequenceTagger else {}
    model = case.make(learning_rate="cosine", **marks).fit(X, good)
    return (
        lambda: case.make(**marks).fit(X, y),
        lambda: case.make(**marks).fit(X, good, X_val=X, y_val=y),
        lambda: case.partial_fit(case.make(**marks), X, y),
        lambda: model.score(X, y),
    )


@pytest.mark.parametrize("two, message, error", NO_LABELS)
@pytest.mark.parametrize("case", [CLASSIFIER, TAGGER], ids=str)
def test_what_is_no_label(case, two, message, error):
    for call in calls(case, alternating(case, two)):
        check(call, message.format("y"), error)
    if "{}" in message:
        model = case.make()
        named = lambda: model.partial_fit(X, case.target(X), classes=two)  # noqa: E731
        check(named, message.format("classes"), error)


@pytest.mark.parametrize("two, message", NO_NUMBERS)
@pytest.mark.parametrize("case", [REGRESSOR, CASES[3]], ids=str)
def test_what_is_no_number(case, two, message):
    for call in calls(case, alternating(case, two)):
        check(call, message)


@pytest.mark.parametrize("two, message", NO_NUMBERS)
@each_case
def test_weights_that_are_no_numbers(case, two, message):
    weight, y = alternating(REGRESSOR, two), case.target(X)
    model = case.make(learning_rate="cosine").fit(X, y)
    check(lambda: case.make().fit(X, y, sample_weight=weight), message)
    check(lambda: model.score(X, y, sample_weight=weight), message)
    if case.estimator in (SequenceTagger, SequenceRegressor):
        steps = alternating(case, two)
        check(lambda: case.make().fit(X, y, sample_weight=steps), message)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_wrong_y_in_frames_and_series(library):
    frames = pytest.importorskip(library)
    steps = frames.Series([["a", "b"]] * 12)
    check(lambda: CLASSIFIER.make().fit(X, steps), "y[0] has 2 labels")
    two = frames.DataFrame({"left": list("ab") * 6, "right": list("ab") * 6})
    check(lambda: CLASSIFIER.make().fit(X, two), "y[0] has 2 labels")


WRONG_WEIGHTS = [
    (np.ones(11), "sample_weight has shape (11,), but X has 12 sequences"),
    (np.ones((12, 1)), "sample_weight"),
    (2.0, "sample_weight has shape ()"),
    (-np.arange(12.0), "sample_weight must not be negative, but its smallest value is -11"),
    (np.zeros(12), "sample_weight is zero for every sequence"),
    ([np.nan] * 12, "Input sample_weight contains NaN"),
    (["heavy"] * 12, "sample_weight holds 'heavy', which is no real number: give a number."),
]


@pytest.mark.parametrize("weight, message", WRONG_WEIGHTS)
@each_case
def test_wrong_sample_weight(case, weight, message):
    y = case.target(X)
    check(lambda: case.make().fit(X, y, sample_weight=weight), message)
    validation = {"X_val": X, "y_val": y, "sample_weight_val": weight}
    check(lambda: case.make().fit(X, y, **validation), message)


@each_case
def test_masks_are_refused(case, models):
    def masked(values):
        return np.ma.masked_array(
            values, (np.arange(np.size(values)) == 0).reshape(np.shape(values))
        )

    y, weight = case.target(X), np.ones(12)
    lists = [masked(x) for x in RAGGED]
    check(lambda: case.make().fit(X, masked(np.stack(list(y)))), "y is a masked array", TypeError)
    wrong = "sample_weight is a masked array"
    check(lambda: case.make().fit(X, y, sample_weight=masked(weight)), wrong, TypeError)
    check(lambda: models[str(case), "3-D"].predict(masked(X)), "X is a masked array", TypeError)
    check(lambda: models[str(case), "list"].predict(lists), "X[0] is a masked array", TypeError)


@each_case
def test_wrong_validation_data(case):
    y = case.target(X)

    def fit(**validation):
        return lambda: case.make().fit(X, y, **validation)

    check(fit(y_val=y), "y_val or sample_weight_val was passed without X_val: pass X_val too")
    check(fit(sample_weight_val=np.ones(12)), "without X_val")
    check(fit(X_val=X), "X_val was passed without y_val: pass y_val too")
    check(fit(X_val=X, y_val=y[:5]), "inconsistent numbers of samples: [12, 5]")
    check(fit(X_val=X[:, :, :1], y_val=y), "X has 1 features")
    check(fit(X_val=X * np.nan, y_val=y), "contains NaN")
    one = X[:1, :1]
    y_val = case.target(one)
    check(fit(X_val=one, y_val=y_val), "The validation set has 1 value to score, but a score needs")


@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
@pytest.mark.parametrize("strangers", [["else"], [7]])
def test_validation_labels_of_which_none_was_learnt(case, strangers):
    y = case.target(X)
    y_val = strangers * 12 if np.ndim(y[0]) == 0 else [strangers * len(x) for x in X]
    reason = f"No label of y_val, such as {np.array(strangers)[0]!r}, is one of y, which are ["
    check(lambda: case.make().fit(X, y, X_val=X, y_val=y_val), reason)


# Calls in the wrong order -------------------------------------------------------------------


@each_case
def test_use_before_fit(case):
    model = case.make()
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        if hasattr(model, name):
            check(lambda n=name: getattr(model, n)(X), "is not fitted yet", NotFittedError)
    check(lambda: model.score(X, case.target(X)), "is not fitted yet", NotFittedError)
    check(lambda: model.coefs_, "is not fitted yet", NotFittedError)


@each_case
def test_partial_fit_has_no_later_epochs(case):
    model = case.make(early_stopping=True)
    check(
        lambda: case.partial_fit(model, X, case.target(X)),
        "partial_fit does not support early_stopping=True",
    )


@pytest.mark.parametrize(
    "name, value", [("hidden_size", 5), ("cell_type", "lstm"), ("n_layers", 2)]
)
@each_case
def test_a_network_does_not_change_its_shape_under_training(case, name, value):
    model = case.make(warm_start=True, learning_rate="cosine").fit(X, case.target(X))
    old = getattr(model, name)
    model.set_params(**{name: value})
    for method in (model.fit, model.partial_fit):
        check(lambda m=method: m(X, case.target(X)), f"{name}={value!r} differs from {old!r}")


def test_classes_that_partial_fit_was_not_told():
    y = labels(X)
    check(lambda: RNNClassifier().partial_fit(X, y), "classes must be passed on the first call")
    model = CLASSIFIER.make().partial_fit(X, y, classes=["low", "middle", "top"])
    check(lambda: model.partial_fit(X, y, classes=["low", "top"]), "is not the same as on the last")
    longer = ["lowest"] * 6 + ["top"] * 6  # "low", if it was cut to the length of those known
    check(lambda: model.partial_fit(X, longer), "y has the labels ['lowest'], which are not among")
    model = CLASSIFIER.make()
    bytes_ = np.array([0, 1], np.uint8)
    check(lambda: model.partial_fit(X, [256, 1] * 6, classes=bytes_), "y has the labels [256]")


@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
def test_classes_that_a_warm_start_has_not_seen(case):
    y = case.target(X)
    model = case.make(warm_start=True, learning_rate="cosine").fit(X, y)
    longer = [np.char.add(labels_of_one, "er") for labels_of_one in y]
    check(lambda: model.fit(X, longer), "fit anew with warm_start=False")


@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
def test_class_weights_that_are_negative_or_all_zero(case):
    classes = np.unique(np.hstack(case.target(X))).tolist()
    model = case.make(class_weight=dict.fromkeys(classes, -1.0))
    check(
        lambda: model.fit(X, case.target(X)),
        "class_weight must hold finite numbers that are not negative, but is -1.0 for",
    )
    model.set_params(class_weight=dict.fromkeys(classes, 0.0))
    check(lambda: model.fit(X, case.target(X)), "No sequence has a weight")


def test_labels_and_weights_for_another_number_of_sequences():
    y = [["a", "b", "a", "b", "a"]] * 12
    model = SequenceTagger(max_iter=1).fit(X, y)
    check(lambda: model.score(X, []), "y has 0 item(s), but X has 12 sequences: give one for each")
    check(lambda: model.score(X, y[:3]), "y has 3 item(s), but X has 12 sequences")
    check(lambda: model.fit(X, y, sample_weight=[]), "sample_weight has 0 item(s)")
    weight = np.ones((3, 5))
    check(lambda: model.fit(X, y, sample_weight=weight), "sample_weight has 3 item(s)")


@pytest.mark.parametrize("weight", [None, np.nan, np.inf, "heavy"])
@pytest.mark.parametrize("case", [case for case in CASES if case.known], ids=str)
def test_class_weights_that_are_no_numbers(case, weight):
    label = np.unique(np.hstack(case.target(X))).tolist()[0]
    model = case.make(class_weight={label: weight})
    for fit in (model.fit, partial(case.partial_fit, model)):
        check(
            lambda f=fit: f(X, case.target(X)),
            f"class_weight must hold finite numbers that are not negative, but is {weight!r} for "
            f"the class {label!r}",
        )


def test_class_weights_of_several_labels_are_numbers():
    model = CLASSIFIER.make(class_weight=[{0: 1, 1: 2}, {0: 1, 1: None}])
    y = np.column_stack([np.arange(12) % 2, np.arange(12) % 3 == 0])
    check(lambda: model.fit(X, y), "not negative, but is None for the class 1")


@pytest.mark.parametrize("params", [{}, {"solver": "lbfgs"}, {"batch_size": 1}], ids=str)
@each_case
def test_weights_so_small_that_the_penalty_is_everything(case, params):
    y, weight = case.target(X), np.full(12, 1e-300)
    message = "The penalty alpha=0.0001 counts as much as a sequence of weight 0.0001, but"
    check(lambda: case.make(**params).fit(X, y, sample_weight=weight), message)
    params = params | {"alpha": 0, "learning_rate": "cosine"}
    if params.get("solver") != "lbfgs":
        plain = case.make(**params).fit(X, y).loss_curve_
        model = case.make(**params).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(model.loss_curve_, plain, rtol=1e-6)


@each_case
def test_weights_whose_sum_no_float_can_hold(case):
    weight = np.full(12, 1e308)
    message = "sample_weight has values of 1e+308, the sum of which no float can hold: divide it by"
    check(lambda: case.make().fit(X, case.target(X), sample_weight=weight), message)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("case", [REGRESSOR, CASES[3]], ids=str)
def test_targets_whose_sum_no_float_can_hold(case, sign):
    huge = [sign * 1.7e308 * np.ones_like(values) for values in case.target(X)]
    for call in calls(case, huge):
        check(call, "y holds values of 1.7e+308, the sums of which no float can hold: divide y by")


@each_case
def test_coefs_that_are_no_finite_numbers(case):
    model = case.make(learning_rate="cosine", dtype="float32").fit(X, case.target(X))
    expected = case.outputs(model, X)
    name, value = next(iter(model.coefs_.items()))
    for wrong in (np.nan, np.inf, 1e39):
        message = f"coefs[{name!r}] contains NaN, or a value beyond 3.4e+38."
        check(lambda w=wrong: model.set_coefs({name: np.full(value.shape, w)}), message)
    words = np.full(value.shape, "a")
    check(lambda: model.set_coefs({name: words}), f"coefs[{name!r}] holds 'a', which is no real")
    np.testing.assert_array_equal(case.outputs(model, X), expected)


def test_classes_of_class_weight_that_are_not_in_y():
    model = CLASSIFIER.make(class_weight={"left": 2.0})
    check(lambda: model.fit(X, labels(X)), "class_weight")


def test_a_class_too_small_to_split():
    y = np.array(["a"] * 11 + ["b"])
    model = CLASSIFIER.make(early_stopping=True, validation_fraction=0.5)
    check(lambda: model.fit(X, y), "holds out sequences of each class, but 'b' has only 1: pass")


@pytest.mark.parametrize("fraction, n_scored", [(0.1, 2), (0.9, 11)])
def test_a_validation_fraction_without_room_for_every_class(fraction, n_scored):
    y = np.arange(12) % 4
    model = CLASSIFIER.make(early_stopping=True, validation_fraction=fraction)
    message = f"validation_fraction={fraction} of 12 sequences is {n_scored}, but both parts need"
    check(lambda: model.fit(X, y), message)


def test_a_rare_label_without_weight_is_not_held_out():
    y, weight = np.array(["a"] * 6 + ["b"] * 5 + ["rare"]), np.array([1] * 11 + [0])
    model = CLASSIFIER.make(early_stopping=True, validation_fraction=0.3, learning_rate="cosine")
    assert "rare" in model.fit(X, y, sample_weight=weight).classes_


def test_a_validation_fraction_too_small_for_a_score():
    model = REGRESSOR.make(early_stopping=True, validation_fraction=0.01)
    check(lambda: model.fit(X, np.arange(12.0)), "increase validation_fraction, or pass more")


def test_poisson_targets_must_not_be_negative():
    model = REGRESSOR.make(loss="poisson")
    check(lambda: model.fit(X, FEW), "inconsistent")
    check(lambda: model.fit(X, [-0.5, *FEW]), "loss='poisson' needs y >= 0, but its smallest")


@pytest.mark.parametrize("value, name", [(2, "2"), (-1, "-1"), (0.5, "0.5")])
def test_several_labels_are_0_or_1(value, name):
    y = np.zeros((12, 3))
    model = CLASSIFIER.make(warm_start=True, learning_rate="cosine").fit(X, y)
    y[3, 1] = value
    message = f"y has several labels for each sequence, and {name} among them: give 1 where a"
    check(lambda: model.score(X, y), message)
    check(lambda: CLASSIFIER.make().fit(X, y), "y[0] has 3 labels")


def test_another_number_of_outputs():
    model = RNNRegressor(max_iter=1, warm_start=True, learning_rate="cosine")
    model.fit(X, np.ones((12, 3)))
    check(lambda: model.fit(X, np.ones((12, 2))), "y has 2 output(s), but RNNRegressor was fitted")
    check(lambda: model.partial_fit(X, np.ones(12)), "pass y of shape (n_sequences, 3)")
    model = SequenceRegressor(hidden_size=4, max_iter=1).fit(X, np.ones(X.shape[:2]))
    message = "pass y of shape (n_sequences, n_steps, 1)"
    check(lambda: model.partial_fit(X, np.ones((*X.shape[:2], 2))), message)


def test_a_loss_with_another_scale_of_outputs():
    model = REGRESSOR.make(warm_start=True, learning_rate="cosine").fit(X, np.arange(12.0))
    model.set_params(loss="poisson")
    for method in (model.fit, model.partial_fit):
        check(lambda m=method: m(X, np.arange(12.0)), "loss='poisson' cannot go on from what was")
    model.set_params(loss="huber").fit(X, np.arange(12.0))


# Symbols ------------------------------------------------------------------------------------

NAMES, WORDS = ["anna", "bob", "nana"], [["the", "boy"], ["a", "boy"], ["the", "girl"]]
MODEL = partial(RNNLanguageModel, **TINY | {"learning_rate": "cosine"})

WRONG_TEXTS = {
    "none": (None, "X is of type NoneType; expected a list, an array or a column", TypeError),
    "number": (5, "X is of type int; expected a list", TypeError),
    "plain string": ("to be", "X is the string 'to be'; expected a list", TypeError),
    "plain string, remedy": ("to be", "A single text is passed as [X].", TypeError),
    "bytes": ([b"to be"], "X[0] is of type bytes: pass X[0].decode()", TypeError),
    "no sequences": ([], "X has 0 sequences, but at least 1 is needed", ValueError),
    "empty string": (["ab", ""], "X[1] is empty: every sequence needs at least one", ValueError),
    "empty list": ([["a"], []], "X[1] is empty", ValueError),
    "one symbol": (["aa", "a"], "X has one class of symbols only, 'a'", ValueError),
    "labels": ([1, 0, 1], "X[0] is 1, not a sequence of symbols; expected", TypeError),
    "one text in a list of words": (["to", 1], "X[1] is 1, not a sequence", TypeError),
    "table": (X, "X[0] has shape (5, 2), but must be one sequence of symbols", ValueError),
    "nested": ([[["a"], ["b"]]], "X[0] at step 0 is ['a'], of type list, but symbols", TypeError),
    "mixed items": (["ab", ["a", "b"]], "Pass strings only, or lists only.", TypeError),
    "mixed symbols": ([["a", 1]], "have no common order: convert them to one type", TypeError),
    "missing": ([["a", None]], "X[0] at step 1 is None, which says that something", ValueError),
    "NaN": ([[0.5, np.nan]], "X[0] at step 1 is nan, which says that something", ValueError),
    "dict": ({"a": "b"}, "X is of type dict; expected a list", TypeError),
    "mask": ([np.ma.masked_array([1, 2], [0, 1])], "X[0] is a masked array", TypeError),
}


@pytest.mark.parametrize("X, message, error", WRONG_TEXTS.values(), ids=WRONG_TEXTS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_wrong_texts(X, message, error, method):
    check(lambda: getattr(MODEL(), method)(X), message, error)


UNKNOWN = "X has the symbols 'x', which are not among the"
WRONG_TEXTS_AT_PREDICT = [
    (NAMES, ["ax"], f"{UNKNOWN} 4 that were learnt, first in X[0] at step 1", ValueError),
    (NAMES, ["ax"], "fit with unknown_symbol= a symbol that stands for them", ValueError),
    (NAMES, [["a", "b"]], "X holds lists of symbols, but those of fit were strings", TypeError),
    (NAMES, "ann", "X is the string 'ann'; expected a list", TypeError),
    (NAMES, [1], "X[0] is 1, not a sequence", TypeError),
    (NAMES, [], "X has 0 sequences", ValueError),
    (NAMES, [None], "X[0] is None, not a sequence", TypeError),
    (WORDS, ["the boy"], "X holds strings of symbols, but those of fit were lists", TypeError),
    (WORDS, [["x"]], f"{UNKNOWN} 4", ValueError),
    (WORDS, [[1]], "X has the symbols 1, which are not among", ValueError),
]


@pytest.mark.parametrize("seen, X, message, error", WRONG_TEXTS_AT_PREDICT)
@pytest.mark.parametrize("method", ["score", "score_samples", "perplexity", "predict_proba"])
def test_wrong_texts_at_predict(seen, X, message, error, method):
    check(lambda: getattr(MODEL().fit(seen), method)(X), message, error)


WRONG_SAMPLES = [
    (
        {"n_samples": 0},
        "The 'n_samples' parameter of RNNLanguageModel.sample must be an int in the range [1, inf)",
    ),
    ({"n_samples": 2.5}, "Got 2.5 instead."),
    (
        {"max_length": 0},
        "The 'max_length' parameter of RNNLanguageModel.sample must be an int in the range",
    ),
    ({"max_length": "long"}, "Got 'long' instead."),
    (
        {"temperature": -1},
        "The 'temperature' parameter of RNNLanguageModel.sample must be a float in the",
    ),
    ({"temperature": np.nan}, "Got nan instead."),
    (
        {"top_k": 0},
        "The 'top_k' parameter of RNNLanguageModel.sample must be an int in the range",
    ),
    (
        {"top_p": 0.0},
        "The 'top_p' parameter of RNNLanguageModel.sample must be a float in the range (0.0",
    ),
    ({"top_p": 1.5}, "Got 1.5 instead."),
    ({"random_state": "seed"}, "The 'random_state' parameter of RNNLanguageModel.sample must be"),
    ({"prompt": "ax"}, "prompt has the symbols 'x', which are not among the 4 that were learnt"),
    ({"prompt": "ax"}, "first in prompt at step 1"),
    ({"prompt": 3}, "prompt is 3, not a sequence of symbols"),
    ({"prompt": ["an", "na"]}, "prompt=['an', 'na'] must be one string, as those of fit"),
]


@pytest.mark.parametrize("arguments, message", WRONG_SAMPLES)
def test_wrong_arguments_of_sample(arguments, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        MODEL().fit(NAMES).sample(**arguments)


WRONG_OPTIONS = [
    ({"min_count": 2}, "min_count=2 leaves rare symbols to the one that unknown_symbol names"),
    ({"unknown_symbol": "?"}, "unknown_symbol='?' is not among the symbols of X"),
    ({"min_count": 0}, "The 'min_count' parameter of RNNLanguageModel must be an int in the"),
    (
        {"tie_embeddings": True, "embedding_dim": 3},
        "tie_embeddings=True needs vectors of hidden",
    ),
    ({"tie_embeddings": "yes"}, "The 'tie_embeddings' parameter of RNNLanguageModel must be"),
    ({"embedding_dim": [3]}, "The 'embedding_dim' parameter of RNNLanguageModel must be"),
    ({"scoring": "accuracy"}, "The 'scoring' parameter of RNNLanguageModel must be a callable"),
    ({"solver": "lbfgs", "dropout": 0.5}, "solver='lbfgs' needs the same loss at every call"),
]


@pytest.mark.parametrize("params, message", WRONG_OPTIONS)
def test_wrong_options_of_a_language_model(params, message):
    check(lambda: MODEL(**params).fit(NAMES), message)


@pytest.mark.parametrize("estimator", [RNNLanguageModel, SequenceGenerator])
def test_what_predicts_the_next_symbol_reads_one_direction(estimator):
    message = f"{estimator.__name__} has no parameter bidirectional, but bidirectional=True: it"
    check(lambda: estimator(bidirectional=True), message, TypeError)
    assert "bidirectional" not in estimator().get_params()


def test_wrong_calls_of_a_language_model():
    model = MODEL(warm_start=True)
    for method in ("predict", "score", "score_samples", "perplexity", "predict_proba"):
        check(lambda m=method: getattr(model, m)(NAMES), "is not fitted yet", NotFittedError)
    check(model.sample, "is not fitted yet", NotFittedError)
    model.fit(NAMES)
    check(lambda: model.fit(["anx"]), "X has the symbols 'x'")
    check(lambda: model.partial_fit(["anx"]), "X has the symbols 'x'")
    check(lambda: model.fit(NAMES, sample_weight=[1.0]), "but X has 3 sequences")
    check(lambda: model.fit(NAMES, sample_weight=-np.ones(3)), "must not be negative")
    check(lambda: model.fit(NAMES, sample_weight_val=[1.0]), "was passed without X_val")
    check(lambda: model.fit(NAMES, X_val=["x"]), "X has the symbols 'x'")
    check(lambda: model.set_params(hidden_size=5).fit(NAMES), "hidden_size=5 differs from 4")
    one = MODEL(early_stopping=True)
    check(lambda: one.fit(["anna"]), "holds out whole sequences, but there is only 1 to learn from")
    check(lambda: one.partial_fit(NAMES), "partial_fit does not support early_stopping=True")
    classes = ["a", "b", "c"]
    check(lambda: MODEL().partial_fit(["abx"], classes=classes), "X has the symbols 'x'")


GENERATOR = partial(SequenceGenerator, **TINY | {"learning_rate": "cosine"})
VECTORS = np.random.default_rng(0).standard_normal((3, 2))

WRONG_DESCRIPTIONS = {
    "none": (None, "X is of type NoneType", TypeError),
    "3-D": (X[:3], "SequenceGenerator takes one vector for each target: pass an array", ValueError),
    "3-D, remedy": (X[:3], "pass an array of shape (n_sequences, n_features).", ValueError),
    "1-D": (np.arange(3.0), "Reshape your data", ValueError),
    "lists of two lengths": (
        [[1.0], [1.0, 2.0], [3.0]],
        "X was read as ",
        ValueError,
    ),
    "NaN": (VECTORS * np.nan, "Input X contains NaN", ValueError),
    "infinity": (VECTORS + np.inf, "Input X contains infinity", ValueError),
    "strings, X and y swapped": (NAMES, "X", ValueError),
    "lists of words": (WORDS, "holds strings. Encode tokens as integer ids", ValueError),
    "another number": (VECTORS[:2], "inconsistent numbers of samples: [2, 3]", ValueError),
    "no rows": (VECTORS[:0], "Found array with 0 sample(s)", ValueError),
    "sparse": (csr_array(VECTORS), "Sparse data was passed", ValueError),
}


@pytest.mark.parametrize("X, message, error", WRONG_DESCRIPTIONS.values(), ids=WRONG_DESCRIPTIONS)
def test_wrong_descriptions(X, message, error):
    check(lambda: GENERATOR().fit(X, NAMES), message, error)
    model = GENERATOR().fit(VECTORS, NAMES)
    check(lambda: model.score_samples(X, NAMES), message, error)


WRONG_TARGETS = {
    "none": (None, "requires y to be passed, but the target y is None", ValueError),
    "plain string": ("abc", "y is the string 'abc'; expected a list", TypeError),
    "empty target": (["ab", "", "b"], "y[1] is empty: every sequence needs at least", ValueError),
    "labels": ([0, 1, 1], "y[0] is 0, not a sequence of symbols; expected a list", TypeError),
    "vectors, X and y swapped": (VECTORS[:, :0], "y[0] is empty", ValueError),
    "one symbol": (["a", "aa", "a"], "y has one class of symbols only, 'a'", ValueError),
    "mixed": (["ab", ["a"], "b"], "Pass strings only, or lists only.", TypeError),
    "missing": ([["a"], ["b", None], ["a"]], "y[1] at step 1 is None", ValueError),
    "another number": (["ab", "b"], "inconsistent numbers of samples: [3, 2]", ValueError),
}


@pytest.mark.parametrize("y, message, error", WRONG_TARGETS.values(), ids=WRONG_TARGETS)
def test_wrong_targets(y, message, error):
    check(lambda: GENERATOR().fit(VECTORS, y), message, error)


WRONG_TARGETS_LATER = [
    (["ax", "b", "a"], "y has the symbols 'x', which are not among the 4", ValueError),
    ([["a"], ["b"], ["a"]], "y holds lists of symbols, but those of fit were strings", TypeError),
    ("abc", "y is the string 'abc'", TypeError),
    (["a"], "inconsistent numbers of samples: [3, 1]", ValueError),
]


@pytest.mark.parametrize("y, message, error", WRONG_TARGETS_LATER)
def test_wrong_targets_after_fit(y, message, error):
    model = GENERATOR().fit(VECTORS, NAMES)
    check(lambda: model.score_samples(VECTORS, y), message, error)
    check(lambda: model.partial_fit(VECTORS, y), message, error)
    if error is TypeError:
        check(lambda: model.score(VECTORS, y), message, error)


WRONG_GENERATORS = [
    ({"beam_width": 0}, "The 'beam_width' parameter of SequenceGenerator must be an int in the"),
    ({"beam_width": 2.5}, "Got 2.5 instead."),
    ({"length_penalty": -1}, "The 'length_penalty' parameter of SequenceGenerator must be a float"),
    ({"max_length": 0}, "The 'max_length' parameter of SequenceGenerator must be an int in the"),
    ({"feed_condition": "yes"}, "The 'feed_condition' parameter of SequenceGenerator must be"),
    ({"condition_dim": [2, 3]}, "embedding_dim lists 2 sizes, but X has 0 categorical columns"),
    ({"categorical_features": [2]}, "a list of column indices from 0 to 1"),
    ({"categorical_features": [0]}, "categories are non-negative integers"),
    ({"unknown_symbol": "?"}, "unknown_symbol='?' is not among the symbols of y"),
    ({"min_count": 3}, "min_count=3 leaves rare symbols to the one that unknown_symbol names"),
]


@pytest.mark.parametrize("params, message", WRONG_GENERATORS)
def test_wrong_options_of_a_generator(params, message):
    check(lambda: GENERATOR(**params).fit(VECTORS, NAMES), message)


@pytest.mark.parametrize("fitted, given", [(2, 1), (1, 2)])
@pytest.mark.parametrize(
    "make, y",
    [
        (GENERATOR, NAMES),
        (partial(SequenceRegressor, **TINY | {"learning_rate": "cosine"}), [0, 1, 2]),
    ],
)
def test_the_columns_of_a_table_of_single_steps_are_called_features(make, y, fitted, given):
    model = make().fit(VECTORS[:, :fitted], y)
    with pytest.raises(ValueError, match=f"X has {given} features") as error:
        model.predict(VECTORS[:, :given])
    assert str(error.value).endswith(f"X was read as 3 sequences of 1 steps of {given} features.")


def test_wrong_calls_of_a_generator():
    model = GENERATOR(warm_start=True)
    check(lambda: model.predict(VECTORS), "is not fitted yet", NotFittedError)
    check(lambda: model.sample(VECTORS), "is not fitted yet", NotFittedError)
    check(lambda: model.score(VECTORS, NAMES), "is not fitted yet", NotFittedError)
    check(lambda: model.score_samples(VECTORS, NAMES), "is not fitted yet", NotFittedError)
    model.fit(VECTORS, NAMES)
    check(lambda: model.predict(VECTORS[:, :1]), "X has 1 features, but SequenceGenerator is")
    check(lambda: model.predict(VECTORS[0]), "Reshape your data")
    check(lambda: model.sample(VECTORS, temperature=-1), "'temperature' parameter of SequenceGen")
    check(
        lambda: model.sample(VECTORS, max_length=0), "'max_length' parameter of SequenceGenerator"
    )
    check(lambda: model.fit(VECTORS, NAMES, sample_weight=[1.0]), "but X has 3 sequences")
    check(lambda: model.score(VECTORS, NAMES, sample_weight=[1.0]), "but X has 3 sequences")
    check(lambda: model.fit(VECTORS, NAMES, X_val=VECTORS), "pass y_val too")
    model.set_params(feed_condition=False)
    check(lambda: model.fit(VECTORS, NAMES), "feed_condition=False differs from True")


# Sequences of symbols from sequences ---------------------------------------------------------

TRANSLATOR = partial(SequenceTranslator, **TINY | {"learning_rate": "cosine"})
SOURCES = RAGGED[:3]

WRONG_SOURCES = {
    "none": (None, "X is of type NoneType", TypeError),
    "plain string": ("abc", "X is of type str", TypeError),
    "strings, X and y swapped": (NAMES, "X", ValueError),
    "lists of words": (WORDS, "holds strings. Encode tokens as integer ids", ValueError),
    "NaN": ([x * np.nan for x in SOURCES], "Input X contains NaN", ValueError),
    "infinity": ([x + np.inf for x in SOURCES], "Input X contains infinity", ValueError),
    "an empty sequence": ([SOURCES[0], SOURCES[1][:0], SOURCES[2]], "X[1]", ValueError),
    "another number": (SOURCES[:2], "inconsistent numbers of samples: [2, 3]", ValueError),
    "no sequences": ([], "X is a list of 0 sequences", ValueError),
    "sparse": (csr_array(SOURCES[0]), "Sparse data was passed", ValueError),
    "four dimensions": (np.zeros((3, 2, 2, 2)), "X has 4 dimensions", ValueError),
}


@pytest.mark.parametrize("X, message, error", WRONG_SOURCES.values(), ids=WRONG_SOURCES)
def test_wrong_sources(X, message, error):
    check(lambda: TRANSLATOR().fit(X, NAMES), message, error)
    model = TRANSLATOR().fit(SOURCES, NAMES)
    check(lambda: model.score_samples(X, NAMES), message, error)


@pytest.mark.parametrize("decoder", ["recurrent", "ctc"])
@pytest.mark.parametrize("y, message, error", WRONG_TARGETS.values(), ids=WRONG_TARGETS)
def test_wrong_targets_of_a_translator(y, message, error, decoder):
    check(lambda: TRANSLATOR(decoder=decoder).fit(SOURCES, y), message, error)


@pytest.mark.parametrize("y, message, error", WRONG_TARGETS_LATER)
def test_wrong_targets_of_a_fitted_translator(y, message, error):
    model = TRANSLATOR().fit(SOURCES, NAMES)
    check(lambda: model.score_samples(SOURCES, y), message, error)
    check(lambda: model.attention_weights(SOURCES, y), message, error)
    check(lambda: model.partial_fit(SOURCES, y), message, error)


WRONG_TRANSLATORS = [
    ({"decoder": "crf"}, "The 'decoder' parameter of SequenceTranslator must be a str among"),
    ({"attention": "luong"}, "The 'attention' parameter of SequenceTranslator must be a str among"),
    ({"attention": "dot"}, "attention='dot' compares the units of the decoder, 4, with those of"),
    ({"symbol_dim": 0}, "The 'symbol_dim' parameter of SequenceTranslator must be an int in the"),
    ({"symbol_dim": [2]}, "The 'symbol_dim' parameter of SequenceTranslator must be an int in the"),
    ({"beam_width": 0}, "The 'beam_width' parameter of SequenceTranslator must be an int in the"),
    ({"beam_width": 2.5}, "Got 2.5 instead."),
    ({"length_penalty": -1}, "The 'length_penalty' parameter of SequenceTranslator must be a fl"),
    ({"max_length": 0}, "The 'max_length' parameter of SequenceTranslator must be an int in the"),
    ({"max_length": None}, "The 'max_length' parameter of SequenceTranslator must be an int in"),
    ({"scoring": "accuracy"}, "The 'scoring' parameter of SequenceTranslator must be a callable"),
    ({"categorical_features": [2]}, "a list of column indices from 0 to 1"),
    ({"unknown_symbol": "?"}, "unknown_symbol='?' is not among the symbols of y"),
    ({"min_count": 3}, "min_count=3 leaves rare symbols to the one that unknown_symbol names"),
    ({"embedding_init": np.zeros((3, 2))}, "embedding_init is one set of vectors, but X has 0"),
]


@pytest.mark.parametrize("params, message", WRONG_TRANSLATORS)
def test_wrong_options_of_a_translator(params, message):
    check(lambda: TRANSLATOR(**params).fit(SOURCES, NAMES), message)


TOO_LONG = {
    "more symbols than steps": ("abab", "y[1] has 4 symbols, 0 of them equal to the one before"),
    "equal neighbours": ("aab", "y[1] has 3 symbols, 1 of them equal to the one before, and so"),
    "steps": ("aab", "needs 4 steps, but X[1] has 3"),
    "remedy": ("aab", "or set decoder='recurrent'."),
}


@pytest.mark.parametrize("text, message", TOO_LONG.values(), ids=TOO_LONG)
def test_symbols_that_do_not_fit_into_their_steps(text, message):
    X, y = [np.zeros((3, 1))] * 2, ["ab", text]
    ctc = TRANSLATOR(decoder="ctc")
    check(lambda: ctc.fit(X, y), message)
    check(lambda: ctc.fit(X[:1], y[:1], X_val=X, y_val=y), message)
    ctc.fit(X[:1], y[:1])
    check(lambda: ctc.partial_fit(X, y), message)
    check(lambda: ctc.align(X, y), message)
    assert ctc.score_samples(X, y)[1] == -np.inf
    weighted = TRANSLATOR(decoder="ctc").fit(X, y, sample_weight=[1.0, 0.0])
    assert np.isfinite(weighted.loss_)


def test_wrong_calls_of_a_translator():
    model = TRANSLATOR(warm_start=True)
    for call in (model.predict, model.sample, model.predict_n_best, model.attention_weights):
        check(lambda call=call: call(SOURCES), "is not fitted yet", NotFittedError)
    for call in (model.score, model.score_samples):
        check(lambda call=call: call(SOURCES, NAMES), "is not fitted yet", NotFittedError)
    model.fit(SOURCES, NAMES)
    check(lambda: model.predict([x[:, :1] for x in SOURCES]), "X has 1 features, but Sequence")
    check(lambda: model.predict_n_best(SOURCES, 0), "n_best=0 must be an integer from 1 to beam_")
    check(lambda: model.predict_n_best(SOURCES, 5), "beam_width=4, the number of beginnings")
    check(lambda: model.predict_n_best(SOURCES, 1.5), "n_best=1.5 must be an integer")
    check(lambda: model.sample(SOURCES, temperature=-1), "'temperature' parameter of SequenceTra")
    check(lambda: model.sample(SOURCES, max_length=0), "'max_length' parameter of SequenceTransl")
    check(lambda: model.sample(SOURCES, top_k=0), "'top_k' parameter of SequenceTranslator")
    check(lambda: model.sample(SOURCES, top_p=1.5), "'top_p' parameter of SequenceTranslator")
    check(lambda: model.fit(SOURCES, NAMES, sample_weight=[1.0]), "but X has 3 sequences")
    check(lambda: model.fit(SOURCES, NAMES, X_val=SOURCES), "X_val was passed without y_val")
    other = {"decoder": "ctc", "attention": None, "symbol_dim": 9}
    for name, value in other.items():
        changed = TRANSLATOR(warm_start=True).fit(SOURCES, NAMES).set_params(**{name: value})
        check(lambda changed=changed: changed.fit(SOURCES, ["a", "b", "a"]), "is to go on with")
    ctc = TRANSLATOR(decoder="ctc").fit(SOURCES, ["a", "b", "a"])
    for asked, name in ((model, "align"), (ctc, "attention_weights")):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'") as raised:
            getattr(asked, name)
        reason = f"{name} is not available with decoder='{asked.decoder}'"
        assert reason in str(raised.value.__cause__)


# Windows, forecasts and raw texts ------------------------------------------------------------

DAYS = np.arange("2024-01-01", "2024-02-10", dtype="M8[D]").astype("M8[s]")
SERIES = np.sin(0.5 * np.arange(40.0))


def frame(rows=slice(None), **columns):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame({"load": SERIES, **columns}, index=pd.DatetimeIndex(DAYS)).iloc[rows]


def windows(window_size=3, horizon=1, **options):
    return SlidingWindowTransformer(window_size, horizon=horizon, output="2d", **options)


def forecaster(horizon=1, **options):
    return make_pipeline(windows(horizon=horizon, **options), Ridge())


def fitted(horizon=1, X=None, **options):
    model, X = forecaster(horizon, **options), frame() if X is None else X
    return model.fit(X, model[0].targets(X, SERIES[: len(X)]))


def ahead(X, n_steps=2, model=None, **options):
    return recursive_forecast(model or fitted(), X, n_steps, **options)


def future(n=2, **columns):
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2024-02-10", periods=n)
    return pd.DataFrame({"feast": np.zeros(n), **columns}, index=index)


def with_feast():
    return fitted(X=frame(feast=0.0), known_features=["feast"])


def fit_windows(X, **options):
    return windows(**options).fit(X)


TWO = np.repeat(["a", "b"], 20)
GAP = [0, 1, 2, 3, 4, 7, 8, 9, 12, *range(13, 40)]
WRONG_SERIES = {
    "a gap": (lambda: fit_windows(frame(GAP)), "2 gap(s) in steps of 1 day, with 4 row(s) missing"),
    "a gap, where": (lambda: fit_windows(frame(GAP)), "from 2024-01-05 00:00:00 in row 4 to 2024-"),
    "a gap, what to do": (lambda: fit_windows(frame(GAP)), "gaps='cut'"),
    "a gap in sliding_windows": (
        lambda: sliding_windows(frame(GAP), window_size=2),
        "2 gap(s) in steps of 1 day",
    ),
    "a gap in a forecast": (lambda: ahead(frame(GAP)), "2 gap(s)"),
    "a gap in a direct forecast": (lambda: direct_forecast(fitted([1, 2]), frame(GAP)), "2 gap(s)"),
    "a gap of another step": (
        lambda: fit_windows(frame(), freq="12h"),
        "39 gap(s) in steps of 12:",
    ),
    "new rows with gaps": (lambda: fitted().predict(frame(slice(0, 40, 2))), "19 gap(s)"),
    "a time twice": (lambda: fit_windows(frame([0, 1, 1, 2, 2])), "and 2 row(s) in all repeat"),
    "times backwards": (lambda: fit_windows(frame(slice(None, None, -1))), "is not sorted"),
    "times backwards, where": (lambda: fit_windows(frame([0, 2, 1, 3])), "is in row 2 after"),
    "times of a series backwards": (
        lambda: fit_windows(frame([*range(22), 23, 22], id=TWO), group_feature="id"),
        "rows 20 to 23 is not sorted",
    ),
    "no such step": (lambda: fit_windows(frame(), freq="daily"), "freq='daily' is no step"),
    "a step of nothing": (lambda: fit_windows(frame(), freq="0h"), "freq='0h' is no step"),
    "months of days": (lambda: fit_windows(frame(), freq="MS"), "does not keep freq='MS'"),
    "a step without times": (lambda: fit_windows(X, freq="D"), "Found array with dim 3"),
    "a step of an array": (lambda: fit_windows(SERIES[:, None], freq="D"), "but X has none: pass"),
    "cut an array": (lambda: fit_windows(SERIES[:, None], gaps="cut"), "gaps='cut' needs times"),
    "cut behind a scaler": (
        lambda: make_pipeline(StandardScaler(), windows(gaps="cut")).fit(frame(GAP)),
        "set_output(transform='pandas') lets it pass",
    ),
    "cut windows of an array": (
        lambda: sliding_windows(SERIES, window_size=2, gaps="cut"),
        "gaps='cut' needs times that keep a step",
    ),
    "no way with gaps": (lambda: fit_windows(frame(), gaps="fill"), "gaps must be one of"),
    "no way with gaps in sliding_windows": (
        lambda: sliding_windows(SERIES, window_size=2, gaps="fill"),
        "gaps must be one of 'raise', 'cut', 'ignore', got 'fill'",
    ),
    "times among the features": (
        lambda: fit_windows(frame(day=DAYS)),
        "not numbers: drop it, or name it as time_feature, or make features of it",
    ),
    "no such column of times": (lambda: fit_windows(frame(), time_feature="day"), "'day' is not a"),
    "times as text": (
        lambda: fit_windows(frame(day=["1.2."] * 40), time_feature="day"),
        "column 'day' of X holds '1.2.', which is no time: convert the column with",
    ),
    "times that are missing": (
        lambda: fit_windows(frame(day=[*DAYS[:39], None]), time_feature="day"),
        "column 'day' of X has no time in row 39",
    ),
    "times that are fractions": (
        lambda: fit_windows(frame(day=SERIES), time_feature="day"),
        "which is no time",
    ),
    "one column for series and times": (
        lambda: fit_windows(frame(day=DAYS), time_feature="day", group_feature="day"),
        "must be different columns of X",
    ),
    "no column left": (
        lambda: fit_windows(frame(day=DAYS)[["day"]], time_feature="day"),
        "and leave one for the windows",
    ),
    "no such known column": (
        lambda: fit_windows(frame(), known_features=["feast"]),
        "known_features='feast' is not a column of X, which has 1 columns: ['load']",
    ),
    "series known in advance": (
        lambda: fit_windows(frame(id=TWO), group_feature="id", known_features=["id"]),
        "known_features=['id'] names a column that tells series or times apart",
    ),
    "known, but missing": (
        lambda: fit_windows(frame(feast=[0.0] * 39 + [np.nan]), known_features=["feast"]),
        "X has nan (NaN is a missing value, inf an infinite one) in row 39 of column 'feast'",
    ),
    "no horizon": (lambda: fit_windows(frame(), horizon=[]), "number of horizons == 0"),
    "a horizon in the past": (lambda: fit_windows(frame(), horizon=[1, -1]), "horizon == -1"),
    "horizons too far": (lambda: fit_windows(frame(), horizon=[1, 38]), "at least 41 rows"),
    "targets of other rows": (
        lambda: windows(horizon=[1, 2]).targets(frame(), SERIES[:9]),
        "inconsistent numbers of samples",
    ),
    "targets of words": (lambda: forecaster([1, 2]).fit(frame(), ["a"] * 40), "could not convert"),
    "targets of one horizon": (
        lambda: direct_forecast(forecaster([1, 2]).fit(frame(), SERIES), frame()),
        "horizon=[1, 2], but estimator predicts 1 value(s) for each row: fit it to what the `targ",
    ),
    "a table too short": (lambda: ahead(frame(slice(2))), "X has 2 row(s), but the windows"),
    "a direct table too short": (
        lambda: direct_forecast(fitted([1, 2]), frame(slice(2))),
        "padding is no history to forecast from: pass the last window_size rows at least",
    ),
    "one series too short": (
        lambda: ahead(
            frame([*range(20), 20, 21], id=TWO),
            model=fitted(X=frame(id=TWO), group_feature="id"),
        ),
        "The series b has 2 row(s)",
    ),
    "columns in another order": (
        lambda: ahead(frame(feast=0.0)[["feast", "load"]], model=with_feast()),
        "X has the columns ['feast', 'load'], but the estimator was fitted to ['load', 'feast']",
    ),
    "rows in another order": (lambda: ahead(frame(slice(None, None, -1))), "is not sorted"),
    "no step to go on with": (
        lambda: ahead(
            frame([0, 1, 3, 8, 9, 15]), model=fitted(gaps="ignore", X=frame([0, 2, 9, 11]))
        ),
        "keeps no step, so that nobody knows when the next row comes",
    ),
    "no steps": (lambda: ahead(frame(), 0), "n_steps == 0, must be >= 1"),
    "no windows that look ahead": (
        lambda: direct_forecast(fitted(0), frame()),
        "The estimator has no windows that look ahead",
    ),
    "nothing told of the future": (
        lambda: ahead(frame(feast=0.0), model=with_feast()),
        "pass the columns that are known in advance as future",
    ),
    "future of other columns": (
        lambda: ahead(frame(feast=0.0), model=with_feast(), future=future(sun=1.0)),
        "future has the columns ['feast', 'sun'], but X has ['load', 'feast']",
    ),
    "future of too few rows": (
        lambda: ahead(frame(feast=0.0), model=with_feast(), future=future(1)),
        "future has 1 row(s), but 2 rows come",
    ),
    "future of other days": (
        lambda: ahead(frame(slice(30), feast=0.0), model=with_feast(), future=future()),
        "future has the time 2024-02-10 00:00:00 in row 0, but 2024-01-31 00:00:00 comes next",
    ),
    "future with a hole": (
        lambda: ahead(frame(feast=0.0), model=with_feast(), future=future(feast=[0, np.nan])),
        "Column 'feast' of future is missing in row 1",
    ),
    "groups where there are none": (
        lambda: ahead(frame(id=TWO), group_feature="id", model=fitted(X=frame(id=SERIES))),
        "group_feature='id' tells several series apart, but the windows of the estimator do not",
    ),
    "a target that is no feature": (
        lambda: make_pipeline(
            SlidingWindowTransformer(3), WindowScaledRegressor(Ridge(), target_feature="sold")
        ).fit(frame(), SERIES),
        "target_feature=sold is not a feature of X, whose windows have 1 features, ['load']",
    ),
    "times that are not split": (
        lambda: next(PurgedWindowSplit(4, window_size=9).split(frame(slice(9)), groups=["a"] * 9)),
        "X has 9 different times",
    ),
    "a backtest without windows": (lambda: backtest(Ridge(), frame(), SERIES), "look ahead"),
    "a backtest without rows": (
        lambda: backtest(forecaster([1, 2]), frame(), SERIES, cv=2, season=99),
        "No test row has a complete window, and a season before it",
    ),
    "a backtest of dates": (lambda: backtest(forecaster(), frame(), DAYS), "y holds times"),
    "a coverage of all": (
        lambda: ConformalForecaster(forecaster(), coverage=1.0).fit(frame(), SERIES),
        "The 'coverage' parameter of ConformalForecaster must be a float in the range (0.0, 1.0)",
    ),
    "a coverage of too few": (
        lambda: ConformalForecaster(forecaster(), coverage=0.99).fit(frame(), SERIES),
        "coverage=0.99 needs the errors of at least 99 rows, but 10 are kept back",
    ),
    "targets of other horizons": (
        lambda: (
            ConformalForecaster(forecaster(), coverage=0.5)
            .fit(frame(), SERIES)
            .predict_interval(frame(), np.zeros((40, 2)))
        ),
        "y has shape (40, 2), but the forecasts have (40,)",
    ),
}
WRONG_KINDS = {
    "known names in a word": (
        lambda: fit_windows(frame(), known_features="load"),
        "known_features must be a list of columns, got 'load'",
    ),
    "future of another kind": (
        lambda: ahead(frame(feast=0.0), model=with_feast(), future=np.zeros((2, 2))),
        "future is of type ndarray, but X of type DataFrame: pass both in one kind.",
    ),
    "bounds of what has none": (
        lambda: direct_forecast(fitted([1, 2]), frame(), interval=True),
        "interval=True asks for bounds, but Pipeline has none",
    ),
    "a fraction of a window": (
        lambda: fit_windows(frame(), window_size=2.5),
        "window_size must be",
    ),
    "a fraction of a horizon": (lambda: fit_windows(frame(), horizon=[1.5]), "horizon must be an"),
    "half a season": (
        lambda: backtest(forecaster(), frame(), SERIES, season=0.5),
        "season must be",
    ),
    "texts where lists were learnt": (
        lambda: TokenEncoder().fit([["a", "b"]]).transform([["a"], "a b"]),
        "X[1] is a string, but fit saw lists of tokens",
    ),
    "texts to a tagger of lists": (lambda: TAGGER_OF_LISTS().predict(["a b"]), "tag_text(model,"),
    "several texts to tokenize": (
        lambda: TokenEncoder().tokenize(["a"]),
        "text must be one string",
    ),
    "no text to tag": (lambda: tag_text(TAGGER_OF_LISTS(), [1]), "text must be one string, got 1"),
    "no encoder to tag with": (
        lambda: tag_text(TAGGER_OF_LISTS()[-1], "a"),
        "does not begin with a TokenEncoder, which cuts texts into tokens",
    ),
}
WRONG_TEXTS_TO_TAG = {
    "labels of no scheme": (
        lambda: tag_text(TAGGER_OF_LISTS(), "a b", scheme="bio"),
        "is no tag of scheme='bio'",
    ),
    "no such scheme": (
        lambda: tag_text(TAGGER_OF_LISTS(), "a b", scheme="bioes"),
        "scheme must be one of ['bilou', 'bio', 'bmes', 'conlleval', 'iobes']. Got 'bioes'",
    ),
    "two groups in a pattern": (
        lambda: TokenEncoder(token_pattern="(a)(b)").fit(["ab"]),
        "is no regular expression of a token: it has more than 1 capturing group",
    ),
    "tokens that are not in the text": (
        lambda: TokenEncoder(analyzer=lambda text: ["x"]).tokenize("ab"),
        "The analyzer returns 'x', which is not in the text behind character 0",
    ),
    "labels of a sentence without tokens": (
        lambda: TAGGER_OF_LISTS().fit([[], ["a"]], [["X", "X"], ["X"]]),
        "y[0] has 2 value(s), but X[0] has 1 step(s)",
    ),
    "spans that overlap": (
        lambda: spans_to_tags([[("A", 0, 2), ("B", 1, 3)]], [4]),
        "The span ('B', 1, 3) overlaps another",
    ),
}


def TAGGER_OF_LISTS():
    tagger = SequenceTagger(hidden_size=2, max_iter=1)
    return make_pipeline(TokenEncoder(), tagger).fit([["a", "b"]] * 4, [["X", "Y"]] * 4)


@pytest.mark.parametrize("call, message", WRONG_SERIES.values(), ids=WRONG_SERIES)
def test_wrong_series(call, message):
    check(call, message)


@pytest.mark.parametrize("call, message", WRONG_KINDS.values(), ids=WRONG_KINDS)
def test_wrong_kinds_of_series_and_texts(call, message):
    check(call, message, TypeError)


@pytest.mark.parametrize("call, message", WRONG_TEXTS_TO_TAG.values(), ids=WRONG_TEXTS_TO_TAG)
def test_wrong_texts_to_tag(call, message):
    check(call, message)


# Export -------------------------------------------------------------------------------------

BY_SEQUENCE = TimestepTransformer(StandardScaler(), scope="sequence")
NO_STEPS = [
    (BY_SEQUENCE, "The step 'timesteptransformer' of the Pipeline, TimestepTransformer(scope="),
    (TimestepTransformer(PCA(1)), "Export the last step, pipeline[-1], and do before it what"),
    (
        FunctionTransformer(),
        "The step 'functiontransformer' of the Pipeline, FunctionTransformer()",
    ),
    (FunctionTransformer(), "do before it what pipeline[:-1].transform does."),
    (TimestepTransformer(PCA(1)), "or let skl2onnx convert the step: see register_with_skl2onnx."),
]


@pytest.mark.parametrize("to_another_form", [to_onnx, to_torch])
def test_what_cannot_be_exported(to_another_form):
    scaler = StandardScaler().fit(X[0])
    no_network = "StandardScaler is no recurrent network of skrnn: pass the one inside"
    check(lambda: to_another_form(scaler), no_network, TypeError)
    check(lambda: to_another_form(RNNRegressor()), "is not fitted yet", NotFittedError)
    generator = SequenceGenerator(max_iter=1).fit(X[:, 0], ["ab", "ba"] * 6)
    reason = (
        "SequenceGenerator cannot become {}: it writes its answers symbol by symbol in a search"
    )
    form = {to_onnx: "ONNX", to_torch: "a module of torch"}[to_another_form]
    check(lambda: to_another_form(generator), reason.format(form), TypeError)


@pytest.mark.parametrize("step, message", NO_STEPS)
def test_steps_of_a_pipeline_that_cannot_be_exported(step, message):
    pipeline = make_pipeline(step, CLASSIFIER.make(learning_rate="cosine")).fit(X, labels(X))
    check(lambda: to_onnx(pipeline), message, TypeError)


@pytest.mark.parametrize("steps", [[], [("off", "passthrough"), ("too", None)]])
def test_a_pipeline_without_steps_cannot_be_exported(steps):
    message = "The Pipeline has no steps but those that are switched off"
    check(lambda: to_onnx(Pipeline(steps)), message, TypeError)


def test_states_of_what_looks_ahead():
    tags = TAGGER.target(X)
    both = TAGGER.make(learning_rate="cosine", bidirectional=True).fit(X, tags)
    check(lambda: to_onnx(both, with_state=True), "fit it with bidirectional=False")
    crf = TAGGER.make(learning_rate="cosine", bidirectional=False, decoder="crf").fit(X, tags)
    check(lambda: to_onnx(crf, with_state=True), "fit it with decoder='softmax'")


@pytest.mark.parametrize(
    "call, package, extra",
    [
        (to_onnx, "onnx", "onnx"),
        (to_torch, "torch", "torch"),
        (lambda model: register_with_skl2onnx(), "skl2onnx", "skl2onnx"),
    ],
)
def test_packages_that_an_export_lacks(call, package, extra, monkeypatch):
    model = CLASSIFIER.make(learning_rate="cosine").fit(X, labels(X))
    monkeypatch.setitem(sys.modules, package, None)
    remedy = f"install it by pip install 'skrnn[{extra}]'"
    check(lambda: call(model), remedy, ImportError)


# Looking inside, and streams ------------------------------------------------------------------

QUICK = {"hidden_size": 3, "max_iter": 1, "random_state": 0, "learning_rate": "cosine"}
STEPS = np.stack(equal_sequences(12, n_steps=5, n_features=2))
ROWS = np.random.default_rng(0).standard_normal((40, 2))


@cache
def ready(kind):
    """A small fitted estimator, by what it is."""
    y = np.arange(12) % 2
    if kind == "classifier":
        return RNNClassifier(**QUICK, bidirectional=False).fit(STEPS, y)
    if kind == "both directions":
        return RNNClassifier(**QUICK, bidirectional=True).fit(STEPS, y)
    if kind == "regressor of two":
        return RNNRegressor(**QUICK).fit(STEPS, STEPS[:, 0])
    if kind == "tagger":
        return SequenceTagger(**QUICK, bidirectional=False).fit(STEPS, STEPS[:, :, 0] > 0)
    if kind == "ids":
        return RNNClassifier(**QUICK, bidirectional=False).fit(TOKENS, y)
    if kind == "language":
        return RNNLanguageModel(**QUICK).fit(["abab", "ba"])
    if kind == "generator":
        return SequenceGenerator(**QUICK).fit([[0.0], [1.0]], ["ab", "ba"])
    windows = SlidingWindowTransformer(window_size=3, horizon=1)
    return make_pipeline(StandardScaler(), windows, RNNRegressor(**QUICK)).fit(ROWS, ROWS[:, 0])


def look(function, kind, *arguments, **options):
    X = TOKENS if kind == "ids" else STEPS
    return lambda: function(ready(kind), X, *arguments, **options)


def stream_of(kind, n_streams=1):
    return skrnn.stream(ready(kind), n_streams)


# A call, what its message names: the parameter with its value and, last, the remedy.
WRONG_LOOKS = {
    "flow of a pipeline": (
        lambda: gradient_flow(ready("pipeline"), ROWS, ROWS),
        ["Pipeline is no recurrent network", "pass the one inside, such as pipeline[-1]"],
    ),
    "flow of a scaler": (
        lambda: gradient_flow(StandardScaler(), ROWS, ROWS),
        ["StandardScaler is no recurrent network", "search.best_estimator_"],
    ),
    "flow of a generator": (
        lambda: gradient_flow(ready("generator"), [[0.0]], ["ab"]),
        ["SequenceGenerator reads a vector", "pass an estimator that reads sequences"],
    ),
    "saliency of a generator": (
        lambda: saliency(ready("generator"), [[0.0]]),
        ["SequenceGenerator reads a vector", "RNNLanguageModel"],
    ),
    "flow without targets": (look(gradient_flow, "classifier"), ["requires y to be passed"]),
    "flow with other labels": (
        look(gradient_flow, "classifier", ["a"] * 12),
        ["y has the labels ['a']", "which are not among the classes [0 1]"],
    ),
    "flow with fewer targets": (
        look(gradient_flow, "classifier", [0, 1]),
        ["inconsistent numbers of samples: [12, 2]"],
    ),
    "gates of a layer": (
        look(gate_activations, "classifier", layer=1),
        ["layer=1 must be the number of a layer", "from 0 to 0, or from -1 for the last"],
    ),
    "gates of no layer": (
        look(gate_activations, "classifier", layer=None),
        ["layer=None must be the number of a layer", "from 0 to 0"],
    ),
    "gates backward": (
        look(gate_activations, "classifier", direction="backward"),
        ["direction='backward' must be one in which", "'forward'"],
    ),
    "gates sideways": (
        look(gate_activations, "both directions", direction="sideways"),
        ["direction='sideways' must be one in which", "'forward' or 'backward'"],
    ),
    "states of a layer": (
        look(hidden_states, "classifier", layer=-2),
        ["layer=-2 must be the number of a layer", "from -1 for the last"],
    ),
    "states of other features": (
        lambda: hidden_states(ready("classifier"), STEPS[:, :, :1]),
        ["X has 1 features", "expecting 2 features"],
    ),
    "outputs of NaN": (
        lambda: step_outputs(ready("classifier"), STEPS * np.nan),
        ["contains NaN"],
    ),
    "outputs of unknown symbols": (
        lambda: step_outputs(ready("language"), ["abx"]),
        ["X has the symbols 'x'", "fit with unknown_symbol="],
    ),
    "saliency of a class": (
        look(saliency, "classifier", 2),
        ["target=2 is not among the classes [0 1]", "name one"],
    ),
    "saliency of classes": (
        look(saliency, "classifier", [0, 1]),
        ["target has 2 entries, but X has 12 sequences", "give one for each, or one for all"],
    ),
    "saliency of two numbers": (
        look(saliency, "regressor of two"),
        ["target=None, but RNNRegressor predicts 2 numbers", "say which, from 0 to 1"],
    ),
    "saliency of a third number": (
        look(saliency, "regressor of two", 2),
        ["target=2 must be the number of an output", "from 0 to 1"],
    ),
    "saliency of a symbol": (
        lambda: saliency(ready("language"), ["ab"], "x"),
        ["target='x' is not among classes_", "name one of these"],
    ),
    "saliency by a method": (
        look(saliency, "classifier", method="shap"),
        ["The 'method' parameter of saliency must be", "'integrated_gradients'", "Got 'shap'"],
    ),
    "saliency at no points": (
        look(saliency, "classifier", n_points=0),
        ["The 'n_points' parameter of saliency must be an int in the range [1, inf)", "Got 0"],
    ),
    "saliency at a step": (
        look(saliency, "tagger", step=5),
        ["step=5 must be a step that every sequence has", "the shortest of them has 5"],
    ),
    "saliency from a baseline": (
        look(saliency, "classifier", baseline=[0.0]),
        ["baseline has shape (1,)", "a finite number for each of the 2 features"],
    ),
    "saliency from nowhere": (
        look(saliency, "classifier", baseline=[np.inf, 0.0]),
        ["baseline", "must hold a finite number for each of the 2 features"],
    ),
    "importance by": (
        look(permutation_importance, "classifier", np.arange(12) % 2, by="sequence"),
        ["The 'by' parameter of permutation_importance must be", "'feature'", "Got 'sequence'"],
    ),
    "importance of no steps": (
        look(permutation_importance, "classifier", np.arange(12) % 2, by="block", block_size=0),
        ["The 'block_size' parameter of permutation_importance must be", "[1, inf)", "Got 0"],
    ),
    "importance without repeats": (
        look(permutation_importance, "classifier", np.arange(12) % 2, n_repeats=0),
        ["The 'n_repeats' parameter of permutation_importance must be", "[1, inf)", "Got 0"],
    ),
    "importance for a score": (
        look(permutation_importance, "classifier", np.arange(12) % 2, scoring="best"),
        ["'best' is not a valid scoring value", "get_scorer_names()"],
    ),
    "importance of windows": (
        lambda: permutation_importance(ready("pipeline"), ROWS, ROWS[:, 0]),
        ["cuts one series into windows", "pass pipeline[-1] with the windows"],
    ),
    "importance of a text": (
        lambda: permutation_importance(ready("language"), "abab", None),
        ["X is of type str", "expected an array"],
    ),
    "a picture of a gate": (
        look(GateActivationsDisplay.from_estimator, "classifier", gate="f"),
        ["gate='f' must be one of 'r', 'z', 'n'"],
    ),
    "a stream of both directions": (
        lambda: stream_of("both directions"),
        ["(bidirectional=True)", "fit it with bidirectional=False"],
    ),
    "a state of both directions": (
        lambda: ready("both directions").predict(STEPS, return_state=True),
        ["(bidirectional=True)", "fit it with bidirectional=False"],
    ),
    "a state from elsewhere": (
        lambda: ready("classifier").predict_proba(STEPS, initial_state=[np.zeros((1, 3, 1, 2))]),
        ["initial_state has arrays of shapes [(1, 3, 1, 2)]", "pass what return_state=True"],
    ),
    "a state that is none": (
        lambda: setattr(stream_of("classifier"), "state", []),
        ["state has arrays of shapes []", "pass what return_state=True"],
    ),
    "no streams": (lambda: stream_of("tagger", 0), ["n_streams=0 must be a positive integer"]),
    "half a stream": (
        lambda: stream_of("language", 0.5),
        ["n_streams=0.5 must be a positive integer"],
    ),
    "a step of other features": (
        lambda: stream_of("classifier").step([1.0, 2.0, 3.0]),
        ["x has shape (3,)", "pass shape (1, 2)"],
    ),
    "a step that is missing": (
        lambda: stream_of("classifier").step([1.0, np.nan]),
        ["x holds NaN or infinity", "impute what is missing before the step"],
    ),
    "a step that is too large": (
        lambda: stream_of("classifier", 2).step([[1.0, 2.0], [1.0, np.inf]]),
        ["x holds NaN or infinity", "impute what is missing before the step"],
    ),
    "a step of a word": (lambda: stream_of("classifier").step(["a", "b"]), ["must hold numbers"]),
    "an id that is new": (
        lambda: stream_of("ids").step(7),
        ["x holds [7]", "map unseen categories to one that was seen"],
    ),
    "a stream that is not there": (
        lambda: stream_of("classifier", 2).step([[1.0, 2.0]], which=[2]),
        ["which=[2] must name different streams", "from 0 to 1"],
    ),
    "probabilities of numbers": (
        lambda: stream_of("regressor of two").step_proba([1.0, 2.0]),
        ["RNNRegressor predicts numbers, not probabilities", "use step"],
    ),
    "a chunk too few": (
        lambda: stream_of("classifier", 2).push(STEPS[:1]),
        ["chunk has 1 sequences, but there are 2 streams", "give one for each"],
    ),
    "a symbol that is new": (
        lambda: stream_of("language").step("x"),
        ["x has the symbols 'x'", "fit with unknown_symbol="],
    ),
    "two symbols": (
        lambda: stream_of("language").step("ab"),
        ["x has 2 symbols", "pass 1"],
    ),
    "a stream of a scaler": (
        lambda: skrnn.stream(StandardScaler()),
        ["StandardScaler cannot be followed", "pass a recurrent estimator of skrnn"],
    ),
    "a stream of a class": (
        lambda: skrnn.stream(RNNClassifier),
        ["ABCMeta cannot be followed", "pass a recurrent estimator of skrnn"],
    ),
    "a stream of a generator": (
        lambda: stream_of("generator"),
        ["SequenceGenerator answers only when it has read all", "call predict for what has come"],
    ),
    "rows of several series": (
        lambda: stream_of("pipeline", 2).push(ROWS),
        ["push takes the rows of a single series, not of 2"],
    ),
    "a row of other features": (
        lambda: stream_of("pipeline").step([1.0, 2.0, 3.0]),
        ["a row has 2 feature(s)", "pass shape (2,)"],
    ),
}


@pytest.mark.parametrize("call, parts", WRONG_LOOKS.values(), ids=WRONG_LOOKS)
def test_wrong_looks_inside_and_wrong_steps(call, parts):
    with pytest.raises((ValueError, TypeError, AttributeError)) as error:
        call()
    for part in parts:
        assert part in str(error.value)


SYMBOL_ESTIMATORS = {
    "RNNLanguageModel": (RNNLanguageModel, (NAMES,)),
    "SequenceGenerator": (SequenceGenerator, (VECTORS, NAMES)),
    "SequenceTranslator": (SequenceTranslator, (X[:3], NAMES)),
}


@pytest.mark.parametrize("estimator, data", SYMBOL_ESTIMATORS.values(), ids=SYMBOL_ESTIMATORS)
@pytest.mark.parametrize("unknown_symbol", [None, "n"])
def test_classes_of_a_later_call_are_those_of_the_first(estimator, data, unknown_symbol):
    model = estimator(hidden_size=4, unknown_symbol=unknown_symbol)
    classes = sorted(set("".join(NAMES)))
    model.partial_fit(*data, classes=classes).partial_fit(*data, classes=classes)
    seen = model.t_
    other = ", ".join(map(repr, sorted({*classes, "x"} - {"a", "n"})))
    message = f"classes is not the same as on the first call to partial_fit, but differs in {other}"
    check(lambda: model.partial_fit(*data, classes=["a", "n", "x"]), message)
    assert model.t_ == seen


WRONG_VALIDATION_SETS = {
    "values": (SequenceRegressor, (X, X[:, :, 0]), (X, X[:, :, 0] * np.nan, None)),
    "steps": (SequenceRegressor, (X, X[:, :, 0]), (X[:, :2], X[:, :, 0], None)),
    "weights": (RNNRegressor, (X, np.ones(12)), (X, np.ones(12), [1.0])),
    "features": (RNNRegressor, (X, np.ones(12)), (X[:, :, :1], np.ones(12), None)),
    "texts": (RNNLanguageModel, (NAMES, None), (["x"], None, None)),
    "symbols": (SequenceTranslator, (X[:3], NAMES), (X[:3], ["x"] * 3, None)),
    "numbers": (SequenceGenerator, (VECTORS, NAMES), (VECTORS, [1, 2, 3], None)),
}


@pytest.mark.parametrize(
    "estimator, given, validation", WRONG_VALIDATION_SETS.values(), ids=WRONG_VALIDATION_SETS
)
def test_errors_of_the_validation_set_say_so(estimator, given, validation):
    names = ["X_val", "y_val", "sample_weight_val"]
    options = {n: v for n, v in zip(names, validation, strict=True) if v is not None}
    with pytest.raises((ValueError, TypeError)) as error:
        estimator(hidden_size=4, max_iter=1).fit(*given, **options)
    assert "the validation set: X is what was passed as X_val" in error.value.__notes__[0]
    with pytest.raises((ValueError, TypeError)) as error:
        estimator(hidden_size=4, max_iter=1).fit([], given[1])
    assert not hasattr(error.value, "__notes__")
