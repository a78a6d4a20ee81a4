"""Sentiment with word vectors
============================

Few labelled reviews and many unlabelled sentences: vectors that are made of the second help.

The language has 400 words of judgement, invented of letters, half of praise and half of blame. A
hundred labelled reviews show some of them, so that a model of words is lost as soon as another one
comes up. But there are 8000 sentences without a label, in which words of praise keep company with
words of praise, six times out of seven. How much more often than by chance two words meet, its
logarithm cut down to 10 dimensions by an SVD, gives each word a vector (Levy & Goldberg, 2014);
vectors from a file are read by ``load_word_vectors``. "Not" turns a word round, so that order
counts.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, TokenEncoder, WordVectors

rng = np.random.default_rng(0)
LETTERS = "bdfgklmnprstv", "aeiou", "lmnrst", "aeiou", "dkmnpt"
WORDS = np.unique(["".join(rng.choice(list(some)) for some in LETTERS) for _ in range(500)])[:400]
rng.shuffle(WORDS)
PRAISE, BLAME = WORDS[:200], WORDS[200:]
THINGS = ["plot", "cast", "music", "ending", "dialogue"]


def review():
    is_praise, turned = rng.integers(2, size=2)
    word, other = (rng.choice(PRAISE if is_praise != turned else BLAME) for _ in range(2))
    no = "not " * turned
    return f"the {rng.choice(THINGS)} was {no}{word} and {no}{other}", int(is_praise)


def sentence():
    is_praise = rng.integers(2)
    kinds = np.where(rng.random(5) < 6 / 7, is_praise, 1 - is_praise)
    return " ".join(rng.choice(PRAISE if kind else BLAME) for kind in kinds)


sentences = [sentence() for _ in range(8000)]
X, y = zip(*(review() for _ in range(100)), strict=True)
X_test, y_test = zip(*(review() for _ in range(1000)), strict=True)

# %%
# Vectors of the unlabelled sentences: one row for each word.

counter = CountVectorizer(binary=True)
counts = counter.fit_transform(sentences)
together = (counts.T @ counts).toarray()
expected = np.outer(counts.sum(axis=0), counts.sum(axis=0)) / len(sentences)
information = np.log1p(together / expected)  # zero for words that never meet
vectors = TruncatedSVD(10, random_state=0).fit_transform(information - information.mean(axis=0))
words = WordVectors(counter.get_feature_names_out(), vectors / vectors.std())

# %%
# The reviews with and without them.

encoder = TokenEncoder(vocabulary=[*words.vocabulary, "not", "the", "was", "and"])
options = {"hidden_size": 16, "max_iter": 60, "random_state": 0}
given = RNNClassifier(embedding_init=words, freeze_embeddings=True, **options)
contest = {
    "counts of words": make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10)),
    "network, vectors learnt": make_pipeline(encoder, RNNClassifier(**options)),
    "network, vectors given": make_pipeline(encoder, given),
}
for name, model in contest.items():
    print(f"{name:<24} accuracy {model.fit(X, y).score(X_test, y_test):.3f}", flush=True)

figure, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
for name, group in ("praise", PRAISE), ("blame", BLAME):
    ax.scatter(*vectors[[counter.vocabulary_[word] for word in group], :2].T, s=12, label=name)
ax.set(title="Words that keep company", xlabel="first dimension", ylabel="second dimension")
ax.legend()
plt.show()
