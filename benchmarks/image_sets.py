"""Images read in one or in four directions, for quality.py: they take --sides stated.

img_mnist/rows      row by row, from above
img_mnist/both      row by row, from above and from below, by a bidirectional layer
img_mnist/sides     a row and a column from each side at every step, by one network
img_mnist/joined    two bidirectional networks, of rows and of columns, trained apart; a logistic
                    regression decides by the states of both
digits/...          the same with the digits of scikit-learn, a quarter of them for testing

The counts of parameters go to stderr.
"""

import sys

import sequence_sets
from sides import changes
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union

from skrnn import GridScanner, RNNClassifier, SequenceEncoder

DIRECTIONS = {
    "rows": ["down"],
    "both": ["down"],
    "sides": ["down", "up", "right", "left"],
    "joined": ["down", "right"],
}
# For MNIST chosen for rows read from above, for the digits by the mean of the four readings, on
# validation parts.
SETTINGS = {
    "img_mnist": sequence_sets.SETTINGS["img_mnist"],
    "digits": {"cell_type": "gru", "dropout": 0.3, "hidden_size": 64, "max_iter": 40},
}
SIDES = ["stated"]
MADE = ["digits"]
# name: (metric, target)
SETS = {
    f"{data}/{way}": ("accuracy, %", "") for data in ("img_mnist", "digits") for way in DIRECTIONS
}


def parameters(name, side):
    """Those of each network."""
    data, _, way = name.partition("/")
    reads_back = {"bidirectional": way in ("both", "joined")}
    return RNNClassifier().get_params() | changes(side, SETTINGS[data]) | reads_back


def prepare(name, load):
    """X_train, y_train, X_test, y_test of images whose grey values are between 0 and 1."""
    if name.startswith("digits"):
        digits = load_digits()
        X, X_test, y, y_test = train_test_split(
            digits.images / 16,
            digits.target,
            test_size=0.25,
            stratify=digits.target,
            random_state=0,
        )
        return X, y, X_test, y_test
    train, test = (load("img_mnist")[part] for part in ("train", "test"))
    return train["X"], train["y"], test["X"], test["y"]


def score(name, side, seed, data):
    X_train, y_train, X_test, y_test = data
    network = RNNClassifier(**parameters(name, side) | {"random_state": seed})
    model = pipeline(name.partition("/")[2], network).fit(X_train, y_train)
    print(name, n_parameters(model), "parameters", file=sys.stderr)
    return 100 * model.score(X_test, y_test)


def pipeline(way, network):
    directions = DIRECTIONS[way]
    if way != "joined":
        return make_pipeline(GridScanner(directions), network)
    readers = [make_pipeline(GridScanner([d]), SequenceEncoder(network)) for d in directions]
    return make_pipeline(make_union(*readers), LogisticRegression(max_iter=1000))


def n_parameters(model):
    """Parameters of all networks and of the logistic regression."""
    if isinstance(model[-1], RNNClassifier):
        return model[-1].n_parameters_
    networks = [reader[-1].estimator_ for _, reader in model[0].transformer_list]
    own = model[-1].coef_.size + model[-1].intercept_.size
    return own + sum(network.n_parameters_ for network in networks)
