"""scikit-learn's own checks of an estimator, none of them expected to fail."""

import numpy as np
import pytest
from estimators import CASES, each_case
from sklearn.base import is_classifier
from sklearn.utils.estimator_checks import (
    check_class_weight_balanced_classifiers,
    check_dataframe_column_names_consistency,
    check_param_validation,
    check_sample_weight_equivalence_on_dense_data,
    parametrize_with_checks,
)

from skrnn._core.cells import CELLS

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
