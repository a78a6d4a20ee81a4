"""Write small fitted objects as files that every later version must load.

    python tests/saved/make_models.py tests/saved/format_1

Run it once for each format of saved models, with the version that introduces the format, and never
again for an old one. Each file is a pickle of ``{"object", "X", "output"}``: the fitted object,
what it is given, and what it makes of that.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
from sklearn.preprocessing import StandardScaler

from skrnn import (
    GridScanner,
    RNNClassifier,
    RNNLanguageModel,
    RNNRegressor,
    SequenceArray,
    SequenceEncoder,
    SequenceGenerator,
    SequenceRegressor,
    SequenceTagger,
    SequenceTranslator,
    SlidingWindowTransformer,
    TimestepTransformer,
    TokenEncoder,
    WindowScaledRegressor,
)

SMALL = {"hidden_size": 3, "max_iter": 2, "random_state": 0, "learning_rate": "cosine"}
rng = np.random.default_rng(0)
RAGGED = [rng.standard_normal((n, 2)) for n in rng.integers(1, 6, 12)]
TOKENS = [rng.integers(0, 5, n) for n in rng.integers(1, 6, 12)]
TABLE = rng.standard_normal((12, 4))
LABELS = np.array(["down", "up"])[[int(x[:, 0].sum() > 0) for x in RAGGED]]
VALUES = np.array([[x.sum(), x[-1, 0]] for x in RAGGED])
STEPS = [np.where(x[:, 0] > 0, "up", "down") for x in RAGGED]
SPANS = [["B-x" if i % 2 == 0 else "I-x" for i in range(len(x))] for x in RAGGED]
SYMBOLS = [np.arange(1 + (len(x) > 2)) for x in RAGGED]
TEXTS = [" ".join(f"w{i}" for i in ids) for ids in TOKENS]


def models():
    """Yield a name, a fitted network and what it predicts from."""
    for cell in ("rnn", "lstm", "gru"):
        model = RNNClassifier(cell_type=cell, bidirectional=cell == "gru", pooling="max", **SMALL)
        yield f"classifier_{cell}", model.fit(RAGGED, LABELS), RAGGED
    yield "classifier_tokens", RNNClassifier(**SMALL, n_layers=2).fit(TOKENS, LABELS), TOKENS
    yield "classifier_table", RNNClassifier(**SMALL, dtype="float32").fit(TABLE, LABELS), TABLE
    yield "regressor", RNNRegressor(**SMALL).fit(RAGGED, VALUES), RAGGED
    counts = np.abs(VALUES[:, 0])
    yield "regressor_poisson", RNNRegressor(**SMALL, loss="poisson").fit(RAGGED, counts), RAGGED
    resumed = RNNRegressor(**SMALL, dropout=0.1).partial_fit(RAGGED, VALUES)
    yield "regressor_partial", resumed, RAGGED
    quantiles = RNNRegressor(**SMALL, loss="quantile", quantile=[0.1, 0.9])
    yield "regressor_quantiles", quantiles.fit(RAGGED, VALUES), RAGGED
    several = np.column_stack([LABELS == "up", LABELS == "down"]).astype(int)
    yield "classifier_several", RNNClassifier(**SMALL).fit(RAGGED, several), RAGGED
    sums = [x.cumsum(axis=0) for x in RAGGED]
    yield "sequence_regressor", SequenceRegressor(**SMALL).fit(RAGGED, sums), RAGGED
    yield "tagger", SequenceTagger(**SMALL).fit(RAGGED, STEPS), RAGGED
    crf = SequenceTagger(**SMALL, decoder="crf", transition_constraints="bio")
    yield "tagger_crf", crf.fit(RAGGED, SPANS), RAGGED
    longer = SMALL | {"max_iter": 60, "learning_rate_init": 0.05}
    yield "generator", SequenceGenerator(**longer).fit(TABLE, SYMBOLS), TABLE
    yield "translator", SequenceTranslator(**longer).fit(TOKENS, SYMBOLS), TOKENS
    emitter = SequenceTranslator(**longer, decoder="ctc", dtype="float32")
    yield "translator_ctc", emitter.fit(RAGGED, SYMBOLS), RAGGED


def transformers():
    """Yield a name, a fitted transformer and what it transforms."""
    yield "tokens", TokenEncoder(token_features=["suffix2"]).fit(TEXTS), TEXTS
    yield "windows", SlidingWindowTransformer(3, horizon=1).fit(TABLE), TABLE
    yield "timesteps", TimestepTransformer(StandardScaler()).fit(RAGGED), RAGGED
    images = TABLE.reshape(12, 2, 2)
    yield "grid", GridScanner().fit(images), images
    encoder = SequenceEncoder(RNNClassifier(**SMALL), pooling="mean")
    yield "encoder", encoder.fit(RAGGED, LABELS), RAGGED


def objects():
    """Yield a name, an object, its input and its output."""
    for name, model, X in models():
        predict = getattr(model, "predict_proba", model.predict)
        yield name, model, X, predict(X)
    for name, transformer, X in transformers():
        yield name, transformer, X, transformer.transform(X)
    scaled = WindowScaledRegressor(RNNRegressor(**SMALL)).fit(TABLE[:, :, None], TABLE[:, 0])
    yield "window_scaled", scaled, TABLE[:, :, None], scaled.predict(TABLE[:, :, None])
    texts = RNNLanguageModel(**SMALL).fit(TEXTS)
    yield "language_model", texts, TEXTS, texts.predict_proba(TEXTS)
    yield "sequence_array", SequenceArray.from_list(RAGGED), None, RAGGED


def main(folder):
    folder = Path(folder)
    folder.mkdir()
    for name, fitted, X, output in objects():
        content = {"object": fitted, "X": X, "output": output}
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(content, protocol=4))


if __name__ == "__main__":
    main(sys.argv[1])
