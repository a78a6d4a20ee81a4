"""Slots and intents of travellers
===============================

Understand what travellers say: its slots (which city is which?) and its intent.

The same city may be where a journey begins or ends: only the words around it tell. The sentences
are made from templates or, with --data DIR, read from DIR/train.tsv.gz and DIR/test.tsv.gz: for
each a line "# intent = ...", then lines with a token, a tab and its tag, and an empty line.
"""

import argparse
import gzip
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceTagger, TokenEncoder
from skrnn.inspection import TagDisplay
from skrnn.metrics import span_f1_score

BEGIN = {"flight": "show flights,is there a plane", "fare": "how much is it,show fares"}
GO_ON = "from FROM to TO,to TO from FROM,out of FROM into TO,to TO leaving FROM,FROM to TO and back"
NAMES = "san el new fort los port", "oak mil glen ash dun ros", "ton ford ville burg ham ley"


def say(rng):
    intent, tokens, tags = str(rng.choice(list(BEGIN))), [], []
    for word in f"{rng.choice(BEGIN[intent].split(','))} {rng.choice(GO_ON.split(','))}".split():
        first, middle, last = (str(rng.choice(names.split())) for names in NAMES)
        city = [first, middle + last][rng.integers(2) :]
        tokens += city if word.isupper() else [word]
        tags += [f"B-{word}", f"I-{word}"][: len(city)] if word.isupper() else ["O"]
    return tokens, tags, intent


def read(path):
    for block in gzip.decompress(path.read_bytes()).decode().strip().split("\n\n"):
        (heading,), *rows = [line.split("\t") for line in block.split("\n")]
        yield *zip(*rows, strict=True), heading.removeprefix("# intent = ")


def load():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    folder, rng = parser.parse_args().data, np.random.default_rng(0)
    for part, n in ("train", 400), ("test", 100):
        rows = read(folder / f"{part}.tsv.gz") if folder else (say(rng) for _ in range(n))
        yield from map(list, zip(*rows, strict=True))


def draw(sentences, slots, intents):
    names = sorted({tag[2:] for tag in np.concatenate(slots)} - {""})
    colours = {slot: f"C{i}" for i, slot in enumerate(names)} | {"": "k"}
    ax = plt.figure(figsize=(9, 3.5), layout="constrained").subplots()
    for row, (tokens, tags, intent) in enumerate(zip(sentences, slots, intents, strict=True)):
        column = 0
        for token, tag in [(f"{intent}:", "O"), *zip(tokens, tags, strict=True)]:
            ax.text(column, -row, token, color=colours[tag[2:]], family="monospace")
            column += len(token) + 1
    for i, slot in enumerate(names):
        ax.text(10 * i, 1, slot, color=f"C{i}", weight="bold")
    ax.set(xlim=(0, 85), ylim=(-len(sentences), 2))
    ax.set_axis_off()


if __name__ == "__main__":
    X_train, y_train, intents_train, X_test, y_test, intents_test = load()
    options = {"token_dropout": 0.1, "max_iter": 10, "random_state": 0}
    tagger = make_pipeline(TokenEncoder(), SequenceTagger(decoder="crf", **options))
    slots = tagger.fit(X_train, y_train).predict(X_test)
    classifier = make_pipeline(TokenEncoder(), RNNClassifier(**options))
    intents = classifier.fit(X_train, intents_train).predict(X_test)
    print(f"slot F1 {span_f1_score(y_test, slots):.3f}", end=", ")
    print(f"intent accuracy {classifier.score(X_test, intents_test):.3f}")
    print(TagDisplay.from_estimator(tagger, "how much is it from  san oakford to los milburg?"))
    draw(X_test[:8], slots[:8], intents[:8])
    plt.show()
