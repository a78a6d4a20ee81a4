"""Search for a tagger, store it, load it
======================================

Search for a good tagger by its span F1, store it with joblib, and load it.

The sentences are those of slots_and_intent.py; --data DIR means the same as there.
"""

import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from slots_and_intent import load

from skrnn import SequenceTagger, TokenEncoder
from skrnn.metrics import span_f1_scorer

X_train, y_train, _, X_test, y_test, _ = load()
tagger = SequenceTagger(token_dropout=0.1, learning_rate_init=0.02, max_iter=4, random_state=0)
grid = {
    "sequencetagger__cell_type": ["lstm", "gru"],
    "sequencetagger__decoder": ["softmax", "crf"],
    "sequencetagger__hidden_size": [4, 16],
}
model = make_pipeline(TokenEncoder(), tagger)
search = GridSearchCV(model, grid, scoring=span_f1_scorer, cv=3).fit(X_train, y_train)

results = search.cv_results_
for i in np.argsort(results["rank_test_score"]):
    print(f"{results['mean_test_score'][i]:.3f}", *results["params"][i].values())
print(f"test F1 of the best: {search.score(X_test, y_test):.3f}")

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "tagger.joblib")
    joblib.dump(search.best_estimator_, path)
    loaded = joblib.load(path)
    print(f"stored in {path.stat().st_size / 1024:.0f} KiB")
same = np.array_equal(
    np.concatenate(loaded.predict(X_test)), np.concatenate(search.predict(X_test))
)
print("loaded again, it predicts", "the same" if same else "something else")

figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
order = np.argsort(results["mean_test_score"])
names = [", ".join(map(str, results["params"][i].values())) for i in order]
ax.errorbar(
    results["mean_test_score"][order], names, xerr=results["std_test_score"][order], fmt="o"
)
ax.set(xlabel="span F1, mean and deviation of three folds", title="cell, decoder, units")
plt.show()
