"""Time of tagging: the CRF against softmax, a large vocabulary against a small one, the encoder.

    python benchmarks/tagging_speed.py

All data are drawn at random. Times are the shortest of some repetitions, in processor seconds.
"""

import time

import numpy as np

from skrnn import SequenceTagger, TokenEncoder

N_SEQUENCES, N_TAGS = 2000, 20


def shortest(*functions, repetitions=7):
    """Shortest time of each; they take turns, so that a slow moment of the machine meets all."""
    times = np.empty((repetitions, len(functions)))
    for row in times:
        for i, function in enumerate(functions):
            start = time.process_time()
            function()
            row[i] = time.process_time() - start
    return times.min(axis=0)


def sentences(n_words, rng):
    """Ids of words and of tags, all equally frequent."""
    lengths = rng.integers(5, 36, N_SEQUENCES)
    ids = rng.integers(n_words, size=lengths.sum())
    ids[0] = n_words - 1  # tells the size of the vocabulary
    cuts = np.cumsum(lengths)[:-1]
    return np.split(ids, cuts), np.split(rng.permutation(np.arange(len(ids)) % N_TAGS), cuts)


def epoch(X, y, **parameters):
    """Function that trains a tagger for one more epoch."""
    model = SequenceTagger(bidirectional=True, embedding_dim=50, **parameters).partial_fit(X, y)
    return lambda: model.partial_fit(X, y)


def main():
    rng = np.random.default_rng(0)
    few, many = sentences(5000, rng), sentences(50_000, rng)
    small, crf, large = shortest(epoch(*few), epoch(*few, decoder="crf"), epoch(*many))
    print(f"{N_SEQUENCES} sentences of 20 tokens on average, {N_TAGS} tags; one epoch:")
    print(f"{small:.2f} s with softmax")
    print(f"{crf:.2f} s with a CRF: {crf / small:.2f} times that")
    print(f"{large:.2f} s with 50,000 words instead of 5,000: {large / small:.2f} times that")
    words = np.array([f"word{i}" for i in range(50_000)])
    for n_tokens in (250_000, 500_000, 1_000_000):
        tokens = words[np.minimum(rng.zipf(1.2, n_tokens), 50_000) - 1].tolist()
        texts = [tokens[i : i + 20] for i in range(0, n_tokens, 20)]
        encoder = TokenEncoder(token_features=["lower", "prefix2", "suffix3", "shape"])
        (seconds,) = shortest(lambda X=texts, encoder=encoder: encoder.fit(X), repetitions=3)
        print(f"TokenEncoder.fit: {n_tokens:,} tokens in {seconds:.2f} s")


if __name__ == "__main__":
    main()
