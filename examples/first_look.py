"""A first look
============

A first look, within a minute: texts, a series and images, each beside simple models. With
``--short`` there is less of everything; ``first_look.png`` saves the picture under that name.

- Surnames: which of 18 languages is a name from? The network reads its letters in both directions;
  the other model counts groups of up to four letters. Scores are those of the test part.
- Sunspots: how many will next year have? All models know the years to 1920, and see the twelve
  before the one in question. The score is the customary one, the mean squared error over 1535.
- Digits: images of 8 x 8 pixels. The network reads rows and columns, each there and back; the other
  model sees all pixels. Folds are not shuffled, so that most test images are by other writers.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import GridScanner, RNNClassifier, RNNRegressor, SlidingWindowTransformer, TokenEncoder
from skrnn.datasets import load_sunspots, load_surnames

is_short = "--short" in sys.argv
train, test = load_surnames(subset="train"), load_surnames(subset="test")
n_names = 2000 if is_short else None
options = {"batch_size": 64, "learning_rate_init": 0.01, "token_dropout": 0.1, "random_state": 0}
network = RNNClassifier(max_iter=2 if is_short else 10, **options)
counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
print(f"{len(train.data[:n_names])} surnames to learn from, {len(test.data)} to test")
for name, model in {
    "most frequent language": DummyClassifier(),
    "TF-IDF": make_pipeline(counts, LogisticRegression(C=10, max_iter=1000)),
    "RNNClassifier": make_pipeline(TokenEncoder(analyzer="char", lowercase=False), network),
}.items():
    labels = model.fit(train.data[:n_names], train.target[:n_names]).predict(test.data)
    accuracy, f1 = np.mean(labels == test.target), f1_score(test.target, labels, average="macro")
    print(f"{name:<24} accuracy {accuracy:.3f}, mean F1 of languages {f1:.3f}", flush=True)

series = load_sunspots()
X, y, year = series.data, series.target, series.time.astype(int) + 1970
past, forecasts = year <= 1920, {"last year again": np.roll(y, 1)}
options = {"hidden_size": 16, "batch_size": 16, "random_state": 0}
network = RNNRegressor(max_iter=5 if is_short else 50, **options)
for model, output in (RidgeCV(np.logspace(-2, 3, 6)), "2d"), (network, "3d"):
    windows = SlidingWindowTransformer(12, horizon=1, output=output)
    pipeline = make_pipeline(StandardScaler(), windows, model).fit(X[past], y[past])
    forecasts[type(model).__name__] = pipeline.predict(X)
print("\nsunspots, forecast a year ahead: error")
for name, forecast in forecasts.items():
    spans = (year > 1920) & (year <= 1955), (year > 1955) & (year <= 1979)
    errors = [np.mean((forecast - y)[span] ** 2) / 1535 for span in spans]
    print(f"{name:<24} {errors[0]:.3f} to 1955, {errors[1]:.3f} to 1979", flush=True)

images, digits = (part[: 500 if is_short else None] for part in load_digits(return_X_y=True))
images = images.astype(np.float32) / 16
scanner = GridScanner(["down", "right"], shape=(8, 8))
network = RNNClassifier(max_iter=5 if is_short else 20, random_state=0)
print(f"\n{len(images)} images of handwritten digits, 5-fold cross-validation")
for model in make_pipeline(LogisticRegression(max_iter=1000)), make_pipeline(scanner, network):
    scores = cross_val_score(model, images, digits)
    print(f"{type(model[-1]).__name__:<24} accuracy {scores.mean():.3f} +/- {scores.std():.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
left.plot(year[year > 1900], y[year > 1900], "0.6", label="sunspots")
left.plot(year[~past], forecast[~past], label="forecast a year ahead")
left.set(xlabel="year", title="RNNRegressor")
left.legend()
right.matshow(confusion_matrix(test.target, labels, normalize="true"), cmap="Blues")
right.set(xlabel="taken for", ylabel="language", title="RNNClassifier", xticks=[])
right.set_yticks(range(len(test.target_names)), test.target_names)
plt.savefig(sys.argv[-1]) if sys.argv[-1].endswith(".png") else plt.show()
