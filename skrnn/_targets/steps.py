"""A label or number for each step: read end to end, with a mask of the steps that are known."""

from abc import abstractmethod

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from skrnn._core.crf import CRF, ObservedLabels
from skrnn._core.packing import Packing
from skrnn._data.labels import are_known, as_labels, check_labels, take_known
from skrnn._data.ragged import place_of_row
from skrnn._data.steps import (
    check_lengths_of_steps,
    concatenate_numbers,
    concatenate_steps,
    is_flat,
)
from skrnn._data.weights import weights_of_steps
from skrnn._optim.batching import length_sorted_batches
from skrnn._tagging import allowed_transitions
from skrnn._targets.labels import Labels
from skrnn._targets.target import Target, as_computed
from skrnn._targets.training_set import StepTrainingSet, step_rows
from skrnn._targets.values import Values

ONE_TYPE = (
    "give every step a label, all of one type, or set ignore_label to what marks all steps without "
    "one: it may be None, NaN, or of another type."
)

# Packed rows whose labels are checked at a time: they bound the memory.
ROWS = 8192
SHOWN = 8  # limits that a message names


def values_of_steps(values, data, name, concatenate=concatenate_steps):
    """Values of all steps end to end; raise unless every step has one."""
    # If X is a table whose rows are single steps, `values` has one entry for each row.
    if is_flat(values, name):
        values = as_labels(values, name)
        if not values.ndim:
            raise ValueError(f"{name} must hold values of steps, got {values.item()!r}.")
        values = values[:, np.newaxis]
    values, lengths = concatenate(values, name)
    check_lengths_of_steps(lengths, data.lengths, name, "X")
    return values


class StepTarget(Target):
    """What targets of steps share: only what is known is learnt and encoded."""

    def read(self, y, sample_weight, data, held_out=False):
        y, weight = self.check(y, data), weights_of_steps(sample_weight, data.lengths)
        known = self.known(y)
        values = self.known_values(y, known)
        if not self.is_learnt:
            self.learn(values, weight[known])
            self.is_learnt = True
        encoded = self.encode(values, held_out)
        encoded = as_computed(encoded, data.dtype)
        target = np.zeros((len(y), *encoded.shape[1:]), encoded.dtype)
        target[known] = encoded
        factor = self.factors(values, weight, known)
        return self.training_set(data, target, weight * factor, known)

    def known_values(self, y, known):
        """Return what is known of y; raise if it is nothing that can be learnt."""
        return y[known]

    @abstractmethod
    def known(self, y):
        """Which steps have a target; raise if none has."""

    def training_set(self, data, target, weight, known):
        return StepTrainingSet(data, target, weight, known)

    def factors(self, values, weight, known):
        """Factors of the weights: steps that are unknown have no part in the loss."""
        result = np.zeros(len(known))
        result[known] = self.weigh(values, weight[known])
        return result

    def strata(self, train, chosen, fraction):
        return None

    def score(self, held_out, encoded):
        known = held_out.known
        return super().score(held_out.known_steps(), encoded[known])


class StepValues(StepTarget, Values):
    """One value or vector for each step; NaN is unknown."""

    axes = "n_sequences, n_steps"

    def check(self, y, data):
        y = values_of_steps(y, data, "y", concatenate_numbers)
        infinite = np.isinf(y)
        for row in np.flatnonzero(infinite.reshape(len(y), -1).any(axis=1))[:1]:
            sequence, step = place_of_row(row, data.starts)
            raise ValueError(
                f"y[{sequence}] is infinite at step {step}: give a finite number, or NaN if the "
                "value is unknown."
            )
        missing = np.isnan(y.reshape(len(y), -1))
        for row in np.flatnonzero(missing.any(axis=1) & ~missing.all(axis=1))[:1]:
            sequence, step = place_of_row(row, data.starts)
            raise ValueError(
                f"y[{sequence}] has NaN at step {step} in some of its {missing.shape[1]} outputs "
                "but not in all: a step is known or unknown as a whole. Fill in the missing "
                "outputs, or fit an estimator for each output."
            )
        self.check_domain(y[~np.isnan(y)])
        return y

    def known(self, y):
        known = ~np.isnan(y.reshape(len(y), -1)).any(axis=1)
        if not known.any():
            raise ValueError("every value in y is NaN: give the value of one step at least.")
        return known


class StepLabels(StepTarget, Labels):
    """One class for each step; steps with `ignore_label` are unknown."""

    def __init__(self, owner, class_weight=None, classes=None, ignore_label=None):
        super().__init__(owner, class_weight, classes)
        self.ignore_label = ignore_label

    def check(self, y, data):
        return values_of_steps(y, data, "y")

    def known(self, y):
        known = are_known(y, self.ignore_label)
        if not known.any():
            raise ValueError(f"every label in y is ignore_label={self.ignore_label!r}.")
        return known

    def known_values(self, y, known):
        labels = check_labels(take_known(y, known), "y", ONE_TYPE)
        check_classification_targets(labels)
        return labels


class PartlyLabelled(StepTrainingSet):
    """Steps whose labels a CRF learns: it is told which of them are known."""

    def batch(self, chunk):
        batch = super().batch(chunk)
        known = self.known[self.rows_of_outputs(chunk.indices, batch.packing)]
        return batch._replace(target=ObservedLabels(batch.target, known))

    def without(self, rows):
        return type(self)(self.data, self.target, self.weight, self.known & ~rows)


class CRFLabels(StepLabels):
    """One class for each step, scored by a CRF as sequences; unknown steps are summed over.

    transition_constraints   tagging scheme of which no sequence of labels may depart, or None
    """

    def __init__(self, *args, transition_constraints=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.transition_constraints = transition_constraints

    def learn(self, y, weight):
        super().learn(y, weight)
        self.loss = CRF(*self.allowed())

    def resume(self, earlier):
        super().resume(earlier)
        self.loss = CRF(*self.allowed())

    def restore(self, attributes):
        super().restore(attributes)
        self.loss = CRF(*self.allowed())

    def allowed(self):
        """Which class may follow which (n_classes, n_classes), come first, and come last."""
        if self.transition_constraints is None:
            free = np.ones(self.n_outputs, bool)
            return np.ones((self.n_outputs, self.n_outputs), bool), free, free
        return allowed_transitions(self.classes, scheme=self.transition_constraints)

    def training_set(self, data, target, weight, known):
        return PartlyLabelled(data, target, weight, known)

    def factors(self, values, weight, known):
        # The likelihood sums over what is unknown, and weighs the sequence as a whole.
        return 1.0

    def read(self, y, sample_weight, data, held_out=False):
        training_set = super().read(y, sample_weight, data, held_out)
        if held_out:
            self.check_lengths(data.lengths)
        else:
            self.check_weights(training_set)
            self.check_transitions(training_set)
        return training_set

    def check_weights(self, training_set):
        """Raise for weights that differ within a sequence: its likelihood has but one."""
        if self.class_weight is not None:
            raise ValueError(
                "decoder='crf' scores sequences as a whole and cannot weigh the classes of single "
                f"steps, but class_weight={self.class_weight!r}: set it to None, or "
                "decoder='softmax'."
            )
        data, weight = training_set.data, training_set.weight
        if np.any(weight != np.repeat(weight[data.starts], data.lengths)):
            raise ValueError(
                "decoder='crf' scores sequences as a whole, but sample_weight differs between the "
                "steps of one: pass one weight for each sequence, or set decoder='softmax'."
            )

    def check_transitions(self, training_set):
        """Raise if no allowed sequence agrees with some labels of y: their loss is infinite."""
        if self.transition_constraints is None:
            return
        data, chosen = training_set.data, np.flatnonzero(training_set.sequence_weight)
        lengths = data.lengths[chosen]
        for part in length_sorted_batches(lengths, ROWS) if len(chosen) else ():
            packing = Packing(lengths[part])
            rows = step_rows(data, chosen[part], packing)
            target = ObservedLabels(training_set.target[rows], training_set.known[rows])
            dead = self.loss.dead_ends(target, packing)
            for i in np.flatnonzero(dead >= 0)[:1]:
                step = min(dead[i], packing.lengths[i] - 1)
                raise self.dead_end(training_set, chosen[part][i], step)

    def dead_end(self, training_set, sequence, step):
        """Return an error that names the label, or the unknown one, that is not allowed."""
        row = training_set.data.starts[sequence] + step
        constraints = f"transition_constraints={self.transition_constraints!r}"
        if training_set.known[row]:
            label = self.classes[training_set.target[row]]
            return ValueError(
                f"y[{sequence}] has the label '{label}' at step {step}, where {constraints} does "
                "not allow it. Convert y to that scheme, or set transition_constraints=None."
            )
        return ValueError(
            f"y[{sequence}] has no label at step {step}, and {constraints} allows none there: "
            f"{self.limits()}. Correct the labels around it, or set transition_constraints=None."
        )

    def check_lengths(self, lengths):
        """Raise if no sequence of labels of some length is allowed."""
        if self.transition_constraints is None:
            return
        possible = self.loss.possible_lengths(int(lengths.max()))[lengths - 1]
        for n_steps in lengths[~possible][:1]:
            raise ValueError(
                f"transition_constraints={self.transition_constraints!r} allows no sequence of "
                f"{n_steps} step(s) of the labels in y: {self.limits()}. Leave out sequences of "
                "such a length, or fit with transition_constraints=None."
            )

    def limits(self):
        """Say which classes cannot begin a sequence, end one, or follow which."""
        follow, first, last = self.allowed()
        limits = [
            f"{self.classes[~may].tolist()} cannot {verb} a sequence"
            for may, verb in ((first, "begin"), (last, "end"))
            if not may.all()
        ]
        for label, may in zip(self.classes.tolist(), follow, strict=True):
            if not may.all():
                limits.append(f"{label!r} cannot be followed by {self.classes[~may].tolist()}")
        return "; ".join(limits[:SHOWN] + ["..."] * (len(limits) > SHOWN))

    def choose(self, params, outputs, packing):
        self.check_lengths(packing.lengths)
        return self.loss.best_path(params, outputs, packing)

    def marginals(self, params, outputs, packing):
        self.check_lengths(packing.lengths)
        return self.loss.marginals(params, outputs, packing)

    def log_marginals(self, params, outputs, packing):
        with np.errstate(divide="ignore"):
            return np.log(self.marginals(params, outputs, packing))
