"""Series with a value to be told at every step, for quality.py.

fc_etth1/hours   the next hour of 7 channels, at every hour of a series, as the change from this
                 hour. Training reads it in pieces, one for each 4 days; the test part is one long
                 sequence.
filter           a signal behind noise as strong, of which it keeps 97 % from step to step: made on
                 the spot, and scored against the Kalman filter, the best that there is

Settings were chosen on the validation part, and for the filter on signals of other seeds.
"""

import numpy as np
from scipy.signal import lfilter
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from skrnn import SequenceRegressor

# name: (metric, target)
SETS = {
    "fc_etth1/hours": ("100 MSE of z-scores", "torch + 1 %"),
    "filter": ("RMSE, % of the best possible", "<= 102"),
}
MADE = ["filter"]
# What the stated settings change in the defaults.
SETTINGS = {
    "fc_etth1/hours": {
        "loss": "huber",
        "dropout": 0.5,
        "batch_size": 8,
        "max_iter": 60,
        "dtype": "float32",
    },
    "filter": {
        "hidden_size": 24,
        "batch_size": 32,
        "max_iter": 30,
        "learning_rate_init": 0.01,
        "dtype": "float32",
    },
}
PIECE = 96
KEEP, N_STEPS = 0.97, 100


def parameters(name, side):
    return SequenceRegressor(**{} if side == "defaults" else SETTINGS[name]).get_params()


def prepare(name, load):
    """X_train, y_train, X_test and y_test: lists of arrays (n_steps, n)."""
    if name == "filter":
        return *record(400, seed=0), *record(400, seed=1)
    return hours(*(load("fc_etth1")[part]["series"] for part in ("train", "test")))


def hours(train, test):
    """Standardised series without their last hours, and the changes to the next."""
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    X, y = ([x[i : i + PIECE] for i in range(0, len(x), PIECE)] for x in (train[:-1], step(train)))
    return X, y, [test[:-1]], [step(test)]


def step(series):
    return np.diff(series, axis=0)


def record(n_recordings, seed):
    """Measurements and the signals behind them."""
    rng = np.random.default_rng(seed)
    fresh = rng.normal(size=(n_recordings, N_STEPS))
    fresh[:, 1:] *= np.sqrt(1 - KEEP**2)
    signal = lfilter([1], [1, -KEEP], fresh)
    measured = signal + rng.normal(size=signal.shape)
    return list(measured[..., np.newaxis]), list(signal[..., np.newaxis])


def score(name, side, seed, data):
    p = parameters(name, side)
    answer = torch_predict if side == "torch" else predict
    return error(name, answer(*data[:3], p, seed), data)


def predict(X, y, X_test, p, seed):
    model = SequenceRegressor(**p | {"random_state": seed}).fit(X, y)
    return np.concatenate([values.reshape(len(values), -1) for values in model.predict(X_test)])


def torch_predict(X, y, X_test, p, seed):
    """What the peer in torch predicts, values standardised as skrnn standardises them."""
    from torch_peer import cut, fit_predict

    scaler = StandardScaler()
    target = scaler.fit_transform(np.concatenate(y)).astype(np.float32)
    X, X_test = ([x.astype(np.float32) for x in part] for part in (X, X_test))
    width = target.shape[1]
    outputs = fit_predict(X, cut(target, X), X_test, p, p["loss"], width, seed)
    return scaler.inverse_transform(outputs)


def error(name, predicted, data):
    mse = np.mean((predicted - np.concatenate(data[3])) ** 2)
    if name == "filter":
        return 100 * np.sqrt(mse / np.mean((kalman(data[2]) - np.stack(data[3])) ** 2))
    return 100 * mse


def kalman(X):
    """The expected signal given the measurements so far."""
    measured = np.stack(X)
    mean, found, ahead = np.zeros((len(X), 1)), np.empty_like(measured), 1.0
    for t in range(N_STEPS):
        gain = ahead / (ahead + 1)
        mean = mean + gain * (measured[:, t] - mean)
        found[:, t] = mean
        mean, ahead = KEEP * mean, KEEP**2 * (1 - gain) * ahead + 1 - KEEP**2
    return found


def baselines(name, data):
    """Scores without a network: nothing changes; a ridge regression on the last day."""
    if name == "filter":
        return {"the measurement itself": error(name, np.concatenate(data[2]), data)}
    X, y, X_test, _ = data
    days = [last_day(np.concatenate(x)) for x in (X, X_test)]
    ridge = RidgeCV(np.logspace(-2, 4, 7)).fit(days[0], np.concatenate(y))
    forecasts = {"persistence": np.zeros((1, 1)), "ridge": ridge.predict(days[1])}
    return {label: error(name, forecast, data) for label, forecast in forecasts.items()}


def last_day(series):
    """The 24 hours up to each, the first of them padded with the first hour."""
    padded = np.concatenate([np.repeat(series[:1], 23, axis=0), series])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 24, axis=0)
    return windows.reshape(len(series), -1)
