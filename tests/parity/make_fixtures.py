"""Networks and layers as torch computes them, and a script that stores some of the numbers.

``python tests/parity/make_fixtures.py`` writes the ``.npz`` files beside it, from which
`test_fixtures` compares without torch. `test_torch` compares many more cases.

Sequences are longest first and their steps packed. States have torch's shape with the kind of
state in front, (n_states, n_layers * n_directions, n_sequences, H): h, and for the LSTM c.
"""

from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

MODULES = {"tanh": nn.RNN, "relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
LENGTHS = (4, 3, 3, 1)
H, OUTPUTS, CATEGORIES, QUANTILE = 3, 2, 4, 0.3


def recurrent_numbers(cell, n_layers, n_directions, lengths=LENGTHS, run=None):
    """Outputs, final states and all gradients of a stack of recurrent layers."""
    rng = np.random.default_rng(0)
    rnn = draw_parameters(recurrent(cell, 2, n_layers, n_directions), rng)
    x, state0 = draw(rng, sum(lengths), 2), draw(rng, *state_shape(rnn, lengths))
    outputs, final = (run or run_packed)(rnn, x, lengths, state0)
    doutputs, dfinal = draw(rng, *outputs.shape), draw(rng, *final.shape)
    torch.autograd.backward([outputs, final], [doutputs, dfinal])
    return {
        **dict(cell=cell, n_layers=n_layers, n_directions=n_directions, lengths=lengths),
        **arrays(x=x, state0=state0, doutputs=doutputs, dfinal=dfinal),
        **arrays(outputs=outputs, final=final, dx=x.grad, dstate0=state0.grad),
        **parameters_and_gradients(rnn),
    }


def network_numbers(cell, n_layers, n_directions, pooling, loss, lengths=LENGTHS):
    """Outputs, loss, final states and all gradients of a `Net`."""
    rng = np.random.default_rng(0)
    net = draw_parameters(Net(cell, n_layers, n_directions, pooling), rng)
    x, state0 = draw_input(rng, sum(lengths)), draw(rng, *state_shape(net.rnn, lengths))
    outputs, final = net(x, lengths, state0)
    target, weight = draw_target(rng, loss, len(outputs)), draw(rng, len(outputs)) ** 2
    value = weighted_loss(loss, outputs, target, weight)
    value.backward()
    return {
        **dict(cell=cell, n_layers=n_layers, n_directions=n_directions, lengths=lengths),
        **dict(pooling=pooling, loss=loss, quantile=QUANTILE),
        **arrays(x=x, state0=state0, target=target, weight=weight),
        **arrays(outputs=outputs, final=final, value=value, dstate0=state0.grad),
        **parameters_and_gradients(net),
    }


def attention_numbers(score, lengths=LENGTHS, target_lengths=(3, 2, 2, 1), reads=(1, 3, 0, 2)):
    """Outputs, weights and all gradients of an `Attention`, source by source.

    Sources and targets are longest first, and the target with rank r reads the source reads[r].
    """
    rng = np.random.default_rng(0)
    n_key = H if score == "dot" else 4
    layer = draw_parameters(Attention(score, n_key), rng)
    keys, queries = draw(rng, sum(lengths), n_key), draw(rng, sum(target_lengths), H)
    outputs = torch.empty(len(queries), H, dtype=torch.float64)
    weights = torch.zeros(len(queries), lengths[0], dtype=torch.float64)
    for target, source in enumerate(reads):
        rows = owners(target_lengths) == target
        of_one = layer(queries[rows], keys[owners(lengths) == source])
        outputs[rows], weights[rows, : lengths[source]] = of_one
    doutputs = draw(rng, *outputs.shape)
    outputs.backward(doutputs)
    return {
        **dict(score=score, lengths=lengths, target_lengths=target_lengths, reads=reads),
        **arrays(queries=queries, keys=keys, doutputs=doutputs),
        **arrays(outputs=outputs, weights=weights, dqueries=queries.grad, dkeys=keys.grad),
        **parameters_and_gradients(layer, "attention."),
    }


def ctc_numbers(lengths=LENGTHS, label_lengths=(3, 1, 2, 0)):
    """Connectionist temporal classification: loss and gradient, with the blank in the last place.

    The second half of all labels is the same one, so that paths need a blank in between.
    """
    rng = np.random.default_rng(0)
    x, weight = draw(rng, sum(lengths), 1 + CATEGORIES), draw(rng, len(lengths)) ** 2
    labels = torch.from_numpy(rng.integers(CATEGORIES, size=sum(label_lengths)))
    labels[len(labels) // 2 :] = 1
    log_p, _ = pad_packed_sequence(packed(F.log_softmax(x, dim=1), lengths))
    losses = F.ctc_loss(log_p, labels, lengths, label_lengths, blank=CATEGORIES, reduction="none")
    value = losses @ weight
    value.backward()
    return {
        **dict(lengths=lengths, label_lengths=label_lengths),
        **arrays(x=x, labels=labels, weight=weight, value=value, dx=x.grad),
    }


def translation_numbers(score, cell, n_layers, n_directions, lengths=LENGTHS):
    """Outputs, loss and all gradients of a `Translator`, pair by pair.

    Sources and targets are longest first, and the target with rank r reads the source reads[r].
    """
    target_lengths, reads = (5, 2, 2, 1), (1, 3, 0, 2)
    rng = np.random.default_rng(0)
    net = draw_parameters(Translator(score, cell, n_layers, n_directions), rng)
    x, n_rows = draw_input(rng, sum(lengths)), sum(target_lengths)
    symbols = torch.from_numpy(rng.integers(OUTPUTS, size=n_rows))
    outputs = torch.empty(n_rows, OUTPUTS, dtype=torch.float64)
    for target, source in enumerate(reads):
        rows = owners(target_lengths) == target
        outputs[rows] = net(x[owners(lengths) == source], symbols[rows])
    target, weight = draw_target(rng, "cross_entropy", n_rows), draw(rng, n_rows) ** 2
    value = weighted_loss("cross_entropy", outputs, target, weight)
    value.backward()
    return {
        **dict(translates=score or "none", cell=cell, n_layers=n_layers, n_directions=n_directions),
        **dict(lengths=lengths, target_lengths=target_lengths, reads=reads),
        **arrays(x=x, symbols=symbols, target=target, weight=weight),
        **arrays(outputs=outputs, value=value),
        **parameters_and_gradients(net),
    }


class Side(nn.Module):
    """Embedding and recurrent layers of an encoder or a decoder."""

    def __init__(self, cell, n_categories, n_numbers, n_layers, n_directions):
        super().__init__()
        self.embedding_0 = nn.Embedding(n_categories, 2, dtype=torch.float64)
        self.rnn = recurrent(cell, n_numbers + 2, n_layers, n_directions)


class Translator(nn.Module):
    """Encoder, dense bridge, decoder that reads the true symbols, attention and head."""

    def __init__(self, score, cell, n_layers, n_directions):
        super().__init__()
        options, self.n_states = {"dtype": torch.float64}, 1 + (cell == "lstm")
        self.encoder = Side(cell, CATEGORIES, 1, n_layers, n_directions)
        self.decoder = Side(cell, OUTPUTS, 0, n_layers, 1)
        n_blocks = n_layers * self.n_states
        self.decoder.bridge = nn.Linear(n_blocks * n_directions * H, n_blocks * H, **options)
        if score:
            self.decoder.attention = Attention(score, n_directions * H)
        self.decoder.head = nn.Linear(H, OUTPUTS, **options)

    def forward(self, x, symbols):
        """Outputs for one source, (n_steps, 2), and the symbol before each step of its target."""
        x = torch.hstack([x[:, 1:], self.encoder.embedding_0(x[:, 0].long())])
        keys, final = self.encoder.rnn(x)
        final = torch.stack(final if self.n_states == 2 else [final])
        by_layer = final.reshape(self.n_states, self.decoder.rnn.num_layers, -1).swapaxes(0, 1)
        values = torch.tanh(self.decoder.bridge(by_layer.flatten()))
        start = values.reshape(-1, self.n_states, H).swapaxes(0, 1).contiguous()
        vectors = self.decoder.embedding_0(symbols)
        queries, _ = self.decoder.rnn(vectors, tuple(start) if self.n_states == 2 else start[0])
        if hasattr(self.decoder, "attention"):
            queries, _ = self.decoder.attention(queries, keys)
        return self.decoder.head(queries)


class Attention(nn.Module):
    """Global attention of H-dimensional queries (Luong, Pham & Manning, 2015)."""

    def __init__(self, score, n_key):
        super().__init__()
        options = {"bias": False, "dtype": torch.float64}
        if score == "general":
            self.query = nn.Linear(H, n_key, **options)
        if score == "additive":
            self.query = nn.Linear(H, H, **options)
            self.key = nn.Linear(n_key, H, **options)
            self.score = nn.Linear(H, 1, **options)
        self.combine = nn.Linear(n_key + H, H, **options)
        self.kind = score

    def forward(self, queries, keys):
        """Let all queries read all keys."""
        q = queries if self.kind == "dot" else self.query(queries)
        if self.kind == "additive":
            scores = self.score(torch.tanh(q[:, None] + self.key(keys))).squeeze(2)
        else:
            scores = q @ keys.T
        weights = torch.softmax(scores, dim=1)
        return torch.tanh(self.combine(torch.hstack([weights @ keys, queries]))), weights


class Net(nn.Module):
    """Embedding of the first column of the input, recurrent layers, pooling and head."""

    def __init__(self, cell, n_layers, n_directions, pooling):
        super().__init__()
        self.embedding_0 = nn.Embedding(CATEGORIES, 2, dtype=torch.float64)
        self.rnn = recurrent(cell, 1 + 2, n_layers, n_directions)
        self.head = nn.Linear(n_directions * H, OUTPUTS, dtype=torch.float64)
        self.pooling = pooling

    def forward(self, x, lengths, state0):
        x = torch.hstack([x[:, 1:], self.embedding_0(x[:, 0].long())])
        outputs, final = run_packed(self.rnn, x, lengths, state0)
        return self.head(self.pool(outputs, final[0], lengths)), final

    def pool(self, outputs, h, lengths):
        if self.pooling == "none":
            return outputs
        if self.pooling == "last":
            last_layer = h[-2:] if self.rnn.bidirectional else h[-1:]
            return last_layer.transpose(0, 1).flatten(1)
        padded, _ = pad_packed_sequence(packed(outputs, lengths), batch_first=True)
        reduce = {"mean": torch.mean, "max": torch.amax}[self.pooling]
        steps = zip(padded, lengths, strict=True)
        return torch.stack([reduce(sequence[:n], dim=0) for sequence, n in steps])


LOSSES = {
    "cross_entropy": lambda f, y: F.cross_entropy(f, y, reduction="none")[:, None],
    "squared_error": lambda f, y: F.mse_loss(f, y, reduction="none") / 2,
    "absolute_error": lambda f, y: F.l1_loss(f, y, reduction="none"),
    "huber": lambda f, y: F.huber_loss(f, y, reduction="none"),
    "poisson": lambda f, y: F.poisson_nll_loss(f, y, log_input=True, reduction="none"),
    "quantile": lambda f, y: torch.maximum(QUANTILE * (y - f), (QUANTILE - 1) * (y - f)),
}


def weighted_loss(name, outputs, target, weight):
    """Weighted sum of the rows' losses, each a mean over its outputs."""
    return (LOSSES[name](outputs, target).mean(dim=1) * weight).sum()


def recurrent(cell, n_features, n_layers, n_directions):
    options = {"nonlinearity": cell} if MODULES[cell] is nn.RNN else {}
    return MODULES[cell](
        n_features, H, n_layers, bidirectional=n_directions == 2, dtype=torch.float64, **options
    )


def run_packed(rnn, x, lengths, state0):
    """Outputs (n_rows, n_directions * H) and final states, from packed rows."""
    is_lstm = isinstance(rnn, nn.LSTM)
    outputs, final = rnn(packed(x, lengths), tuple(state0) if is_lstm else state0[0])
    return outputs.data, torch.stack(final if is_lstm else [final])


def packed(rows, lengths):
    return PackedSequence(rows, pack_sequence([torch.empty(n) for n in lengths]).batch_sizes)


def owners(lengths):
    """Rank of the sequence that owns each packed row."""
    return pack_sequence([torch.full((n,), s) for s, n in enumerate(lengths)]).data


def state_shape(rnn, lengths):
    n_states, n_directions = 1 + isinstance(rnn, nn.LSTM), 1 + rnn.bidirectional
    return n_states, rnn.num_layers * n_directions, len(lengths), H


def draw(rng, *shape):
    """Normal numbers of few digits, which keep the files small."""
    return torch.from_numpy(rng.normal(size=shape).round(2)).requires_grad_()


def draw_input(rng, n_rows):
    """One column of ids and one of numbers."""
    ids, numbers = rng.integers(CATEGORIES, size=n_rows), rng.normal(size=n_rows)
    return torch.from_numpy(np.column_stack([ids, numbers]))


def draw_target(rng, loss, n_rows):
    if loss == "cross_entropy":
        return torch.from_numpy(rng.integers(OUTPUTS, size=n_rows))
    return torch.from_numpy(rng.gamma(1.0, size=(n_rows, OUTPUTS)))


def draw_parameters(module, rng):
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw(rng, *parameter.shape) / 2)
    return module


def named_parameters(module):
    """Parameters by the names they have in skrnn."""
    return {name.replace("rnn.", ""): value for name, value in module.named_parameters()}


def parameters_and_gradients(module, prefix=""):
    named = {prefix + name: value for name, value in named_parameters(module).items()}
    params = {f"param.{name}": parameter for name, parameter in named.items()}
    grads = {f"grad.{name}": parameter.grad for name, parameter in named.items()}
    return arrays(**params, **grads)


def arrays(**tensors):
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}


def store(name, numbers):
    np.savez_compressed(Path(__file__).parent / f"{name}.npz", **numbers)


def main():
    for cell, n_layers, n_directions in product(MODULES, (1, 2), (1, 2)):
        numbers = recurrent_numbers(cell, n_layers, n_directions)
        store(f"recurrent_{cell}_{n_layers}_{n_directions}", numbers)
    cells = ("lstm", "gru", "tanh", "relu", "gru", "lstm")
    poolings = ("last", "mean", "max", "none", "last", "mean")
    for cell, pooling, loss in zip(cells, poolings, LOSSES, strict=True):
        store(f"network_{loss}", network_numbers(cell, 2, 2, pooling, loss))
    for score in ("dot", "general", "additive"):
        store(f"attention_{score}", attention_numbers(score))
    store("ctc", ctc_numbers())
    for score, cell in zip(("none", "dot", "general", "additive"), MODULES, strict=True):
        n_directions = 1 if score == "dot" else 2
        numbers = translation_numbers(score.replace("none", ""), cell, 2, n_directions)
        store(f"translation_{score}", numbers)


if __name__ == "__main__":
    main()
