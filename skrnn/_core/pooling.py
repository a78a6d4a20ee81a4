"""Poolings: from the outputs of the last layer to the features that the head reads.

    features, state, backward = pooling.forward(outputs, final, packing, state=None)

outputs   (n_rows, F), of all steps; None where ``reads_steps`` is false
final     (n_states, H, K, N), the final state of the last layer, F = K * H
state     what the steps before have left, or None if there were none; its last axis is the
          sequence. It comes back with these steps added, or None if the pooling carries nothing
features  (N, F), or (n_rows, F) where ``per_step`` is true

backward(dfeatures, dstate=None) -> doutputs, dfinal, dstate of the state that came in; each is
None where the features do not depend on it.

``initial_state(F, N, dtype)`` is a state that stands for no steps, or None.

``step(outputs, state)`` gives the features and the state after one step, outputs (N, F) being its.

Chunks of steps that hand the state on give, with the last, the features of the whole.
"""

import numpy as np


class Last:
    """The hidden state after each sequence's own last step, of both directions."""

    reads_steps, per_step = False, False

    def initial_state(self, n_features, n_sequences, dtype):
        return None

    def step(self, outputs, state=None):
        return outputs, None

    def forward(self, outputs, final, packing, state=None):
        def backward(dfeatures, dstate=None):
            dfinal = np.zeros_like(final)
            _, H, K, N = final.shape
            dfinal[0] = dfeatures.T.reshape(K, H, N).swapaxes(0, 1)
            return None, dfinal, None

        # Outputs hold the directions one after the other.
        return final[0].swapaxes(0, 1).reshape(-1, packing.n_sequences).T, None, backward


class EveryStep:
    """The outputs of every step."""

    reads_steps, per_step = True, True

    def initial_state(self, n_features, n_sequences, dtype):
        return None

    def step(self, outputs, state=None):
        return outputs, None

    def forward(self, outputs, final, packing, state=None):
        return outputs, None, lambda dfeatures, dstate=None: (dfeatures, None, None)


class Mean:
    """Average over a sequence's steps. The state (F + 1, N) is their sum, then their number.

    It is in float64, so that a stream may be long: float32 cannot count beyond 2 ** 24.
    """

    reads_steps, per_step = True, False

    def initial_state(self, n_features, n_sequences, dtype):
        return np.zeros((n_features + 1, n_sequences))

    def step(self, outputs, state=None):
        after = np.ones((outputs.shape[1] + 1, len(outputs)))
        after[:-1] = outputs.T
        if state is not None:
            after += state
        dtype = outputs.dtype
        return after[:-1].T.astype(dtype) / after[-1:].T.astype(dtype), after

    def forward(self, outputs, final, packing, state=None):
        total = sum_steps(outputs, packing)
        after = np.empty((total.shape[1] + 1, len(total)))
        after[:-1], after[-1] = total.T, packing.lengths
        if state is not None:
            after += state
            total = after[:-1].T.astype(outputs.dtype)
        number = after[-1:].T.astype(outputs.dtype)
        features = total / number

        def backward(dfeatures, dstate=None):
            dtotal = dfeatures / number
            # The number is part of the state, so that it has a gradient too, if of no use.
            dnumber = -(dtotal * features).sum(axis=1)
            dbefore = np.vstack([dtotal.T, dnumber])
            if dstate is not None:
                dbefore += dstate
                dtotal = dbefore[:-1].T
            return dtotal[packing.sequence], None, dbefore

        return features, after, backward


class Max:
    """Largest value over a sequence's steps; ties go to the earliest. The state (F, N) is it."""

    reads_steps, per_step = True, False

    def initial_state(self, n_features, n_sequences, dtype):
        return np.full((n_features, n_sequences), -np.inf, dtype)

    def step(self, outputs, state=None):
        features = outputs if state is None else np.maximum(outputs, state.T)
        return features, features.T

    def forward(self, outputs, final, packing, state=None):
        features = largest = largest_of_steps(outputs, packing)
        is_new = True if state is None else largest > state.T
        if state is not None:
            features = np.where(is_new, largest, state.T)

        def backward(dfeatures, dstate=None):
            d = dfeatures if dstate is None else dfeatures + dstate.T
            doutputs, columns = np.zeros_like(outputs), np.arange(outputs.shape[1])
            winner = earliest_rows_of(largest, outputs, packing)
            doutputs[winner, columns] = np.where(is_new, d, 0)
            return doutputs, None, np.where(is_new, 0, d).T

        return features, features.T, backward


def largest_of_steps(rows, packing):
    """Largest value of each column over the rows of each sequence, (N, F)."""
    parts = ((run.n_sequences, block.max(axis=0)) for run, block in blocks(rows, packing))
    _, result = next(parts)
    for n, part in parts:
        np.maximum(result[:n], part, out=result[:n])
    return result


def earliest_rows_of(largest, rows, packing):
    """Row of each sequence in which its largest value stands, of each column: (N, F)."""
    winner = np.zeros(largest.shape, np.intp)
    for run, block in reversed(list(blocks(rows, packing))):
        T, n = run.n_steps, run.n_sequences
        # A maximum over numbers that fall with time takes a tenth of the time of an argmax.
        to_come = np.arange(T, 0, -1, dtype=np.int32)[:, None, None]
        is_largest = ~(block < largest[:n])  # which holds for NaN, too
        n_to_come = (is_largest * to_come).max(axis=0)
        earliest = run.start + (T - n_to_come) * n + np.arange(n)[:, None]
        np.copyto(winner[:n], earliest, where=n_to_come > 0)
    return winner


def sum_steps(rows, packing):
    """Sum of the rows of each sequence, (N, F)."""
    total = np.zeros((packing.n_sequences, rows.shape[1]), rows.dtype)
    for run, block in blocks(rows, packing):
        total[: run.n_sequences] += block.sum(axis=0)
    return total


def blocks(rows, packing):
    """Pair each run with its rows as (n_steps, n_sequences, F)."""
    for run in packing.runs():
        yield run, rows[run.start : run.stop].reshape(run.n_steps, run.n_sequences, -1)


# By the names that estimators have for them.
POOLINGS = {"last": Last(), "mean": Mean(), "max": Max(), None: EveryStep()}
