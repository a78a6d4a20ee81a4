"""Time of fit: skrnn, torch, skorch, Keras and, as a sanity line, scikit-learn's MLPClassifier.

    python benchmarks/fit.py
    python benchmarks/fit.py --threads 2 --only lstm --peers torch skorch

All train the same network with Adam, mini-batches of the same size and, but for the MLP, clipping
of the gradient norm. torch is a plain loop around nn.LSTM (oneDNN), nn.GRU or nn.RNN, with packed
sequences where the lengths differ; skorch drives the same module. Keras runs on the backend that
KERAS_BACKEND names (torch unless set). The MLP reads each sequence flattened and has one hidden
layer of the same size. skorch, Keras and MLP are left out for ragged sequences. Peers that are not
installed are left out.

skrnn runs with NumPy alone and, where numba is installed, with compiled code. The sides run in
turn, several times, and the smallest time of each counts. With one thread it is processor time,
which other programs disturb least; with more, wall time. A column ``torch`` is torch's time over
that of skrnn, for each backend: above 1, skrnn is faster. ``of peak`` is the rate of the
multiplications and additions in the matrix products that an epoch needs, as a share of the rate of
one large float32 product, measured in the same run, times the number of threads.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import time
import warnings
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skrnn import RNNClassifier, config_context

N_CLASSES, EPOCHS = 5, 2


class Case(NamedTuple):
    n_sequences: int
    n_steps: int
    n_features: int
    hidden_size: int
    batch_size: int
    cell_type: str
    bidirectional: bool = False
    n_layers: int = 1
    ragged: bool = False


CASES = {
    "tiny lstm": Case(1000, 50, 1, 32, 32, "lstm"),
    "small lstm": Case(800, 50, 8, 64, 32, "lstm"),
    "small gru": Case(800, 50, 8, 64, 32, "gru"),
    "small rnn": Case(800, 50, 8, 64, 32, "rnn"),
    "small bilstm": Case(500, 50, 8, 64, 32, "lstm", bidirectional=True),
    "deep gru": Case(500, 50, 8, 64, 32, "gru", n_layers=2),
    "image rows": Case(800, 28, 28, 128, 64, "lstm"),
    "long lstm": Case(300, 200, 4, 64, 32, "lstm"),
    "wide lstm": Case(256, 50, 32, 256, 64, "lstm"),
    "window lstm": Case(4000, 24, 7, 32, 200, "lstm"),
    "ragged lstm": Case(800, 60, 12, 64, 32, "lstm", ragged=True),
    "ragged bigru": Case(500, 60, 12, 64, 32, "gru", bidirectional=True, ragged=True),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=installed())
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    prepare(args.threads)
    peak = args.threads * product_rate()
    print(f"{machine(args.threads)}, {', '.join(map(version, args.peers))}")
    print(f"One float32 product on one thread: {peak / args.threads / 1e9:.0f} GFLOP/s\n")
    backends = installed_backends()
    columns = [f"{backend}, ms an epoch | of peak" for backend in backends] + args.peers
    print("| case |", " | ".join(columns), "|")
    print("|---" * (1 + 2 * len(backends) + len(args.peers)) + "|")
    ratios = {(peer, backend): {} for peer in args.peers for backend in backends}
    for name, case in CASES.items():
        if args.only not in name:
            continue
        seconds, columns = measure(case, args), []
        for backend in backends:
            share = flops(case) / seconds[backend] / peak
            columns += f"{1e3 * seconds[backend] / EPOCHS:.0f}", f"{share:.0%}"
        for peer in args.peers:
            for backend in backends:
                ratios[peer, backend][name] = seconds.get(peer, np.nan) / seconds[backend]
            of_peer = [f"{ratios[peer, backend][name]:.2f}" for backend in backends]
            columns.append(" / ".join(of_peer) if peer in seconds else "")
        print("|", " | ".join([name, *columns]), "|", flush=True)
    print()
    for (peer, backend), by_case in ratios.items():
        summarise(f"{peer} / {backend}", by_case)


def installed_backends():
    return ["numpy", "numba"] if importlib.util.find_spec("numba") else ["numpy"]


def measure(case, args):
    """Smallest seconds of each side; the first fit of each, of two batches, is not counted."""
    X, y = make_data(case)
    sides = {backend: partial(fit_skrnn, backend) for backend in installed_backends()}
    sides |= {peer: PEERS[peer] for peer in args.peers if not case.ragged or peer == "torch"}
    times = {side: [] for side in sides}
    few = 2 * case.batch_size
    for fit in sides.values():
        fit(case, X[:few], y[:few], args.threads)
    for _ in range(args.repeats):
        for side, fit in sides.items():
            times[side].append(clock(lambda fit=fit: fit(case, X, y, args.threads), args.threads))
    return {side: min(seconds) for side, seconds in times.items()}


def summarise(sides, ratios):
    equal = {name: ratio for name, ratio in ratios.items() if not CASES[name].ragged}
    groups = {
        "equal lengths": equal.values(),
        "LSTM of equal lengths": [equal[name] for name in equal if CASES[name].cell_type == "lstm"],
        "ragged": [ratio for name, ratio in ratios.items() if CASES[name].ragged],
    }
    for group, values in groups.items():
        if values and np.isfinite(list(values)).all():
            mean = np.exp(np.mean(np.log(list(values))))
            print(f"{sides}, {group}: geometric mean {mean:.2f}, smallest {min(values):.2f}")


# Data and clock -----------------------------------------------------------------------------


def make_data(case):
    """Random sequences and labels; ragged lengths are log-normal, up to twice ``n_steps``."""
    rng = np.random.default_rng(0)
    n, steps, features = case.n_sequences, case.n_steps, case.n_features
    y = rng.integers(0, N_CLASSES, n)
    if not case.ragged:
        return rng.standard_normal((n, steps, features), dtype=np.float32), y
    lengths = np.clip(rng.lognormal(np.log(steps / 3), 0.7, n), 2, 2 * steps).astype(int)
    return [rng.standard_normal((k, features), dtype=np.float32) for k in lengths], y


def clock(call, n_threads=1):
    now = time.process_time if n_threads == 1 else time.perf_counter
    start = now()
    call()
    return now() - start


def flops(case):
    """Multiplications and additions of all epochs in products with recurrent layers' weights.

    Forward and for the gradient of the weights, each takes in h and x; backward, h, and x where a
    layer lies below.
    """
    n_rows = sum(len(x) for x in make_data(case)[0])
    H, K = case.hidden_size, 1 + case.bidirectional
    n_gates = {"rnn": 1, "gru": 3, "lstm": 4}[case.cell_type]
    widths = [case.n_features] + [K * H] * (case.n_layers - 1)
    inner = sum(2 * (H + D) + H + (D if i else 0) for i, D in enumerate(widths))
    return 2 * n_rows * K * n_gates * H * inner * EPOCHS


def product_rate(size=1024):
    a = np.random.default_rng(0).standard_normal((size, size), dtype=np.float32)
    with threadpool_limits(1):
        return 2 * size**3 / min(clock(lambda: a @ a) for _ in range(10))


def prepare(n_threads):
    """Allow every peer that is installed as many threads as skrnn."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(n_threads)


def installed():
    return [peer for peer in PEERS if importlib.util.find_spec(MODULES[peer])]


def version(peer):
    return f"{peer} {importlib.metadata.version(PACKAGES[peer])}"


def machine(n_threads):
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    return ", ".join([time.strftime("%Y-%m-%d"), processor(), f"{n_threads} thread(s)", *versions])


def processor():
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        if models:
            return f"{models[0]} ({os.cpu_count()} cores)"
    return f"{platform.processor() or platform.machine()} ({os.cpu_count()} cores)"


# Sides --------------------------------------------------------------------------------------


def classifier(case, n_threads=1, **parameters):
    return RNNClassifier(
        cell_type=case.cell_type,
        hidden_size=case.hidden_size,
        n_layers=case.n_layers,
        bidirectional=case.bidirectional,
        pooling="last",
        batch_size=case.batch_size,
        max_grad_norm=1.0,
        random_state=0,
        n_jobs=n_threads,
        **{"max_iter": EPOCHS, "n_iter_no_change": np.inf} | parameters,
    )


def fit_skrnn(backend, case, X, y, n_threads):
    with config_context(backend=backend):
        return classifier(case, n_threads).fit(X, y)


def torch_net(case):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[case.cell_type]
            self.recurrent = kind(
                case.n_features,
                case.hidden_size,
                case.n_layers,
                batch_first=True,
                bidirectional=case.bidirectional,
            )
            self.n_directions = 1 + case.bidirectional
            self.head = nn.Linear(self.n_directions * case.hidden_size, N_CLASSES)

        def forward(self, x):
            final = self.recurrent(x)[1]
            h = final[0] if isinstance(final, tuple) else final
            return self.head(torch.cat(tuple(h[-self.n_directions :]), dim=1))

    return Net()


def fit_torch(case, X, y, n_threads):
    import torch
    from torch.nn.utils.rnn import pack_sequence

    net = torch_net(case)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    xs = [torch.from_numpy(x) for x in X] if case.ragged else torch.from_numpy(X)
    ys = torch.from_numpy(y)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(y)).split(case.batch_size):
            packed = case.ragged and pack_sequence([xs[i] for i in batch], enforce_sorted=False)
            optimizer.zero_grad()
            output = net(packed if case.ragged else xs[batch])
            torch.nn.functional.cross_entropy(output, ys[batch]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
    return net


def fit_skorch(case, X, y, n_threads):
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import GradientNormClipping

    NeuralNetClassifier(
        torch_net(case),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        max_epochs=EPOCHS,
        batch_size=case.batch_size,
        train_split=None,
        verbose=0,
        iterator_train__shuffle=True,
        callbacks=[GradientNormClipping(1.0)],
    ).fit(X, y)


def fit_keras(case, X, y, n_threads):
    import keras

    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
    model = keras.Sequential([keras.Input(X.shape[1:])])
    for i in range(case.n_layers):
        last = i == case.n_layers - 1
        layer = kind[case.cell_type](case.hidden_size, return_sequences=not last)
        model.add(keras.layers.Bidirectional(layer) if case.bidirectional else layer)
    model.add(keras.layers.Dense(N_CLASSES))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), loss)
    model.fit(X, y, case.batch_size, EPOCHS, verbose=0)


def fit_mlp(case, X, y, n_threads):
    with threadpool_limits(n_threads):
        MLPClassifier(
            case.hidden_size, batch_size=case.batch_size, max_iter=EPOCHS, random_state=0
        ).fit(X.reshape(len(X), -1), y)


PEERS = {"torch": fit_torch, "skorch": fit_skorch, "keras": fit_keras, "MLP": fit_mlp}
MODULES = {"torch": "torch", "skorch": "skorch", "keras": "keras", "MLP": "sklearn"}
PACKAGES = MODULES | {"MLP": "scikit-learn"}


if __name__ == "__main__":
    main()
