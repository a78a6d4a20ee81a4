"""Pre-trained vectors of words, from files."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from os import PathLike, fspath

import numpy as np
from numpy.typing import DTypeLike

from skrnn._preprocessing.tokens import as_vocabulary


def load_word_vectors(
    path: str | PathLike[str],
    *,
    vocabulary: Iterable[str] | Mapping[str, int] | None = None,
    dtype: DTypeLike = np.float32,
) -> tuple[dict[str, int], np.ndarray]:
    r"""Read word vectors in the text format of word2vec or GloVe.

    Parameters
    ----------
    path : str or path-like
        A UTF-8 file with one token and its vector per line, separated by spaces; a first line
        with the number and size of the vectors, as word2vec and fastText write it, is skipped.
        Names that end in ``.gz`` are decompressed.

    vocabulary : iterable of str or mapping of str to int, default=None
        Tokens to read, such as the ``vocabulary_`` of a fitted :class:`TokenEncoder`. Memory is
        needed for these only. None reads the whole file.

    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Type of the vectors.

    Returns
    -------
    vocabulary : dict of str to int
        Id of each token, counting from 1: for the `vocabulary` of a :class:`TokenEncoder`.

    vectors : ndarray of shape (1 + n_tokens, n_dimensions)
        The vector of each id. That of id 0, for unknown tokens, is the mean of those read. A
        token that the file lacks has the vector of its lower-cased form or, if that is missing
        too, the mean.

    Raises
    ------
    ValueError
        If a line cannot be read, or the file has none of the tokens.

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
    ...     vocabulary, vectors = load_word_vectors(path, vocabulary=encoder.vocabulary_)
    >>> vocabulary
    {'cat': 1, 'dog': 2, 'the': 3}
    >>> vectors
    array([[1., 2.],
           [2., 3.],
           [1., 2.],
           [0., 1.]], dtype=float32)
    """
    wanted = None
    if vocabulary is not None:
        vocabulary = as_vocabulary(vocabulary)
        wanted = {form for token in vocabulary for form in (token, token.lower())}
    found = _read_vectors(path, wanted, dtype)
    if not found:
        raise ValueError(f"{fspath(path)} has a vector for none of the tokens of vocabulary.")
    vocabulary = vocabulary or as_vocabulary(list(found))
    mean = np.mean(list(found.values()), axis=0, dtype=np.float64).astype(dtype)
    vectors = [found.get(token, found.get(token.lower(), mean)) for token in vocabulary]
    return vocabulary, np.stack([mean, *vectors])


def _read_vectors(path, wanted, dtype):
    """Return token -> vector for the tokens in `wanted`, all tokens if None."""
    found = {}
    for number, token, values, size in _read_lines(path):
        if token in found or (wanted is not None and token not in wanted):
            continue
        try:
            found[token] = np.array(values, dtype=dtype).reshape(size or 1)
        except ValueError:
            line = " ".join([token, *values])
            raise ValueError(
                f"Line {number} of {fspath(path)} is not a token and {size} numbers, separated by "
                f"spaces: {line[:60]!r}."
            ) from None
    return found


def _read_lines(path):
    """Yield the number, token and values of each line, and how many values there should be."""
    opened, size = gzip.open if fspath(path).endswith(".gz") else open, 0
    with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip(" \r\n")
            header = number == 1 and re.fullmatch(r"\d+ (\d+)", line)
            size = int(header[1]) if header else size or line.count(" ")
            if line and not header:
                # Some tokens contain spaces, so the numbers are cut off from the right.
                token, *values = line.rsplit(" ", size)
                yield number, token, values, size
