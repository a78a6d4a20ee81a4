"""SequenceArray: ragged sequences over one flat buffer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike

from skrnn._data.categories import check_same_categories
from skrnn._data.frames import (
    check_same_columns,
    column_names,
    is_frame,
    readable,
    readable_items,
    string_names,
)
from skrnn._data.long_frames import check_is_frame, read_long
from skrnn._data.ragged import concatenate, offsets_of, rows_of
from skrnn._data.values import (
    as_array,
    as_list,
    check_choice,
    converted,
    is_integer,
    reject_beyond_floats,
)


class SequenceArray:
    """Sequences of different lengths stored end to end in one array.

    Sequence ``i`` is ``values[offsets[i]:offsets[i + 1]]``. Indexing follows a 1-D NumPy array
    of sequences, so every scikit-learn splitter and search accepts a `SequenceArray`; one large
    buffer also travels to joblib workers as a memory map, where a list of arrays is pickled.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_features) or (n_rows,)
        The steps of all sequences, one after the other. 1-D values make each sequence a 1-D
        array: token ids if they are integers. Arrays are kept, not copied.
    offsets : array-like of int of shape (n_sequences + 1,)
        First row of each sequence, then the total: starts at 0, never decreases and ends at
        ``len(values)``.
    categorical : bool, default=None
        Whether the values are integer ids, which estimators embed column by column under
        ``categorical_features='auto'``. None says so of 1-D integers only.
    feature_names : array-like of str of shape (n_features,), default=None
        Names of the features of a step, for 2-D `values`. Estimators keep them as
        ``feature_names_in_``, and refuse sequences whose features have other names or another
        order.
    categories : list of array-like of shape (n_categories,), default=None
        What the ids of each column stand for, from id 0 on, as :class:`TokenEncoder` names its
        tokens. Estimators align :class:`WordVectors` with them, and refuse ids that stand for
        something else than in `fit`.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features) or (n_rows,)
        The buffer itself.
    offsets : ndarray of shape (n_sequences + 1,)
        The offsets as ``numpy.intp``.
    categorical : bool
        Whether the values are ids to embed.
    feature_names : ndarray of shape (n_features,) or None
        Names of the features, which `from_long` and `from_list` take from data frames.
    categories : list of ndarray or None
        What the ids of each column stand for.
    without_steps : ndarray of bool of shape (n_sequences,) or None
        Sequences whose only step stands for none, as :class:`TokenEncoder` encodes texts without a
        token: taggers predict no label of it. None if there are no such sequences.

    Raises
    ------
    ValueError
        If `values` is neither 1-D nor 2-D, `offsets` do not partition its rows, `feature_names`
        are not one string for each feature, or `categories` do not name every id.
    TypeError
        If `values` is a masked array.

    See Also
    --------
    sliding_windows : Equal-length windows of one long series.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import SequenceArray
    >>> X = SequenceArray(np.arange(10.0).reshape(5, 2), offsets=[0, 2, 5])
    >>> X
    SequenceArray(n_sequences=2, n_features=2, lengths=2..3, dtype=float64)
    >>> X[0]
    array([[0., 1.],
           [2., 3.]])
    >>> X[[1, 0]].lengths
    array([3, 2])
    """

    values: np.ndarray
    offsets: np.ndarray
    categorical: bool
    feature_names: np.ndarray | None = None
    categories: list[np.ndarray] | None = None
    without_steps: np.ndarray | None = None

    def __init__(
        self,
        values: ArrayLike,
        offsets: ArrayLike,
        categorical: bool | None = None,
        feature_names: ArrayLike | None = None,
        *,
        categories: Sequence[ArrayLike] | None = None,
    ):
        values = readable(values, "values")
        self.values = as_array(values, "values")
        if not (categorical is None or isinstance(categorical, bool | np.bool_)):
            raise TypeError(f"categorical must be True, False or None, got {categorical!r}.")
        if categorical and not self.values.size:
            self.values = self.values.astype(np.intp)
        self.offsets = _as_integers(offsets, "offsets")
        are_integers = self.values.dtype.kind in "iu"
        if categorical and not are_integers:
            raise ValueError(
                "categorical=True needs integer ids, but values are of dtype "
                f"{self.values.dtype}: convert them with astype(int)."
            )
        one_id = self.values.ndim == 1 and are_integers
        self.categorical = one_id if categorical is None else bool(categorical)
        if self.values.ndim not in (1, 2):
            raise ValueError(
                "values must have shape (n_rows, n_features) or (n_rows,), got "
                f"{self.values.shape}. For (n_sequences, n_steps, n_features) use "
                "SequenceArray.from_padded."
            )
        steps = np.diff(self.offsets)
        if not (
            len(self.offsets)
            and self.offsets[0] == 0
            and self.offsets[-1] == len(self.values)
            and (steps >= 0).all()
        ):
            raise ValueError(
                f"offsets must start at 0, never decrease and end at len(values) = "
                f"{len(self.values)}, got {np.array2string(self.offsets, threshold=8)}. "
                "From lengths: np.concatenate([[0], np.cumsum(lengths)])."
            )
        names = column_names(values) if feature_names is None else feature_names
        self.feature_names = _as_names(names, self.values)
        self.categories = _as_categories(categories, self)

    @classmethod
    def from_list(cls, sequences: Iterable[ArrayLike], *, categorical: bool | None = None) -> Self:
        """Copy a list of sequences into one buffer.

        Parameters
        ----------
        sequences : iterable of array-like of shape (n_steps_i, n_features) or (n_steps_i,)
            At least one sequence; all with the same number of features.
        categorical : bool, default=None
            Whether the values are ids to embed, as in the class.

        Returns
        -------
        SequenceArray
            The sequences in the given order.

        Raises
        ------
        ValueError
            If there is no sequence, the sequences differ in dimensions or features or, being data
            frames, in columns, or ids are not integers.
        TypeError
            If a sequence is a masked array.

        Examples
        --------
        >>> from skrnn import SequenceArray
        >>> SequenceArray.from_list([[4, 8], [15, 16, 23]]).values
        array([ 4,  8, 15, 16, 23])
        """
        sequences = readable(sequences, "sequences")
        if is_frame(sequences):
            raise TypeError("sequences is one data frame, but must be a list of them: [sequences].")
        sequences = as_list(sequences, "sequences", "a list of sequences")
        sequences = readable_items(sequences, "sequences")
        if not sequences:
            raise ValueError("from_list needs at least one sequence, got none.")
        check_same_columns(sequences, "sequences")
        arrays = [as_array(sequence, f"sequences[{i}]") for i, sequence in enumerate(sequences)]
        for i, array in enumerate(arrays):
            if array.ndim not in (1, 2) or array.shape[1:] != arrays[0].shape[1:]:
                raise ValueError(
                    "All sequences must have shape (n_steps_i, n_features) with the same "
                    f"n_features, or all be 1-D: sequences[0] has shape {arrays[0].shape} and "
                    f"sequences[{i}] has shape {array.shape}."
                )
        offsets = offsets_of([len(array) for array in arrays])
        return cls(concatenate(arrays), offsets, categorical, column_names(sequences[0]))

    @classmethod
    def from_padded(
        cls,
        X: ArrayLike,
        lengths: ArrayLike,
        *,
        padding_side: str = "right",
        categorical: bool | None = None,
    ) -> Self:
        """Keep the ``lengths[i]`` real steps of each padded sequence.

        Parameters
        ----------
        X : array-like of shape (n_sequences, n_steps, n_features) or (n_sequences, n_steps)
            Padded sequences; the padding may hold anything. 2-D input makes 1-D sequences.
        lengths : array-like of int of shape (n_sequences,)
            Number of real steps of each sequence, from 0 to ``n_steps``.
        padding_side : {'right', 'left'}, default='right'
            Where the padding stands: behind the real steps, or before them, as Keras pads.
        categorical : bool, default=None
            Whether the values are ids to embed, as in the class.

        Returns
        -------
        SequenceArray
            The real steps only.

        Raises
        ------
        ValueError
            If `X` is neither 2-D nor 3-D, `lengths` do not fit it, `padding_side` is unknown, or
            ids are not integers.
        TypeError
            If `X` is a masked array.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import SequenceArray
        >>> X = np.array([[[1.0], [2.0], [0.0]], [[3.0], [4.0], [5.0]]])
        >>> SequenceArray.from_padded(X, lengths=[2, 3]).values.ravel()
        array([1., 2., 3., 4., 5.])
        """
        X, lengths = as_array(X, "X"), _as_integers(lengths, "lengths")
        if X.ndim not in (2, 3):
            raise ValueError(
                "X must have shape (n_sequences, n_steps, n_features) or (n_sequences, n_steps), "
                f"got {X.shape}."
            )
        if lengths.shape != X.shape[:1] or ((lengths < 0) | (lengths > X.shape[1])).any():
            raise ValueError(
                f"lengths must hold {len(X)} integers from 0 to {X.shape[1]} for X of shape "
                f"{X.shape}, got {np.array2string(lengths, threshold=8)}."
            )
        real = _real_steps(lengths, X.shape[1], padding_side)
        return cls(X[real], offsets_of(lengths), categorical)

    @classmethod
    def from_long(
        cls,
        df: Any,
        *,
        sequence: str,
        time: str | None = None,
        features: str | Iterable[str] | None = None,
        categorical: bool | None = None,
    ) -> Self:
        """Read a long data frame: one row for each step of each sequence.

        Parameters
        ----------
        df : pandas or polars DataFrame
            The frame; it is not changed.
        sequence : str
            Column that says which sequence a row belongs to. Sequences keep the order in which
            they first appear, which is that of ``df[sequence].unique()`` in pandas and of
            ``df[sequence].unique(maintain_order=True)`` in polars: align targets to it.
        time : str, default=None
            Column that orders the rows of a sequence: numbers, dates, ordered categories, or
            strings in one form of ISO 8601. None keeps the order in the frame.
        features : str or list of str, default=None
            Columns of numbers. A list makes sequences of shape ``(n_steps_i, n_features)``, which
            keep the names; one name makes 1-D sequences, which is how a column of token ids is
            read. None takes every column except `sequence` and `time`, in the order of the frame.
        categorical : bool, default=None
            Whether the values are ids to embed, as in the class.

        Returns
        -------
        SequenceArray
            One sequence for each distinct value of `sequence`.

        Raises
        ------
        ValueError
            If a column is missing, an id or a time is missing, a time occurs twice in one
            sequence or is a text in no form of ISO 8601, a feature is not numeric, or ids are not
            integers.
        TypeError
            If `df` is not a data frame.

        Examples
        --------
        >>> import pandas as pd
        >>> from skrnn import SequenceArray
        >>> df = pd.DataFrame({"id": ["b", "a", "b"], "t": [2, 1, 1], "x": [0.3, 0.1, 0.2]})
        >>> SequenceArray.from_long(df, sequence="id", time="t", features="x").to_list()
        [array([0.2, 0.3]), array([0.1])]
        """
        df = readable(df, "df")
        check_is_frame(df)
        if features is None:
            features = [name for name in df.columns if name not in (sequence, time)]
        is_one = isinstance(features, str)
        names = [features] if is_one else as_list(features, "features", "a name or names")
        columns, lengths = read_long(df, sequence, time, names)
        if is_one:
            return cls(columns[0], offsets_of(lengths), categorical)
        values = np.stack(columns, axis=1)
        return cls(values, offsets_of(lengths), categorical, string_names(names))

    @classmethod
    def concatenate(cls, arrays: Iterable[SequenceArray]) -> Self:
        """Join several, one after the other.

        Parameters
        ----------
        arrays : iterable of SequenceArray
            At least one; all with the same features, and all ids or none.

        Returns
        -------
        SequenceArray
            The sequences of all of them, in order.

        Raises
        ------
        ValueError
            If there is none, or they differ in features, in their names, in `categorical` or in
            what their ids stand for.

        Examples
        --------
        >>> from skrnn import SequenceArray
        >>> first = SequenceArray.from_list([[1, 2], [3]])
        >>> second = SequenceArray.from_list([[4, 5]])
        >>> SequenceArray.concatenate([first, second]).to_list()
        [array([1, 2]), array([3]), array([4, 5])]
        """
        arrays = as_list(arrays, "arrays", "a list of SequenceArray")
        for i, array in enumerate(arrays):
            if not isinstance(array, SequenceArray):
                raise TypeError(f"arrays[{i}] is a {type(array).__name__}, not a SequenceArray.")
        if not arrays:
            raise ValueError("concatenate needs at least one SequenceArray, got none.")
        kinds = [_kind(array) for array in arrays]
        for array in arrays:
            check_same_categories(array.categories, arrays[0].categories, "arrays[0]")
        for i, kind in enumerate(kinds):
            if kind != kinds[0]:
                raise ValueError(
                    "All must have the same features: (n_features, categorical, feature_names) is "
                    f"{kinds[0]} of arrays[0] and {kind} of arrays[{i}]."
                )
        values = np.concatenate([array.values for array in arrays])
        lengths = np.concatenate([array.lengths for array in arrays])
        joined = arrays[0]._with(values, offsets_of(lengths))
        if any(array.without_steps is not None for array in arrays):
            masks = [
                np.zeros(len(array), bool) if array.without_steps is None else array.without_steps
                for array in arrays
            ]
            joined.without_steps = np.concatenate(masks)
        return joined

    def to_list(self) -> list[np.ndarray]:
        """Return a list of arrays, each a view of its sequence.

        Returns
        -------
        list of ndarray of shape (n_steps_i, n_features) or (n_steps_i,)
            The sequences in order.
        """
        return list(self)

    def to_padded(self, fill: Any = 0, *, padding_side: str = "right") -> np.ndarray:
        """Copy to a rectangular array, padded at one side of each sequence.

        Parameters
        ----------
        fill : scalar, default=0
            Value of the padding, which the dtype of `values` must be able to hold.
        padding_side : {'right', 'left'}, default='right'
            Where the padding stands, as in `from_padded`.

        Returns
        -------
        ndarray of shape (n_sequences, max_steps, n_features) or (n_sequences, max_steps)
            The padded sequences; `lengths` says how many steps of each are real.

        Raises
        ------
        ValueError
            If `padding_side` is unknown, or `values` cannot hold `fill`, as integers hold no NaN.
        """
        n_steps = self.lengths.max(initial=0)
        shape = (len(self), n_steps, *self.values.shape[1:])
        padded = np.full(shape, _as_fill(fill, self.dtype), dtype=self.dtype)
        padded[_real_steps(self.lengths, n_steps, padding_side)] = self.values
        return padded

    @property
    def shape(self) -> tuple[int]:
        """The tuple ``(n_sequences,)``: scikit-learn sees a 1-D array of sequences."""
        return (len(self),)

    @property
    def ndim(self) -> int:
        """Always 1, as `shape` has one entry."""
        return 1

    @property
    def lengths(self) -> np.ndarray:
        """Number of steps of each sequence, shape (n_sequences,)."""
        return np.diff(self.offsets)

    @property
    def n_features(self) -> int:
        """Number of features of a step; 1 for 1-D sequences."""
        return self.values.shape[1] if self.values.ndim == 2 else 1

    @property
    def dtype(self) -> np.dtype:
        """The dtype of `values`."""
        return self.values.dtype

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.values[start:stop] for start, stop in pairwise(self.offsets.tolist()))

    @overload
    def __getitem__(self, key: int | np.integer) -> np.ndarray: ...

    @overload
    def __getitem__(self, key: slice | Sequence[int] | np.ndarray) -> SequenceArray: ...

    def __getitem__(self, key):
        """Return one sequence for an integer, a `SequenceArray` for anything else.

        An integer and a slice without a step give views; masks and integer arrays copy.
        """
        if isinstance(key, tuple):
            key = _strip_ellipsis(key)
        if is_integer(key):
            i = range(len(self))[key]
            return self.values[self.offsets[i] : self.offsets[i + 1]]
        if not isinstance(key, slice):
            return self._gather(converted(key, "the index"))
        start, stop, step = key.indices(len(self))
        return self._range(start, stop) if step == 1 else self._gather(np.arange(start, stop, step))

    def __repr__(self) -> str:
        lengths = self.lengths
        span = f"{lengths.min()}..{lengths.max()}" if len(self) else "none"
        return (
            f"SequenceArray(n_sequences={len(self)}, n_features={self.n_features}, "
            f"lengths={span}, dtype={self.dtype})"
        )

    def _range(self, start, stop):
        """Return the sequences ``start:stop`` as a view."""
        offsets = self.offsets[start : max(start, stop) + 1]
        values = self.values[offsets[0] : offsets[-1]]
        return self._with(values, offsets - offsets[0], slice(start, max(start, stop)))

    def _gather(self, index):
        """Copy the sequences of an integer or boolean array of one dimension."""
        if index.ndim != 1:
            raise IndexError(
                "SequenceArray is indexed by an integer, a slice or a 1-D array of integers or "
                f"booleans, got an array of shape {index.shape} and dtype {index.dtype}."
            )
        index = index if index.size else index.astype(np.intp)  # an empty list reads as floats
        rows, offsets = rows_of(index, self.offsets), offsets_of(self.lengths[index])
        return self._with(self.values[rows], offsets, index)

    def _with(self, values, offsets, chosen=None):
        """Return other sequences of the same features; `chosen` are those of this array."""
        names, categories = self.feature_names, self.categories
        other = SequenceArray(values, offsets, self.categorical, names, categories=categories)
        if self.without_steps is not None and chosen is not None:
            other.without_steps = self.without_steps[chosen]
        return other


def _as_integers(values, name):
    """Return a 1-D ``intp`` array, or raise naming the argument."""
    array = as_array(values, name)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise ValueError(
            f"{name} must be a 1-D array of integers, got shape {array.shape} and dtype "
            f"{array.dtype}."
        )
    return array.astype(np.intp, copy=False)


def _as_names(feature_names, values):
    """Return one name for each column of `values` in an array of objects, or None."""
    if feature_names is None:
        return None
    names = np.array(as_list(feature_names, "feature_names", "a list of strings"), dtype=object)
    if names.shape != values.shape[1:] or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"feature_names must be one string for each column of values, of shape {values.shape}, "
            f"got {list(names)}."
        )
    return names


def _as_categories(categories, sequences):
    """Return an array of objects for each column, or None; raise unless they name every id."""
    if categories is None:
        return None
    names = [_as_objects(column) for column in categories]
    n_ids = np.ravel(sequences.values.max(axis=0, initial=0)).astype(np.intp) + 1
    if not (
        sequences.categorical
        and len(names) == sequences.n_features
        and all(len(column) >= n for column, n in zip(names, n_ids, strict=True))
    ):
        raise ValueError(
            f"categories must say what each id stands for, in one array for each of "
            f"{sequences.n_features} columns of ids, which need {n_ids.tolist()} names; got "
            f"{[len(column) for column in names]}."
        )
    return names


def _as_objects(names):
    if isinstance(names, np.ndarray) and names.dtype.kind == "O":
        return names
    return np.array(list(names), dtype=object)


def _kind(array):
    """Return what `SequenceArray`s must have in common to be joined."""
    names = array.feature_names
    return array.values.shape[1:], array.categorical, None if names is None else names.tolist()


def _as_fill(fill, dtype):
    """Return `fill`; raise if it would be another value among numbers."""
    if dtype.kind in "fiub" and not isinstance(fill, Real | np.bool_):
        raise TypeError(f"fill must be a number, as the values are, got {fill!r}.")
    reject_beyond_floats(fill, "fill")
    if dtype.kind in "iub" and not (np.isfinite(fill) and np.array(fill).astype(dtype) == fill):
        raise ValueError(
            f"fill={fill!r} is no value of dtype {dtype}, which the values have: choose another, "
            "or pad SequenceArray(X.values.astype(float), X.offsets)."
        )
    return fill


def _real_steps(lengths, n_steps, padding_side):
    """Return the boolean mask (n, n_steps) of the steps that are not padding."""
    check_choice(padding_side, "padding_side", ("right", "left"))
    steps = np.arange(n_steps)
    return (steps if padding_side == "right" else steps[::-1]) < lengths[:, np.newaxis]


def _strip_ellipsis(key):
    """Return the first entry of ``(key, ...)``, the form in which scikit-learn indexes rows."""
    if len(key) == 2 and key[1] is Ellipsis:
        return key[0]
    raise IndexError(
        f"SequenceArray has one axis, the sequences; got {len(key)} indices. "
        "Take a sequence first: X[i][step, feature]."
    )
