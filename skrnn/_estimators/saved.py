"""Estimators that an earlier format of saved models holds, brought to the present one."""

from skrnn._data.schema import Schema
from skrnn._model import Model
from skrnn._version import saved_format

# Attributes of format 1 that have no place in format 2.
GONE = ("_theta", "_architecture", "_input_layout_", "_y_is_flat", "_log_link", "_crf", "_fused")


def is_format_1(state):
    """Whether a pickled state is that of a fitted estimator in format 1."""
    return saved_format(state) == 1 and "_theta" in state


def from_format_1(state, target, owner):
    """Gather what format 1 kept in attributes of its own; `target` has not been learnt yet."""
    try:
        target.restore(state)
        schema = Schema.from_layout(
            state["_input_layout_"], state["n_features_in_"], state.get("feature_names_in_")
        )
        model = Model(state["_architecture"], state["_theta"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"This {owner} was saved by a state of skrnn from before its first format of saved "
            f"models, and cannot be read any more ({type(error).__name__}: {error}): fit it anew."
        ) from error
    kept = {name: value for name, value in state.items() if name not in GONE}
    return kept | {"_schema": schema, "_target": target, "_model": model}


def completed(state):
    """Add what the first files of format 2 do not hold: the loss of a validation set."""
    return {"validation_loss_curve_": None} | state if "_model" in state else state
