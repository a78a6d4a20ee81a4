"""Alphabets: symbols by number, and sequences of them given back as they came.

An `Alphabet` numbers the symbols from 0, in their order. The end of a sequence has the number after
the last, is never among the symbols, and also stands for what precedes the first of them.
"""

from numbers import Number

import numpy as np

from skrnn._data.ragged import object_array
from skrnn._data.symbols import KINDS, has_hash, read_symbols, reject_measured, slices

SHOWN = 5  # symbols that a message names


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
        reject_measured(read)
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
        table = np.array(numbers, np.min_scalar_type(self.end))
        encoded = np.empty(len(read.numbers), table.dtype)
        for rows in slices(len(encoded)):
            encoded[rows] = table[read.numbers[rows]]
        return encoded

    def numbers(self, symbols, name):
        """Return the numbers of a list of symbols, which messages call `name`."""
        try:
            return np.array([self.number[symbol] for symbol in symbols])
        except (KeyError, TypeError, ValueError):  # unknown symbols, or what is none
            are_characters = self.kind == "str" and all(isinstance(s, str) for s in symbols)
            items = ["".join(symbols) if are_characters else symbols]
            return self.encode(read_symbols(items, name, label="{}")).astype(np.intp)

    def check_classes(self, classes):
        """Raise unless the classes of a later call are the symbols that were learnt."""
        symbols = set(read_symbols([classes], "classes").distinct)
        if self.unknown_symbol is not None:
            symbols.add(self.unknown_symbol)
        other = sorted(map(repr, symbols ^ set(self.number)))
        if other:
            raise ValueError(
                f"classes is not the same as on the first call to partial_fit, but differs in "
                f"{_first(other)}: leave it out, or fit anew."
            )

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
        shown = _first([repr(read.distinct[i]) for i in strangers])
        return (
            f"{read.name} has the symbols {shown}, which are not among the {len(self)} that "
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


def _first(names):
    """Join the first of some names, and say how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _frequent(read, unknown_symbol, min_count):
    """Return the symbols that occur at least `min_count` times."""
    counts = np.zeros(len(read.distinct), np.intp)
    for rows in slices(len(read.numbers)):
        counts += np.bincount(read.numbers[rows], minlength=len(counts))
    pairs = zip(read.distinct, counts.tolist(), strict=True)
    symbols = {symbol for symbol, count in pairs if count >= min_count}
    if unknown_symbol is None and min_count > 1:
        raise ValueError(
            f"min_count={min_count} leaves rare symbols to the one that unknown_symbol names, but "
            "unknown_symbol=None: name one, for example '<unk>', or set min_count=1."
        )
    if not has_hash(unknown_symbol):
        raise TypeError(f"unknown_symbol={unknown_symbol!r} is no symbol, for it has no hash.")
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
