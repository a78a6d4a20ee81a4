"""Sequences of symbols: what may be given, how it is numbered, and what comes back."""

import re
import tracemalloc
from enum import Enum
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skrnn import RNNLanguageModel, SequenceArray, SequenceGenerator, SequenceTranslator
from skrnn._data.ragged import offsets_of, split_sequences
from skrnn._data.symbols import read_symbols
from skrnn._targets.symbols import Alphabet


class Note(Enum):
    C = 60
    D = 62


def learn(items, **options):
    read = read_symbols(items, "y")
    return Alphabet.learn(read, **options), read


def numbers_of_each(alphabet, read):
    """Encode sequences; return the numbers of the symbols of each."""
    return split_sequences(alphabet.encode(read), offsets_of(read.lengths))


def round_trip(items):
    """Encode sequences and give them back."""
    alphabet, read = learn(items)
    return alphabet.decode(numbers_of_each(alphabet, read))


FORMS = {
    "strings": (["abba", "cab"], str, list("abc")),
    "one-letter strings": (["a", "b"], str, list("ab")),
    "NumPy strings": (np.array(["abba", "cab"]), str, list("abc")),
    "object array": (np.array(["abba", "cab"], object), str, list("abc")),
    "null characters": (["a\0", "\0\0b"], str, ["\0", "a", "b"]),
    "words": ([["the", "boy"], ["the"]], list, ["boy", "the"]),
    "tuples": ([("the", "boy"), ("the",)], tuple, ["boy", "the"]),
    "integers": ([[3, 1], [10, 1]], list, [1, 3, 10]),
    "floats that are integers": ([[3.0, 1.0], [10.0]], list, [1.0, 3.0, 10.0]),
    "fractions": (
        [[Fraction(1, 2), 1], [Fraction(1, 4)]],
        list,
        [Fraction(1, 4), Fraction(1, 2), 1],
    ),
    "arrays": ([np.array([3, 1]), np.array([10])], np.ndarray, [1, 3, 10]),
    "arrays of words": ([np.array(["b", "a"]), np.array(["b"])], np.ndarray, ["a", "b"]),
    "2-D array": (np.array([[3, 1], [1, 10]]), np.ndarray, [1, 3, 10]),
    "chords": ([[(60, 64), (62,)], [(60,)]], list, [(60,), (60, 64), (62,)]),
    "tuples of several types": ([[("a", 1), (2, "b")]], list, [("a", 1), (2, "b")]),
    "members of an Enum": ([[Note.D, Note.C], [Note.D]], list, [Note.C, Note.D]),
    "large integers": ([[2**70, 1]], list, [1, 2**70]),
    "SequenceArray": (SequenceArray.from_list([[3, 1], [10]]), np.ndarray, [1, 3, 10]),
}


@pytest.mark.parametrize("items, kind, classes", FORMS.values(), ids=FORMS)
def test_what_was_given_is_what_comes_back(items, kind, classes):
    result = round_trip(items)
    assert result.shape == (len(items),)
    for ours, given_ in zip(result, items, strict=True):
        assert isinstance(ours, kind)
        assert_array_equal(ours, given_) if kind is np.ndarray else None
        assert list(ours) == list(given_)
    assert learn(items)[0].classes.tolist() == classes


MEASURED = {
    "lists": ([[1.0, 2.0], [3.0, 0.13]], "0.13"),
    "arrays": ([np.array([1.0, 2.0]), np.array([3.0, 2.77], "f4")], "2.7"),
    "half precision": ([[1, 2], [3, np.float16(0.5)]], ""),
    "infinity": ([[1, 2], [3, np.inf]], "inf"),
    "beside words": ([["a", "b"], ["a", 0.5]], "0.5"),
    "tuples": ([[(1, 2), (1, 2)], [(1, 2), (0.5, 1)]], "(0.5, 1)"),
    "tuples of tuples": ([["a", "b"], ["a", (0, (1, np.nan))]], ""),
}


@pytest.mark.parametrize("items, value", MEASURED.values(), ids=MEASURED)
def test_floats_that_were_measured_are_no_symbols(items, value):
    message = f"Unknown label type: continuous. y[1] at step 1 is {value}"
    with pytest.raises(ValueError, match=f"{re.escape(message)}.*SequenceRegressor.*KBins.*str"):
        learn(items)


@pytest.mark.parametrize(
    "estimator, given_",
    [
        (RNNLanguageModel(), ()),
        (SequenceGenerator(), (np.ones((2, 1)),)),
        (SequenceTranslator(), ([[0, 1], [1]],)),
    ],
)
def test_every_estimator_of_symbols_refuses_values(estimator, given_):
    values = np.array([0.13, 2.77])
    for items in ([values] * 2, np.array([values] * 2), [[tuple(values), (1.0, 2.0)]] * 2):
        with pytest.raises(ValueError, match=r"[Xy]\[0\] at step 0 is .*, which is a value"):
            estimator.fit(*given_, items)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_any_text_comes_back(texts):
    if len(set("".join(texts))) > 1:
        assert round_trip(texts).tolist() == texts


def test_columns_of_data_frames():
    for library in ("pandas", "polars"):
        frames = pytest.importorskip(library)
        column = frames.DataFrame({"name": ["Ann", "Bo"], "tag": [1, 2]})["name"]
        assert round_trip(column).tolist() == ["Ann", "Bo"]


def test_numbers_follow_the_order_of_the_symbols_and_the_end_is_the_last():
    alphabet, read = learn(["cab"])
    assert_array_equal(alphabet.encode(read), [2, 0, 1])
    assert alphabet.end == len(alphabet) == 3


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "U3"])
def test_arrays_come_back_in_their_dtype(dtype):
    assert round_trip([np.array([1, 2], dtype), np.array([2], dtype)])[1].dtype == dtype


def test_numbers_take_little_memory():
    text = "abcd" * 1_000_000
    tracemalloc.start()
    try:
        read = read_symbols([text], "y")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    encoded = Alphabet.learn(read).encode(read)
    assert read.numbers.nbytes == encoded.nbytes == len(text)
    assert peak < 3 * len(text)


def test_empty_sequences_where_they_may_be():
    alphabet, _ = learn(["ab"])
    read = read_symbols(["", "b", ""], "X", may_be_empty=True)
    sequences = numbers_of_each(alphabet, read)
    assert alphabet.decode(sequences).tolist() == ["", "b", ""]
    alphabet, _ = learn([["a", "b"]])
    read = read_symbols([""], "X", may_be_empty=True)  # it has no character that were no word
    assert alphabet.decode(numbers_of_each(alphabet, read)).tolist() == [[]]


@pytest.mark.parametrize("n_symbols", [256, 257, 70_000])
def test_numbers_of_symbols_that_appear_late(n_symbols):
    symbols = [0] * 300_000 + list(range(n_symbols))
    read = read_symbols([symbols], "y")
    assert read.numbers.dtype == np.min_scalar_type(n_symbols - 1)
    assert_array_equal(read.numbers, symbols)


# Unknown symbols ----------------------------------------------------------------------------

WORDS = [["the", "boy", "<unk>"], ["the", "girl", "the"]]


def test_unknown_symbols_are_named_with_their_place():
    alphabet, _ = learn(["ab"])
    read = read_symbols(["ab", "bxa", "yx"], "X")
    with pytest.raises(ValueError, match=r"X has the symbols 'x', 'y', which .* X\[1\] at step 1"):
        alphabet.encode(read)
    with pytest.raises(ValueError, match="'q', 'w', 'e', 'r', 't' and 5 more"):
        alphabet.encode(read_symbols(["qwertzuiop"], "X"))


def test_one_of_the_symbols_stands_for_unknown_ones():
    alphabet, _ = learn(WORDS, unknown_symbol="<unk>")
    read = read_symbols([["the", "dog"]], "X")
    assert alphabet.decode([alphabet.encode(read)])[0] == ["the", "<unk>"]


@pytest.mark.parametrize("unknown", ["<unk>", "boy", "<other>"])
def test_rare_symbols_are_left_to_the_unknown_one(unknown):
    alphabet, read = learn(WORDS, unknown_symbol=unknown, min_count=2)
    assert alphabet.classes.tolist() == sorted({"the", unknown})
    numbers = alphabet.encode(read)
    expected = ["the", unknown, unknown, "the", unknown, "the"]
    assert alphabet.classes[numbers].tolist() == expected


def test_classes_may_be_given():
    alphabet, read = learn(["ab"], classes=["b", "c", "a"])
    assert alphabet.classes.tolist() == ["a", "b", "c"]
    assert_array_equal(alphabet.encode(read), [0, 1])
    alphabet, _ = learn(["ab"], classes=["b", "a"], unknown_symbol="?")
    assert alphabet.classes.tolist() == ["?", "a", "b"]


# Bad input ----------------------------------------------------------------------------------

NESTED = [["a", "b"], ["a", ["b"]]]
BAD = {
    "none": (None, TypeError, "y is of type NoneType; expected a list, an array or a column"),
    "number": (3, TypeError, "y is of type int; expected"),
    "0-d array": (np.array(3), TypeError, "y is of type ndarray; expected"),
    "plain string": ("to be", TypeError, "y is the string 'to be'; expected a list"),
    "plain string, remedy": ("to be", TypeError, "A single text is passed as [y]."),
    "bytes": (b"to be", TypeError, "y is of type bytes"),
    "set": ({"a", "b"}, TypeError, "y is of type set"),
    "dict": ({"a": "b"}, TypeError, "y is of type dict"),
    "generator": ((c for c in "ab"), TypeError, "y is of type generator"),
    "nothing": ([], ValueError, "y has 0 sequences, but at least 1 is needed"),
    "empty string": (["ab", ""], ValueError, "y[1] is empty: every sequence needs at least one"),
    "empty list": ([["a", "b"], []], ValueError, "y[1] is empty"),
    "labels": ([1, 2], TypeError, "y[0] is 1, not a sequence of symbols; expected"),
    "array of labels": (np.array([1, 2]), ValueError, "y[0] is 1, but must be one sequence of"),
    "items of bytes": ([b"ab"], TypeError, "y[0] is of type bytes: pass y[0].decode() for its"),
    "items of sets": ([{"a"}], TypeError, "y[0] is {'a'}, not a sequence of symbols"),
    "missing item": ([["a"], None], TypeError, "y[1] is None, not a sequence of symbols"),
    "3-D": (np.ones((2, 2, 2), int), ValueError, "y[0] has shape (2, 2), but must be one"),
    "column": ([np.ones((3, 1))], ValueError, "y[0] has shape (3, 1)"),
    "nested": (NESTED, TypeError, "y[1] at step 1 is ['b'], of type list, but symbols must be"),
    "missing symbol": (
        [["a", "b"], ["a", None]],
        ValueError,
        "y[1] at step 1 is None, which says that something is missing",
    ),
    "NaN": ([np.array([1.0, 2.0]), np.array([1.0, np.nan])], ValueError, "y[1] at step 1 is nan"),
    "not a time": (
        [[np.datetime64("2020"), np.datetime64("NaT", "D")]],
        ValueError,
        "at step 1 is",
    ),
    "mask": ([np.ma.masked_array([1, 2], [0, 1])], TypeError, "y[0] is a masked array"),
    "strings and lists": (
        ["ab", ["a", "b"]],
        TypeError,
        "y[0] is 'ab' and y[1] is ['a', 'b']: the symbols of a string are its characters. Pass",
    ),
    "strings and numbers": ([["a", 1]], TypeError, "are of the types int, str, which have no"),
    "booleans and integers": ([[True, 2], [1]], TypeError, "are of the types bool, int, of which"),
    "booleans and floats": ([(False, 0.0)], TypeError, "are of the types bool, float, of which"),
    "arrays of booleans and integers": (
        [np.array([True, False]), np.array([1, 2])],
        TypeError,
        "The symbols of y are of the types bool, int, of which True would be the same as 1",
    ),
    "one symbol": (["aaa", "a"], ValueError, "y has one class of symbols only, 'a'"),
}


@pytest.mark.parametrize("items, error, message", BAD.values(), ids=BAD)
def test_bad_sequences(items, error, message):
    with pytest.raises(error, match=re.escape(message)):
        learn(items)


def test_data_frames_hold_no_sequences_but_in_a_column():
    pd = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="y is of type DataFrame; expected .* a column of a data"):
        learn(pd.DataFrame({"a": ["ab"]}))
    with pytest.raises(ValueError, match=r"y\[0\] at step 1 is <NA>, which says"):
        learn(pd.Series([["a", pd.NA]]))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"min_count": 2}, "min_count=2 leaves rare symbols to the one that unknown_symbol names"),
        ({"unknown_symbol": "?"}, "unknown_symbol='?' is not among the symbols of y, so that"),
        ({"unknown_symbol": "?"}, "set min_count=2 or more, and it stands for the rare ones"),
        ({"min_count": 9, "unknown_symbol": "a"}, "y has one class of symbols only, 'a'"),
        ({"classes": "a"}, "y has one class of symbols only, 'a'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        learn(["abc"], **options)


def test_sequences_of_another_type_than_those_of_fit():
    words, _ = learn([["a", "b"]])
    texts, _ = learn(["ab"])
    message = "X holds strings of symbols, but those of fit were lists: the symbols of a string"
    with pytest.raises(TypeError, match=message):
        words.encode(read_symbols(["ab"], "X"))
    with pytest.raises(TypeError, match=r"X holds lists .*\. Pass strings\."):
        texts.encode(read_symbols([["a", "b"]], "X"))
    assert_array_equal(words.encode(read_symbols([("b", "a")], "X")), [1, 0])
