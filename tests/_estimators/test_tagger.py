"""SequenceTagger: what is particular to one label for each step."""

import re
from itertools import product

import numpy as np
import pytest
from estimators import TINY, equal_sequences, object_array, sequences, tags
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skrnn import SequenceArray, SequenceTagger, TokenEncoder
from skrnn._core.cells import CELLS
from skrnn._core.losses import log_softmax
from skrnn.metrics import (
    cross_val_predict,
    sequence_accuracy_score,
    span_f1_score,
    span_f1_scorer,
    token_accuracy_score,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = sequences(30)
Y = tags(X)
DECODERS = pytest.mark.parametrize("decoder", ["softmax", "crf"])


def tagger(**params):
    return SequenceTagger(**TINY | params)


def spans_of_two_types(n=40, seed=0):
    """Tokens and well-formed BIO tags that follow from them."""
    rng = np.random.default_rng(seed)
    X, y = [], []
    for _ in range(n):
        pieces = rng.integers(0, 3, rng.integers(2, 6))
        X.append([token for p in pieces for token in (["a"], ["B", "b"], ["C", "b"])[p]])
        y.append([tag for p in pieces for tag in (["O"], ["B-A", "I-A"], ["B-B", "I-B"])[p]])
    return X, y


# The CRF, against every path ---------------------------------------------------------------


def score_paths(outputs, coefs):
    """Log score of every path of labels, by the definition of the CRF."""
    paths = list(product(range(outputs.shape[1]), repeat=len(outputs)))
    scores = [
        coefs["crf.start"][p[0]]
        + sum(outputs[t, label] for t, label in enumerate(p))
        + sum(coefs["crf.transitions"][a, b] for a, b in zip(p, p[1:], strict=False))
        + coefs["crf.end"][p[-1]]
        for p in paths
    ]
    return np.array(paths), np.array(scores)


def test_crf_decodes_the_best_of_all_paths_and_sums_their_probabilities():
    y = [np.array(["u", "v", "w"])[np.digitize(x[:, 0], [-0.5, 0.5])] for x in X]
    model = tagger(decoder="crf", max_iter=5).fit(X, y)
    for x in X[:10]:
        paths, scores = score_paths(model.decision_function([x])[0], model.coefs_)
        p = np.exp(log_softmax(scores))
        marginals = [[p[paths[:, t] == c].sum() for c in range(3)] for t in range(len(x))]
        assert_array_equal(model.predict([x])[0], model.classes_[paths[scores.argmax()]])
        assert_allclose(model.predict_proba([x])[0], marginals, rtol=1e-10)
        assert_allclose(model.predict_log_proba([x])[0], np.log(marginals), rtol=1e-8)


def test_the_loss_of_the_crf_is_the_mean_negative_log_likelihood_of_a_step():
    params = {"decoder": "crf", "alpha": 0.0, "batch_size": 100, "max_iter": 1}
    model = tagger(**params, learning_rate_init=1e-300).fit(X, Y)
    total = 0.0
    for x, y in zip(X, Y, strict=True):
        paths, scores = score_paths(model.decision_function([x])[0], model.coefs_)
        (path,) = np.flatnonzero((paths == np.searchsorted(model.classes_, y)).all(axis=1))
        total -= log_softmax(scores)[path]
    assert_allclose(model.loss_, total / sum(map(len, X)), rtol=1e-10)


PAIRS = {"decoder": "crf", "transition_constraints": "iobes"}
NO_PATH = "transition_constraints='iobes' allows no sequence of {} step(s) of the labels in y: "
LIMITS = (
    "['E-a'] cannot begin a sequence; ['B-a'] cannot end a sequence; 'B-a' cannot be followed by "
    "['B-a']; 'E-a' cannot be followed by ['E-a']."
)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
@pytest.mark.parametrize("n_steps, possible", [(1, False), (2, True), (3, False), (4, True)])
def test_a_sequence_for_which_no_labels_are_allowed(method, n_steps, possible):
    model = tagger(**PAIRS).fit(np.zeros((4, 2, 1)), [["B-a", "E-a"]] * 4)
    new = [np.zeros((2, 1)), np.zeros((n_steps, 1))]
    if possible:
        model.predict(new)
        return
    with pytest.raises(ValueError, match=re.escape(NO_PATH.format(n_steps) + LIMITS)):
        getattr(model, method)(new)
    with pytest.raises(ValueError, match=re.escape(NO_PATH.format(n_steps))):
        model.score(new, [["B-a"] * 2, ["B-a"] * n_steps])
    with pytest.raises(ValueError, match=re.escape(NO_PATH.format(n_steps))):
        model.fit(
            np.zeros((4, 2, 1)), [["B-a", "E-a"]] * 4,
            X_val=new, y_val=[["B-a"] * 2, ["B-a"] * n_steps],
        )  # fmt: skip


@pytest.mark.parametrize(
    "labels, message",
    [
        (["B-a", "?", "?"], "y[4] has no label at step 2, and transition_constraints='iobes'"),
        (["?", "?", "E-a"], "y[4] has the label 'E-a' at step 2, where transition_constraints="),
        (["B-a", "?", "E-a", "B-a"], "y[4] has the label 'E-a' at step 2"),
        (["B-a", "E-a", "B-a"], "y[4] has the label 'B-a' at step 2"),
        (["E-a", "?"], "y[4] has the label 'E-a' at step 0"),
        (["B-a"], "y[4] has the label 'B-a' at step 0"),
    ],
)
def test_known_labels_between_which_no_others_are_allowed(labels, message):
    X = [np.zeros((2, 1))] * 4 + [np.zeros((len(labels), 1))]
    y = [["B-a", "E-a"]] * 4 + [labels]
    model = tagger(**PAIRS, ignore_label="?")
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        model.fit(X, y)
    assert LIMITS[:-1] in str(error.value) or "Convert y to that scheme" in str(error.value)
    # What has no label at all, or no weight, is not learnt.
    model.fit(X, y, sample_weight=[1, 1, 1, 1, 0])
    model.fit(X, [["B-a", "E-a"]] * 4 + [["?"] * len(labels)])


def test_unknown_labels_between_which_others_are_allowed():
    y = [["B-a", "?", "?", "E-a"], ["?", "E-a", "B-a", "?"]]
    model = tagger(**PAIRS, ignore_label="?").fit(np.zeros((2, 4, 1)), y)
    assert model.predict(np.zeros((1, 4, 1))).tolist() == [["B-a", "E-a", "B-a", "E-a"]]


@pytest.mark.parametrize("scheme", ["bio", "iobes", "bilou", "bmes"])
def test_constraints_make_malformed_labels_impossible(scheme):
    tokens, y = spans_of_two_types()
    inside = {"bio": "I-", "bilou": "L-"}.get(scheme, "E-")
    y = [[tag.replace("I-", inside) for tag in labels] for labels in y]  # of two tokens each
    params = {"decoder": "crf", "transition_constraints": scheme, "learning_rate_init": 0.1}
    model = tagger(**params).fit(TokenEncoder(lowercase=False).fit_transform(tokens), y)
    # Sequences of ids unlike any in training.
    rng = np.random.default_rng(0)
    ids = [rng.integers(0, 4, n) for n in rng.integers(2, 9, 50)]
    pairs = {("", *labels, "")[t : t + 2] for labels in map(tuple, model.predict(ids))
             for t in range(len(labels) + 1)}  # fmt: skip
    assert len(pairs) > 5
    for before, after in pairs:
        if after.startswith(inside):
            kinds = {"B-", "I-"} if scheme == "bio" else {"B-"}
            assert before[:2] in kinds and before[2:] == after[2:]
        elif scheme != "bio":
            assert not before.startswith("B-")
    first = model.predict_proba(ids)[0][0]
    assert_array_equal(first[np.char.startswith(model.classes_, inside)], 0)


# Steps and their labels ---------------------------------------------------------------------


def test_probabilities_are_the_softmax_of_the_scores_and_do_not_underflow():
    model = tagger().fit(X, Y)
    model.set_coefs({"head.weight": 1e5 * model.coefs_["head.weight"]})
    for scores, p, log_p in zip(
        model.decision_function(X), model.predict_proba(X), model.predict_log_proba(X), strict=True
    ):
        assert_array_equal(log_p, log_softmax(scores))
        assert_array_equal(p, np.exp(log_p))
    assert min(log_p.min() for log_p in model.predict_log_proba(X)) < -1000


@pytest.mark.parametrize("cell_type", CELLS)
def test_a_prefix_has_the_labels_that_the_whole_gave_it(cell_type):
    model = tagger(cell_type=cell_type, n_layers=2, bidirectional=False).fit(X, Y)
    for x, whole, labels in zip(X, model.predict_proba(X), model.predict(X), strict=True):
        for n in range(1, len(x) + 1):
            assert_allclose(model.predict_proba([x[:n]])[0], whole[:n], rtol=1e-12)
            assert_array_equal(model.predict([x[:n]])[0], labels[:n])


def test_a_crf_weighs_what_follows():
    model = tagger(decoder="crf", max_iter=20).fit(X, Y)
    changes = [
        np.abs(model.predict_proba([x[:1]])[0] - whole[:1]).max()
        for x, whole in zip(X, model.predict_proba(X), strict=True)
    ]
    assert max(changes) > 1e-3


@DECODERS
def test_the_form_of_the_result_is_the_form_of_x(decoder):
    block = np.stack(equal_sequences(10))
    y = np.where(block[:, :, 0] > 0, "p", "n")
    model = tagger(decoder=decoder).fit(block, y)
    assert model.predict(block).shape == (10, 5)
    assert model.predict_proba(block).shape == (10, 5, 2)
    for form in (list(block), SequenceArray.from_list(list(block))):
        labels, probabilities = model.predict(form), model.predict_proba(form)
        assert labels.shape == probabilities.shape == (10,)
        assert_array_equal(np.stack(labels), model.predict(block))
        assert_array_equal(np.stack(probabilities), model.predict_proba(block))


def test_univariate_series_in_rows():
    series = np.stack(equal_sequences(12, n_features=1))
    y = (series[:, :, 0] > 0).astype(int)
    flat, block = tagger().fit(series[:, :, 0], y), tagger().fit(series, y)
    assert_array_equal(flat.predict_proba(series[:, :, 0]), block.predict_proba(series))


@pytest.mark.parametrize("library", ["pandas", "polars"])
@DECODERS
def test_frames_of_labels_are_read_by_rows(decoder, library):
    frame = pytest.importorskip(library).DataFrame
    names = list("abcde")
    # As many rows as columns, so that only the labels tell which is which.
    series = np.stack(equal_sequences(5, n_steps=5, n_features=1))[:, :, 0]
    y, weight = np.where(series.cumsum(axis=1) > 0, "p", "n"), np.abs(series)
    X_frame, y_frame = (frame(dict(zip(names, a.T, strict=True))) for a in (series, y))
    model, expected = tagger(decoder=decoder).fit(X_frame, y_frame), tagger(decoder=decoder)
    expected.fit(series, y)
    assert model.loss_curve_ == expected.loss_curve_
    w_frame = frame(dict(zip(names, weight.T, strict=True)))
    assert model.score(X_frame, y_frame, w_frame) == expected.score(series, y, weight)
    assert span_free_scores(y_frame, model.predict(X_frame)) == span_free_scores(
        y, expected.predict(series)
    )
    found, wanted = (
        cross_val_predict(tagger(decoder=decoder), *data, cv=2, method="predict_proba")
        for data in ((X_frame, y_frame), (series, y))
    )
    assert_array_equal(np.stack(list(found)), np.stack(list(wanted)))


def test_labels_may_be_a_frame_of_nullable_integers():
    pd = pytest.importorskip("pandas", "2.2")
    series = np.random.default_rng(0).normal(size=(8, 3))
    y = (series > 0).astype(int)
    assert_array_equal(
        tagger().fit(series, pd.DataFrame(y, dtype="Int64")).predict(series),
        tagger().fit(series, y).predict(series),
    )


def span_free_scores(y, predicted):
    return token_accuracy_score(y, predicted), sequence_accuracy_score(y, predicted)


def test_a_table_with_one_label_a_row_holds_single_steps():
    table = np.vstack(sequences(20))
    y = np.where(table[:, 0] > 0, "p", "n")
    rows, block = tagger().fit(table, y), tagger().fit(table[:, None], y[:, None])
    assert_array_equal(rows.predict_proba(table), block.predict_proba(table[:, None])[:, 0])
    assert rows.score(table, y) == block.score(table[:, None], y[:, None])
    assert rows.n_features_in_ == 2


@pytest.mark.parametrize(
    "labels", [[0, 1], [3.0, -1.0], [True, False], ["no", "yes"]], ids=lambda pair: str(pair[0])
)
@DECODERS
def test_labels_of_any_type(labels, decoder):
    y = [[labels[int(value > 0)] for value in x[:, 0]] for x in X]
    model = tagger(decoder=decoder, max_iter=60, learning_rate_init=0.05).fit(X, y)
    assert model.classes_.tolist() == sorted(labels)
    assert model.predict(X)[0].dtype == model.classes_.dtype
    assert model.score(X, y) > 0.9


@DECODERS
def test_ignored_steps_are_neither_learnt_nor_scored_nor_predicted(decoder):
    partly = [np.where(np.arange(len(y)) % 3 == 1, "?", y) for y in Y]
    model = tagger(decoder=decoder, ignore_label="?", max_iter=5).fit(X, partly)
    assert model.classes_.tolist() == ["above", "below"]
    known = np.concatenate(partly) != "?"
    right = np.concatenate(model.predict(X)) == np.concatenate(Y)
    assert_allclose(model.score(X, partly), right[known].mean())
    if decoder == "softmax":
        weight = [(y != "?").astype(float) for y in partly]
        weighted = tagger(max_iter=5).fit(X, Y, sample_weight=weight)
        for ours, theirs in zip(model.predict_proba(X), weighted.predict_proba(X), strict=True):
            assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [7, 100])
@DECODERS
def test_a_sequence_of_which_nothing_is_known_changes_nothing(decoder, batch_size):
    x = sequences(1, seed=5)
    y = [np.repeat("?", len(x[0]))]
    params = {"ignore_label": "?", "batch_size": batch_size, "max_iter": 3, "decoder": decoder}
    without = tagger(**params).fit(X, Y)
    with_it = tagger(**params).fit(X + x, [*Y, *y])
    assert_allclose(with_it.loss_curve_, without.loss_curve_, rtol=1e-12)


@DECODERS
def test_the_loss_is_the_mean_over_the_steps_whose_label_is_known(decoder):
    """Of independent steps, which a CRF without transitions has, too."""
    partly = [np.where(np.arange(len(y)) % 3 == 1, "?", y) for y in Y]
    first = {"alpha": 0.0, "batch_size": 100, "max_iter": 1, "learning_rate_init": 1e-12}
    model = tagger(decoder=decoder, ignore_label="?", **first).fit(X, partly)
    p = np.concatenate([np.asarray(p) for p in model.predict_proba(X)])
    truth = np.concatenate(partly)
    known = np.flatnonzero(truth != "?")
    of_truth = p[known, np.searchsorted(model.classes_, truth[known])]
    assert_allclose(model.loss_, -np.log(of_truth).mean(), rtol=1e-6)


# Weights ------------------------------------------------------------------------------------


def test_the_weight_of_a_sequence_is_that_of_each_of_its_steps():
    weight = np.random.default_rng(0).uniform(0, 2, len(X))
    steps = [np.full(len(x), w) for x, w in zip(X, weight, strict=True)]
    by_sequence = tagger().fit(X, Y, sample_weight=weight)
    by_step = tagger().fit(X, Y, sample_weight=steps)
    assert by_sequence.loss_curve_ == by_step.loss_curve_
    assert by_sequence.score(X, Y, weight) == by_step.score(X, Y, steps)


def test_the_label_of_a_step_without_weight_does_not_matter():
    weight = [np.arange(len(x)) % 2 for x in X]
    wrong = [
        np.where(w, y, np.where(y == "above", "below", "above"))
        for w, y in zip(weight, Y, strict=True)
    ]
    unknown = [np.where(w, y, "?") for w, y in zip(weight, Y, strict=True)]
    right, *others = (
        tagger(ignore_label="?").fit(X, y, sample_weight=weight) for y in (Y, wrong, unknown)
    )
    for other in others:
        assert right.loss_curve_ == other.loss_curve_
        for name, value in right.coefs_.items():
            assert_array_equal(value, other.coefs_[name])


def test_balanced_classes_weigh_the_same_over_real_steps():
    labels = np.concatenate(Y)
    share = {c: len(labels) / (2 * (labels == c).sum()) for c in ("above", "below")}
    weight = [np.vectorize(share.get)(y) for y in Y]
    balanced = tagger(class_weight="balanced").fit(X, Y)
    assert_allclose(
        balanced.loss_curve_, tagger().fit(X, Y, sample_weight=weight).loss_curve_, rtol=1e-12
    )
    assert balanced.loss_curve_ == tagger(class_weight=share).fit(X, Y).loss_curve_


# Validation ---------------------------------------------------------------------------------


def test_the_epoch_is_chosen_by_spans():
    tokens, y = spans_of_two_types(60)
    ids = TokenEncoder(lowercase=False).fit_transform(tokens)
    model = tagger(learning_rate_init=0.1, max_iter=15, scoring=span_f1_scorer)
    model.fit(ids[:40], y[:40], X_val=ids[40:], y_val=y[40:])
    scores = model.validation_scores_
    assert scores[0] < max(scores) == model.best_validation_score_
    assert max(scores) == span_f1_score(y[40:], model.predict(ids[40:]))


@DECODERS
def test_labels_that_only_held_out_sequences_have_count_as_wrong(decoder):
    y = [np.full(len(x), f"only {i}") for i, x in enumerate(X)]
    model = tagger(decoder=decoder, early_stopping=True, max_iter=4).fit(X, y)
    assert len(model.classes_) == len(X)
    assert model.validation_scores_ == [0.0] * 4


def test_validation_takes_what_only_a_likelihood_cannot():
    tokens, y = spans_of_two_types()
    ids = TokenEncoder(lowercase=False).fit_transform(tokens)
    wrong = [["I-A", *labels[1:]] for labels in y]  # as no sequence may begin
    steps = [np.linspace(0, 1, len(labels)) for labels in y]
    model = tagger(decoder="crf", transition_constraints="bio")
    model.fit(ids, y, X_val=ids, y_val=wrong, sample_weight_val=steps)
    assert_allclose(model.best_validation_score_, model.score(ids, wrong, steps), rtol=1e-12)


# Model selection ----------------------------------------------------------------------------


@pytest.mark.slow
def test_a_search_over_decoders_with_a_score_of_spans():
    tokens, y = spans_of_two_types(60)
    model = make_pipeline(TokenEncoder(token_features=["shape"]), tagger(hidden_size=8))
    grid = {"sequencetagger__decoder": ["softmax", "crf"], "sequencetagger__max_iter": [1, 60]}
    search = GridSearchCV(model, grid, scoring=span_f1_scorer, cv=3).fit(tokens, y)
    assert search.best_params_["sequencetagger__max_iter"] == 60
    assert search.best_score_ > 0.95
    found = cross_val_predict(search.best_estimator_, tokens, y, cv=3, method="predict_proba")
    assert [p.shape for p in found] == [(len(labels), 5) for labels in y]


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "y", "weight", "message"),
    [
        ({}, [*Y[:-1], Y[-1][:-1]], None, r"y\[29\] has 5 value.*, but X\[29\] has 6 step"),
        ({}, [0.5 + np.arange(len(x)) for x in X], None, "Unknown label type: continuous"),
        ({}, Y[:-1], None, "inconsistent numbers of samples"),
        ({}, ["above"] * 30, None, "one label for each sequence.* use RNNClassifier"),
        ({}, [np.full(len(y), np.nan) for y in Y], None, "Input y contains NaN"),
        ({"ignore_label": "below"}, object_array([np.full(len(y), "below") for y in Y]), None,
         "every label in y is ignore_label='below'"),
        ({}, Y, [np.ones(len(x) + 1) for x in X], r"sample_weight\[0\] has 7 value"),
        ({}, Y, np.ones(29), "sample_weight has shape"),
        ({"decoder": "crf"}, Y, [np.arange(1, len(x) + 1) for x in X], "differs between the steps"),
        ({"decoder": "crf", "class_weight": "balanced"}, Y, None, "class_weight='balanced'"),
        ({"transition_constraints": "bio"}, Y, None, "needs decoder='crf'"),
        ({"decoder": "crf", "transition_constraints": "bio"}, Y, None, "'above'"),
        ({"decoder": "crf", "transition_constraints": "bio"},
         object_array([np.array(["O"] * (len(x) - 1) + ["I-A"]) for x in X]), None,
         r"y\[\d+\] has the label 'I-A' at step \d+, where transition_constraints='bio'"),
    ],
)  # fmt: skip
def test_wrong_targets(params, y, weight, message):
    with pytest.raises(ValueError, match=message):
        tagger(**params).fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("decoder", ["softmax", "crf"])
@pytest.mark.parametrize("labels", [["a", "b"], [1, 2], [0.0, 1.0], [False, True]], ids=str)
@pytest.mark.parametrize("unknown", [None, np.nan, "?", -100], ids=str)
def test_unknown_labels_may_be_marked_by_anything(decoder, labels, unknown):
    X = [np.array([[0.5], [1.0], [0.1]]), np.array([[0.3], [0.9]])]
    y = [[labels[0], unknown, labels[1]], [unknown, labels[0]]]
    tagger = SequenceTagger(
        hidden_size=2, max_iter=2, random_state=0, decoder=decoder, ignore_label=unknown
    ).fit(X, y)
    same = [["first", "?", "second"], ["?", "first"]]
    reference = clone(tagger).set_params(ignore_label="?").fit(X, same)
    np.testing.assert_array_equal(tagger.predict_proba(X)[0], reference.predict_proba(X)[0])
    assert sorted(tagger.classes_.tolist()) == sorted(labels)
    assert tagger.classes_.dtype.kind == np.array(labels).dtype.kind
    assert tagger.score(X, y) == reference.score(X, same)


@pytest.mark.parametrize("other", [None, np.nan])
def test_missing_labels_beside_those_ignored_are_refused(other):
    tagger = SequenceTagger(ignore_label="?", max_iter=1)
    with pytest.raises(ValueError, match="a missing label: .* set ignore_label"):
        tagger.fit([[[0.5], [1.0], [0.1]]], [["a", "?", other]])
