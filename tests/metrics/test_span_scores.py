import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from taggers import object_array

from skrnn import metrics
from skrnn.metrics import (
    extract_spans,
    span_classification_report,
    span_f1_score,
    span_precision_recall_f1_support,
    span_precision_score,
    span_recall_score,
    spans_to_tags,
)

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


@pytest.mark.parametrize("scheme, letters", [("bilou", "BILU"), ("bmes", "BMES")])
@pytest.mark.parametrize("tags, conlleval, bio, iobes", SPANS)
def test_schemes_that_differ_in_letters_only(tags, conlleval, bio, iobes, scheme, letters):
    renamed = tags.translate(dict(zip(map(ord, "BIES"), letters, strict=True)))
    y = [renamed.replace("O", "O").split()]
    for own, theirs in (("conlleval", "conlleval"), (scheme, "iobes")):
        assert extract_spans(y, scheme=own) == extract_spans([tags.split()], scheme=theirs)


@pytest.mark.parametrize("scheme", ["bio", "iobes", "bilou", "bmes"])
@pytest.mark.parametrize("tags, conlleval, bio, iobes", SPANS)
def test_spans_are_written_as_tags_and_read_again(tags, conlleval, bio, iobes, scheme):
    spans, lengths = extract_spans([tags.split(), []]), [len(tags.split()), 0]
    written = spans_to_tags(spans, lengths, scheme=scheme)
    assert [len(own) for own in written] == lengths
    assert extract_spans(written, scheme=scheme) == spans
    if scheme == "bio" and bio == conlleval:
        assert written[0] == ["B-_" if t == "B" else "I-_" if t == "I" else t for t in tags.split()]


@pytest.mark.parametrize(
    "spans, scheme, message",
    [
        ([("A", 0, 3), ("B", 2, 4)], "bio", r"The span \('B', 2, 4\) overlaps another"),
        ([("A", 3, 6)], "bio", "is not within the 5 steps"),
        ([("A", 2, 2)], "bio", "is empty"),
        ([("A", -1, 2)], "bio", "is not within"),
        ([], "conlleval", "scheme must be one of .*'bilou', 'bio', 'bmes', 'iobes'"),
    ],
)
def test_spans_that_no_tags_can_mark(spans, scheme, message):
    with pytest.raises(ValueError, match=message):
        spans_to_tags([spans], [5], scheme=scheme)


@pytest.mark.parametrize(
    "y, scheme, message",
    [
        ([["PER"]], "conlleval", "'PER' is no tag of scheme='conlleval'.*one of B, I, E, S"),
        ([["S-PER"]], "bio", "'S-PER' is no tag of scheme='bio'.*one of B, I,"),
        ([["OTHER"]], "conlleval", "'OTHER' is no tag"),
        ([[1]], "conlleval", "1 is no tag"),
        ([["O"]], "BILOU", "scheme must be one of .*'bio', 'bmes', 'conlleval'.* Got 'BILOU'"),
    ],
)
def test_what_is_no_tag_is_refused(y, scheme, message):
    with pytest.raises(ValueError, match=message):
        extract_spans(y, scheme=scheme)


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


@pytest.mark.parametrize("weight", [[0, 1], [1, 0]])
def test_span_scores_where_what_has_a_weight_has_no_span(weight):
    outside = [["O"], ["O"]]
    assert span_f1_score(outside, outside, sample_weight=weight, zero_division=0.0) == 0
    y = [["B-X"], ["O"]]
    assert span_f1_score(y, y, sample_weight=weight, zero_division=0.0) == weight[0]


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


@pytest.mark.slow
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


@pytest.mark.parametrize("labels", ["PER", {"PER"}, {"PER": 1}])
def test_labels_are_a_list(labels):
    with pytest.raises(TypeError, match="labels must be a list"):
        span_f1_score([["B-PER"]], [["B-PER"]], labels=labels)
