import copy
import pickle
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils.metadata_routing import MetadataRequest
from taggers import FORM, StepwiseTagger, tagging_data

from skrnn import metrics
from skrnn.metrics import span_f1_score
from skrnn.metrics._scorers import TaggingScorer

SCORERS = [name for name in metrics.__all__ if re.search("(token|sequence|span).*_scorer", name)]


@pytest.mark.parametrize("name", SCORERS)
def test_scorers_score_predictions_and_survive_pickling(name):
    X, y = tagging_data()
    model = StepwiseTagger().fit(X, y)
    scorer = pickle.loads(pickle.dumps(getattr(metrics, name)))
    score = getattr(metrics, name.replace("_scorer", "_score"))
    assert scorer(model, X, y) == score(y, model.predict(X))
    expected = [
        score(
            [y[i] for i in test],
            StepwiseTagger()
            .fit([X[i] for i in train], [y[i] for i in train])
            .predict([X[i] for i in test]),
        )
        for train, test in KFold(3).split(X)
    ]
    assert_array_equal(cross_val_score(StepwiseTagger(), X, y, scoring=scorer, cv=3), expected)


@pytest.mark.parametrize("name", SCORERS)
def test_scorers_leave_out_what_the_tagger_leaves_out(name):
    X, y = tagging_data()
    for labels in y[::2]:
        labels[0] = "X"
    score = getattr(metrics, name.replace("_scorer", "_score"))
    tagger = StepwiseTagger(ignore_label="X")
    search = GridSearchCV(make_pipeline(tagger), {}, scoring=getattr(metrics, name), cv=2)
    for model in (tagger, make_pipeline(tagger), search):
        expected = score(y, model.fit(X, y).predict(X), ignore_label="X")
        assert getattr(metrics, name)(model, X, y) == expected > 0
    assert search.score(X, y) == expected
    assert not np.isnan(search.best_score_)
    over_labels = GridSearchCV(
        StepwiseTagger(), {"ignore_label": ["X"]}, scoring=getattr(metrics, name), cv=2
    )
    for model in (FrozenEstimator(tagger.fit(X, y)), over_labels.fit(X, y)):
        assert getattr(metrics, name)(model, X, y) == expected


@FORM
def test_scorers_choose_in_a_grid_search(form):
    X, y = tagging_data()
    scoring = {
        "span": metrics.span_f1_scorer,
        "macro": make_scorer(span_f1_score, average="macro", scheme="bio"),
    }
    search = GridSearchCV(
        StepwiseTagger(), {"var_smoothing": [1e-9, 1e9]}, scoring=scoring, refit="span", cv=3
    )
    search.fit(X, form(y))
    assert search.best_params_ == {"var_smoothing": 1e-9}
    assert search.score(X, form(y)) == span_f1_score(y, search.predict(X))


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.mark.parametrize("name", ["token_accuracy", "sequence_accuracy", "span_f1"])
def test_weights_that_a_scorer_requests_reach_the_score(name, routing):
    X, y = tagging_data()
    weight = np.arange(1.0, 11)
    score = getattr(metrics, f"{name}_score")
    scorer = copy.deepcopy(getattr(metrics, f"{name}_scorer")).set_score_request(sample_weight="w")
    pipe = make_pipeline("passthrough", StepwiseTagger().set_fit_request(sample_weight=False))
    folds = KFold(2)
    expected = [
        score(
            [y[i] for i in test],
            StepwiseTagger().fit([X[i] for i in train], [y[i] for i in train]).predict(X)[test],
            sample_weight=weight[test],
        )
        for train, test in folds.split(X)
    ]
    found = cross_validate(pipe, X, y, scoring=scorer, cv=folds, params={"w": weight})
    assert_array_equal(found["test_score"], expected)
    search = GridSearchCV(pipe, {}, scoring={"w": scorer}, refit="w", cv=folds)
    assert search.fit(X, y, w=weight).best_score_ == np.mean(expected)
    assert clone(search).scoring["w"].get_metadata_routing().score.requests == {
        "sample_weight": "w"
    }


def test_scikit_learn_asks_whether_a_scorer_wants_weights(routing):
    X, y = tagging_data()
    model = StepwiseTagger().set_fit_request(sample_weight=True)
    scoring, params = metrics.token_accuracy_scorer, {"sample_weight": np.ones(10)}
    with pytest.raises(UnsetMetadataPassedError, match=r"TaggingScorer\(token_accuracy_score\)"):
        cross_validate(model, X, y, scoring=scoring, params=params, cv=2)


def test_requests_need_metadata_routing():
    with pytest.raises(RuntimeError, match="set_config.enable_metadata_routing=True"):
        metrics.span_f1_scorer.set_score_request(sample_weight=True)
    assert metrics.span_f1_scorer.requests == {}


def test_the_repr_names_the_score():
    search = GridSearchCV(StepwiseTagger(), {}, scoring=metrics.span_f1_scorer)
    assert "scoring=TaggingScorer(span_f1_score)" in repr(search)


# Saved when the scorers were a subclass of scikit-learn's.
SAVED = b"""ccopy_reg\n_reconstructor\np0\n(cskrnn.metrics\n_TaggingScorer\np1\nc__builtin__\nobject
p2\nNtp3\nRp4\n(dp5\nV_score_func\np6\ncskrnn.metrics\nspan_f1_score\np7\nsV_sign\np8\nI1\nsV_kwargs
p9\n(dp10\nsV_response_method\np11\nVpredict\np12\nsb."""


def test_a_scorer_that_an_earlier_version_saved_scores():
    X, y = tagging_data()
    model = StepwiseTagger(ignore_label="O").fit(X, y)
    scorer = pickle.loads(SAVED)
    assert scorer(model, X, y) == metrics.span_f1_scorer(model, X, y)
    assert repr(scorer) == "TaggingScorer(span_f1_score)"


def test_a_scorer_that_an_earlier_version_saved_keeps_its_requests(routing):
    request = MetadataRequest(owner="saved")
    request.score.add_request(param="sample_weight", alias="w")
    scorer = TaggingScorer.__new__(TaggingScorer)
    scorer.__setstate__({"_score_func": span_f1_score, "_metadata_request": request})
    assert scorer.get_metadata_routing().score.requests == {"sample_weight": "w"}
