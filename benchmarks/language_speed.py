"""Training and sampling of a language model, against torch on one thread; memory of a long text.

    python benchmarks/language_speed.py [--cells gru lstm] [--units 256] [--only train sample]

A text of characters drawn at random out of 65, read by 256 units: 32 pieces side by side, in chunks
of 64 steps, Adam, float32. torch has the same network, fed by the same mini-batches, and samples
with the state kept and without gradients. Beside the time of 100 texts stands that of the products
of matrices alone, with zeros in the place of weights: no code can be faster. Times are processor
seconds, the least of some turns that all take one after the other.
"""

import argparse
import time
import tracemalloc
from itertools import product

import numpy as np
import torch
import torch_symbols

from skrnn import RNNLanguageModel

N_SYMBOLS, LENGTH = 65, 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", nargs="+", default=["gru", "lstm"])
    parts = {"train": compare_training, "sample": compare_sampling}
    parser.add_argument("--units", nargs="+", type=int, default=[256])
    parser.add_argument("--only", nargs="+", default=[*parts, "memory"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    for part in [part for part in args.only if part in parts]:
        for cell_type, units in product(args.cells, args.units):
            parts[part](cell_type, units)
    if "memory" in args.only:
        show_memory()


def make_text(n, seed=0):
    numbers = np.random.default_rng(seed).integers(N_SYMBOLS, size=n, dtype=np.uint8)
    return (numbers + ord("0")).tobytes().decode("ascii")


def least(*functions, repeat=5):
    """Least processor time of each function, all of which take turns."""
    seconds = [[] for _ in functions]
    for _ in range(repeat):
        for function, own in zip(functions, seconds, strict=True):
            start = time.process_time()
            function()
            own.append(time.process_time() - start)
    return [min(own) for own in seconds]


def make_model(cell_type, units):
    return RNNLanguageModel(cell_type=cell_type, hidden_size=units, max_iter=1, random_state=0)


def compare_training(cell_type, units, n=200_000):
    text = make_text(n)
    model = make_model(cell_type, units)
    target, p = model._make_target(), model.get_params()
    read = target.read([text])
    ours, theirs = least(
        lambda: model.fit([text]),
        lambda: torch_symbols.fit(read, target.n_outputs, None, p, 0),
    )
    show(f"train, {cell_type}, {units} units", n, ours, theirs)


def compare_sampling(cell_type, units):
    model = make_model(cell_type, units).fit([make_text(5_000)])
    bias = model.coefs_["head.bias"].copy()
    bias[-1] = -30  # so that no text ends before it is long enough
    model.set_coefs({"head.bias": bias})
    net = torch_symbols.Net(len(bias), None, model.get_params()).eval()

    def draw(n, temperature=1.0):
        return model.sample(n, max_length=LENGTH, temperature=temperature, random_state=0)

    one, many, products, theirs, theirs_many, greedy, theirs_greedy = least(
        lambda: draw(1),
        lambda: draw(100),
        products_of(model, 100),
        lambda: sample(net, 1),
        lambda: sample(net, 100),
        lambda: draw(1, 0),
        lambda: sample(net, 1, greedy=True),
    )
    label = f"{cell_type}, {units} units"
    show(f"sample, {label}", LENGTH, one, theirs)
    show(f"sample the most probable, {label}", LENGTH, greedy, theirs_greedy)
    show(f"sample 100 texts, {label}", 100 * LENGTH, many, theirs_many)
    print(
        f"  in the time of {many / one:.1f} texts, the products of matrices alone in that of "
        f"{products / one:.1f}; in torch of {theirs_many / theirs:.1f}",
        flush=True,
    )


def products_of(model, n_texts):
    """Return what multiplies matrices as large as those of a model and of so many texts."""
    coefs, steps = model.coefs_, []
    for weight in (coefs["weight_hh_l0"], coefs["weight_ih_l0"], coefs["head.weight"]):
        # The order in memory is the one that OpenBLAS multiplies fastest.
        W, x = np.zeros(weight.shape[::-1], weight.dtype), np.zeros((n_texts, weight.shape[1]))
        steps.append((x.astype(weight.dtype), W, np.empty((n_texts, len(weight)), weight.dtype)))

    def multiply():
        for _ in range(LENGTH):
            for x, W, result in steps:
                np.dot(x, W, result)

    return multiply


@torch.no_grad()
def sample(net, n_texts, greedy=False):
    """Draw characters one by one with the module's own state, as is usual in torch."""
    symbols, state, drawn = torch.zeros((1, n_texts), dtype=torch.long), None, []
    for _ in range(LENGTH):
        h, state = net.recurrent(net.embedding(symbols), state)
        outputs = net.head(h[-1])
        if greedy:
            symbols = outputs.argmax(dim=1)[None]
        else:
            symbols = torch.multinomial(outputs.softmax(dim=1), 1).T
        drawn.append(symbols[0].tolist())
    return drawn


def show(label, n, ours, theirs):
    rates = f"skrnn {n / ours:,.0f} characters a second, torch {n / theirs:,.0f}"
    print(f"{label}: {rates}, ratio {theirs / ours:.2f}", flush=True)


def show_memory():
    """Peak of `fit` beside the text, by its length, with 16 units."""
    for n in (1_000_000, 10_000_000):
        text = make_text(n)
        model = RNNLanguageModel(hidden_size=16, max_iter=1, tbptt_steps=64, random_state=0)
        tracemalloc.start()
        read = model._make_target().read([text])
        _, reading = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        kept, _ = tracemalloc.get_traced_memory()
        del read
        model.fit([text])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"{n:,} characters: reading them takes {reading / 1e6:.1f} MB, of which "
            f"{kept / 1e6:.1f} are kept; the peak of fit is {peak / 1e6:.1f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
