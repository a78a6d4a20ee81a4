"""One epoch of an encoder and a decoder, and greedy decoding, against torch on one thread.

    python benchmarks/translation_speed.py [--pairs N]

Letters of words and their phones, from `load_pronunciations`: a GRU of 128 units in both
directions, a GRU decoder of 128, 'general' attention after the recurrence, mini-batches of 32 of
similar lengths, Adam, float32. torch reads packed sources and padded targets, with masks in the
attention and in the loss. Times are processor seconds.
"""

import argparse
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from skrnn import SequenceTranslator, TokenEncoder
from skrnn.datasets import load_pronunciations

H, SIZE, BATCH = 128, 16, 32


class Translator(nn.Module):
    """The same network as SequenceTranslator's."""

    def __init__(self, n_letters, n_symbols):
        super().__init__()
        self.letters = nn.Embedding(n_letters, SIZE)
        self.symbols = nn.Embedding(n_symbols, SIZE)
        self.encoder = nn.GRU(SIZE, H, bidirectional=True, batch_first=True)
        self.decoder = nn.GRU(SIZE, H, batch_first=True)
        self.bridge = nn.Linear(2 * H, H)
        self.query = nn.Linear(H, 2 * H, bias=False)
        self.combine = nn.Linear(3 * H, H, bias=False)
        self.head = nn.Linear(H, n_symbols)

    def encode(self, x, lengths):
        packed = pack_padded_sequence(
            self.letters(x), lengths, batch_first=True, enforce_sorted=False
        )
        keys, final = self.encoder(packed)
        keys, _ = pad_packed_sequence(keys, batch_first=True)
        beyond = torch.arange(keys.shape[1]) >= lengths[:, None]
        return keys, beyond, torch.tanh(self.bridge(torch.cat(tuple(final), dim=1)))[None]

    def decode(self, symbols, keys, beyond, state):
        queries, state = self.decoder(self.symbols(symbols), state)
        scores = self.query(queries) @ keys.transpose(1, 2)
        weights = scores.masked_fill(beyond[:, None], -torch.inf).softmax(dim=2)
        context = torch.cat([weights @ keys, queries], dim=2)
        return self.head(torch.tanh(self.combine(context))), state


def epoch(net, pairs):
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    for batch in pairs:
        x, lengths, y = batch
        before, after, known = y[:, :-1].clamp(min=0), y[:, 1:], y[:, 1:] >= 0
        outputs, _ = net.decode(before, *net.encode(x, lengths))
        loss = nn.functional.cross_entropy(outputs[known], after[known])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()


@torch.no_grad()
def greedy(net, pairs, end, longest):
    for x, lengths, _ in pairs:
        keys, beyond, state = net.encode(x, lengths)
        symbols, ended = torch.full((len(x), 1), end), torch.zeros(len(x), dtype=bool)
        for _ in range(longest):
            outputs, state = net.decode(symbols, keys, beyond, state)
            symbols = outputs.argmax(dim=2)
            ended |= symbols[:, 0] == end
            if ended.all():
                break


def batches(ids, targets, end, size):
    """Batches of pairs of similar lengths, as tensors."""
    order = sorted(range(len(ids)), key=lambda i: (len(ids[i]), len(targets[i])))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        x = [torch.as_tensor(np.ravel(ids[i]).astype(np.int64)) for i in chosen]
        y = [torch.tensor([end, *targets[i], end]) for i in chosen]
        lengths = torch.tensor([len(one) for one in x])
        padded = pad_sequence(y, batch_first=True, padding_value=-1)
        yield pad_sequence(x, batch_first=True), lengths, padded


def timed(function, *args, repeat=3):
    """Smallest processor time of some calls."""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        function(*args)
        seconds.append(time.process_time() - start)
    return min(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=2000)
    n = parser.parse_args().pairs
    torch.set_num_threads(1)
    words, phones = load_pronunciations(return_X_y=True)
    X, y = TokenEncoder(analyzer="char").fit_transform(words[:n]), phones[:n]
    model = SequenceTranslator(batch_size=BATCH, max_iter=1, embedding_dim=SIZE, symbol_dim=SIZE)
    ours = timed(model.fit, X, y)
    number = {symbol: i for i, symbol in enumerate(model.classes_)}
    end, targets = len(number), [[number[symbol] for symbol in one] for one in y]
    net = Translator(int(X.values.max()) + 1, end + 1)
    training = list(batches(X.to_list(), targets, end, BATCH))
    theirs = timed(epoch, net, training)
    print(f"epoch of {n} pairs     skrnn {ours:.2f} s, torch {theirs:.2f} s: {theirs / ours:.2f}")
    model.set_params(max_iter=8, beam_width=1).fit(X, y)
    for _ in range(8):
        epoch(net, training)
    large = list(batches(X.to_list()[:1000], targets[:1000], end, 256))
    times = {w: timed(model.set_params(beam_width=w).predict, X[:1000]) for w in (1, 5)}
    theirs = timed(greedy, net, large, end, 20)
    print(f"greedy, 1000 words   skrnn {times[1]:.2f} s, torch {theirs:.2f} s")
    print(f"beam 5               skrnn {times[5]:.2f} s, {times[5] / times[1]:.1f} times greedy")


if __name__ == "__main__":
    main()
