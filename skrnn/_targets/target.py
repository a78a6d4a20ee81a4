"""What all targets share: y is checked, learnt, encoded for the loss, and weighed."""

from abc import ABC, abstractmethod

import numpy as np

from skrnn._data.frames import readable
from skrnn._data.values import as_list, converted, reject_masked
from skrnn._data.weights import weights_of_sequences
from skrnn._targets.training_set import TrainingSet


def as_computed(target, dtype):
    """Return encoded targets in the dtype of X if they are floats; raise where it holds none."""
    if target.dtype.kind != "f":
        return target
    largest = np.finfo(dtype).max
    if not (np.abs(target) <= largest).all():
        raise ValueError(
            f"y, which is centred and scaled by its weighted mean and deviation, then holds values "
            f"beyond {largest:.2g}: one of them is too far from those with large weights. Leave it "
            "out, or give less different weights."
        )
    return target.astype(dtype, copy=False)


def values_per_sequence(y):
    """Number of values that `y` has for each sequence, (n_sequences,)."""
    y = readable(y, "y")
    reject_masked(y, "y")
    is_array, what = hasattr(y, "__array__"), "a list of one target for each sequence"
    items = converted(y, "y") if is_array else as_list(y, "y", what)
    if isinstance(items, np.ndarray) and items.dtype.kind != "O":
        return np.full(len(items), np.size(items[0]))
    if not any(map(_holds_several, set(map(type, items)))):
        return np.ones(len(items), np.intp)
    try:
        return np.array([np.size(item) for item in items])
    except ValueError:
        raise ValueError("y must have one value or vector for each sequence.") from None


def _holds_several(kind):
    return issubclass(kind, list | tuple | np.ndarray) or hasattr(kind, "to_numpy")


class Target(ABC):
    """How an estimator reads y, and turns raw outputs back into values like those of y.

    A target is made with the options of an estimator, `learn`s what it needs of y or takes it over
    from an earlier one (`resume`), and is not changed afterwards.

    owner      name of the estimator, for messages
    is_learnt  whether y has been seen
    n_outputs  outputs of the network
    loss       ``loss(params, outputs, target, weight, packing)``, see `skrnn._core.losses`
    """

    is_learnt = False
    n_outputs: int

    def __init__(self, owner):
        self.owner = owner

    # What a subclass decides.

    @abstractmethod
    def check(self, y, data):
        """Return y as an array, with one entry for each row of the training set."""

    @abstractmethod
    def learn(self, y, weight):
        """Learn from the checked y what encoding and decoding need."""

    @abstractmethod
    def resume(self, earlier):
        """Take over what an earlier target has learnt, if the options still fit it."""

    @abstractmethod
    def encode(self, y, held_out=False):
        """Return the checked y as the loss wants it or, with `held_out`, as `score` does."""

    @abstractmethod
    def choose(self, params, outputs, packing):
        """Return the best encoded value for raw outputs."""

    @abstractmethod
    def decode(self, encoded):
        """Return encoded values as those of y were given."""

    @abstractmethod
    def score(self, held_out, encoded):
        """Score encoded predictions on a held-out training set; higher is better."""

    @abstractmethod
    def attributes(self):
        """What was learnt, by the names under which the estimator publishes it."""

    def restore(self, attributes):
        """Take over what an estimator of format 1 has published, if there was one of its kind."""
        raise TypeError(f"{self.owner} is younger than that format")

    def asked(self, name, outputs):
        """Return the position of what is asked for among its answers, for each row of outputs.

        name  as users call it, one for all or one for each row; None for what is predicted
        """
        raise TypeError(f"{self.owner} puts out no scores of which one could be explained.")

    def explain(self, outputs, position):
        """Return the score, or the number, in that position of each row (n,), and its doutputs."""
        raise NotImplementedError

    # What follows from it.

    def read(self, y, sample_weight, data, held_out=False):
        """Return the training set of some sequences with their targets and weights."""
        y, weight = self.check(y, data), weights_of_sequences(sample_weight, len(data))
        if not self.is_learnt:
            self.learn(y, weight)
            self.is_learnt = True
        target = self.encode(y, held_out)
        target = as_computed(target, data.dtype)
        return TrainingSet(data, target, weight * self.weigh(y, weight))

    def weigh(self, y, weight):
        """Factors of the weights that the target itself brings."""
        return 1.0

    def without_strangers(self, held_out):
        """Return a held-out set in which what training did not know has no part in the loss."""
        return held_out

    def gaps(self, held_out):
        """Say what a validation set lacks of the classes, '' if nothing; None without classes."""
        return None

    def knows(self, held_out):
        """Whether a validation set has no classes that were not learnt."""
        return True

    def strata(self, train, chosen, fraction):
        """Groups of the chosen sequences, of each of which a fraction is to be held out, or None.

        Raise if they are too small for it.
        """
        return None

    def predict(self, params, outputs, packing):
        """Return predictions for raw outputs, as y was given."""
        return self.decode(self.choose(params, outputs, packing))
