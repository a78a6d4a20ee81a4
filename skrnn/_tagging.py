"""Tags that mark spans, in several schemes: which may follow which, and what they mark."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike

# Letters for the first, an inner, the last and the only step of a span.
_PREFIXES = {
    "bio": "BI",
    "iobes": "BIES",
    "bilou": "BILU",
    "bmes": "BMES",
    "conlleval": "BIESLUM",  # of any of them
}


def allowed_transitions(
    tags: ArrayLike, *, scheme: str = "bio"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell which tags may follow which in well-formed sequences.

    Parameters
    ----------
    tags : array-like of str, shape (n_tags,)
        The tags, for instance the ``classes_`` of a tagger.
    scheme : {'bio', 'iobes', 'bilou', 'bmes'}, default='bio'
        'bio': ``I-X`` only after ``B-X`` or ``I-X``. 'iobes': besides, what ``B-X`` begins goes
        on with ``I-X`` until ``E-X``. 'bilou' has L for E and U for S, 'bmes' M for I.

    Returns
    -------
    transitions : ndarray of bool, shape (n_tags, n_tags)
        Whether the tag of the column may follow the tag of the row.
    start, end : ndarray of bool, shape (n_tags,)
        Whether the tag may be the first, or the last, of a sequence.

    Raises
    ------
    ValueError
        If a tag is not one of the scheme.

    Examples
    --------
    >>> from skrnn.metrics import allowed_transitions
    >>> transitions, start, end = allowed_transitions(["B-PER", "I-PER", "O"])
    >>> transitions
    array([[ True,  True,  True],
           [ True,  True,  True],
           [ True, False,  True]])
    >>> start, end
    (array([ True, False,  True]), array([ True,  True,  True]))
    """
    if isinstance(tags, np.ndarray):
        tags = tags.tolist()
    if isinstance(tags, str) or not (isinstance(tags, Iterable) and isinstance(tags, Sized)):
        raise TypeError(f"tags must be a list of tags, got {tags!r}.")
    tags = list(tags)
    label, opens, continues = read_tags(tags, scheme)
    must_go_on = opens if scheme in _WITH_ENDS else np.zeros_like(opens)
    joins = opens[:, None] & continues & (label[:, None] == label)
    return joins | ~(must_go_on[:, None] | continues), ~continues, ~must_go_on


_WITH_ENDS = ("iobes", "bilou", "bmes")


def read_tags(tags, scheme):
    """Return the label of each tag, "" for O, and whether the tag opens or continues a span.

    Two tags in a row belong to one span if the first opens, the second continues and their
    labels are equal.
    """
    if not (isinstance(scheme, str) and scheme in _PREFIXES):
        raise ValueError(f"scheme must be one of {sorted(_PREFIXES)}. Got {scheme!r}.")
    prefixes, labels = [], []
    for tag in tags:
        prefix, _, label = str(tag).partition("-")
        if str(tag) != "O" and prefix not in tuple(_PREFIXES[scheme]):
            raise ValueError(
                f"{tag!r} is no tag of scheme={scheme!r}, in which tags are 'O' or begin with "
                f"one of {', '.join(_PREFIXES[scheme])}, as in 'B-PER'."
            )
        prefixes.append(prefix)
        labels.append("" if str(tag) == "O" else label or "_")
    prefixes = np.array(prefixes)
    opens = np.isin(prefixes, ["B", "I", "M"])
    return np.array(labels), opens, np.isin(prefixes, ["I", "M", "E", "L"])


def fitting_scheme(labels):
    """Return 'conlleval' if the tags are those of one of the schemes, or None."""
    schemes = [scheme for scheme in _PREFIXES if scheme != "conlleval"]
    prefixes = {str(tag).partition("-")[0] for tag in labels if tag != "O"}
    are_strings = all(isinstance(tag, str) for tag in labels)
    is_any = any(prefixes <= set(_PREFIXES[scheme]) for scheme in schemes)
    return "conlleval" if are_strings and prefixes and is_any else None


def _as_span(span):
    """Return the label, the first step and the end of a span; raise for what is none."""
    is_span = isinstance(span, tuple | list) and len(span) == 3
    if not (is_span and isinstance(span[1], Integral) and isinstance(span[2], Integral)):
        raise TypeError(f"spans holds {span!r}, which is no (label, first step, end).")
    return span


def tags_of_spans(spans, n_steps, scheme):
    """Return the tags of a sequence in which these spans, (label, first step, end), are marked."""
    if not (isinstance(scheme, str) and scheme in _PREFIXES and scheme != "conlleval"):
        known = sorted({*_PREFIXES} - {"conlleval"})
        raise ValueError(f"scheme must be one of {known}. Got {scheme!r}.")
    begin, inner = _PREFIXES[scheme][:2]
    end, single = _PREFIXES[scheme][2:] if scheme in _WITH_ENDS else (inner, begin)
    tags = ["O"] * n_steps
    for label, start, stop in map(_as_span, spans):
        if not 0 <= start < stop <= n_steps or set(tags[start:stop]) != {"O"}:
            raise ValueError(
                f"The span {(label, start, stop)} overlaps another, is empty or is not within the "
                f"{n_steps} steps of its sequence: tags mark spans that do not overlap."
            )
        letters = [begin, *[inner] * (stop - start - 2), end] if stop - start > 1 else [single]
        tags[start:stop] = [f"{letter}-{label}" for letter in letters]
    return tags


def find_spans(tags, lengths, scheme):
    """Return label, first step and end of each span, counting steps through all sequences."""
    texts = [str(tag) for tag in tags.tolist()]
    distinct = dict(
        zip(texts, tags.tolist(), strict=True)
    )  # what has no hash may be among the tags
    number = {text: i for i, text in enumerate(distinct)}
    codes = np.array([number[text] for text in texts], dtype=np.intp)
    label, opens, continues = (values[codes] for values in read_tags(distinct.values(), scheme))
    joins = np.zeros(len(tags) + 1, dtype=bool)
    joins[1:-1] = opens[:-1] & continues[1:] & (label[:-1] == label[1:])
    joins[np.cumsum(lengths)] = False
    first = np.flatnonzero((label != "") & ~joins[:-1])
    last = np.flatnonzero((label != "") & ~joins[1:])
    if scheme != "conlleval":
        well_formed = ~continues[first] & ((scheme == "bio") | ~opens[last])
        first, last = first[well_formed], last[well_formed]
    return label[first], first, last + 1
