"""How the cost of an epoch grows with the data, and what options cost.

    python benchmarks/scaling.py

The first table varies the number of sequences, of their steps, and of the mini-batches that the
same sequences are cut into, each over two decades. An epoch should cost a + b n; given is the
largest deviation from the line through the first and the last row. The second table is the cost of
an option over that of the same network without it. The third is a grid search whose fits run in
two processes, with n_jobs=1 and n_jobs=2 within each: threads beyond the processors must not slow
it down. Times are the smallest of some runs, in processor time but for the search.
"""

import argparse
import time
import warnings

import numpy as np
from fit import Case, classifier, clock, machine, make_data
from sklearn.model_selection import GridSearchCV

from skrnn import SequenceTagger

PLAIN = Case(320, 50, 8, 64, 32, "lstm")
SERIES = {
    "sequences": [(n, PLAIN._replace(n_sequences=n)) for n in (64, 200, 640, 2000, 6400)],
    "steps": [(n, PLAIN._replace(n_steps=n, n_sequences=64)) for n in (8, 25, 80, 250, 800)],
    "mini-batches": [
        (n, PLAIN._replace(n_sequences=1024, n_steps=10, batch_size=1024 // n))
        for n in (4, 16, 32, 128, 512)
    ],
}
OPTIONS = {
    "bidirectional=True": {"bidirectional": True},
    "dropout=0.3": {"dropout": 0.3},
    "recurrent_dropout=0.3": {"recurrent_dropout": 0.3},
    "tbptt_steps=10": {"tbptt_steps": 10},
    "pooling='mean'": {"pooling": "mean"},
    "solver='adamw'": {"solver": "adamw"},
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    warnings.simplefilter("ignore")
    print(f"{machine(1)}\n")
    print("| varied | n | epoch, ms | line through the ends, ms |\n|---|---|---|---|")
    for name, cases in SERIES.items():
        report_growth(name, cases, repeats)
    print("\n| option | epoch, times that without |\n|---|---|")
    report_options(repeats)
    report_search(repeats)


def report_growth(name, cases, repeats):
    n = np.array([n for n, _ in cases])
    seconds = np.array([min(epochs(fit_of(case), repeats)) for _, case in cases])
    slope = (seconds[-1] - seconds[0]) / (n[-1] - n[0])
    line = seconds[0] + slope * (n - n[0])
    for row in zip(n, 1e3 * seconds, 1e3 * line, strict=True):
        print("| {} | {} | {:.1f} | {:.1f} |".format(name, *row))
    print(f"| {name} | largest deviation | {np.abs(seconds / line - 1).max():.0%} | |", flush=True)


def report_options(repeats):
    """Each option beside the plain network, in turn."""
    for name, parameters in OPTIONS.items():
        print_ratio(name, fit_of(PLAIN), fit_of(PLAIN, **parameters), repeats)
    X, _ = make_data(PLAIN)
    labels = np.random.default_rng(0).integers(0, 9, X.shape[:2])

    def tagger(decoder):
        model = SequenceTagger(hidden_size=64, decoder=decoder, max_iter=1, random_state=0)
        return lambda: model.fit(X, labels)

    print_ratio(
        "SequenceTagger, 9 labels: decoder='crf'", tagger("softmax"), tagger("crf"), repeats
    )


def report_search(repeats):
    X, y = make_data(PLAIN)
    grid = {"learning_rate_init": [1e-3, 3e-3]}
    seconds = {}
    for n_jobs in (1, 2):
        search = GridSearchCV(classifier(PLAIN, n_jobs, max_iter=5), grid, n_jobs=2, cv=2)
        search.fit(X, y)  # starts the processes
        seconds[n_jobs] = min(wall(lambda s=search: s.fit(X, y)) for _ in range(repeats))
    print(f"\nGridSearchCV(n_jobs=2), n_jobs=1 within: {seconds[1]:.2f} s, ", end="")
    print(f"n_jobs=2 within: {seconds[2]:.2f} s, ratio {seconds[2] / seconds[1]:.2f}")


def fit_of(case, **parameters):
    X, y = make_data(case)
    model = classifier(case, max_iter=1).set_params(**parameters)
    return lambda: model.fit(X, y)


def epochs(fit, repeats):
    fit()
    return [clock(fit) for _ in range(repeats)]


def print_ratio(name, plain, changed, repeats):
    pairs = [(clock(plain), clock(changed)) for _ in range(repeats + 1)][1:]
    before, after = (min(times) for times in zip(*pairs, strict=True))
    print(f"| {name} | {after / before:.2f} |", flush=True)


def wall(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
