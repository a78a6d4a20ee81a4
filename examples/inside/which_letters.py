"""Which letters tell the language?
=================================

What does an answer rest on? The saliency of every letter, and a test of whether to believe it.

Integrated gradients (Sundararajan, Taly & Yan, 2017) share the change of a class's score, from a
name of nothing to the one given, out among its letters. Whether these shares say anything can be
measured: hide the letter with the largest share, and the probability of the language should fall
by more than if any other letter is hidden.
"""

import matplotlib.pyplot as plt
import numpy as np

from skrnn import RNNClassifier, TokenEncoder
from skrnn.datasets import load_surnames
from skrnn.inspection import saliency

train, test = load_surnames(subset="train"), load_surnames(subset="test")
encoder = TokenEncoder(analyzer="char", lowercase=False).fit(train.data)
network = RNNClassifier(
    hidden_size=32, learning_rate_init=0.01, max_iter=6, token_dropout=0.1, random_state=0
)
network.fit(encoder.transform(train.data[:6000]), train.target[:6000])
X = encoder.transform(test.data)
print(f"accuracy {network.score(X, test.target):.3f}")

# %%
# Hide one letter of each of 500 names: id 0 stands for letters that the network does not know.

names = X[:500].to_list()
shares = saliency(network, names)  # of what is predicted
sure = network.predict_proba(names)
answer, rng = sure.argmax(axis=1), np.random.default_rng(0)


def fall(choose):
    """The mean fall of the probability of the answer when the chosen letters are hidden."""
    hidden = [ids.copy() for ids in names]
    for ids, share in zip(hidden, shares, strict=True):
        ids[choose(np.ravel(share))] = 0
    rows = np.arange(len(names))
    return np.mean(sure[rows, answer] - network.predict_proba(hidden)[rows, answer])


print(f"hide the letter with the largest share: {fall(np.argmax):.3f}")
print(f"hide any letter:                        {fall(lambda share: rng.integers(len(share))):.3f}")
print(f"hide the letter with the least share:   {fall(np.argmin):.3f}")

# %%
# Red letters speak for the answer, blue ones against it.

chosen = ["Kowalczyk", "Papadakis", "Yamamoto", "O'Sullivan", "Rossellini", "Schneider", "Ivanov"]
ids = encoder.transform(chosen).to_list()
answers = train.target_names[network.predict(ids)]
figure, axes = plt.subplots(len(chosen), figsize=(7, 6), layout="constrained")
for ax, name, share, language in zip(axes, chosen, saliency(network, ids), answers, strict=True):
    row = np.full((1, 10), np.nan)
    row[0, : len(name)] = np.ravel(share)
    ax.imshow(row, cmap="RdBu_r", vmin=-8, vmax=8, aspect="auto")
    for i, letter in enumerate(name):
        ax.text(i, 0, letter, ha="center", va="center")
    ax.set_ylabel(language, rotation=0, ha="right", va="center")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
plt.show()
