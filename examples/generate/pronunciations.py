"""Pronunciations
==============

From letters to phones: how an English word is spoken.

Letters and phones are not the same in number: "though" has six and two. The translator reads the
word in both directions, and writes one phone after the other. Beside it stands the pronunciation of
the word that is spelt most like it. Errors are counted in edits for each phone. The picture shows
which letters were looked at for each phone; its steps read both directions, so that a neighbour of
the letter may do as well. Run it by::

    python examples/generate/pronunciations.py [--words N]
"""

import argparse

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

from skrnn import SequenceTranslator, TokenEncoder
from skrnn.datasets import load_pronunciations
from skrnn.inspection import AlignmentDisplay
from skrnn.metrics import symbol_error_rate

N_TEST = 500


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=3000)
    args = parser.parse_args()
    words, phones = load_pronunciations(return_X_y=True)
    X_test, y_test = words[-N_TEST:], phones[-N_TEST:]
    n = min(args.words, len(words) - N_TEST)
    X, y = words[:n], phones[:n]

    counts = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4))
    nearest = NearestNeighbors(n_neighbors=1).fit(counts.fit_transform(X))
    similar = nearest.kneighbors(counts.transform(X_test), return_distance=False)[:, 0]
    wrong = symbol_error_rate(y_test, [y[i] for i in similar])
    print(f"most similar word   phones wrong: {wrong:.3f}")

    network = SequenceTranslator(
        hidden_size=48,
        embedding_dim=32,
        symbol_dim=32,
        dropout=0.2,
        batch_size=32,
        max_iter=8,
        random_state=0,
    )
    model = make_pipeline(TokenEncoder(analyzer="char"), network).fit(X, y)
    predicted = model.predict(X_test)
    print(f"SequenceTranslator  phones wrong: {symbol_error_rate(y_test, predicted):.3f}")
    for word, read, true in list(zip(X_test, predicted, y_test, strict=True))[:5]:
        print(f"{word:12} {' '.join(read):28} {'' if read == true else 'for ' + ' '.join(true)}")
    letters = model[:-1].transform(["thought"])
    print("thought, the three best:")
    for best, score in model[-1].predict_n_best(letters, 3)[0]:
        print(f"  {' '.join(best):12} log-probability {score:.1f}")
    AlignmentDisplay.from_estimator(model, ["thought"])
    plt.show()


if __name__ == "__main__":
    main()
