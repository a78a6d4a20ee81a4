"""Linear-chain conditional random field on packed rows: loss, marginals and best path.

The score of labels y_0 ... y_{T-1} of one sequence is

    start[y_0] + sum_t scores[t, y_t] + sum_{t > 0} transitions[y_{t-1}, y_t] + end[y_{T-1}]

and p(y) = exp(score(y)) / Z, where Z sums over all label sequences (Lafferty, McCallum & Pereira,
2001). A score of -inf forbids its label, transition, first or last label; at least one path must
remain.

Shapes throughout: scores (n_rows, C), transitions (C, C) from row to column, start and end (C,).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

# Sums that the search for the best path looks at in one go.
BLOCK = 1 << 15
PARAMETERS = "crf.transitions", "crf.start", "crf.end"


class ObservedLabels(NamedTuple):
    """The target of a CRF: a label for each step, of which some may be unknown.

    labels  (n_rows,) integers from 0 to C - 1; those of unknown steps are not looked at
    known   (n_rows,) bool, or None if all are known
    """

    labels: np.ndarray
    known: np.ndarray | None = None


class CRF:
    """The output layer: which parameters the functions below take, and constraints on them.

    allowed      (C, C) bool, whether the column's label may follow the row's
    first, last  (C,) bool, whether the label may come first, and last
    """

    def __init__(self, allowed, first, last):
        self.forbidden = [np.where(may, 0, -np.inf) for may in (allowed, first, last)]

    @staticmethod
    def shapes(C):
        return dict(zip(PARAMETERS, [(C, C), (C,), (C,)], strict=True))

    def __call__(self, params, outputs, target, weight, packing):
        """Loss, doutputs and dparams, see `losses`; target is an `ObservedLabels`, weight (n,).

        All steps of a sequence share its weight, so the first step of each has it.
        """
        weight = weight[: packing.n_sequences]
        loss, doutputs, *dparams = crf_loss(outputs, *self.masked(params), target, weight, packing)
        return loss, doutputs, dict(zip(PARAMETERS, dparams, strict=True))

    def marginals(self, params, outputs, packing):
        """See `crf_marginals`."""
        return crf_marginals(outputs, *self.masked(params), packing)

    def best_path(self, params, outputs, packing):
        """See `crf_viterbi`."""
        return crf_viterbi(outputs, *self.masked(params), packing)

    def possible_lengths(self, n_steps):
        """Whether some label sequence of each length from 1 to `n_steps` is allowed, (n_steps,)."""
        allowed, reached, last = map(np.isfinite, self.forbidden)
        possible = np.empty(n_steps, bool)
        for t in range(n_steps):
            possible[t] = (reached & last).any()
            before, reached = reached, allowed[reached].any(axis=0)
            # From here on nothing changes, however long the sequence.
            if np.array_equal(before, reached):
                possible[t:] = possible[t]
                break
        return possible

    def dead_ends(self, target, packing):
        """First step of each sequence where no allowed label sequence goes on, (n_sequences,).

        Sequences must agree with the known labels of `target`, an `ObservedLabels`. The number of
        steps stands for one that cannot end, and -1 for sequences that are possible.
        """
        allowed, first, last = map(np.isfinite, self.forbidden)
        labels, known = target
        now, before, final = _steps(packing)
        may = np.ones((packing.n_rows, len(first)), bool)
        if known is None:
            known = np.ones(packing.n_rows, bool)
        may[known] = labels[known][:, None] == np.arange(len(first))
        dead = np.full(packing.n_sequences, -1)
        may[now[0]] &= first
        for t, rows in enumerate(now):
            if t:
                # As floats, for which alone there is a fast product.
                may[rows] &= may[before[t]].astype(np.float32) @ allowed.astype(np.float32) > 0
            n = rows.stop - rows.start
            dead[:n][(dead[:n] < 0) & ~may[rows].any(axis=1)] = t
        ends = (may[final] & last).any(axis=1)
        return np.where((dead < 0) & ~ends, packing.lengths, dead)

    def masked(self, params):
        """Transitions, start and end, with -inf for what is not allowed."""
        return [
            params[name] + forbidden.astype(params[name].dtype)
            for name, forbidden in zip(PARAMETERS, self.forbidden, strict=True)
        ]


def crf_loss(scores, transitions, start, end, target, weight, packing):
    """Weighted sum over sequences of -log p(labels), and its gradients.

    target  an `ObservedLabels`; p sums over the labels of unknown steps
    weight  (n_sequences,), longest sequence first

    Returns loss, dscores, dtransitions, dstart, dend. The loss of forbidden labels is not finite.
    """
    labels, known = target
    everything = _log_partition(scores, transitions, start, end, weight, packing)
    if known is None or known.all():
        observed = _path_score(scores, transitions, start, end, labels, weight, packing)
    else:
        possible = ~known[:, None] | (labels[:, None] == np.arange(scores.shape[1]))
        clamped = np.where(possible, scores, -np.inf)
        observed = _log_partition(clamped, transitions, start, end, weight, packing)
    return tuple(a - b for a, b in zip(everything, observed, strict=True))


def crf_marginals(scores, transitions, start, end, packing):
    """Probability of each label at each step given the whole sequence, (n_rows, C)."""
    weight = np.ones(packing.n_sequences, scores.dtype)
    return _log_partition(scores, transitions, start, end, weight, packing)[1]


def crf_viterbi(scores, transitions, start, end, packing):
    """Labels (n_rows,) of the best-scoring path of each sequence; of equal ones the lowest."""
    now, before, last = _steps(packing)
    best = scores.copy()
    best[now[0]] += start
    for t in range(1, packing.n_steps):
        best[now[t]] += _best_sums(best[before[t]], transitions)
        # The shift changes no choice, and keeps the digits of long sequences.
        best[now[t]] -= best[now[t]].max(axis=1, keepdims=True)
    labels = np.empty(packing.n_rows, np.intp)
    labels[last] = (best[last] + end).argmax(axis=1)
    # Which label came before is asked only along the path: to keep it for all labels would take
    # as long as the search itself.
    into = np.ascontiguousarray(transitions.T)
    for t in range(packing.n_steps - 1, 0, -1):
        labels[before[t]] = (best[before[t]] + into[labels[now[t]]]).argmax(axis=1)
    return labels


def _best_sums(best, transitions):
    """Largest ``best[:, i, None] + transitions[i]`` over the labels i before, (N, C).

    The labels before are taken so many at a time that their sums stay in the cache.
    """
    C, result = len(transitions), None
    size = max(1, BLOCK // best.size)
    for i in range(0, C, size):
        sums = (best[:, i : i + size, None] + transitions[i : i + size]).max(axis=1)
        result = sums if result is None else np.maximum(result, sums, out=result)
    return result


def _log_partition(scores, transitions, start, end, weight, packing):
    """Compute weight @ log Z and its gradients; those by the scores are weighted marginals."""
    now, before, last = steps = _steps(packing)
    log_Z, ending, backwards = _forward(scores, transitions, start, end, packing, steps)
    dalpha = np.empty_like(scores)
    dalpha[last] = ending * weight[:, None]
    dtransitions = np.zeros_like(transitions)
    for t in range(packing.n_steps - 1, 0, -1):
        # Rows of the step before that have no next step are `last`: they are set already.
        dalpha[before[t]], pairs = backwards[t](dalpha[now[t]])
        dtransitions += pairs
    dstart, dend = dalpha[now[0]].sum(axis=0), dalpha[last].sum(axis=0)
    return float(weight @ log_Z), dalpha, dtransitions, dstart, dend


def _forward(scores, transitions, start, end, packing, steps):
    """Forward pass alpha_t = scores_t + log(exp(alpha_{t-1}) E), with E = exp(transitions).

    Rows of alpha are shifted to a maximum of 0, columns of E to a maximum of 1.

    Returns log Z (n_sequences,), the probabilities of the last labels (n_sequences, C), and for
    each step backward(dalpha) -> gradients of the alpha before and of the transitions.
    """
    now, before, last = steps
    shift = transitions.max(axis=0)
    shift[np.isneginf(shift)] = 0
    transitions = transitions - shift
    E = np.exp(transitions)
    alpha = scores + shift
    alpha[now[0]] = scores[now[0]] + start
    alpha[last] += end
    peak, mass = np.empty_like(alpha[:, :1]), np.empty_like(alpha)
    backwards = [None]
    # If every label is forbidden, -inf - (-inf) gives NaN, which the caller sees.
    with np.errstate(invalid="ignore"):
        for t, rows in enumerate(now):
            if t:
                sums, backward = _advance(alpha[before[t]], mass[before[t]], transitions, E)
                alpha[rows] += sums
                backwards.append(backward)
            alpha[rows] -= np.max(alpha[rows], axis=1, keepdims=True, out=peak[rows])
            np.exp(alpha[rows], out=mass[rows])
    total = mass[last].sum(axis=1, keepdims=True)
    log_Z = np.bincount(packing.sequence, weights=peak[:, 0]) + np.log(total[:, 0])
    return log_Z, mass[last] / total, backwards


def _advance(alpha, mass, transitions, E):
    """Sum over the previous label: log(exp(alpha) E), with mass = exp(alpha).

    Also returns backward(dsums) -> dalpha, dtransitions.

    One matrix product does it, unless a sum is so small that underflow may have spoilt it. That
    takes scores 60 (float32) or 600 (float64) apart, and is then summed in log space.
    """
    sums = mass @ E
    limits = np.finfo(sums.dtype)
    if sums.min() >= 2 * len(E) * limits.tiny / limits.eps:

        def backward(dsums):
            d = dsums / sums
            return mass * (d @ E.T), E * (mass.T @ d)

        return np.log(sums), backward

    paths = alpha[:, :, None] + transitions
    log_sums = logsumexp(paths, axis=1)

    def backward(dsums):
        # A label that cannot be reached has log_sums of -inf, no share and no gradient.
        share = np.exp(paths - np.where(np.isneginf(log_sums), 0, log_sums)[:, None])
        pairs = share * dsums[:, None]
        return pairs.sum(axis=2), pairs.sum(axis=0)

    return log_sums, backward


def _path_score(scores, transitions, start, end, labels, weight, packing):
    """Compute weight @ score(labels) and its gradients."""
    now, _, last = _steps(packing)
    rows, C = np.arange(packing.n_rows), len(start)
    first, final = labels[now[0]], labels[last]
    sequence = packing.sequence
    later = rows[now[0].stop :]
    previous = later - packing.batch_sizes[packing.step[later] - 1]
    pairs = labels[previous], labels[later]
    score = np.bincount(sequence, weights=scores[rows, labels])
    score += np.bincount(sequence[later], transitions[pairs], packing.n_sequences)
    score += start[first] + end[final]

    dscores = np.zeros_like(scores)
    dscores[rows, labels] = weight[sequence]
    flat = np.bincount(pairs[0] * C + pairs[1], weight[sequence[later]], C * C)
    dtransitions = flat.reshape(C, C).astype(scores.dtype)
    dstart, dend = dscores[now[0]].sum(axis=0), dscores[last].sum(axis=0)
    return float(weight @ score), dscores, dtransitions, dstart, dend


def _steps(packing):
    """Rows of each step, the rows they follow on (none for the first step), and the last rows."""
    offsets, sizes = packing.offsets.tolist(), packing.batch_sizes.tolist()
    now = [slice(first, first + n) for first, n in zip(offsets[:-1], sizes, strict=True)]
    before = [slice(rows.start, rows.start + n) for rows, n in zip(now, sizes[1:], strict=False)]
    last = packing.offsets[packing.lengths - 1] + np.arange(packing.n_sequences)
    return now, [None, *before], last
