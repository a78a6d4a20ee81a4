"""Dates
=====

Dates as people write them, to dates as machines read them: "the 3rd of March 1997" to "1997-03-03".

A translator reads the characters, and writes others: an encoder and a decoder with attention. It is
told neither the names of the months nor what a day is. Beside it, a linear classifier for each of
the eight digits counts groups of characters. It is told that answers have eight digits in fixed
places, and with that it needs no translator: where the form of the answers is known, try it first.
The picture shows which characters the translator looked at for each that it wrote. Run it by::

    python examples/generate/dates.py [--pairs N]
"""

import argparse
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline

from skrnn import SequenceTranslator, TokenEncoder
from skrnn.inspection import AlignmentDisplay

ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
FORMS = [
    "{day} {month} {year}",
    "{month} {day}, {year}",
    "{day}{ending} of {month} {year}",
    "{month} the {day}{ending}, {year}",
    "{weekday}, {day} {short} {year}",
    "{short} {day} {year}",
    "{weekday} the {day}{ending} of {month}, {year}",
]


def make_dates(n_pairs, random_state=0):
    """Dates in words, and in the form of ISO 8601, from 1900 to 2099."""
    rng = np.random.default_rng(random_state)
    first, last = date(1900, 1, 1).toordinal(), date(2099, 12, 31).toordinal()
    days = [date.fromordinal(int(i)) for i in rng.integers(first, last + 1, n_pairs)]
    return [write(day, FORMS[rng.integers(len(FORMS))]) for day in days], [*map(str, days)]


def write(day, form):
    words = {"month": f"{day:%B}", "short": f"{day:%B}"[:3], "weekday": f"{day:%A}"}
    return form.format(day=day.day, ending=ENDINGS.get(day.day, "th"), year=day.year, **words)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=3000)
    args = parser.parse_args()
    X, y = make_dates(args.pairs, random_state=0)
    X_test, y_test = make_dates(500, random_state=1)
    model = make_pipeline(
        TokenEncoder(analyzer="char"), SequenceTranslator(hidden_size=64, random_state=0)
    ).fit(X, y)
    counts = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), max_features=3000)
    by_digit = make_pipeline(counts, MultiOutputClassifier(RidgeClassifier()))
    by_digit.fit(X, [[*day.replace("-", "")] for day in y])
    digits = [[*day.replace("-", "")] for day in y_test]
    print(f"digits by counts: {(by_digit.predict(X_test) == digits).all(axis=1).mean():.3f} right")
    for written, read in zip(X_test[:4], model.predict(X_test[:4]), strict=True):
        print(f"{written:36} {read}")
    print(f"right as a whole: {model.score(X_test, y_test):.3f} of {len(X_test)} dates")
    AlignmentDisplay.from_estimator(model, X_test)
    plt.show()


if __name__ == "__main__":
    main()
