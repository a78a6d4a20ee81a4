"""A first look
============

A first look, within a minute: texts, a series and images, each beside simple models.

    python examples/first_look.py [--short] [--plot FILE]

- Surnames: which of 18 languages is a name from? The network reads its letters in both directions;
  the other model counts groups of up to four letters. Scores are those of the test part.
- Sunspots: how many will next year have? All models know the years to 1920, and see the twelve
  before the one in question. The score is the customary one, the mean squared error over 1535.
- Digits: images of 8 x 8 pixels. The network reads them row by row, the other model sees all pixels
  at once. Folds are not shuffled, so that nearly all test images come from other writers.

A picture is saved if matplotlib is installed. With --short there is less of everything.
"""

import argparse
import importlib.util
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import RNNClassifier, RNNRegressor, SlidingWindowTransformer, TokenEncoder
from skrnn.datasets import load_sunspots, load_surnames


def classifier(max_iter, **parameters):
    """A GRU that reads in both directions; what it has seen anywhere counts."""
    return RNNClassifier(
        cell_type="gru", bidirectional=True, pooling="max", max_iter=max_iter, random_state=0,
        **parameters,
    )  # fmt: skip


def surnames(short):
    """Print accuracies, and return the share of each language's names taken for each other's."""
    train, test = load_surnames(subset="train"), load_surnames(subset="test")
    X, y = (train.data[:2000], train.target[:2000]) if short else (train.data, train.target)
    counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
    network = classifier(
        2 if short else 10, hidden_size=64, batch_size=64, learning_rate_init=0.01,
        token_dropout=0.1,
    )  # fmt: skip
    contest = {
        "most frequent language": DummyClassifier(),
        "TF-IDF": make_pipeline(counts, LogisticRegression(C=10, max_iter=1000)),
        "RNNClassifier": make_pipeline(TokenEncoder(analyzer="char", lowercase=False), network),
    }
    print(f"{len(X)} surnames to learn from, {len(test.data)} to test")
    for name, model in contest.items():
        labels = model.fit(X, y).predict(test.data)
        f1 = f1_score(test.target, labels, average="macro")
        accuracy = np.mean(labels == test.target)
        print(f"{name:<24} accuracy {accuracy:.3f}, mean F1 of languages {f1:.3f}", flush=True)
    return confusion_matrix(test.target, labels, normalize="true"), test.target_names


def sunspots(short):
    """Print errors, and return years, numbers and the network's forecasts."""
    series = load_sunspots()
    X, y, year = series.data, series.target, series.time.astype(int) + 1970
    network = RNNRegressor(
        cell_type="gru", hidden_size=16, batch_size=16, max_iter=5 if short else 50, random_state=0
    )
    forecasts = {"last year again": np.roll(y, 1)}
    for model, output in (RidgeCV(np.logspace(-2, 3, 6)), "2d"), (network, "3d"):
        windows = SlidingWindowTransformer(12, horizon=1, output=output)
        pipeline = make_pipeline(StandardScaler(), windows, model)
        past = year <= 1920
        forecasts[type(model).__name__] = pipeline.fit(X[past], y[past]).predict(X)
    print("\nsunspots, forecast a year ahead: error")
    for name, forecast in forecasts.items():
        spans = (year > 1920) & (year <= 1955), (year > 1955) & (year <= 1979)
        errors = [np.mean((forecast - y)[span] ** 2) / 1535 for span in spans]
        print(f"{name:<24} {errors[0]:.3f} to 1955, {errors[1]:.3f} to 1979", flush=True)
    return year, y, forecast


def digits(short):
    """Print accuracies of cross-validation."""
    images, y = load_digits(return_X_y=True)
    images = images[: 500 if short else None].astype(np.float32) / 16
    rows, y = images.reshape(-1, 8, 8), y[: len(images)]
    contest = {
        "logistic regression": (LogisticRegression(max_iter=1000), images),
        "RNNClassifier": (classifier(5 if short else 20), rows),
    }
    print(f"\n{len(y)} images of handwritten digits, 5-fold cross-validation")
    for name, (model, X) in contest.items():
        scores = cross_val_score(model, X, y)
        print(f"{name:<24} accuracy {scores.mean():.3f} +/- {scores.std():.3f}", flush=True)


def plot(path, confusion, languages, year, y, forecast):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    shown = year > 1900
    left.plot(year[shown], y[shown], "0.6", label="sunspots")
    left.plot(year[year > 1920], forecast[year > 1920], label="forecast a year ahead")
    left.set(xlabel="year", title="RNNRegressor")
    left.legend()
    image = right.imshow(confusion, cmap="Blues", vmin=0, vmax=1)
    right.set_xticks(range(len(languages)), languages, rotation=90)
    right.set_yticks(range(len(languages)), languages)
    right.set(xlabel="taken for", ylabel="names that are", title="RNNClassifier")
    figure.colorbar(image)
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="less of everything, for a trial")
    parser.add_argument("--plot", metavar="FILE", default="first_look.png", help="the picture")
    arguments, start = parser.parse_args(), time.perf_counter()
    confusion, languages = surnames(arguments.short)
    years = sunspots(arguments.short)
    digits(arguments.short)
    print(f"\n{time.perf_counter() - start:.0f} seconds")
    if importlib.util.find_spec("matplotlib"):
        plot(arguments.plot, confusion, languages, *years)
        print(f"picture: {arguments.plot}")


if __name__ == "__main__":
    main()
