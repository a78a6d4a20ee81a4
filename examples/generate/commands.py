"""Commands
========

Commands in words, and what is then done: "jump twice after run left" is LEFT RUN JUMP JUMP.

The small language is in the manner of SCAN (Lake & Baroni, 2018). One translator learns it with
attention, another one without: it has to keep the whole command in its state. Beside them stands
what is done at the most similar command of the training set. A second test asks for more than
sixteen actions, of which training had none, and all of them fail: none has learnt to count, as
Lake & Baroni found. The picture shows which words were looked at for each action.
"""

from itertools import product
from operator import eq

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

from skrnn import SequenceTranslator, TokenEncoder
from skrnn.inspection import AlignmentDisplay

N_TRAIN, LONGEST = 1500, 16
VERBS = ["walk", "run", "jump", "look"]
WHERE = ["", " left", " right", " around left", " around right"]
OFTEN = {"": 1, " twice": 2, " thrice": 3}


def make_commands():
    """All commands of one or two parts, and their actions."""
    parts = [do(*choice) for choice in product(VERBS, WHERE, OFTEN)]
    pairs = list(parts)
    for (a, first), (b, second) in product(parts, parts):
        pairs += [(f"{a} and {b}", first + second), (f"{a} after {b}", second + first)]
    return pairs


def do(verb, where, often):
    turn = [word.upper() for word in where.split()[-1:]]
    actions = [*turn, verb.upper()] * (4 if "around" in where else 1)
    return verb + where + often, actions * OFTEN[often]


pairs = make_commands()
order = np.random.default_rng(0).permutation(len(pairs))
short = [pairs[i] for i in order if len(pairs[i][1]) <= LONGEST]
long = [pairs[i] for i in order if len(pairs[i][1]) > LONGEST]
X, y = zip(*short[:N_TRAIN], strict=True)
tests = [list(zip(*part, strict=True)) for part in (short[N_TRAIN:][:500], long[:500])]


def report(name, predict):
    rates = [np.mean([*map(eq, predict(words), actions)]) for words, actions in tests]
    print(f"{name:20} right: {rates[0]:.3f}, of longer ones {rates[1]:.3f}")


counts = TfidfVectorizer(ngram_range=(1, 2))
nearest = NearestNeighbors(n_neighbors=1).fit(counts.fit_transform(X))


def repeat(words):
    _, similar = nearest.kneighbors(counts.transform(words))
    return [y[i] for i in similar[:, 0]]


report("most similar command", repeat)
for attention in (None, "general"):
    network = SequenceTranslator(
        hidden_size=48, attention=attention, max_iter=15, max_length=48, random_state=0
    )
    model = make_pipeline(TokenEncoder(), network).fit(X, y)
    report(f"attention: {attention}", model.predict)
AlignmentDisplay.from_estimator(model, ["jump twice after run around left"])
plt.show()
