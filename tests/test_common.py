"""scikit-learn's own checks of an estimator, none of them expected to fail."""

import numpy as np
import pytest
from estimators import CASES, each_case
from sklearn.base import is_classifier
from sklearn.utils.estimator_checks import (
    check_class_weight_balanced_classifiers,
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

# Smaller and quicker than the defaults, and good enough for the checks that ask for a score. One
# asks weighted and repeated samples to give the same to 1e-7. They do to 1e-15 over 20 epochs, but
# a long training multiplies rounding errors: a bidirectional network of 64 units comes to 1e-7 in
# 100 epochs.
QUICK = {"hidden_size": 16, "max_iter": 50, "learning_rate_init": 0.02}
VARIANTS = [
    {},
    QUICK | {"cell_type": "rnn"},
    QUICK | {"cell_type": "rnn", "pooling": "max"},
    QUICK | {"cell_type": "gru"},
    QUICK | {"bidirectional": True},
    QUICK | {"decoder": "crf"},
    # Line searches multiply them from step to step, unless a penalty draws to the same minimum.
    {"solver": "lbfgs", "hidden_size": 8, "alpha": 5.0},
]
ESTIMATORS = [
    case.estimator(**variant)
    for case in CASES
    for variant in VARIANTS
    if variant.keys() <= case.make().get_params().keys()
]


# scikit-learn 1.7 puts a generator into the mark, of which pytest warns: hence the list.
CHECKS = parametrize_with_checks(ESTIMATORS)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learn_api(estimator, check):
    check(estimator)


# Checks that the above does not call.


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
