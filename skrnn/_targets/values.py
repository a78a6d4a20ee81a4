"""Real numbers for each sequence: standardised inside, in the units of y outside."""

import numpy as np
from sklearn.metrics import r2_score

from skrnn._core.losses import regression_loss
from skrnn._data.values import as_floats, checked_array, reject_too_large
from skrnn._targets.target import Target, values_per_sequence

NEEDS_NUMBERS = "{} predicts numbers. RNNClassifier learns labels, SequenceTagger those of steps."


class Values(Target):
    """One value or vector for each sequence.

    The network sees targets of mean 0 and scale 1, or, where the loss has a logarithmic link, of
    mean 1: a shift would not keep them in the domain of the loss.

    loss_name, quantile   as estimators take them; several quantiles are an array
    axes                  those of y before its outputs, in messages
    """

    axes = "n_sequences"

    def __init__(self, owner, loss_name, quantile=0.5):
        super().__init__(owner)
        self.loss_name, self.loss = loss_name, regression_loss(loss_name, quantile)
        several = loss_name == "quantile" and np.ndim(quantile) > 0
        self.quantiles = np.array(quantile, float) if several else None

    def check(self, y, data):
        n_values = values_per_sequence(y)
        for i in np.flatnonzero(n_values != n_values[0])[:1]:
            raise ValueError(
                f"y[0] has {n_values[0]} value(s) and y[{i}] has {n_values[i]}, but {self.owner} "
                "predicts as many for each sequence: pass y of shape (n_sequences,) or "
                "(n_sequences, n_outputs)."
            )
        y = as_floats(y, "y", NEEDS_NUMBERS.format(self.owner))
        y = checked_array(y, "y", ensure_2d=False, allow_nd=True)
        if y.ndim > 2:
            raise ValueError(
                f"y has {y.ndim} dimensions, shape {y.shape}, but {self.owner} predicts one value "
                "or vector for each sequence: pass y.reshape(len(y), -1)."
            )
        self.check_domain(y)
        return y

    def check_domain(self, y):
        """Raise for values that the loss is not made for, or whose sums no float can hold."""
        reject_too_large(y, "y")
        if not self.loss.in_domain(y).all():
            raise ValueError(
                f"loss={self.loss_name!r} needs {self.loss.domain}, but its smallest value is "
                f"{y.min():g}: choose another loss, or shift y."
            )

    def learn(self, y, weight):
        self.is_flat = y.ndim == 1
        y = y.reshape(len(y), -1)
        self.n_values = y.shape[1]
        self.mean, self.scale = learn_scale(*distinct_rows(y, weight), self.loss.link)

    def resume(self, earlier):
        if earlier.loss.link != self.loss.link:
            raise ValueError(
                f"loss={self.loss_name!r} cannot go on from what was learnt with another scale of "
                f"the outputs: its link is {self.loss.link!r}, that of {earlier.loss_name!r} "
                f"{earlier.loss.link!r}. Fit anew with warm_start=False."
            )
        for name in ("is_flat", "n_values", "mean", "scale", "is_learnt"):
            setattr(self, name, getattr(earlier, name))

    @property
    def n_outputs(self):
        return self.loss.n_outputs(self.n_values)

    def encode(self, y, held_out=False):
        y = y.reshape(len(y), -1)
        self.check_n_values(y)
        # This is done in float64: the mean may be so large that float32 would lose what is
        # around it.
        return (y - self.mean) / self.scale

    def check_n_values(self, y):
        """Raise unless y has the outputs that were learnt."""
        n_values = y.shape[1] if y.ndim > 1 else 1
        if n_values != self.n_values:
            raise ValueError(
                f"y has {n_values} output(s), but {self.owner} was fitted with "
                f"{self.n_values}: pass y of shape ({self.axes}, {self.n_values})."
            )

    def choose(self, params, outputs, packing):
        values = self.loss.inverse_link(outputs)
        if self.quantiles is None:
            return values
        # Sorting makes quantiles that cross better ones (Chernozhukov et al., 2010).
        return np.sort(values.reshape(len(values), self.n_values, -1), axis=2)

    def decode(self, encoded):
        if self.quantiles is None:
            values = encoded * self.scale + self.mean
        else:
            values = encoded * self.scale[:, None] + self.mean[:, None]
        return values[:, 0] if self.is_flat else values

    def central(self, values):
        """Of several quantiles, which are the last axis, the one nearest to the median."""
        if self.quantiles is None:
            return values
        return values[..., np.abs(self.quantiles - 0.5).argmin()]

    def asked(self, name, outputs):
        if name is None and self.n_values > 1:
            raise ValueError(
                f"target=None, but {self.owner} predicts {self.n_values} numbers: say which, from "
                f"0 to {self.n_values - 1}."
            )
        number = np.broadcast_to(np.asarray(0 if name is None else name), len(outputs))
        if number.dtype.kind not in "iu" or not ((0 <= number) & (number < self.n_values)).all():
            raise ValueError(
                f"target={name!r} must be the number of an output of {self.owner}, from 0 to "
                f"{self.n_values - 1}."
            )
        return number

    def explain(self, outputs, position):
        rows, column = np.arange(len(outputs)), position
        if self.quantiles is not None:
            # The quantiles of a number are sorted, and the one next to the median is its answer.
            order = outputs.reshape(len(rows), self.n_values, -1).argsort(axis=2)[rows, position]
            column = position * len(self.quantiles) + self.central(order)
        value = self.loss.inverse_link(outputs[rows, column]) * self.scale[position]
        doutputs = np.zeros_like(outputs)
        doutputs[rows, column] = value if self.loss.link == "log" else self.scale[position]
        return value + self.mean[position], doutputs

    def score(self, held_out, encoded):
        if not np.isfinite(encoded).all():  # the next loss says so, with a remedy
            return np.nan
        return r2(held_out.target, self.central(encoded), held_out.weight)

    def attributes(self):
        return {"n_outputs_": self.n_values, "y_mean_": self.mean, "y_scale_": self.scale}

    def restore(self, attributes):
        self.is_flat, self.n_values = attributes["_y_is_flat"], attributes["n_outputs_"]
        self.mean, self.scale = attributes["y_mean_"], attributes["y_scale_"]
        self.is_learnt = True


def r2(y, predicted, weight):
    """Coefficient of determination, averaged over the outputs, in whatever unit they are."""
    largest = np.maximum(np.abs(y).max(axis=0), np.abs(predicted).max(axis=0) * 1e-150)
    unit = power_of_two(largest)  # keeps squares from overflow and underflow
    weight = weight / power_of_two(weight.max())
    return r2_score(y / unit, predicted / unit, sample_weight=weight)


def power_of_two(values):
    """Return numbers of about the size of positive ones, dividing by which changes no digit."""
    return 2.0 ** np.frexp(values)[1]


def learn_scale(y, weight, link):
    """Mean and scale by which targets of any unit are of order one inside the network."""
    weight = weight / power_of_two(weight.max())
    mean = np.average(y, axis=0, weights=weight)
    if link == "log":
        mean, scale = np.zeros_like(mean), mean
    else:
        error = y - mean
        unit = np.abs(error).max(axis=0)  # in this unit squares neither overflow nor vanish
        unit[unit == 0] = 1.0
        scale = unit * np.sqrt(np.average((error / unit) ** 2, axis=0, weights=weight))
    scale[scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)] = 1.0
    return mean, scale


def distinct_rows(y, weight):
    """Rows of y that have a weight, each once with all of it: sums over them know no order."""
    order = np.argsort(weight)  # this also fixes the order in which equal rows' weights are summed
    order = order[weight[order] > 0]
    rows, group = np.unique(y[order], axis=0, return_inverse=True)
    return rows, np.bincount(group.reshape(-1), weight[order])
