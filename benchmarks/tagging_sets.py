"""Sets of tokens, for quality.py: one label for each token, or one for each text."""

from sides import changes
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from skrnn import RNNClassifier, SequenceTagger, TokenEncoder
from skrnn.metrics import span_f1_score, token_accuracy_score

try:
    from sklearn_crfsuite import CRF
except ImportError:
    CRF = None

# name: (metric, target)
SETS = {
    "pos_ewt": ("token accuracy, %", ">= 94.0"),
    "slots_atis/slots": ("slot F1, %", ">= 95.0"),
    "slots_atis/intent": ("accuracy, %", ">= 96"),
    "ner_wnut17": ("entity F1, %", ">= 16"),
    "txt_mr": ("accuracy, %", ">= 74"),
    "txt_sms": ("accuracy, %", ">= 98"),
    "txt_names": ("accuracy, %", ">= 83"),
}
METRICS = {
    "pos_ewt": token_accuracy_score,
    "slots_atis/slots": span_f1_score,
    "ner_wnut17": span_f1_score,
}

FEATURES = ["lower", "prefix2", "prefix3", "suffix2", "suffix3", "shape"]
# What the stated settings change in the former defaults, of the encoder and of the network.
SETTINGS = {
    "pos_ewt": {
        "token_features": FEATURES,
        "min_df": 2,
        "hidden_size": 100,
        "bidirectional": True,
        "dropout": 0.4,
        "token_dropout": 0.1,
        "learning_rate_init": 4e-3,
        "max_iter": 6,
    },
    "slots_atis/slots": {
        "token_features": ["suffix3", "shape"],
        "min_df": 2,
        "hidden_size": 100,
        "bidirectional": True,
        "dropout": 0.5,
        "token_dropout": 0.1,
        "decoder": "crf",
        "batch_size": 16,
        "learning_rate_init": 3e-3,
        "max_iter": 20,
    },
    "slots_atis/intent": {
        "min_df": 2,
        "cell_type": "gru",
        "bidirectional": True,
        "pooling": "mean",
        "dropout": 0.5,
        "token_dropout": 0.1,
        "embedding_dim": 64,
        "max_iter": 20,
    },
    "ner_wnut17": {
        "token_features": FEATURES,
        "min_df": 2,
        "embedding_dim": [50, 50, 20, 30, 20, 30, 20],
        "bidirectional": True,
        "dropout": 0.5,
        "token_dropout": 0.05,
        "class_weight": {"O": 0.2},
        "max_iter": 10,
    },
    "txt_mr": {"cell_type": "gru", "max_iter": 10},
    "txt_sms": {
        "token_pattern": r"\w+|[^\w\s]",
        "lowercase": False,
        "token_features": ["lower", "shape", "prefix3"],
        "min_df": 2,
        "cell_type": "gru",
        "hidden_size": 32,
        "bidirectional": True,
        "pooling": "max",
        "dropout": 0.5,
        "token_dropout": 0.1,
        "learning_rate_init": 3e-3,
        "max_iter": 8,
    },
    "txt_names": {
        "analyzer": "char",
        "lowercase": False,
        "cell_type": "gru",
        "hidden_size": 100,
        "bidirectional": True,
        "dropout": 0.3,
        "token_dropout": 0.05,
        "embedding_dim": 32,
        "batch_size": 64,
        "learning_rate_init": 0.01,
        "max_iter": 20,
    },
}


def estimator(name):
    return SequenceTagger() if name in METRICS else RNNClassifier()


def parameters(name, side):
    """Parameters of the encoder and of the network; no name belongs to both."""
    changed = changes(side, SETTINGS[name])
    if name == "txt_names":  # letters are its tokens, on every side
        changed = {"analyzer": "char", "lowercase": False} | changed
    p = TokenEncoder().get_params() | estimator(name).get_params()
    return p | {key: value for key, value in changed.items() if key in p}


def encoder_parameters(p):
    return {key: p[key] for key in TokenEncoder().get_params()}


def prepare(name, load):
    """Tokens or texts and their labels, for training and for testing."""
    name, _, task = name.partition("/")
    train, test = (load(name)[part] for part in ("train", "test"))
    target = "intent" if task == "intent" else "y"
    return train["X"], train[target], test["X"], test[target]


def score(name, side, seed, data):
    X_train, y_train, X_test, y_test = data
    p = parameters(name, side)
    encoder = TokenEncoder(**encoder_parameters(p))
    X_train, X_test = encoder.fit_transform(X_train), encoder.transform(X_test)
    network = estimator(name)
    p = {key: p[key] for key in network.get_params()}
    if side == "torch":
        from torch_peer import classify

        predicted = classify(X_train, y_train, X_test, p, seed)
    else:
        network.set_params(**p | {"random_state": seed})
        predicted = network.fit(X_train, y_train).predict(X_test)
    return 100 * METRICS.get(name, accuracy_score)(y_test, predicted)


def baselines(name, data):
    """Score without a network, from the same tokens."""
    X_train, y_train, X_test, y_test = data
    if name not in METRICS:
        predicted = logistic_regression(name, X_train, y_train, X_test)
        return {"TF-IDF and logistic regression": 100 * accuracy_score(y_test, predicted)}
    if CRF is None:
        return {}
    return {"sklearn-crfsuite": 100 * METRICS[name](y_test, linear_crf(X_train, y_train, X_test))}


def logistic_regression(name, X_train, y_train, X_test):
    """Labels of texts from their tokens and the n-grams of these."""
    encoder = TokenEncoder(**encoder_parameters(parameters(name, "stated")))
    encoder.set_params(token_features=None)
    ids = encoder.fit_transform(X_train), encoder.transform(X_test)
    X_train, X_test = ([" ".join(map(str, x)) for x in X] for X in ids)
    longest = 5 if name == "txt_names" else 2
    counts = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, longest))
    model = make_pipeline(counts, LogisticRegression(C=10, max_iter=1000))
    return model.fit(X_train, y_train).predict(X_test)


def linear_crf(X_train, y_train, X_test):
    """Labels of tokens from words, affixes and shapes of each and of the two beside it."""
    encoder = TokenEncoder(token_features=FEATURES)
    ids = encoder.fit_transform(X_train), encoder.transform(X_test)
    X_train, X_test = ([with_neighbours(x) for x in X] for X in ids)
    model = CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=60)
    return model.fit(X_train, list(map(list, y_train))).predict(X_test)


def with_neighbours(ids):
    """Names of the features of each step: those of its token and of the two beside it."""
    own = [[f"{column}={i}" for column, i in enumerate(row)] for row in ids.tolist()]
    own = [["first"], *own, ["last"]]
    return [
        [f"{k}:{feature}" for k in (-1, 0, 1) for feature in own[step + k]]
        for step in range(1, len(own) - 1)
    ]
