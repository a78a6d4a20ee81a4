"""scikit-learn's tools around every estimator and form of input, against the work by hand."""

import copy
import re
from inspect import isfunction

import numpy as np
import pytest
from estimators import CASES, FORMS, equal_sequences, every_case, sequences
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    train_test_split,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_html_repr
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skrnn import metrics

pytestmark = [
    pytest.mark.slow,  # all of it together
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

CLASSIFIER, REGRESSOR, TAGGER = CASES[:3]
EQUAL, RAGGED = equal_sequences(30), sequences(30)
CV = list(KFold(3, shuffle=True, random_state=0).split(RAGGED))
GRID = {"hidden_size": [2, 3]}

# The same sequences as a list, with which the work is done by hand, and in the form to test.
each_form = pytest.mark.parametrize(
    "X, data",
    [(EQUAL, FORMS["array"](EQUAL))]
    + [(RAGGED, FORMS[name](RAGGED)) for name in ("list", "object array", "SequenceArray")],
    ids=["array", "list", "object array", "SequenceArray"],
)


def fit(case, X, y, rows=slice(None), **params):
    """Fit to some of a list of sequences."""
    return case.make(**params).fit(take(X, rows), y[rows])


def take(X, rows):
    return [X[i] for i in np.arange(len(X))[rows]]


def fold_scores(case, X, y, **params):
    return [fit(case, X, y, train, **params).score(take(X, test), y[test]) for train, test in CV]


# Validation and search ----------------------------------------------------------------------


@each_form
@every_case
def test_cross_val_score(case, X, data):
    y = case.target(X)
    expected = fold_scores(case, X, y)
    assert_array_equal(cross_val_score(case.make(), data, y, cv=CV), expected)
    found = cross_val_score(case.make(), data, y, cv=CV, scoring=case.scoring)
    assert_allclose(found, expected)


@each_form
@every_case
def test_cross_val_predict(case, X, data):
    y = case.target(X)
    method = "predict_proba" if is_classifier(case.make()) else "predict"
    found = cross_val_predict(case.make(), data, y, cv=CV, method=method)
    for train, test in CV:
        expected = getattr(fit(case, X, y, train), method)(take(X, test))
        for one, other in zip(found[test], expected, strict=True):
            assert_array_equal(one, other)


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
@each_form
def test_cross_val_predict_of_the_probabilities_of_steps(X, data, decoder):
    y = TAGGER.target(X)
    model = TAGGER.make(decoder=decoder)
    found = metrics.cross_val_predict(model, data, y, cv=CV, method="predict_proba")
    for train, test in CV:
        expected = fit(TAGGER, X, y, train, decoder=decoder).predict_proba(take(X, test))
        for one, other in zip(found[test], expected, strict=True):
            assert_array_equal(one, other)


@each_form
@every_case
def test_learning_curve(case, X, data):
    y = case.target(X)
    sizes, _, found = learning_curve(case.make(), data, y, cv=CV, train_sizes=[8, 16])
    assert_array_equal(sizes, [8, 16])
    for row, n in zip(found, sizes, strict=True):
        expected = [fit(case, X, y, train[:n]).score(take(X, test), y[test]) for train, test in CV]
        assert_array_equal(row, expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
@each_form
@every_case
def test_grid_search(case, X, data, n_jobs):
    y = case.target(X)
    search = GridSearchCV(case.make(), GRID, cv=CV, n_jobs=n_jobs).fit(data, y)
    expected = [fold_scores(case, X, y, hidden_size=size) for size in GRID["hidden_size"]]
    assert_allclose(search.cv_results_["mean_test_score"], np.mean(expected, axis=1))
    refit = fit(case, X, y, **search.best_params_)
    assert_array_equal(case.outputs(search.best_estimator_, data), case.outputs(refit, X))


@each_form
@every_case
def test_halving_grid_search(case, X, data):
    y = case.target(X)
    search = HalvingGridSearchCV(
        case.make(), GRID, factor=2, cv=KFold(2), min_resources=15, random_state=0
    )
    alone, together = clone(search).fit(X, y), search.set_params(n_jobs=2).fit(data, y)
    assert_array_equal(together.n_resources_, [15, 30])
    for key in ("mean_test_score", "n_resources"):
        assert_array_equal(together.cv_results_[key], alone.cv_results_[key])
    refit = fit(case, X, y, **together.best_params_)
    assert_array_equal(case.outputs(together.best_estimator_, data), case.outputs(refit, X))


@each_form
@every_case
def test_train_test_split(case, X, data):
    y = case.target(X)
    X_train, X_test, y_train, y_test = train_test_split(data, y, random_state=0)
    train, test = train_test_split(np.arange(len(X)), random_state=0)
    expected = fit(case, X, y, train)
    model = case.make().fit(X_train, y_train)
    assert model.score(X_test, y_test) == expected.score(take(X, test), y[test])


# Pipelines ----------------------------------------------------------------------------------


@each_form
@every_case
def test_pipeline(case, X, data):
    y = case.target(X)
    pipe = make_pipeline("passthrough", FunctionTransformer(), case.make())
    pipe.set_params(**{f"{case.estimator.__name__.lower()}__hidden_size": 3}).fit(data, y)
    expected = fit(case, X, y, hidden_size=3)
    assert_array_equal(case.outputs(pipe, data), case.outputs(expected, X))
    assert pipe.score(data, y) == expected.score(X, y)


# Meta-estimators ----------------------------------------------------------------------------


@each_form
def test_voting(X, data):
    y = CLASSIFIER.target(X)
    members = [CLASSIFIER.make(cell_type=cell) for cell in ("lstm", "gru")]
    vote = VotingClassifier([("a", members[0]), ("b", members[1])], voting="soft").fit(data, y)
    expected = np.mean([member.fit(X, y).predict_proba(X) for member in members], axis=0)
    assert_allclose(vote.predict_proba(data), expected)
    assert_array_equal(vote.predict(data), np.unique(y)[expected.argmax(axis=1)])


@each_form
def test_stacking(X, data):
    y = CLASSIFIER.target(X)
    stack = StackingClassifier(
        [("net", CLASSIFIER.make())], LogisticRegression(), cv=CV, stack_method="predict_proba"
    )
    stack.fit(data, y)
    inner = np.empty((len(X), 3))
    for train, test in CV:
        inner[test] = fit(CLASSIFIER, X, y, train).predict_proba(take(X, test))
    final = LogisticRegression().fit(inner, y)
    expected = final.predict_proba(fit(CLASSIFIER, X, y).predict_proba(X))
    assert_allclose(stack.predict_proba(data), expected)


@each_form
def test_calibration(X, data):
    y = np.arange(len(X)) % 2
    model = CalibratedClassifierCV(CLASSIFIER.make(), cv=CV).fit(data, y)
    expected = []
    for train, test in CV:
        frozen = FrozenEstimator(fit(CLASSIFIER, X, y, train))
        fold = CalibratedClassifierCV(frozen, cv=2).fit(take(X, test), y[test])
        expected.append(fold.predict_proba(X))
    assert_allclose(model.predict_proba(data), np.mean(expected, axis=0))


@each_form
def test_transformed_target(X, data):
    y = np.exp(REGRESSOR.target(X) / 20)
    model = TransformedTargetRegressor(REGRESSOR.make(), func=np.log, inverse_func=np.exp)
    expected = np.exp(fit(REGRESSOR, X, np.log(y)).predict(X))
    assert_allclose(model.fit(data, y).predict(data), expected)


@each_form
def test_multi_output(X, data):
    first = REGRESSOR.target(X)
    y = np.column_stack([first, np.sin(first), first**2])
    model = MultiOutputRegressor(REGRESSOR.make()).fit(data, y)
    expected = [fit(REGRESSOR, X, column).predict(X) for column in y.T]
    assert_array_equal(model.predict(data), np.transpose(expected))


# Parameters and display ---------------------------------------------------------------------


@every_case
def test_a_clone_has_the_parameters_and_nothing_else(case):
    model = fit(case, RAGGED, case.target(RAGGED), cell_type="gru")
    copy = clone(model)
    assert vars(copy) == case.make(cell_type="gru").get_params()
    y = case.target(RAGGED)
    assert_array_equal(case.outputs(copy.fit(RAGGED, y), RAGGED), case.outputs(model, RAGGED))


@every_case
def test_set_params_is_as_good_as_the_constructor(case):
    y = case.target(RAGGED)
    changed = fit(case, RAGGED, y).set_params(cell_type="rnn", hidden_size=3).fit(RAGGED, y)
    expected = fit(case, RAGGED, y, cell_type="rnn", hidden_size=3)
    assert_array_equal(case.outputs(changed, RAGGED), case.outputs(expected, RAGGED))
    with pytest.raises(ValueError, match="Invalid parameter 'units'"):
        changed.set_params(units=3)


@every_case
def test_text_and_html_show_what_differs_from_the_defaults(case):
    model = case.estimator(hidden_size=7, max_iter=3)
    assert repr(model) == f"{case}(hidden_size=7, max_iter=3)"
    model.fit(RAGGED, case.target(RAGGED))
    assert marked_as_set(estimator_html_repr(model)) == {"hidden_size": "7", "max_iter": "3"}


def marked_as_set(html):
    """Return the parameters, by name, that an HTML repr marks as not the default."""
    rows = re.findall(r'<tr class="user-set">(.*?)</tr>', html, re.DOTALL)
    cells = [re.findall(r'<td class="(?:param|value)">\s*(\w+)', row) for row in rows]
    return dict(cells)


# Metadata routing ---------------------------------------------------------------------------

WEIGHT = np.random.default_rng(0).uniform(0.5, 2, 30)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


def weighted_scores(case, X, y, **params):
    scores = []
    for train, test in CV:
        model = case.make(**params).fit(take(X, train), y[train], sample_weight=WEIGHT[train])
        scores.append(model.score(take(X, test), y[test], sample_weight=WEIGHT[test]))
    return scores


def requesting(case, **params):
    """An estimator that asks for weights wherever it can use them."""
    model = case.make(**params).set_fit_request(sample_weight=True)
    return model.set_score_request(sample_weight=True)


@each_form
@every_case
def test_weights_are_routed_through_validation(case, X, data, routing):
    y = case.target(X)
    found = cross_validate(requesting(case), data, y, cv=CV, params={"sample_weight": WEIGHT})
    assert_allclose(found["test_score"], weighted_scores(case, X, y))


# A plain function for a scorer has nothing to ask for weights with.
@pytest.mark.parametrize("case", [c for c in CASES if not isfunction(c.scoring)], ids=str)
@each_form
def test_weights_are_routed_through_a_pipeline_in_a_search(case, X, data, routing):
    y = case.target(X)
    pipe = make_pipeline("passthrough", requesting(case))
    name = pipe.steps[-1][0]
    # In scikit-learn 1.7 only a scorer, not the pipeline's own score, can ask for weights.
    scorer = copy.deepcopy(get_scorer(case.scoring)).set_score_request(sample_weight=True)
    search = GridSearchCV(pipe, {f"{name}__hidden_size": [2, 3]}, cv=CV, scoring=scorer)
    search.fit(data, y, sample_weight=WEIGHT)
    expected = [weighted_scores(case, X, y, hidden_size=size) for size in (2, 3)]
    assert_allclose(search.cv_results_["mean_test_score"], np.mean(expected, axis=1))


@every_case
def test_weights_of_partial_fit_are_routed(case, routing):
    y = case.target(RAGGED)
    request = dict.fromkeys(["sample_weight", *case.known], True)
    model = case.make().set_partial_fit_request(**request)
    wrapped = Incremental(model).partial_fit(RAGGED, y, **case.known, sample_weight=WEIGHT)
    expected = case.make().partial_fit(RAGGED, y, **case.known, sample_weight=WEIGHT)
    assert wrapped.model.loss_curve_ == expected.loss_curve_
    unweighted = case.partial_fit(case.make(), RAGGED, y)
    assert abs(unweighted.loss_ / expected.loss_ - 1) > 1e-4
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        Incremental(case.make()).partial_fit(RAGGED, y, sample_weight=WEIGHT)


class Incremental(BaseEstimator):
    """Hand metadata of `partial_fit` on to a model, as scikit-learn's own meta-estimators do."""

    def __init__(self, model):
        self.model = model

    def partial_fit(self, X, y, **params):
        routed = process_routing(self, "partial_fit", **params)
        self.model.partial_fit(X, y, **routed.model.partial_fit)
        return self

    def get_metadata_routing(self):
        mapping = MethodMapping().add(caller="partial_fit", callee="partial_fit")
        return MetadataRouter(owner=self).add(model=self.model, method_mapping=mapping)


@every_case
def test_validation_data_pass_through_the_steps_of_a_pipeline(case, routing):
    X, X_val = np.stack(EQUAL), np.stack(equal_sequences(20, seed=1))
    y, y_val = case.target(X), case.target(X_val)
    model = case.make(max_iter=10).set_fit_request(X_val=True, y_val=True)
    double = FunctionTransformer(lambda X: 2 * X)
    pipe = make_pipeline(double, model, transform_input=["X_val"])
    pipe.fit(X, y, X_val=X_val, y_val=y_val)
    expected = case.make(max_iter=10).fit(2 * X, y, X_val=2 * X_val, y_val=y_val)
    assert pipe[-1].validation_scores_ == expected.validation_scores_
