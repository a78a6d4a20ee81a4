"""Linear-chain conditional random field on packed rows: loss, marginals and best path.

The score of labels y_0 ... y_{T-1} of one sequence is

    start[y_0] + sum_t scores[t, y_t] + sum_{t > 0} transitions[y_{t-1}, y_t] + end[y_{T-1}]

and p(y) = exp(score(y)) / Z, where Z sums over all label sequences (Lafferty, McCallum & Pereira,
2001). A score of -inf forbids its label, transition, first or last label; at least one path must
remain.

Shapes throughout: scores (n_rows, C), transitions (C, C) from row to column, start and end (C,).
"""

import numpy as np
from scipy.special import logsumexp


class CRF:
    """The output layer: which parameters the functions below take, and constraints on them.

    allowed      (C, C) bool, whether the column's label may follow the row's
    first, last  (C,) bool, whether the label may come first, and last
    """

    def __init__(self, allowed, first, last):
        self.forbidden = [np.where(may, 0, -np.inf) for may in (allowed, first, last)]

    @staticmethod
    def shapes(C):
        return {"crf.transitions": (C, C), "crf.start": (C,), "crf.end": (C,)}

    def __call__(self, params, scores, labels, weight, packing):
        """Loss, dscores, and a dict of the parameters' gradients; weight (n_rows,) as for steps.

        All steps of a sequence share its weight, so the first step of each has it.
        """
        weight = weight[: packing.n_sequences]
        loss, dscores, *dparams = crf_loss(scores, *self._params(params), labels, weight, packing)
        return loss, dscores, dict(zip(self.shapes(0), dparams, strict=True))

    def marginals(self, params, scores, packing):
        """See `crf_marginals`."""
        return crf_marginals(scores, *self._params(params), packing)

    def best_path(self, params, scores, packing):
        """See `crf_viterbi`."""
        return crf_viterbi(scores, *self._params(params), packing)

    def _params(self, params):
        """Transitions, start and end, with -inf for what is not allowed."""
        return [
            params[name] + forbidden.astype(params[name].dtype)
            for name, forbidden in zip(self.shapes(0), self.forbidden, strict=True)
        ]


def crf_loss(scores, transitions, start, end, labels, weight, packing):
    """Weighted sum over sequences of -log p(labels), and its gradients.

    labels  (n_rows,)       integers; a negative label is unobserved, and p sums over it
    weight  (n_sequences,)  longest sequence first

    Returns loss, dscores, dtransitions, dstart, dend. The loss of forbidden labels is not finite.
    """
    everything = _log_partition(scores, transitions, start, end, weight, packing)
    if labels.min() < 0:
        possible = (labels[:, None] < 0) | (labels[:, None] == np.arange(scores.shape[1]))
        clamped = np.where(possible, scores, -np.inf)
        observed = _log_partition(clamped, transitions, start, end, weight, packing)
    else:
        observed = _path_score(scores, transitions, start, end, labels, weight, packing)
    return tuple(a - b for a, b in zip(everything, observed, strict=True))


def crf_marginals(scores, transitions, start, end, packing):
    """Probability of each label at each step given the whole sequence, (n_rows, C)."""
    weight = np.ones(packing.n_sequences, scores.dtype)
    return _log_partition(scores, transitions, start, end, weight, packing)[1]


def crf_viterbi(scores, transitions, start, end, packing):
    """Labels (n_rows,) of the best-scoring path of each sequence."""
    now, before, last = _steps(packing)
    best = scores.copy()
    best[now[0]] += start
    origin = np.empty(scores.shape, np.intp)
    for t in range(1, packing.n_steps):
        paths = best[before[t], None, :] + transitions.T
        origin[now[t]] = paths.argmax(axis=2)
        best[now[t]] += np.take_along_axis(paths, origin[now[t], :, None], axis=2)[..., 0]
        # The shift changes no choice, and keeps the digits of long sequences.
        best[now[t]] -= best[now[t]].max(axis=1, keepdims=True)
    labels = np.empty(packing.n_rows, np.intp)
    labels[last] = (best[last] + end).argmax(axis=1)
    for t in range(packing.n_steps - 1, 0, -1):
        rows = np.arange(now[t].start, now[t].stop)
        labels[before[t]] = origin[rows, labels[rows]]
    return labels


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
    # Labels that cannot be make a sum over nothing: -inf less -inf. It stays non-finite.
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
