"""Sets of tokens for quality.py: one label for each token, or one for each text.

    python benchmarks/tagging_sets.py --data DIR [--sets slots_atis ner_wnut17]

prints what a conditional random field of sklearn-crfsuite scores on the sets with a label for each
token, if it reads the same token features of each token and of its two neighbours.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceTagger, TokenEncoder
from skrnn.metrics import span_f1_score, token_accuracy_score

# name: (metric, target)
SETS = {
    "pos_ewt": ("token accuracy, %", ">= 94.0"),
    "slots_atis": ("slot F1, %", ">= 95.0"),
    "slots_atis:intent": ("accuracy, %", ">= 96"),
    "ner_wnut17": ("entity F1, %", ">= 16"),
    "txt_mr": ("accuracy, %", ">= 74"),
    "txt_sms": ("accuracy, %", ">= 98"),
    "txt_names": ("accuracy, %", ">= 83"),
}
METRICS = {
    "pos_ewt": token_accuracy_score,
    "slots_atis": span_f1_score,
    "ner_wnut17": span_f1_score,
}

FEATURES = ["lower", "prefix2", "prefix3", "suffix2", "suffix3", "shape"]
# What the stated settings change in the defaults, of the encoder and of the network.
SETTINGS = {}


def estimator(name):
    return SequenceTagger() if name in METRICS else RNNClassifier()


def parameters(name, side):
    """Parameters of the encoder and of the network; no name belongs to both."""
    changed = {} if side == "defaults" else SETTINGS[name]
    if name == "txt_names":
        changed = {"analyzer": "char", "lowercase": False} | changed
    return TokenEncoder().get_params() | estimator(name).get_params() | changed


def prepare(name, load):
    """Tokens or texts and their labels, for training and for testing."""
    name, _, target = name.partition(":")
    train, test = (load(name)[part] for part in ("train", "test"))
    return train["X"], train[target or "y"], test["X"], test[target or "y"]


def score(name, side, seed, data):
    X_train, y_train, X_test, y_test = data
    p = parameters(name, side)
    encoder = TokenEncoder()
    own = {key: p.pop(key) for key in encoder.get_params()}
    encoder.set_params(**own)
    if side == "torch":
        ids = encoder.fit_transform(X_train), encoder.transform(X_test)
        predicted = torch_predict(ids[0], y_train, ids[1], p, seed)
    else:
        network = estimator(name).set_params(**p | {"random_state": seed})
        predicted = make_pipeline(encoder, network).fit(X_train, y_train).predict(X_test)
    return 100 * METRICS.get(name, accuracy_score)(y_test, predicted)
