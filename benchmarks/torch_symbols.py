"""The network and training of RNNLanguageModel and SequenceGenerator, in torch, for comparison.

It reads mini-batches that skrnn has cut, chunk by chunk; first parameters, optimiser and schedule
are those of torch_peer.py. A generator's sequences are described by one column of categories.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence
from torch_peer import Updates, draw

from skrnn._estimators.embeddings import embedding_tables
from skrnn._fitting.settings import Settings


class Net(nn.Module):
    """Vectors of symbols, recurrent layers, head; beside the symbol stands what describes it."""

    def __init__(self, n_symbols, n_categories, p):
        super().__init__()
        H, self.n_layers = p["hidden_size"], p["n_layers"]
        size = H if p.get("tie_embeddings") else size_of(n_symbols, p["embedding_dim"])
        self.embedding, width = nn.Embedding(n_symbols, size), size
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[p["cell_type"]]
        self.is_described = n_categories is not None
        if self.is_described:
            described = size_of(n_categories, p["condition_dim"])
            self.condition_embedding = nn.Embedding(n_categories, described)
            # For an LSTM the second half of them makes the first cells.
            n_states = self.n_layers * (1 + (kind is nn.LSTM))
            self.bridge = nn.ModuleList(nn.Linear(described, H) for _ in range(n_states))
            width += described
        between = p["dropout"] if self.n_layers > 1 else 0.0
        self.recurrent = kind(width, H, self.n_layers, dropout=between)
        self.dropout, self.head = nn.Dropout(p["dropout"]), nn.Linear(H, n_symbols)
        if p.get("tie_embeddings"):
            self.head.weight = self.embedding.weight
        draw(self, p)

    def forward(self, batch, states=None):
        """Outputs (n_rows, n_symbols) and the states after the last steps."""
        packing, symbols = batch.packing, batch.x
        if self.is_described:
            symbols, condition = batch.x
            vectors = self.condition_embedding(torch.as_tensor(condition[:, 0]))
            states = torch.stack([torch.tanh(layer(vectors)) for layer in self.bridge])
            states = tuple(states.split(self.n_layers)) if len(states) > self.n_layers else states
        x = self.dropout(self.embedding(torch.as_tensor(symbols[:, 0])))
        if self.is_described:
            x = torch.cat([x, vectors[torch.as_tensor(packing.sequence)]], dim=1)
        if packing.lengths[-1] == packing.n_steps:  # torch computes this several times as fast
            x = x.reshape(packing.n_steps, packing.n_sequences, -1)
            h, states = self.recurrent(x, states)
            return self.head(self.dropout(h.flatten(0, 1))), states
        sizes = torch.as_tensor(packing.batch_sizes)
        h, states = self.recurrent(PackedSequence(x, sizes), states)
        return self.head(self.dropout(h.data)), states


def size_of(n_symbols, size):
    return embedding_tables({0: n_symbols}, size, {})[0][-1]


def fit(train, n_symbols, n_categories, p, seed):
    """Train a network on a training set of skrnn, such as `NextSymbols`."""
    torch.manual_seed(seed)
    settings, rng = Settings.of(p), np.random.default_rng(seed)
    net, train = Net(n_symbols, n_categories, p), train.for_batches(settings)
    n_chunks = len(settings.batches(train))
    update = Updates(net, p, p["max_iter"] * n_chunks)
    for _ in range(p["max_iter"]):
        for _, batch, outputs in read(net, train, settings.batches(train, rng)):
            target = torch.as_tensor(batch.target)
            update(nn.functional.cross_entropy(outputs, target), len(target))
    return net


def read(net, train, chunks):
    """Yield each chunk, its batch, and outputs; states are carried over, gradients are not."""
    states = None
    for chunk in chunks:
        batch, n = train.batch(chunk), len(chunk.indices)
        outputs, states = net(batch, first(states, n) if chunk.start else None)
        yield chunk, batch, outputs


def first(states, n):
    """States of the first `n` sequences, without the way back to where they come from."""
    if isinstance(states, tuple):
        return tuple(first(state, n) for state in states)
    return states[:, :n].detach().contiguous()


@torch.no_grad()
def log_likelihood(net, train):
    """Log-probability of each sequence, its end included, (n,)."""
    net.eval()
    total = np.zeros(len(train))
    for chunk, batch, outputs in read(net, train, train.batches(256, None, False)):
        loss = nn.functional.cross_entropy(outputs, torch.as_tensor(batch.target), reduction="none")
        np.subtract.at(total, chunk.indices[batch.packing.sequence], loss.numpy())
    return total
