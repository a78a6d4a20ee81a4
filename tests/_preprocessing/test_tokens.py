import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.utils import InputTags, estimator_checks, get_tags
from sklearn.utils.estimator_checks import check_estimator

from skrnn import SequenceArray
from skrnn._preprocessing.tokens import TokenEncoder

TEXTS = ["The cat sat on the mat.", "A dog SAT here, too!", "the dog's a dog: the 2nd Ünder-dog"]
TOKENS = [["the", "cat", "sat"], ["a", "dog", "sat", "down"], ["the"]]


def assert_same_sequences(a, b):
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert_array_equal(x, y)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lowercase": False},
        {"analyzer": "char"},
        {"analyzer": "char", "lowercase": False},
        {"token_pattern": r"\w+|[^\w\s]"},
        {"token_pattern": r"[a-z]+"},
        {"token_pattern": r"(\w+)'"},
        {"analyzer": str.split},
    ],
    ids=str,
)
def test_texts_are_cut_as_count_vectorizer_cuts_them(params):
    vectorizer = CountVectorizer(**params).fit(TEXTS)
    encoder = TokenEncoder(**params)
    tokens = encoder.inverse_transform(encoder.fit_transform(TEXTS))
    analyze = vectorizer.build_analyzer()
    assert_same_sequences(tokens, [analyze(text) or ["<unk>"] for text in TEXTS])
    assert_array_equal(encoder.get_feature_names_out()[1:], vectorizer.get_feature_names_out())


@pytest.mark.parametrize("min_df", [1, 2, 3, 0.4, 0.67, 1.0])
@pytest.mark.parametrize("max_features", [None, 1, 2, 4])
def test_pruning_is_that_of_count_vectorizer(min_df, max_features):
    # Frequencies differ, for scikit-learn breaks ties in no particular order.
    texts = ["aa aa aa bb cc dd ee ee", "aa aa bb bb cc dd dd", "aa bb bb cc cc ff"]
    vectorizer = CountVectorizer(min_df=min_df, max_features=max_features).fit(texts)
    encoder = TokenEncoder(min_df=min_df, max_features=max_features).fit(texts)
    assert_array_equal(encoder.get_feature_names_out()[1:], vectorizer.get_feature_names_out())


def test_ids_by_hand():
    encoder = TokenEncoder(token_features=None).fit(TOKENS)
    assert encoder.vocabulary_ == {"a": 1, "cat": 2, "dog": 3, "down": 4, "sat": 5, "the": 6}
    ids = encoder.transform([["the", "bird", "sat"], ["a"], []])
    assert ids.shape == (3,)
    assert [x.tolist() for x in ids] == [[6, 0, 5], [1], [0]]
    assert {x.dtype for x in ids} == {np.dtype(np.int64)}
    tokens = encoder.inverse_transform(ids)
    assert [x.tolist() for x in tokens] == [["the", "<unk>", "sat"], ["a"], ["<unk>"]]
    names = ["<unk>", "a", "cat", "dog", "down", "sat", "the"]
    assert encoder.get_feature_names_out().tolist() == names


@pytest.mark.parametrize(
    "X, params, features",
    [
        (TOKENS, {}, ["lower", "suffix3", "shape"]),
        (["the cat sat"], {}, []),
        ([["a", "b"], ["b"]], {}, []),
        (TOKENS, {"vocabulary": ["the", "cat"]}, []),
        (TOKENS, {"token_features": ["shape"]}, ["shape"]),
        (TOKENS, {"token_features": None}, []),
    ],
)
def test_lists_of_tokens_have_the_features_of_their_form(X, params, features):
    encoder = TokenEncoder(**params).fit(X)
    assert encoder.token_features_ == features
    assert len(encoder.feature_vocabularies_) == len(features)
    assert encoder.transform(X)[0].ndim == (2 if features else 1)


def test_tokens_of_one_sequence_have_no_id_where_there_are_many():
    words = [[f"word{i}", "a" if i % 2 else "b", "b"] for i in range(1000)]
    many = TokenEncoder(token_features=["suffix1"]).fit(words)
    assert many.vocabulary_ == {"a": 1, "b": 2}
    assert len(many.feature_vocabularies_[0]) == 10 + 2  # all digits, a and b
    assert len(TokenEncoder(min_df=1).fit(words).vocabulary_) == 1002
    assert len(TokenEncoder().fit(words[1:]).vocabulary_) == 1001
    # What is in one sequence each is all there is.
    ones = [[f"word{i}"] for i in range(1000)]
    assert len(TokenEncoder().fit([*ones, [], []]).vocabulary_) == 1000


def test_equally_frequent_tokens_are_kept_in_order():
    X = [["d", "c"], ["b", "a"], ["c", "b"]]
    for tokens in (X, X[::-1]):
        assert TokenEncoder(max_features=3).fit(tokens).vocabulary_ == {"a": 1, "b": 2, "c": 3}


def test_empty_texts_are_one_unknown_token_and_leave_no_trace():
    encoder = TokenEncoder(token_features=["lower", len]).fit(["", "!?", "word"])
    assert encoder.vocabulary_ == {"word": 1}
    assert encoder.feature_vocabularies_ == [{"word": 1}, {4: 1}]
    ids = encoder.transform(["?", "", "word"])
    assert [x.tolist() for x in ids] == [[[0, 0, 0]], [[0, 0, 0]], [[1, 1, 1]]]


def object_array(items):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        iter,
        object_array,
        lambda X: [tuple(tokens) for tokens in X],
        lambda X: [np.array(tokens) for tokens in X],
        lambda X: [np.array(tokens, dtype=object) for tokens in X],
        lambda X: object_array([iter(tokens) for tokens in X]),
    ],
)
def test_forms_of_token_lists(form):
    expected = TokenEncoder().fit_transform(TOKENS)
    assert_same_sequences(TokenEncoder().fit_transform(form(TOKENS)), expected)


def test_arrays_of_tokens_and_of_texts():
    tokens = [["the", "cat"], ["a", "dog"]]
    expected = TokenEncoder().fit_transform(tokens)
    assert_same_sequences(TokenEncoder().fit_transform(np.array(tokens)), expected)
    expected = TokenEncoder().fit_transform(TEXTS)
    assert_same_sequences(TokenEncoder().fit_transform(np.array(TEXTS)), expected)
    utf8 = [text.encode() for text in TEXTS]
    assert_same_sequences(TokenEncoder().fit_transform(utf8), expected)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("X", [TEXTS, TOKENS], ids=["texts", "tokens"])
def test_series(library, X):
    series = pytest.importorskip(library).Series(X)
    assert_same_sequences(TokenEncoder().fit_transform(series), TokenEncoder().fit_transform(X))


def test_given_tokens_keep_their_case_and_texts_do_not():
    assert TokenEncoder().fit([["The", "the"]]).vocabulary_ == {"The": 1, "the": 2}
    assert TokenEncoder().fit(["The the"]).vocabulary_ == {"the": 1}


@pytest.mark.parametrize(
    "feature, token, value",
    [
        ("lower", "McDonald", "mcdonald"),
        ("prefix1", "McDonald", "m"),
        ("prefix3", "McDonald", "mcd"),
        ("prefix12", "McDonald", "mcdonald"),
        ("suffix1", "McDonald", "d"),
        ("suffix3", "CATS", "ats"),
        ("suffix9", "a", "a"),
        ("shape", "Rome", "Xxxx"),
        ("shape", "London-12", "Xxxxx-dd"),
        ("shape", "1234567", "dddd"),
        ("shape", "U.S.", "X.X."),
        ("shape", "iPhone3GS", "xXxxxxdXX"),
        ("shape", "ÄÖü-ß", "XXx-x"),
        ("shape", "猫", "x"),
        ("shape", "......", "...."),
        ("shape", "a\n\n\n\n\n\nb", "x\n\n\n\nx"),
        (str.title, "mcdonald", "Mcdonald"),
    ],
)
def test_values_of_token_features(feature, token, value):
    encoder = TokenEncoder(token_features=[feature]).fit([[token]])
    assert encoder.feature_vocabularies_ == [{value: 1}]


def test_columns_have_vocabularies_of_their_own():
    encoder = TokenEncoder(token_features=("suffix2", "shape"), min_df=2)
    X = [["walking", "talking", "In"], ["singing", "At"], ["walking", "7", "In"]]
    ids = encoder.fit_transform(X)
    assert encoder.vocabulary_ == {"In": 1, "walking": 2}
    assert encoder.feature_vocabularies_ == [{"in": 1, "ng": 2}, {"Xx": 1, "xxxx": 2}]
    assert ids[0].tolist() == [[2, 2, 2], [0, 2, 2], [1, 1, 1]]
    assert ids[1].tolist() == [[0, 2, 2], [0, 0, 1]]
    assert ids[2].tolist() == [[2, 2, 2], [0, 0, 0], [1, 1, 1]]
    # An unknown word still has a known ending and shape.
    assert encoder.transform([["Sing", "ring"]])[0].tolist() == [[0, 2, 0], [0, 2, 2]]
    assert encoder.inverse_transform(ids)[0].tolist() == ["walking", "<unk>", "In"]


def test_a_callable_analyzer_gets_every_entry_as_it_is():
    encoder = TokenEncoder(analyzer=lambda pair: (word for word in pair[1].split()))
    ids = encoder.fit_transform([(7, "b a"), (8, "a")])
    assert [x.tolist() for x in ids] == [[2, 1], [1]]


@pytest.mark.parametrize(
    "vocabulary",
    [["sat", "the", "cat"], ("sat", "the", "cat"), {"the": 2, "cat": 3, "sat": 1}, np.array],
)
def test_a_given_vocabulary_fixes_the_ids(vocabulary):
    vocabulary = np.array(["sat", "the", "cat"]) if vocabulary is np.array else vocabulary
    encoder = TokenEncoder(vocabulary=vocabulary, min_df=3, max_features=1)
    assert [x.tolist() for x in encoder.fit_transform(TOKENS)] == [[2, 3, 1], [0, 0, 1, 0], [2]]
    assert encoder.get_feature_names_out().tolist() == ["<unk>", "sat", "the", "cat"]
    again = TokenEncoder(vocabulary=encoder.vocabulary_)
    assert_same_sequences(again.fit_transform(TOKENS), encoder.transform(TOKENS))


def test_a_set_of_tokens_is_sorted():
    vocabulary = {"the", "cat", "sat", "dog"}
    expected = {"cat": 1, "dog": 2, "sat": 3, "the": 4}
    assert TokenEncoder(vocabulary=vocabulary).fit(TOKENS).vocabulary_ == expected


@pytest.mark.parametrize(
    "vocabulary",
    [[], ["a", "a"], {"a": 0, "b": 1}, {"a": 1, "b": 3}, {"a": 1, "b": 1}, {"a": None}],
)
def test_vocabularies_that_are_none(vocabulary):
    with pytest.raises(ValueError, match="vocabulary must be an iterable of different tokens"):
        TokenEncoder(vocabulary=vocabulary).fit(TOKENS)


@pytest.mark.parametrize(
    "X, error, message",
    [
        ("one text", TypeError, "Got one str: put a single text into a list"),
        (None, TypeError, "Got one NoneType"),
        ([], ValueError, "X has 0 entries"),
        (["a b", b"caf\xe9"], ValueError, r"X\[1\] is no text in UTF-8 .*: decode it first"),
        ([["a"], 3], TypeError, r"X\[1\] is 3, but must be a text or a list of tokens"),
        (["a", np.nan], TypeError, r"X\[1\] is nan"),
        (["a", None], TypeError, r"X\[1\] is None"),
        ([{"a": 1}], TypeError, r"X\[0\] is \{'a': 1\}"),
        ([["a", 7]], TypeError, r"Tokens must be strings, but X holds 7; use str\(token\)"),
        ([["a", None]], TypeError, "Tokens must be strings, but X holds None"),
        (np.ones((2, 3)), TypeError, "Tokens must be strings, but X holds 1.0"),
        ([[(0.5, 1), "a"]], TypeError, r"but X holds \(0.5, 1\); networks read values as they are"),
        (np.array([["a b"], ["c"]]), ValueError, r"X has shape \(2, 1\).*pass X\[:, 0\] for texts"),
        (np.array([["a b"], ["c"]], object), ValueError, "its one column may hold texts or tokens"),
        ([[["a"], ["b"]]], TypeError, r"strings, but X\[0\] holds \['a'\]"),
        (["?"], ValueError, "No token is left for the vocabulary: X has 0 different ones"),
    ],
)
def test_what_is_neither_text_nor_tokens_is_refused(X, error, message):
    with pytest.raises(error, match=message):
        TokenEncoder().fit(X)


def test_arrays_of_several_columns_and_lists_of_one_token_are_tokens():
    for X in (np.array([["a b", "c"], ["d", "c"]]), [["a b"], ["c"]]):
        encoder = TokenEncoder().fit(X)
        assert_same_sequences(encoder.inverse_transform(encoder.transform(X)), X)


def test_tables_are_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="Got one DataFrame.*one column of a table"):
        TokenEncoder().fit(pd.DataFrame({"text": TEXTS}))


@pytest.mark.parametrize(
    "params, message",
    [
        ({"analyzer": "char_wb"}, "'analyzer' parameter of TokenEncoder must be"),
        ({"min_df": 0}, "'min_df' parameter of TokenEncoder must be"),
        ({"token_features": "shape"}, "'token_features' parameter of TokenEncoder must be"),
        ({"token_features": ["suffix"]}, "holds 'suffix', but can hold 'lower', 'shape'"),
        ({"token_features": ["prefix0"]}, "holds 'prefix0'"),
        (
            {"min_df": 4},
            "No token is left for the vocabulary: X has 6 different ones, and min_df=4",
        ),
    ],
)
def test_parameters_that_are_not_valid(params, message):
    with pytest.raises(ValueError, match=message):
        TokenEncoder(**params).fit(TOKENS)


@pytest.mark.parametrize("ids", [[[0, 7]], [[-1]], np.array([[3, 8]])])
def test_ids_outside_of_the_vocabulary_are_refused(ids):
    with pytest.raises(ValueError, match=r"X\[0\] holds ids .* vocabulary has ids from 0 to 6"):
        TokenEncoder().fit(TOKENS).inverse_transform(ids)


def test_inverse_transform_reads_arrays_and_lists():
    encoder = TokenEncoder().fit(TOKENS)
    for ids in (np.array([[6, 2]]), [[6, 2]], [np.array([6, 2], dtype=np.int8)]):
        assert encoder.inverse_transform(ids)[0].tolist() == ["the", "cat"]


@pytest.mark.parametrize("token_features", [None, ["lower", "shape"]])
def test_the_same_sequence_gets_the_same_ids_anywhere(token_features):
    encoder = TokenEncoder(token_features=token_features)
    ids = encoder.fit_transform(TOKENS)
    assert_same_sequences(ids, clone(encoder).fit(TOKENS).transform(TOKENS))
    assert_same_sequences(ids[::-1], encoder.transform(TOKENS[::-1]))
    assert_same_sequences(ids[1:2], encoder.transform(TOKENS[1:2]))
    assert_same_sequences(ids, pickle.loads(pickle.dumps(encoder)).transform(TOKENS))


def test_input_is_left_alone():
    X = [["b", "a"], []]
    TokenEncoder().fit_transform(X)
    assert X == [["b", "a"], []]


def test_not_fitted():
    for method in ("transform", "inverse_transform"):
        with pytest.raises(NotFittedError):
            getattr(TokenEncoder(), method)([["a"]])
    with pytest.raises(NotFittedError):
        TokenEncoder().get_feature_names_out()


class Counter(BaseEstimator):
    def fit(self, X, y=None):
        self.n_tokens_ = sum(len(x) for x in X)
        return self


def test_a_pipeline_may_ask_for_tables():
    pipeline = make_pipeline(TokenEncoder(), Counter())
    pipeline.set_output(transform="pandas").fit(TOKENS)
    assert pipeline[-1].n_tokens_ == 8
    with config_context(transform_output="pandas"):
        assert isinstance(TokenEncoder().fit_transform(TOKENS), SequenceArray)


@pytest.mark.filterwarnings("ignore:Can't test estimator")
def test_scikit_learn_checks_as_much_as_of_its_own_estimators_of_texts():
    # Which is little, for its checks make numeric tables: hence the test after the next.
    ours, theirs = (
        [(check["check_name"], check["status"]) for check in check_estimator(estimator)]
        for estimator in (TokenEncoder(), CountVectorizer())
    )
    assert ours == theirs


def test_tags_are_those_of_texts():
    tags = get_tags(TokenEncoder())
    assert tags.input_tags == get_tags(CountVectorizer()).input_tags
    assert tags.input_tags == InputTags(string=True, two_d_array=False)
    assert tags.transformer_tags.preserves_dtype == []
    assert tags.requires_fit and not tags.target_tags.required


@pytest.mark.parametrize(
    "check",
    [
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_get_params_invariance",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_param_validation",
        "check_parameters_default_constructible",
        "check_set_params",
        "check_valid_tag_types",
    ],
)
def test_scikit_learn_checks_that_need_no_table(check):
    getattr(estimator_checks, check)("TokenEncoder", TokenEncoder())


# ------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(a)(b)", "(?P<x"])
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_pattern_that_is_none(pattern, method):
    encoder = TokenEncoder(token_pattern=pattern)
    with pytest.raises(ValueError, match=f"{re.escape(repr(pattern))} is no regular"):
        getattr(encoder, method)(TEXTS)


@pytest.mark.parametrize(
    "vocabulary",
    [
        [1, 2],
        {1: 1, 2: 2},
        np.array([1, 2]),
        {1, 2},
        ["a", None],
        [b"a"],
        np.array([["a"]]),
        range(3),
    ],
    ids=str,
)
def test_a_vocabulary_of_other_than_strings_is_refused(vocabulary):
    """No token of a text is a number: every one would be unknown."""
    with pytest.raises(TypeError, match=r"Tokens must be strings, but vocabulary holds .*str\("):
        TokenEncoder(vocabulary=vocabulary).fit(TEXTS)


@pytest.mark.parametrize("kind", ["pandas", "polars", "numpy"])
def test_a_vocabulary_in_a_column(kind):
    library = pytest.importorskip(kind)
    column = (library.array if kind == "numpy" else library.Series)(["the", "cat"])
    assert TokenEncoder(vocabulary=column).fit(TEXTS).vocabulary_ == {"the": 1, "cat": 2}


def test_a_vocabulary_is_no_text_and_no_table():
    pd = pytest.importorskip("pandas")
    for vocabulary in ("words.txt", b"words", pd.DataFrame({"a": ["the"]})):
        with pytest.raises(TypeError, match="vocabulary is a .*must be an iterable of tokens"):
            TokenEncoder(vocabulary=vocabulary).fit(TEXTS)


@pytest.mark.parametrize(
    "function", [lambda t: None, lambda t: 1.5, lambda t: t if "a" in t else 1, lambda t: [t]]
)
def test_a_token_feature_is_a_string(function):
    with pytest.raises(TypeError, match="must return a string for every token, but returns"):
        TokenEncoder(token_features=[function]).fit(TEXTS)


@pytest.mark.parametrize(
    "X", [{"the cat": 1}, {"the cat"}, np.ma.masked_equal(np.array(["the", "cat"]), "the"),
          [np.array("the cat")]], ids=["dict", "set", "masked", "0-d"],
)  # fmt: skip
def test_what_holds_no_texts_in_order(X):
    with pytest.raises(TypeError, match=r"^X"):
        TokenEncoder().fit(X)


@pytest.mark.parametrize("ids", [[[0.5, 1.0]], [[True]], [["1"]], [[np.nan]]], ids=str)
def test_only_integers_are_ids(ids):
    with pytest.raises(ValueError, match=r"X\[0\] is of dtype .*, but ids are integers"):
        TokenEncoder().fit(TEXTS).inverse_transform(ids)
