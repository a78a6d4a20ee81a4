"""Texts and names whose next symbol is to be predicted, for quality.py.

lm_shakespeare/characters   a play, character by character
lm_shakespeare/words        the same in lower case, in words, marks and ends of lines; words that
                            occur once in training stand for those that do not
txt_names/letters           surnames, letter by letter, given their language
txt_names/languages         which language a name is from, by Bayes' rule: the one in which it is
                            most probable, times the share of the language in training

Settings were chosen on the validation parts.
"""

import re

import numpy as np

from skrnn import RNNLanguageModel, SequenceGenerator
from skrnn._targets.described import DescribedSymbols

# name: (metric, target)
SETS = {
    "lm_shakespeare/characters": ("bits of a character", "<= 2.26"),
    "lm_shakespeare/words": ("perplexity of a word", "<= 115"),
    "txt_names/letters": ("bits of a letter", "<= 2.73"),
    "txt_names/languages": ("accuracy, %", ">= 83.5"),
}
# What the task itself asks for.
TASKS = {
    "lm_shakespeare/characters": {},
    "lm_shakespeare/words": {"unknown_symbol": "<unk>", "min_count": 2},
    "txt_names": {"categorical_features": [0], "unknown_symbol": "?", "min_count": 2},
}
# What the stated settings change in the defaults beside that.
SETTINGS = {
    "lm_shakespeare/characters": {
        "hidden_size": 512,
        "embedding_dim": 64,
        "dropout": 0.3,
        "learning_rate_init": 0.004,
        "tbptt_steps": 32,
        "max_iter": 9,
    },
    "lm_shakespeare/words": {
        "hidden_size": 256,
        "tie_embeddings": True,
        "dropout": 0.5,
        "max_iter": 8,
    },
    "txt_names": {
        "cell_type": "lstm",
        "hidden_size": 96,
        "embedding_dim": 96,
        "condition_dim": 24,
        "dropout": 0.2,
        "alpha": 0.01,
        "batch_size": 32,
        "learning_rate": "one_cycle",
        "learning_rate_init": 0.01,
        "max_iter": 15,
    },
}
WORD = re.compile(r"\w+(?:'\w+)?|[^\w\s]|\n")


def setting(name):
    return name if name in SETTINGS else name.partition("/")[0]


def estimator(name, parameters):
    kind = SequenceGenerator if name.startswith("txt_names") else RNNLanguageModel
    return kind(**parameters)


def parameters(name, side):
    key = setting(name)
    changed = TASKS[key] | ({} if side == "defaults" else SETTINGS[key])
    return estimator(name, changed).get_params()


def prepare(name, load):
    """Sequences of training and of test, as lists; of names also their languages as numbers."""
    parts = [load(name.partition("/")[0])[part] for part in ("train", "test")]
    if name.startswith("lm_"):
        texts = [part["text"] for part in parts]
        return [[WORD.findall(t.lower())] if "/words" in name else [t] for t in texts]
    languages = sorted(set(parts[0]["y"]))
    numbers = [np.array([[languages.index(one)] for one in part["y"]]) for part in parts]
    return parts[0]["X"], parts[1]["X"], *numbers


def score(name, side, seed, data):
    model = estimator(name, parameters(name, side) | {"random_state": seed})
    if name.startswith("lm_"):
        return score_text(name, model, data, side == "torch")
    train, test, languages, y = data
    likelihoods = torch_generator if side == "torch" else generator
    each = likelihoods(model, languages, train, test)
    own = each[np.arange(len(y)), y[:, 0]]
    if name.endswith("/letters"):
        return -own.sum() / np.log(2) / sum(len(one) + 1 for one in test)
    prior = np.bincount(languages[:, 0]) / len(languages)
    return 100 * np.mean((each + np.log(prior)).argmax(axis=1) == y[:, 0])


def score_text(name, model, data, in_torch):
    """Bits or perplexity of the test text."""
    train, test = data
    nats = -(torch_score(model, train, test) if in_torch else model.fit(train).score(test))
    return np.exp(nats) if name.endswith("/words") else nats / np.log(2)


def generator(model, languages, train, test):
    """Log-probability of each name in each language, (n_names, n_languages)."""
    model.fit(languages, train)
    n_languages = int(languages.max()) + 1
    each = [model.score_samples([[k]] * len(test), test) for k in range(n_languages)]
    return np.transpose(each)


def torch_score(model, train, test):
    import torch_symbols

    target = model._make_target()
    read, p = target.read(train), model.get_params()
    net = torch_symbols.fit(read, target.n_outputs, None, p, p["random_state"])
    held_out = target.read(test, held_out=True)
    return target.score(held_out, torch_symbols.log_likelihood(net, held_out))


def torch_generator(model, languages, train, test):
    import torch_symbols

    from skrnn._targets.next_symbol import NextSymbol

    p, n_languages = model.get_params(), int(languages.max()) + 1
    target = NextSymbol("peer", "y", p["unknown_symbol"], p["min_count"])

    def described(names, condition, held_out):
        read = target.read(names, held_out=held_out)
        return DescribedSymbols(read.data, read.weight, condition)

    read = described(train, languages, False)
    net = torch_symbols.fit(read, target.n_outputs, n_languages, p, p["random_state"])
    each = [
        torch_symbols.log_likelihood(net, described(test, np.full((len(test), 1), k), True))
        for k in range(n_languages)
    ]
    return np.transpose(each)
