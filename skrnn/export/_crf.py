"""A conditional random field in the operators of ONNX: best paths and marginals.

The recursions are those of `skrnn._core.crf`, each a Scan over the steps. A step that a sequence
does not have hands on what it was given.
"""

from functools import partial

import numpy as np

from skrnn.export._graph import Body, Graph, Value
from skrnn.export._layers import FLOAT, INT, Sequences, are_live

# A score for what is forbidden that sums of stay finite, unlike those of -inf.
FORBIDDEN = np.float32(-1e9)
BOOL = np.dtype(bool)


def write_crf(graph, crf, params, outputs, lengths):
    """Add best path and marginals; return (n_sequences, n_steps) and, with labels, the latter."""
    masked = [np.maximum(part, FORBIDDEN).astype(FLOAT) for part in crf.masked(params)]
    scores = graph.add("Transpose", outputs, perm=[1, 0, 2])
    sequences = Sequences(scores, lengths)
    steps = [scores, first_steps(graph, scores), live_steps(graph, sequences)]
    zeros = graph.add("Squeeze", graph.add("Gather", scores, np.array([0]), axis=0), np.array([0]))
    zeros = graph.add("Mul", zeros, np.array(0, FLOAT))
    return [write(graph, masked, steps, zeros) for write in (write_best_path, write_marginals)]


def first_steps(graph, scores):
    """Tell which step is the first, (n_steps, 1)."""
    n_steps = graph.add("Squeeze", graph.size(scores, 0), np.array([0]))
    steps = graph.add("Range", np.array(0), n_steps, np.array(1))
    return graph.add("Equal", graph.add("Unsqueeze", steps, np.array([1])), np.array(0))


def live_steps(graph, sequences):
    """Tell which steps the sequences have, (n_steps, n_sequences, 1), with lengths or without."""
    if sequences.lengths is None:
        n = graph.size(sequences.x, 1)
        lengths = graph.add("Expand", graph.size(sequences.x, 0), n)
        sequences = sequences._replace(lengths=lengths)
    return are_live(graph, sequences)


def write_best_path(graph, masked, steps, zeros):
    """Viterbi's algorithm: forth with the best label before each, and back along them."""
    transitions, start, end = masked
    C, n = len(start), "n_sequences"
    forth = Graph("best_")
    before = forth.add("Unsqueeze", "score", np.array([2]))
    candidates = forth.add("Add", before, transitions)
    best = forth.add("ReduceMax", candidates, np.array([1]), keepdims=0)
    best = forth.add("Add", forth.add("Where", "is_first", start, best), "step")
    forth.add("Where", "is_live", best, "score", into=["score_out"])
    label = forth.add("ArgMax", candidates, axis=1, keepdims=0)
    forth.add("Where", "is_live", label, np.arange(C), into=["label_before"])
    outputs = [Value("score_out", FLOAT, (n, C)), Value("label_before", INT, (n, C))]
    body = Body(forth, [Value("score", FLOAT, (n, C)), *of_step(n, C)], outputs)
    graph.scan(body, [zeros], steps, ["best_score", "labels_before"])
    last = graph.add("ArgMax", graph.add("Add", "best_score", end), axis=1, keepdims=1)
    back = Graph("back_")
    back.add("GatherElements", "before", "label", axis=1, into=["label_out"])
    back.add("Identity", "label", into=["at_step"])
    body = Body(
        back,
        [Value("label", INT, (n, 1)), Value("before", INT, (n, C))],
        [Value("label_out", INT, (n, 1)), Value("at_step", INT, (n, 1))],
    )
    graph.scan(body, [last], ["labels_before"], ["before_first", "path"], backwards=True)
    return graph.add("Transpose", graph.add("Squeeze", "path", np.array([2])), perm=[1, 0])


def write_marginals(graph, masked, steps, zeros):
    """Sum over all paths up to each step, and from it on."""
    transitions, start, end = masked
    C, n = len(start), "n_sequences"
    inputs, outputs = (
        [Value("score", FLOAT, (n, C)), *of_step(n, C)],
        [
            Value("score_out", FLOAT, (n, C)),
            Value("at_step", FLOAT, (n, C)),
        ],
    )
    forth = Graph("forth_")
    before = forth.add("Unsqueeze", "score", np.array([2]))
    total = log_sum(forth, forth.add("Add", before, transitions), 1)
    total = forth.add("Add", forth.add("Where", "is_first", start, total), "step")
    forth.add("Where", "is_live", total, "score", into=["score_out"])
    forth.add("Identity", "score_out", into=["at_step"])
    graph.scan(Body(forth, inputs, outputs), [zeros], steps, ["total", "so_far"])
    back = Graph("rest_")
    after = back.add("Unsqueeze", back.add("Add", "score", "step"), np.array([1]))
    total = log_sum(back, back.add("Add", after, transitions), 2)
    back.add("Where", "is_live", total, "score", into=["score_out"])
    back.add("Identity", "score", into=["at_step"])
    ends = graph.add("Add", zeros, end)
    graph.scan(Body(back, inputs, outputs), [ends], steps, ["whole", "from_here"], backwards=True)
    total = log_sum(graph, graph.add("Add", "total", end), 1, keepdims=1)
    log_p = graph.add("Sub", graph.add("Add", "so_far", "from_here"), total)
    return graph.add("Transpose", graph.add("Exp", log_p), perm=[1, 0, 2])


def of_step(n, C):
    """Return what a step of a Scan reads."""
    return [
        Value("step", FLOAT, (n, C)),
        Value("is_first", BOOL, (1,)),
        Value("is_live", BOOL, (n, 1)),
    ]


def log_sum(graph, value, axis, keepdims=0):
    """Add log(sum(exp(value))) over an axis, without overflow."""
    reduce = partial(graph.add, "ReduceMax", value, np.array([axis]))
    terms = graph.add("Exp", graph.add("Sub", value, reduce(keepdims=1)))
    total = graph.add("ReduceSum", terms, np.array([axis]), keepdims=keepdims)
    return graph.add("Add", graph.add("Log", total), reduce(keepdims=keepdims))
