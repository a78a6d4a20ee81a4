"""Test scores on real data: skrnn with its defaults and as tuned, torch, and recorded baselines.

    python benchmarks/quality.py --data DIR
    python benchmarks/quality.py --data DIR --sets tsc_gunpoint --seeds 0 1 2 3 4 --sides stated torch
    python benchmarks/quality.py --data DIR --resume scores.jsonl --markdown table.md

DIR holds the data sets and their reader, load.py. With --resume, scores are read from and appended
to a file, so that a run that was cut short goes on where it was. The sides are

    defaults   the estimator as it comes
    stated     with a setting that suits the set, printed below the table
    torch      the network, first parameters, optimiser, mini-batches, epochs, schedule and clipping
               of that setting, in torch; left out where torch is not installed

A family of sets is a module listed in FAMILIES. It offers

    SETS                            dict of set name -> Facts
    parameters(name, side)          all parameters of the estimator, as get_params() gives them
    score(name, side, seed, load)   fit, predict, and return the score on the test part

where ``load(name)`` reads a set. A new family is a new module, and a name in FAMILIES.
"""

import argparse
import importlib
import importlib.util
import json
import time
from pathlib import Path
from statistics import mean

from facts import Facts

FAMILIES = ["sequence_sets"]
SIDES = ["defaults", "stated", "torch"]
