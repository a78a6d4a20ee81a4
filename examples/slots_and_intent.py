"""Understand what travellers say: its slots (which city is which?) and its intent.

The sentences are made from templates. Most cities of the test sentences are new, so only the words
around them tell where the journey begins and ends. Two networks read the same tokens.

    python examples/slots_and_intent.py --data DIR

takes real sentences from train.tsv.gz and test.tsv.gz in DIR: before each a line "# intent = ...",
in each line a token, a tab and its tag, and after each sentence an empty line.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceTagger, TokenEncoder
from skrnn.metrics import span_f1_score

OPENINGS = {"flight": ["show flights", "is there a plane", "i want to go"],
            "fare": ["how much is it", "show fares"], "airline": ["who flies", "show airlines"]}  # fmt: skip
ROUTES = ["from FROM to TO", "to TO from FROM", "out of FROM into TO", "to TO", "TO to FROM and back",
          "to TO leaving FROM", "between FROM and TO"]  # fmt: skip
NAMES = [["san", "el", "new", "fort", "los", "port"], ["oak", "mil", "glen", "ash", "dun", "ros"],
         ["ton", "ford", "ville", "burg", "ham", "ley"]]  # fmt: skip


def say(rng):
    """Draw the tokens, tags and intent of one sentence."""
    intent, tokens, tags = str(rng.choice(list(OPENINGS))), [], []
    for word in f"{rng.choice(OPENINGS[intent])} {rng.choice(ROUTES)}".split():
        first, middle, last = map(str, (rng.choice(names) for names in NAMES))
        city = [first, middle + last][rng.integers(2) :]
        tokens += city if word.isupper() else [word]
        tags += [f"B-{word}", f"I-{word}"][: len(city)] if word.isupper() else ["O"]
    return tokens, tags, intent


def read(path):
    for block in gzip.decompress(path.read_bytes()).decode().strip().split("\n\n"):
        heading, *lines = block.split("\n")
        tokens, tags = zip(*(line.split("\t") for line in lines), strict=True)
        yield list(tokens), list(tags), heading.removeprefix("# intent = ")


def load(folder=None, rng=np.random.default_rng(0)):
    """Return tokens, tags and intents for training, then for testing."""
    parts = [read(folder / f"{part}.tsv.gz") for part in ("train", "test")] if folder else [
        (say(rng) for _ in range(n)) for n in (400, 100)]  # fmt: skip
    return [column for part in parts for column in map(list, zip(*part, strict=True))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    X_train, y_train, intents_train, X_test, y_test, intents_test = load(parser.parse_args().data)
    options = {"bidirectional": True, "token_dropout": 0.1, "max_iter": 10, "random_state": 0}
    tagger = make_pipeline(TokenEncoder(), SequenceTagger(decoder="crf", **options))
    classifier = make_pipeline(TokenEncoder(), RNNClassifier(**options))
    slots = tagger.fit(X_train, y_train).predict(X_test)
    intents = classifier.fit(X_train, intents_train).predict(X_test)
    print(f"slot F1 {span_f1_score(y_test, slots):.3f}")
    print(f"intent accuracy {classifier.score(X_test, intents_test):.3f}")
    for tokens, tags, intent in zip(X_test[:4], slots, intents):
        print(f"{intent}:", " ".join(f"{x}/{y}" if y != "O" else x for x, y in zip(tokens, tags)))
