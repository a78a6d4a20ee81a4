"""Training and sampling of a language model, against torch on one thread; memory of a long text.

    python benchmarks/language_speed.py [--cells gru lstm] [--only train sample memory]

A text of characters drawn at random out of 65, read by 256 units: 32 pieces side by side, in chunks
of 64 steps, Adam, float32. torch has the same network, fed by the same mini-batches, and samples
with the state kept and without gradients. Times are processor seconds, the least of some turns that
both take one after the other.
"""

import argparse
import time
import tracemalloc

import numpy as np
import torch
import torch_symbols

from skrnn import RNNLanguageModel

N_SYMBOLS, LENGTH = 65, 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", nargs="+", default=["gru", "lstm"])
    parts = {"train": compare_training, "sample": compare_sampling}
    parser.add_argument("--only", nargs="+", default=[*parts, "memory"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    for part in [part for part in args.only if part in parts]:
        for cell_type in args.cells:
            parts[part](cell_type)
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


def compare_training(cell_type, n=200_000):
    text = make_text(n)
    model = RNNLanguageModel(cell_type=cell_type, hidden_size=256, max_iter=1, random_state=0)
    target, p = model._make_target(), model.get_params()
    read = target.read([text])
    ours, theirs = least(
        lambda: model.fit([text]),
        lambda: torch_symbols.fit(read, target.n_outputs, None, p, 0),
    )
    show(f"train, {cell_type}", n, ours, theirs)


def compare_sampling(cell_type):
    text = make_text(5_000)
    model = RNNLanguageModel(cell_type=cell_type, hidden_size=256, max_iter=1, random_state=0)
    model.fit([text])
    net = torch_symbols.Net(len(model.classes_) + 1, None, model.get_params()).eval()

    def draw(n, temperature=1.0):
        drawn = model.sample(
            n, prompt="0", max_length=LENGTH, temperature=temperature, random_state=0
        )
        return sum(map(len, drawn)) - n

    ours, theirs, many = least(lambda: draw(1), lambda: sample(net, LENGTH), lambda: draw(100))
    show(f"sample, {cell_type}, {draw(1)} characters", draw(1), ours, theirs)
    print(f"  100 texts, {draw(100)} characters: {many / ours:.1f} times one")
    ours, theirs = least(lambda: draw(1, 0), lambda: sample(net, LENGTH, greedy=True))
    show(f"greedy, {cell_type}, {draw(1, 0)} characters", draw(1, 0), ours, theirs)


@torch.no_grad()
def sample(net, n_steps, greedy=False):
    """Draw characters one by one with the module's own state, as is usual in torch."""
    symbol, state, drawn = torch.zeros((1, 1), dtype=torch.long), None, []
    for _ in range(n_steps):
        h, state = net.recurrent(net.embedding(symbol), state)
        outputs = net.head(h[-1])
        if greedy:
            symbol = outputs.argmax(dim=1, keepdim=True)
        else:
            symbol = torch.multinomial(outputs.softmax(dim=1), 1)
        drawn.append(symbol.item())
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
