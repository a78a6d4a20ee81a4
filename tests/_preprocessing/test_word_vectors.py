import gzip
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from skrnn import (
    RNNClassifier,
    SequenceArray,
    SequenceTagger,
    TokenEncoder,
    WordVectors,
    load_word_vectors,
)


def write(path, *lines, encoding="utf-8"):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding=encoding, newline="") as file:
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
        ("tabs.txt", [line.replace(" ", "\t") for line in GLOVE]),
        ("mixed.txt", ["3\t2", "the\t1 2", "cat  3.5  -4e-1", "dog 0\t 1\t"]),
        ("mark.txt", ["\ufeff3 2", *GLOVE]),
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


@pytest.mark.parametrize("first", [". . . 3 4", "1999 3 4", "3 3 4"])
def test_the_size_is_that_of_the_first_line_whatever_its_token(tmp_path, first):
    vectors = load_word_vectors(write(tmp_path / "glove.txt", first, "a 1 2"))
    assert list(vectors.vocabulary) == [first[:-4], "a"]
    assert_array_equal(vectors.vectors, [[2, 3], [3, 4], [1, 2]])


@pytest.mark.parametrize(
    "lines, vocabulary, message",
    [
        (["the 1 2", "cat 3"], None, "Line 2 of .* is not a token and 2 numbers.*'cat 3'"),
        (["the 1 2", "cat 3 x"], None, "Line 2 of .* is not a token and 2 numbers"),
        (["the 1 2", "cat 9 1 2"], None, "Line 2 of .* is not a token and 2 numbers"),
        (["the 1 2", "cat 9 1 2"], ["the"], "Line 2 of .* is not a token and 2 numbers"),
        (["the 1 2", "cat\t9\t1\t2"], None, "Line 2 of .* is not a token and 2 numbers"),
        (["the 1 2", "cat"], ["the"], "Line 2 of .* is not a token and 2 numbers"),
        (["the 1", "cat 1 2"], None, "Line 2 of .* is not a token and 1 numbers"),
        (["the 1 2 3", "cat 1 2"], None, "Line 2 of .* is not a token and 3 numbers"),
        (["2 3", "the 1 2"], None, "Line 2 of .* is not a token and 3 numbers"),
        (["2 1", "the 1 2"], None, "Line 2 of .* is not a token and 1 numbers"),
        (["3 2", *GLOVE[:2]], None, "announces 3 vectors, but 2 follow"),
        (["2 2", *GLOVE], ["the"], "announces 2 vectors, but 3 follow"),
        (["the"], None, "Line 1 of .* is not a token and numbers, separated by"),
        (["the 1 2 |", "cat 1 2 |"], None, "Line 1 of .* is not a token and numbers.*'the 1 2 |'"),
        (["the 1 NA 3"], None, "Line 1 of .* is not a token and numbers.*'the 1 NA 3'"),
        (["the 1 2,5 3", "cat 1 2 3"], ["cat"], "Line 1 of .* is not a token and numbers"),
        (["the 1 2"], ["cat"], "has a vector for none of the tokens"),
        ([""], ["cat"], "has a vector for none of the tokens"),
        ([""], None, "glove.txt has no vectors"),
        (["the 1 nan 3", "cat 1 2 3"], None, "Line 1 of .* has NaN.* in the vector of 'the'"),
        (["the 1 2 nan", "cat 1 2 3"], None, "Line 1 of .* has NaN.* in the vector of 'the'"),
        (["the -inf 2", "cat 1 2"], None, "Line 1 of .* has NaN, infinity.*'the'"),
        (["the 1 1e400 3"], None, "Line 1 of .* number too large for float32"),
        (["1 3", "the 1 nan 3"], None, "Line 2 of .* has NaN.* in the vector of 'the'"),
        (["the 1 2", "cat nan 2"], None, "Line 2 of .* has NaN.* in the vector of 'cat'"),
        (["the 1 2", "cat 1 inf"], ["cat"], "Line 2 of .* has NaN, infinity"),
        (["the 1 2", "cat 1 1e39"], None, "number too large for float32"),
    ],
)
def test_word_vectors_that_cannot_be_read(tmp_path, lines, vocabulary, message):
    with pytest.raises(ValueError, match=message):
        load_word_vectors(write(tmp_path / "glove.txt", *lines), vocabulary=vocabulary)


@pytest.mark.parametrize("first", ["the 1 nan 3", "the 1 2 inf", "nan nan nan nan"])
def test_what_the_vectors_of_other_tokens_are_does_not_matter(tmp_path, first):
    path = write(tmp_path / "glove.txt", first, "cat 1 2 3")
    assert_array_equal(load_word_vectors(path, vocabulary=["cat"]).vectors[1], [1, 2, 3])


def test_a_large_number_fits_into_float64(tmp_path):
    path = write(tmp_path / "glove.txt", "the 1 1e39")
    assert load_word_vectors(path, dtype=np.float64).vectors[1, 1] == 1e39
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got int64"):
        load_word_vectors(path, dtype=np.int64)


def test_the_encoding_is_checked(tmp_path):
    path = write(tmp_path / "glove.txt", "caf\u00e9 1 2", "the 0 1", encoding="latin-1")
    for vocabulary in (None, ["the"]):
        with pytest.raises(ValueError, match="line 1 of .* is not in the encoding 'utf-8'.*latin"):
            load_word_vectors(path, vocabulary=vocabulary)
    latin = load_word_vectors(path, encoding="latin-1")
    assert list(latin.vocabulary) == ["caf\u00e9", "the"]
    assert list(load_word_vectors(path, decode_error="ignore").vocabulary) == ["caf", "the"]
    with pytest.raises(ValueError, match="unknown encoding"):
        load_word_vectors(path, encoding="utf-9")


@pytest.mark.parametrize("n_bytes", [5, 30, -9, -1])
def test_a_gzip_file_that_is_cut_off(tmp_path, n_bytes):
    path = write(tmp_path / "glove.txt.gz", *GLOVE * 20)
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match="cannot be decompressed, for it is cut off"):
        load_word_vectors(path)
    path.write_text("the 1 2")
    with pytest.raises(ValueError, match=r"cannot be decompressed, .* not of gzip"):
        load_word_vectors(path)


# ------------------------------------------------------------------- vectors know their tokens

TEXTS = ["good good day", "bad day", "good night", "bad night", "good film", "bad film"] * 2
LABELS = [1, 0] * 6
VECTORS = WordVectors(["film", "night", "good", "bad", "rare"], np.arange(10.0).reshape(5, 2) ** 2)


def of_token(vectors, token):
    return vectors.vectors[vectors.vocabulary[token]]


def test_alignment_finds_each_token():
    aligned = VECTORS.align({"bad": 2, "Good": 1, "new": 3})
    assert aligned.vocabulary == {"Good": 1, "bad": 2, "new": 3}
    assert_array_equal(of_token(aligned, "Good"), of_token(VECTORS, "good"))
    assert_array_equal(of_token(aligned, "bad"), of_token(VECTORS, "bad"))
    assert_array_equal(of_token(aligned, "new"), VECTORS.vectors[0])
    assert_array_equal(VECTORS.vectors[0], (np.arange(10.0).reshape(5, 2) ** 2).mean(axis=0))
    assert (aligned.n_found, aligned.missing) == (2, {"new"})
    with pytest.raises(ValueError, match=r"none of the 1 tokens, such as 'new'.*'film', 'night'"):
        VECTORS.align(["new"])


def test_vectors_of_a_vocabulary_do_not_know_other_tokens(tmp_path):
    path = write(tmp_path / "glove.txt", *GLOVE)
    loaded = load_word_vectors(path, vocabulary=["The", "dog", "bird"])
    assert (loaded.n_found, loaded.missing) == (2, {"bird"})
    fewer = loaded.align(["bird", "dog"])
    assert_array_equal(fewer.vectors, [loaded.vectors[0], loaded.vectors[0], [0, 1]])
    assert fewer.missing == {"bird"}
    with pytest.raises(ValueError, match=r"lacks 1 of 2 tokens, such as 'cat': load them with"):
        loaded.align(["cat", "dog"])
    assert load_word_vectors(path).align(["bird", "dog"]).missing == {"bird"}


@pytest.mark.parametrize(
    "vectors, message",
    [
        (np.zeros((1, 2)), "vectors has 1 rows for 2 tokens"),
        (np.zeros((4, 2)), "vectors has 4 rows for 2 tokens"),
        ([[0, 1], [np.nan, 2]], "contains NaN"),
        ([0, 1], "Expected 2D array"),
    ],
)
def test_vectors_must_fit_their_tokens(vectors, message):
    with pytest.raises(ValueError, match=message):
        WordVectors(["a", "b"], vectors)


def test_vectors_are_not_written_to():
    given = np.zeros((2, 2))
    vectors = WordVectors(["a"], given)
    assert given.flags.writeable and not vectors.vectors.flags.writeable
    assert clone(RNNClassifier(embedding_init=vectors)).embedding_init.vectors is vectors.vectors
    again = pickle.loads(pickle.dumps(vectors.align(["a", "b"])))
    assert again.vocabulary == {"a": 1, "b": 2} and again.missing == {"b"}
    vocabulary, array = vectors
    assert vocabulary is vectors.vocabulary and array is vectors.vectors


def texts_of(kind):
    if kind == "list":
        return TEXTS
    if kind == "tokens":
        return [text.split() for text in TEXTS]
    if kind == "array":
        return np.array(TEXTS)
    library = pytest.importorskip(kind)
    return library.array(TEXTS) if kind == "pyarrow" else library.Series(TEXTS)


@pytest.mark.parametrize("kind", ["list", "tokens", "array", "pandas", "polars"])
@pytest.mark.parametrize("min_df", [1, 3, 5])
def test_a_network_gives_each_id_the_vector_of_its_token(min_df, kind):
    network = RNNClassifier(
        embedding_init=VECTORS, freeze_embeddings=True, hidden_size=2, max_iter=1, random_state=0
    )
    model = make_pipeline(TokenEncoder(min_df=min_df), network).fit(texts_of(kind), LABELS)
    table, tokens = model[1].coefs_["embedding_0.weight"], model[0].get_feature_names_out()
    assert len(table) == len(tokens) == {1: 6, 3: 6, 5: 3}[min_df]
    assert_array_equal(table[0], VECTORS.vectors[0])
    for row, token in zip(table[1:], tokens[1:], strict=True):
        expected = of_token(VECTORS, token) if token in VECTORS.vocabulary else VECTORS.vectors[0]
        assert_array_equal(row, expected)


def test_every_fold_has_its_own_vocabulary():
    network = RNNClassifier(
        embedding_init=VECTORS, freeze_embeddings=True, hidden_size=2, max_iter=1, random_state=0
    )
    model = make_pipeline(TokenEncoder(), network)
    folds = [([0, 1, 2, 3], [4]), ([2, 3, 4, 5], [0])]
    fitted = cross_validate(model, TEXTS, LABELS, cv=folds, return_estimator=True)["estimator"]
    assert [list(m[0].vocabulary_) for m in fitted] == [
        ["bad", "day", "good", "night"],
        ["bad", "film", "good", "night"],
    ]
    for m in fitted:
        table = m[1].coefs_["embedding_0.weight"]
        assert_array_equal(table[m[0].vocabulary_["night"]], of_token(VECTORS, "night"))


def test_columns_of_token_features_have_vectors_of_their_own():
    encoder = TokenEncoder(token_features=["lower", "suffix2"])
    ids = encoder.fit_transform([["Good", "day"], ["bad"]])
    tagger = SequenceTagger(embedding_init={0: VECTORS, 1: VECTORS}, max_iter=1, hidden_size=2)
    frozen = clone(tagger).set_params(freeze_embeddings=True).fit(ids, [["a", "b"], ["a"]])
    for column in (0, 1):
        vocabulary = [encoder.vocabulary_, *encoder.feature_vocabularies_][column]
        table = frozen.coefs_[f"embedding_{column}.weight"]
        good = vocabulary["Good" if column == 0 else "good"]
        assert_array_equal(table[good], of_token(VECTORS, "good"))
        assert_array_equal(table[vocabulary["day"]], VECTORS.vectors[0])
    with pytest.raises(ValueError, match="none of the 3 tokens"):
        tagger.set_params(embedding_init={2: VECTORS}).fit(ids, [["a", "b"], ["a"]])


def test_what_cannot_be_aligned_is_refused():
    encoder = TokenEncoder()
    ids = encoder.fit_transform(TEXTS)
    network = RNNClassifier(embedding_init=VECTORS, max_iter=1, hidden_size=2)
    with pytest.raises(ValueError, match="X does not say which tokens its ids stand for"):
        network.fit(ids.to_list(), LABELS)
    other = TokenEncoder().fit_transform(["completely other words"] * 12)
    with pytest.raises(ValueError, match="none of the 3 tokens"):
        network.fit(other, LABELS)
    # Plain vectors do not know their tokens, but there must be as many.
    vectors = VECTORS.align(encoder.vocabulary_).vectors
    network.set_params(embedding_init=vectors).fit(ids, LABELS)
    model = make_pipeline(TokenEncoder(min_df=5), network)
    with pytest.raises(ValueError, match="has 6 rows for column 0, but X has 3 ids there"):
        model.fit(TEXTS, LABELS)


def test_ids_must_stand_for_the_same_tokens_as_in_fit():
    encoder, other = TokenEncoder().fit(TEXTS), TokenEncoder(min_df=5).fit(TEXTS)
    network = RNNClassifier(max_iter=1, hidden_size=2, random_state=0)
    network.fit(encoder.transform(TEXTS), LABELS)
    expected = network.predict_proba(encoder.transform(TEXTS))
    wrong = other.transform(TEXTS)
    for call in (network.predict, encoder.inverse_transform):
        with pytest.raises(ValueError, match="id 2 is 'good' here and 'day' there"):
            call(wrong)
    with pytest.raises(ValueError, match="id 2 is 'good' here and 'day' there"):
        SequenceArray.concatenate([encoder.transform(TEXTS), wrong])
    with pytest.raises(ValueError, match="id 2 is 'good' here"):
        network.partial_fit(wrong, LABELS)
    # Another encoder with the same tokens will do, and so will ids that do not say what they are.
    same = TokenEncoder(vocabulary=encoder.vocabulary_).fit(TEXTS)
    assert_array_equal(network.predict_proba(same.transform(TEXTS)), expected)
    assert_array_equal(network.predict_proba(encoder.transform(TEXTS).to_list()), expected)
    loaded, loaded_encoder = pickle.loads(pickle.dumps((network, encoder)))
    assert_array_equal(loaded.predict_proba(loaded_encoder.transform(TEXTS)), expected)
