"""From the outputs of a network to what an estimator answers, in the operators of ONNX."""

from functools import singledispatch

import numpy as np

from skrnn._targets.labels import Labels, MultiLabels
from skrnn._targets.next_symbol import NextSymbol
from skrnn._targets.steps import CRFLabels
from skrnn._targets.values import Values
from skrnn.export._crf import write_crf
from skrnn.export._graph import Value
from skrnn.export._layers import DOUBLE, FLOAT, INT


@singledispatch
def write_answers(target, graph, model, outputs, lengths):
    """Add what `predict` and `predict_proba` make of outputs; return the answers as `Value`s."""
    raise TypeError(f"{target.owner} has answers that ONNX's operators do not express.")


@write_answers.register
def _(target: Labels, graph, model, outputs, lengths):
    shape = shape_of(model)
    probabilities = graph.add("Softmax", outputs, axis=-1)
    position = graph.add("ArgMax", outputs, axis=-1, keepdims=0)
    return [
        write_labels(graph, target.classes, position, shape),
        write_probabilities(graph, probabilities, (*shape, len(target.classes))),
    ]


@write_answers.register
def _(target: MultiLabels, graph, model, outputs, lengths):
    shape = (*shape_of(model), target.n_outputs)
    labels = graph.add("Greater", outputs, np.array(0, FLOAT))
    graph.add("Cast", labels, to=INT, into=["label"])
    probabilities = graph.add("Sigmoid", outputs)
    return [Value("label", INT, shape), write_probabilities(graph, probabilities, shape)]


@write_answers.register
def _(target: CRFLabels, graph, model, outputs, lengths):
    shape = shape_of(model)
    position, probabilities = write_crf(graph, target.loss, model.params, outputs, lengths)
    return [
        write_labels(graph, target.classes, position, shape),
        write_probabilities(graph, probabilities, (*shape, len(target.classes))),
    ]


@write_answers.register
def _(target: NextSymbol, graph, model, outputs, lengths):
    probabilities = graph.add("Softmax", outputs, axis=-1)
    return [write_probabilities(graph, probabilities, (*shape_of(model), target.n_outputs))]


@write_answers.register
def _(target: Values, graph, model, outputs, lengths):
    shape, link = shape_of(model), target.loss.link
    values = graph.add("Exp", outputs) if link == "log" else outputs
    # The unit of y may need more digits than float32 has.
    values, mean, scale = graph.cast(values, DOUBLE), target.mean, target.scale
    last = (target.n_values,)
    if target.quantiles is not None:
        mean, scale, last = mean[:, None], scale[:, None], (*last, len(target.quantiles))
        values = graph.add("Reshape", values, np.array([0] * len(shape) + list(last)))
        size = np.array([last[-1]])
        values = graph.add("TopK", values, size, axis=-1, largest=0, into=["sorted", "order"])
    values = graph.add("Add", graph.add("Mul", values, scale.astype(DOUBLE)), mean.astype(DOUBLE))
    if target.is_flat:
        values, last = graph.add("Squeeze", values, np.array([len(shape)])), last[1:]
    graph.add("Identity", values, into=["prediction"])
    return [Value("prediction", DOUBLE, (*shape, *last))]


def shape_of(model):
    """Return the first axes of all answers."""
    return ("n_sequences", "n_steps") if model.network.pool.per_step else ("n_sequences",)


def write_labels(graph, classes, position, shape):
    """Let the labels that stand in some positions be an output."""
    classes = plain(classes)
    graph.add("Gather", classes, position, axis=0, into=["label"])
    return Value("label", classes.dtype, shape)


def plain(classes):
    """Return labels as an array of strings, of booleans or of numbers, as ONNX has them."""
    classes = np.asarray(classes)
    if classes.dtype.kind in "OUT":
        return np.array([str(label) for label in classes])
    return classes.astype({"b": bool, "f": DOUBLE}.get(classes.dtype.kind, INT))


def write_probabilities(graph, value, shape):
    """Let probabilities be an output."""
    graph.add("Identity", value, into=["probabilities"])
    return Value("probabilities", FLOAT, shape)
