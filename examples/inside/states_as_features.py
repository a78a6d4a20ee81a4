"""States as features: a map of languages
=======================================

What has a network of surnames learnt of the languages? Its states, made a table, will show.

RNNClassifier learns from which of 18 languages a surname is. On its way to the answer it turns each
name into a vector of states, and SequenceEncoder hands them to whatever reads a table of features:
PCA draws the languages so that those whose names look alike to the network stand close together,
and nearest neighbours in that space find the language of a new name. The other space is that of
counts of up to three letters.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceEncoder, TokenEncoder
from skrnn.datasets import load_surnames

train, test = load_surnames(subset="train"), load_surnames(subset="test")
X, y = train.data[:4000], train.target[:4000]
network = RNNClassifier(
    hidden_size=48, learning_rate_init=0.01, max_iter=8, token_dropout=0.1, random_state=0
)
states = make_pipeline(TokenEncoder(analyzer="char", lowercase=False), SequenceEncoder(network))
spaces = {
    "counts of letters": TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3)),
    "states": states,
}
print("15 nearest neighbours")
for name, space in spaces.items():
    known = space.fit_transform(X, y)
    new = space.transform(test.data)
    neighbours = KNeighborsClassifier(15, metric="cosine").fit(known, y)
    print(f"{name:<18} {new.shape[1]:5} columns, accuracy", end=" ")
    print(f"{neighbours.score(new, test.target):.3f}", flush=True)

# %%
# Each language stands where the mean of its names in the test set is.

means = np.array([new[test.target == i].mean(axis=0) for i in range(len(test.target_names))])
x, y = PCA(2).fit_transform(means).T
figure, ax = plt.subplots(figsize=(8, 6), layout="constrained")
ax.scatter(x, y)
for i, name in enumerate(test.target_names):  # a name stands away from its nearest neighbour
    distance = np.hypot(x - x[i], y - y[i])
    side = -1 if x[np.argsort(distance)[1]] > x[i] else 1
    options = {"ha": "right" if side < 0 else "left", "textcoords": "offset points"}
    ax.annotate(name, (x[i], y[i]), (4 * side, 4), **options)
ax.set(xlabel="first component", ylabel="second component", title="Languages by their surnames")
ax.margins(x=0.25)
plt.show()
