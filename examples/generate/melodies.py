"""Melodies of a genre
===================

New waltzes, marches, lullabies and blues, note by note, from the name of the genre.

The melodies of training are made by rules: a bar begins with a note of its chord, the others walk
from there in the scale, and two rhythms take turns. Counts of pairs know which note often follows
which, but neither the rhythm nor the next chord. The rules tell the probability of every melody,
and so the least bits that are possible. The picture shows a new melody of each genre.
"""

from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from skrnn import SequenceGenerator

MAJOR, BLUES = [0, 2, 4, 5, 7, 9, 11], [0, 3, 5, 6, 7, 10, 12]
# Scale, rhythms of a bar in eighths, chords of the bars by the place of their root in the scale.
GENRES = {
    "waltz": (MAJOR, [(4, 2), (2, 2, 2), (2, 4)], [0, 0, 4, 4, 4, 4, 0, 0]),
    "march": (MAJOR, [(3, 1, 2, 2), (2, 2, 4), (3, 1, 4)], [0, 3, 0, 4, 0, 3, 4, 0]),
    "lullaby": (MAJOR, [(2, 1, 3), (3, 3), (2, 1, 2, 1)], [0, 0, 3, 0, 3, 0, 4, 0]),
    "blues": (BLUES, [(3, 1, 3, 1), (3, 1, 4), (4, 3, 1)], [0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 0]),
}


def compose(scale, rhythms, chords, rng):
    """A list of notes, "pitch/length", and the logarithm to base 2 of its probability."""
    taken, place, notes = rng.integers(len(rhythms), size=2), 0, []
    log_p = -2 * np.log2(len(rhythms))
    for bar, root in enumerate(chords[:-1]):
        for i, length in enumerate(rhythms[taken[bar % 2]]):
            near = np.arange(max(place - 3, 0), min(place + 4, 14))
            steps = near[(near - root) % 7 % 2 == 0] if i == 0 else near[near != place]
            p = 0.5 ** abs(steps - place) / (1 + ((steps - root) % 7 > 4))  # sixths are rare
            p /= p.sum()
            chosen = rng.choice(len(steps), p=p)
            place, log_p = steps[chosen], log_p + np.log2(p[chosen])
            notes.append(f"{60 + 12 * (place // 7) + scale[place % 7]}/{length}")
    return [*notes, f"60/{sum(rhythms[0])}"], log_p


def bits_of_pairs(train, test, n_symbols, alpha=0.02):
    """Bits of (genre, notes) by counts of the note before, to each of which alpha is added."""
    seen, before = Counter(pairs(train)), Counter(pair[:2] for pair in pairs(train))
    p = [(seen[x] + alpha) / (before[x[:2]] + alpha * n_symbols) for x in pairs(test)]
    return -np.log2(p).sum()


def pairs(melodies):
    return [(genre, *two) for genre, notes in melodies for two in pairwise(["", *notes, ""])]


rng, n = np.random.default_rng(0), 1200
genre = np.arange(n + 400) % len(GENRES)
y, log_p = zip(*(compose(*list(GENRES.values())[k], rng) for k in genre), strict=True)
network = SequenceGenerator(
    hidden_size=96, categorical_features=[0], unknown_symbol="?", min_count=2, random_state=0
).fit(genre[:n, np.newaxis], y[:n])
melodies = list(zip(genre, y, strict=True))
bits = {
    "SequenceGenerator": -network.score_samples(genre[n:, np.newaxis], y[n:]).sum() / np.log(2),
    "pairs, by genre": bits_of_pairs(melodies[:n], melodies[n:], len(network.classes_) + 1),
    "least possible": -sum(log_p[n:]),
}
for name, total in bits.items():
    print(f"{name:18} {total / sum(len(notes) + 1 for notes in y[n:]):.3f} bits for each note")
new = network.sample(np.arange(len(GENRES))[:, np.newaxis], temperature=0.8, random_state=0)
_, axes = plt.subplots(len(GENRES), figsize=(9, 7), sharey=True, layout="constrained")
for ax, name, notes in zip(axes, GENRES, new, strict=True):
    print(f"{name:8}", *notes)
    pitch, length = np.array([note.split("/") for note in notes], int).T
    end, bar = np.cumsum(length), sum(GENRES[name][1][0])
    ax.barh(pitch, length, left=end - length, height=0.9, edgecolor="white")
    ax.set(title=name, ylabel="Pitch", xlabel="Bars", xticks=range(0, end[-1], bar), xticklabels=[])
plt.show()
