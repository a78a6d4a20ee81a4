"""Praise or blame
===============

Tell praise from blame, where it takes the order of the words to do so.

The reviews are made from templates in which "not" turns a judgement round, and what comes after
"but" counts. Both classes use the same words, so that a model of word counts can only guess. With
--data DIR the texts are those of DIR/train.tsv.gz and DIR/test.tsv.gz: lines with a label, a tab
and a text.
"""

import argparse
import gzip
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, TokenEncoder
from skrnn.inspection import step_outputs

THINGS = ["plot", "cast", "music", "camera work", "ending", "first half", "dialogue"]
WORDS = {"pos": ["great", "moving", "a joy"], "neg": ["dull", "a mess", "far too long"]}
OTHER = {"pos": "neg", "neg": "pos"}


def judge(label, rng):
    turned = rng.integers(2)
    word = rng.choice(WORDS[OTHER[label] if turned else label])
    return f"the {rng.choice(THINGS)} was {'not ' * turned}{word}"


def review(rng):
    label = str(rng.choice(["pos", "neg"]))
    return label, f"{judge(OTHER[label], rng)} , but {judge(label, rng)}"


def read(path):
    lines = gzip.decompress(path.read_bytes()).decode().strip().split("\n")
    return [line.split("\t")[:2] for line in lines]


parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path)
if folder := parser.parse_args().data:
    train, test = read(folder / "train.tsv.gz"), read(folder / "test.tsv.gz")
else:
    rng = np.random.default_rng(0)
    train, test = [review(rng) for _ in range(600)], [review(rng) for _ in range(200)]
(y_train, X_train), (y_test, X_test) = zip(*train, strict=True), zip(*test, strict=True)

counts = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
network = make_pipeline(
    TokenEncoder(token_pattern=r"\S+", min_df=2),
    RNNClassifier(dropout=0.3, token_dropout=0.1, random_state=0),
)
for name, model in ("counts of words and pairs", counts), ("recurrent network", network):
    print(f"{name}: accuracy {model.fit(X_train, y_train).score(X_test, y_test):.3f}", flush=True)
for text, label in zip(X_test[:4], network.predict(X_test[:4]), strict=True):
    print(f"{label}: {text}")

# %%
# What the network would say after each word of some texts.

figure, axes = plt.subplots(3, figsize=(8, 6), layout="constrained")
for ax, text in zip(axes, X_test, strict=False):
    outputs = step_outputs(network[-1], network[:-1].transform([text]))[0]
    ax.bar(range(len(outputs)), outputs[:, 1] - outputs[:, 0], color="C0")
    ax.set_xticks(range(len(outputs)), [token.token for token in network[0].tokenize(text)])
    ax.set(ylim=(-1, 1), yticks=[-1, 1], yticklabels=network.classes_)
    ax.axhline(0, color="k", linewidth=0.8)
plt.show()
