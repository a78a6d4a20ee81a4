"""Pre-trained vectors of words, from files."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fspath
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from skrnn._data.frames import readable
from skrnn._data.values import check_choice, check_numbers, checked_array
from skrnn._preprocessing.tokens import as_vocabulary
from skrnn._preprocessing.vector_files import read_vectors


class WordVectors:
    """Vectors of tokens that know which tokens they are of.

    As `embedding_init` of a network behind a :class:`TokenEncoder` they align themselves in `fit`:
    each id is given the vector of its token, whatever vocabulary the encoder has learnt.
    :func:`load_word_vectors` reads them from a file.

    Parameters
    ----------
    vocabulary : iterable of str or mapping of str to int
        The tokens in order of their ids, which count from 1, or a mapping to these.

    vectors : array-like of shape (n_tokens, n_dimensions) or (1 + n_tokens, n_dimensions)
        The vector of each token, behind that of id 0, for unknown tokens, if there is one more.
        Without it that is the mean.

    Attributes
    ----------
    vocabulary : dict of str to int
        Id of each token.

    vectors : ndarray of shape (1 + n_tokens, n_dimensions)
        The vector of each id, from that of unknown tokens on; read-only.

    missing : frozenset of str
        Tokens of the vocabulary that have the vector of unknown tokens, because there was none for
        them.

    n_found : int
        Number of tokens of the vocabulary that have a vector of their own, or that of their
        lower-cased form.

    Raises
    ------
    ValueError
        If there are not as many vectors as tokens, or they are not finite.

    TypeError
        If a token is not a string.

    Notes
    -----
    Vectors unpack into two: ``vocabulary, vectors = load_word_vectors(path)``. The copies that
    :func:`sklearn.base.clone` makes of estimators share them, for nothing writes to them.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import RNNClassifier, TokenEncoder, WordVectors
    >>> vectors = WordVectors(["good", "bad", "day"], [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    >>> vectors
    WordVectors(n_tokens=3, n_found=3, n_dimensions=2)
    >>> network = RNNClassifier(embedding_init=vectors, freeze_embeddings=True, max_iter=1)
    >>> model = make_pipeline(TokenEncoder(), network).fit(["bad day", "good day"], [0, 1])
    >>> model[0].vocabulary_
    {'bad': 1, 'day': 2, 'good': 3}
    >>> model[1].coefs_["embedding_0.weight"][1:]
    array([[-1.,  0.],
           [ 0.,  1.],
           [ 1.,  0.]], dtype=float32)
    """

    vocabulary: dict[str, int]
    vectors: np.ndarray
    missing: frozenset[str]

    # Whether tokens outside of the vocabulary have no vector, or one that was not loaded.
    _is_complete = True

    def __init__(self, vocabulary: Iterable[str] | Mapping[str, int], vectors: ArrayLike):
        self.vocabulary = as_vocabulary(vocabulary)
        vectors = readable(vectors, "vectors")
        check_numbers(vectors, "vectors")
        vectors = checked_array(vectors, "vectors", dtype=[np.float64, np.float32])
        n_tokens = len(self.vocabulary)
        if len(vectors) == n_tokens:
            mean = vectors.mean(axis=0, dtype=np.float64, keepdims=True)
            vectors = np.concatenate([mean.astype(vectors.dtype), vectors])
        if len(vectors) != 1 + n_tokens:
            raise ValueError(
                f"vectors has {len(vectors)} rows for {n_tokens} tokens: pass one for each, and at "
                "most one more in front, for unknown tokens."
            )
        self.vectors = vectors.view()
        self.vectors.flags.writeable = False
        self.missing = frozenset()

    @property
    def n_found(self) -> int:
        """Number of tokens with a vector of their own, or that of their lower-cased form."""
        return len(self.vocabulary) - len(self.missing)

    def align(self, vocabulary: Iterable[str] | Mapping[str, int]) -> WordVectors:
        """Return the vectors of other tokens, or of the same in another order.

        Parameters
        ----------
        vocabulary : iterable of str or mapping of str to int
            Tokens, such as the ``vocabulary_`` of a fitted :class:`TokenEncoder`.

        Returns
        -------
        vectors : WordVectors
            For each token its vector, or else that of its lower-cased form, or else that of
            unknown tokens; `n_found` and `missing` tell how many and which were not found.

        Raises
        ------
        ValueError
            If there is a vector for none of the tokens, or they are not among those of the
            `vocabulary` for which :func:`load_word_vectors` has looked.

        Examples
        --------
        >>> from skrnn import WordVectors
        >>> vectors = WordVectors(["good", "bad"], [[1.0, 0.0], [-1.0, 0.0]])
        >>> aligned = vectors.align(["bad", "Good", "ugly"])
        >>> aligned
        WordVectors(n_tokens=3, n_found=2, n_dimensions=2)
        >>> aligned.vectors
        array([[ 0.,  0.],
               [-1.,  0.],
               [ 1.,  0.],
               [ 0.,  0.]])
        >>> sorted(aligned.missing)
        ['ugly']
        """
        vocabulary = as_vocabulary(vocabulary)
        if not self._is_complete:
            self._check_loaded(vocabulary)
        aligned = self._of(vocabulary)
        if not aligned.n_found:
            raise ValueError(
                f"There is a vector for none of the {len(vocabulary)} tokens, such as "
                f"{next(iter(vocabulary))!r}: the vectors are those of {list(self.vocabulary)[:3]} "
                "and others."
            )
        return aligned

    def _of(self, vocabulary):
        """Return the vectors of these tokens, which may all be missing."""
        rows = [self._row(token) for token in vocabulary]
        aligned = WordVectors(vocabulary, self.vectors[[0, *rows]])
        tokens = zip(vocabulary, rows, strict=True)
        aligned.missing = frozenset(token for token, row in tokens if row == 0)
        aligned._is_complete = False
        return aligned

    def _row(self, token):
        """Return the row of a token, of its lower-cased form, or 0."""
        for form in (token, token.lower()):
            if form in self.vocabulary and form not in self.missing:
                return self.vocabulary[form]
        return 0

    def _check_loaded(self, vocabulary):
        """Raise for tokens of which nobody knows whether the file has them."""
        known = self.vocabulary.keys()
        others = [token for token in vocabulary if not {token, token.lower()} & known]
        if others:
            raise ValueError(
                f"The vectors were loaded for another vocabulary, which lacks {len(others)} of "
                f"{len(vocabulary)} tokens, such as {others[0]!r}: load them with "
                "load_word_vectors for a vocabulary that has these, or for vocabulary=None."
            )

    def __iter__(self) -> Iterator[Any]:
        return iter((self.vocabulary, self.vectors))

    def __getitem__(self, i: int) -> Any:
        return (self.vocabulary, self.vectors)[i]

    def __repr__(self) -> str:
        return (
            f"WordVectors(n_tokens={len(self.vocabulary)}, n_found={self.n_found}, "
            f"n_dimensions={self.vectors.shape[1]})"
        )

    def __deepcopy__(self, memo: object) -> Self:
        return self


def load_word_vectors(
    path: str | PathLike[str],
    *,
    vocabulary: Iterable[str] | Mapping[str, int] | None = None,
    dtype: DTypeLike = np.float32,
    encoding: str = "utf-8",
    decode_error: str = "strict",
) -> WordVectors:
    r"""Read word vectors in the text format of word2vec or GloVe.

    Parameters
    ----------
    path : str or path-like
        A file with one token and its vector per line, separated by spaces or tabs; a first line
        with the number and size of the vectors, as word2vec and fastText write it, must fit what
        follows. Names that end in ``.gz`` are decompressed.

    vocabulary : iterable of str or mapping of str to int, default=None
        Tokens to read, such as the ``vocabulary_`` of a fitted :class:`TokenEncoder`. Memory is
        needed for these only. None reads the whole file.

    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Type of the vectors.

    encoding : str, default='utf-8'
        Encoding of the tokens: any that extends ASCII.

    decode_error : {'strict', 'ignore', 'replace'}, default='strict'
        What to do with a token that is not in this encoding: raise an error, or leave out or
        replace the bytes that cannot be read.

    Returns
    -------
    vectors : WordVectors
        The vectors with their vocabulary, for `embedding_init`: in any order of ids, they align
        themselves with those of a :class:`TokenEncoder`. `n_found` tells for how many tokens of
        `vocabulary` there is a vector. The vector of id 0, for unknown tokens, is the mean of those
        read. A token that the file lacks has the vector of its lower-cased form or, if that is
        missing too, the mean.

    Raises
    ------
    ValueError
        If a line is not a token and as many finite numbers as the others, a token is not in this
        encoding, the file is cut off or has another number of vectors than it announces, or it has
        none of the tokens; or there is no such encoding.

    References
    ----------
    Mikolov et al., 2013, and Pennington et al., 2014. Papers are listed in docs/references.md.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skrnn import TokenEncoder, load_word_vectors
    >>> encoder = TokenEncoder().fit(["the cat", "the dog"])
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     lines = "the 0.0 1.0\ncat 2.0 3.0\nelephant 4.0 5.0\n"
    ...     _ = path.write_text(lines, encoding="utf-8")
    ...     vectors = load_word_vectors(path, vocabulary=encoder.vocabulary_)
    >>> vectors
    WordVectors(n_tokens=3, n_found=2, n_dimensions=2)
    >>> vectors.vocabulary
    {'cat': 1, 'dog': 2, 'the': 3}
    >>> vectors.vectors
    array([[1., 2.],
           [2., 3.],
           [1., 2.],
           [0., 1.]], dtype=float32)
    """
    _check_decoding(encoding, decode_error)
    dtype = _as_dtype(dtype)
    wanted = None
    if vocabulary is not None:
        vocabulary = as_vocabulary(vocabulary)
        wanted = {form for token in vocabulary for form in (token, token.lower())}
    found = read_vectors(path, wanted, dtype, lambda token: token.decode(encoding, decode_error))
    if not found:
        whose = "no vectors" if wanted is None else "a vector for none of the tokens of vocabulary"
        raise ValueError(f"{fspath(path)} has {whose}.")
    vectors = WordVectors(list(found), np.stack(list(found.values())))
    return vectors if vocabulary is None else vectors._of(vocabulary)


def _check_decoding(encoding, decode_error):
    check_choice(decode_error, "decode_error", ("strict", "ignore", "replace"))
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError, ValueError):
        raise ValueError(f"encoding={encoding!r} is an unknown encoding.") from None


def _as_dtype(dtype):
    """Return a floating-point dtype; raise for any other."""
    try:
        found = np.dtype(str(dtype) if isinstance(dtype, str) else dtype)
    except (TypeError, ValueError):
        found = repr(dtype)
    if found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype must be float32 or float64, got {found}.")
    return found
