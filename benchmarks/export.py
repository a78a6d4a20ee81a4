"""How far the answers of exported networks are from those of the estimators.

    python -m benchmarks.export [onnx] [torch]

Needs onnx and onnxruntime, and torch. Every network is trained for an epoch, and the weights of all
but relu, which would grow without bounds, are then made twice as large, so that gates open and
close. The sequences have different lengths and are padded with a number that must not matter. Each
cell of the tables is the largest difference over one and two layers: of probabilities, or of
numbers in standard deviations of y. The sizes of the files follow.
"""

import sys
import warnings
from itertools import product

import numpy as np

from skrnn import RNNClassifier, RNNRegressor, SequenceRegressor, SequenceTagger
from skrnn.export import to_onnx, to_torch

CELLS = {
    "tanh": {"cell_type": "rnn"},
    "relu": {"cell_type": "rnn", "activation": "relu"},
    "lstm": {"cell_type": "lstm"},
    "gru": {"cell_type": "gru"},
}
POOLED = {pooling: {"pooling": pooling} for pooling in ("last", "mean", "max")}
ESTIMATORS = {
    RNNClassifier: POOLED,
    RNNRegressor: POOLED,
    SequenceTagger: {decoder: {"decoder": decoder} for decoder in ("softmax", "crf")},
    SequenceRegressor: {"every step": {}},
}
SMALL = {"hidden_size": 8, "max_iter": 1, "random_state": 0}
PADDING = 7.0  # what stands behind the ends of sequences


def ragged(n=24, n_features=3, longest=9, seed=0):
    """Random sequences of 1 to `longest` steps."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(k, n_features)) for k in rng.integers(1, longest + 1, n)]


def target_for(estimator, X):
    """Something to learn: the sum of the first feature, or its sign, of sequences or so far."""
    sums = [x[:, 0].cumsum() for x in X]
    if estimator in (RNNClassifier, RNNRegressor):
        sums = np.array([total[-1] for total in sums])
        return sums if estimator is RNNRegressor else np.where(sums > 0, "above", "below")
    if estimator is SequenceRegressor:
        return sums
    return [np.where(total > 0, "above", "below") for total in sums]


def trained(estimator, X, **params):
    """Return a fitted estimator with weights of a size that matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch is too few, which is not the question here
        model = estimator(**SMALL | params).fit(X, target_for(estimator, X))
    factor = 1 if params.get("activation") == "relu" else 2
    return model.set_coefs({name: factor * value for name, value in model.coefs_.items()})


def padded(X, dtype=np.float32):
    """Return sequences in one array, and their lengths."""
    lengths = np.array([len(x) for x in X])
    result = np.full((len(X), lengths.max(), *np.shape(X[0])[1:]), PADDING)
    for row, x in zip(result, X, strict=True):
        row[: len(x)] = x
    return result.astype(dtype), lengths


def run(exported, **inputs):
    """Return what ONNX Runtime makes of inputs, by name."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    file = exported.SerializeToString()
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def answers_of(model, X):
    """Return the finest answers of an estimator, one array for each sequence."""
    return list(getattr(model, "predict_proba", model.predict)(X))


def difference(found, expected):
    """Return the largest difference of answers, each at the steps that its sequence has."""
    pairs = [
        (ours[: len(theirs)] if np.ndim(theirs) else ours, theirs)
        for ours, theirs in zip(found, expected, strict=True)
    ]
    return max(np.max(np.abs(ours - theirs)) for ours, theirs in pairs)


def by_onnx(model, X):
    """Return the answers of a network as ONNX Runtime computes them."""
    values, lengths = padded(X)
    answers = run(to_onnx(model), X=values, lengths=lengths)
    return answers.get("probabilities", answers.get("prediction"))


def by_torch(model, X):
    """Return the answers of a network as torch computes them, or its scores for a CRF."""
    import torch

    values, lengths = (torch.from_numpy(array) for array in padded(X, model.dtype))
    return to_torch(model).answers(values, lengths).detach().numpy()


def differences(ways, estimator, params, X):
    """Yield the largest differences of a network of one and of two layers."""
    for n_layers in (1, 2):
        model = trained(estimator, X, n_layers=n_layers, **params)
        scale = getattr(model, "y_scale_", np.ones(1))[0]
        yield difference(ways(model, X), answers_of(model, X)) / scale


def table(ways, X):
    """Print the differences in float32 and float64, a row for each estimator and precision."""
    columns = [(cell, sides) for cell, sides in product(CELLS, (False, True))]
    heads = [f"{cell}, {'both' if sides else 'one'}" for cell, sides in columns]
    print("| estimator | reads | dtype |", " | ".join(heads), "|")
    print("|---" * (3 + len(heads)) + "|")
    for estimator, readings in ESTIMATORS.items():
        for (name, params), dtype in product(readings.items(), ("float32", "float64")):
            if name == "crf" and ways is by_torch:
                continue  # torch gets the scores only
            cells = [
                max(
                    differences(
                        ways,
                        estimator,
                        params | CELLS[cell] | {"bidirectional": sides, "dtype": dtype},
                        X,
                    )
                )
                for cell, sides in columns
            ]
            numbers = " | ".join(f"{value:.0e}" for value in cells)
            print(f"| {estimator.__name__} | {name} | {dtype} | {numbers} |", flush=True)


def sizes(X):
    """Print the sizes of files of networks with 64 units."""
    for cell, sides in product(CELLS, (False, True)):
        model = trained(RNNClassifier, X, hidden_size=64, bidirectional=sides, **CELLS[cell])
        size = len(to_onnx(model).SerializeToString()) / 1000
        print(f"64 units, {cell}, {'both directions' if sides else 'one direction'}: {size:.0f} kB")


WAYS = {"onnx": by_onnx, "torch": by_torch}


def main(names):
    """Print the tables that are asked for, or all."""
    X = ragged()
    for name in names or WAYS:
        print(f"\n{name}\n")
        table(WAYS[name], X)
    print()
    sizes(X)


if __name__ == "__main__":
    main(sys.argv[1:])
