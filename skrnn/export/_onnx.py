"""Fitted estimators as ONNX models."""

from __future__ import annotations

from typing import Any

from skrnn._data.values import check_boolean
from skrnn._estimators.stream import refuse_what_looks_ahead
from skrnn.export._answers import write_answers
from skrnn.export._graph import Graph, Value, to_model
from skrnn.export._layers import FLOAT, INT, NEXT, Sequences, states_of, write_network
from skrnn.export._opening import open_network, split, write_scaler
from skrnn.export._optional import need


def to_onnx(estimator: Any, *, with_lengths: bool = True, with_state: bool = False) -> Any:
    """Make an ONNX model that answers as a fitted estimator does.

    The model needs no Python where it runs: ONNX Runtime and others run it from many languages and
    in browsers. It holds ONNX's own RNN, LSTM and GRU operators (operator set 18) and computes in
    float32, whatever the estimator was trained in.

    Parameters
    ----------
    estimator : estimator or Pipeline
        A fitted `RNNClassifier`, `RNNRegressor`, `SequenceTagger`, `SequenceRegressor` or
        `RNNLanguageModel`, or a Pipeline of such and, before it,
        ``TimestepTransformer(StandardScaler())`` or ``TimestepTransformer(MinMaxScaler())``.
    with_lengths : bool, default=True
        Whether the model has the input `lengths`, int64 of shape (n_sequences,): the number of
        steps of each sequence, at least 1. What stands behind them in the input counts for
        nothing, but ids must be known there, too, such as 0; what stands there in outputs means
        nothing. Without it all sequences of a batch have all steps.
    with_state : bool, default=False
        Whether the model goes on from a state: it takes a few steps, or one, of sequences that are
        still growing. For each layer it has an input such as ``h_0``, and ``c_0`` of an LSTM, of
        shape (1, n_sequences, hidden_size), and the pooling has inputs of its own: ``count`` and
        ``sum``, or ``count`` and ``maximum``. All are zero before the first step. Each has an
        output of its name with ``_next`` at the end, which is the input of the next call.

    Returns
    -------
    model : onnx.ModelProto
        Its input `X` has the shape (n_sequences, n_steps, n_features): float32, with ids as whole
        numbers where some features are categorical, or int64 where all are. Its outputs are `label`
        and `probabilities` of classifiers, which are what `predict` and `predict_proba` return, or
        the `prediction` of regressors, in float64. Where the estimator answers at each step, they
        are of shape (n_sequences, n_steps, ...). A language model reads the positions of symbols
        in `classes_`, the first step of a sequence ``len(classes_)``, and `probabilities` has what
        follows each step: the symbols, then the end.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is none of these, or a step of the Pipeline is not.
    ValueError
        If ``with_state=True`` and the answer at a step depends on what follows: where both
        directions are read, and with ``decoder='crf'``.
    ImportError
        If onnx is not installed.

    See Also
    --------
    register_with_skl2onnx : Lets skl2onnx convert Pipelines with other steps.
    to_torch : The network as a module of torch.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from skrnn import RNNClassifier
    >>> from skrnn.export import to_onnx
    >>> X = np.random.default_rng(0).normal(size=(60, 9, 2)).astype("float32")
    >>> y = np.where(X[:, :, 0].mean(axis=1) > 0, "up", "down")
    >>> model = RNNClassifier(hidden_size=8, max_iter=10, random_state=0).fit(X, y)
    >>> file = to_onnx(model, with_lengths=False).SerializeToString()
    >>> label, p = onnxruntime.InferenceSession(file).run(None, {"X": X})
    >>> bool(np.all(label == model.predict(X)))
    True
    >>> bool(np.allclose(p, model.predict_proba(X), atol=1e-5))
    True
    """
    check_boolean(with_lengths, "with_lengths")
    check_boolean(with_state, "with_state")
    scalers, network = split(estimator)
    inside = open_network(network, "ONNX")
    if with_state:
        refuse_what_looks_ahead(network)
    onnx = need("onnx", "onnx", "to_onnx")
    graph, x = Graph(), input_of(inside)
    lengths = [Value("lengths", INT, ("n_sequences",))] if with_lengths else []
    states = states_of(inside.model.network) if with_state else []
    value = "X"
    for scaler in scalers:
        value = write_scaler(graph, scaler, value)
    answers = write_estimator(graph, inside, value, "lengths" if lengths else None, with_state)
    after = [state._replace(name=state.name + NEXT) for state in states]
    return to_model(onnx, graph, [x, *lengths, *states], answers + after)


def input_of(inside):
    """Return the input X of a network: ids where every feature is one, else numbers."""
    stack = inside.model.network.stack
    only_ids = stack.embedding is not None and not stack.embedding.numeric
    return Value("X", INT if only_ids else FLOAT, ("n_sequences", "n_steps", stack.n_features))


def write_estimator(graph, inside, x, lengths=None, with_state=False):
    """Add a network that reads x, sequences first, and its answers, which are returned."""
    steps_first = graph.add("Transpose", x, perm=[1, 0, 2])
    outputs = write_network(graph, inside.model, Sequences(steps_first, lengths), with_state)
    return write_answers(inside.target, graph, inside.model, outputs, lengths)
