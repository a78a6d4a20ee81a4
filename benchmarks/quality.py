"""Test scores on real data: skrnn with its defaults and as tuned, torch, and recorded baselines.

    python benchmarks/quality.py --data DIR > table.md
    python benchmarks/quality.py --data DIR --sets tsc_gunpoint --seeds 0 1 2 3 4 --sides stated
    python benchmarks/quality.py --data DIR --sets txt_sms tsc_gunpoint --sides lstm/last gru/max

DIR holds the sets and their reader, load.py. Progress goes to stderr, a Markdown table to stdout.
With --resume FILE, results are read from a file and appended to it, so that a run that was cut
short goes on where it was; begin a new file when the code has changed. The sides are

    defaults   the estimator as it comes
    former     the same with the defaults of old
    stated     a setting that suits the set, printed below the table
    torch      the same network, first parameters, optimiser, mini-batches, epochs, schedule and
               clipping as in that setting; left out where torch is not installed
    gru/max    the former defaults with this cell and pooling; likewise for every other such pair

A family of sets is a module listed in FAMILIES, which offers

    SETS                            dict of set name -> (metric, target), two short texts; what
                                    follows a slash tells the tasks of one set apart
    parameters(name, side)          all parameters of the estimator, as get_params() gives them
    prepare(name, load)             the data, in any form; ``load(name)`` reads the files
    score(name, side, seed, data)   train, predict, and return the score of the test part
    baselines(name, data)           dict of label -> score without a network; may be left out
    SIDES                           the sides that it has; may be left out if those are all
    MADE                            sets that are made on the spot; may be left out
"""

import argparse
import importlib
import importlib.util
import json
import sys
import time
from functools import lru_cache, partial
from pathlib import Path
from statistics import mean, variance

from sides import SIDES, VARIANTS

FAMILIES = [
    "tagging_sets",
    "sequence_sets",
    "image_sets",
    "forecast_sets",
    "step_sets",
    "symbol_sets",
    "language_sets",
]


def main():
    args = read_arguments()
    load, results = read_module(args.data / "load.py").load, Results(args.resume)
    families = {
        name: family
        for family in map(importlib.import_module, FAMILIES)
        for name in family.SETS
        if args.sets is None or name in args.sets
    }
    data = lru_cache(maxsize=1)(lambda name: families[name].prepare(name, load))
    print("| set | metric | target |", " | ".join(args.sides), "| stated - torch |")
    print("|---" * (len(args.sides) + 4) + "|")
    for name, family in families.items():
        cells = {
            side: [trained(results, family, name, side, seed, data) for seed in args.seeds]
            for side in args.sides
            if side in getattr(family, "SIDES", args.sides)
        }
        shown = [summary(cells[side]) if side in cells else "-" for side in args.sides]
        columns = [*family.SETS[name], *shown, difference(cells)]
        print("|", " | ".join([name, *columns]), "|", flush=True)
    for name, family in families.items():
        print(f"\n- {name}: {changes(family, name)}")
        if hasattr(family, "baselines"):
            compute = partial(baselines, family, name, data)
            scores = results.get([name, "baselines"], compute)
            print("  Here:", ", ".join(f"{label} {score:.2f}" for label, score in scores.items()))
        made = getattr(family, "MADE", ())
        if name.partition("/")[0] not in made:
            print(f"  Recorded: {load(name.partition('/')[0])['meta']['baseline']}.")


def trained(results, family, name, side, seed, data):
    """(score, processor seconds) of one training, known or new."""
    key = [name, side, seed, family.parameters(name, side)]
    return results.get(key, partial(measure, family, name, side, seed, data))


def measure(family, name, side, seed, data):
    data = data(name)
    start = time.process_time()
    score = float(family.score(name, side, seed, data))
    seconds = time.process_time() - start
    print(f"{name} {side} seed {seed}: {score:.2f}, {seconds:.0f} s", file=sys.stderr, flush=True)
    return score, seconds


def baselines(family, name, data):
    return {label: float(score) for label, score in family.baselines(name, data(name)).items()}


def read_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    has_torch = importlib.util.find_spec("torch") is not None
    sides = SIDES if has_torch else SIDES[:2]
    parser.add_argument("--sides", nargs="+", choices=[*SIDES, "former", *VARIANTS], default=sides)
    parser.add_argument("--resume", type=Path)
    return parser.parse_args()


def read_module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Results:
    """Results by key, both of which JSON can hold; kept in a file if one is given."""

    def __init__(self, path):
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path and path.exists() else []
        self.known = dict(map(json.loads, lines))

    def get(self, key, compute):
        key = json.dumps(key, sort_keys=True)
        if key not in self.known:
            self.known[key] = compute()
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    print(json.dumps([key, self.known[key]]), file=file)
        return self.known[key]


def summary(results):
    """Mean, range over the seeds, and seconds of one training."""
    scores, seconds = zip(*results, strict=True)
    return f"{mean(scores):.2f} ({min(scores):.2f}-{max(scores):.2f}), {mean(seconds):.0f} s"


def difference(cells):
    """Difference of the means with its standard error over the seeds."""
    if not {"stated", "torch"} <= cells.keys():
        return ""
    ours, theirs = ([score for score, _ in cells[side]] for side in ("stated", "torch"))
    gap = mean(ours) - mean(theirs)
    if len(ours) < 2:
        return f"{gap:+.2f}"
    error = ((variance(ours) + variance(theirs)) / len(ours)) ** 0.5
    return f"{gap:+.2f} ± {error:.2f}"


def changes(family, name):
    """The stated setting, as what it changes in the defaults."""
    defaults, stated = (family.parameters(name, side) for side in ("defaults", "stated"))
    changed = {k: v for k, v in stated.items() if v != defaults[k]}
    return ", ".join(f"`{k}={v!r}`" for k, v in changed.items())


if __name__ == "__main__":
    main()
