"""Names that modules had in earlier layouts: saved models look for their classes under them."""

import sys
from importlib import import_module

MOVED = {
    "_classifier": "_estimators.classifier",
    "_display": "inspection._displays",
    "_regressor": "_estimators.regressor",
    "_sequence_array": "_data.sequence_array",
    "_split": "_series.split",
    "_tagger": "_estimators.tagger",
    "_timestep": "_preprocessing.timestep",
    "_tokens": "_preprocessing.tokens",
    "_train": "_optim",
    "_train.optimizers": "_optim.optimizers",
    "_window": "_series.windows",
    "_window_scaling": "_series.window_scaling",
}

for old, new in MOVED.items():
    sys.modules.setdefault(f"skrnn.{old}", import_module(f"skrnn.{new}"))
