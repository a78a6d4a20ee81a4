import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, classification_report, f1_score
from taggers import FORM, PRED, TRUE

from skrnn.metrics import (
    flatten_labels,
    sequence_accuracy_score,
    span_f1_score,
    token_accuracy_score,
    token_classification_report,
)


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
    with pytest.raises(ValueError, match="but y_true has 3 sequences: pass one weight for each"):
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


@pytest.mark.parametrize(
    "true, pred, message",
    [
        ([["N"], ["V"]], [["N"]], "y_pred has 1 item.s., but y_true has 2 sequences"),
        ([["N"], ["V", "N"]], [["N"], ["V"]], r"y_pred\[1\] has 1 value.*true\[1\] has 2 step"),
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


ACCURACIES = flatten_labels, token_accuracy_score, sequence_accuracy_score


@pytest.mark.parametrize("score", [*ACCURACIES, token_classification_report])
@pytest.mark.parametrize("other", [True, "b", 1.5], ids=str)
def test_labels_of_one_side_are_of_one_type(score, other):
    mixed, plain = ([[other, 2]], [[1, 2]]) if other != 1.5 else ([[other, "a"]], [["b", "a"]])
    for pair, name in (((mixed, plain), "y_true"), ((plain, mixed), "y_pred")):
        with pytest.raises(TypeError, match=f"^{name} holds labels of different types"):
            score(*pair)


@pytest.mark.parametrize("score", ACCURACIES)
@pytest.mark.parametrize("missing", [None, np.nan], ids=str)
def test_predictions_are_labels(score, missing):
    with pytest.raises(ValueError, match="y_pred contains N.*, which is a missing label"):
        score([["a", "b"]], [["a", missing]])


def test_booleans_equal_numbers_on_the_other_side_as_in_scikit_learn():
    true, pred = [[True, False], [True]], [[1, 1], [1]]
    assert token_accuracy_score(true, pred) == accuracy_score([True, False, True], [1, 1, 1])
    assert sequence_accuracy_score(pred, true) == 1 / 2
    assert token_classification_report(true, pred, zero_division=0) == classification_report(
        *flatten_labels(true, pred), zero_division=0
    )


def test_all_ignored_or_without_weight_is_refused():
    with pytest.raises(ValueError, match="nothing to score"):
        token_accuracy_score([["X"]], [["N"]], ignore_label="X")
    with pytest.raises(ValueError, match="all weights are 0"):
        token_accuracy_score([["X"], ["N"]], PRED[1:2] * 2, sample_weight=[1, 0], ignore_label="X")
    with pytest.raises(ValueError, match=r"weight\[0\] has 1 value.*y_true\[0\] has 3 step"):
        token_accuracy_score(TRUE, PRED, sample_weight=[[1], [2], [3]])


@pytest.mark.parametrize("score", [token_accuracy_score, sequence_accuracy_score, span_f1_score])
@pytest.mark.parametrize(
    "weight, message",
    [([0, 0], "zero for every sequence"), ([1e308, 1e308], "the sum of which no float can hold")],
)
def test_weights_have_a_sum(score, weight, message):
    y = [["B-A"], ["O"]]
    with pytest.raises(ValueError, match=f"^sample_weight .*{message}"):
        score(y, y, sample_weight=weight)


def test_token_report_is_that_of_the_flat_labels():
    report = token_classification_report(TRUE, PRED, output_dict=True)
    assert report["N"] == {"precision": 0.75, "recall": 0.75, "f1-score": 0.75, "support": 4}
    assert report["accuracy"] == 4 / 6
    ignoring = token_classification_report(
        TRUE, PRED, ignore_label="V", output_dict=True, zero_division=0.0
    )
    assert ignoring["accuracy"] == 3 / 4


@pytest.mark.parametrize("weight", [[3, 1, 2], [[3, 3, 3], [1], [2, 2]]], ids=["each", "steps"])
def test_token_report_weighs_sequences_or_steps(weight):
    report = token_classification_report(TRUE, PRED, sample_weight=weight, output_dict=True)
    assert report["N"]["support"] == 10
    assert report["accuracy"] == token_accuracy_score(TRUE, PRED, sample_weight=weight)


def test_flat_labels_go_into_any_metric():
    y_true, y_pred = flatten_labels(TRUE, PRED)
    assert_allclose(f1_score(y_true, y_pred, pos_label="N"), 0.75)


# ------------------------------------------------------------------------------ unknown labels

# Two steps are unknown; of the others, in sequences of 3 and 1, all but one are right.
UNKNOWN = {
    "none": ([["a", None, "b"], [None, "a"]], None),
    "nan beside strings": ([["a", np.nan, "b"], [np.nan, "a"]], np.nan),
    "float": ([np.array([1, np.nan, 2]), np.array([np.nan, 1])], np.nan),
    "other nan": ([["a", float("nan"), "b"], [np.float32("nan"), "a"]], np.float64("nan")),
    "none beside numbers": ([[1, None, 2], [None, 1]], None),
    "number beside strings": ([["a", -100, "b"], [-100, "a"]], -100),
    "object array": ([np.array(["a", None, "b"], object), np.array([None, "a"], object)], None),
}


def pandas_unknown():
    pd = pytest.importorskip("pandas")
    return [
        ([pd.array([1, None, 2], dtype="Int64"), pd.array([None, 1], dtype="Int64")], pd.NA),
        ([pd.Series(["a", None, "b"], dtype=object), pd.Series([None, "a"], dtype=object)], None),
        ([[1, pd.NaT, 2], [pd.NaT, 1]], pd.NaT),
    ]


def predictions(true):
    """Labels like these without the unknown ones, of which one is wrong."""
    is_text = any(isinstance(label, str) for label in true[0])
    one, two = ("a", "b") if is_text else (1, 2)
    return [[one, two, one], [two, one]]


@pytest.mark.parametrize("true, ignore_label", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_unknown_labels_do_not_count(true, ignore_label):
    check_unknown(true, ignore_label)


def test_unknown_labels_of_pandas_do_not_count():
    for true, ignore_label in pandas_unknown():
        check_unknown(true, ignore_label)


def check_unknown(true, ignore_label):
    pred = predictions(true)
    options = {"ignore_label": ignore_label}
    assert token_accuracy_score(true, pred, **options) == pytest.approx(2 / 3)
    assert token_accuracy_score(true, pred, sample_weight=[1, 4], **options) == pytest.approx(5 / 6)
    assert sequence_accuracy_score(true, pred, **options) == 1 / 2
    assert sequence_accuracy_score([true[0][1:2], true[1]], [pred[0][1:2], pred[1]], **options) == 1
    one, two = pred[0][:2]
    left = flatten_labels(true, pred, **options)
    assert [side.tolist() for side in left] == [[one, two, one], [one, one, one]]
    expected = classification_report(*left, zero_division=0)
    assert token_classification_report(true, pred, zero_division=0, **options) == expected


def test_spans_without_unknown_tags():
    true, pred = [["B-x", None, "I-x"], [None, "B-y"]], [["B-x", "O", "I-x"], ["B-y", "O"]]
    nans = [[np.nan if tag is None else tag for tag in tags] for tags in true]
    assert span_f1_score(true, pred) == span_f1_score(nans, pred, ignore_label=np.nan) == 2 / 3


@pytest.mark.parametrize(
    "true, ignore_label, message",
    [
        ([["a", np.nan]], None, "y_true contains NaN, .* ignore_label=np.nan for NaN"),
        ([[1.0, np.nan]], -1, "y_true contains NaN"),
        ([["a", None]], "b", "y_true contains None, .* None for None"),
        ([["a", None]], np.nan, "y_true contains None"),
    ],
)
def test_a_missing_label_is_named_or_refused(true, ignore_label, message):
    for score in ACCURACIES:
        with pytest.raises(ValueError, match=message):
            score(true, [[true[0][0]] * 2], ignore_label=ignore_label)


@pytest.mark.parametrize("per_step", [False, True])
@pytest.mark.parametrize(
    "weight", [-1.0, np.nan, np.inf, "a", 10**400, None, np.datetime64("2024")], ids=str
)
def test_weights_are_numbers(weight, per_step):
    weights = [[1.0, weight], [1.0]] if per_step else [1.0, weight]
    with pytest.raises(ValueError, match="sample_weight"):
        token_accuracy_score([["a", "b"], ["a"]], [["a", "b"], ["a"]], sample_weight=weights)
    if not per_step:
        with pytest.raises(ValueError, match="sample_weight"):
            sequence_accuracy_score([["a"], ["a"]], [["a"], ["a"]], sample_weight=weights)


def test_hidden_weights_and_labels_are_refused():
    hidden = np.ma.masked_equal([1.0, 2.0], 2.0)
    with pytest.raises(TypeError, match="sample_weight is a masked array"):
        sequence_accuracy_score([["a"], ["a"]], [["a"], ["a"]], sample_weight=hidden)
    with pytest.raises(TypeError, match="is a masked array"):
        token_accuracy_score([hidden], [[1.0, 2.0]])
