"""When to stop
============

Watch the loss while a network learns, and stop when it begins to learn by heart.

Which language is a surname from? Two thousand names are few for a network of this size. The loss on
them falls as long as one lets it, but from some epoch on the network knows these names better and
others no better. ``early_stopping=True`` holds a tenth of the names out, scores them after each
epoch, stops when the score has not risen for a while, and keeps the parameters of the best epoch.
Hiding parts of the network while it learns, dropout, is the other remedy, and they go together.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline

from skrnn import LossCurveDisplay, RNNClassifier, TokenEncoder
from skrnn.datasets import load_surnames

# The loss still falls after the last epoch, of which one is warned. Here it is what is shown.
warnings.simplefilter("ignore", ConvergenceWarning)
train, test = load_surnames(subset="train"), load_surnames(subset="test")
names, languages = train.data[:2000], train.target[:2000]

encoder = TokenEncoder(analyzer="char", lowercase=False).fit(names)
X, X_test = encoder.transform(names), encoder.transform(test.data)
options = {
    "learning_rate": "constant",
    "hidden_size": 32,
    "max_iter": 30,
    "tol": 0,
    "random_state": 0,
}
stopped = {"early_stopping": True, "scoring": "neg_log_loss", "n_iter_no_change": 6}
contest = {
    "all epochs": RNNClassifier(**options),
    "early stopping": RNNClassifier(**options, **stopped),
    "with dropout": RNNClassifier(**options, **stopped, dropout=0.5, token_dropout=0.1),
}
counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
linear = make_pipeline(counts, LogisticRegression(C=10, max_iter=1000)).fit(names, languages)
probabilities = {"TF-IDF": linear.predict_proba(test.data)}
for name, network in contest.items():
    probabilities[name] = network.fit(X, languages).predict_proba(X_test)

print(f"{'':<15} accuracy  log loss of the test set")
labels = range(len(test.target_names))
for name, p in probabilities.items():
    accuracy = accuracy_score(test.target, p.argmax(axis=1))
    print(f"{name:<15} {accuracy:8.3f}  {log_loss(test.target, p, labels=labels):8.3f}")

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(9, 4), layout="constrained")
for ax, name in zip(axes, ["early stopping", "with dropout"], strict=True):
    ax.plot(range(1, 31), contest["all epochs"].loss_curve_, "0.6", label="all epochs")
    LossCurveDisplay.from_estimator(contest[name], ax=ax, name=name)
plt.show()
