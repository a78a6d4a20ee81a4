"""Time to predict one sequence and to take one step, against torch, and time to import.

    python benchmarks/latency.py
    python benchmarks/latency.py --threads 2
    python benchmarks/latency.py --only steps

The networks are those of fit.py; all sides return class probabilities of one float32 sequence, and
of 32: skrnn by each backend, checks included, torch in inference mode, and ONNX Runtime the model
that `to_onnx` makes. They run in turn, and the smallest time of each counts. A ratio is a peer's
time over that of skrnn: above 1, skrnn is faster. With one thread it is processor time, which other
programs disturb least; with more, wall time. Start-up is processor time of a new interpreter,
without that of one which imports nothing.

Steps are those of streams that follow sequences as they grow, in wall time: the median and the 99th
percentile of all. skrnn checks each step and answers with the label, or the probabilities; torch's
cell alone only goes from state to state, and with a head and its softmax it gives probabilities as
well; ONNX Runtime, where it and the package onnx are installed, runs the same network with its
states as inputs and outputs. A Pipeline takes a raw row through scaler, windows and network.
"""

import argparse
import importlib.util
import subprocess
import sys
import warnings
from functools import partial
from time import perf_counter

import numpy as np
from fit import (
    CASES,
    classifier,
    clock,
    installed,
    installed_backends,
    machine,
    make_data,
    prepare,
    summarise,
    torch_net,
    version,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn

PROCESSOR_SECONDS = "import time{}; print(time.process_time())"
UNITS, FEATURES, CLASSES, STEPS = 64, 16, 4, 5000


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--only", choices=["sequences", "steps", "imports"])
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    prepare(args.threads)
    peers = [peer for peer in installed() if peer == "torch"]
    print(f"{', '.join([machine(args.threads), *map(version, peers)])}\n")
    if args.only in (None, "sequences"):
        report_sequences(args, peers)
    if args.only in (None, "steps"):
        report_steps(args, peers)
    if args.only in (None, "imports"):
        for module in ["skrnn", "sklearn", *peers]:
            print(f"import {module}: {import_seconds(module):.2f} s")


def report_sequences(args, peers):
    """Times for one sequence and for 32, in microseconds, and the ratios of peers."""
    sides = [*installed_backends(), *peers, *(["onnx"] if has_onnx() else [])]
    for n in (1, 32):
        print(f"| {n} sequence(s) |", " | ".join(sides), "|", flush=True)
        print("|---" * (1 + len(sides)) + "|")
        times = {}
        for name, case in CASES.items():
            if not case.ragged:
                times[name] = sequence_times(case, n, args)
                columns = [f"{1e6 * times[name][side]:.0f}" for side in sides]
                print("|", " | ".join([name, *columns]), "|", flush=True)
        print()
        for peer in sides[len(installed_backends()) :]:
            for backend in installed_backends():
                ratios = {name: t[peer] / t[backend] for name, t in times.items()}
                summarise(f"{n} sequence(s), {peer} / {backend}", ratios)
        print()


def sequence_times(case, n, args):
    """Smallest seconds of each side to predict probabilities of n sequences."""
    X, y = make_data(case._replace(n_sequences=2 * max(case.batch_size, n)))
    model, x = classifier(case, args.threads, max_iter=1).fit(X, y), X[:n]
    backends = installed_backends()
    sides = dict.fromkeys(backends, partial(model.predict_proba, x))
    if importlib.util.find_spec("torch"):
        sides["torch"] = torch_predict(case, x)
    if has_onnx():
        sides["onnx"] = onnx_predict(model, x, args.threads)
    times = {side: [] for side in sides}
    for _ in range(args.repeats if n == 1 else args.repeats // 4):
        for side, call in sides.items():
            with skrnn.config_context(backend=side if side in backends else None):
                times[side].append(clock(call, args.threads))
    return {side: min(seconds) for side, seconds in times.items()}


def has_onnx():
    return all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))


def onnx_predict(model, x, threads):
    """Return the same network's prediction by ONNX Runtime, without lengths."""
    from skrnn.export import to_onnx

    session = onnx_session(to_onnx(model, with_lengths=False), threads)
    return lambda: session.run(["probabilities"], {"X": x})


def onnx_session(model, threads):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )


def torch_predict(case, x):
    import torch

    net, x = torch_net(case).eval(), torch.from_numpy(x)

    def predict():
        with torch.inference_mode():
            return torch.softmax(net(x), dim=1).numpy()

    return predict


# Steps --------------------------------------------------------------------------------------


def report_steps(args, peers):
    print("| step of | side | median, µs | 99th percentile |")
    print("|---|---|---|---|")
    for n_streams in (1, 1000):
        for cell_type in ("lstm", "gru"):
            sides = {}
            for backend in installed_backends():
                with skrnn.config_context(backend=backend):
                    sides |= skrnn_steps(cell_type, n_streams, backend)
            if peers:
                sides |= torch_steps(cell_type, n_streams)
            if has_onnx():
                sides["ONNX Runtime, with head"] = onnx_step(cell_type, n_streams, args.threads)
            n_steps = STEPS if n_streams == 1 else STEPS // 10
            report_sides(f"{cell_type}, {n_streams} stream(s)", sides, n_streams, n_steps)
    row = pipeline_step()
    report_sides("Pipeline, window of 24 rows", {"skrnn.stream": row}, 1, STEPS // 10)
    print()


def report_sides(name, sides, n_streams, n_steps):
    """Print the times of some sides, which run in turn."""
    x = np.random.default_rng(0).standard_normal((n_steps, n_streams, FEATURES), dtype=np.float32)
    times = {side: [] for side in sides}
    for step in sides.values():
        for t in range(min(200, n_steps)):  # not counted
            step(x[t])
    for start in range(0, n_steps, 100):
        for side, step in sides.items():
            for t in range(start, min(start + 100, n_steps)):
                begin = perf_counter()
                step(x[t])
                times[side].append(1e6 * (perf_counter() - begin))
    for side, microseconds in times.items():
        half, most = np.percentile(microseconds, [50, 99])
        print(f"| {name} | {side} | {half:.1f} | {most:.1f} |", flush=True)


def skrnn_steps(cell_type, n_streams, backend):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((64, 10, FEATURES), dtype=np.float32)
    model = skrnn.RNNClassifier(
        cell_type=cell_type, hidden_size=UNITS, bidirectional=False, pooling="last", max_iter=1
    ).fit(X, np.arange(64) % CLASSES)
    one, other = model.stream(n_streams), model.stream(n_streams)
    if n_streams == 1:
        return {
            f"skrnn, {backend}, label": lambda x: one.step(x[0]),
            f"skrnn, {backend}, probabilities": lambda x: other.step_proba(x[0]),
        }
    return {
        f"skrnn, {backend}, label": one.step,
        f"skrnn, {backend}, probabilities": other.step_proba,
    }


def torch_steps(cell_type, n_streams):
    import torch

    cell = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}[cell_type](FEATURES, UNITS)
    head, state = torch.nn.Linear(UNITS, CLASSES), {}

    def begin():
        h = torch.zeros(n_streams, UNITS)
        return (h, torch.zeros(n_streams, UNITS)) if cell_type == "lstm" else h

    def alone(x):
        with torch.inference_mode():
            state["alone"] = cell(torch.from_numpy(x), state.get("alone", begin()))

    def with_head(x):
        with torch.inference_mode():
            state["head"] = after = cell(torch.from_numpy(x), state.get("head", begin()))
            h = after[0] if cell_type == "lstm" else after
            return torch.softmax(head(h), dim=1).numpy()

    return {"torch, the cell alone": alone, "torch, with head": with_head}


def onnx_step(cell_type, n_streams, threads):
    """Return a step of a network of the same size, whose weights are random."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng, n_gates = np.random.default_rng(0), {"lstm": 4, "gru": 3}[cell_type]
    states = ["h", "c"] if cell_type == "lstm" else ["h"]
    shapes = {
        "W": (1, n_gates * UNITS, FEATURES),
        "R": (1, n_gates * UNITS, UNITS),
        "B": (1, 2 * n_gates * UNITS),
        "head": (UNITS, CLASSES),
        "bias": (CLASSES,),
    }
    weights = [
        numpy_helper.from_array(0.1 * rng.standard_normal(shape, dtype=np.float32), name)
        for name, shape in shapes.items()
    ]
    first = numpy_helper.from_array(np.array([0]), "first")
    options = {"linear_before_reset": 1} if cell_type == "gru" else {}
    nodes = [
        helper.make_node(
            cell_type.upper(),
            ["x", "W", "R", "B", "", *states],
            ["", *(f"{state}_after" for state in states)],
            hidden_size=UNITS,
            **options,
        ),
        helper.make_node("Squeeze", ["h_after", "first"], ["last"]),
        helper.make_node("Gemm", ["last", "head", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["p"]),
    ]

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "step",
        [value("x", 1, n_streams, FEATURES)] + [value(s, 1, n_streams, UNITS) for s in states],
        [value("p", n_streams, CLASSES)]
        + [value(f"{s}_after", 1, n_streams, UNITS) for s in states],
        [*weights, first],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    session = onnx_session(model, threads)
    state = {name: np.zeros((1, n_streams, UNITS), np.float32) for name in states}

    def step(x):
        p, *after = session.run(None, {"x": x[np.newaxis], **state})
        state.update(zip(states, after, strict=True))
        return p

    return step


def pipeline_step():
    series = np.random.default_rng(0).standard_normal((400, FEATURES)).cumsum(axis=0)
    pipeline = make_pipeline(
        StandardScaler(),
        skrnn.SlidingWindowTransformer(window_size=24, horizon=1),
        skrnn.RNNRegressor(hidden_size=UNITS, max_iter=1),
    ).fit(series, series[:, 0])
    stream = skrnn.stream(pipeline)
    return lambda x: stream.step(x[0])


# Imports ------------------------------------------------------------------------------------


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
