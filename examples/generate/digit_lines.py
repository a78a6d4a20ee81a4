"""Lines of digits
================

Lines of three to six handwritten digits, read column by column.

A line is an image 8 pixels high, and each of its columns a step. Nobody says where a digit begins:
the network is told only which digits a line has. Connectionist temporal classification lets each
column emit a digit or nothing. Beside it, a logistic regression reads each digit by itself, for
which it is told that all are 8 columns wide. No image is in lines of both training and test; with
--other-writers those of the test were also written by other people. The picture shows the columns
at which the digits were read. Run it by::

    python examples/generate/digit_lines.py [--lines N] [--other-writers]
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from skrnn import SequenceTranslator
from skrnn.inspection import AlignmentDisplay
from skrnn.metrics import symbol_error_rate

N_TRAIN = 1300  # images of training lines, of 1797


def make_lines(n_lines=3000, n_test=500, random_state=0, other_writers=False):
    """Lines (n_columns, 8) and their digits as strings: of training, then of the test."""
    digits, rng = load_digits(), np.random.default_rng(random_state)
    order = np.arange(len(digits.images))  # the writers come one after the other
    train, test = np.split(order if other_writers else rng.permutation(order), [N_TRAIN])
    return *lines_of(digits, train, n_lines, rng), *lines_of(digits, test, n_test, rng)


def lines_of(digits, numbers, n_lines, rng):
    chosen = [rng.choice(numbers, rng.integers(3, 7)) for _ in range(n_lines)]
    images = [np.hstack(digits.images[own]).T / 16 for own in chosen]
    return images, ["".join(map(str, digits.target[own])) for own in chosen]


def cut(lines):
    return np.concatenate(lines).reshape(-1, 64)


def show(name, y, found):
    right = np.mean(np.array(y) == np.array(found))
    print(f"{name:<20} digits wrong: {symbol_error_rate(y, found):.3f}, lines right: {right:.3f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=1500)
    parser.add_argument("--other-writers", action="store_true")
    args = parser.parse_args()
    X, y, X_test, y_test = make_lines(args.lines, other_writers=args.other_writers)
    alone = LogisticRegression(max_iter=1000).fit(cut(X), [*"".join(y)])
    show("each digit by itself", y_test, ["".join(alone.predict(cut([x]))) for x in X_test])
    model = SequenceTranslator(decoder="ctc", hidden_size=64, dtype="float32", random_state=0)
    model.fit(X, y)
    found = model.predict(X_test)
    show("SequenceTranslator", y_test, found)
    print("true  ", *y_test[:6])
    print("read  ", *found[:6])
    draw(model, X_test[:1], found[0])


def draw(model, X, text):
    _, (above, below) = plt.subplots(2, layout="constrained", figsize=(7, 4))
    above.imshow(X[0].T, cmap="gray_r", aspect="auto")
    above.set(title=f"read as {text}", yticks=[])
    AlignmentDisplay.from_estimator(model, X, ax=below)
    plt.show()


if __name__ == "__main__":
    main()
