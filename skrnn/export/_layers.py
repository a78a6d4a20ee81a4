"""A network in the operators of ONNX: embeddings, recurrent layers, pooling and head.

Within a graph steps come first, (n_steps, n_sequences, features), as ONNX's recurrent operators
want them. They know lengths: behind its last step a sequence leaves zeros, which the poolings must
not see, and the backward direction begins at the last step.
"""

from typing import NamedTuple

import numpy as np

from skrnn._core.cells import GRU, LSTM, Elman
from skrnn.export._graph import Value

# By cell: the operator, and the place in torch's order of each of the gates that it wants, which
# are input, output, forget and cell gate of the LSTM; update gate, reset gate and candidate of the
# GRU.
OPERATORS = {LSTM: ("LSTM", [0, 3, 1, 2]), GRU: ("GRU", [1, 0, 2]), Elman: ("RNN", [0])}
NEXT = "_next"  # behind the names of states after the steps
FLOAT, DOUBLE, INT, INT32 = map(np.dtype, ("float32", "float64", "int64", "int32"))


class Sequences(NamedTuple):
    """Sequences on their way through a graph, by the names of values.

    x        (n_steps, n_sequences, n_features)
    lengths  (n_sequences,) int64, or None if all sequences have all steps
    """

    x: str
    lengths: str | None


def states_of(network):
    """Return the states that a network carries from step to step, as inputs of a graph.

    All of them are zero before the first step.
    """
    values, n = [], "n_sequences"
    for i, layer in enumerate(network.stack.layers):
        n_states, H, K = layer.state_shape
        values += [Value(f"{name}_{i}", FLOAT, (K, n, H)) for name in "hc"[:n_states]]
    features = (n, network.stack.n_outputs)
    if network.pooling == "mean":
        # float32 cannot add up the steps of a long stream.
        values.append(Value("sum", DOUBLE, features))
    if network.pooling == "max":
        values.append(Value("maximum", FLOAT, features))
    if network.pooling in ("mean", "max"):
        values.append(Value("count", INT, (n, 1)))
    return values


def write_network(graph, model, sequences, with_state=False):
    """Add a network; return the name of its outputs, in which sequences come first.

    The states, if there are any, come in under the names of `states_of`, and go out under the same
    with `NEXT`.
    """
    network, params = model.network, model.params
    x = write_embedding(graph, network.stack.embedding, params, sequences.x)
    for layer in network.stack.layers:
        states = ["h", "c"][: layer.state_shape[0]] if with_state else []
        x, final = write_layer(graph, layer, params, sequences._replace(x=x), states)
    features = POOLINGS[network.pooling](graph, sequences._replace(x=x), final, with_state)
    weight = graph.constant(params[network.head.weight].astype(FLOAT), network.head.weight)
    outputs = graph.add("MatMul", features, graph.add("Transpose", weight, perm=[1, 0]))
    bias = graph.constant(params[network.head.bias].astype(FLOAT), network.head.bias)
    return graph.add("Add", outputs, bias)


def write_embedding(graph, embedding, params, x):
    """Put vectors in the place of ids, behind the numeric columns."""
    if embedding is None:
        return x
    parts = []
    if embedding.numeric:
        parts.append(graph.add("Gather", x, np.array(embedding.numeric), axis=2))
    for column, name in embedding.names.items():
        ids = graph.cast(graph.add("Gather", x, np.array(column), axis=2), INT)
        table = graph.constant(params[name].astype(FLOAT), name)
        parts.append(graph.add("Gather", table, ids, axis=0))
    return graph.add("Concat", *parts, axis=2)


def write_layer(graph, layer, params, sequences, states):
    """Add a recurrent layer; return its outputs, and its hidden state after the last steps."""
    operator, order = OPERATORS[type(layer.cell)]
    directions = layer.directions(params)
    K, i = len(directions), layer.index
    attributes = {"hidden_size": layer.hidden_size}
    attributes["direction"] = "bidirectional" if K == 2 else "forward"
    if operator == "GRU":
        attributes["linear_before_reset"] = 1  # the reset gate follows the product, as in torch
    if operator == "RNN":
        attributes["activations"] = [layer.cell.activation.capitalize()] * K
    weights = [
        graph.constant(value, f"{name}_{i}")
        for name, value in zip("WRB", arrange(directions, order), strict=True)
    ]
    lengths = graph.cast(sequences.lengths, INT32) if sequences.lengths else None
    before = [f"{name}_{i}" for name in states]
    final = f"h_{i}{NEXT}"
    into = [f"steps_{i}", final] + [f"c_{i}{NEXT}"] * (operator == "LSTM" and bool(states))
    y = graph.add(operator, sequences.x, *weights, lengths, *before, into=into, **attributes)
    y = graph.add("Transpose", y, perm=[0, 2, 1, 3])
    return graph.add("Reshape", y, np.array([0, 0, K * layer.hidden_size])), final


def arrange(directions, order):
    """Return weights of the input, of the hidden state, and biases, all (n_directions, ...)."""

    def gates(name):
        return [
            np.concatenate([np.split(views[name], len(order))[gate] for gate in order])
            for views in directions
        ]

    W, R, b_x, b_h = map(gates, ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return [np.asarray(array, FLOAT) for array in (W, R, np.hstack([b_x, b_h]))]


# Poolings: ``(graph, sequences, final, with_state) -> features``. ------------------------------


def write_last(graph, sequences, final, with_state):
    """Put the states of both directions after each sequence's own last step side by side."""
    by_sequence = graph.add("Transpose", final, perm=[1, 0, 2])
    return graph.add("Reshape", by_sequence, np.array([0, -1]))


def write_every_step(graph, sequences, final, with_state):
    """Let sequences come first."""
    return graph.add("Transpose", sequences.x, perm=[1, 0, 2])


def write_mean(graph, sequences, final, with_state):
    """Add up the steps, and divide by their number."""
    steps = only_live(graph, sequences, 0.0)
    total = graph.add("ReduceSum", steps, np.array([0]), keepdims=0)
    number = number_of_steps(graph, sequences, with_state)
    if with_state:
        total = graph.add("Add", graph.cast(total, DOUBLE), "sum", into=["sum" + NEXT])
        total = graph.cast(total, FLOAT)
    return graph.add("Div", total, graph.cast(number, FLOAT))


def write_max(graph, sequences, final, with_state):
    """Take the largest of all steps."""
    steps = only_live(graph, sequences, -np.inf)
    largest = graph.add("ReduceMax", steps, np.array([0]), keepdims=0)
    if not with_state:
        return largest
    number_of_steps(graph, sequences, with_state)
    is_known = graph.add("Greater", "count", np.array(0))
    before = graph.add("Where", is_known, "maximum", np.array(-np.inf, FLOAT))
    return graph.add("Max", largest, before, into=["maximum" + NEXT])


POOLINGS = {"last": write_last, "mean": write_mean, "max": write_max, None: write_every_step}


def only_live(graph, sequences, fill):
    """Replace what stands behind the last steps of sequences."""
    if sequences.lengths is None:
        return sequences.x
    live = are_live(graph, sequences)
    return graph.add("Where", live, sequences.x, np.array(fill, FLOAT))


def are_live(graph, sequences):
    """Tell which steps the sequences have, (n_steps, n_sequences, 1)."""
    n_steps = graph.add("Squeeze", graph.size(sequences.x, 0), np.array([0]))
    steps = graph.add("Range", np.array(0), n_steps, np.array(1))
    steps = graph.add("Unsqueeze", steps, np.array([1, 2]))
    lengths = graph.add("Unsqueeze", sequences.lengths, np.array([1]))
    return graph.add("Less", steps, lengths)


def number_of_steps(graph, sequences, with_state):
    """Return the number of steps of each sequence so far, (n_sequences, 1)."""
    if sequences.lengths:
        number = graph.add("Unsqueeze", sequences.lengths, np.array([1]))
    else:
        shape = graph.add("Concat", graph.size(sequences.x, 1), np.array([1]), axis=0)
        number = graph.add("Expand", graph.size(sequences.x, 0), shape)
    return graph.add("Add", number, "count", into=["count" + NEXT]) if with_state else number
