"""Names of a language
===================

Surnames of 18 languages: new ones, and which language a name is from.

A generator learns how probable a name is in each language, letter by letter. So it makes new names
of a language, and tells the language of a name by Bayes' rule: the one in which the name is most
probable, times the share of the language. A network made to tell languages apart, RNNClassifier,
stands beside it. The picture shows how a name becomes one of a language, letter by letter.
Run it by::

    python examples/generate/names.py [--names N]
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceGenerator, TokenEncoder
from skrnn.datasets import load_surnames


def log_joint(model, names, prior):
    """Logarithm of the probability of each name with each language, (n_names, n_languages)."""
    each = [model.score_samples([[k]] * len(names), names) for k in range(len(prior))]
    return np.transpose(each) + np.log(prior)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=8000, help="of training")
    args = parser.parse_args()
    train, test = load_surnames(subset="train"), load_surnames(subset="test")
    chosen = np.random.default_rng(0).permutation(len(train.data))[: args.names]
    names, y = [train.data[i] for i in chosen], train.target[chosen]
    languages, n_test = train.target_names, 1500
    held_out = np.random.default_rng(1).permutation(len(test.data))[:n_test]
    names_test, y_test = [test.data[i] for i in held_out], test.target[held_out]
    model = SequenceGenerator(
        hidden_size=96,
        categorical_features=[0],
        unknown_symbol="?",
        min_count=2,
        dropout=0.2,
        random_state=0,
    ).fit(y[:, np.newaxis], names)
    for language in ("Czech", "Italian", "Japanese", "Scottish"):
        k = languages.tolist().index(language)
        drawn = model.sample([[k]] * 6, temperature=0.7, random_state=0)
        print(f"{language:10}", *drawn)
    prior = (np.bincount(y, minlength=len(languages)) + 1) / (len(y) + len(languages))
    right = log_joint(model, names_test, prior).argmax(axis=1) == y_test
    print(f"language by Bayes' rule  accuracy {right.mean():.3f}")
    apart = make_pipeline(
        TokenEncoder(analyzer="char", lowercase=False), RNNClassifier(random_state=0)
    ).fit(names, y)
    print(f"RNNClassifier            accuracy {apart.score(names_test, y_test):.3f}")
    draw(model, "Yamamoto", languages, prior)


def draw(model, name, languages, prior):
    """Draw the probability of the most probable languages after each letter."""
    beginnings = [name[:n] for n in range(1, len(name) + 1)]
    joint = log_joint(model, beginnings, prior)
    p = np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True))
    _, ax = plt.subplots(layout="constrained")
    for k in p.max(axis=0).argsort()[-5:]:
        ax.plot(range(len(name)), p[:, k], marker="o", label=languages[k])
    ax.set_xticks(range(len(name)), list(name))
    ax.set(xlabel="What has been read, as a whole name", ylabel="Probability")
    ax.legend()
    plt.show()


if __name__ == "__main__":
    main()
