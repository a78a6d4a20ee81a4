"""Frames of speech: which sound is it?
=====================================

Every hundredth of a second of speech has a spectrum: which of ten sounds does it belong to?

The spectra are made as the simplest synthesizers make them: vowels have two resonances of the
mouth, formants, whose frequencies are those that Peterson & Barney (1952) measured; others hum,
hiss or are silent. Speakers have longer or shorter mouths, which moves all formants, and a sound
glides into the next one, so that a single frame often says little. Words are syllables in a row.
The baselines see a frame, or a frame and five on either side; SequenceTagger reads the whole
utterance in both directions. Test speakers are others than those in training.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import uniform_filter1d
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score

from skrnn import SequenceTagger

FORMANTS = {"i": (270, 2290), "e": (530, 1840), "a": (730, 1090), "o": (570, 840), "u": (300, 870)}
CONSONANTS = {"m": (250, 1000), "l": (380, 1200), "s": (3500, 3800), "f": (2400, 3600)}
SOUNDS, SILENCE = FORMANTS | CONSONANTS, "-"
BANDS = np.geomspace(200, 4000, 20)


def utter(rng):
    """Spectra (n_frames, 20) and sounds (n_frames,) of a few words by one speaker."""
    sounds = [SILENCE]
    for _ in range(3):
        for _ in range(rng.integers(1, 4)):
            sounds += [str(rng.choice(list(CONSONANTS))), str(rng.choice(list(FORMANTS)))]
        sounds += [SILENCE]
    y = np.repeat(sounds, rng.integers(5, 13, len(sounds)))
    peaks = np.log([SOUNDS.get(sound, (100, 100)) for sound in y]) + rng.normal(scale=0.12)
    strength = np.where(y == SILENCE, 0, np.where(np.isin(y, list(CONSONANTS)), 0.5, 1.0))
    peaks, strength = (uniform_filter1d(part, 7, axis=0) for part in (peaks, strength))  # a glide
    shape = np.exp(-((np.log(BANDS) - peaks[..., np.newaxis]) ** 2) / 0.04).sum(axis=1)
    return strength[:, np.newaxis] * shape + rng.normal(scale=0.25, size=(len(y), 20)), y


def with_neighbours(x, n):
    """Each frame with n on either side."""
    padded = np.pad(x, ((n, n), (0, 0)))
    return np.hstack([padded[i : i + len(x)] for i in range(2 * n + 1)])


rng = np.random.default_rng(0)
X, y = zip(*(utter(rng) for _ in range(200)), strict=True)
X_test, y_test = zip(*(utter(rng) for _ in range(50)), strict=True)
true = np.concatenate(y_test)
print(f"{len(np.concatenate(X))} frames to learn from, {len(true)} of others to label")
for name, n in ("one frame", 0), ("eleven frames", 5):
    frames, new = (np.vstack([with_neighbours(x, n) for x in part]) for part in (X, X_test))
    linear = LogisticRegression(C=0.1, max_iter=500).fit(frames, np.concatenate(y))
    print(f"logistic regression, {name:<14} accuracy {linear.score(new, true):.3f}", flush=True)
tagger = SequenceTagger(hidden_size=48, batch_size=8, max_iter=20, random_state=0).fit(X, y)
labels = tagger.predict(X_test)
print(f"{'SequenceTagger':<35} accuracy {accuracy_score(true, np.concatenate(labels)):.3f}")

figure, axes = plt.subplots(
    3, sharex=True, figsize=(9, 5), height_ratios=[5, 1, 1], layout="constrained"
)
axes[0].imshow(X_test[3].T, origin="lower", aspect="auto", cmap="magma")
axes[0].set(ylabel="band", yticks=[0, 19], yticklabels=["200 Hz", "4 kHz"])
for ax, name, sounds in (axes[1], "said", y_test[3]), (axes[2], "heard", labels[3]):
    codes = np.searchsorted(tagger.classes_, sounds)
    ax.imshow(codes[np.newaxis], aspect="auto", cmap="tab10", vmin=0, vmax=9)
    edges = np.flatnonzero(np.diff(codes, prepend=-1, append=-1))
    for start, stop in zip(edges, edges[1:], strict=False):
        ax.text((start + stop - 1) / 2, 0, sounds[start], ha="center", va="center", color="w")
    ax.set(yticks=[0], yticklabels=[name])
axes[2].set(xlabel="hundredths of a second")
plt.show()
