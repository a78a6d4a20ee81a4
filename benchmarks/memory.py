"""Peak memory of fit and predict.

    python benchmarks/memory.py

The first table counts what NumPy and Python allocate in one epoch, and in predict, beside the data
(tracemalloc), for more and more sequences of 50 steps of 8 features. It sets the peak of fit
against the activations of one mini-batch: the state and the gates that a backward pass needs. What
grows with the number of sequences is their order, labels and predictions, a few numbers each.

The second table is the peak resident memory of a process that imports a library and does nothing
else (Linux only).
"""

import subprocess
import sys
import tracemalloc
import warnings

from fit import CASES, classifier, installed, machine, make_data

from skrnn._core.cells import CELLS

CASE = CASES["small lstm"]


def main():
    warnings.simplefilter("ignore")
    print(machine(1))
    activations = activation_bytes(CASE)
    print(f"Activations of one mini-batch: {activations / 1e6:.2f} MB\n")
    print("| sequences | data, MB | fit, MB | fit / activations | predict, MB |")
    print("|---|---|---|---|---|")
    for n_sequences in (100, 1_000, 10_000):
        X, y = make_data(CASE._replace(n_sequences=n_sequences))
        model = classifier(CASE, max_iter=1)
        fit = peak(lambda m=model, X=X, y=y: m.fit(X, y))
        predict = peak(lambda m=model, X=X: m.predict(X))
        columns = [f"{X.nbytes / 1e6:.1f}", f"{fit / 1e6:.2f}", f"{fit / activations:.2f}"]
        print(
            "|", " | ".join([f"{n_sequences}", *columns, f"{predict / 1e6:.2f}"]), "|", flush=True
        )
    if sys.platform == "linux":
        print("\n| process | peak resident memory, MB |\n|---|---|")
        for modules in ["numpy", "sklearn", "skrnn", *(p for p in installed() if p == "torch")]:
            print(f"| import {modules} | {resident(modules):.0f} |")


def activation_bytes(case):
    """State block and tape of one mini-batch in float32, see skrnn/_core/unroll.py."""
    H, rows = case.hidden_size, case.n_steps * case.batch_size
    return 4 * rows * (H + case.n_features + 1 + CELLS[case.cell_type].n_slabs * H)


def peak(call):
    """Bytes allocated at the worst moment of a call, beyond those allocated before it."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def resident(module):
    # Not getrusage's maximum, which a new process inherits from the one that starts it.
    code = f"import {module}; print(open('/proc/self/status').read())"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    [line] = [line for line in result.stdout.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
