"""Texts cut into tokens that know their place in the text."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate
from typing import NamedTuple

WORDS = r"(?u)\b\w\w+\b"  # as CountVectorizer cuts
WORDS_AND_MARKS = r"\w+|[^\w\s]"  # as people do who label each token
_JOINERS = "\u200c\u200d"  # they keep letters of one word apart, or together
_INVISIBLE = "\u200b\u2060\ufeff"  # space of no width, word joiner, the mark of a file's byte order


class Token(NamedTuple):
    """A token, and its characters ``start:end`` in the text."""

    token: str
    start: int
    end: int


def make_cutter(analyzer, lowercase, token_pattern):
    """Return the function that cuts a text into `Token`; raise for a wrong pattern."""
    if callable(analyzer):
        return lambda text: _locate(analyzer(text), text)
    if analyzer == "char":
        return lambda text: [Token(c, i, i + 1) for i, c in enumerate(characters(text, lowercase))]
    pattern = compile_pattern(token_pattern)
    return lambda text: _cut_words(pattern, text, lowercase)


def pattern_of_tokens(tokens):
    """Return a regular expression that cuts texts as these tokens were cut, as far as they tell.

    Those with a punctuation mark inside are found again as wholes: "Mr.", "n't", "e-mail", "...".
    So are all addresses, numbers such as 3.5 and words such as #this, if there is one of their
    kind, and words with a hyphen, if hyphens are no tokens.
    """
    wholes = [t for t in tokens if 1 < len(t) <= _LONGEST and re.search(r"[^\w\s]", t)]
    wholes = [t for t in wholes if not re.search(r"\s", t)]
    parts = [kind for kind in _KINDS if any(re.fullmatch(kind, token) for token in tokens)]
    parts += [_literal(token) for token in sorted(wholes, key=lambda t: (-len(t), t))]
    parts += [r"\w+?(?=n['’]t(?!\w))"] if _SPLIT_WORDS & set(wholes) else []
    has_hyphens = "-" not in tokens and any(re.fullmatch(r"\w+-\w+", t) for t in wholes)
    parts += [r"\w+(?:-\w+)+"] if has_hyphens else []
    return "|".join([*parts, WORDS_AND_MARKS])


# Addresses, names and topics, numbers.
_KINDS = (r"https?://\S+", r"(?<!\w)[@#]\w+", r"\d+(?:[.,:]\d+)+")
_LONGEST = 20  # characters of a token that is looked for as a whole
_SPLIT_WORDS = {"n't", "n’t"}  # they stand at the end of another word


def _literal(token):
    """Return the pattern of a token that is no part of a longer word."""
    before = r"(?<!\w)" if re.match(r"\w", token) and token not in _SPLIT_WORDS else ""
    return before + re.escape(token) + (r"(?!\w)" if re.search(r"\w$", token) else "")


def characters(text, lowercase):
    """Return the characters of a text, each by itself in lower case, which may be two for one."""
    if text.isascii() or not lowercase:
        return list(text.lower() if lowercase else text)
    return [c.lower() for c in text]


def compile_pattern(token_pattern):
    """Return the regular expression of a token, with one group at most."""
    try:
        pattern = re.compile(token_pattern)
    except re.error as error:
        raise ValueError(
            f"token_pattern={token_pattern!r} is no regular expression of a token: {error}. Put a "
            "backslash before what stands for itself."
        ) from None
    if pattern.groups > 1:
        raise ValueError(
            f"token_pattern={token_pattern!r} is no regular expression of a token: it has more "
            "than 1 capturing group. Write (?:...) for groups that are no token."
        )
    return pattern


def _cut_words(pattern, text, lowercase):
    """Return what a pattern finds in a text, in lower case or not."""
    read, origin = _lower(text) if lowercase else (text, None)
    spans = _spans(pattern, read)
    if origin is None:
        return [Token(read[start:end], start, end) for start, end in spans]
    return [Token(read[start:end], origin[start], origin[end - 1] + 1) for start, end in spans]


def _lower(text):
    """Return a text in lower case and, if that is longer, the place that each character had."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered, None
    return lowered, [i for i, c in enumerate(text) for _ in c.lower()]


def _spans(pattern, text):
    """Return where a pattern matches, with combining marks as part of the character before them."""
    seen, is_mark = _without_marks(text)
    spans = [m.span(pattern.groups) for m in pattern.finditer(seen)]
    spans = [(start, end) for start, end in spans if seen[start:end].strip(_INVISIBLE)]
    return spans if is_mark is None else _joined(spans, is_mark)


def _without_marks(text):
    """Return a text in which each mark repeats the character before it, and which are marks.

    So a pattern matches a letter with its accents as it matches the letter.
    """
    marks = () if text.isascii() else {c for c in set(text) if _is_mark(c)}
    if not marks:
        return text, None
    seen = list(accumulate(text, lambda last, c: last if c in marks and not last.isspace() else c))
    return "".join(seen), [
        c in marks and not s.isspace() and s != c for c, s in zip(text, seen, strict=True)
    ]


def _is_mark(c):
    return unicodedata.category(c).startswith("M") or c in _JOINERS


def _joined(spans, is_mark):
    """Let no token begin with a mark, nor end before one, that belongs to what is before it."""
    joined = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            start = joined.pop()[0]
        while end < len(is_mark) and is_mark[end]:
            end += 1
        joined.append((start, end))
    return joined


def _locate(tokens, text):
    """Return tokens with their places, where they stand in the text one after the other."""
    found, place = [], 0
    for token in tokens:
        start = text.find(token, place)
        if start < 0:
            raise ValueError(
                f"The analyzer returns {token!r}, which is not in the text behind character "
                f"{place}: only tokens that are cut out of the text have a place in it."
            )
        place = start + len(token)
        found.append(Token(token, start, place))
    return found
