"""Captions
========

Images of digits, and what is on them in words: "seven", letter by letter.

From one to many: the pixels of an image are a vector, and its caption is a sequence of letters. The
other model is told the ten words, and has to choose one of them; the generator has to spell them.
The picture shows some images with their captions, wrong ones in red. Run it by::

    python examples/generate/captions.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skrnn import SequenceGenerator

WORDS = "zero one two three four five six seven eight nine".split()


def main():
    digits = load_digits()
    captions = np.array([WORDS[digit] for digit in digits.target], object)
    X, X_test, y, y_test = train_test_split(digits.data / 16, captions, random_state=0)
    model = SequenceGenerator(dropout=0.2, dtype="float32", random_state=0).fit(X, y)
    told = LogisticRegression(max_iter=1000).fit(X, y.astype(str))
    found = model.predict(X_test)
    print(f"{len(set(found))} different captions are written, of which {len(WORDS)} are words")
    print(f"SequenceGenerator        {model.score(X_test, y_test):.3f} right, letter by letter")
    told = told.score(X_test, y_test.astype(str))
    print(f"LogisticRegression       {told:.3f} right, told the ten words")
    unsure = model.score_samples(X_test, found).argsort()[:3]
    for i in unsure:
        drawn = model.sample(np.repeat(X_test[[i]], 5, axis=0), random_state=0)
        print(f"least sure of a {y_test[i]}: drawn are", *drawn)
    draw(X_test, y_test, found)


def draw(X, y, found):
    _, axes = plt.subplots(3, 8, layout="constrained", figsize=(8, 4))
    # Those that are wrong come first.
    order = np.argsort(y == found, kind="stable")
    for ax, i in zip(axes.flat, order, strict=False):
        ax.imshow(X[i].reshape(8, 8), cmap="gray_r")
        ax.set_title(found[i], color="black" if found[i] == y[i] else "red")
        ax.axis("off")
    plt.show()


if __name__ == "__main__":
    main()
