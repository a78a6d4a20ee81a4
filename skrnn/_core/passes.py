"""How a pass through a network is carried out."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Pass(NamedTuple):
    """What a pass is told beside parameters, input and state. It travels through all layers.

    rng           Generator that draws the dropout masks; None switches dropout off
    for_backward  whether ``backward`` is to be called; a pass that returns None in its place
                  needs the memory of one step instead of all
    empty         allocates what ``backward`` needs, as ``np.empty`` or a `Scratch` does
    arranged      weights from ``arrange`` of the same parameters; a pass makes them if None
    watch         ``watch(layer, step, dh)`` is called in ``backward`` for each step of each layer,
                  with the gradient (H, K, n_sequences) of the hidden state after it; None for
                  nobody, so that many steps are treated at once
    params        views of the parameters by name; a pass makes them if None
    unroll        the loop over time: None for NumPy's, or that of `compiled`
    """

    rng: np.random.Generator | None = None
    for_backward: bool = True
    empty: Callable = np.empty
    arranged: Any = None
    watch: Callable | None = None
    params: dict | None = None
    unroll: Callable | None = None
