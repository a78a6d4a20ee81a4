"""A graph of ONNX's operators in the making; it needs no onnx until it becomes a model.

Operators are those of version 18, see https://onnx.ai/onnx/operators. Values are known by name,
and arrays become constants where they are used.
"""

from typing import Any, NamedTuple

import numpy as np

from skrnn._version import __version__

OPSET, IR = 18, 8  # the format of files that goes with these operators


class Value(NamedTuple):
    """An input or output of a graph.

    shape  numbers, and names of sizes that each run may choose
    """

    name: str
    dtype: np.dtype
    shape: tuple


class Node(NamedTuple):
    """The use of an operator."""

    operator: str
    inputs: list
    outputs: list
    attributes: dict


class Body(NamedTuple):
    """A graph inside the operator Scan, which runs it at each step."""

    graph: Any
    inputs: list[Value]
    outputs: list[Value]


class Graph:
    """Nodes and constants, in the order in which they were added.

    prefix  stands before the names that the graph invents
    """

    def __init__(self, prefix=""):
        self.prefix, self.nodes, self.constants = prefix, [], {}
        self._names = {}  # of the constants without a name, by their content

    def add(self, operator, *inputs, into=None, **attributes):
        """Apply an operator to values, given by name, or arrays; return the name of its output.

        into  names of the outputs, of which there may be several
        """
        name = f"{self.prefix}{operator}_{len(self.nodes)}"
        # An input that is left out is None; at the end it is not written at all.
        n_inputs = max(i for i, value in enumerate(inputs, 1) if value is not None)
        inputs = [self.named(value) for value in inputs[:n_inputs]]
        self.nodes.append(Node(operator, inputs, into or [name], attributes))
        return into[0] if into else name

    def constant(self, value, name=None):
        """Hold an array; return its name, which is the same for equal ones without a name."""
        value = np.asarray(value)
        if name is None:
            content = value.dtype.str, value.shape, value.tobytes()
            name = self._names.setdefault(content, f"{self.prefix}constant_{len(self._names)}")
        self.constants[name] = value
        return name

    def named(self, value):
        """Return the name of an input: a value, an array, or None for one that is left out."""
        if value is None:
            return ""
        return value if isinstance(value, str) else self.constant(value)

    def cast(self, value, dtype):
        """Convert a value to another dtype."""
        return self.add("Cast", value, to=np.dtype(dtype))

    def size(self, value, axis):
        """Return the size of an axis, an array of one number."""
        return self.add("Shape", value, start=axis, end=axis + 1)

    def scan(self, body, states, sequences, into, backwards=False):
        """Run a body over the first axis of some sequences, its states from step to step.

        into  names of the last states and, behind them, of the outputs of all steps
        """
        n_outputs, direction = len(into) - len(states), int(backwards)
        self.add(
            "Scan",
            *states,
            *sequences,
            into=into,
            body=body,
            num_scan_inputs=len(sequences),
            scan_input_directions=[direction] * len(sequences),
            scan_output_directions=[direction] * n_outputs,
        )


def to_model(onnx, graph, inputs, outputs):
    """Return the ``onnx.ModelProto`` of a graph, checked."""
    model = onnx.helper.make_model(
        _to_graph(onnx, graph, inputs, outputs),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="skrnn",
        producer_version=__version__,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def to_attributes(onnx, node):
    """Return the attributes of a node as onnx takes them."""
    made = dict(node.attributes)
    if "to" in made:
        made["to"] = onnx.helper.np_dtype_to_tensor_dtype(made["to"])
    if "body" in made:
        made["body"] = _to_graph(onnx, *made["body"])
    return made


def to_tensor(onnx, value, name):
    """Return a constant as onnx takes it; strings are objects there."""
    return onnx.numpy_helper.from_array(
        value.astype(object) if value.dtype.kind == "U" else value, name
    )


def _to_graph(onnx, graph, inputs, outputs):
    nodes = [
        onnx.helper.make_node(node.operator, node.inputs, node.outputs, **to_attributes(onnx, node))
        for node in graph.nodes
    ]
    constants = [to_tensor(onnx, value, name) for name, value in graph.constants.items()]
    declared = ([_declare(onnx, value) for value in values] for values in (inputs, outputs))
    return onnx.helper.make_graph(nodes, "skrnn", *declared, constants)


def _declare(onnx, value):
    kind = onnx.TensorProto.STRING
    if value.dtype.kind != "U":
        kind = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
    return onnx.helper.make_tensor_value_info(value.name, kind, value.shape)
