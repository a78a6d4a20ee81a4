"""Sequences on their way through a fitted network, part by part, and values in the form of X."""

from __future__ import annotations

from typing import Any

import numpy as np

from skrnn._core.packing import Packing
from skrnn._data.ragged import offsets_of, split_sequences
from skrnn._data.values import is_integer
from skrnn._estimators.base import open_up
from skrnn._estimators.opened import Opened
from skrnn._model import Model
from skrnn._targets.training_set import step_rows
from skrnn._targets.translated import WrittenSymbol
from skrnn._threads import single_blas_thread

DIRECTIONS = "forward", "backward"


def look_into(estimator: Any) -> Opened:
    """Return what a fitted estimator is made of; raise if it reads no sequences."""
    inside = open_up(estimator)
    if "n_condition" in inside.model.architecture:
        raise TypeError(
            f"{inside.name} reads a vector, not steps that could be looked at: pass an estimator "
            "that reads sequences, such as RNNLanguageModel for its symbols."
        )
    if isinstance(inside.target, WrittenSymbol):
        raise TypeError(
            f"{inside.name} makes sequences of symbols of others, and answers neither to steps nor "
            "to sequences as a whole: pass an estimator that does, or draw an AlignmentDisplay."
        )
    return inside


class Reading:
    """A fitted estimator, opened, and sequences that it can read."""

    def __init__(self, estimator: Any, X: Any):
        self.inside = look_into(estimator)
        self.model, self.target = self.inside.model, self.inside.target
        self.data = self.inside.read(X)

    def each_step(self, compute):
        """Return values of all steps, all sequences laid end to end.

        ``compute(x, packing, part)`` gives those of packed rows; `part` are the sequences.
        """
        data, result = self.data, None
        with single_blas_thread():
            for part in Model.parts(data):
                packing = Packing(data.lengths[part])
                values = compute(data.take(part, packing), packing, part)
                if result is None:
                    n_rows = int(data.lengths.sum())
                    result = np.empty((n_rows, *values.shape[1:]), values.dtype)
                result[step_rows(data, part, packing)] = values
        return result

    def in_form(self, rows):
        """Give rows, all sequences laid end to end, the form of X: an array, or a list of them."""
        if self.inside.schema is not None:
            return self.data.in_form(rows)
        # Networks that read symbols begin with one that is not in X.
        return [values[1:] for values in split_sequences(rows, offsets_of(self.data.lengths))]

    @property
    def has_features(self):
        """Whether a step of X is a row of features, not a single number, token or symbol."""
        schema = self.inside.schema
        return schema is not None and (self.data.has_feature_axis or schema.table == "steps")

    def layer(self, layer):
        """Return the number of a layer, which may be counted from the last."""
        n_layers = len(self.model.network.stack.layers)
        if not is_integer(layer) or not -n_layers <= layer < n_layers:
            raise ValueError(
                f"layer={layer!r} must be the number of a layer of this {self.inside.name}, from 0 "
                f"to {n_layers - 1}, or from -1 for the last."
            )
        return int(layer) % n_layers

    def direction(self, direction):
        """Return the number of a direction."""
        names = DIRECTIONS[: 1 + self.model.architecture["bidirectional"]]
        if not (isinstance(direction, str) and direction in names):
            raise ValueError(
                f"direction={direction!r} must be one in which this {self.inside.name} reads: "
                f"{' or '.join(map(repr, names))}."
            )
        return names.index(direction)
