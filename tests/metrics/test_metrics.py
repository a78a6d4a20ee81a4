import pickle
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context, model_selection
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skrnn import metrics
from skrnn.metrics import (
    allowed_transitions,
    cross_val_predict,
    extract_spans,
    flatten_labels,
    sequence_accuracy_score,
    span_classification_report,
    span_f1_score,
    span_precision_recall_f1_support,
    span_precision_score,
    span_recall_score,
    token_accuracy_score,
    token_classification_report,
)

SCORERS = [name for name in metrics.__all__ if name.endswith("_scorer")]


def object_array(items):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


FORMS = {
    "lists": lambda y: y,
    "tuple of tuples": lambda y: tuple(map(tuple, y)),
    "list of arrays": lambda y: [np.array(labels) for labels in y],
    "object array of arrays": lambda y: object_array([np.array(labels) for labels in y]),
    "object array of lists": object_array,
    "object labels": lambda y: [np.array(labels, dtype=object) for labels in y],
}
FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)

TRUE = [["N", "V", "N"], ["V"], ["N", "N"]]
PRED = [["N", "N", "N"], ["V"], ["V", "N"]]


@FORM
def test_token_and_sequence_accuracy_of_ragged_labels(form):
    assert token_accuracy_score(TRUE, form(PRED)) == 4 / 6
    assert token_accuracy_score(form(TRUE), PRED) == 4 / 6
    assert sequence_accuracy_score(form(TRUE), form(PRED)) == 1 / 3


def test_accuracy_of_rectangular_and_numeric_labels():
    true, pred = np.array([[0, 1, 2], [2, 1, 0]]), np.array([[0, 1, 2], [0, 1, 2]])
    assert token_accuracy_score(true, pred) == 4 / 6
    assert token_accuracy_score(true, pred.tolist()) == 4 / 6
    assert sequence_accuracy_score(true, pred) == 1 / 2


def test_series_of_lists():
    pd = pytest.importorskip("pandas")
    assert token_accuracy_score(pd.Series(TRUE, index=[7, 8, 9]), PRED) == 4 / 6


@pytest.mark.parametrize(
    "sample_weight", [[1.0, 2.0, 3.0], np.array([1, 2, 3]), [[1, 1, 1], [2], [3, 3]]]
)
def test_token_accuracy_weighs_sequences_or_steps(sample_weight):
    assert token_accuracy_score(TRUE, PRED, sample_weight=sample_weight) == (2 + 2 + 3) / 11


def test_sequence_accuracy_weighs_sequences():
    assert sequence_accuracy_score(TRUE, PRED, sample_weight=[1, 2, 3]) == 2 / 6


@pytest.mark.parametrize("score", [sequence_accuracy_score, span_f1_score])
@pytest.mark.parametrize("weight", [[1, 2, 3, 4], [], [[1], [2], [3]], np.ones((3, 1))])
def test_scores_of_sequences_need_a_weight_for_each(score, weight):
    y = [["O"], ["B-A"], ["O"]]
    with pytest.raises(ValueError, match="one weight for each of 3 sequences"):
        score(y, y, sample_weight=weight)


def test_ignored_steps_do_not_count():
    true = [["N", "X", "N"], ["X"], ["N", "N"]]
    assert token_accuracy_score(true, PRED, ignore_label="X") == 3 / 4
    weight = [[1, 100, 1], [100], [1, 5]]
    assert token_accuracy_score(true, PRED, sample_weight=weight, ignore_label="X") == 7 / 8
    assert sequence_accuracy_score(true, PRED, ignore_label="X") == 1 / 2
    weight = [1, 100, 4]
    assert sequence_accuracy_score(true, PRED, sample_weight=weight, ignore_label="X") == 1 / 5
    flat_true, flat_pred = flatten_labels(true, PRED, ignore_label="X")
    assert_array_equal(flat_true, ["N", "N", "N", "N"])
    assert_array_equal(flat_pred, ["N", "N", "V", "N"])


@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_spans_of_weighted_sequences_count_as_often(average):
    true = ["B-A I-A O B-B", "", "X B-A O B-B", "O X", "B-B"]
    pred = ["B-A I-A O O", "", "O B-A B-A O", "B-B O", "B-B"]
    weight = [2, 5, 1, 3, 0]
    true, pred = ([tags.split() for tags in side] for side in (true, pred))
    often = [np.repeat(object_array(side), weight) for side in (true, pred)]
    options = {"average": average, "ignore_label": "X"}
    weighted = span_precision_recall_f1_support(true, pred, sample_weight=weight, **options)
    repeated = span_precision_recall_f1_support(*often, **options)
    assert_array_equal(weighted, repeated)
    report = span_classification_report(
        true, pred, sample_weight=weight, ignore_label="X", output_dict=True
    )
    assert report["micro avg"]["support"] == 6
    assert report["B"]["recall"] == 0


def test_ignored_pieces_of_words_do_not_cut_spans():
    true = [["B-PER", "X", "I-PER", "O", "X"]]
    pred = [["B-PER", "O", "I-PER", "O", "B-LOC"]]
    assert span_f1_score(true, pred, ignore_label="X") == 1


@pytest.mark.parametrize(
    "true, pred, message",
    [
        ([["N"], ["V"]], [["N"]], "y_true has 2 sequences but y_pred has 1"),
        ([["N"], ["V", "N"]], [["N"], ["V"]], r"y_true\[1\] has 2 labels but y_pred\[1\] has 1"),
        (["N", "V"], ["N", "V"], r"y_true\[0\] is 'N'.*Wrap the values of a single sequence"),
        ([["N"]], np.array([1]), r"y_pred\[0\] is .*1"),
        (np.zeros((1, 2, 3)), [["N"]], r"y_true\[0\] has shape \(2, 3\)"),
        ([["1"]], [[1]], "labels of y_true are <U1 but those of y_pred are int64"),
        ([], [], "nothing to score"),
    ],
)
def test_labels_that_do_not_fit_are_refused(true, pred, message):
    with pytest.raises(ValueError, match=message):
        token_accuracy_score(true, pred)


def test_all_ignored_or_without_weight_is_refused():
    with pytest.raises(ValueError, match="nothing to score"):
        token_accuracy_score([["X"]], [["N"]], ignore_label="X")
    with pytest.raises(ValueError, match="all weights are 0"):
        token_accuracy_score(TRUE, PRED, sample_weight=[0, 0, 0])
    with pytest.raises(ValueError, match="one weight per sequence or one per time step"):
        token_accuracy_score(TRUE, PRED, sample_weight=[[1], [2], [3]])


def test_token_report_is_that_of_the_flat_labels():
    report = token_classification_report(TRUE, PRED, output_dict=True)
    assert report["N"] == {"precision": 0.75, "recall": 0.75, "f1-score": 0.75, "support": 4}
    assert report["accuracy"] == 4 / 6
    ignoring = token_classification_report(
        TRUE, PRED, ignore_label="V", output_dict=True, zero_division=0.0
    )
    assert ignoring["accuracy"] == 3 / 4


@pytest.mark.parametrize("weight", [[0, 1], [1, 0]])
def test_span_scores_where_what_has_a_weight_has_no_span(weight):
    outside = [["O"], ["O"]]
    assert span_f1_score(outside, outside, sample_weight=weight, zero_division=0.0) == 0
    y = [["B-X"], ["O"]]
    assert span_f1_score(y, y, sample_weight=weight, zero_division=0.0) == weight[0]


@pytest.mark.parametrize("weight", [[3, 1, 2], [[3, 3, 3], [1], [2, 2]]], ids=["each", "steps"])
def test_token_report_weighs_sequences_or_steps(weight):
    report = token_classification_report(TRUE, PRED, sample_weight=weight, output_dict=True)
    assert report["N"]["support"] == 10
    assert report["accuracy"] == token_accuracy_score(TRUE, PRED, sample_weight=weight)


# tags; spans by conlleval, by strict BIO (None: not BIO) and by strict IOBES, as (label start stop)
SPANS = [
    ("O O", "", "", ""),
    ("", "", "", ""),
    ("B-X I-X O B-Y", "X02 Y34", "X02 Y34", ""),
    ("B-X B-X I-X", "X01 X13", "X01 X13", ""),
    ("O I-X I-X", "X13", "", ""),
    ("I-X I-Y", "X01 Y12", "", ""),
    ("B-X I-Y I-Y", "X01 Y13", "X01", ""),
    ("I-X B-X", "X01 X12", "X12", ""),
    ("B I O B", "_02 _34", "_02 _34", ""),
    ("B-X E-X S-X", "X02 X23", None, "X02 X23"),
    ("B-X I-X I-X E-X O", "X04", None, "X04"),
    ("S-X E-X I-X", "X01 X12 X23", None, "X01"),
    ("B-X I-X O", "X02", "X02", ""),
    ("B-X E-Y S-Y", "X01 Y12 Y23", None, "Y23"),
    ("B-a-b I-a-b I-a", "a-b02 a23", "a-b02", ""),
]


@pytest.mark.parametrize("tags, conlleval, bio, iobes", SPANS)
def test_spans_by_scheme(tags, conlleval, bio, iobes):
    # The same tags come twice, so that no span may cross from one sequence into the next.
    y = [tags.split(), [], tags.split()]
    for scheme, expected in {"conlleval": conlleval, "bio": bio, "iobes": iobes}.items():
        if expected is None:
            continue
        spans = [(s[:-2], int(s[-2]), int(s[-1])) for s in expected.split()]
        assert extract_spans(y, scheme=scheme) == [spans, [], spans]


@pytest.mark.parametrize("scheme, prefixes", [("bio", "BI"), ("iobes", "BIES")])
def test_allowed_sequences_are_those_in_which_every_span_is_well_formed(scheme, prefixes):
    tags = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in "XY")]
    transitions, start, end = allowed_transitions(tags, scheme=scheme)
    paths = np.array(list(product(range(len(tags)), repeat=3)))
    allowed = start[paths[:, 0]] & end[paths[:, -1]]
    allowed &= transitions[paths[:, :-1], paths[:, 1:]].all(axis=1)
    y = np.array(tags)[paths]
    well_formed = [
        a == b for a, b in zip(extract_spans(y), extract_spans(y, scheme=scheme), strict=True)
    ]
    assert_array_equal(allowed, well_formed)


@pytest.mark.parametrize(
    "y, scheme, message",
    [
        ([["PER"]], "conlleval", "'PER' is no tag of scheme='conlleval'.*one of B, I, E, S"),
        ([["S-PER"]], "bio", "'S-PER' is no tag of scheme='bio'.*one of B, I,"),
        ([["OTHER"]], "conlleval", "'OTHER' is no tag"),
        ([[1]], "conlleval", "1 is no tag"),
        ([["O"]], "BILOU", "scheme must be one of .*'bio', 'conlleval', 'iobes'.* Got 'BILOU'"),
    ],
)
def test_what_is_no_tag_is_refused(y, scheme, message):
    with pytest.raises(ValueError, match=message):
        extract_spans(y, scheme=scheme)


def test_classes_that_are_no_tags_are_refused_in_plain_words():
    with pytest.raises(ValueError, match="^'A' is no tag of scheme='bio'"):
        allowed_transitions(np.array(["A", "O"]))


SPAN_TRUE = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"], ["B-ORG"]]
SPAN_PRED = [["B-PER", "I-PER", "O", "B-PER"], ["B-LOC", "I-LOC"], ["B-ORG"]]


def test_span_scores_by_hand():
    # Found: PER and ORG. Wrong: PER for LOC, LOC too long. Missed: both LOC.
    assert span_precision_score(SPAN_TRUE, SPAN_PRED) == 2 / 4
    assert span_recall_score(SPAN_TRUE, SPAN_PRED) == 2 / 4
    assert span_f1_score(SPAN_TRUE, SPAN_PRED) == 0.5
    by_label = span_precision_recall_f1_support(SPAN_TRUE, SPAN_PRED, average=None)
    assert_allclose(by_label, [[0, 1, 1 / 2], [0, 1, 1], [0, 1, 2 / 3], [2, 1, 1]])
    assert_allclose(span_f1_score(SPAN_TRUE, SPAN_PRED, average="macro"), 5 / 9)
    assert_allclose(span_f1_score(SPAN_TRUE, SPAN_PRED, average="weighted"), 5 / 12)
    f1 = span_f1_score(SPAN_TRUE, SPAN_PRED, labels=["PER", "LOC"], average=None)
    assert_allclose(f1, [2 / 3, 0])
    assert span_precision_score(SPAN_TRUE, SPAN_PRED, labels=["PER"]) == 1 / 2


def test_span_scores_of_strict_schemes():
    true, pred = [["B-PER", "I-PER", "O"]], [["B-PER", "I-PER", "I-LOC"]]
    assert span_precision_score(true, pred) == 1 / 2
    assert span_precision_score(true, pred, scheme="bio") == 1


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
def test_without_spans_the_score_is_zero_division(average):
    assert span_f1_score([["O"]], [["O"]], average=average) == 0
    assert span_f1_score([["O"]], [["O"]], average=average, zero_division=1.0) == 1
    assert span_f1_score([["B-X"]], [["O"]], average=average) == 0


def test_span_report():
    report = span_classification_report(SPAN_TRUE, SPAN_PRED, output_dict=True)
    assert [name for name in report if "avg" not in name] == ["LOC", "ORG", "PER"]
    assert report["PER"] == {
        "precision": 1 / 2,
        "recall": 1.0,
        "f1-score": pytest.approx(2 / 3),
        "support": 1,
    }
    assert report["micro avg"]["f1-score"] == 0.5
    with pytest.raises(ValueError, match="no label to report"):
        span_classification_report([["O"]], [["O"]])


def random_tags(prefixes, lengths, rng):
    tags = np.array(["O", *(f"{prefix}-{label}" for prefix in prefixes for label in "XYZ")])
    return [rng.choice(tags, length).tolist() for length in lengths]


@pytest.mark.parity
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize("scheme, prefixes", [("bio", "BI"), ("iobes", "BIES")])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("average", ["micro", "macro", "weighted", None])
def test_agreement_with_seqeval(scheme, prefixes, strict, average):
    seqeval = pytest.importorskip("seqeval.metrics")
    schemes = pytest.importorskip("seqeval.scheme")
    reading = {"bio": schemes.IOB2, "iobes": schemes.IOBES}[scheme]
    theirs = {"mode": "strict", "scheme": reading} if strict else {}
    rng = np.random.default_rng(0)
    for _ in range(10):
        lengths = rng.integers(1, 12, size=20)
        true = random_tags(prefixes, lengths, rng)
        pred = [
            np.where(rng.random(len(a)) < 0.7, a, b).tolist()
            for a, b in zip(true, random_tags(prefixes, lengths, rng), strict=True)
        ]
        ours = {"scheme": scheme} if strict else {}
        for name in ("precision_score", "recall_score", "f1_score"):
            assert_allclose(
                getattr(metrics, f"span_{name}")(true, pred, average=average, **ours),
                getattr(seqeval, name)(true, pred, average=average, **theirs),
            )


class StepwiseTagger(BaseEstimator):
    """Naive Bayes on each time step."""

    def __init__(self, var_smoothing=1e-9, ignore_label=None):
        self.var_smoothing = var_smoothing
        self.ignore_label = ignore_label

    def fit(self, X, y, sample_weight=None):
        if sample_weight is not None:
            sample_weight = np.repeat(sample_weight, [len(x) for x in X])
        X, y = np.concatenate(X), np.concatenate(y)
        if self.ignore_label is not None:
            X, y = X[y != self.ignore_label], y[y != self.ignore_label]
        self.model_ = GaussianNB(var_smoothing=self.var_smoothing).fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def _each(self, method, X):
        outputs = [getattr(self.model_, method)(x) for x in X]
        return np.stack(outputs) if isinstance(X, np.ndarray) else object_array(outputs)

    def predict(self, X):
        return self._each("predict", X)

    def predict_proba(self, X):
        return self._each("predict_proba", X)

    def predict_log_proba(self, X):
        return self._each("predict_log_proba", X)


def tagging_data(lengths=(3, 5, 2, 4, 6, 1, 2, 3, 7, 4)):
    rng = np.random.default_rng(0)
    tags = np.array(["B-X", "I-X", "O"])
    labels = [rng.integers(3, size=length) for length in lengths]
    X = [np.eye(3)[codes] + rng.normal(size=(len(codes), 3)) for codes in labels]
    return X, [tags[codes].tolist() for codes in labels]


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
@FORM
def test_cross_val_predict_is_the_loop_over_folds(method, form):
    X, y = tagging_data()
    predictions = cross_val_predict(StepwiseTagger(), X, form(y), cv=KFold(3), method=method)
    assert predictions.shape == (10,)
    for train, test in KFold(3).split(X):
        model = StepwiseTagger().fit([X[i] for i in train], [y[i] for i in train])
        for i in test:
            assert_array_equal(predictions[i], getattr(model, method)([X[i]])[0])


@pytest.mark.parametrize("method, lowest", [("predict_proba", 0), ("predict_log_proba", None)])
def test_cross_val_predict_where_a_fold_lacks_a_label(method, lowest):
    X, y = tagging_data()
    lowest = np.finfo(float).min if lowest is None else lowest
    y[0][0] = "B-RARE"
    predictions = cross_val_predict(StepwiseTagger(), X, y, cv=KFold(10), method=method)
    model = StepwiseTagger().fit(X[1:], y[1:])
    assert_array_equal(predictions[0][:, 0], lowest)
    assert_array_equal(predictions[0][:, 1:], getattr(model, method)(X[:1])[0])
    with_all = StepwiseTagger().fit(X[:1] + X[2:], y[:1] + y[2:])
    assert_array_equal(predictions[1], getattr(with_all, method)(X[1:2])[0])


def test_cross_val_predict_has_no_column_for_the_ignored_label():
    X, y = tagging_data()
    y[2][1] = "X"
    for given in ({}, {"ignore_label": "X"}):
        predictions = cross_val_predict(
            StepwiseTagger(ignore_label="X"), X, y, cv=2, method="predict_proba", **given
        )
        assert predictions[2].shape == (2, 3)
        assert_allclose(predictions[2].sum(axis=1), 1)
    with pytest.raises(ValueError, match="give both the same ignore_label"):
        cross_val_predict(StepwiseTagger(), X, y, cv=5, method="predict_proba", ignore_label="X")


def test_cross_val_predict_of_one_array_is_one_array():
    X, y = tagging_data([4] * 6)
    X, y = np.stack(X), np.array(y)
    ragged = cross_val_predict(StepwiseTagger(), list(X), y, cv=3, method="predict_proba")
    stacked = cross_val_predict(StepwiseTagger(), X, y, cv=3, method="predict_proba")
    assert stacked.shape == (6, 4, 3)
    assert_array_equal(stacked, np.stack(ragged))
    assert cross_val_predict(StepwiseTagger(), X, y, cv=3).shape == (6, 4)


def test_cross_val_predict_of_one_label_per_sequence_is_that_of_scikit_learn():
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = np.where(X[:, 0] > 0, "a", "b")
    for method in ("predict", "predict_proba"):
        assert_array_equal(
            cross_val_predict(GaussianNB(), X, y, cv=3, method=method),
            model_selection.cross_val_predict(GaussianNB(), X, y, cv=3, method=method),
        )


@pytest.mark.parametrize("routing", [False, True])
def test_cross_val_predict_passes_sample_weights(routing):
    X, y = tagging_data()
    weight = np.arange(1.0, 11.0)
    with config_context(enable_metadata_routing=routing):
        model = StepwiseTagger()
        if routing:
            model.set_fit_request(sample_weight=True)
        predictions = cross_val_predict(
            model, X, y, cv=2, method="predict_proba", params={"sample_weight": weight}
        )
    expected = StepwiseTagger().fit(X[5:], y[5:], weight[5:]).predict_proba(X[:5])
    for prediction, proba in zip(predictions[:5], expected, strict=True):
        assert_array_equal(prediction, proba)


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


def test_flat_labels_go_into_any_metric():
    y_true, y_pred = flatten_labels(TRUE, PRED)
    assert_allclose(f1_score(y_true, y_pred, pos_label="N"), 0.75)
