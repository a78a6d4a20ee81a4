"""Frames of video: how does it move?
===================================

A spot moves through a short film: does it circle, and which way round, or does it swing?

A film has 16 frames of 12 x 12 pixels, and a frame is a step of 144 features. The spot starts
anywhere, at its own pace, and the pixels are noisy. All four movements visit the same pixels, so
that what tells them apart is their order: the baselines, which see all 2304 pixels of a film at
once, would have to learn it for each place anew. Scores are those of films that were not in
training.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score

from skrnn import RNNClassifier

N_FRAMES, SIZE = 16, 12
MOVEMENTS = ["clockwise", "anticlockwise", "sideways", "up and down"]


def film(n_films, rng):
    """Films (n_films, N_FRAMES, SIZE, SIZE) and how the spot moves in each of them."""
    movement = rng.integers(4, size=(n_films, 1))
    t = np.arange(N_FRAMES) * rng.uniform(0.3, 0.6, (n_films, 1))
    angle = t * np.where(movement == 1, -1, 1) + rng.uniform(0, 2 * np.pi, (n_films, 1))
    x = np.where(movement == 3, 0, 1) * np.cos(angle)
    y = np.where(movement == 2, 0, 1) * np.sin(angle)
    centre, radius = rng.uniform(3.5, 7.5, (2, n_films, 1)), rng.uniform(2, 3, (n_films, 1))
    row, column = (centre + radius * [y, x])[..., np.newaxis, np.newaxis]
    rows, columns = np.mgrid[:SIZE, :SIZE]
    frames = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 2)
    return frames + rng.normal(scale=0.2, size=frames.shape), np.array(MOVEMENTS)[movement[:, 0]]


rng = np.random.default_rng(0)
(films, y), (test_films, y_test) = film(1000, rng), film(500, rng)


def as_steps(films):
    """Sequences of 16 steps of 144 features."""
    return films.reshape(len(films), N_FRAMES, -1).astype(np.float32)


# %%
# Train a network that reads frame by frame, and two models that see the whole film.

X, X_test = as_steps(films), as_steps(test_films)
flat, flat_test = X.reshape(len(X), -1), X_test.reshape(len(X_test), -1)
contest = {
    "logistic regression": (LogisticRegression(C=0.01, max_iter=500), flat, flat_test),
    "random forest": (RandomForestClassifier(random_state=0), flat, flat_test),
    "RNNClassifier": (RNNClassifier(max_iter=15, random_state=0), X, X_test),
}
for name, (model, known, new) in contest.items():
    predicted = model.fit(known, y).predict(new)
    print(f"{name:<20} accuracy {accuracy_score(y_test, predicted):.3f}", flush=True)

# %%
# A film of each kind that the network has not seen, and what it says.

figure, axes = plt.subplots(4, figsize=(9, 6), layout="constrained")
for ax, movement in zip(axes, MOVEMENTS, strict=True):
    i = np.flatnonzero(y_test == movement)[0]
    frames = np.pad(test_films[i, ::2], [(0, 0), (0, 0), (0, 1)], constant_values=np.nan)
    ax.imshow(np.hstack(list(frames)), cmap="magma", vmin=-0.3, vmax=1.2)
    ax.set_title(f"{movement}; the network says: {predicted[i]}", loc="left", fontsize=10)
    ax.set_axis_off()
plt.show()
