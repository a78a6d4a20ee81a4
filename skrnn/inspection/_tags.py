"""Labels in a text, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Self

from skrnn._preprocessing.raw_text import TaggedText, tag_text

# Pale enough for black letters on them, and told apart in grey as well.
_COLOURS = ("#fde2a7", "#b9dcf2", "#cbe8c4", "#f6c6c7", "#dccdf0", "#e4ddd0", "#bfe6df", "#f4cfe3")


class TagDisplay:
    """Show a text with its entities, or with the label of each token where there are none.

    ``str(display)`` is plain text, and a notebook shows the same with colours. Use
    :meth:`from_estimator`.

    Parameters
    ----------
    text : str
        The text.
    marks : list of (start, end, label)
        Characters and their label, in order and without overlap.

    See Also
    --------
    skrnn.tag_text : The same as data.

    Examples
    --------
    >>> from skrnn.inspection import TagDisplay
    >>> print(TagDisplay("Ann left New York.", [(0, 3, "PER"), (9, 17, "LOC")]))
    [Ann|PER] left [New York|LOC].
    """

    text: str
    marks: list[tuple[int, int, Any]]

    def __init__(self, text: str, marks: Sequence[tuple[int, int, Any]]):
        self.text = text
        self.marks = [tuple(mark) for mark in marks]
        place = 0
        for start, end, label in self.marks:
            if not place <= start < end <= len(text):
                raise ValueError(
                    f"The mark {(start, end, label)} overlaps the one before, is empty or is not "
                    f"within the {len(text)} characters of text: sort marks, and let them not "
                    "overlap."
                )
            place = end

    @classmethod
    def from_estimator(cls, estimator: Any, text: str, *, scheme: str | None = None) -> Self:
        """Tag a text, and show it.

        Parameters
        ----------
        estimator : Pipeline or search over one
            As :func:`~skrnn.tag_text` takes it.
        text : str
            One text.
        scheme : str, default=None
            Which labels mark entities, as :func:`~skrnn.tag_text` takes it.

        Returns
        -------
        display : TagDisplay
            Entities or, if the labels are those of no scheme, such as parts of speech, every token
            with its label.

        Raises
        ------
        TypeError
            If `text` is not one string, or `estimator` is no Pipeline with a `TokenEncoder`.
        ValueError
            If a label is not a tag of `scheme`.
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be one string, got {type(text).__name__}.")
        return cls.from_tagged(tag_text(estimator, text, scheme=scheme))

    @classmethod
    def from_tagged(cls, tagged: TaggedText) -> Self:
        """Show what :func:`~skrnn.tag_text` returns.

        Parameters
        ----------
        tagged : TaggedText
            A tagged text.

        Returns
        -------
        display : TagDisplay
            Its entities, or the labels of all tokens if none of them is "O".
        """
        marks = [(start, end, label) for _, label, start, end in tagged.entities]
        if not marks and all(label != "O" for _, label, _ in tagged.tokens):
            marks = [(*span, label) for _, label, span in tagged.tokens]
        return cls(tagged.text, marks)

    def __str__(self) -> str:
        return self._joined(lambda part, label: f"[{part}|{label}]", str)

    def __repr__(self) -> str:
        return f"TagDisplay(n_marks={len(self.marks)}):\n{self}"

    def _repr_html_(self) -> str:
        labels = sorted({str(label) for _, _, label in self.marks})
        colours = {label: _COLOURS[i % len(_COLOURS)] for i, label in enumerate(labels)}

        def mark(part, label):
            style = f"background: {colours[str(label)]}; color: #111; padding: 0 0.2em"
            return (
                f'<mark style="{style}">{escape(part)} '
                f'<small style="font-weight: bold">{escape(str(label))}</small></mark>'
            )

        text = self._joined(mark, escape)
        return f'<div style="white-space: pre-wrap; line-height: 1.8">{text}</div>'

    def _joined(self, mark, plain):
        """Return the text with each part written by `mark` or by `plain`."""
        parts, place = [], 0
        for start, end, label in self.marks:
            parts += [plain(self.text[place:start]), mark(self.text[start:end], label)]
            place = end
        return "".join([*parts, plain(self.text[place:])])
