"""Sets of tokens for quality.py: one label for each token, or one for each text.

The side 'torch' is there for the former. It labels every token for itself, whatever the decoder.
"""

import math

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder

from skrnn import RNNClassifier, SequenceTagger, TokenEncoder
from skrnn._train.batching import batches
from skrnn.metrics import span_f1_score, token_accuracy_score

try:
    import torch
except ImportError:
    torch = None
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
# What the stated settings change in the defaults, of the encoder and of the network.
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
        "dropout": 0.5,
        "token_dropout": 0.1,
        "embedding_dim": 64,
        "max_iter": 10,
    },
    "ner_wnut17": {
        "token_features": FEATURES,
        "min_df": 2,
        "embedding_dim": [50, 50, 20, 30, 20, 30, 20],
        "bidirectional": True,
        "dropout": 0.5,
        "recurrent_dropout": 0.25,
        "token_dropout": 0.2,
        "decoder": "crf",
        "transition_constraints": "bio",
        "max_iter": 10,
    },
    "txt_mr": {
        "token_pattern": r"\S+",
        "min_df": 2,
        "cell_type": "gru",
        "hidden_size": 32,
        "bidirectional": True,
        "pooling": "mean",
        "dropout": 0.7,
        "token_dropout": 0.3,
        "embedding_dim": 100,
        "learning_rate_init": 1e-3,
        "max_iter": 8,
    },
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
        "pooling": "max",
        "dropout": 0.3,
        "embedding_dim": 32,
        "max_iter": 20,
    },
}


def estimator(name):
    return SequenceTagger() if name in METRICS else RNNClassifier()


def parameters(name, side):
    """Parameters of the encoder and of the network; no name belongs to both."""
    changed = {} if side == "defaults" else SETTINGS[name]
    if name == "txt_names":
        changed = {"analyzer": "char", "lowercase": False} | changed
    return TokenEncoder().get_params() | estimator(name).get_params() | changed


def encoder_parameters(p):
    return {key: p[key] for key in TokenEncoder().get_params()}


def prepare(name, load):
    """Tokens or texts and their labels, for training and for testing."""
    name, _, task = name.partition("/")
    train, test = (load(name)[part] for part in ("train", "test"))
    target = "intent" if task == "intent" else "y"
    return train["X"], train[target], test["X"], test[target]


def score(name, side, seed, data):
    if side == "torch" and name not in METRICS:
        return math.nan
    X_train, y_train, X_test, y_test = data
    p = parameters(name, side)
    encoder = TokenEncoder(**encoder_parameters(p))
    if side == "torch":
        ids = encoder.fit_transform(X_train), encoder.transform(X_test)
        predicted = torch_predict(ids[0], y_train, ids[1], p, seed)
    else:
        network = estimator(name)
        p |= {"random_state": seed}
        network.set_params(**{key: p[key] for key in network.get_params()})
        predicted = make_pipeline(encoder, network).fit(X_train, y_train).predict(X_test)
    return 100 * METRICS.get(name, accuracy_score)(y_test, predicted)


def baselines(name, data):
    """Scores without a network, from the same tokens."""
    X_train, y_train, X_test, y_test = data
    if name in METRICS:
        if CRF is None:
            return {}
        encoder = TokenEncoder(token_features=FEATURES)
        ids = encoder.fit_transform(X_train), encoder.transform(X_test)
        model, label = CRF(algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=60), "sklearn-crfsuite"
        X_train, X_test = ([with_neighbours(x) for x in X] for X in ids)
        y_train = list(map(list, y_train))
    else:
        encoder = TokenEncoder(**encoder_parameters(parameters(name, "stated")))
        encoder.set_params(token_features=None)
        ids = encoder.fit_transform(X_train), encoder.transform(X_test)
        X_train, X_test = ([" ".join(map(str, x)) for x in X] for X in ids)
        longest = 5 if name == "txt_names" else 2
        counts = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, longest))
        model = make_pipeline(counts, LogisticRegression(C=10, max_iter=1000))
        label = "TF-IDF and logistic regression"
    predicted = model.fit(X_train, y_train).predict(X_test)
    return {label: 100 * METRICS.get(name, accuracy_score)(y_test, predicted)}


def with_neighbours(ids):
    """Names of the features of each step: those of its token and of the two beside it."""
    own = [[f"{column}={i}" for column, i in enumerate(row)] for row in ids.tolist()]
    own = [["first"], *own, ["last"]]
    return [
        [f"{k}:{feature}" for k in (-1, 0, 1) for feature in own[step + k]]
        for step in range(1, len(own) - 1)
    ]


def torch_predict(X_train, y_train, X_test, p, seed):
    """Labels of the same network in torch: softmax, no L2 penalty, torch's own first weights."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    labels = LabelEncoder().fit(np.concatenate(y_train))
    target = [torch.from_numpy(labels.transform(y)) for y in y_train]
    X_train, X_test = (
        [torch.from_numpy(x.reshape(len(x), -1)) for x in X] for X in (X_train, X_test)
    )
    network = torch_network(1 + torch.cat(X_train).amax(dim=0), len(labels.classes_), p)
    torch_fit(network, X_train, target, p, np.random.default_rng(seed))
    network.eval()
    with torch.no_grad():
        scores = torch.nn.utils.rnn.unpack_sequence(torch_outputs(network, X_test, p))
    return [labels.classes_[steps.argmax(dim=1).numpy()] for steps in scores]


def torch_network(n_ids, n_labels, p):
    """Tables of vectors, recurrent layer, head, dropout."""
    sizes = [p["embedding_dim"]] * len(n_ids)
    if p["embedding_dim"] == "auto":
        sizes = [int(np.clip(round(1.6 * int(n) ** 0.56), 2, 100)) for n in n_ids]
    tables = torch.nn.ModuleList(map(torch.nn.Embedding, n_ids.tolist(), sizes))
    for table in tables:
        torch.nn.init.normal_(table.weight, std=table.embedding_dim**-0.5)
    K, H = 1 + p["bidirectional"], p["hidden_size"]
    cell = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[p["cell_type"]]
    recurrent = cell(sum(sizes), H, bidirectional=p["bidirectional"])
    head, dropout = torch.nn.Linear(K * H, n_labels), torch.nn.Dropout(p["dropout"])
    return torch.nn.ModuleList([tables, recurrent, head, dropout])


def torch_outputs(network, sequences, p):
    """Scores of the labels at each step, packed."""
    tables, recurrent, head, dropout = network
    ids, *order = torch.nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
    if network.training:
        ids = ids * (torch.rand(ids.shape) >= p["token_dropout"])
    x = torch.cat([table(ids[:, i]) for i, table in enumerate(tables)], dim=1)
    h, _ = recurrent(torch.nn.utils.rnn.PackedSequence(dropout(x), *order))
    return torch.nn.utils.rnn.PackedSequence(head(dropout(h.data)), *order)


def torch_fit(network, X, target, p, rng):
    size = 32 if p["batch_size"] == "auto" else p["batch_size"]
    n_steps = p["max_iter"] * math.ceil(len(X) / size)
    optimizer = torch.optim.Adam(network.parameters(), p["learning_rate_init"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    lengths = np.array([len(x) for x in X])
    for _ in range(p["max_iter"]):
        for batch in batches(lengths, size, rng):
            optimizer.zero_grad()
            labels = torch.cat([target[i] for i in batch])
            scores = torch_outputs(network, [X[i] for i in batch], p)
            scores = torch.cat(torch.nn.utils.rnn.unpack_sequence(scores))
            torch.nn.functional.cross_entropy(scores, labels).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), p["max_grad_norm"])
            optimizer.step()
            schedule.step()
