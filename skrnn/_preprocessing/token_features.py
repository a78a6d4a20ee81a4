"""What the form of a token tells: its case, its ends, its shape."""

from __future__ import annotations

import re
from numbers import Integral

# The features of tokens that 'auto' chooses.
FORM = ("lower", "suffix3", "shape")


def values_of(feature, tokens):
    """Return the value of a token feature for each token."""
    values = [feature(token) for token in tokens]
    kinds = {next((kind for kind in (str, Integral) if isinstance(v, kind)), None) for v in values}
    if len(kinds) > 1 or None in kinds:
        raise TypeError(
            "A function in token_features must return a string for every token, but returns "
            f"{values[:5]}; use str(...)."
        )
    return values


def token_feature(feature):
    """Return the function of a token that `feature` names, or that it is itself."""
    if callable(feature):
        return feature
    if feature == "lower":
        return str.lower
    if feature == "shape":
        return token_shape
    affix = re.fullmatch(r"(prefix|suffix)([1-9]\d*)", str(feature))
    if affix is None:
        raise ValueError(
            f"token_features holds {feature!r}, but can hold 'lower', 'shape', 'prefix<n>' and "
            "'suffix<n>' with n > 0, and functions."
        )
    n = int(affix[2])
    part = slice(n) if affix[1] == "prefix" else slice(-n, None)
    return lambda token: token.lower()[part]


def token_shape(token):
    """Return the pattern of upper and lower case, digits and other characters."""
    marks = (
        ("X" if c.isupper() else "x") if c.isalpha() else "d" if c.isdigit() else c for c in token
    )
    return re.sub(r"(.)\1{4,}", r"\1\1\1\1", "".join(marks), flags=re.DOTALL)
