"""Converters for skl2onnx, so that a Pipeline converts as a whole, whatever its other steps are."""

from __future__ import annotations

import numpy as np

from skrnn._estimators.classifier import RNNClassifier
from skrnn._estimators.language_model import RNNLanguageModel
from skrnn._estimators.regressor import RNNRegressor
from skrnn._estimators.sequence_regressor import SequenceRegressor
from skrnn._estimators.tagger import SequenceTagger
from skrnn._preprocessing.timestep import TimestepTransformer
from skrnn.export._graph import OPSET, Graph, to_attributes, to_tensor
from skrnn.export._onnx import input_of, write_estimator
from skrnn.export._opening import open_network
from skrnn.export._optional import need

NETWORKS = RNNClassifier, RNNRegressor, SequenceTagger, SequenceRegressor, RNNLanguageModel
# What the rows of a 2-D X are, and the axis that they lack.
MISSING_AXIS = {"series": 2, "steps": 1}


def register_with_skl2onnx() -> None:
    """Teach skl2onnx to convert the networks of skrnn and `TimestepTransformer`.

    From then on ``skl2onnx.to_onnx(pipeline, X)`` converts a Pipeline of them with all steps that
    skl2onnx knows; `TimestepTransformer` may hold any transformer that it knows. The sequences have
    equal lengths there, for a Pipeline has no input beside `X`. The outputs are those of
    `to_onnx`; there is no ZipMap to be switched off.

    Raises
    ------
    ImportError
        If skl2onnx or onnx is not installed.

    See Also
    --------
    to_onnx : Needs no skl2onnx, and knows lengths and states.

    Examples
    --------
    >>> from skrnn.export import register_with_skl2onnx
    >>> register_with_skl2onnx()  # doctest: +SKIP
    """
    skl2onnx = need("skl2onnx", "skl2onnx", "register_with_skl2onnx")
    for network in NETWORKS:
        skl2onnx.update_registered_converter(
            network, f"Skrnn{network.__name__}", _has_shapes, _convert_network, parser=_parse
        )
    skl2onnx.update_registered_converter(
        TimestepTransformer, "SkrnnTimestepTransformer", _shapes_of_steps, _convert_steps
    )


def _has_shapes(operator):
    """Leave the shapes of outputs as they are: the parser knows them."""


def _parse(scope, model, inputs, custom_parsers=None):
    """Declare the outputs of a network."""
    from skl2onnx.common import data_types

    types = {
        "i": data_types.Int64TensorType,
        "U": data_types.StringTensorType,
        "b": data_types.BooleanTensorType,
        np.float32: data_types.FloatTensorType,
        np.float64: data_types.DoubleTensorType,
    }
    operator = scope.declare_local_operator(f"Skrnn{type(model).__name__}", model)
    operator.inputs = inputs
    for answer in write_estimator(Graph(), open_network(model, "ONNX"), "X"):
        kind = answer.dtype.type if answer.dtype.kind == "f" else answer.dtype.kind
        shape = [size if isinstance(size, int) else None for size in answer.shape]
        operator.outputs.append(scope.declare_local_variable(answer.name, types[kind](shape)))
    return operator.outputs


def _convert_network(scope, operator, container):
    """Add the nodes of a network to the model that skl2onnx makes."""
    (given,) = operator.inputs
    inside = open_network(operator.raw_operator, "ONNX")
    graph = Graph()
    x = "given"
    if len(given.type.shape) == 2:
        axis = MISSING_AXIS.get(inside.schema.table)
        if axis is None:
            raise TypeError(
                f"skl2onnx makes a table of what comes before {inside.name}, which reads sequences "
                "of several features: put the steps before it into TimestepTransformer, or export "
                "the last step, pipeline[-1]."
            )
        x = graph.add("Unsqueeze", x, np.array([axis]))
    x = graph.cast(x, input_of(inside).dtype)
    answers = write_estimator(graph, inside, x)
    names = {
        answer.name: output.full_name
        for answer, output in zip(answers, operator.outputs, strict=True)
    }
    _hand_over(graph, names | {"given": given.full_name}, scope, container)


def _hand_over(graph, names, scope, container):
    """Add the nodes and constants of a graph, under names that are theirs alone."""
    import onnx

    prefix = scope.get_unique_variable_name("skrnn")

    def rename(name):
        return names.get(name, f"{prefix}_{name}") if name else ""

    for name, value in graph.constants.items():
        tensor = to_tensor(onnx, value, rename(name))
        container.initializers.append(tensor)
    for node in graph.nodes:
        container.add_node(
            node.operator,
            [rename(name) for name in node.inputs],
            [rename(name) for name in node.outputs],
            op_version=OPSET,
            name=scope.get_unique_operator_name(node.operator),
            **to_attributes(onnx, node),
        )


def _shapes_of_steps(operator):
    """Say that sequences and steps stay, and how many features the transformer makes."""
    from skl2onnx.common.data_types import guess_tensor_type

    step, (given,), (made,) = operator.raw_operator, operator.inputs, operator.outputs
    if step.scope != "dataset":
        raise TypeError(
            f"TimestepTransformer(scope={step.scope!r}) cannot become ONNX, for it fits a "
            "transformer to each sequence anew: use scope='dataset'."
        )
    n_features = _n_features_out(step)
    is_table = len(given.type.shape) == 2 and n_features == 1
    made.type = guess_tensor_type(given.type)
    made.type.shape = [*given.type.shape[:2], n_features][: 2 if is_table else 3]


def _n_features_out(step):
    """Return how many features a TimestepTransformer makes; raise for what cannot become ONNX."""
    from skl2onnx import get_model_alias

    try:
        get_model_alias(type(step.transformer_))
        return len(step.transformer_.get_feature_names_out())
    except (RuntimeError, AttributeError) as error:
        raise TypeError(
            f"{step!r} cannot become ONNX ({error}). Export the last step, pipeline[-1], and do "
            "before it what pipeline[:-1].transform does."
        ) from None


def _convert_steps(scope, operator, container):
    """Let skl2onnx convert the transformer of steps, which reads the table of all steps."""
    from skl2onnx import get_model_alias

    (given,), (made,), step = operator.inputs, operator.outputs, operator.raw_operator
    inner, shape = step.transformer_, made.type.shape
    inside = scope.declare_local_operator(get_model_alias(type(inner)), inner)
    sizes = {"table": inner.n_features_in_, "rows": len(inner.get_feature_names_out())}
    table, rows = (
        scope.declare_local_variable(name, type(made.type)([None, size]))
        for name, size in sizes.items()
    )
    inside.inputs, names = [table], {"given": given.full_name, "made": made.full_name}
    inside.outputs.append(rows)
    graph, names = Graph(), names | {"table": table.full_name, "rows": rows.full_name}
    kind = np.float64 if type(made.type).__name__.startswith("Double") else np.float32
    graph.add("Reshape", graph.cast("given", kind), np.array([-1, sizes["table"]]), into=["table"])
    sequences_and_steps = graph.add("Shape", "given", start=0, end=2)
    after = [sequences_and_steps, np.array(shape[2:], np.int64)]
    graph.add("Reshape", "rows", graph.add("Concat", *after, axis=0), into=["made"])
    _hand_over(graph, names, scope, container)
