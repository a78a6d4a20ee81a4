"""The network and training that parameters of skrnn describe, in torch, for comparison.

First parameters are drawn from the same distributions, by torch's functions; mini-batches are cut
by skrnn's rule, so that sequences of similar length meet. The numbers drawn differ. A tagger's
decoder is softmax always, and class weights do not count in what divides the L2 penalty. Adam moves
all rows of an embedding at every step; skrnn's moves those that the batch touches.
"""

import math
from functools import partial

import numpy as np
import torch
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_sequence,
    pad_packed_sequence,
    unpack_sequence,
)

from skrnn._estimators.embeddings import embedding_tables
from skrnn._optim.batching import batches

torch.set_num_threads(1)

# What the peer has no counterpart for must have the value it stands for.
REQUIRED = {"recurrent_dropout": 0.0, "solver": "adam", "early_stopping": False}
RATES = {
    "constant": lambda p: 1.0,
    "cosine": lambda p: (1 + math.cos(math.pi * p)) / 2,
    "one_cycle": lambda p: 0.04 + 9.6 * p if p < 0.1 else RATES["cosine"]((p - 0.1) / 0.9),
}
REGRESSION_LOSSES = {
    "squared_error": lambda output, target: nn.functional.mse_loss(output, target) / 2,
    "absolute_error": nn.functional.l1_loss,
    "huber": nn.functional.huber_loss,
}


class Net(nn.Module):
    """Embeddings of ids, recurrent layers, pooling where there is any, head."""

    def __init__(self, n_features, n_categories, n_outputs, p):
        super().__init__()
        self.p, H, K = p, p["hidden_size"], 1 + p["bidirectional"]
        tables = embedding_tables(n_categories, p["embedding_dim"], {})
        self.embeddings = nn.ModuleList(nn.Embedding(n, size) for _, n, size in tables)
        width = sum(size for *_, size in tables) or n_features
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[p["cell_type"]]
        between = p["dropout"] if p["n_layers"] > 1 else 0.0
        self.recurrent = kind(
            width, H, p["n_layers"], dropout=between, bidirectional=p["bidirectional"]
        )
        self.dropout = nn.Dropout(p["dropout"])
        self.head = nn.Linear(K * H, n_outputs)
        draw(self, p)

    def forward(self, sequences):
        """Outputs of the head: a row for each sequence, or for each step of one after another."""
        if self.embeddings:
            x = pack_sequence(sequences, enforce_sorted=False)
            x = PackedSequence(self.embed(x.data), *x[1:])
        elif len({len(x) for x in sequences}) > 1:
            x = pack_sequence(sequences, enforce_sorted=False)
        else:
            x = torch.stack(sequences, dim=1)  # torch computes this several times as fast
        return self.head(self.dropout(self.readout(*self.recurrent(x))))

    def embed(self, ids):
        if self.training:
            ids = ids * (torch.rand(ids.shape) >= self.p["token_dropout"])
        columns = zip(self.embeddings, ids.unbind(dim=1), strict=True)
        return self.dropout(torch.cat([table(column) for table, column in columns], dim=1))

    def readout(self, outputs, final):
        pooling = self.p.get("pooling")
        if pooling is None:
            is_packed = isinstance(outputs, PackedSequence)
            return torch.cat(unpack_sequence(outputs) if is_packed else outputs.unbind(dim=1))
        if pooling == "last":
            h = final[0] if self.p["cell_type"] == "lstm" else final
            return torch.cat(tuple(h[-1 - self.p["bidirectional"] :]), dim=1)
        is_mean = pooling == "mean"
        if isinstance(outputs, torch.Tensor):
            return outputs.mean(0) if is_mean else outputs.max(0).values
        h, lengths = pad_packed_sequence(outputs, padding_value=0.0 if is_mean else -math.inf)
        return h.sum(0) / lengths[:, None] if is_mean else h.max(0).values


@torch.no_grad()
def draw(net, p):
    """Draw the first parameters as skrnn does."""
    for name, parameter in net.named_parameters():
        gates = parameter.split(p["hidden_size"])
        if "bias" in name:
            nn.init.zeros_(parameter)
            if "bias_ih" in name and len(gates) > 1:
                gates[1].fill_(p["forget_bias"])
        elif "recurrent" in name:
            for gate in gates:
                (nn.init.orthogonal_ if "_hh_" in name else nn.init.xavier_uniform_)(gate)
        elif "embedding" in name:
            nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
        else:
            nn.init.xavier_uniform_(parameter)


class Updates:
    """Updates of a network by Adam, of which there will be `n_updates`."""

    def __init__(self, net, p, n_updates):
        check(p)
        moments = {"betas": (p["beta_1"], p["beta_2"]), "eps": p["epsilon"]}
        rate = RATES[p["learning_rate"]]
        self.net, self.p = net, p
        self.optimizer = torch.optim.Adam(net.parameters(), p["learning_rate_init"], **moments)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: rate(step / n_updates)
        )
        weights = [(n, w) for n, w in net.named_parameters() if "weight" in n]
        self.penalised = [w for n, w in weights if "embedding" not in n]

    def __call__(self, loss, n_rows):
        """Take a step, given the mean loss of so many rows."""
        self.optimizer.zero_grad()
        penalty = sum((w * w).sum() for w in self.penalised) / 2
        (loss + self.p["alpha"] / n_rows * penalty).backward()
        if self.p["max_grad_norm"]:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.p["max_grad_norm"])
        self.optimizer.step()
        self.schedule.step()


def check(p):
    unlike = {name for name, value in REQUIRED.items() if p[name] != value}
    if unlike:
        raise NotImplementedError(f"no counterpart in torch_peer for {sorted(unlike)}")


def classify(X_train, y_train, X_test, p, seed):
    """Labels of `X_test`: one for each sequence, or for each step if `p` has no pooling."""
    labels, is_tagger = LabelEncoder(), "pooling" not in p
    y = np.concatenate(y_train) if is_tagger else y_train
    target = labels.fit_transform(y)
    weight = compute_class_weight(p["class_weight"], classes=labels.classes_, y=y)
    loss = partial(nn.functional.cross_entropy, weight=torch.from_numpy(weight).float())
    target = cut(target, y_train) if is_tagger else target
    outputs = fit_predict(X_train, target, X_test, p, loss, len(weight), seed)
    predicted = labels.classes_[outputs.argmax(axis=1)]
    return cut(predicted, X_test) if is_tagger else predicted


def cut(rows, sequences):
    """Cut rows laid end to end into pieces as long as the sequences."""
    return np.split(rows, np.cumsum([len(x) for x in sequences])[:-1])


def fit_predict(X_train, target, X_test, p, loss, n_outputs, seed):
    """Outputs of the head for `X_test`, (n_rows, n_outputs), after training.

    X_*     arrays (n_steps, n_features) of float32, or of ids, for which (n_steps,) will do too
    target  labels as integers from 0, or standardised values (n, n_outputs); a list of arrays,
            if every step has a label
    p       all parameters of the estimator, by name
    loss    name of a loss of RNNRegressor, or a function of outputs and targets
    """
    torch.manual_seed(seed)
    X_train, X_test = (
        [torch.from_numpy(np.array(x)).reshape(len(x), -1) for x in X] for X in (X_train, X_test)
    )
    net = Net(X_train[0].shape[1], n_categories(X_train), n_outputs, p)
    fit(net, X_train, target, REGRESSION_LOSSES.get(loss, loss), np.random.default_rng(seed))
    net.eval()
    with torch.no_grad():
        parts = [net(X_test[i : i + 256]) for i in range(0, len(X_test), 256)]
    return torch.cat(parts).numpy()


def n_categories(X):
    """Column -> number of categories, if X holds ids."""
    if X[0].is_floating_point():
        return {}
    return dict(enumerate((1 + torch.cat(X).amax(dim=0)).tolist()))


def fit(net, X, target, loss, rng):
    """Train `net` for all epochs of its parameters."""
    p, lengths = net.p, np.array([len(x) for x in X])
    size = min(32 if p["batch_size"] == "auto" else p["batch_size"], len(X))
    update = Updates(net, p, p["max_iter"] * math.ceil(len(X) / size))
    for _ in range(p["max_iter"]):
        for batch in batches(lengths, size, rng):
            rows = take(target, batch)
            update(loss(net([X[i] for i in batch]), rows), len(rows))


def take(target, batch):
    """Targets of a mini-batch, in the order of the rows of the network's outputs."""
    if isinstance(target, list):
        return torch.from_numpy(np.concatenate([target[i] for i in batch]))
    return torch.from_numpy(target[batch])
