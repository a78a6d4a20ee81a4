"""What the shared tests run over: estimators, networks, and forms of input.

A new estimator inherits every shared test by adding one row to `CASES`.
"""

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pytest

from skrnn import (
    RNNClassifier,
    RNNLanguageModel,
    RNNRegressor,
    SequenceArray,
    SequenceGenerator,
    SequenceRegressor,
    SequenceTagger,
    SequenceTranslator,
)
from skrnn._compat import check_parameters
from skrnn._core.cells import CELLS
from skrnn._targets.described import DescribedSymbol
from skrnn._targets.next_symbol import NextSymbol
from skrnn._targets.translated import EmittedSymbol, WrittenSymbol
from skrnn.metrics import token_accuracy_scorer

TINY = {
    "hidden_size": 4,
    "max_iter": 3,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "random_state": 0,
}
LONGEST = 7  # steps of a sequence


class Case(NamedTuple):
    """An estimator and what a shared test needs to know of it."""

    estimator: type
    target: Callable  # list of sequences -> y that can be learnt from them
    outputs: Callable  # model, X -> its finest predictions, sequence by sequence
    scoring: str | Callable  # the scorer that its own score agrees with
    known: dict = {}  # what its first partial_fit must be told
    params: dict = {}  # what its tiny version has for parameters beside those of all

    def __str__(self):
        return self.estimator.__name__

    def make(self, **params):
        """Return a tiny estimator."""
        return self.estimator(**TINY | self.params | params)

    def takes(self, params):
        """Whether there are parameters of these names, with such values."""
        if not params.keys() <= self.make().get_params().keys():
            return False
        try:
            check_parameters(self.make(**params))
        except ValueError:
            return False
        return True

    def partial_fit(self, model, X, y):
        """Continue training a model with a chunk."""
        return model.partial_fit(X, y, **self.known)


CLASSES = np.array(["low", "middle", "top"])


def labels(sequences):
    """Three classes by the mean of the first feature."""
    means = [sequence[:, 0].mean() for sequence in sequences]
    return CLASSES[np.digitize(means, [-0.2, 0.2])]


def values(sequences):
    """Sum of the first feature and half the last value of the last one, in some unit."""
    return np.array([20 + 3 * s[:, 0].sum() + 1.5 * s[-1, -1] for s in sequences])


def tags(sequences):
    """A label for each step, by the sign of the sum so far."""
    return object_array([np.where(s[:, 0].cumsum() > 0, "above", "below") for s in sequences])


def sums_so_far(sequences):
    """Value of each step: the sum of the first feature so far, in some unit."""
    return object_array([20 + 3 * s[:, 0].cumsum() for s in sequences])


def padded(sequences):
    """Values or vectors of each step in one array, zero after the end of a sequence."""
    result = np.zeros((len(sequences), LONGEST, *sequences[0].shape[1:]), sequences[0].dtype)
    for row, values_of_steps in zip(result, sequences, strict=True):
        row[: len(values_of_steps)] = values_of_steps
    return result


def step_score(model, X, y, sample_weight=None):
    """Score as the model does: scikit-learn's own scorers do not read steps."""
    return model.score(X, y, sample_weight=sample_weight)


def object_array(items):
    """A 1-D object array; ``np.array`` would stack sequences of equal length."""
    array = np.empty(len(items), object)
    array[:] = list(items)
    return array


CASES = [
    Case(
        estimator=RNNClassifier,
        target=labels,
        outputs=lambda model, X: model.predict_proba(X),
        scoring="accuracy",
        known={"classes": CLASSES},
    ),
    Case(
        estimator=RNNRegressor,
        target=values,
        outputs=lambda model, X: model.predict(X),
        scoring="r2",
    ),
    Case(
        estimator=SequenceTagger,
        target=tags,
        outputs=lambda model, X: padded(model.predict_proba(X)),
        scoring=token_accuracy_scorer,
        known={"classes": ["above", "below"]},
    ),
    Case(
        estimator=SequenceRegressor,
        target=sums_so_far,
        outputs=lambda model, X: padded(model.predict(X)),
        scoring=step_score,
    ),
]

each_case = pytest.mark.parametrize("case", CASES, ids=str)


# Estimators of symbols -------------------------------------------------------------------------


def symbols(sequences):
    """Sequences of three symbols, by the first feature of each step, or of tokens as they are."""
    first = [np.reshape(sequence, (len(sequence), -1))[:, 0] for sequence in sequences]
    if first[0].dtype.kind == "i":
        return [ids.tolist() for ids in first]
    return [np.digitize(values, [-0.4, 0.4]).tolist() for values in first]


class SymbolsOfNumbers(NextSymbol):
    """Symbols that `symbols` makes of what is given."""

    def check(self, y, data=None, held_out=False):
        return super().check(symbols(y), data, held_out)


class ModelOfNumbers(RNNLanguageModel):
    """A language model of sequences of numbers. It may be given targets, but reads none."""

    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        return super().fit(X, y, sample_weight, X_val=X_val, sample_weight_val=sample_weight_val)

    def _make_target(self, classes=None):
        target = super()._make_target(classes)
        target.__class__ = SymbolsOfNumbers
        return target


class SymbolsFromNumbers(DescribedSymbol):
    """Symbols that `symbols` makes of the targets."""

    def check(self, y, data=None, held_out=False):
        return super().check(symbols(y), data, held_out)


class GeneratorFromNumbers(SequenceGenerator):
    """A generator from the sums and last values of sequences of numbers."""

    def _read_data(self, X, y, schema):
        return super()._read_data(sums_and_last_values(X), y, schema)

    def _read_new(self, X):
        return super()._read_new(sums_and_last_values(X))

    def _make_target(self, classes=None, y=None):
        target = super()._make_target(classes)
        target.__class__ = SymbolsFromNumbers
        return target

    def score(self, X, y, sample_weight=None):
        """Score as in training: few sequences are exactly right after so short a training."""
        held_out = self._read_more(X, y, sample_weight, held_out=True)
        return self._target.score(held_out, self._log_likelihood(held_out))


def sums_and_last_values(sequences):
    """Vectors of two numbers."""
    dtype = np.asarray(next(iter(sequences))).dtype
    return np.array([(np.ravel(s).sum(), np.ravel(s)[-1]) for s in sequences], dtype)


class WrittenFromNumbers(WrittenSymbol):
    """Symbols that `symbols` makes of the targets."""

    def check(self, y, data=None, held_out=False):
        return super().check(symbols(y), data, held_out)


class EmittedFromNumbers(EmittedSymbol):
    """The same with equal neighbours as one, so that they are never more than the steps."""

    def check(self, y, data=None, held_out=False):
        return super().check([[s for s, _ in groupby(own)] for own in symbols(y)], data, held_out)


class TranslatorOfNumbers(SequenceTranslator):
    """A translator of sequences of numbers into symbols."""

    def _make_target(self, classes=None, y=None):
        target = super()._make_target(classes)
        targets = {WrittenSymbol: WrittenFromNumbers, EmittedSymbol: EmittedFromNumbers}
        target.__class__ = targets[type(target)]
        return target

    def score(self, X, y, sample_weight=None):
        """Score as in training: few sequences are exactly right after so short a training."""
        held_out = self._read_more(X, y, sample_weight, held_out=True)
        return self._judge(held_out, map)[0]


class EmitterOfNumbers(TranslatorOfNumbers):
    """One whose steps emit the symbols."""


def translations(model, X):
    """How probable two symbols are for each sequence."""
    if hasattr(model, "steps"):
        X, model = model[:-1].transform(X), model[-1]
    return np.column_stack([model.score_samples(X, len(X) * [[[y]]]) for y in (-1.0, 1.0)])


def likelihoods(model, X):
    """How probable two sequences of symbols are for each description."""
    n, model = len(X), getattr(model, "steps", [(None, model)])[-1][1]
    return np.column_stack([model.score_samples(X, n * [y]) for y in ([[-1.0], [0.0]], [[1.0]])])


SYMBOL_CASES = [
    Case(
        estimator=ModelOfNumbers,
        target=lambda sequences: np.zeros(len(sequences)),
        outputs=lambda model, X: model.predict_proba(X),
        scoring=step_score,
        known={"classes": [0, 1, 2]},
        params={"dtype": "float64"},
    ),
    Case(
        estimator=GeneratorFromNumbers,
        target=lambda sequences: object_array(sequences),
        outputs=likelihoods,
        scoring=step_score,
        known={"classes": [0, 1, 2]},
    ),
    *(
        Case(
            estimator=estimator,
            target=lambda sequences: object_array(sequences),
            outputs=translations,
            scoring=step_score,
            known={"classes": [0, 1, 2]},
            params={"decoder": decoder},
        )
        for estimator, decoder in ((TranslatorOfNumbers, "recurrent"), (EmitterOfNumbers, "ctc"))
    ),
]

# Those that read symbols, of what the numbers of the tests stand for, beside all others.
EVERY_CASE = CASES + SYMBOL_CASES
every_case = pytest.mark.parametrize("case", EVERY_CASE, ids=str)

NETWORKS = {
    **{cell: {"cell_type": cell} for cell in CELLS},
    "relu": {"cell_type": "rnn", "activation": "relu"},
    "bidirectional": {"bidirectional": True},
    "two layers": {"cell_type": "gru", "n_layers": 2, "bidirectional": True},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max", "bidirectional": True},
    "crf": {"decoder": "crf", "bidirectional": True},
    "no attention": {"attention": None, "cell_type": "lstm"},
    "attention": {"attention": "additive", "n_layers": 2},
}


def each_case_with(name, settings, cases=CASES):
    """Parametrise over estimators and those of the named settings that they have."""
    return pytest.mark.parametrize(
        f"case, {name}",
        [
            pytest.param(case, params, id=f"{case}-{label}")
            for case in cases
            for label, params in settings.items()
            if case.takes(params)
        ],
    )


each_network = each_case_with("network", NETWORKS)
every_network = each_case_with("network", NETWORKS, EVERY_CASE)
# Of those whose networks read nothing but steps.
every_plain_network = each_case_with("network", NETWORKS, [*CASES, SYMBOL_CASES[0]])


def series(sequences):
    """A pandas Series of arrays."""
    return pytest.importorskip("pandas").Series(object_array(sequences))


RAGGED_FORMS = {
    "list": list,
    "tuple": tuple,
    "object array": object_array,
    "series": series,
    "SequenceArray": SequenceArray.from_list,
}
FORMS = {"array": np.stack, **RAGGED_FORMS}

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def sequences(n=24, n_features=2, lengths=(1, LONGEST), seed=0):
    """Random sequences of lengths within the given bounds, the same at every call."""
    rng = np.random.default_rng(seed)
    low, high = lengths
    return [rng.standard_normal((k, n_features)) for k in rng.integers(low, high + 1, n)]


def equal_sequences(n=24, n_steps=5, n_features=2, seed=0):
    """Random sequences of the same length."""
    return sequences(n, n_features, (n_steps, n_steps), seed)


TOKENS = [np.random.default_rng(k).integers(0, 9, k % LONGEST + 1) for k in range(24)]


def numbers(tokens):
    """Sequences of numbers, to make targets of token sequences."""
    return [ids[:, np.newaxis] - 4.0 for ids in tokens]
