"""What a step, a sequence and a model cost in time and memory, and how well formulas tell it.

    python -m benchmarks.cost

A GRU with 8 features in float32, sequences of 50 steps. The time of an update is taken to be

    T (a + b N G H + c N G H (D + H + 1)) + d P

for N sequences of T steps and P parameters: `a` for the calls of a step, `b` for a gate of a unit,
`c` for a product with a weight, `d` for the optimiser. They are fitted to all rows by least squares
of relative errors, and the table has the formula's error for each. Times are processor times, the
least of five epochs.

Memory is counted by tracemalloc, beside the data. Its bound is 0.3 MB, 15 times the parameters
(with their gradient, the optimiser's and what is arranged of them), once what the call reads, and
twice the activations, 4 bytes for each of N T (D + 1 + 5 H): the state and the gates of each step.
A file is as joblib writes it.
"""

import io
import itertools
import time
import tracemalloc
import warnings

import joblib
import numpy as np
from scipy.optimize import nnls

from skrnn import RNNClassifier

D, G, T, SLABS = 8, 3, 50, 4
SIZES = list(itertools.product((8, 32, 128, 256), (1, 16, 128)))  # units, sequences of a batch
N_BATCHES = 8


def network(H, N):
    """Return a network of one direction that is read at its end."""
    return RNNClassifier(
        hidden_size=H, bidirectional=False, pooling="last", batch_size=N, max_iter=1, random_state=0
    )


def data(N):
    """Return sequences and labels for some mini-batches."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_BATCHES * N, T, D)).astype(np.float32)
    return X, np.arange(len(X)) % 2


def seconds(call):
    """Return the processor time of the fastest of five calls."""
    times = []
    for _ in range(5):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def peak(call):
    """Return the bytes allocated at the worst moment of a call."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def n_parameters(H):
    """Return the number of parameters of one direction and a head for two labels."""
    return G * H * (D + H + 2) + 2 * (H + 1)


def terms(H, N):
    """Return what the four costs of an update are multiplied with."""
    return np.array([T, T * N * G * H, T * N * G * H * (D + H + 1), n_parameters(H)])


def bound(H, N):
    """Return the bytes that training may need beside the data."""
    activations, read = N * T * (D + 1 + (1 + SLABS) * H), N_BATCHES * N * T * D
    return 3e5 + 4 * (15 * n_parameters(H) + 2 * activations + read)


def measure(H, N):
    """Return the seconds of an update and of its prediction, and the peak bytes of training."""
    X, y = data(N)
    model = network(H, N).fit(X, y)
    update = seconds(lambda: model.partial_fit(X, y)) / N_BATCHES
    predict = seconds(lambda: [model.predict(X[i : i + N]) for i in range(0, len(X), N)])
    return update, predict / N_BATCHES, peak(lambda: model.partial_fit(X, y))


def fitted(times):
    """Return costs that are not negative, by least squares of relative errors."""
    rows = np.array([terms(*size) / t for size, t in zip(SIZES, times, strict=True)])
    return nnls(rows, np.ones(len(rows)))[0]


def main():
    """Print the costs, a row for each size, and the sizes of files."""
    warnings.simplefilter("ignore")
    updates, predicts, peaks = map(np.array, zip(*(measure(*size) for size in SIZES), strict=True))
    for name, times in [("update", updates), ("predict", predicts)]:
        a, b, c, d = fitted(times) * 1e9
        print(f"{name}: a = {a / 1000:.1f} us, b = {b:.2f}, c = {c:.3f}, d = {d:.2f} ns")
    print("\n| units | batch | update, ms | formula / it | predict, ms | formula / it ", end="")
    print("| peak, MB | bound, MB |\n|---|---|---|---|---|---|---|---|")
    for (H, N), update, predict, most in zip(SIZES, updates, predicts, peaks, strict=True):
        cost = [terms(H, N) @ fitted(times) for times in (updates, predicts)]
        cells = [f"{1000 * update:.2f}", f"{cost[0] / update:.2f}", f"{1000 * predict:.2f}"]
        cells += [f"{cost[1] / predict:.2f}", f"{most / 1e6:.2f}", f"{bound(H, N) / 1e6:.2f}"]
        print("|", " | ".join([str(H), str(N), *cells]), "|")
    print("\n| units | parameters | formula | file, kB | 4 bytes each, kB |\n|---|---|---|---|---|")
    for H in (8, 64, 256):
        model, file = network(H, 8).fit(*data(8)), io.BytesIO()
        joblib.dump(model, file)
        size, n = len(file.getvalue()) / 1000, n_parameters(H)
        print(f"| {H} | {model.n_parameters_} | {n} | {size:.1f} | {4 * n / 1000:.1f} |")


if __name__ == "__main__":
    main()
