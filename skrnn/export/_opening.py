"""What can be exported: scalers of steps, and a network; and what cannot, with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skrnn._core.network import Network
from skrnn._estimators.base import open_up
from skrnn._pipelines import working_steps
from skrnn._preprocessing.timestep import TimestepTransformer
from skrnn.export._layers import DOUBLE, FLOAT, OPERATORS

# A function of Python can be converted by nobody.
CONVERT = ", or let skl2onnx convert the step: see register_with_skl2onnx"
SCALERS = "TimestepTransformer(StandardScaler()) and TimestepTransformer(MinMaxScaler())"


def open_network(estimator: Any, form: str) -> Any:
    """Return the parts of a fitted estimator whose network is a graph of operators.

    form  what it is to become, for messages
    """
    inside = open_up(estimator)
    network = getattr(inside.model, "network", None)
    if type(network) is not Network:
        raise TypeError(
            f"{inside.name} cannot become {form}: it writes its answers symbol by symbol in a "
            "search, which is no fixed graph of operators. Keep it in a file of joblib, or export "
            "an RNNLanguageModel, whose steps a program of yours can search."
        )
    cell = network.stack.layers[0].cell
    if type(cell) not in OPERATORS:
        raise TypeError(
            f"cell_type={inside.model.architecture['cell_type']!r} cannot become {form}, which "
            "has operators for 'rnn', 'lstm' and 'gru' only: fit with one of these."
        )
    return inside


def split(estimator):
    """Return the fitted scalers of steps in front of a network, and the network's estimator."""
    if not isinstance(estimator, Pipeline):
        return [], estimator
    steps = working_steps(estimator)
    if not steps:
        raise TypeError(
            "The Pipeline has no steps but those that are switched off, so that there is nothing "
            "to export: pass one that ends with a fitted network."
        )
    *before, (_, network) = steps
    return [scaler_of(name, step) for name, step in before], network


def scaler_of(name, step):
    """Return the scaler that a step of a Pipeline applies to every step of sequences."""
    if isinstance(step, TimestepTransformer):
        check_is_fitted(step)
        if step.scope == "dataset" and type(step.transformer_) in WRITERS:
            return step.transformer_
    is_function = isinstance(getattr(step, "transformer", step), FunctionTransformer)
    remedy = "" if is_function else CONVERT
    raise TypeError(
        f"The step {name!r} of the Pipeline, {step!r}, cannot become ONNX, which is done for "
        f"{SCALERS} with scope='dataset'. Export the last step, pipeline[-1], and do before it "
        f"what pipeline[:-1].transform does{remedy}."
    )


def write_scaler(graph, scaler, x):
    """Scale numbers as a fitted scaler does."""
    return graph.cast(WRITERS[type(scaler)](graph, scaler, graph.cast(x, DOUBLE)), FLOAT)


def write_standard(graph, scaler, x):
    """Take the mean away, and divide by the scale."""
    if scaler.with_mean:
        x = graph.add("Sub", x, scaler.mean_.astype(DOUBLE))
    return graph.add("Div", x, scaler.scale_.astype(DOUBLE)) if scaler.with_std else x


def write_min_max(graph, scaler, x):
    """Map the range of each feature to another."""
    x = graph.add("Mul", x, scaler.scale_.astype(DOUBLE))
    x = graph.add("Add", x, scaler.min_.astype(DOUBLE))
    if scaler.clip:
        x = graph.add("Clip", x, *np.array(scaler.feature_range, DOUBLE))
    return x


WRITERS = {StandardScaler: write_standard, MinMaxScaler: write_min_max}
