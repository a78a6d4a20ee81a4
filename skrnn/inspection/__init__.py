"""What a training and a network look like inside."""

from skrnn.inspection._alignment import AlignmentDisplay
from skrnn.inspection._confusion import StepConfusionDisplay
from skrnn.inspection._curves import (
    GradientFlowDisplay,
    PermutationImportanceDisplay,
    StepOutputsDisplay,
)
from skrnn.inspection._forecast import ForecastDisplay, ForecastPanel
from skrnn.inspection._gradient_flow import gradient_flow
from skrnn.inspection._images import (
    GateActivationsDisplay,
    HiddenStatesDisplay,
    SaliencyDisplay,
)
from skrnn.inspection._importance import permutation_importance
from skrnn.inspection._loss_curve import LossCurveDisplay
from skrnn.inspection._saliency import saliency
from skrnn.inspection._states import gate_activations, hidden_states
from skrnn.inspection._step_outputs import step_outputs
from skrnn.inspection._tags import TagDisplay

__all__ = [
    "AlignmentDisplay",
    "ForecastDisplay",
    "ForecastPanel",
    "GateActivationsDisplay",
    "GradientFlowDisplay",
    "HiddenStatesDisplay",
    "LossCurveDisplay",
    "PermutationImportanceDisplay",
    "SaliencyDisplay",
    "StepConfusionDisplay",
    "StepOutputsDisplay",
    "TagDisplay",
    "gate_activations",
    "gradient_flow",
    "hidden_states",
    "permutation_importance",
    "saliency",
    "step_outputs",
]
