"""Parts of speech
===============

Tag parts of speech, also of words that were never seen.

The sentences are nonsense, made by a small grammar. Most words of the test sentences are new, and
"-s" ends nouns and verbs alike, so only endings and neighbours tell what a word is. With --data DIR
the sentences are those of DIR/train.tsv.gz and DIR/test.tsv.gz: lines with a token, a tab and its
tag, and an empty line after each sentence.
"""

import argparse
import gzip
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skrnn import SequenceTagger, TokenEncoder
from skrnn.inspection import StepConfusionDisplay

SUBJECTS = ["DET NOUN", "DET ADJ NOUN", "ADJ NOUN", "NOUN", "PRON", "ADV PRON"]
PREDICATES = ["VERB", "VERB ADV", "VERB ADJ NOUN", "AUX VERB NOUN", "VERB ADP DET NOUN"]
WORDS = {"DET": "the a", "AUX": "will can", "PRON": "she it we", "ADP": "with in under"}
ENDINGS = {"NOUN": ["", "s", "ness"], "VERB": ["", "s", "ed"], "ADJ": ["y", "ish"], "ADV": ["ly"]}


def invent_word(tag, rng):
    if tag in WORDS:
        return rng.choice(WORDS[tag].split())
    letters = ["bdfglmst", "aeiou", "bdgkmnrt", "aeiou", "dgkmnt"]
    return "".join(rng.choice(list(some)) for some in letters) + rng.choice(ENDINGS[tag])


def invent(n_sentences, rng):
    y = [f"{rng.choice(SUBJECTS)} {rng.choice(PREDICATES)}".split() for _ in range(n_sentences)]
    return [[str(invent_word(tag, rng)) for tag in tags] for tags in y], y


def read(path):
    sentences = gzip.decompress(path.read_bytes()).decode().strip().split("\n\n")
    rows = [[line.split("\t")[:2] for line in sentence.split("\n")] for sentence in sentences]
    return [[token for token, _ in row] for row in rows], [[tag for _, tag in row] for row in rows]


parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path)
if folder := parser.parse_args().data:
    train, test = read(folder / "train.tsv.gz"), read(folder / "test.tsv.gz")
else:
    rng = np.random.default_rng(0)
    train, test = invent(500, rng), invent(200, rng)
X_train, y_train, X_test, y_test = *train, *test

is_new = np.isin(np.concatenate(X_test), np.concatenate(X_train), invert=True)
network = SequenceTagger(token_dropout=0.2, max_iter=8, random_state=0)
usual = dict(zip(np.concatenate(X_train), np.concatenate(y_train), strict=True))
guess = np.array([usual.get(token, "NOUN") for token in np.concatenate(X_test)])
print(f"its last tag in training, a noun if new: {np.mean(guess == np.concatenate(y_test)):.3f}")
figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), sharey=True, layout="constrained")
for ax, features in zip(axes, (None, ["suffix2", "suffix3", "shape"]), strict=True):
    model = make_pipeline(TokenEncoder(token_features=features), network).fit(X_train, y_train)
    right = np.concatenate(model.predict(X_test)) == np.concatenate(y_test)
    of_new = f"{right[is_new].sum()} of {is_new.sum()} new words"
    print(f"token accuracy {right.mean():.3f}, {of_new}, token_features={features}", flush=True)
    StepConfusionDisplay.from_estimator(
        model, X_test, y_test, normalize="true", values_format=".1f", colorbar=False, ax=ax
    )
    ax.set_title("the words alone" if features is None else "with endings and shape")
for tokens, tags in zip(X_test[:4], model.predict(X_test[:4]), strict=True):
    print(*map("/".join, zip(tokens, tags, strict=True)))
