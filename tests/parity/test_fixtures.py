"""Parity with torch, from stored numbers: `make_fixtures` wrote them, torch is not needed."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from parity.compare import assert_parity

RECURRENT = product(("tanh", "relu", "lstm", "gru"), ("1", "2"), ("1", "2"))
LOSSES = "cross_entropy", "squared_error", "absolute_error", "huber", "poisson", "quantile"
FIXTURES = ["_".join(("recurrent", *case)) for case in RECURRENT]
FIXTURES += [f"network_{loss}" for loss in LOSSES]
FIXTURES += [f"attention_{score}" for score in ("dot", "general", "additive")]
FIXTURES += ["ctc"]
FIXTURES += [f"translation_{score}" for score in ("none", "dot", "general", "additive")]


@pytest.mark.parametrize("name", FIXTURES)
def test_numbers_are_those_of_torch(name):
    with np.load(Path(__file__).parent / f"{name}.npz") as stored:
        assert_parity(dict(stored))
