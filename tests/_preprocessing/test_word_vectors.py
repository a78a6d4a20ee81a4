import gzip

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import TokenEncoder, load_word_vectors


def write(path, *lines):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        file.write("\n".join(lines))
    return path


GLOVE = ["the 1 2", "cat 3.5 -4e-1", "dog 0 1"]


@pytest.mark.parametrize(
    "name, lines",
    [
        ("glove.txt", GLOVE),
        ("ends.txt", [*GLOVE, ""]),
        ("dos.txt", [line + "\r" for line in GLOVE]),
        ("word2vec.txt", ["3 2", *GLOVE]),
        ("fasttext.vec", ["3 2", *(line + " " for line in GLOVE)]),
        ("twice.txt", [*GLOVE, "cat 9 9"]),
        ("glove.txt.gz", GLOVE),
    ],
)
def test_word_vectors_in_the_formats_there_are(tmp_path, name, lines):
    vocabulary, vectors = load_word_vectors(write(tmp_path / name, *lines))
    assert vocabulary == {"the": 1, "cat": 2, "dog": 3}
    assert vectors.dtype == np.float32
    assert_allclose(vectors, [[1.5, 2.6 / 3], [1, 2], [3.5, -0.4], [0, 1]], rtol=1e-6)
    assert_array_equal(load_word_vectors(str(tmp_path / name))[1], vectors)


def test_word_vectors_of_a_vocabulary(tmp_path):
    path = write(tmp_path / "glove.txt", *GLOVE, "Rome 5 5", "rome 7 7")
    wanted = ["dog", "The", "Rome", "bird"]
    vocabulary, vectors = load_word_vectors(path, vocabulary=wanted, dtype=np.float64)
    assert vocabulary == {"dog": 1, "The": 2, "Rome": 3, "bird": 4}
    # `rome` is read as the lower-cased form of a token, so it counts in the mean.
    mean = [(0 + 1 + 5 + 7) / 4, (1 + 2 + 5 + 7) / 4]
    assert_array_equal(vectors, [mean, [0, 1], [1, 2], [5, 5], mean])
    encoder = TokenEncoder(vocabulary=vocabulary).fit([["x"]])
    assert_array_equal(vectors[encoder.transform([["Rome", "x"]])[0]], [[5, 5], mean])


def test_word_vectors_of_tokens_with_spaces_and_digits(tmp_path):
    path = write(tmp_path / "glove.txt", "a 1 2", ". . . 3 4", "1999 5 6", "\u00a0 7 8")
    assert list(load_word_vectors(path)[0]) == ["a", ". . .", "1999", "\u00a0"]


@pytest.mark.parametrize(
    "lines, vocabulary, message",
    [
        (["the 1 2", "cat 3"], None, "Line 2 of .* is not a token and 2 numbers.*'cat 3'"),
        (["the 1 2", "cat 3 x"], None, "Line 2 of .* is not a token and 2 numbers"),
        (["2 3", "the 1 2"], None, "Line 2 of .* is not a token and 3 numbers"),
        (["the"], None, "Line 1 of .* is not a token and 0 numbers"),
        (["the 1 2"], ["cat"], "has a vector for none of the tokens"),
    ],
)
def test_word_vectors_that_cannot_be_read(tmp_path, lines, vocabulary, message):
    with pytest.raises(ValueError, match=message):
        load_word_vectors(write(tmp_path / "glove.txt", *lines), vocabulary=vocabulary)
