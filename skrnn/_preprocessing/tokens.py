"""Texts and tokens as sequences of integer ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from itertools import chain
from numbers import Integral
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import Interval, RealNotInt, StrOptions, check_parameters
from skrnn._data.categories import check_same_categories
from skrnn._data.frames import readable, readable_items
from skrnn._data.ragged import offsets_of
from skrnn._data.sequence_array import SequenceArray
from skrnn._data.symbols import has_hash, is_measured
from skrnn._data.values import as_array, as_list, reject_masked, shorten
from skrnn._preprocessing.cutting import (
    WORDS,
    Token,
    characters,
    make_cutter,
    pattern_of_tokens,
)
from skrnn._preprocessing.sequence_transformer import SequenceTransformerMixin
from skrnn._preprocessing.token_features import FORM, token_feature, values_of
from skrnn._twin import all_or_nothing
from skrnn._typing import Sequences
from skrnn._version import VersionMixin

UNKNOWN = "<unk>"
# From so many on, tokens of a single sequence teach less than what is unknown does: measured in
# ``benchmarks/README.md``, "Recipes for texts".
MANY_SEQUENCES = 1000

# It stands for the token of a sequence that has none.
_NOTHING = object()


class TokenEncoder(VersionMixin, SequenceTransformerMixin, BaseEstimator):
    r"""Encode texts, or lists of tokens, as sequences of integer ids.

    Texts are cut into words as :class:`~sklearn.feature_extraction.text.CountVectorizer` cuts them,
    and parameters with the name of one of its have its meaning. But the order of the tokens is
    kept: every sequence becomes an array of ids, which recurrent estimators embed. Id 0 stands for
    every token that is not in the vocabulary.

    Parameters
    ----------
    analyzer : {'word', 'char'} or callable, default='word'
        How a string is cut into tokens. 'char' makes one token of each character, white space
        included. Characters are code points, as everywhere in Python: flags, joined emoji and
        letters with accents of their own are several. A callable gets each entry of X as it is and
        returns its tokens, such as ``regex.compile(r"\X").findall`` with the package regex, which
        keeps those whole. Entries that are lists or arrays of tokens need no cutting.

    lowercase : bool, default=True
        Whether to lowercase strings before they are cut; characters are counted before. Given
        tokens are taken as they are; the token feature 'lower' adds their lower-cased form.

    token_pattern : str, default=None
        Regular expression of a token, for ``analyzer='word'``, with a group for the token if that
        is a part of it. None is that of CountVectorizer, ``r"(?u)\b\w\w+\b"``: words of two or
        more characters; in `tokenize` after a fit to lists of tokens it is made of these: words,
        single punctuation marks, and whatever of their tokens has one inside, such as "Mr.".
        ``r"\S+"`` cuts at white space alone. Combining marks and joiners belong to the character
        before them, whatever the pattern.

    min_df : int, float or 'auto', default='auto'
        Tokens in fewer sequences than this have no id of their own: a number of sequences or, if
        float, a share of them. Applies to each token feature as well. With 2 or more, the vector
        of the unknown token is trained on the rare ones, which makes it one to rely on. 'auto' is
        2 from 1000 sequences on and 1 below, or where no token is in two of them. Set 1 if the
        network begins with vectors that know rare tokens (`embedding_init`).

    max_features : int, default=None
        Keep only so many tokens, the most frequent ones, of equally frequent ones the first in
        order. Applies to each token feature as well. None keeps all.

    vocabulary : iterable of str or mapping of str to int, default=None
        The tokens in order of their ids, which count from 1, or a mapping to these. Sets are
        sorted. `min_df` and `max_features` do not apply to it. None learns the vocabulary from the
        data.

    token_features : 'auto', list or tuple of str or callable, or None, default='auto'
        Further columns of ids, each with its own vocabulary learned from the data: 'lower', the
        lower-cased token; 'prefix<n>' and 'suffix<n>', the first and last n characters of the
        lower-cased token; 'shape', in which letters are x or X, digits are d, and runs are cut
        to four, as ``Xxxxx-dd`` of ``London-12``; or a function of the token that returns a str.
        None gives the tokens' ids alone. 'auto' is ['lower', 'suffix3', 'shape'] for lists of
        tokens, whose labels rest on their form where the token was never seen, and None for texts,
        for tokens of one character and with a `vocabulary`.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        Id of each token, counting from 1; in sorted order if it was learned.

    token_features_ : list of str or callable
        The features in use, empty if there are none.

    feature_vocabularies_ : list of dict of str to int
        Ids of the values of each of `token_features_`, likewise.

    See Also
    --------
    load_word_vectors : Read pre-trained vectors for the embedding of the ids.
    WordVectors : Vectors that align themselves with the ids.

    Notes
    -----
    A network cannot read an empty sequence, so a text without any token is encoded as one
    unknown token. Taggers know it: of such a text they predict no label.

    What has been fitted to lists of tokens refuses strings, which would be cut into other tokens
    than those: cut them with `tokenize`, or label them with :func:`tag_text`.

    Put the encoder and the network into one :class:`~sklearn.pipeline.Pipeline`. The network then
    learns the ids that the encoder gives to the very same training data.

    Examples
    --------
    >>> from skrnn import TokenEncoder
    >>> encoder = TokenEncoder()
    >>> encoder.fit_transform(["The cat sat.", "The dog sat down."]).to_list()
    [array([5, 1, 4]), array([5, 2, 4, 3])]
    >>> encoder.vocabulary_
    {'cat': 1, 'dog': 2, 'down': 3, 'sat': 4, 'the': 5}
    >>> encoder.inverse_transform(encoder.transform(["The bird sat."])).tolist()
    [array(['the', '<unk>', 'sat'], dtype=object)]
    >>> encoder.tokenize("The bird sat.")[1]
    Token(token='bird', start=4, end=8)

    Lists of tokens with columns for their ending and shape:

    >>> encoder = TokenEncoder(token_features=["suffix2", "shape"])
    >>> encoder.fit_transform([["Ann", "sang", "in", "Rome"]])[0]
    array([[1, 4, 1],
           [4, 3, 4],
           [3, 1, 3],
           [2, 2, 2]])
    """

    vocabulary_: dict[str, int]
    token_features_: list[str | Callable[[str], str]]
    feature_vocabularies_: list[dict[str, int]]

    _parameter_constraints = {
        "analyzer": [StrOptions({"word", "char"}), callable],
        "lowercase": ["boolean"],
        "token_pattern": [str, None],
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "max_features": [Interval(Integral, 1, None, closed="left"), None],
        "vocabulary": [Iterable, None],
        "token_features": [StrOptions({"auto"}), list, tuple, None],
    }

    def __init__(
        self,
        *,
        analyzer: str | Callable[[Any], Iterable[str]] = "word",
        lowercase: bool = True,
        token_pattern: str | None = None,
        min_df: int | float | str = "auto",
        max_features: int | None = None,
        vocabulary: Iterable[str] | Mapping[str, int] | None = None,
        token_features: str | Sequence[str | Callable[[str], str]] | None = "auto",
    ):
        self.analyzer = analyzer
        self.lowercase = lowercase
        self.token_pattern = token_pattern
        self.min_df = min_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.token_features = token_features

    @all_or_nothing
    def fit(self, X: Iterable[Any], y: object = None) -> Self:
        """Learn the vocabularies.

        Parameters
        ----------
        X : iterable of str, or of sequences of str
            Texts to cut into tokens, or lists of tokens.

        y : None
            Ignored.

        Returns
        -------
        self : TokenEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If X has no entry or is an array of one column, a parameter is not valid, or no token is
            left for a vocabulary.

        TypeError
            If X holds anything but texts and tokens.
        """
        self._fit(X)
        return self

    @all_or_nothing
    def fit_transform(self, X: Iterable[Any], y: object = None) -> SequenceArray:
        """Learn the vocabularies and encode X, reading it once.

        Parameters
        ----------
        X : iterable of str, or of sequences of str
            Texts to cut into tokens, or lists of tokens.

        y : None
            Ignored.

        Returns
        -------
        ids : SequenceArray
            As from `transform`.

        Raises
        ------
        ValueError
            As `fit`.

        TypeError
            As `fit`.
        """
        return self._encode(self._fit(X))

    def transform(self, X: Iterable[Any]) -> SequenceArray:
        """Encode X.

        Parameters
        ----------
        X : iterable of str, or of sequences of str
            Texts to cut into tokens, or lists of tokens.

        Returns
        -------
        ids : SequenceArray
            For each sequence an integer array of shape (n_tokens_i,) or, with `token_features_`,
            (n_tokens_i, 1 + n_token_features), the first column being the tokens' own ids.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If X has no entry or is an array of one column.

        TypeError
            If X holds anything but texts and tokens, or texts after a fit to lists of tokens.
        """
        check_is_fitted(self)
        return self._encode(self._read(X, reset=False))

    def tokenize(self, text: str) -> list[Token]:
        r"""Cut a text into tokens that know their characters.

        Parameters
        ----------
        text : str
            One text.

        Returns
        -------
        tokens : list of Token
            Named tuples ``(token, start, end)``: the token as it is encoded, which is lower-cased
            as the parameters say, unless `fit` saw lists of tokens, and the characters
            ``text[start:end]`` that it was cut from.

        Raises
        ------
        ValueError
            If `token_pattern` is no regular expression of a token, or a callable `analyzer` returns
            tokens that are not in the text.
        TypeError
            If `text` is no string.

        Examples
        --------
        >>> from skrnn import TokenEncoder
        >>> TokenEncoder(token_pattern=r"\w+|[^\w\s]", lowercase=False).tokenize("Oh, no!")[:2]
        [Token(token='Oh', start=0, end=2), Token(token=',', start=2, end=3)]
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be one string, got {text!r}: tokenize each by itself.")
        check_parameters(self)
        learnt_tokens = getattr(self, "_learnt_from", None) == "tokens"
        pattern = self.token_pattern or (self._pattern_of_tokens if learnt_tokens else WORDS)
        lowercase = self.lowercase and not learnt_tokens
        return make_cutter(self.analyzer, lowercase, pattern)(text)

    def inverse_transform(self, X: Sequences) -> np.ndarray:
        """Return the tokens of ids.

        Parameters
        ----------
        X : sequences of int
            Ids as from `transform`. Of several columns the first is read.

        Returns
        -------
        tokens : ndarray of shape (n_sequences,) of arrays
            For each sequence its tokens, ``<unk>`` for id 0.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If an id is not one of the vocabulary, or stands for another token.
        """
        names = self.get_feature_names_out()
        found = X.categories if isinstance(X, SequenceArray) else None
        check_same_categories(found, self._categories, "the encoder")
        sequences = as_list(X, "X", "a list of sequences of ids")
        tokens = np.empty(len(sequences), dtype=object)
        for i, ids in enumerate(sequences):
            ids = as_array(ids, f"X[{i}]")
            ids = ids[:, 0] if ids.ndim == 2 and ids.shape[1] else ids
            if ids.size and ids.dtype.kind not in "iu":
                raise ValueError(f"X[{i}] is of dtype {ids.dtype}, but ids are integers.")
            ids = ids.astype(np.intp)
            if ids.size and not 0 <= ids.min() <= ids.max() < len(names):
                raise ValueError(
                    f"X[{i}] holds ids from {ids.min()} to {ids.max()}, but the vocabulary has ids "
                    f"from 0 to {len(names) - 1}."
                )
            tokens[i] = names[ids]
        return tokens

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the token of each id.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        tokens : ndarray of str objects, shape (1 + n_tokens,)
            Tokens in the order of their ids, from ``<unk>`` for id 0 on: names for the rows of
            the embedding.
        """
        check_is_fitted(self)
        return self._categories[0].copy()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _fit(self, X):
        """Set the vocabularies, and return the tokens of X."""
        check_parameters(self)
        tokens = self._read(X, reset=True)
        self.token_features_ = self._chosen_features(tokens.distinct)
        learn = partial(_learn_vocabulary, tokens, self.min_df, self.max_features)
        given = self.vocabulary is not None
        self.vocabulary_ = as_vocabulary(self.vocabulary) if given else learn(tokens.distinct)
        self.feature_vocabularies_ = [
            learn(values_of(feature, tokens.distinct)) for feature in self._features()
        ]
        self._categories = self._name_ids()
        are_tokens = self._learnt_from == "tokens"
        self._pattern_of_tokens = pattern_of_tokens(self.vocabulary_) if are_tokens else None
        return tokens

    def _read(self, X, reset):
        """Cut every entry of X into tokens; note whether they were texts, or check it."""
        X = readable(X, "X")
        is_single = isinstance(X, (str, bytes)) or hasattr(X, "columns")
        is_single = is_single or getattr(X, "shape", None) == ()
        if is_single or isinstance(X, Mapping | Set) or not isinstance(X, Iterable):
            raise TypeError(
                "X must hold one text, or one list of tokens, per entry, in order. Got one "
                f"{type(X).__name__}: put a single text into a list, take one column of a table."
            )
        reject_masked(X, "X")
        always = callable(self.analyzer)
        if isinstance(X, np.ndarray) and X.shape[1:] == (1,) and not always:
            raise ValueError(
                f"X has shape {X.shape}, and its one column may hold texts or tokens: pass X[:, 0] "
                "for texts, or X.tolist() for sequences of one token."
            )
        entries = readable_items(list(X), "X")
        if not entries:
            raise ValueError("X has 0 entries, but at least 1 text or list of tokens is needed.")
        are_texts = [always or isinstance(entry, (str, bytes)) for entry in entries]
        self._note_kind(are_texts, reset)
        return _number_tokens(list(self._cut(entries, are_texts)))

    def _cut(self, entries, are_texts):
        """Yield the tokens of each entry."""
        analyze, as_given = self._analyzer(), callable(self.analyzer)
        for i, (entry, is_text) in enumerate(zip(entries, are_texts, strict=True)):
            tokens = analyze(entry if as_given else _as_text(entry, i)) if is_text else entry
            yield _as_list(tokens, i)

    def _note_kind(self, are_texts, reset):
        """Note that lists of tokens alone were learnt from; raise if texts come later."""
        if reset:
            self._learnt_from = "texts" if any(are_texts) else "tokens"
        elif any(are_texts) and getattr(self, "_learnt_from", None) == "tokens":
            raise TypeError(
                f"X[{are_texts.index(True)}] is a string, but fit saw lists of tokens, and a "
                "string might be cut into other tokens than these: cut it by "
                "encoder.tokenize(text), or label it by tag_text(model, text)."
            )

    def _analyzer(self):
        """Return the function that cuts a text into tokens, which need no places here."""
        if callable(self.analyzer):
            return self.analyzer
        if self.analyzer == "char":
            return lambda text: characters(text, self.lowercase)
        cut = make_cutter(self.analyzer, self.lowercase, self.token_pattern or WORDS)
        return lambda text: [token.token for token in cut(text)]

    def _encode(self, tokens):
        """Look up the distinct tokens, and give every token what was found for its like."""
        vocabularies = [self.vocabulary_, *self.feature_vocabularies_]
        table = np.zeros((1 + len(tokens.distinct), len(vocabularies)), dtype=np.int64)
        for i, (feature, ids) in enumerate(
            zip([str, *self._features()], vocabularies, strict=True)
        ):
            values = values_of(feature, tokens.distinct)
            table[1:, i] = [ids.get(value, 0) for value in values]
        rows = (table if self.token_features_ else table[:, 0])[tokens.numbers]
        ids = SequenceArray(
            rows, offsets_of(tokens.lengths), categorical=True, categories=self._categories
        )
        is_empty = tokens.numbers[ids.offsets[:-1]] == 0
        ids.without_steps = is_empty if is_empty.any() else None
        return ids

    def _name_ids(self):
        """Return for each column what its ids stand for."""
        vocabularies = [self.vocabulary_, *self.feature_vocabularies_]
        return [np.array([UNKNOWN, *vocabulary], dtype=object) for vocabulary in vocabularies]

    def __setstate__(self, state):
        super().__setstate__(state)
        if "vocabulary_" in state and "_categories" not in state:  # it is of an earlier version
            self._categories = self._name_ids()
        if "vocabulary_" in state and "token_features_" not in state:
            self.token_features_ = list(self.token_features or ())

    def _chosen_features(self, distinct):
        """Return the features that the parameter names, for the tokens that are learnt."""
        if isinstance(self.token_features, str):
            are_given = self._learnt_from == "tokens" and self.vocabulary is None
            return list(FORM) if are_given and max(map(len, distinct), default=0) > 1 else []
        return list(self.token_features or ())

    def _features(self):
        return [token_feature(feature) for feature in self.token_features_]


class _Tokens(NamedTuple):
    """The tokens of all sequences, end to end.

    distinct  the different tokens
    numbers   (n_tokens,) which of them each token is, counting from 1; 0 in an empty sequence
    lengths   (n_sequences,) number of tokens of each sequence, 1 for an empty one
    """

    distinct: list
    numbers: np.ndarray
    lengths: np.ndarray


def _as_text(text, i):
    """Return entry `i` of X, a string or bytes in UTF-8, as a string."""
    try:
        return text.decode() if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise ValueError(
            f"X[{i}] is no text in UTF-8 ({error}): decode it first, as by "
            "text.decode('latin-1') or open(file, encoding='latin-1')."
        ) from None


def _as_list(tokens, i):
    """Return the tokens of entry `i` of X as a list."""
    is_single = isinstance(tokens, np.ndarray) and tokens.ndim == 0
    if is_single or not isinstance(tokens, Iterable) or isinstance(tokens, Mapping | Set):
        raise TypeError(f"X[{i}] is {tokens!r}, but must be a text or a list of tokens.")
    tokens = tokens.tolist() if isinstance(tokens, np.ndarray) else list(tokens)
    return tokens or [_NOTHING]


def _number_tokens(sequences):
    """Give each different token a number, in their order of appearance."""
    number = defaultdict()
    number.default_factory = number.__len__
    number[_NOTHING] = 0
    lengths = np.array([len(sequence) for sequence in sequences])
    try:
        every = map(number.__getitem__, chain.from_iterable(sequences))
        numbers = np.fromiter(every, np.intp, lengths.sum())
    except TypeError:
        i, token = next(
            (i, t) for i, tokens in enumerate(sequences) for t in tokens if not has_hash(t)
        )
        raise TypeError(f"Tokens must be strings, but X[{i}] holds {shorten(token)}.") from None
    distinct = list(number)[1:]
    for token in distinct:
        if not isinstance(token, str):
            remedy = "networks read values as they are" if is_measured(token) else "use str(token)"
            raise TypeError(f"Tokens must be strings, but X holds {token!r}; {remedy}.")
    return _Tokens(distinct, numbers, lengths)


def _learn_vocabulary(tokens, min_df, max_features, values):
    """Return the ids of the frequent ones among `values`, one value for each distinct token."""
    number = {}
    of_token = np.array([0, *(number.setdefault(value, len(number) + 1) for value in values)])
    found = of_token[tokens.numbers]
    count = np.bincount(found, minlength=len(number) + 1)
    once = csr_array((np.ones(len(found), bool), found, offsets_of(tokens.lengths)))
    once.sum_duplicates()  # within each sequence
    n_sequences = np.bincount(once.indices, minlength=len(number) + 1)
    n_sequences[0] = 0  # those without a token
    least = _least_sequences(min_df, n_sequences, len(tokens.lengths))
    kept = [value for value, i in number.items() if n_sequences[i] >= least]
    if max_features is not None:
        kept = sorted(kept, key=lambda value: (-count[number[value]], value))[:max_features]
    if not kept:
        raise ValueError(
            f"No token is left for the vocabulary: X has {len(number)} different ones, and "
            f"min_df={min_df!r}. Lower min_df, or let token_pattern match more."
        )
    return _numbered(sorted(kept))


def _least_sequences(min_df, n_sequences, n_in_all):
    """In how many sequences a token must be, given in how many each of them is."""
    if min_df == "auto":
        return 2 if n_in_all >= MANY_SEQUENCES and n_sequences.max() > 1 else 1
    return min_df if isinstance(min_df, Integral) else min_df * n_in_all


def as_vocabulary(vocabulary):
    """Return token -> id, counting from 1 in order, of tokens or of such a mapping."""
    vocabulary = readable(vocabulary, "vocabulary")
    if isinstance(vocabulary, str | bytes) or hasattr(vocabulary, "columns"):
        raise TypeError(
            f"vocabulary is a {type(vocabulary).__name__}, but must be an iterable of tokens, or "
            "map them to ids."
        )
    is_mapping = isinstance(vocabulary, Mapping)
    if isinstance(vocabulary, Set):
        vocabulary = sorted(vocabulary, key=str)
    tokens = list(vocabulary) if is_mapping else as_list(vocabulary, "vocabulary")
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(
                f"Tokens must be strings, but vocabulary holds {token!r}; use str(token)."
            )
    ids = list(vocabulary.values()) if is_mapping else range(1, 1 + len(tokens))
    is_valid = all(isinstance(i, Integral) for i in ids) and len(set(tokens)) == len(tokens)
    if not (tokens and is_valid and sorted(ids) == list(range(1, 1 + len(tokens)))):
        raise ValueError(
            f"vocabulary must be an iterable of different tokens, or map them to the ids 1 to "
            f"{len(tokens)}; id 0 is that of unknown tokens. Got {type(vocabulary).__name__} of "
            f"{len(tokens)}. Of a CountVectorizer use get_feature_names_out()."
        )
    if is_mapping:
        tokens.sort(key=vocabulary.get)
    return _numbered(tokens)


def _numbered(values):
    """Return value -> id, counting from 1; id 0 is that of unknown ones."""
    return {value: i for i, value in enumerate(values, start=1)}
