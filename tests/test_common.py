"""scikit-learn's own checks of an estimator, none of them expected to fail."""

import numpy as np
import pytest
from estimators import CASES, each_case
from sklearn.base import is_classifier
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import (
    check_class_weight_balanced_classifiers,
    check_dataframe_column_names_consistency,
    check_param_validation,
    check_sample_weight_equivalence_on_dense_data,
    parametrize_with_checks,
)

from skrnn import RNNLanguageModel, SequenceGenerator, SequenceTranslator
from skrnn._core.cells import CELLS
from skrnn._targets.described import DescribedSymbol
from skrnn._targets.translated import EmittedSymbol, WrittenSymbol

pytestmark = pytest.mark.slow  # all of it together

# Smaller and quicker than the defaults, and good enough for the checks that ask for a score.
QUICK = {"hidden_size": 16, "max_iter": 50, "learning_rate_init": 0.02}
VARIANTS = [
    {},
    *(QUICK | {"cell_type": cell_type} for cell_type in CELLS),
    QUICK | {"cell_type": "rnn", "pooling": "max"},
    QUICK | {"bidirectional": True},
    QUICK | {"decoder": "crf"},
    {"solver": "lbfgs", "hidden_size": 8},
]


def each(variants):
    return [
        case.estimator(**variant)
        for case in CASES
        for variant in variants
        if variant.keys() <= case.make().get_params().keys()
    ]


# scikit-learn 1.7 puts a generator into the mark, of which pytest warns: hence the list.
CHECKS = parametrize_with_checks(each(VARIANTS))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learn_api(estimator, check):
    check(estimator)


# Checks that the above does not call.


FULL_SIZE = [
    *({"cell_type": cell_type} for cell_type in CELLS),
    {"bidirectional": True},
    {"solver": "lbfgs"},
    {"solver": "lbfgs", "bidirectional": True},
    {"decoder": "crf"},
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", each(FULL_SIZE), ids=str)
def test_weights_equal_repetitions_however_long_the_training(estimator):
    check_sample_weight_equivalence_on_dense_data(str(estimator), estimator)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@each_case
def test_parameters_are_validated(case, solver):
    check_param_validation(str(case), case.make(solver=solver))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@each_case
def test_columns_of_frames_are_consistent(case):
    pytest.importorskip("pandas")
    check_dataframe_column_names_consistency(str(case), case.make())


@pytest.mark.parametrize("case", [case for case in CASES if is_classifier(case.make())], ids=str)
def test_balanced_class_weights_help_the_rare_class(case):
    rng = np.random.default_rng(0)

    def overlapping(n_usual, n_rare):
        y = np.repeat([0, 1], [n_usual, n_rare])
        return rng.standard_normal((len(y), 3)) + 0.7 * y[:, None], y

    train, test = overlapping(90, 10), overlapping(50, 50)
    check_class_weight_balanced_classifiers(str(case), case.make(), *train, *test, None)


# Estimators of symbols. scikit-learn has no X for a language model, which is checked by hand and
# without data; a generator learns labels as sequences of one symbol.

WITHOUT_DATA = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_param_validation",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.mark.parametrize("check", WITHOUT_DATA)
@pytest.mark.parametrize("estimator", [RNNLanguageModel, SequenceGenerator, SequenceTranslator])
def test_checks_that_need_no_data(estimator, check):
    check = getattr(estimator_checks, check, None) or pytest.skip("not in this scikit-learn")
    check(estimator.__name__, estimator())


def one_symbol(labels):
    """Return labels as sequences of one symbol."""
    return [np.ravel(label) for label in np.asarray(labels)]


def are_equal(self, y, predicted):
    return np.asarray(y) == predicted


class Labels(DescribedSymbol):
    """Labels that vectors have."""

    are_equal = are_equal

    def check(self, y, data=None, held_out=False):
        return super().check(one_symbol(y), data, held_out)


class Written(WrittenSymbol):
    """Labels that a decoder writes."""

    are_equal = are_equal

    def check(self, y, data=None, held_out=False):
        return super().check(one_symbol(y), data, held_out)


class Emitted(EmittedSymbol):
    """Labels that the steps of a sequence emit."""

    are_equal = are_equal

    def check(self, y, data=None, held_out=False):
        return super().check(one_symbol(y), data, held_out)


class OfLabels:
    """An estimator that is given labels, and gives the first symbol of what it predicts."""

    labels = {DescribedSymbol: Labels, WrittenSymbol: Written, EmittedSymbol: Emitted}

    def _make_target(self, classes=None, y=None):
        target = super()._make_target(classes)
        target.__class__ = self.labels[type(target)]
        return target

    def predict(self, X):
        return np.array([(*label, -1)[0] for label in super().predict(X)])

    def score_samples(self, X, y=None):
        """Say without y, which densities do not have, how probable the first label is."""
        return super().score_samples(X, np.full(len(X), self.classes_[0]) if y is None else y)


class GeneratorOfLabels(OfLabels, SequenceGenerator):
    """One symbol from a vector."""


class TranslatorOfLabels(OfLabels, SequenceTranslator):
    """One symbol from a sequence."""


OF_LABELS = [
    GeneratorOfLabels(hidden_size=8),
    TranslatorOfLabels(hidden_size=4, beam_width=1, max_iter=10),
    TranslatorOfLabels(hidden_size=4, decoder="ctc", beam_width=1, max_iter=10),
]
GENERATOR_CHECKS = list(parametrize_with_checks(OF_LABELS).args[1])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator, check", GENERATOR_CHECKS)
def test_scikit_learn_api_of_a_generator(estimator, check):
    check(estimator)
