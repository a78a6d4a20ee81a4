"""Sets of one long series each, whose next values are to be forecast, for quality.py.

fc_etth1/24, fc_etth1/96   the next 24 or 96 hours of 7 channels from the last 96, all in one step.
                           One network serves all channels: it reads a channel as 4 days of 24
                           hours, from which the last value has been subtracted.
fc_airline                 the next month, as the change of the logarithm from the last month, from
                           the changes of the last 12.
fc_sunspots                the root of the next year's number from the roots of the last 12.

All windows are complete, and the models of one set read the same ones. Settings were chosen on the
validation part. The models of the two short series then learn from that part, too, as is usual with
these.
"""

import numpy as np
from sides import changes
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import RNNRegressor, TimestepTransformer, WindowScaledRegressor, sliding_windows

# name: (metric, target)
SETS = {
    "fc_etth1/24": ("100 MSE of z-scores", "<= 38"),
    "fc_etth1/96": ("100 MSE of z-scores", "<= 46"),
    "fc_airline": ("RMSE", "<= 20"),
    "fc_sunspots": ("100 ARV, 1921-1955", "<= 9.5"),
}

# What the stated settings change in the former defaults, see sides.py.
SETTINGS = {
    "fc_etth1/24": {
        "cell_type": "gru",
        "loss": "absolute_error",
        "batch_size": 256,
        "learning_rate_init": 0.003,
        "max_iter": 6,
    },
    "fc_etth1/96": {
        "cell_type": "gru",
        "loss": "absolute_error",
        "batch_size": 256,
        "learning_rate_init": 0.003,
        "max_iter": 6,
    },
    "fc_airline": {"batch_size": 16, "learning_rate_init": 0.01},
    "fc_sunspots": {
        "cell_type": "gru",
        "hidden_size": 16,
        "batch_size": 16,
        "learning_rate_init": 0.01,
        "max_iter": 50,
    },
}

WINDOW_SIZES = {"fc_etth1": 96, "fc_airline": 13, "fc_sunspots": 12}
SEASONS = {"fc_etth1": 24, "fc_airline": 12, "fc_sunspots": 11}
ARV_UNIT = 1535  # variance of the sunspot numbers, by which the literature divides


def parameters(name, side):
    return RNNRegressor().get_params() | changes(side, SETTINGS[name])


def prepare(name, load):
    """Windows and targets, X_train, y_train, X_test and y_test, by the row of the first target."""
    name, _, horizon = name.partition("/")
    parts = [load(name)[part]["series"] for part in ("train", "valid", "test")]
    series, ends = np.concatenate(parts), np.cumsum([len(part) for part in parts])
    if name == "fc_etth1":
        train_rows, test_rows = range(ends[0]), range(ends[1], ends[2])
        series = (series - parts[0].mean(0)) / parts[0].std(0)
    else:
        n_test = 35 if name == "fc_sunspots" else len(parts[2])
        train_rows, test_rows = range(ends[1]), range(ends[1], ends[1] + n_test)
        series = series.astype(np.float64)  # float32 is too coarse to undo a logarithm
    horizon = int(horizon or 1)
    return *cut(name, series, train_rows, horizon), *cut(name, series, test_rows, horizon)


def cut(name, series, target_rows, horizon):
    """Univariate windows (n, window_size, 1) whose targets (n, horizon) all lie in these rows.

    Those of several channels come one after the other.
    """
    window_size = WINDOW_SIZES[name]
    start = max(target_rows.start - window_size, 0)
    rows = series[start : target_rows.stop]
    X, y, _ = sliding_windows(
        rows, rows, window_size=window_size, horizon=np.arange(1, horizon + 1)
    )
    X, y = (np.concatenate(list(np.moveaxis(a, 2, 0))) for a in (X, y))
    return X[:, :, np.newaxis], y


def forecaster(name, regressor):
    """What forecasts from the windows of a set, with `regressor` inside."""
    if name.startswith("fc_etth1"):
        return WindowScaledRegressor(make_pipeline(FunctionTransformer(days), regressor))
    if name == "fc_airline":
        changes = FunctionTransformer(np.diff, kw_args={"axis": 1})
        scaled = WindowScaledRegressor(make_pipeline(changes, regressor))
        pipeline = make_pipeline(FunctionTransformer(np.log), scaled)
        return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
    scaler = TimestepTransformer(StandardScaler())
    pipeline = make_pipeline(FunctionTransformer(np.sqrt), scaler, regressor)
    return TransformedTargetRegressor(pipeline, func=np.sqrt, inverse_func=np.square)


def days(X):
    return X.reshape(len(X), 4, 24)


def flat(X):
    return X.reshape(len(X), -1).astype(np.float64)


def score(name, side, seed, data):
    p = parameters(name, side)
    if side == "torch":
        regressor = Torch(p, seed)
    else:
        regressor = RNNRegressor(**p | {"random_state": seed})
    return error(name, forecast(name, regressor, data), data)


def forecast(name, regressor, data):
    X_train, y_train, X_test, y_test = data
    model = forecaster(name, regressor).fit(X_train, y_train)
    return model.predict(X_test).reshape(y_test.shape)


def error(name, predicted, data):
    mse = np.mean((predicted - data[3]) ** 2)
    if name == "fc_airline":
        return np.sqrt(mse)
    return 100 * mse / (ARV_UNIT if name == "fc_sunspots" else 1)


def baselines(name, data):
    """Scores of forecasts without a network, from the same windows."""
    _, _, X, y = data
    season = SEASONS[name.partition("/")[0]]
    ridge = make_pipeline(FunctionTransformer(flat), RidgeCV(np.logspace(-4, 2, 7)))
    forecasts = {
        "persistence": X[:, -1],
        "seasonal naive": X[:, -season:, 0][:, np.arange(y.shape[1]) % season],
        "ridge": forecast(name, ridge, data),
    }
    return {label: error(name, predicted, data) for label, predicted in forecasts.items()}


class Torch(RegressorMixin, BaseEstimator):
    """The peer in torch, which trains when it is asked to predict."""

    def __init__(self, parameters, seed):
        self.parameters = parameters
        self.seed = seed

    def fit(self, X, y):
        self.X_, self.y_ = X, y.reshape(len(y), -1)
        return self

    def predict(self, X):
        from torch_peer import fit_predict

        scaler, p = StandardScaler(), self.parameters
        target = scaler.fit_transform(self.y_).astype(np.float32)
        X_train, X_test = (x.astype(np.float32) for x in (self.X_, X))
        n_outputs = target.shape[1]
        outputs = fit_predict(X_train, target, X_test, p, p["loss"], n_outputs, self.seed)
        return scaler.inverse_transform(outputs)
