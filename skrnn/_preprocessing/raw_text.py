"""Raw texts to labels of their tokens, and to entities, with their characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skrnn._data.values import as_list
from skrnn._pipelines import working_steps
from skrnn._preprocessing.tokens import TokenEncoder
from skrnn._tagging import find_spans, fitting_scheme


class TaggedToken(NamedTuple):
    """A token, its label, and its characters in the text as (start, end)."""

    token: str
    label: Any
    span: tuple[int, int]


class Entity(NamedTuple):
    """A labelled part of a text, its characters ``start:end``."""

    text: str
    label: str
    start: int
    end: int


class TaggedText(NamedTuple):
    """A text with its labelled tokens, and the entities that their labels mark."""

    text: str
    tokens: list[TaggedToken]
    entities: list[Entity]


def tag_text(
    estimator: Any, text: str | Sequence[str], *, scheme: str | None = None
) -> TaggedText | list[TaggedText]:
    """Label the tokens of raw texts, and name the entities in them.

    Parameters
    ----------
    estimator : Pipeline or search over one
        Fitted, with a :class:`TokenEncoder` first and a :class:`SequenceTagger` last. What has
        been fitted to lists of tokens tags strings too: its encoder cuts them as its `tokenize`
        does, which looks at the tokens of the training set.

    text : str or sequence of str
        A text, or several.

    scheme : {'conlleval', 'bio', 'iobes', 'bilou', 'bmes'}, default=None
        Which labels mark entities, as in :func:`~skrnn.metrics.extract_spans`. None takes
        'conlleval' if all labels of the tagger are tags of one of these schemes, and no entities
        if they are not, as parts of speech.

    Returns
    -------
    tagged : TaggedText or list of TaggedText
        For each text a named tuple ``(text, tokens, entities)``. `tokens` are named tuples
        ``(token, label, span)``, where ``text[span[0]:span[1]]`` is what the token was cut from;
        `entities` are ``(text, label, start, end)``, ``text`` being the characters
        ``start:end`` of the whole. A text without tokens has none of either.

    Raises
    ------
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` has no encoder of tokens at its beginning, or `text` is no text.
    ValueError
        If a label is not a tag of `scheme`, or the tagger answers with other labels than one for
        each token.

    See Also
    --------
    TokenEncoder.tokenize : The tokens alone.
    skrnn.inspection.TagDisplay : Labels in a text, to look at.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import SequenceTagger, TokenEncoder, tag_text
    >>> X = ["Ann flies to New York .".split(), "she left Rome .".split()] * 4
    >>> y = [["B-PER", "O", "O", "B-LOC", "I-LOC", "O"], ["O", "O", "B-LOC", "O"]] * 4
    >>> tagger = SequenceTagger(batch_size=2, max_iter=20, random_state=0)
    >>> model = make_pipeline(TokenEncoder(), tagger)
    >>> tagged = tag_text(model.fit(X, y), "Ann left New York.")
    >>> tagged.tokens[0]
    TaggedToken(token='Ann', label='B-PER', span=(0, 3))
    >>> tagged.entities[1]
    Entity(text='New York', label='LOC', start=9, end=17)
    """
    pipeline = getattr(estimator, "best_estimator_", estimator)
    encoder = _encoder_of(pipeline)
    texts = [text] if isinstance(text, str) else as_list(text, "text", "a text or a list of texts")
    tokens = [encoder.tokenize(one) for one in texts]
    # An analyzer of the user's reads what it has been written for, and not its own tokens.
    entries = texts if callable(encoder.analyzer) else [[t.token for t in own] for own in tokens]
    labels = [np.array([]) for _ in texts]
    filled = [i for i, own in enumerate(tokens) if own]
    for i, found in zip(
        filled, pipeline.predict([entries[i] for i in filled]) if filled else (), strict=True
    ):
        labels[i] = found
    scheme = fitting_scheme(pipeline.classes_.tolist()) if scheme is None else scheme
    tagged = [_tagged(*parts, scheme) for parts in zip(texts, tokens, labels, strict=True)]
    return tagged[0] if isinstance(text, str) else tagged


def _encoder_of(pipeline):
    steps = working_steps(pipeline)
    if not (steps and isinstance(steps[0][1], TokenEncoder)):
        raise TypeError(
            f"estimator is a {type(pipeline).__name__} that does not begin with a TokenEncoder, "
            "which cuts texts into tokens: pass the fitted "
            "make_pipeline(TokenEncoder(), SequenceTagger())."
        )
    return steps[0][1]


def _tagged(text, tokens, labels, scheme):
    """Return the labels of a text together with its tokens, and the entities they mark."""
    if np.shape(labels) != (len(tokens),):
        raise ValueError(
            f"The text {text!r} has {len(tokens)} tokens, but the estimator answers with "
            f"{labels!r}: its last step must be a SequenceTagger, which labels each token."
        )
    found = [
        TaggedToken(t.token, label, (t.start, t.end))
        for t, label in zip(tokens, np.asarray(labels).tolist(), strict=True)
    ]
    if scheme is None or not tokens:
        return TaggedText(text, found, [])
    spans = find_spans(np.asarray(labels), np.array([len(labels)]), scheme)
    entities = []
    for label, first, stop in zip(*(part.tolist() for part in spans), strict=True):
        start, end = tokens[first].start, tokens[stop - 1].end
        entities.append(Entity(text[start:end], label, start, end))
    return TaggedText(text, found, entities)
