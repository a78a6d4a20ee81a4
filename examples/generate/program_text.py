"""The text of programs
====================

A network writes Python, character by character.

It learns from some modules of Python's own library which character follows, and is tested on
another. The other model counts what follows any five. Both are measured in bits for each character.
The picture shows how sure the network is of each character of a line. Run it by::

    python examples/generate/program_text.py [--characters N] [--epochs N]
"""

import argparse
import importlib.util
from collections import Counter, defaultdict
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skrnn import RNNLanguageModel

TRAIN, TEST = ["textwrap", "heapq", "bisect", "calendar", "csv", "configparser"], "shlex"


def source(module):
    text = Path(importlib.util.find_spec(module).origin).read_text("utf-8")
    return "".join(c for c in text if c.isascii())


def bits_of_counts(train, test, order=5):
    """Bits for each character by Witten and Bell's mixture of all shorter contexts."""
    counts = [defaultdict(Counter) for _ in range(order + 1)]
    for i, character in enumerate(train):
        for n in range(min(order, i) + 1):
            counts[n][train[i - n : i]][character] += 1
    n_symbols, total = len(set(train)) + 1, 0.0
    for i, character in enumerate(test):
        p = 1 / n_symbols
        for n in range(min(order, i) + 1):
            seen = counts[n].get(test[i - n : i])
            if seen:
                p = (seen[character] + len(seen) * p) / (seen.total() + len(seen))
        total -= np.log2(p)
    return total / len(test)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--characters", type=int, default=150_000, help="of training")
    parser.add_argument("--epochs", type=int, default=12)
    args = parser.parse_args()
    train, test = "\n".join(map(source, TRAIN))[: args.characters], source(TEST)
    model = RNNLanguageModel(
        unknown_symbol="?", min_count=2, max_iter=args.epochs, dropout=0.1, random_state=0
    ).fit([train])
    print(f"RNNLanguageModel  {-model.score([test]) / np.log(2):.2f} bits for each character")
    print(f"counts            {bits_of_counts(train, test):.2f} bits")
    print("\nWritten after 'def ':")
    print(*model.sample(prompt="\n    def ", temperature=0.6, max_length=300, random_state=0))
    draw(model, "    def split(self, text, maximum=None):")


def draw(model, line):
    p = model.predict_proba([line[:i] for i in range(len(line))])
    number = {symbol: i for i, symbol in enumerate(model.classes_)}
    _, ax = plt.subplots(layout="constrained", figsize=(9, 3))
    ax.bar(range(len(line)), [row[number[c]] for row, c in zip(p, line, strict=True)])
    ax.set_xticks(range(len(line)), line, family="monospace")
    ax.set(ylabel="Probability")
    plt.show()


if __name__ == "__main__":
    main()
