"""Sequences of symbols, any hashable labels, read and numbered.

An item is a list, a tuple, an array or a string, which is the sequence of its characters.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from itertools import chain
from numbers import Number
from typing import NamedTuple

import numpy as np

from skrnn._data.frames import is_missing_cell, readable, readable_items, to_array
from skrnn._data.ragged import place_of_row, sequence_starts
from skrnn._data.values import reject_masked, reject_sparse, shorten

EXPECTED = (
    "expected a list, an array or a column of a data frame with one sequence of symbols in each "
    "entry: a string, whose symbols are its characters, or a list, tuple or 1-D array of symbols."
)
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
        sequence, step = place_of_row(row, sequence_starts(self.lengths))
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
    distinct, numbers = _number(sequences, lengths, name, label)
    if not {0, 1}.isdisjoint(distinct):
        _check_booleans(sequences, name)
    kind = next(kind for kind, type_ in KINDS.items() if isinstance(items[0], type_))
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    dtype = np.result_type(*arrays) if len(arrays) == len(items) else None
    read = SymbolSequences(name, label, distinct, numbers, lengths, kind, dtype)
    for i, symbol in enumerate(distinct):
        if is_missing_cell(symbol):
            raise _missing_error(symbol, read.place(i))
    return read


def _missing_error(symbol, place):
    return ValueError(
        f"{place} is {symbol!r}, which says that something is missing: leave it out, or put a "
        "symbol of its own in its place."
    )


def slices(n_rows, size=1 << 18):
    """Cut rows into parts: NumPy makes indices of 8 bytes of all that it is given at a time."""
    return [slice(start, start + size) for start in range(0, n_rows, size)]


def _number(sequences, lengths, name, label):
    """Return the different symbols, and the number of each step's symbol among them.

    A text of any length takes the memory of its numbers, of one byte each for up to 256 symbols.
    """
    number, numbers = defaultdict(), np.empty(lengths.sum(), np.uint8)
    number.default_factory = number.__len__
    every = map(number.__getitem__, chain.from_iterable(sequences))
    try:
        for rows in slices(len(numbers)):
            found = np.fromiter(every, np.intp, len(numbers[rows]))
            if len(number) > np.iinfo(numbers.dtype).max + 1:
                numbers = numbers.astype(np.min_scalar_type(len(number) - 1))
            numbers[rows] = found
    except (TypeError, ValueError):
        raise _unhashable_error(sequences, name, label) from None
    return list(number), numbers


def is_measured(symbol):
    """Whether this is a float that is no integer, or a tuple of numbers with such a float."""
    if isinstance(symbol, tuple):
        return all(isinstance(n, Number | tuple) for n in symbol) and any(map(is_measured, symbol))
    return isinstance(symbol, float | np.floating) and not float(symbol).is_integer()


def reject_measured(read):
    """Raise for what was measured: as labels in scikit-learn, floats are values."""
    for i, symbol in enumerate(read.distinct):
        if is_measured(symbol):
            raise ValueError(
                f"Unknown label type: continuous. {read.place(i)} is {symbol!r}, which is a value "
                "and no symbol: SequenceRegressor learns values, and KBinsDiscretizer puts them "
                "into bins. What stands for something else, such as the length of a note, becomes "
                "a symbol by str."
            )


def _check_booleans(sequences, name):
    """Raise for True beside 1, and False beside 0, which are equal and would be one symbol."""
    kinds = set()
    for sequence in sequences:
        if not isinstance(sequence, str):
            kinds.update(map(type, sequence))
    are_boolean = {issubclass(kind, bool | np.bool_) for kind in kinds}
    if len(are_boolean) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(
            f"The symbols of {name} are of the types {names}, of which True would be the same as "
            "1: convert them to one type, for example by str."
        )


def _as_items(items, name):
    """Return a list of what may be sequences of symbols."""
    if isinstance(items, str):
        raise TypeError(
            f"{name} is the string {shorten(items)}; {EXPECTED} A single text is passed as "
            f"[{name}]."
        )
    items = readable(items, name)
    reject_masked(items, name)
    reject_sparse(items, name)
    holds_none = hasattr(items, "columns") or isinstance(items, Mapping | Set | bytes)
    if holds_none or not _is_sized(items):
        raise TypeError(f"{name} is of type {type(items).__name__}; {EXPECTED}")
    if not len(items):
        raise ValueError(f"{name} has 0 sequences, but at least 1 is needed.")
    return [
        to_array(item, f"{name}[{i}]") if _is_array_like(item) else item
        for i, item in enumerate(readable_items(list(items), name))
    ]


def _is_array_like(item):
    return hasattr(item, "__array__") and not isinstance(item, str)


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
        raise TypeError(f"{name} is {shorten(item)}, not a sequence of symbols; {EXPECTED}")
    return item


def _check_kinds(items, name):
    """Raise if some items are strings and others are not."""
    is_text = [isinstance(item, str) for item in items]
    if len(set(is_text)) > 1:
        other = is_text.index(not is_text[0])
        raise TypeError(
            f"{name}[0] is {shorten(items[0])} and {name}[{other}] is {shorten(items[other])}: "
            "the symbols of a string are its characters. Pass strings only, or lists only."
        )


def has_hash(symbol):
    """Whether a value can be a symbol; tuples of lists, and signalling NaN, cannot."""
    try:
        hash(symbol)
    except (TypeError, ValueError):
        return False
    return True


def _unhashable_error(sequences, name, label):
    """Return an error about the first symbol that has no hash; of numbers, that is NaN alone."""
    steps = ((i, t, s) for i, sequence in enumerate(sequences) for t, s in enumerate(sequence))
    i, t, symbol = next(step for step in steps if not has_hash(step[-1]))
    place = f"{label.format(name, i)} at step {t}"
    if isinstance(symbol, Number):
        return _missing_error(symbol, place)
    return TypeError(
        f"{place} is {shorten(symbol)}, of type {type(symbol).__name__}, but symbols must be "
        "hashable, such as strings, integers or tuples."
    )
