"""Files with one token and its vector per line, as word2vec, fastText and GloVe write them."""

import gzip
import re
import zlib
from os import fspath

import numpy as np

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_vectors(path, wanted, dtype, decode):
    """Return token -> vector for the tokens in `wanted`, all tokens if None.

    decode   makes a token of its bytes
    """
    opened = gzip.open if fspath(path).endswith(".gz") else open
    found = {}
    try:
        with opened(path, "rb") as lines:
            for number, token, values in _read_lines(lines, path):
                token = _decoded(token, decode, number, path)
                if token not in found and (wanted is None or token in wanted):
                    found[token] = _as_vector(token, values, dtype, number, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{fspath(path)} cannot be decompressed, for it is cut off or not of gzip: {error}. "
            "Download it anew."
        ) from None
    return found


def _read_lines(lines, path):
    """Yield the number, the token and the values of each line; raise if they are not as many.

    Bytes are split at ASCII's white space only: other kinds may be tokens.
    """
    size, n_announced, n_lines = None, None, 0
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
            header = re.fullmatch(rb"\s*(\d+)\s+(\d+)\s*", line)
            if header:
                n_announced, size = map(int, header.groups())
                continue
        if line.isspace():
            continue
        is_first, n_lines = size is None, n_lines + 1
        size = _n_numbers(line) if is_first else size
        # Some tokens contain spaces, so the numbers are cut off from the right.
        token, *values = line.rsplit(None, size)
        more = token.split()[1:]
        # A number among the words of the token is one of the vector, where the size is not known.
        if not len(values) == size > 0 or any(map(_is_number, more if is_first else more[-1:])):
            raise _line_error(number, path, None if is_first else size, line)
        yield number, token, values
    if n_announced not in (None, n_lines):
        raise ValueError(
            f"The first line of {fspath(path)} announces {n_announced} vectors, but {n_lines} "
            "follow: the file is cut off, or has the header of another. Download it anew, or mend "
            "its first line."
        )


def _n_numbers(line):
    """Return how many numbers stand at the end of the first line, behind at least one token.

    NaN and infinity are numbers here, which have an error of their own.
    """
    words = line.split()
    n = 0
    while n < len(words) - 1 and _is_number(words[-1 - n]):
        n += 1
    return n


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


def _decoded(token, decode, number, path):
    try:
        return decode(token)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The token in line {number} of {fspath(path)} is not in the encoding "
            f"{error.encoding!r}: {token[:60]!r}. Name that of the file, such as "
            "encoding='latin-1', or pass decode_error='replace' if few tokens are damaged."
        ) from None


def _as_vector(token, values, dtype, number, path):
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(value) for value in values]).astype(dtype)
    except ValueError:
        line = " ".join([token, *(value.decode("latin-1") for value in values)])
        raise _line_error(number, path, len(values), line) from None
    if not np.isfinite(vector).all():
        raise ValueError(
            f"Line {number} of {fspath(path)} has NaN, infinity or a number too large for "
            f"{np.dtype(dtype).name} in the vector of {token!r}: remove the line."
        )
    return vector


def _line_error(number, path, size, line):
    """Say that a line is none; `size` is None for the first, which tells how many numbers."""
    text = line.decode("latin-1").rstrip() if isinstance(line, bytes) else line
    expected = "numbers" if size is None else f"{size} numbers, as the first line has or announces"
    return ValueError(
        f"Line {number} of {fspath(path)} is not a token and {expected}, separated by spaces or "
        f"tabs: {text[:60]!r}."
    )
