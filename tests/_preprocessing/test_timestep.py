"""TimestepTransformer: the same numbers as the transformer on a table of all steps."""

import joblib
import numpy as np
import pytest
import sklearn
from estimators import object_array, series
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.utils import estimator_checks

from skrnn import RNNClassifier, SequenceTagger, SlidingWindowTransformer, TokenEncoder
from skrnn._data.sequence_array import SequenceArray
from skrnn._preprocessing.timestep import TimestepTransformer

LENGTHS = [4, 1, 6]
ROWS = np.random.default_rng(0).normal(5, 3, size=(sum(LENGTHS), 3))
ITEMS = np.split(ROWS, np.cumsum(LENGTHS)[:-1])


def steps(X):
    """Return all steps of any container as rows."""
    if isinstance(X, SequenceArray):
        return X.values
    if isinstance(X, np.ndarray) and X.dtype != object:
        return X.reshape(-1, X.shape[-1])
    return np.concatenate(list(X))


# --------------------------------------------------------------------------- containers, numbers


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        PCA(2),
        SimpleImputer(),
        KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
        make_pipeline(MinMaxScaler(), PCA(1)),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
@pytest.mark.parametrize(
    "pack, kind",
    [
        (list, list),
        (tuple, list),
        (object_array, np.ndarray),
        (series, np.ndarray),
        (SequenceArray.from_list, SequenceArray),
        (lambda items: [item.tolist() for item in items], list),
    ],
    ids=["list", "tuple", "object", "Series", "SequenceArray", "nested"],
)
def test_ragged_steps_are_rows_of_a_table(pack, kind, transformer):
    expected = clone(transformer).fit(ROWS).transform(ROWS)
    out = TimestepTransformer(transformer).fit_transform(pack(ITEMS))
    assert type(out) is kind
    assert [len(item) for item in out] == LENGTHS
    np.testing.assert_array_equal(steps(out), expected)


def test_3d_steps_are_rows_of_a_table():
    X = ROWS[:10].reshape(2, 5, 3)
    out = TimestepTransformer(StandardScaler()).fit_transform(X)
    np.testing.assert_array_equal(out, StandardScaler().fit_transform(ROWS[:10]).reshape(2, 5, 3))


def test_equal_lengths_stay_a_list():
    out = TimestepTransformer(StandardScaler()).fit_transform([ROWS[:2], ROWS[2:4]])
    assert isinstance(out, list)
    np.testing.assert_array_equal(steps(out), StandardScaler().fit_transform(ROWS[:4]))


def test_equal_lengths_stay_an_object_array():
    out = TimestepTransformer(StandardScaler()).fit_transform(object_array([ROWS[:2], ROWS[2:4]]))
    assert out.shape == (2,) and out.dtype == object


def test_a_2d_array_is_univariate_and_stays_2d():
    X = ROWS[:10].reshape(5, 6)
    transformer = TimestepTransformer(StandardScaler())
    out = transformer.fit_transform(X)
    np.testing.assert_array_equal(out, (X - X.mean()) / X.std())
    assert transformer.n_features_in_ == 6
    deep = TimestepTransformer(StandardScaler()).fit_transform(X[:, :, None])
    np.testing.assert_array_equal(out, deep[:, :, 0])


def test_several_features_out_of_a_2d_array():
    X = np.array([[0, 1], [1, 2]])
    out = TimestepTransformer(OneHotEncoder()).fit_transform(X)
    np.testing.assert_array_equal(out, np.eye(3)[X])


@pytest.mark.parametrize("pack", [list, object_array, SequenceArray.from_list])
def test_1d_sequences_stay_1d_where_a_step_has_one_feature(pack):
    tokens = pack([np.array([2, 0]), np.array([1, 1, 0])])
    scaled = TimestepTransformer(MinMaxScaler()).fit_transform(tokens)
    np.testing.assert_array_equal(np.concatenate(list(scaled)), [1, 0, 0.5, 0.5, 0])
    encoded = TimestepTransformer(OneHotEncoder()).fit_transform(tokens)
    np.testing.assert_array_equal(steps(encoded), np.eye(3)[[2, 0, 1, 1, 0]])


@pytest.mark.parametrize("pack", [list, object_array, series])
@pytest.mark.parametrize("dtype", [int, float])
def test_a_list_of_1d_arrays_of_one_length_is_no_table(pack, dtype):
    X = pack([np.array([1, 2, 3], dtype), np.array([4, 5, 6], dtype)])
    transformer = TimestepTransformer(StandardScaler(with_std=False)).fit(X)
    assert transformer.n_features_in_ == 1
    out = transformer.transform(X)
    assert type(out) is (list if pack is list else np.ndarray)
    np.testing.assert_array_equal(out[1], [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(transformer.transform(pack([X[0][:2]]))[0], [-2.5, -1.5])


def test_strings_per_step():
    X = [np.array([["red", "s"], ["blue", "s"]]), np.array([["red", "m"]])]
    encoder = TimestepTransformer(OneHotEncoder())
    np.testing.assert_array_equal(
        steps(encoder.fit_transform(X)), [[0, 1, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]]
    )
    names = ["colour_blue", "colour_red", "size_m", "size_s"]
    assert encoder.get_feature_names_out(["colour", "size"]).tolist() == names
    assert encoder.inverse_transform(encoder.transform(X))[1].tolist() == [["red", "m"]]


def test_missing_values_reach_an_imputer_and_no_other():
    X = ROWS[:10].reshape(2, 5, 3).copy()
    X[1, 2, 0] = np.nan
    out = TimestepTransformer(SimpleImputer()).fit_transform(X)
    assert out[1, 2, 0] == pytest.approx(np.nanmean(X[:, :, 0]))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        TimestepTransformer(PCA(1)).fit(X)


def test_univariate_sequences_after_a_2d_fit_and_the_other_way_round():
    X = ROWS[:10].reshape(5, 6)
    after_table = TimestepTransformer(StandardScaler()).fit(X)
    after_sequences = TimestepTransformer(StandardScaler()).fit(X[:, :, None])
    short = X[:, :4, None]
    np.testing.assert_array_equal(after_table.transform(short), after_sequences.transform(short))
    np.testing.assert_array_equal(after_sequences.transform(X), after_table.transform(X))


# ------------------------------------------------------------------------------- dtypes, copies


@pytest.mark.parametrize(
    "transformer",
    [StandardScaler(), PCA(2), OneHotEncoder(), SimpleImputer()],
    ids=lambda transformer: type(transformer).__name__,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scope", ["dataset", "sequence"])
def test_the_dtype_is_kept(transformer, dtype, scope):
    X = np.tile(np.arange(24.0).reshape(1, 8, 3), (2, 1, 1)).astype(dtype)
    assert TimestepTransformer(transformer, scope=scope).fit_transform(X).dtype == dtype


@pytest.mark.parametrize("pack", [np.array, list, SequenceArray.from_list])
@pytest.mark.parametrize("scope", ["dataset", "sequence"])
def test_x_is_never_written_to(pack, scope):
    X = pack(list(ROWS[:10].reshape(2, 5, 3)))
    transformer = TimestepTransformer(StandardScaler(copy=False), scope=scope)
    scaled = transformer.fit_transform(X)
    np.testing.assert_array_equal(steps(X), ROWS[:10])
    if scope == "dataset":
        before = steps(scaled).copy()
        transformer.inverse_transform(scaled)
        np.testing.assert_array_equal(steps(scaled), before)


def test_a_read_only_memory_map_is_read(tmp_path):
    X = ROWS[:10].reshape(2, 5, 3)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    transformer = TimestepTransformer(StandardScaler(copy=False))
    np.testing.assert_array_equal(transformer.fit_transform(mapped), transformer.transform(X))


# --------------------------------------------------------------------------------------- scopes


def test_scope_sequence_scales_each_sequence_by_itself():
    out = TimestepTransformer(StandardScaler(), scope="sequence").fit_transform(ITEMS)
    for item, scaled in zip(ITEMS, out, strict=True):
        np.testing.assert_array_equal(scaled, StandardScaler().fit_transform(item))


NO_VALUES = [np.array([[1.0, 5.0], [3.0, 6.0]]), np.array([[np.nan, 8.0], [np.nan, 9.0]])]
CONSTANT = [np.array([[1.0, 5.0], [3.0, 6.0]]), np.array([[2.0, 8.0], [2.0, 9.0]])]


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
@pytest.mark.filterwarnings("ignore:Feature 0 is constant")
@pytest.mark.parametrize(
    "transformer, X",
    [
        (SimpleImputer(), NO_VALUES),
        (SimpleImputer(add_indicator=True, keep_empty_features=True), NO_VALUES[::-1]),
        (VarianceThreshold(), CONSTANT),
        (make_pipeline(MinMaxScaler(), VarianceThreshold()), CONSTANT),
        (OneHotEncoder(), CONSTANT),
        (KBinsDiscretizer(2, strategy="uniform"), CONSTANT),
        (FeatureUnion([("all", "passthrough"), ("some", VarianceThreshold())]), CONSTANT),
    ],
    ids=str,
)
def test_scope_sequence_refuses_features_that_depend_on_the_sequence(transformer, X):
    """Features that one sequence lacks would be filled with others, which have another meaning."""
    both = [np.concatenate(X)]
    for sequences in (X, X[1:]):
        fitted = TimestepTransformer(transformer, scope="sequence").fit(both)
        with pytest.raises(ValueError, match="scope='sequence': of one sequence .* they differ in"):
            fitted.transform(sequences)


def test_scope_sequence_refuses_widths_that_depend_on_the_sequence():
    transformer = FunctionTransformer(lambda rows: rows[:, rows.std(axis=0) > 0])
    with pytest.raises(ValueError, match="1 features of some sequences and 2 of others"):
        TimestepTransformer(transformer, scope="sequence").fit_transform(CONSTANT)


def test_scope_sequence_keeps_features_that_are_fixed():
    transformer = SimpleImputer(keep_empty_features=True, strategy="constant", fill_value=0.0)
    out = TimestepTransformer(transformer, scope="sequence").fit_transform(NO_VALUES)
    np.testing.assert_array_equal(out[1], [[0, 8], [0, 9]])


# ------------------------------------------------------------------ what sees rows beside its own


class Before(TransformerMixin, BaseEstimator):
    """Return the row before; the first one has none, and stays."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.concatenate([X[:1], X[:-1]])


@pytest.mark.parametrize("pack", [list, tuple, object_array, SequenceArray.from_list])
@pytest.mark.parametrize(
    "transformer",
    [
        SlidingWindowTransformer(3, output="2d"),
        SlidingWindowTransformer(2, horizon=1, padding="zero", output="2d"),
        make_pipeline(StandardScaler(), SlidingWindowTransformer(2, output="2d")),
        FunctionTransformer(lambda rows: np.cumsum(rows, axis=0)),
        FunctionTransformer(np.gradient, kw_args={"axis": 0}, check_inverse=False),
        ColumnTransformer([("before", Before(), [0]), ("scaled", StandardScaler(), [1])]),
        FeatureUnion([("before", Before()), ("now", "passthrough")]),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_no_step_sees_another_sequence(pack, transformer):
    items = [ROWS[:4], ROWS[4:6], ROWS[6:]]
    fitted = TimestepTransformer(transformer).fit(pack(items))
    plain = clone(transformer).fit(ROWS)
    together = fitted.transform(pack(items))
    for i, item in enumerate(items):
        np.testing.assert_allclose(together[i], plain.transform(item), rtol=1e-12)


def test_windows_of_each_sequence():
    X = np.arange(6.0).reshape(2, 3, 1)
    windows = TimestepTransformer(SlidingWindowTransformer(2, output="2d"))
    expected = [[[0, 0], [0, 1], [1, 2]], [[3, 3], [3, 4], [4, 5]]]
    np.testing.assert_array_equal(windows.fit_transform(X), expected)
    np.testing.assert_array_equal(windows.inverse_transform(expected), X)


@pytest.mark.parametrize("function", [np.ravel, lambda rows: rows[:, :, None]])
def test_steps_of_other_than_one_dimension_are_refused(function):
    for transformer in (FunctionTransformer(function), SlidingWindowTransformer(2)):
        with pytest.raises(ValueError, match="in an array of shape .*output='2d'"):
            TimestepTransformer(transformer).fit_transform(ITEMS)


def test_scikit_learn_takes_all_steps_at_once(monkeypatch):
    """One call costs as much as 0.1 ms of rows, which 10,000 sequences would each pay."""
    n_rows = []
    transform = StandardScaler.transform

    def counting(self, X, copy=None):
        n_rows.append(len(X))
        return transform(self, X, copy=copy)

    monkeypatch.setattr(StandardScaler, "transform", counting)
    transformer = make_pipeline(StandardScaler(), FunctionTransformer(np.sqrt), PCA(2))
    TimestepTransformer(transformer[0]).fit(ITEMS).transform(ITEMS)
    TimestepTransformer(ColumnTransformer([("a", StandardScaler(), [0])])).fit(ITEMS).transform(
        ITEMS
    )
    assert set(n_rows) == {sum(LENGTHS)}


def test_a_sequence_without_steps_stays_so():
    ids = SequenceArray.from_list([[1.0, 2.0], [], [3.0]])
    for transformer in (MinMaxScaler(), FunctionTransformer(lambda rows: np.cumsum(rows, axis=0))):
        out = TimestepTransformer(transformer).fit(ids[[0, 2]]).transform(ids)
        assert out.lengths.tolist() == [2, 0, 1]


def test_scope_sequence_does_not_depend_on_the_training_set():
    transformer = TimestepTransformer(StandardScaler(), scope="sequence")
    alone = transformer.fit(ITEMS[2:]).transform(ITEMS[:1])[0]
    np.testing.assert_array_equal(transformer.fit_transform(ITEMS)[0], alone)
    assert not hasattr(transformer, "inverse_transform")


# ---------------------------------------------------------------------------------- scikit-learn


def test_texts_without_a_token_stay_so():
    texts, y = [["a", "b"], [], ["b"]], [["x", "y"], [], ["y"]]
    encoder = TimestepTransformer(OneHotEncoder(handle_unknown="ignore"))
    tagger = SequenceTagger(hidden_size=2, max_iter=1, random_state=0)
    model = make_pipeline(TokenEncoder(), encoder, tagger).fit(texts, y)
    assert [len(tags) for tags in model.predict(texts)] == [2, 0, 1]


@pytest.mark.parametrize("pack", [np.array, list, SequenceArray.from_list])
def test_inverse_transform_returns_the_sequences(pack):
    X = pack(list(ROWS[:10].reshape(2, 5, 3)))
    transformer = TimestepTransformer(make_pipeline(StandardScaler(), PCA())).fit(X)
    back = transformer.inverse_transform(transformer.transform(X))
    assert type(back) is type(X)
    np.testing.assert_allclose(steps(back), steps(X))


def test_inverse_transform_of_a_2d_array():
    X = ROWS[:10].reshape(5, 6)
    transformer = TimestepTransformer(MinMaxScaler()).fit(X)
    np.testing.assert_allclose(transformer.inverse_transform(transformer.transform(X)), X)


def test_partial_fit_in_parts_equals_fit():
    whole = TimestepTransformer(StandardScaler()).fit(ITEMS)
    parts = TimestepTransformer(StandardScaler())
    for item in ITEMS:
        parts.partial_fit([item])
    np.testing.assert_allclose(parts.transformer_.mean_, whole.transformer_.mean_)
    np.testing.assert_allclose(parts.transformer_.var_, whole.transformer_.var_)
    with pytest.raises(ValueError, match="X has 2 features, but .* is expecting 3"):
        parts.partial_fit([ROWS[:, :2]])


def test_methods_are_those_of_the_transformer():
    transformer = TimestepTransformer(OneHotEncoder())
    assert hasattr(transformer, "inverse_transform")
    assert not hasattr(transformer, "partial_fit")
    assert not hasattr(TimestepTransformer(FunctionTransformer()), "get_feature_names_out")


def test_feature_names():
    transformer = TimestepTransformer(PCA(2)).fit(ITEMS)
    assert transformer.get_feature_names_out().tolist() == ["pca0", "pca1"]
    names = TimestepTransformer(StandardScaler()).fit(ITEMS).get_feature_names_out(["a", "b", "c"])
    assert names.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("categorical", [True, False])
@pytest.mark.parametrize("shape", [(6,), (6, 2)])
def test_ids_stay_ids_where_they_stay_integers(shape, categorical):
    ids = SequenceArray(np.arange(6 * len(shape)).reshape(shape), [0, 2, 6], categorical)
    same = TimestepTransformer(FunctionTransformer()).fit_transform(ids)
    assert same.categorical is categorical
    assert not TimestepTransformer(StandardScaler()).fit_transform(ids).categorical


def frames(columns):
    pd = pytest.importorskip("pandas")
    return [pd.DataFrame(item, columns=list(columns)) for item in ITEMS]


@pytest.mark.parametrize("pack", [list, tuple])
def test_feature_names_of_sequences_in_frames(pack):
    transformer = TimestepTransformer(StandardScaler()).fit(pack(frames("abc")))
    assert transformer.feature_names_in_.tolist() == ["a", "b", "c"]
    assert transformer.get_feature_names_out().tolist() == ["a", "b", "c"]
    expected = TimestepTransformer(StandardScaler()).fit_transform(ITEMS)
    for ours, theirs in zip(transformer.transform(pack(frames("abc"))), expected, strict=True):
        np.testing.assert_allclose(ours, theirs)
    with pytest.raises(ValueError, match="(?s)should match .*in the same order"):
        transformer.transform(pack(frames("cba")))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        transformer.transform(ITEMS)
    with pytest.raises(ValueError, match=r"X\[0\] has \['a', 'b', 'c'\] and"):
        transformer.fit([frames("abc")[0], frames("cba")[1]])


def test_feature_names_of_a_sequence_array():
    named, swapped = (SequenceArray.from_list(frames(names)) for names in ("abc", "cba"))
    transformer = TimestepTransformer(StandardScaler()).fit(named)
    assert transformer.get_feature_names_out().tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(
        steps(transformer.transform(named)), StandardScaler().fit_transform(ROWS), rtol=1e-10
    )
    with pytest.raises(ValueError, match="should match .*in the same order"):
        transformer.transform(swapped)
    with pytest.warns(UserWarning, match="X has feature names, but"):
        TimestepTransformer(StandardScaler()).fit(ITEMS).transform(named)


@pytest.mark.parametrize(
    "transformer, names",
    [
        ("passthrough", ["a", "b", "c"]),
        (StandardScaler(), ["a", "b", "c"]),
        (PCA(2), ["pca0", "pca1"]),
        (FunctionTransformer(), None),  # which does not tell
    ],
)
@pytest.mark.parametrize("scope", ["dataset", "sequence"])
def test_names_go_on_to_what_comes_next(transformer, names, scope):
    sequences = SequenceArray.from_list([frame.iloc[[0, 1, 1]] for frame in frames("abc")[::2]])
    out = TimestepTransformer(transformer, scope=scope).fit_transform(sequences)
    assert out.feature_names is None if names is None else out.feature_names.tolist() == names


MIXED = {"hr": [60.0, 80.0, 70.0], "park": [1, 0, 1], "kind": ["a", "b", "a"]}


def mixed_frames(library):
    frame = pytest.importorskip(library).DataFrame(MIXED)
    return [frame[:2], frame[2:]]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("pack", [list, tuple, object_array])
def test_names_reach_the_transformer(library, pack):
    if library == "polars" and sklearn.__version__ < "1.9":
        pytest.skip("this ColumnTransformer asks for the size of what passes through")
    inner = ColumnTransformer(
        [("scale", StandardScaler(), ["hr"]), ("code", OneHotEncoder(), ["kind"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
        sparse_threshold=0,
    )
    X = pack(mixed_frames(library))
    transformer = TimestepTransformer(inner)
    out = transformer.fit_transform(X)
    assert list(out[0].columns) == ["hr", "kind_a", "kind_b", "park"]
    assert isinstance(out[0], type(X[0]))
    scaled = StandardScaler().fit_transform([[60.0], [80.0], [70.0]])
    expected = np.column_stack([scaled, [1, 0, 1], [0, 1, 0], [1, 0, 1]])
    np.testing.assert_array_equal(steps(out), expected)
    assert transformer.get_feature_names_out().tolist() == list(out[0].columns)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_network_finds_a_category_by_its_name(library):
    X = [frame[["hr", "park"]] for frame in mixed_frames(library)]
    inner = make_column_transformer(
        (StandardScaler(), ["hr"]), remainder="passthrough", verbose_feature_names_out=False
    )
    network = RNNClassifier(categorical_features=["park"], max_iter=1, hidden_size=2)
    model = make_pipeline(TimestepTransformer(inner), network).fit(X, [0, 1])
    assert model[-1].feature_names_in_.tolist() == ["hr", "park"]
    assert any("embedding_1" in name for name in model[-1].coefs_)


@pytest.mark.parametrize("scope", ["dataset", "sequence"])
def test_names_of_a_sequence_array_reach_the_transformer(scope):
    X = SequenceArray.from_list(frames("abc"))
    inner = make_column_transformer((StandardScaler(), ["c"]), ("passthrough", ["a"]))
    out = TimestepTransformer(inner, scope=scope).fit_transform(X)
    assert out.feature_names.tolist() == ["standardscaler__c", "passthrough__a"]
    np.testing.assert_array_equal(out.values[:, 1], ROWS[:, 0])
    if scope == "dataset":
        np.testing.assert_allclose(out.values[:, 0], StandardScaler().fit_transform(ROWS)[:, 2])
        unnamed = SequenceArray(X.values, X.offsets)
        fitted = TimestepTransformer(inner).fit(X)
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            np.testing.assert_array_equal(fitted.transform(unnamed).values, out.values)


def test_without_a_library_of_frames_names_stay_outside(monkeypatch):
    X = SequenceArray(ROWS, np.cumsum([0, *LENGTHS]), feature_names=["a", "b", "c"])

    def no_library(name):
        raise ImportError(name)

    monkeypatch.setattr("skrnn._data.frames.import_module", no_library)
    out = TimestepTransformer(StandardScaler()).fit_transform(X)
    np.testing.assert_array_equal(out.values, StandardScaler().fit_transform(ROWS))
    assert out.feature_names.tolist() == ["a", "b", "c"]


def test_a_pipeline_that_does_not_name_its_features():
    X = SequenceArray(ROWS, np.cumsum([0, *LENGTHS]), feature_names=["a", "b", "c"])
    inner = make_pipeline(FunctionTransformer(np.cbrt), StandardScaler())
    assert TimestepTransformer(inner).fit_transform(X).feature_names is None


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_weights_of_sequences_are_those_of_their_steps(method):
    weight = np.array([1.0, 5.0, 0.5])
    expected = StandardScaler().fit(ROWS, sample_weight=np.repeat(weight, LENGTHS)).mean_
    with config_context(enable_metadata_routing=True):
        scaler = getattr(StandardScaler(), f"set_{method}_request")(sample_weight=True)
        transformer = TimestepTransformer(scaler)
        getattr(transformer, method)(ITEMS, sample_weight=weight)
        np.testing.assert_array_equal(transformer.transformer_.mean_, expected)
        with pytest.raises(ValueError, match="not explicitly set as requested"):
            TimestepTransformer(StandardScaler()).fit(ITEMS, sample_weight=weight)
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            getattr(transformer, method)(ITEMS, sample_weight=weight[:2])
    with pytest.raises(ValueError, match="only supported if enable_metadata_routing=True"):
        TimestepTransformer(StandardScaler()).fit(ITEMS, sample_weight=weight)


def test_weights_reach_the_steps_through_a_pipeline():
    weight = np.array([1.0, 5.0, 0.5])
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        model = make_pipeline(TimestepTransformer(scaler), MeanOfSteps())
        model.fit(ITEMS, weight, sample_weight=weight)
    expected = np.average(ROWS, axis=0, weights=np.repeat(weight, LENGTHS))
    np.testing.assert_allclose(model[0].transformer_.mean_, expected)


def test_passthrough_leaves_the_steps_as_they_are():
    transformer = TimestepTransformer("passthrough").fit(ITEMS)
    for ours, theirs in zip(transformer.transform(ITEMS), ITEMS, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert transformer.get_feature_names_out(list("abc")).tolist() == ["a", "b", "c"]
    ids = TokenEncoder().fit_transform(["a text without", "one"])
    [tokens] = TimestepTransformer("passthrough").fit_transform(ids).categories
    assert tokens.tolist() == ["<unk>", "one", "text", "without"]
    with pytest.raises(ValueError, match="a transformer or 'passthrough', got 'nothing'"):
        TimestepTransformer("nothing").fit(ITEMS)


@pytest.mark.parametrize("X", [ITEMS, ROWS[:10].reshape(2, 5, 3)], ids=["list", "array"])
def test_masks_are_refused(X):
    masked = (
        np.ma.masked_greater(X, 4) if isinstance(X, np.ndarray) else [np.ma.masked_less(X[0], 9)]
    )
    with pytest.raises(TypeError, match="is a masked array"):
        TimestepTransformer(StandardScaler()).fit(masked)


@pytest.mark.parametrize("X", [ITEMS, ROWS[:10].reshape(2, 5, 3)], ids=["list", "array"])
def test_a_transformer_that_drops_rows_is_refused(X):
    transformer = TimestepTransformer(FunctionTransformer(lambda rows: rows[::2]))
    with pytest.raises(ValueError, match="rows for .* steps, .* needs one for each"):
        transformer.fit_transform(X)


class MeanOfSteps(RegressorMixin, BaseEstimator):
    """Predict the mean of all values of a sequence."""

    def fit(self, X, y):
        self.n_features_in_ = X[0].shape[1]
        return self

    def predict(self, X):
        return np.array([item.mean() for item in X])


def test_nested_parameters_in_a_grid():
    """Only unscaled sequences have the mean that is asked for."""
    X = [np.full((n, 2), 3.0 * n) for n in range(1, 9)]
    y = [3.0 * n for n in range(1, 9)]
    pipeline = make_pipeline(TimestepTransformer(StandardScaler()), MeanOfSteps())
    grid = {
        "timesteptransformer__transformer__with_mean": [True, False],
        "timesteptransformer__transformer__with_std": [True, False],
    }
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert set(search.best_params_.values()) == {False}
    assert search.best_score_ == 1
    pca = make_pipeline(TimestepTransformer(PCA()))
    pca.set_params(timesteptransformer__transformer__n_components=1)
    assert pca.fit_transform(ROWS[:10].reshape(2, 5, 3)).shape == (2, 5, 1)


def test_tables_are_not_made_of_sequences():
    pytest.importorskip("pandas")
    X = ROWS[:10].reshape(2, 5, 3)
    pipeline = make_pipeline(TimestepTransformer(StandardScaler()))
    expected = pipeline.fit_transform(X)
    np.testing.assert_array_equal(
        clone(pipeline).set_output(transform="pandas").fit_transform(X), expected
    )
    with config_context(transform_output="pandas"):
        np.testing.assert_array_equal(clone(pipeline).fit_transform(X), expected)


def test_joblib_keeps_the_fitted_transformer(tmp_path):
    transformer = TimestepTransformer(StandardScaler()).fit(ITEMS)
    joblib.dump(transformer, tmp_path / "t.joblib")
    loaded = joblib.load(tmp_path / "t.joblib")
    np.testing.assert_array_equal(
        steps(loaded.transform(ITEMS)), steps(transformer.transform(ITEMS))
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(
    "estimator",
    [
        TimestepTransformer(StandardScaler()),
        TimestepTransformer(StandardScaler(copy=False)),
        TimestepTransformer(StandardScaler(), scope="sequence"),
        TimestepTransformer(PCA(1)),
    ],
    ids=str,
)
def test_check_estimator(estimator):
    estimator_checks.check_estimator(estimator)


# ------------------------------------------------------------------------------------ bad input


class Identity(TransformerMixin, BaseEstimator):
    """Accept anything."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


@pytest.mark.parametrize(
    "X, message",
    [
        ([ROWS[:2], ROWS[:3, :2]], r"X\[0\] has shape \(2, 3\).*\[1\] has shape \(3, 2\)"),
        ([ROWS[:2], ROWS[0]], r"X\[1\] has shape \(3,\)"),
        ([], "a list of 0 sequences"),
        (np.zeros((0, 5, 3)), "Found array with 0 sample"),
        (np.zeros((2, 3, 4, 5)), "X has 4 dimensions"),
        ([1.0, 2.0], "Reshape your data"),
    ],
)
def test_errors(X, message):
    with pytest.raises(ValueError, match=message):
        TimestepTransformer(Identity()).fit(X)


@pytest.mark.parametrize(
    "seen, X, message",
    [
        (ITEMS, [ROWS[:2, :2]], "X has 2 features, but TimestepTransformer is expecting 3"),
        (ITEMS, ROWS[:2], "X has 1 features, but TimestepTransformer is expecting 3"),
        (ROWS, ROWS[:, :2], "X has 2 features, but TimestepTransformer is expecting 3"),
        (
            ROWS,
            ITEMS,
            "X has 3 features, but .* is expecting 1 features .* fitted on a 2-D X",
        ),
    ],
)
def test_features_are_those_of_fit(seen, X, message):
    transformer = TimestepTransformer(StandardScaler()).fit(seen)
    with pytest.raises(ValueError, match=message):
        transformer.transform(X)


@pytest.mark.parametrize(
    "transformer", [None, 3, StandardScaler, LinearRegression(), [StandardScaler()]], ids=repr
)
def test_the_transformer_is_checked(transformer):
    wrong = TimestepTransformer(transformer)
    repr(wrong)
    with pytest.raises(ValueError, match="must be a transformer or 'passthrough', got"):
        wrong.fit(ITEMS)
    assert not hasattr(wrong, "n_features_in_")


def test_a_fit_that_fails_changes_nothing():
    transformer = TimestepTransformer(PCA(1)).fit(ITEMS)
    before = transformer.transform(ITEMS)
    with pytest.raises(ValueError, match="NaN"):
        transformer.fit([np.full((3, 2), np.nan)])
    np.testing.assert_array_equal(steps(transformer.transform(ITEMS)), steps(before))
    unfitted = TimestepTransformer(StandardScaler())
    with pytest.raises(ValueError, match="infinity"):
        unfitted.partial_fit([np.full((3, 2), np.inf)])
    assert not hasattr(unfitted, "transformer_")


def test_integers_beyond_floats_are_refused():
    for X in ([[[10**400]], [[1]]], np.array([[1, 10**400]], object)):
        with pytest.raises(ValueError, match="X holds integers that are larger than any float"):
            TimestepTransformer(StandardScaler()).fit(X)


def test_scope_is_checked():
    with pytest.raises(ValueError, match="scope must be one of 'dataset', 'sequence', got 'all'"):
        TimestepTransformer(StandardScaler(), scope="all").fit(ITEMS)
