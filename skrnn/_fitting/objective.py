"""What a training minimises: the loss of a mini-batch, as a function of the parameters."""

import numpy as np

from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.scratch import Scratch
from skrnn._optim.batching import length_sorted_batches

# A batch with at least so many hidden units, over all its sequences, is computed in two parts,
# which n_jobs=2 runs side by side. The parts do not depend on n_jobs, so neither do the results.
SPLIT_UNITS = 16384
# Packed rows that L-BFGS, whose batch is the whole set, takes through the network at a time.
FULL_BATCH_ROWS = 8192


class Objective:
    """Mean loss of some sequences with its L2 penalty, and its gradient.

    Parameters
    ----------
    estimator : BaseRNN
    train : Problem
    rng : numpy.random.Generator
        Draws what dropout hides.
    run : callable
        ``map`` or its like over threads.
    """

    def __init__(self, estimator, train, rng, run):
        self.estimator, self.train, self.rng, self.run = estimator, train, rng, run
        self.network, self.loss_function = estimator._network, estimator._loss_function()
        self.sequence_weight = train.sequence_weight
        self.scratch = Scratch()
        # 1 where the penalty applies: not to biases, nor to embeddings, which stand behind.
        self.is_weight = self.network.penalised.astype(estimator._theta.dtype)

    def __call__(self, theta, batch):
        """Compute all that `minimize_minibatch` asks for a batch, an array of sequence indices."""
        total = self.sequence_weight[batch].sum()
        parts = self.parts(batch)
        packings = [Packing(self.train.data.lengths[part]) for part in parts]
        xs, layout, tail = map(self.take, parts, packings), None, None
        if self.network.stack.embedding and self.estimator.solver != "lbfgs":
            theta, layout, xs, tail = self.network.compact(theta, list(xs))

        def compute(part, packing, x, seed):
            return self.part(theta, part, packing, x, seed, layout, total)

        loss, grad = 0.0, np.zeros_like(theta)
        # Summed in order, so that threads do not change the result.
        for part_loss, part_grad in self.run(compute, parts, packings, xs, self.seeds(parts)):
            loss += part_loss
            grad += part_grad
        if self.estimator.alpha and self.estimator.solver != "adamw":
            loss += self.penalise(theta, grad, total)
        return loss, grad, total, tail

    def parts(self, batch):
        """Cut a batch into what one thread computes at a time."""
        if self.estimator.solver == "lbfgs":
            cuts = length_sorted_batches(self.train.data.lengths[batch], FULL_BATCH_ROWS)
            return [batch[cut] for cut in cuts]
        if len(batch) * self.network.stack.hidden_size >= SPLIT_UNITS:
            return [batch[::2], batch[1::2]]
        return [batch]

    def take(self, part, packing):
        """Packed rows of some sequences, some of their tokens forgotten."""
        x = self.train.data.take(part, packing)
        embedding, rate = self.network.stack.embedding, self.estimator.token_dropout
        if rate and embedding:
            embedding.replace_with_unknown(x, rate, self.rng)
        return x

    def seeds(self, parts):
        """Seed of each part's dropout masks; None without dropout."""
        if self.network.stack.dropout or self.network.stack.recurrent_dropout:
            return self.rng.integers(2**63, size=len(parts))
        return [None] * len(parts)

    def part(self, theta, part, packing, x, seed, layout, total):
        """Loss and gradient of a part of a batch of weight `total`."""
        rng = None if seed is None else np.random.default_rng(seed)
        target, weight = self.train.batch(part, packing)
        share = (weight / total).astype(theta.dtype)
        self.scratch.reset()
        batch, how = Batch(x, packing, target, share), Pass(rng, empty=self.scratch.empty)
        with quiet():
            return self.network.loss_and_grad(theta, batch, self.loss_function, how, layout)

    def penalise(self, theta, grad, total):
        """Return ``alpha / 2 * |weights|^2 / total`` and add its gradient."""
        dense = theta[: len(self.is_weight)]
        dpenalty = dense * self.is_weight
        dpenalty *= self.estimator.alpha / total
        grad[: len(dense)] += dpenalty
        return float(dpenalty @ dense) / 2


def quiet():
    """Leave numbers that get too large to `NonFiniteLoss`, in the present thread."""
    return np.errstate(over="ignore", invalid="ignore")
