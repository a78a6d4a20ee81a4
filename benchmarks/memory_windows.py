"""Memory and time of a long series cut into windows: a view of the rows, never written out.

    python benchmarks/memory_windows.py
    python benchmarks/memory_windows.py --rows 100000

One epoch of Pipeline(StandardScaler, SlidingWindowTransformer(100), RNNRegressor) on a float32
series, as an array and as a read-only memory map. Peaks are what NumPy and Python allocate while
the epoch runs, with the array and without the map, in multiples of the bytes of the series. The
network is the smallest there is, since its size does not change what the windows cost.
"""

import argparse
import io
import tempfile
import time
import tracemalloc
from pathlib import Path

import joblib
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNRegressor, SlidingWindowTransformer

N_FEATURES, WINDOW_SIZE = 8, 100
N_MATERIALISED = 10_000  # windows that are written out, to compare the time of an epoch


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    n_rows = parser.parse_args().rows
    tracemalloc.start()
    series = random_walk(n_rows)
    print(f"series: {n_rows} x {N_FEATURES} float32, {series.nbytes / 1e6:.0f} MB")
    report_epoch("an array", series, series.nbytes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.npy"
        np.save(path, series)
        del series
        series = np.load(path, mmap_mode="r")
        report_epoch("a read-only memory map", series, series.nbytes)
        tracemalloc.stop()
        report_transform(series)
        report_views(series[:N_MATERIALISED])
        del series  # Windows cannot delete a file that is mapped


def random_walk(n_rows):
    steps = np.random.default_rng(0).standard_normal((n_rows, N_FEATURES), dtype=np.float32)
    return np.cumsum(steps, axis=0, out=steps)


def windows():
    return SlidingWindowTransformer(WINDOW_SIZE, horizon=1)


def network(**parameters):
    return RNNRegressor(max_iter=1, random_state=0, **parameters)


def report_epoch(name, series, n_bytes):
    smallest = network(cell_type="rnn", hidden_size=1, batch_size=1024)
    pipeline = make_pipeline(StandardScaler(), windows(), smallest)
    tracemalloc.reset_peak()
    start = time.process_time()
    pipeline.fit(series, series[:, 0])
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1] / n_bytes
    file = io.BytesIO()
    joblib.dump(pipeline, file)
    print(f"one epoch on {name}: peak {peak:.2f} x the series, {seconds:.0f} s; ", end="")
    print(f"the fitted Pipeline as a file: {file.tell() / 1e3:.1f} kB", flush=True)


def report_transform(series):
    transformer = windows().fit(series)
    seconds = shortest(lambda: transformer.transform(series))
    print(f"transform of the series: {1e3 * seconds:.0f} ms")


def report_views(series):
    view = windows().fit_transform(series)
    written, y = view.copy(), np.ascontiguousarray(series[:, 0])
    model = network(cell_type="gru", hidden_size=16, batch_size=64)
    on_view, on_copy = (shortest(lambda X=X: model.fit(X, y)) for X in (view, written))
    ratio, memory = on_view / on_copy, written.nbytes / series.nbytes
    print(f"one epoch on {len(view)} windows: {on_view:.2f} s as a view, {on_copy:.2f} s ", end="")
    print(f"written out to {memory:.0f} x the memory, ratio {ratio:.2f}")


def shortest(call, repeats=5):
    """Processor seconds of the quickest of some calls, which other work disturbed least."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
