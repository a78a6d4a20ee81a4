"""Streams: steps equal the prefix, states go in and out, and the estimator never changes."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from estimators import CASES, TOKENS, each_case, each_case_with, numbers, sequences
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from skrnn import RNNClassifier, RNNLanguageModel, RNNRegressor, SequenceTagger

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

EXACT = {"rtol": 1e-10, "atol": 1e-12}
X = sequences(12, lengths=(6, 6))
FORWARD = {"bidirectional": False}
SETTINGS = {
    **{cell: {"cell_type": cell} for cell in ("rnn", "lstm", "gru")},
    "deep": {"n_layers": 2},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "last": {"pooling": "last"},
    "quantiles": {"loss": "quantile", "quantile": [0.2, 0.5, 0.8]},
}


def fitted(case, X=X, y=None, **params):
    params = FORWARD | params
    return case.make(**params).fit(X, case.target(X) if y is None else y)


def answer(model, prefix):
    """What an estimator says of the last step of a sequence, or of the whole."""
    predict = getattr(model, "predict_proba", model.predict)
    found = predict([prefix])[0]
    return found[-1] if hasattr(model, "_for_each_step") else found


def step(stream, model, x, **which):
    return (stream.step_proba if hasattr(model, "predict_proba") else stream.step)(x, **which)


@pytest.mark.parametrize(
    "case, params",
    [
        pytest.param(case, params, id=f"{case}-{name}")
        for case in CASES
        for name, params in SETTINGS.items()
        if params.keys() <= case.make().get_params().keys()
    ],
)
def test_steps_give_the_predictions_of_the_prefix(case, params):
    model = fitted(case, **params)
    stream = model.stream()
    for t, x in enumerate(X[0], start=1):
        assert_allclose(step(stream, model, x), answer(model, X[0][:t]), **EXACT)


@each_case
def test_tokens_step_by_step(case):
    model = fitted(case, TOKENS, case.target(numbers(TOKENS)))
    stream = model.stream()
    for t, token in enumerate(TOKENS[5], start=1):
        # Token ids alone are computed in float32.
        assert_allclose(step(stream, model, token), answer(model, TOKENS[5][:t]), rtol=1e-5)


@each_case
def test_categories_beside_numbers(case):
    mixed = [np.column_stack([s, np.arange(len(s)) % 3]) for s in X]
    model = fitted(case, mixed, case.target(X), categorical_features=[2])
    stream = model.stream()
    for t, x in enumerate(mixed[0], start=1):
        assert_allclose(step(stream, model, x), answer(model, mixed[0][:t]), **EXACT)


@each_case
def test_streams_side_by_side_that_move_at_different_times(case):
    model, rng = fitted(case), np.random.default_rng(0)
    stream, seen = model.stream(4), [0, 0, 0, 0]
    for _ in range(12):
        which = np.flatnonzero((rng.random(4) < 0.5) & (np.array(seen) < 6))
        if not len(which):
            continue
        found = step(stream, model, np.stack([X[i][seen[i]] for i in which]), which=which)
        for i, value in zip(which, found, strict=True):
            seen[i] += 1
            assert_allclose(value, answer(model, X[i][: seen[i]]), **EXACT)


@each_case
def test_chunks_equal_steps(case):
    model = fitted(case)
    one, other = model.stream(), model.stream()
    pushed = one.push(X[0][:4])
    steps = [other.step(x) for x in X[0][:4]]
    if hasattr(model, "_for_each_step"):
        assert_array_equal(pushed, np.asarray(steps))
    else:
        assert_array_equal(pushed, steps[-1])
    for ours, theirs in zip(one.state, other.state, strict=True):
        assert_allclose(ours, theirs, **EXACT)
    many = model.stream(2)
    many.push([X[0][:4], X[1][:2]])
    assert_allclose(step(many, model, X[0][4:5], which=[0])[0], answer(model, X[0][:5]), **EXACT)


@each_case
def test_the_state_is_the_caller_s(case):
    model = fitted(case)
    stream = model.stream(2)
    stream.push(np.stack([X[0][:3], X[1][:3]]))
    state = stream.state
    expected = step(stream, model, np.stack([X[0][3], X[1][3]]))
    stream.state = state
    assert_array_equal(step(stream, model, np.stack([X[0][3], X[1][3]])), expected)
    stream.state = state
    for other in (stream.copy(), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        assert_allclose(step(other, model, np.stack([X[0][3], X[1][3]])), expected, **EXACT)
    for ours, theirs in zip(stream.state, state, strict=True):
        assert_array_equal(ours, theirs)
    stream.reset(which=[1])
    assert_allclose(step(stream, model, X[1][:1], which=[1])[0], answer(model, X[1][:1]), **EXACT)
    assert_allclose(step(stream, model, X[0][3:4], which=[0])[0], expected[0], **EXACT)
    fresh = stream.reset().state
    assert_array_equal(fresh[0], 0)


@each_case
def test_the_estimator_does_not_change(case):
    model = fitted(case)
    before = pickle.dumps(model)
    model.stream().push(X[0])
    assert pickle.dumps(model) == before


def test_a_table_of_series_is_followed_value_by_value():
    table = np.random.default_rng(0).standard_normal((20, 5))
    model = RNNRegressor(hidden_size=4, max_iter=2, random_state=0).fit(table, table.sum(axis=1))
    stream = model.stream()
    for value in table[0]:
        found = stream.step(value)
    assert_allclose(found, model.predict(table[:1])[0], **EXACT)
    many = model.stream(20)
    for column in table.T:
        found = many.step(column)
    assert_allclose(found, model.predict(table), **EXACT)


# Bad input ----------------------------------------------------------------------------------

MODEL = RNNClassifier(hidden_size=3, max_iter=1, bidirectional=False, random_state=0).fit(
    X, np.arange(12) % 2
)
IDS = RNNClassifier(hidden_size=3, max_iter=1, bidirectional=False, random_state=0).fit(
    TOKENS, np.arange(24) % 2
)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: MODEL.stream(0), "n_streams=0 must be a positive integer"),
        (lambda: MODEL.stream("2"), "n_streams='2' must be a positive integer"),
        (lambda: MODEL.stream().step([1.0]), r"x has shape \(1,\), but a step of 1 stream"),
        (lambda: MODEL.stream().step([[1.0, 2.0], [3.0, 4.0]]), r"shape \(1, 2\), or .* push"),
        (lambda: MODEL.stream(3).step([1.0, 2.0]), r"pass shape \(3, 2\)"),
        (lambda: MODEL.stream().step([np.nan, 1.0]), "x holds NaN or infinity"),
        (lambda: MODEL.stream().step([np.inf, 1.0]), "x holds NaN or infinity"),
        (lambda: MODEL.stream(2).step([[1.0, 2.0], [-np.inf, 1.0]]), "x holds NaN or infinity"),
        (lambda: MODEL.stream().step(["a", "b"]), "must hold numbers"),
        (lambda: MODEL.stream(3).step(np.zeros((1, 2)), which=[3]), "from 0 to 2"),
        (lambda: MODEL.stream(3).step(np.zeros((2, 2)), which=[1, 1]), "different streams"),
        (lambda: MODEL.stream(3).reset(which=[-1]), "from 0 to 2"),
        (lambda: MODEL.stream(2).push([X[0]]), "chunk has 1 sequences, but there are 2 streams"),
        (lambda: setattr(MODEL.stream(2), "state", MODEL.stream().state), "state has arrays of"),
        (lambda: IDS.stream().step(99), "fit saw ids from 0 to 8"),
        (lambda: IDS.stream().step(-1), "fit saw ids from 0 to 8"),
        (lambda: IDS.stream(4).step([3, 99, 8, -1]), r"x holds \[-1, 99\] in the categorical"),
        (lambda: IDS.stream().step(0.5), "fit saw ids from 0 to 8"),
    ],
)
def test_what_a_stream_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_step_is_whatever_holds_numbers():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"a": pd.array([1], "Int64"), "b": [True]})
    expected = MODEL.stream().step_proba([1.0, 1.0])
    for x in (table.iloc[0], np.array([1, 1.0], object), [Fraction(1), True], table):
        assert_array_equal(np.ravel(MODEL.stream().step_proba(x)), expected)
    with pytest.raises(TypeError, match="x holds objects that are not numbers"):
        MODEL.stream().step([{}, 1.0])


@each_case
def test_a_stream_needs_a_fit_and_cannot_look_ahead(case):
    with pytest.raises(NotFittedError):
        case.make(**FORWARD).stream()
    with pytest.raises(ValueError, match="fit it with bidirectional=False"):
        fitted(case, bidirectional=True).stream()


def test_a_crf_looks_ahead():
    y = [np.where(x[:, 0] > 0, "a", "b") for x in X]
    model = SequenceTagger(decoder="crf", bidirectional=False, hidden_size=2, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="fit it with decoder='softmax'"):
        model.stream()


def test_numbers_have_no_probabilities():
    model = RNNRegressor(hidden_size=2, max_iter=1, bidirectional=False).fit(X, np.arange(12.0))
    with pytest.raises(AttributeError, match="RNNRegressor predicts numbers"):
        model.stream().step_proba(X[0][0])


# States in and out of predictions -------------------------------------------------------------


def predictions(model):
    """Methods of an estimator that take a state and give one back."""
    return [getattr(model, name) for name in ("predict", "predict_proba") if hasattr(model, name)]


@each_case_with("params", SETTINGS)
def test_two_halves_equal_the_whole(case, params):
    model = fitted(case, **params)
    lengths = np.arange(12) % 5 + 1
    first = [x[:n] for x, n in zip(X, lengths, strict=True)]
    second = [x[n:] for x, n in zip(X, lengths, strict=True)]
    for predict in predictions(model):
        before, state = predict(first, return_state=True)
        after, end = predict(second, initial_state=state, return_state=True)
        whole, same_end = predict(X, return_state=True)
        for found, expected in zip(whole, predict(X), strict=True):
            assert_array_equal(found, expected)
        if hasattr(model, "_for_each_step"):
            joined = [np.concatenate(pair) for pair in zip(before, after, strict=True)]
            for found, expected in zip(joined, whole, strict=True):
                assert_close_or_equal(found, expected)
        else:
            assert_close_or_equal(after, whole)
        for ours, theirs in zip(end, same_end, strict=True):
            assert_allclose(ours, theirs, **EXACT)


def assert_close_or_equal(found, expected):
    if expected.dtype.kind == "f":
        assert_allclose(found, expected, **EXACT)
    else:
        assert_array_equal(found, expected)


@each_case
def test_the_state_of_a_prediction_is_that_of_a_stream(case):
    model = fitted(case)
    _, state = model.predict(X[:3], return_state=True)
    stream = model.stream(3)
    stream.push(X[:3])
    for ours, theirs in zip(stream.state, state, strict=True):
        assert_allclose(ours, theirs, **EXACT)
    stream.reset().state = state
    x = np.stack([x[0] for x in X[3:6]])
    found = step(stream, model, x)
    whole = [np.vstack([X[i], x[i : i + 1]]) for i in range(3)]
    assert_allclose(found, [answer(model, w) for w in whole], **EXACT)


@each_case
def test_states_are_not_written_to(case):
    model = fitted(case)
    _, state = model.predict(X, return_state=True)
    before = [s.copy() for s in state]
    model.predict(X, initial_state=state)
    for ours, theirs in zip(state, before, strict=True):
        assert_array_equal(ours, theirs)


@each_case
def test_states_that_do_not_fit(case):
    model = fitted(case)
    _, state = model.predict(X[:4], return_state=True)
    with pytest.raises(ValueError, match="initial_state has arrays of shapes .* for as many"):
        model.predict(X, initial_state=state)
    with pytest.raises(ValueError, match="fit it with bidirectional=False"):
        fitted(case, bidirectional=True).predict(X, return_state=True)
    with pytest.raises(ValueError, match="fit it with bidirectional=False"):
        fitted(case, bidirectional=True).predict(X, initial_state=state)


def test_states_are_no_metadata():
    for case in CASES:
        assert not hasattr(case.estimator, "set_predict_request")


# Symbols --------------------------------------------------------------------------------------

TEXTS = ["abba", "abab", "ba", "cab"]
LANGUAGE = {"hidden_size": 4, "max_iter": 2, "random_state": 0, "dtype": "float64"}


@pytest.mark.parametrize("params", [{"cell_type": "lstm"}, {"n_layers": 2}, {"cell_type": "rnn"}])
def test_symbols_step_by_step(params):
    model = RNNLanguageModel(**LANGUAGE | params).fit(TEXTS)
    stream, branch = model.stream(), model.stream()
    for n in range(1, 5):
        found = stream.step_proba("abca"[n - 1])
        assert_allclose(found, model.predict_proba(["abca"[:n]])[0], **EXACT)
        assert branch.step("abca"[n - 1]) == model.predict(["abca"[:n]])[0]
    assert stream.reset().push("abca") == model.predict(["abca"])[0]
    assert_allclose(stream.step_proba("b"), model.predict_proba(["abcab"])[0], **EXACT)


@pytest.mark.parametrize("kind", [str, list, tuple, np.array])
def test_many_texts_that_grow_at_different_times(kind):
    def as_kind(text):
        return kind(text if kind is str else list(text))

    texts = [as_kind(text) for text in TEXTS]
    model = RNNLanguageModel(**LANGUAGE).fit(texts)
    stream = model.stream(3)
    assert_array_equal(stream.push(texts[:3]), model.predict(texts[:3]))
    found = stream.step_proba(["c", "a"], which=[2, 0])
    expected = model.predict_proba(
        [kind(list(t) if kind is not str else t) for t in ("bac", "abbaa")]
    )
    assert_allclose(found, expected, **EXACT)
    again = pickle.loads(pickle.dumps(stream))
    assert_array_equal(again.step(list("abc")), stream.step(list("abc")))
    stream.reset(which=[1])
    found, expected = stream.step_proba(["b"], which=[1]), model.predict_proba([as_kind("b")])
    assert_allclose(found, expected, **EXACT)


def test_symbols_of_any_kind():
    notes = [[(60, 1), (62, 2), (60, 1)], [(62, 2), (64, 4)]]
    model = RNNLanguageModel(**LANGUAGE).fit(notes)
    stream = model.stream()
    assert stream.step((60, 1)) == model.predict([[(60, 1)]])[0]
    rare = RNNLanguageModel(**LANGUAGE, unknown_symbol="?", min_count=2).fit(["abz", "abab"])
    assert_allclose(rare.stream().step_proba("x"), rare.predict_proba(["z"])[0], **EXACT)


def test_texts_in_two_halves():
    model = RNNLanguageModel(**LANGUAGE).fit(TEXTS)
    first, second = ["ab", "", "abbab"], ["ba", "c", "a"]
    _, state = model.predict(first, return_state=True)
    for predict in (model.predict, model.predict_proba):
        found, end = predict(second, initial_state=state, return_state=True)
        whole, same_end = predict(
            [a + b for a, b in zip(first, second, strict=True)], return_state=True
        )
        assert_close_or_equal(found, whole)
        for ours, theirs in zip(end, same_end, strict=True):
            assert_allclose(ours, theirs, **EXACT)
    stream = model.stream(3)
    stream.state = state
    assert_array_equal(stream.push(second), model.predict(["abba", "c", "abbaba"]))


LANGUAGE_MODEL = RNNLanguageModel(**LANGUAGE | {"learning_rate": "cosine"}).fit(TEXTS)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: LANGUAGE_MODEL.stream().step("x"), "x has the symbols 'x', which are not among"),
        (lambda: LANGUAGE_MODEL.stream().step("ab"), "x has 2 symbols, but a step of 1 stream"),
        (lambda: LANGUAGE_MODEL.stream(2).step("a"), "x has 1 symbols, but a step of 2 stream"),
        (lambda: LANGUAGE_MODEL.stream(2).step(["a", None]), "'NoneType' and 'str'|is None, which"),
        (lambda: LANGUAGE_MODEL.stream(2).push(["a"]), "chunk has 1 sequences, but there are 2"),
        (lambda: LANGUAGE_MODEL.stream(2).push(["a", ""]), r"chunk\[1\] is empty"),
        (lambda: LANGUAGE_MODEL.stream().push("axb"), "chunk has the symbols 'x'"),
        (lambda: LANGUAGE_MODEL.stream(0), "n_streams=0 must be a positive integer"),
        (
            lambda: LANGUAGE_MODEL.predict(["a", ""], initial_state=LANGUAGE_MODEL.stream(2).state),
            r"X\[1\] is empty, but what goes on from initial_state",
        ),
        (
            lambda: LANGUAGE_MODEL.predict(["a"], initial_state=LANGUAGE_MODEL.stream(2).state),
            "initial_state has arrays of shapes",
        ),
    ],
)
def test_what_a_stream_of_symbols_refuses(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_a_stream_of_symbols_needs_a_fit():
    with pytest.raises(NotFittedError):
        RNNLanguageModel().stream()


@pytest.mark.parametrize("large", [1e300, -1e160])
def test_a_value_whose_square_is_beyond_floats_is_no_warning(large):
    X = np.random.default_rng(0).normal(size=(4, 3, 2))
    model = RNNRegressor(hidden_size=2, max_iter=1, random_state=0).fit(X, np.arange(4.0))
    x = X[0, 0].copy()
    x[0] = large
    assert np.isfinite(model.stream().step(x))
