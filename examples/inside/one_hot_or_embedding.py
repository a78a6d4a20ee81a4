"""One-hot columns or embeddings?
==============================

Two ways to feed a network with letters, and what they cost.

A symbol out of V can enter as V columns, of which one is 1 and the others 0, or as a number that
looks up a vector of E entries, which is learnt. Behind V columns each gate has V weights for each
unit; behind a vector it has E, and the table has V times E for all of them. Which language is a
surname from? Symbols are single letters first, then pairs of letters, of which there are fifteen
times as many.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import RNNClassifier, TokenEncoder
from skrnn.datasets import load_surnames

N, HIDDEN, DIMENSIONS = 1000, 32, 16
train, test = load_surnames(subset="train"), load_surnames(subset="test")
y = train.target[:N]


def pairs(names):
    return [[a + b for a, b in zip(f" {name}", f"{name} ", strict=True)] for name in names]


def one_hot(sequences):
    """Ids as columns, in the network's own precision."""
    return [np.eye(n_symbols, dtype=np.float32)[ids] for ids in sequences]


# %%
# Both ways, with a network of the same size behind them.

accuracy = DummyClassifier().fit(train.data[:N], y).score(test.data, test.target)
print(f"most frequent language: accuracy {accuracy:.3f}")
measured = []
for kind, cut in ("letters", list), ("pairs", pairs):
    X, X_test = cut(train.data[:N]), cut(test.data)
    analyzer = "char" if cut is list else "word"
    encoder = TokenEncoder(analyzer=analyzer, lowercase=False, token_features=None).fit(X)
    n_symbols = len(encoder.get_feature_names_out())
    for way, before in ("embedding", "passthrough"), ("one-hot", FunctionTransformer(one_hot)):
        network = RNNClassifier(
            hidden_size=HIDDEN, embedding_dim=DIMENSIONS, max_iter=10, random_state=0
        )
        start = perf_counter()
        model = make_pipeline(encoder, before, network).fit(X, y)
        seconds = perf_counter() - start
        size = sum(values.size for values in network.coefs_.values())
        score = model.score(X_test, test.target)
        measured.append((kind, n_symbols, size, score))
        print(f"{n_symbols:4} {kind:<7} {way:<9}: {size:6} parameters,", end=" ")
        print(f"accuracy {score:.3f}, {seconds:.1f} seconds", flush=True)

# %%
# Parameters of the cells and the table, as the number of symbols grows.

figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
symbols = np.arange(50, 2000)
gates = 2 * 3 * HIDDEN  # two directions of a GRU
rest = gates * (HIDDEN + 2) + 18 * (2 * HIDDEN + 1)
ax.plot(symbols, gates * symbols + rest, label="one-hot: V weights for each unit of each gate")
ax.plot(symbols, DIMENSIONS * (symbols + gates) + rest, label="embedding: a table of V times E")
for kind, n_symbols, size, score in measured:
    ax.plot(n_symbols, size, "ko")
    ax.annotate(f"{kind}: {score:.2f}", (n_symbols, size), (6, -4), textcoords="offset points")
ax.set(xlabel="symbols", ylabel="parameters", yscale="log")
ax.legend()
plt.show()
