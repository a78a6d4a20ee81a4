"""Permutation importance: planted features and steps come first, for every form of X."""

import numpy as np
import pytest
from estimators import TINY, each_form, object_array
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.inspection import permutation_importance as of_columns
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    RNNClassifier,
    RNNRegressor,
    SequenceArray,
    SequenceTagger,
    SlidingWindowTransformer,
    TimestepTransformer,
    TokenEncoder,
)
from skrnn.inspection import permutation_importance
from skrnn.inspection._importance import Shuffled
from skrnn.metrics import token_accuracy_scorer

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(6, 10, 120)
X = [RNG.standard_normal((n, 3)) for n in LENGTHS]
Y = np.array([x[2:5, 1].sum() for x in X])
OPTIONS = {"hidden_size": 10, "max_iter": 25, "random_state": 0}


@pytest.fixture(scope="module")
def model():
    return RNNRegressor(**OPTIONS | {"max_iter": 60}).fit(X, Y)


def test_planted_features_come_first(model):
    found = permutation_importance(model, X, Y, random_state=0)
    assert found.names.tolist() == ["x0", "x1", "x2"]
    assert found.importances.shape == (3, 5)
    assert found.importances_mean.argmax() == 1
    assert found.importances_mean[1] > 2 * np.abs(found.importances_mean[[0, 2]]).max()
    assert_allclose(found.importances_std, found.importances.std(axis=1))


def test_planted_steps_come_first(model):
    found = permutation_importance(model, X, Y, by="step", n_repeats=3, random_state=0)
    assert found.names.tolist() == [str(t) for t in range(9)]
    assert set(found.importances_mean.argsort()[-3:]) == {2, 3, 4}
    blocks = permutation_importance(model, X, Y, by="block", block_size=5, random_state=0)
    assert blocks.names.tolist() == ["0-4", "5-8"]
    assert blocks.importances_mean.argmax() == 0


@pytest.mark.parametrize("by", ["feature", "step", "block"])
def test_what_changes_hands_is_a_stretch_of_another_sequence(by):
    sequences = [100 * i + np.arange(n)[:, None] + [0.0, 0.5] for i, n in enumerate([4, 7, 5])]
    shuffled = Shuffled(sequences, "test")
    for group in shuffled.groups(by, 3)[0]:
        columns, first, last = group
        result = shuffled.permuted(group, np.random.RandomState(1))
        givers = []
        for before, after in zip(sequences, result, strict=True):
            changed = np.zeros(before.shape, bool)
            changed[np.ix_(range(first, min(last, len(before))), columns)] = True
            assert_array_equal(before[~changed], after[~changed])
            if not changed.any():
                continue
            (giver,) = {int(value // 100) for value in after[changed]}
            givers.append(giver)
            n_given = min(last, len(sequences[giver])) - first
            steps = first + np.arange(min(last, len(before)) - first) % n_given
            assert_array_equal(after[first:last][:, columns], sequences[giver][steps][:, columns])
        assert sorted(givers) == [i for i, s in enumerate(sequences) if len(s) > first]


@each_form
def test_forms_of_X(form):
    equal = [x[:6] for x in X[:30]]
    model = RNNRegressor(**TINY).fit(np.stack(equal), Y[:30])
    expected = permutation_importance(model, np.stack(equal), Y[:30], random_state=0)
    found = permutation_importance(model, form(equal), Y[:30], random_state=0)
    assert_allclose(found.importances, expected.importances, atol=1e-12)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_have_names(library):
    frame = pytest.importorskip(library).DataFrame
    frames = [frame({"a": x[:, 0], "b": x[:, 1]}) for x in X[:30]]
    model = RNNRegressor(**TINY).fit(frames, Y[:30])
    found = permutation_importance(model, frames, Y[:30], random_state=0)
    assert found.names.tolist() == ["a", "b"]
    table = frame({f"lag{t}": [x[t, 0] for x in X] for t in range(4)})
    model = RNNRegressor(**TINY).fit(table, Y)
    for by, n_groups in (("feature", 1), ("step", 4)):
        found = permutation_importance(model, table, Y, by=by, n_repeats=2, random_state=0)
        assert found.importances.shape == (n_groups, 2)
    array = SequenceArray.from_list(frames)
    model = RNNRegressor(**TINY).fit(array, Y[:30])
    assert permutation_importance(model, array, Y[:30]).names.tolist() == ["a", "b"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_windows_have_names(library):
    series = pytest.importorskip(library).DataFrame({"a": X[0][:, 0], "b": X[0][:, 1]})
    windows = SlidingWindowTransformer(window_size=3).fit_transform(series)
    model = RNNRegressor(**TINY).fit(windows, series["a"])
    found = permutation_importance(model, windows, series["a"], n_repeats=1)
    assert found.names.tolist() == ["a", "b"]


@pytest.mark.parametrize("scoring", [None, token_accuracy_scorer], ids=str)
def test_texts_without_a_token_have_no_label(scoring):
    texts, y = [["a", "b"], [], ["b"]], [["x", "y"], [], ["y"]]
    ids = TokenEncoder().fit_transform(texts)
    model = SequenceTagger(**TINY).fit(ids, y)
    found = permutation_importance(model, ids, y, by="step", scoring=scoring, n_repeats=1)
    assert found.names.tolist() == ["0", "1"]


def test_tables():
    table = np.stack([x[:6, 1] for x in X])
    model = RNNRegressor(**OPTIONS).fit(table, Y)
    found = permutation_importance(model, table, Y, by="step", random_state=0)
    assert set(found.importances_mean.argsort()[-3:]) == {2, 3, 4}
    again = permutation_importance(model, table.tolist(), Y, by="step", random_state=0)
    assert_allclose(again.importances, found.importances)


def texts(n):
    words = RNG.choice(["the", "a", "film", "was", "so"], (n, 6)).tolist()
    y = RNG.integers(0, 2, n)
    for text, label in zip(words, y, strict=True):
        text[3] = "good" if label else "bad"
    return [text[: 4 + i % 3] for i, text in enumerate(words)], y


def test_tokens():
    X, y = texts(60)
    model = make_pipeline(TokenEncoder(), RNNClassifier(**OPTIONS)).fit(X, y)
    found = permutation_importance(model, X, y, by="step", random_state=0)
    assert found.importances_mean.argmax() == 3
    assert (found.importances_mean[[0, 1, 2, 4, 5]] < 0.2).all()
    ids = model[0].transform(X)
    same = permutation_importance(model[1], ids, y, by="step", random_state=0)
    assert_allclose(same.importances, found.importances)


def test_scorers_of_scikit_learn(model):
    options = {"n_repeats": 2, "random_state": 0}
    scores = ["r2", "neg_mean_squared_error"]
    several = permutation_importance(model, X, Y, scoring=scores, **options)
    assert list(several) == scores
    for name in scores:
        alone = permutation_importance(model, X, Y, scoring=name, **options)
        assert_array_equal(several[name].importances, alone.importances)
    weight = np.linspace(1, 2, len(Y))
    weighted = permutation_importance(model, X, Y, sample_weight=weight, **options)
    assert np.abs(weighted.importances - several["r2"].importances).max() > 1e-3


def test_labels_of_steps():
    y = [np.where(x[:, 2] > 0, "up", "down") for x in X]
    model = SequenceTagger(**OPTIONS).fit(X, y)
    for scoring in (None, token_accuracy_scorer):
        found = permutation_importance(model, X, y, scoring=scoring, random_state=0)
        assert found.importances_mean.argmax() == 2


def test_any_n_jobs_gives_the_same(model):
    options = {"n_repeats": 2, "random_state": 3}
    one = permutation_importance(model, X, Y, **options)
    with parallel_config(backend="threading"):
        two = permutation_importance(model, X, Y, n_jobs=2, **options)
    assert_allclose(one.importances, two.importances, rtol=1e-12)


def test_features_of_single_steps_have_the_importance_that_scikit_learn_gives_columns():
    steps = np.stack([x[:1] for x in X])
    y = 2 * steps[:, 0, 0] + steps[:, 0, 1]
    model = RNNRegressor(**OPTIONS).fit(steps, y)

    class Columns:
        def fit(self, X, y):
            return self

        def score(self, X, y):
            return model.score(X[:, None], y)

    ours = permutation_importance(model, steps, y, n_repeats=30, random_state=0)
    theirs = of_columns(Columns(), steps[:, 0], y, n_repeats=30, random_state=0)
    difference = np.abs(ours.importances_mean - theirs.importances_mean)
    assert (difference < 3 * theirs.importances_std / np.sqrt(15) + 1e-3).all()


def test_X_stays_as_it_is(model):
    before = [x.copy() for x in X]
    permutation_importance(model, X, Y, n_repeats=1)
    for x, copy in zip(X, before, strict=True):
        assert_array_equal(x, copy)


def test_pipelines():
    X3 = np.stack([x[:6] for x in X])
    model = make_pipeline(TimestepTransformer(StandardScaler()), RNNRegressor(**OPTIONS))
    found = permutation_importance(model.fit(X3, Y), X3, Y, random_state=0)
    assert found.importances_mean.argmax() == 1


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"by": "time"}, "The 'by' parameter of permutation_importance must be a str among"),
        ({"block_size": 0}, "The 'block_size' parameter of permutation_importance must be"),
        ({"n_repeats": 0}, "The 'n_repeats' parameter of permutation_importance must be"),
        ({"n_jobs": "all"}, "The 'n_jobs' parameter of permutation_importance must be"),
        ({"random_state": "a"}, "The 'random_state' parameter of permutation_importance must be"),
        ({"scoring": "best"}, "'best' is not a valid scoring value"),
        ({"y": Y[:3]}, "inconsistent numbers of samples: "),
        ({"sample_weight": [1.0]}, "inconsistent numbers of samples: "),
        ({"X": object_array([]), "y": []}, "0 sequences"),
    ],
)
def test_what_it_refuses(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        permutation_importance(model, **{"X": X, "y": Y} | arguments)


def test_a_series_cut_into_windows_is_refused():
    pipeline = make_pipeline(SlidingWindowTransformer(window_size=3), RNNRegressor(**TINY))
    series = RNG.standard_normal((40, 2))
    pipeline.fit(series, series[:, 0])
    with pytest.raises(ValueError, match=r"pass pipeline\[-1\] with the windows"):
        permutation_importance(pipeline, series, series[:, 0])
