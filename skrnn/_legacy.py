"""Names that modules and classes had in earlier layouts: saved models look for them."""

import sys
from importlib import import_module

MODULES = {
    "_classifier": "_estimators.classifier",
    "_display": "inspection._loss_curve",
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
# (module, name) today of a name that a module had.
NAMES = {
    ("metrics", "_TaggingScorer"): ("metrics._scorers", "TaggingScorer"),
    ("_series.windows", "sliding_windows"): ("_series.sliding", "sliding_windows"),
}

for old, new in MODULES.items():
    sys.modules.setdefault(f"skrnn.{old}", import_module(f"skrnn.{new}"))
for (module, old), (new_module, new) in NAMES.items():
    value = getattr(import_module(f"skrnn.{new_module}"), new)
    setattr(import_module(f"skrnn.{module}"), old, value)
