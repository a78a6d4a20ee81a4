"""Sets whose answers are sequences of symbols, for quality.py: they take --sides defaults stated.

Two of them are made on the spot, by the examples.
"""

import sys
from pathlib import Path

from sklearn.pipeline import make_pipeline

from skrnn import SequenceTranslator, TokenEncoder
from skrnn.metrics import symbol_error_rate

sys.path.append(str(Path(__file__).parents[1] / "examples" / "generate"))
import dates
import digit_lines

# name: (metric, target)
SETS = {
    "dates": ("exact, %", ">= 99.5"),
    "digit_lines": ("lines right, %", ">= 90"),
    "digit_lines/digits": ("digits wrong, %", "<= 3"),
    "digit_lines/writers": ("lines of other writers right, %", ""),
    "s2s_scan": ("exact, %", ">= 99.8"),
    "s2s_scan/bridge": ("exact without attention, %", ""),
    "s2s_scan_length": ("exact, %", ""),
    "s2s_scan_length/bridge": ("exact without attention, %", ""),
    "s2s_cmudict/20000": ("words wrong, %", "<= 41.0"),
    "s2s_cmudict/20000/phones": ("phones wrong, %", "<= 10.7"),
    "s2s_cmudict": ("words wrong, %", "<= 33"),
    "s2s_cmudict/phones": ("phones wrong, %", ""),
}
SIDES = ["defaults", "stated"]
MADE = ["dates", "digit_lines"]
BRIDGE = {"attention": None}
LINES = {"decoder": "ctc", "dropout": 0.3, "dtype": "float32"}
SCAN = {"max_iter": 8}
SIZES = {"embedding_dim": 64, "symbol_dim": 64}
PHONES = SIZES | {
    "hidden_size": 192,
    "dropout": 0.2,
    "batch_size": 64,
    "learning_rate_init": 0.004,
    "max_iter": 15,
    "beam_width": 5,
}
MANY_PHONES = PHONES | {
    "batch_size": "auto",
    "hidden_size": 256,
    "dropout": 0.3,
    "max_iter": 12,
    "learning_rate_init": 0.003,
}
# What the stated settings change in the defaults.
SETTINGS = {
    "dates": {},
    "digit_lines": LINES,
    "digit_lines/writers": LINES,
    "s2s_scan": SCAN,
    "s2s_scan/bridge": SCAN | BRIDGE,
    "s2s_scan_length": SCAN,
    "s2s_scan_length/bridge": SCAN | BRIDGE,
    "s2s_cmudict/20000": PHONES,
    "s2s_cmudict": MANY_PHONES,
}
# What the task itself asks for.
TASKS = {
    "digit_lines": {"decoder": "ctc"},
    "digit_lines/writers": {"decoder": "ctc"},
    "s2s_scan/bridge": BRIDGE,
}


def setting(name):
    return name.removesuffix("/digits").removesuffix("/phones")


def parameters(name, side):
    task = TASKS.get(setting(name).replace("_length", ""), {})
    changed = SETTINGS[setting(name)] if side == "stated" else task
    return SequenceTranslator(**changed).get_params()


def prepare(name, load):
    if name == "dates":
        X, y = dates.make_dates(10_000, random_state=0)
        X_test, y_test = dates.make_dates(2_000, random_state=1)
        return X, y, X_test, y_test
    if name.startswith("digit_lines"):
        return digit_lines.make_lines(4000, random_state=0, other_writers="/writers" in name)
    data = load(name.partition("/")[0])
    n = 20_000 if "20000" in name else None
    (X, y), (X_test, y_test) = (pairs(data[part]) for part in ("train", "test"))
    return X[:n], y[:n], X_test, y_test


def pairs(part):
    """Sources and targets, lists of tokens."""
    return part["X"], part["y"]


def score(name, side, seed, data):
    X, y, X_test, y_test = data
    model = SequenceTranslator(**parameters(name, side) | {"random_state": seed})
    if isinstance(X[0], str):
        model = make_pipeline(TokenEncoder(analyzer="char"), model)
    elif isinstance(X[0], list):
        model = make_pipeline(TokenEncoder(), model)
    model.fit(X, y)
    if name.endswith(("/digits", "/phones")):
        return 100 * symbol_error_rate(y_test, model.predict(X_test))
    exact = 100 * model.score(X_test, y_test)
    return 100 - exact if name.startswith("s2s_cmudict") else exact
