"""Named entities with a CRF
==========================

Find persons, places and firms in sentences, where a name alone does not tell which of them it is.

"Jordan" may be a man or a country, and a firm may bear the name of its founder: the words around
tell. Tags begin with B- where a name begins and with I- inside of one. Some tags cannot follow
each other: a place does not go on as a person. A conditional random field on top of the network
scores such pairs and finds the best tags as a whole (Lafferty et al., 2001). The baseline gives a
word the tag that it mostly has. Scores are of whole names: F1 by span.
"""

from collections import Counter, defaultdict
from itertools import chain

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skrnn import SequenceTagger, TokenEncoder
from skrnn.inspection import TagDisplay
from skrnn.metrics import span_f1_score

FIRST = "Ann Bob Carla Dave Emma Frank Grace Henry Jordan Paris Victoria Florence".split()
LAST = "Adler Becker Cooper Dalton Ewing Fisher Grant Harper London Lincoln Austin".split()
PLACE = "Rome Paris Jordan London Lincoln Austin Victoria Florence York Delhi Lima Cairo".split()
FIRM = "Adler Becker Cooper Lincoln Fisher Grant Lima Acme Orion Harper Delta Apex".split()
TEMPLATES = """PER flew to LOC
PER and PER met in LOC
PER works for ORG
shares of ORG rose after PER left
in LOC ORG was sued by PER
PER of ORG moved from LOC to LOC
they say that LOC is no place for ORG"""


def name(kind, rng):
    if kind == "PER":
        return [[FIRST, LAST], [FIRST], [LAST]][rng.integers(3)]
    if kind == "LOC":
        return [["New", "North", "San"], PLACE][rng.integers(2) :]
    return [FIRM, ["Foods", "Motors", "and"], FIRM][: rng.integers(1, 4)]


def sentence(rng):
    tokens, tags = [], []
    for word in rng.choice(TEMPLATES.split("\n")).split():
        parts = [str(rng.choice(some)) for some in name(word, rng)] if word.isupper() else [word]
        tokens += parts
        tags += [f"B-{word}", *[f"I-{word}"] * 2][: len(parts)] if word.isupper() else ["O"]
    return tokens, tags


rng = np.random.default_rng(0)
X, y = zip(*(sentence(rng) for _ in range(30)), strict=True)
X_test, y_test = zip(*(sentence(rng) for _ in range(400)), strict=True)

usual = defaultdict(Counter)
for token, tag in zip(chain(*X), chain(*y), strict=True):
    usual[token][tag] += 1
guess = [[max(usual[token], key=usual[token].get, default="O") for token in x] for x in X_test]
print(f"{'the usual tag':<16} F1 {span_f1_score(y_test, guess):.3f}")
for decoder in ("softmax", "crf"):
    tagger = SequenceTagger(decoder=decoder, hidden_size=32, token_dropout=0.1, random_state=0)
    model = make_pipeline(TokenEncoder(lowercase=False), tagger).fit(X, y)
    print(f"{decoder:<16} F1 {span_f1_score(y_test, model.predict(X_test)):.3f}", flush=True)

print(TagDisplay.from_estimator(model, "Jordan Austin of Austin Motors moved to Jordan"))

# %%
# What the CRF has learnt of pairs: blue ones avoid each other.

names = tagger.classes_
figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
image = ax.imshow(tagger.coefs_["crf.transitions"], cmap="RdBu_r", vmin=-0.8, vmax=0.8)
ax.set_xticks(range(len(names)), names, rotation=45)
ax.set_yticks(range(len(names)), names)
figure.colorbar(image, label="score of the second after the first")
plt.show()
