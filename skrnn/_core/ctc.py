"""Connectionist temporal classification on packed rows: loss, likelihood, alignment, decoding.

Each step emits a label or a blank. What all steps emit is a path; it spells the labels that are
left when equal neighbours are merged and blanks are then dropped: ``a a _ a b _`` spells
``a a b``. The probability of a target is the sum over all paths that spell it (Graves, Fernández,
Gomez & Schmidhuber, 2006).

Shapes throughout:

logits   (n_rows, C + 1)    raw outputs, or log-probabilities, which are their own log-softmax; the
                            blank is the last column, so that each label's code is its column
targets  (sum of lengths,)  labels, one sequence after the other in the order of the packing
lengths  (n_sequences,)     number of labels of each target, 0 included; numbers of steps are
                            ``packing.lengths``

A logit of -inf forbids its label. A target that needs more steps than there are, see
`ctc_min_steps`, or a forbidden label, has probability 0: its loss is infinite, its gradient zero.
"""

from typing import NamedTuple

import numpy as np

from skrnn._core.losses import log_softmax
from skrnn._core.search import Hypothesis, largest

# The logarithm of 0: finite, so that no difference is NaN, and so that float32 holds a sum of it
# over all steps.
NEVER = -1e30


def ctc_loss(logits, targets, lengths, weight, packing):
    """Weighted sum over sequences of -log p(target), and its gradient by the logits.

    weight  (n_sequences,); a sequence of weight zero may have a target that cannot be
    """
    lattice = Lattice(logits, targets, lengths, packing)
    tape, tape_back = lattice.forward_and_back()
    loss = np.where(weight > 0, -lattice.log_likelihood(tape, log_add), 0)
    state = lattice.state_probabilities(tape, tape_back)
    dlogits = np.exp(lattice.log_p, order="C")
    dlogits[:, -1] -= state[0::2].sum(axis=0)
    np.subtract.at(dlogits.reshape(-1), lattice.cells.ravel(), state[1::2].ravel())
    dlogits *= np.where(np.isfinite(loss), weight, 0).astype(dlogits.dtype)[packing.sequence, None]
    return float(weight @ loss), dlogits


def ctc_log_likelihood(logits, targets, lengths, packing):
    """Log-probability of each target, (n_sequences,); -inf if it cannot be."""
    lattice = Lattice(logits, targets, lengths, packing)
    return lattice.log_likelihood(lattice.forward(log_add), log_add)


def ctc_align(logits, targets, lengths, packing):
    """Find the most probable of the paths that spell each target.

    Returns position (n_rows,), which label of its target each step emits, counted from 0, or -1
    for the blank; and the path's log-probability (n_sequences,). A target that cannot be has -1
    throughout, and -inf.
    """
    lattice = Lattice(logits, targets, lengths, packing)
    tape = lattice.forward(np.maximum)
    log_p = lattice.log_likelihood(tape, np.maximum)
    state = lattice.trace_back(tape)
    is_label = (state % 2 == 0) & np.isfinite(log_p)[packing.sequence]
    return np.where(is_label, state // 2 - 1, -1), log_p


def ctc_min_steps(targets, lengths):
    """Fewest steps that spell each target: one a label, and a blank between equal neighbours."""
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    equal = (targets[1:] == targets[:-1]) & (sequence[1:] == sequence[:-1])
    return lengths + np.bincount(sequence[1:][equal], minlength=len(lengths))


class Lattice:
    """The states that the paths of each target go through.

    With L labels in the longest target, the states are the rows of a table, in the order of a
    path::

        row    0   1        2        3        4        ...  2 L        2 L + 1
        state  -   blank 0  label 0  blank 1  label 1  ...  label L-1  blank L

    Each step stays in its state, goes on to the next one, or skips the blank between two labels
    that differ. A path ends at the last label of its target, row 2 * length, or the blank behind.
    Row 0 is never reached; it spares the first label a case of its own.
    """

    def __init__(self, logits, targets, lengths, packing):
        self.lengths, self.packing = lengths, packing
        self.last = packing.offsets[packing.lengths - 1] + np.arange(packing.n_sequences)
        self.log_p = log_softmax(logits)
        self.labels = side_by_side(targets, lengths)
        self.cells = self.labels.take(packing.sequence, axis=1)
        self.cells += np.arange(packing.n_rows) * logits.shape[1]
        self.log_label = self.log_p.ravel().take(self.cells)
        self.log_blank = self.log_p[:, -1].copy()
        # Measured from the best of each row, float32 keeps the digits of long sequences.
        self.best = np.maximum(self.log_blank, self.log_label.max(axis=0, initial=NEVER))
        for log_p in (self.log_label, self.log_blank):
            log_p -= self.best
            np.maximum(log_p, NEVER, out=log_p)

    def forward(self, add):
        """Take together all paths that lead to each state at each step: tape (2L + 2, n_rows)."""
        log_label, log_blank = self.log_label[..., None], self.log_blank[..., None]
        start = np.zeros((len(self.lengths), 1), np.intp)
        tape = take_together(log_label, log_blank, self.labels[..., None], start, self.packing, add)
        return tape[..., 0]

    def forward_and_back(self):
        """Sum over all paths that lead to each state, and over all that lead on from there.

        The way back is the way forward with steps and states in reverse, in which a shorter target
        starts behind the labels that it does not have. One loop goes both ways.
        """
        mirror = self.packing.mirror
        log_label = np.stack([self.log_label, self.log_label[::-1].take(mirror, axis=1)], axis=2)
        log_blank = np.stack([self.log_blank, self.log_blank[mirror]], axis=1)
        labels = np.stack([self.labels, self.labels[::-1]], axis=2)
        start = np.stack([np.zeros_like(self.lengths), len(labels) - self.lengths], axis=1)
        tape = take_together(log_label, log_blank, labels, start, self.packing, log_add)
        return tape[..., 0], tape[::-1, :, 1].take(mirror, axis=1)

    def ends(self, tape):
        """What the tape holds at the last label of each target, and at the blank behind it."""
        return tape[2 * self.lengths, self.last], tape[2 * self.lengths + 1, self.last]

    def log_likelihood(self, tape, add):
        """Log-probability of all paths, or of the best, (n_sequences,)."""
        total = add(*self.ends(tape))
        log_p = total + np.bincount(self.packing.sequence, weights=self.best)
        return np.where(total > NEVER / 2, log_p, -np.inf)

    def state_probabilities(self, tape, tape_back):
        """Probability of each state but row 0 at each step, given the target: (2L + 1, n_rows)."""
        state = tape_back[:-1]
        state += tape[1:]
        # Both tapes count what the step itself emits.
        state[0::2] -= self.log_blank
        state[1::2] -= self.log_label
        state -= state.max(axis=0)
        np.exp(state, out=state)
        state /= state.sum(axis=0)
        return state

    def trace_back(self, tape):
        """State (n_rows,) of the best path at each step, from the tape of best paths."""
        in_label, in_blank = self.ends(tape)
        state = np.empty(tape.shape[1], np.intp)
        state[self.last] = 2 * self.lengths + (in_blank > in_label)
        may_skip = np.zeros((len(tape), len(self.lengths)), bool)
        may_skip[2::2] = differ_from_the_one_before(self.labels)
        offsets = self.packing.offsets.tolist()
        for t in range(self.packing.n_steps - 1, 0, -1):
            now = state[offsets[t] : offsets[t + 1]]
            live = np.arange(len(now))
            before = offsets[t - 1] + live
            paths = tape[now - [[0], [1], [2]], before]
            paths[2, ~may_skip[now, live]] = NEVER
            # Targets that cannot be would come to row 0, and leave the table there.
            state[before] = np.maximum(now - paths.argmax(axis=0), 1)
        return state


def side_by_side(targets, lengths):
    """Lay targets of different lengths side by side, labels (L, n_sequences).

    What stands behind a shorter target has no effect: its paths end before.
    """
    L = lengths.max()
    labels = np.zeros((len(lengths), L), np.intp)
    labels[np.arange(L) < lengths[:, None]] = targets
    return np.ascontiguousarray(labels.T)


def differ_from_the_one_before(labels):
    return np.concatenate([np.ones_like(labels[:1], bool), labels[1:] != labels[:-1]])


def take_together(log_label, log_blank, labels, start, packing, add):
    """Take together the paths from the start to each state at each step, in K directions.

    log_label  (L, n_rows, K)
    log_blank  (n_rows, K)
    labels     (L, n_sequences, K)
    start      (n_sequences, K), the blank from which paths set out
    add        `log_add` for the sum of all paths, ``np.maximum`` for the best

    Returns log-probabilities (2L + 2, n_rows, K), that of what the step itself emits included.
    """
    L, n_rows, K = log_label.shape
    tape = np.empty((2 * L + 2, n_rows, K), log_label.dtype)
    tape[0] = NEVER
    to_label, to_blank = tape[0::2], tape[1::2]
    may_skip = differ_from_the_one_before(labels)
    label = np.full((L + 1, packing.n_sequences, K), NEVER, tape.dtype)
    blank = label.copy()
    np.put_along_axis(blank, start[None], 0, axis=0)
    offsets = packing.offsets.tolist()
    for first, stop in zip(offsets, offsets[1:], strict=False):
        label, blank, skips = (x[:, : stop - first] for x in (label, blank, may_skip))
        either = add(label, blank)
        inside = add(label[1:], np.where(skips, either[:-1], blank[:-1]))
        label, blank = to_label[:, first:stop], to_blank[:, first:stop]
        np.add(inside, log_label[:, first:stop], out=label[1:])
        np.add(either, log_blank[first:stop], out=blank)
    return tape


def log_add(a, b):
    """log(exp(a) + exp(b)) of finite numbers, in a third of the time of NumPy's logaddexp."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    low -= high
    np.exp(low, out=low)
    high += np.log1p(low, out=low)
    return high


def ctc_greedy(logits, packing):
    """What the best path spells, as targets and lengths; other labels may be more probable.

    The best path emits the best of each step.
    """
    best, blank = logits.argmax(axis=1), logits.shape[1] - 1
    later = np.arange(packing.n_sequences, packing.n_rows)
    before = np.full_like(best, blank)
    before[later] = best[packing.offsets[packing.step[later] - 1] + packing.sequence[later]]
    rows = np.flatnonzero(ctc_spells(best, before, blank))
    sequence = packing.sequence[rows]
    in_order = rows[np.argsort(sequence, kind="stable")]
    return best[in_order], np.bincount(sequence, minlength=packing.n_sequences)


def ctc_spells(emitted, before, blank):
    """Whether a step adds a label, given what it and the step before emitted.

    What the last step emitted is all that a stream must remember; at first that is the blank.
    """
    return (emitted != blank) & (emitted != before)


def ctc_beam_search(logits, packing, width, n_best=1):
    """Search for the most probable labels among `width` prefixes of each sequence at a time.

    This is the prefix search of Graves (2012) and Hannun, Maas, Jurafsky & Ng (2014) without a
    language model. Paths whose prefix fell out of the beam are not counted, so log-probabilities
    are lower bounds; they are exact if nothing fell out.

    Returns for each sequence a list of up to `n_best` hypotheses, the best first; the score is the
    log-probability. There are fewer if fewer are possible.
    """
    log_p = np.maximum(log_softmax(logits), NEVER)
    beam = first_beam(packing, width, log_p)
    offsets = packing.offsets.tolist()
    for first, stop in zip(offsets, offsets[1:], strict=False):
        live = Beam(*(x[: stop - first] for x in beam))
        for x, new in zip(live, next_beam(live, log_p[first:stop]), strict=True):
            x[...] = new
    log_p = log_add(beam.in_blank, beam.in_label)[:, :n_best].tolist()
    return [
        [Hypothesis(labels[:n].copy(), p, p) for labels, n, p in own if p > NEVER / 2]
        for own in map(zip, beam.labels, beam.length, log_p)
    ]


class Beam(NamedTuple):
    """Different prefixes of what each sequence spells, the most probable first.

    labels       (n_sequences, width, n_steps), -1 behind the last
    length       (n_sequences, width), number of labels
    last         (n_sequences, width), last label; the blank if there is none
    in_blank     (n_sequences, width), log-probability of the paths that end in a blank
    in_label     (n_sequences, width), that of the paths that end in the last label
    starts_with  (n_sequences, width, width), whether the one starts with the other
    """

    labels: np.ndarray
    length: np.ndarray
    last: np.ndarray
    in_blank: np.ndarray
    in_label: np.ndarray
    starts_with: np.ndarray


def first_beam(packing, width, log_p):
    """Start from the empty prefix; that nothing has been emitted counts as a blank."""
    shape = packing.n_sequences, width
    in_blank = np.full(shape, NEVER, log_p.dtype)
    in_label = in_blank.copy()
    in_blank[:, 0] = 0
    starts_with = np.zeros((*shape, width), bool)
    starts_with[:, 0, 0] = True
    labels, last = np.full((*shape, packing.n_steps), -1), np.full(shape, log_p.shape[1] - 1)
    return Beam(labels, np.zeros_like(last), last, in_blank, in_label, starts_with)


def next_beam(beam, log_p):
    """Take one step, of log_p (n_sequences, C + 1).

    A prefix grows by one of C labels, or stays as it is. It stays by a blank or by its last label
    once more, which makes it grow only behind a blank.
    """
    row, slot = np.ogrid[: len(log_p), : beam.last.shape[1]]
    total = log_add(beam.in_blank, beam.in_label)
    once_more = log_p[row, beam.last]
    in_blank, in_label = total + log_p[:, -1:], beam.in_label + once_more
    ways = total[:, :, None] + log_p[:, None, :]
    ways[row, slot, beam.last] = beam.in_blank + once_more
    # A prefix that grows into another one of the beam adds to it.
    one_longer = beam.length[:, :, None] == beam.length[:, None, :] + 1
    row, child, parent = np.nonzero(beam.starts_with & one_longer)
    growth = row, parent, beam.last[row, child]
    in_label[row, child] = log_add(in_label[row, child], ways[growth])
    ways[growth] = NEVER
    ways[:, :, -1] = log_add(in_blank, in_label)
    return choose(beam._replace(in_blank=in_blank, in_label=in_label), ways)


def choose(beam, ways):
    """Keep the best of all ways on (n_sequences, width, C + 1), of which the last is to stay."""
    n_sequences, width, n_ways = ways.shape
    best, log_p = largest(ways.reshape(n_sequences, -1), width)
    slot, label = np.divmod(best, n_ways)
    row = np.arange(n_sequences)[:, None]
    labels, length, last, in_blank, in_label = (x[row, slot] for x in beam[:-1])
    grows, possible = label < n_ways - 1, log_p > NEVER / 2
    labels[(*np.nonzero(grows), length[grows])] = label[grows]
    starts_with = beam.starts_with[row[..., None], slot[:, :, None], slot[:, None, :]]
    # A prefix that grew is the start of those that go on with the same label.
    goes_on = np.take_along_axis(labels, length[:, None, :], axis=2) == label[:, None, :]
    starts_with &= (goes_on | ~grows[:, None, :]) & possible[:, :, None] & possible[:, None, :]
    return Beam(
        labels,
        length + grows,
        np.where(grows, label, last),
        np.where(grows, NEVER, in_blank),
        np.where(grows, log_p, in_label),
        starts_with,
    )
