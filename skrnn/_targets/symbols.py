"""Sequences of symbols, any hashable labels: read, numbered, and given back as they came.

An item is a list, a tuple, an array or a string, which is the sequence of its characters. An
`Alphabet` numbers the symbols from 0, in their order. The end of a sequence has the number after
the last, is never among the symbols, and also stands for what precedes the first of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from itertools import chain
from numbers import Number
from typing import NamedTuple

import numpy as np

from skrnn._data.ragged import object_array, sequence_starts, split_sequences
from skrnn._data.values import reject_masked

EXPECTED = (
    "expected a list, an array or a column of a data frame with one sequence of symbols in each "
    "entry: a string, whose symbols are its characters, or a list, tuple or 1-D array of symbols."
)
SHOWN = 5  # symbols that a message names
KINDS = {"str": str, "tuple": tuple, "array": np.ndarray, "list": list}


class SymbolSequences(NamedTuple):
    """Sequences of symbols as they were read, laid end to end.

    name      what messages call them
    label     what messages call one of them, see `read_symbols`
    distinct  the different symbols, in order of appearance
    numbers   (n_steps,) which of them each step holds
    lengths   (n_sequences,)
    kind      what the first item is: a name among `KINDS`
    dtype     that of the items if they are arrays, or None
    """

    name: str
    label: str
    distinct: list
    numbers: np.ndarray
    lengths: np.ndarray
    kind: str
    dtype: np.dtype | None

    def __len__(self):
        return len(self.lengths)

    def place(self, number):
        """Say where one of the distinct symbols comes first, such as ``y[3] at step 0``."""
        row = np.flatnonzero(self.numbers == number)[0]
        sequence = np.searchsorted(sequence_starts(self.lengths), row, side="right") - 1
        step = row - self.lengths[:sequence].sum()
        return f"{self.label.format(self.name, sequence)} at step {step}"


def read_symbols(items, name, may_be_empty=False, label="{}[{}]"):
    """Read sequences of symbols.

    may_be_empty  whether a sequence may have no symbols
    label         what messages call a sequence, given the name of all and its number

    Raises ValueError or TypeError, which say what was found and what to pass instead.
    """
    items = _as_items(items, name)
    sequences = [_as_sequence(item, label.format(name, i)) for i, item in enumerate(items)]
    _check_kinds(items, name)
    lengths = np.array([len(sequence) for sequence in sequences], np.intp)
    for i in np.flatnonzero(lengths == 0)[:1]:
        if not may_be_empty:
            raise ValueError(
                f"{label.format(name, i)} is empty: every sequence needs at least one symbol. "
                "Leave it out."
            )
    distinct, numbers = _number(sequences, lengths, name)
    kind = next(kind for kind, type_ in KINDS.items() if isinstance(items[0], type_))
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    dtype = np.result_type(*arrays) if len(arrays) == len(items) else None
    read = SymbolSequences(name, label, distinct, numbers, lengths, kind, dtype)
    for i, symbol in enumerate(distinct):
        if _is_missing(symbol):
            raise ValueError(
                f"{read.place(i)} is {symbol!r}, which says that something is missing: leave it "
                "out, or put a symbol of its own in its place."
            )
    return read


def _number(sequences, lengths, name):
    """Return the different symbols, and the number of each step's symbol among them."""
    number, n_steps = defaultdict(), int(lengths.sum())
    number.default_factory = number.__len__
    every = map(number.__getitem__, chain.from_iterable(sequences))
    try:
        numbers = np.fromiter(every, np.min_scalar_type(-n_steps), n_steps)
    except TypeError:
        raise TypeError(_unhashable(sequences, name)) from None
    return list(number), numbers


def _is_missing(symbol):
    """Whether a symbol is None, or not a number, or not a time."""
    try:
        return symbol is None or bool(symbol != symbol)
    except TypeError:  # what pandas has for a missing value says neither yes nor no
        return True


def _as_items(items, name):
    """Return a list of what may be sequences of symbols."""
    if isinstance(items, str):
        raise TypeError(
            f"{name} is the string {_shorten(items)}; {EXPECTED} A single text is passed as "
            f"[{name}]."
        )
    reject_masked(items, name)
    holds_none = hasattr(items, "columns") or isinstance(items, Mapping | Set | bytes)
    if holds_none or not _is_sized(items):
        raise TypeError(f"{name} is of type {type(items).__name__}; {EXPECTED}")
    if not len(items):
        raise ValueError(f"{name} has 0 sequences, but at least 1 is needed.")
    return [
        np.asarray(item) if hasattr(item, "__array__") and not isinstance(item, str) else item
        for item in items
    ]


def _is_sized(items):
    is_scalar = getattr(items, "shape", None) == ()
    return isinstance(items, Iterable) and hasattr(items, "__len__") and not is_scalar


def _as_sequence(item, name):
    """Return an item as a string, a list or a tuple."""
    if isinstance(item, np.ndarray):
        if item.ndim != 1:
            value = f"is {item.item()!r}" if item.ndim == 0 else f"has shape {item.shape}"
            raise ValueError(f"{name} {value}, but must be one sequence of symbols; {EXPECTED}")
        return item.tolist()
    if isinstance(item, bytes):
        raise TypeError(
            f"{name} is of type bytes: pass {name}.decode() for its characters, or list({name}) "
            "for its bytes as integers."
        )
    if not isinstance(item, str | list | tuple):
        raise TypeError(f"{name} is {_shorten(item)}, not a sequence of symbols; {EXPECTED}")
    return item


def _check_kinds(items, name):
    """Raise if some items are strings and others are not."""
    is_text = [isinstance(item, str) for item in items]
    if len(set(is_text)) > 1:
        other = is_text.index(not is_text[0])
        raise TypeError(
            f"{name}[0] is {_shorten(items[0])} and {name}[{other}] is {_shorten(items[other])}: "
            "the symbols of a string are its characters. Pass strings only, or lists only."
        )


def _unhashable(sequences, name):
    for i, sequence in enumerate(sequences):
        for t, symbol in enumerate(sequence):
            try:
                hash(symbol)
            except TypeError:
                return (
                    f"{name}[{i}] at step {t} is {_shorten(symbol)}, of type "
                    f"{type(symbol).__name__}, but symbols must be hashable, such as strings, "
                    "integers or tuples."
                )


def _shorten(value):
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}...{text[-5:]}"


class Alphabet:
    """Symbols by number. It is made of plain values, and not changed any more.

    classes         (n,) the symbols, in order
    kind            what sequences are given back as, see `SymbolSequences`
    unknown_symbol  the symbol that stands for all others, or None if others are refused
    """

    def __init__(self, classes, kind="list", unknown_symbol=None):
        self.classes, self.kind, self.unknown_symbol = classes, kind, unknown_symbol
        self.number = {symbol: i for i, symbol in enumerate(classes.tolist())}

    def __getstate__(self):
        names = ("classes", "kind", "unknown_symbol")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state):
        self.__init__(**state)

    def __len__(self):
        return len(self.classes)

    @property
    def end(self):
        """Number of the end, and of what precedes the first symbol."""
        return len(self.classes)

    @classmethod
    def learn(cls, read, unknown_symbol=None, min_count=1, classes=None):
        """Number the symbols of some sequences, or the `classes`, which are all that may come.

        Symbols that occur fewer than `min_count` times are left to `unknown_symbol`.
        """
        dtype = read.dtype
        if classes is not None:
            symbols, dtype = set(read_symbols([classes], "classes").distinct), None
        else:
            symbols = _frequent(read, unknown_symbol, min_count)
        if unknown_symbol is not None:
            symbols.add(unknown_symbol)
        if len(symbols) < 2:
            raise ValueError(
                f"{read.name} has one class of symbols only, {next(iter(symbols))!r}, but at "
                "least two are needed to learn which of them follows."
            )
        return cls(_as_array(_in_order(symbols), dtype), read.kind, unknown_symbol)

    def encode(self, read):
        """Return the number of each step's symbol, (n_steps,), in the smallest dtype."""
        self.check_kind(read)
        other = self.number.get(self.unknown_symbol, -1)
        numbers = [self.number.get(symbol, other) for symbol in read.distinct]
        if -1 in numbers:
            raise ValueError(self._unknown(read, numbers))
        return np.array(numbers, np.min_scalar_type(self.end))[read.numbers]

    def numbers(self, symbols, name):
        """Return the numbers of a list of symbols, which messages call `name`."""
        try:
            return np.array([self.number[symbol] for symbol in symbols])
        except (KeyError, TypeError):  # unknown symbols, or what is none
            are_characters = self.kind == "str" and all(isinstance(s, str) for s in symbols)
            items = ["".join(symbols) if are_characters else symbols]
            return self.encode(read_symbols(items, name, label="{}")).astype(np.intp)

    def check_kind(self, read):
        """Raise if fit saw strings and these are none, or the other way round."""
        if read.numbers.size and (read.kind == "str") != (self.kind == "str"):
            found, seen = ("strings", "lists") if read.kind == "str" else ("lists", "strings")
            raise TypeError(
                f"{read.name} holds {found} of symbols, but those of fit were {seen}: the symbols "
                f"of a string are its characters. Pass {seen}."
            )

    def _unknown(self, read, numbers):
        strangers = [i for i, number in enumerate(numbers) if number == -1]
        shown = ", ".join(repr(read.distinct[i]) for i in strangers[:SHOWN])
        more = f" and {len(strangers) - SHOWN} more" if len(strangers) > SHOWN else ""
        return (
            f"{read.name} has the symbols {shown}{more}, which are not among the {len(self)} that "
            f"were learnt, first in {read.place(strangers[0])}. Leave them out, or fit with "
            "unknown_symbol= a symbol that stands for them, which min_count=2 lets the rare ones "
            "teach."
        )

    def decode(self, sequences):
        """Return sequences of numbers as what was given: strings, lists, tuples or arrays."""
        symbols = [self.classes[numbers] for numbers in sequences]
        if self.kind == "str":
            symbols = ["".join(each.tolist()) for each in symbols]
        elif self.kind != "array":
            symbols = [KINDS[self.kind](each.tolist()) for each in symbols]
        return object_array(symbols)

    def split(self, numbers, lengths):
        """Return the numbers of each of some sequences, which lie end to end."""
        return split_sequences(numbers, np.append(sequence_starts(lengths), len(numbers)))


def _frequent(read, unknown_symbol, min_count):
    """Return the symbols that occur at least `min_count` times."""
    counts = np.bincount(read.numbers, minlength=len(read.distinct)).tolist()
    pairs = zip(read.distinct, counts, strict=True)
    symbols = {symbol for symbol, count in pairs if count >= min_count}
    if unknown_symbol is None and min_count > 1:
        raise ValueError(
            f"min_count={min_count} leaves rare symbols to the one that unknown_symbol names, but "
            "unknown_symbol=None: name one, for example '<unk>', or set min_count=1."
        )
    if unknown_symbol is not None and unknown_symbol not in symbols and min_count == 1:
        raise ValueError(
            f"unknown_symbol={unknown_symbol!r} is not among the symbols of {read.name}, so that "
            "nothing could be learnt about it: set min_count=2 or more, and it stands for the "
            "rare ones, or write it into the sequences."
        )
    return symbols


def _in_order(symbols):
    """Sort symbols of one type; strings and numbers have no common order."""
    try:
        return sorted(symbols)
    except TypeError:
        kinds = sorted({type(symbol).__name__ for symbol in symbols})
        if len(kinds) == 1:  # such as members of an Enum, or tuples with parts of several types
            return sorted(symbols, key=repr)
        raise TypeError(
            f"The symbols are of the types {', '.join(kinds)}, which have no common order: convert "
            "them to one type, for example by str."
        ) from None


def _as_array(symbols, dtype):
    """Return symbols as a 1-D array that gives back the very same ones."""
    if all(isinstance(symbol, str | Number) for symbol in symbols):
        array = np.array(symbols, dtype)
        if array.tolist() == symbols:  # a string loses null characters at its end
            return array
    return object_array(symbols)
