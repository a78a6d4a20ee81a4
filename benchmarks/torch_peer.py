"""The network and training that parameters of skrnn describe, in torch, for comparison.

First parameters are drawn from the same distributions, by torch's functions; mini-batches are cut
by skrnn's rule, so that sequences of similar length meet. The numbers drawn differ.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from skrnn._train.batching import batches

torch.set_num_threads(1)

# What the peer has no counterpart for must have the value it stands for.
REQUIRED = {"recurrent_dropout": 0.0, "solver": "adam", "early_stopping": False}
RATES = {"constant": lambda p: 1.0, "cosine": lambda p: (1 + math.cos(math.pi * p)) / 2}
LOSSES = {
    "cross_entropy": nn.functional.cross_entropy,
    "squared_error": lambda output, target: nn.functional.mse_loss(output, target) / 2,
    "absolute_error": nn.functional.l1_loss,
    "huber": nn.functional.huber_loss,
}


class Net(nn.Module):
    """Embedding of ids, recurrent layers, pooling, head."""

    def __init__(self, n_features, n_categories, n_outputs, p):
        super().__init__()
        self.p, H, K = p, p["hidden_size"], 1 + p["bidirectional"]
        self.embedding = nn.Embedding(n_categories, n_features) if n_categories else None
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[p["cell_type"]]
        self.recurrent = kind(
            n_features, H, p["n_layers"], dropout=p["dropout"], bidirectional=p["bidirectional"]
        )
        self.dropout = nn.Dropout(p["dropout"])
        self.head = nn.Linear(K * H, n_outputs)
        self.draw()

    @torch.no_grad()
    def draw(self):
        """Draw the first parameters as skrnn does."""
        H = self.p["hidden_size"]
        for name, parameter in self.named_parameters():
            gates = parameter.split(H)
            if "bias" in name:
                nn.init.zeros_(parameter)
                if "bias_ih" in name and len(gates) > 1:
                    gates[1].fill_(self.p["forget_bias"])
            elif "recurrent" in name:
                for gate in gates:
                    (nn.init.orthogonal_ if "_hh_" in name else nn.init.xavier_uniform_)(gate)
            elif "embedding" in name:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
            else:
                nn.init.xavier_uniform_(parameter)

    def forward(self, sequences):
        if self.embedding:
            x = pack_sequence(sequences, enforce_sorted=False)
            x = PackedSequence(self.dropout(self.embedding(x.data)), *x[1:])
        elif len({len(x) for x in sequences}) > 1:
            x = pack_sequence(sequences, enforce_sorted=False)
        else:
            x = torch.stack(sequences, dim=1)  # torch computes this several times as fast
        return self.head(self.dropout(self.pool(*self.recurrent(x))))

    def pool(self, outputs, final):
        if self.p["pooling"] == "last":
            h = final[0] if self.p["cell_type"] == "lstm" else final
            return torch.cat(tuple(h[-1 - self.p["bidirectional"] :]), dim=1)
        is_mean = self.p["pooling"] == "mean"
        if isinstance(outputs, torch.Tensor):
            return outputs.mean(0) if is_mean else outputs.max(0).values
        h, lengths = pad_packed_sequence(outputs, padding_value=0.0 if is_mean else -math.inf)
        return h.sum(0) / lengths[:, None] if is_mean else h.max(0).values

    def penalty(self):
        """Half the squared weights, without biases and embeddings."""
        weights = [w for n, w in self.named_parameters() if "weight" in n and "emb" not in n]
        return sum((w * w).sum() for w in weights) / 2


def fit_predict(X_train, target, X_test, p, loss, n_outputs, seed):
    """Outputs of the head for `X_test`, (n, n_outputs), after training.

    X_*     arrays (n_steps, n_features) of float32, or (n_steps,) of ids
    target  labels as integers from 0, or standardised values (n, n_outputs)
    p       all parameters of the estimator, by name
    """
    unlike = {name for name, value in REQUIRED.items() if p[name] != value}
    if unlike:
        raise NotImplementedError(f"no counterpart in torch_peer for {sorted(unlike)}")
    torch.manual_seed(seed)
    X_train, X_test = ([torch.from_numpy(np.array(x)) for x in X] for X in (X_train, X_test))
    net = Net(*width(X_train, p), n_outputs, p)
    fit(net, X_train, torch.from_numpy(target), LOSSES[loss], np.random.default_rng(seed))
    net.eval()
    with torch.no_grad():
        parts = [net(X_test[i : i + 256]) for i in range(0, len(X_test), 256)]
    return torch.cat(parts).numpy()


def width(X, p):
    """Features a step that the first layer reads, and number of categories (0 for numbers)."""
    if X[0].ndim == 2:
        return X[0].shape[1], 0
    return p["embedding_dim"], 1 + max(int(x.max()) for x in X)


def fit(net, X, target, loss, rng):
    """Train `net` for all epochs of its parameters."""
    p, lengths = net.p, np.array([len(x) for x in X])
    size = min(32 if p["batch_size"] == "auto" else p["batch_size"], len(X))
    n_steps = p["max_iter"] * math.ceil(len(X) / size)
    moments = {"betas": (p["beta_1"], p["beta_2"]), "eps": p["epsilon"]}
    optimizer = torch.optim.Adam(net.parameters(), p["learning_rate_init"], **moments)
    rate = RATES[p["learning_rate"]]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step / n_steps))
    for _ in range(p["max_iter"]):
        for batch in batches(lengths, size, rng):
            optimizer.zero_grad()
            value = loss(net([X[i] for i in batch]), target[batch])
            (value + p["alpha"] / len(batch) * net.penalty()).backward()
            if p["max_grad_norm"]:
                nn.utils.clip_grad_norm_(net.parameters(), p["max_grad_norm"])
            optimizer.step()
            schedule.step()
