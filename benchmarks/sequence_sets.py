"""Series and images with one label or value each, for quality.py."""

import numpy as np
from sides import changes
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.preprocessing import StandardScaler

from skrnn import RNNClassifier, RNNRegressor, TimestepTransformer

# name: (metric, target)
SETS = {
    "tsc_italypower": ("accuracy, %", ">= 96.5"),
    "tsc_basicmotions": ("accuracy, %", ">= 95"),
    "tsc_japanesevowels": ("accuracy, %", ">= 97.3"),
    "tsc_gunpoint": ("accuracy, %", ">= 96"),
    "tsc_arrowhead": ("accuracy, %", ">= 75"),
    "img_mnist": ("accuracy, %", ">= 97.5"),
    "reg_airquality": ("RMSE", "<= 18.3"),
}

# What the stated settings change in the former defaults, see sides.py.
SETTINGS = {
    "tsc_italypower": {
        "cell_type": "gru",
        "alpha": 0.01,
        "batch_size": 16,
        "learning_rate_init": 0.01,
        "max_iter": 150,
    },
    "tsc_basicmotions": {"cell_type": "gru", "pooling": "max"},
    "tsc_japanesevowels": {
        "cell_type": "gru",
        "bidirectional": True,
        "pooling": "mean",
        "batch_size": 16,
        "learning_rate_init": 0.01,
        "max_iter": 50,
    },
    "tsc_gunpoint": {
        "cell_type": "gru",
        "hidden_size": 32,
        "bidirectional": True,
        "pooling": "max",
        "batch_size": 16,
        "learning_rate_init": 0.01,
    },
    "tsc_arrowhead": {
        "cell_type": "gru",
        "hidden_size": 32,
        "n_layers": 2,
        "bidirectional": True,
        "pooling": "max",
        "alpha": 0.01,
        "batch_size": 12,
        "learning_rate_init": 0.01,
        "max_iter": 150,
    },
    "img_mnist": {
        "cell_type": "gru",
        "dropout": 0.3,
        "batch_size": 64,
        "learning_rate_init": 0.01,
        "max_iter": 12,
    },
    "reg_airquality": {
        "cell_type": "gru",
        "hidden_size": 16,
        "bidirectional": True,
        "loss": "huber",
        "alpha": 0.1,
        "batch_size": 64,
        "learning_rate_init": 0.01,
        "max_iter": 40,
    },
}


# Concentrations, positive and skewed: network and peer learn their logarithms, the defaults do not.
LOG_TARGET = {"reg_airquality"}


def estimator(name):
    return RNNRegressor() if name.startswith("reg_") else RNNClassifier()


def parameters(name, side):
    return estimator(name).get_params() | changes(side, SETTINGS[name])


def prepare(name, load):
    """X_train, y_train, X_test, y_test; features standardised."""
    train, test = (load(name)[part] for part in ("train", "test"))
    X_train, X_test = train["X"], test["X"]
    if name != "img_mnist":  # whose grey values are between 0 and 1
        scaler = TimestepTransformer(StandardScaler())
        X_train, X_test = scaler.fit_transform(X_train), scaler.transform(X_test)
    return X_train, train["y"], X_test, test["y"]


def score(name, side, seed, data):
    X_train, y_train, X_test, y_test = data
    p, in_logs = parameters(name, side), name in LOG_TARGET and side in ("stated", "torch")
    y_train = np.log(y_train) if in_logs else y_train
    if side == "torch":
        y = torch_predict(X_train, y_train, X_test, p, seed)
    else:
        model = estimator(name).set_params(**p | {"random_state": seed})
        y = model.fit(X_train, y_train).predict(X_test)
    if name.startswith("reg_"):
        return root_mean_squared_error(y_test, np.exp(y) if in_logs else y)
    return 100 * accuracy_score(y_test, y)


def torch_predict(X_train, y_train, X_test, p, seed):
    """What the peer in torch predicts, values standardised as skrnn standardises them."""
    from torch_peer import classify, fit_predict

    if "loss" not in p:
        return classify(X_train, y_train, X_test, p, seed)
    scaler = StandardScaler()
    target = scaler.fit_transform(y_train[:, None])
    return scaler.inverse_transform(fit_predict(X_train, target, X_test, p, p["loss"], 1, seed))
