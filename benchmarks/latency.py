"""Time to predict one sequence, against torch, and time to import.

    python benchmarks/latency.py
    python benchmarks/latency.py --threads 2

The networks are those of fit.py; both sides return class probabilities of one float32 sequence,
torch in inference mode. They run in turn; given are the smallest and the median time of all
calls. A ratio is torch's time over that of skrnn: above 1, skrnn is faster. With one thread it is
processor time, which other programs disturb least; with more, wall time. Start-up is processor
time of a new interpreter, without that of one which imports nothing.
"""

import argparse
import subprocess
import sys
import warnings
from statistics import median

from fit import CASES, classifier, clock, installed, machine, make_data, prepare, torch_net, version

PROCESSOR_SECONDS = "import time{}; print(time.process_time())"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=300)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    prepare(args.threads)
    peers = [peer for peer in installed() if peer == "torch"]
    print(f"{', '.join([machine(args.threads), *map(version, peers)])}\n")
    print("| case | skrnn, µs: smallest, median | torch | ratio of the smallest | of medians |")
    print("|---|---|---|---|---|")
    for name, case in CASES.items():
        if not case.ragged:
            report(name, case, args, bool(peers))
    print()
    for module in ["skrnn", "sklearn", *peers]:
        seconds = import_seconds(module)
        print(f"import {module}: {seconds:.2f} s")


def report(name, case, args, with_torch):
    X, y = make_data(case._replace(n_sequences=2 * case.batch_size))
    model = classifier(case, args.threads, max_iter=1).fit(X, y)
    sides = [lambda: model.predict_proba(X[:1])]
    if with_torch:
        sides.append(torch_predict(case, X[:1]))
    times = [[] for _ in sides]
    for _ in range(args.repeats):
        for seconds, call in zip(times, sides, strict=True):
            seconds.append(clock(call, args.threads))
    columns = [f"{1e6 * min(s):.0f}, {1e6 * median(s):.0f}" for s in times]
    if with_torch:
        ours, theirs = times
        columns += [f"{f(theirs) / f(ours):.2f}" for f in (min, median)]
    print("|", " | ".join([name, *columns]), "|", flush=True)


def torch_predict(case, x):
    import torch

    net, x = torch_net(case).eval(), torch.from_numpy(x)

    def predict():
        with torch.inference_mode():
            return torch.softmax(net(x), dim=1).numpy()

    return predict


def import_seconds(module, repeats=3):
    return min(seconds_with(f", {module}") - seconds_with("") for _ in range(repeats))


def seconds_with(imports):
    code = PROCESSOR_SECONDS.format(imports)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(result.stdout)


if __name__ == "__main__":
    main()
