"""What a training minimises: the loss of a mini-batch, as a function of the parameters."""

import numpy as np

from skrnn._config import unroll_for
from skrnn._core import states
from skrnn._core.passes import Pass
from skrnn._core.scratch import Scratch
from skrnn._optim.batching import length_sorted_batches

# A batch with at least so many hidden units, over all its sequences, is computed in two parts,
# which n_jobs=2 runs side by side. The parts do not depend on n_jobs, so neither do the results.
SPLIT_UNITS = 16384
# The same for compiled code, whose threads do not wait for the interpreter: hidden units times
# gates.
COMPILED_SPLIT_GATES = 6144
# Packed rows that a solver whose batch is the whole set takes through the network at a time.
FULL_BATCH_ROWS = 8192


class Objective:
    """Mean loss of some sequences with its L2 penalty, and its gradient.

    Parameters
    ----------
    network : Network
    loss : callable
        As in `skrnn._core.losses`.
    train : TrainingSet
    settings : Settings
    rng : numpy.random.Generator
        Draws what dropout hides.
    parallel_map : callable
        ``map`` or its like over threads.
    """

    def __init__(self, network, loss, train, settings, rng, parallel_map=map):
        self.network, self.loss, self.train = network, loss, train
        self.stack = network.stack
        self.settings, self.rng, self.parallel_map = settings, rng, parallel_map
        self.penalised = network.penalised.astype(train.data.dtype)
        self.dpenalty = np.empty_like(self.penalised)
        self.scratch, self.states = Scratch(), None
        self.unroll = unroll_for(self.stack.cell, train.data.dtype, settings.verbose)

    def __call__(self, theta, chunk):
        """Compute all that `minimize_minibatch` asks for a batch, which is a `Chunk`.

        One that does not begin with the first step goes on with the states of the one before.
        """
        total, parts = self.train.weights(chunk).sum(), self.parts(chunk.indices)
        batches, layout, tail = (self.take(chunk, part) for part in parts), None, None
        if self.network.has_tables and not self.settings.rule.needs_whole_set:
            batches = list(batches)
            theta, layout, xs, tail = self.network.compact(theta, [batch.x for batch in batches])
            batches = [batch._replace(x=x) for batch, x in zip(batches, xs, strict=True)]

        with ignore_overflow():
            arranged = self.network.arrange(theta, layout)

        def compute(batch, seed):
            how = self.how(arranged, seed)
            return self.part(theta, batch, how, layout, total)

        # The parts are summed in order, so that threads do not change the result.
        results = iter(self.parallel_map(compute, batches, self.seeds(parts)))
        loss, grad, part_finals = next(results)
        finals = [part_finals]
        for part_loss, part_grad, part_finals in results:
            loss += part_loss
            grad += part_grad
            finals.append(part_finals)
        if chunk.stop is not None:
            self.states = states.join(parts, finals, len(chunk.indices))
        loss += self.penalise(theta, grad, total)
        return loss, grad, total, tail

    def parts(self, indices):
        """Cut a batch into what one thread computes at a time: positions of its sequences."""
        if self.settings.rule.needs_whole_set:
            return list(length_sorted_batches(self.train.data.lengths[indices], FULL_BATCH_ROWS))
        positions = np.arange(len(indices))
        return [positions[::2], positions[1::2]] if self.splits(len(indices)) else [positions]

    def splits(self, n):
        """Whether a batch of n sequences is computed in two parts."""
        units, n_gates = n * self.stack.hidden_size, self.stack.cell.n_gates
        is_enough = self.unroll is not None and units * n_gates >= COMPILED_SPLIT_GATES
        return n > 1 and (is_enough or units >= SPLIT_UNITS)

    def take(self, chunk, part):
        """Batch of a part of a chunk, some of its tokens replaced by the unknown one."""
        batch = self.train.batch(chunk.part(part))
        if chunk.start:
            batch = batch._replace(states=states.choose(self.states, part))
        if self.settings.token_dropout:
            self.network.hide_tokens(batch.x, self.settings.token_dropout, self.rng)
        return batch

    def seeds(self, parts):
        """Seed of each part's dropout masks; None without dropout."""
        if self.stack.dropout or self.stack.recurrent_dropout:
            return self.rng.integers(2**63, size=len(parts))
        return [None] * len(parts)

    def how(self, arranged, seed):
        """How a part of a batch goes through the network, whose arranged weights parts share."""
        rng = None if seed is None else np.random.default_rng(seed)
        return Pass(rng=rng, empty=self.scratch.empty, arranged=arranged, unroll=self.unroll)

    def part(self, theta, batch, how, layout, total):
        """Loss, gradient and final states of a part of a batch of weight `total`."""
        batch = batch._replace(weight=(batch.weight / total).astype(theta.dtype))
        self.scratch.reset()
        with ignore_overflow():
            return self.network.loss_and_grad(theta, batch, self.loss, how, layout)

    def penalise(self, theta, grad, total):
        """Return the penalty and add its gradient, if there is one."""
        penalty, dpenalty = self.penalty(theta, total)
        if dpenalty is not None:
            grad[: len(dpenalty)] += dpenalty
        return penalty

    def penalty(self, theta, total):
        """Return ``alpha / 2 * |weights|^2 / total`` and its gradient, which is None without one.

        The next call overwrites the gradient.
        """
        if not self.settings.alpha or self.settings.rule.decays_weights:
            return 0.0, None
        dense = theta[: len(self.penalised)]
        dpenalty = np.multiply(dense, self.penalised, self.dpenalty)
        dpenalty *= self.settings.alpha / total
        return float(dpenalty @ dense) / 2, dpenalty


def ignore_overflow():
    """Leave numbers that get too large to `NonFiniteLoss`, in the present thread."""
    return np.errstate(over="ignore", invalid="ignore")
