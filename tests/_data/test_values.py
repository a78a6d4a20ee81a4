"""Values that are no numbers, or hide some: refused by every reader of X, with what to do."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from estimators import object_array as objects
from estimators import series
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from wrong_values import Tensor

from skrnn import (
    ForecastOutlierDetector,
    GridScanner,
    PurgedWindowSplit,
    RNNClassifier,
    RNNLanguageModel,
    RNNRegressor,
    SequenceArray,
    SequenceRegressor,
    SequenceTagger,
    SlidingWindowTransformer,
    TimestepTransformer,
    TokenEncoder,
    WindowScaledRegressor,
    WordVectors,
    backtest,
    datasets,
    metrics,
    recursive_forecast,
    sliding_windows,
)
from skrnn._data.recognise import read_sequences

DAYS = np.arange(12).astype("M8[D]").reshape(4, 3)
Y = np.arange(4.0)


def fit(model):
    return lambda X: model.fit(X, Y)


READERS = {
    "network": fit(RNNRegressor()),
    "windows": fit(SlidingWindowTransformer(2)),
    "window scaling": fit(WindowScaledRegressor(Ridge())),
    "forecast": lambda X: recursive_forecast(
        make_pipeline(SlidingWindowTransformer(1, horizon=1, output="2d"), Ridge()), X, 1
    ),
}
each_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@each_reader
@pytest.mark.parametrize("unit", ["M8[D]", "M8[ns]", "m8[s]"])
def test_dates_and_durations_are_no_numbers(read, unit):
    with pytest.raises(
        ValueError, match=rf"X holds times \({re.escape(DAYS.astype(unit).dtype.name)}"
    ):
        read(DAYS.astype(unit))


@each_reader
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_column_of_dates_is_named(read, library):
    frame = pytest.importorskip(library).DataFrame({"a": Y, "day": DAYS[:, 0].astype("M8[ms]")})
    with pytest.raises(ValueError, match=r"Column 'day' of X holds times .* the weekday"):
        read(frame)


@each_reader
@pytest.mark.parametrize("kind", ["period", "zone", "objects"])
def test_times_of_every_kind_in_frames_of_pandas(read, kind):
    pd = pytest.importorskip("pandas")
    times = pd.date_range("2024-01-01", periods=4, tz="UTC" if kind == "zone" else None)
    if kind == "period":
        times = times.to_period("D")
    if kind == "objects":
        times = pd.Series(list(times.date), dtype=object)
    with pytest.raises(ValueError, match="Column 'day' of X holds times"):
        read(pd.DataFrame({"a": Y, "day": times}))


def test_dates_in_lists():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": Y, "day": DAYS[:, 0]})
    for X, message in (
        ([DAYS, DAYS], r"X\[0\] holds times \(datetime64\[D\]\)"),
        ([frame] * 4, r"Column 'day' of X\[0\] holds times"),
        (SequenceArray(DAYS, [0, 4]), r"X.values holds times \(datetime64\[D\]\)"),
        (np.array([[date(2024, 1, 1), 1.0]] * 4, object), "Column 0 of X holds times"),
    ):
        with pytest.raises(ValueError, match=message):
            RNNRegressor().fit(X, Y)


@pytest.mark.parametrize("form", ["array", "list", "pandas", "polars"])
def test_dates_are_no_targets_or_weights(form):
    dates = DAYS[:, 0].astype("M8[ms]")
    dates = list(dates) if form == "list" else dates
    if form in ("pandas", "polars"):
        dates = pytest.importorskip(form).Series(dates)
    X = np.ones((4, 3))
    for call, name in (
        (lambda: RNNRegressor().fit(X, dates), "y"),
        (lambda: RNNRegressor().fit(X, Y, sample_weight=dates), "sample_weight"),
        (lambda: WindowScaledRegressor(Ridge()).fit(X, dates), "y"),
    ):
        with pytest.raises(ValueError, match=f"{name} holds times"):
            call()


def test_dates_reach_a_transformer_that_takes_them():
    from sklearn.preprocessing import FunctionTransformer

    hours = FunctionTransformer(lambda days: days.astype("M8[h]").astype(float) % 24)
    out = TimestepTransformer(hours).fit_transform(
        DAYS[:, :, np.newaxis].astype("M8[h]") + np.timedelta64(5, "h")
    )
    np.testing.assert_array_equal(out, np.full((4, 3, 1), 5.0))


def hide(values):
    """Hide the last of some values."""
    mask = np.zeros(np.shape(values), bool)
    mask.flat[-1] = True
    return np.ma.masked_array(values, mask)


SHOWN, HIDDEN = np.ones((3, 2)), hide([[1.0, 2.0], [3.0, 1e9]])
MASKED = {
    "3-D": (hide(np.ones((4, 3, 2))), "X is"),
    "2-D": (hide(np.ones((4, 3))), "X is"),
    "item": ([SHOWN, HIDDEN, SHOWN, SHOWN], r"X\[1\] is"),
    "1-D item": ([hide([1.0, 2.0])] * 4, r"X\[0\] is"),
    "step of an item": ([[[1.0, 2.0]], [[1.0, 2.0], hide([3.0, 4.0])]] * 2, r"X\[1\]\[1\] is"),
    "number of an item": ([[1.0, 2.0], [1.0, np.ma.masked]] * 2, r"X\[1\]\[1\] is"),
    "object array": (objects([SHOWN, SHOWN, HIDDEN, SHOWN]), r"X\[2\] is"),
    "series": (series([SHOWN, HIDDEN, SHOWN, SHOWN]), r"X\[1\] is"),
    "objects in an item": ([objects([hide([1.0, 2.0]), np.ones(2)])] * 4, r"X\[0\]\[0\] is"),
}


@pytest.mark.parametrize(("X", "message"), MASKED.values(), ids=MASKED)
@pytest.mark.parametrize("model", [RNNRegressor(), TimestepTransformer(StandardScaler())], ids=str)
def test_a_mask_is_found_wherever_it_is(model, X, message):
    with pytest.raises(TypeError, match=f"{message} a masked array"):
        model.fit(X, Y)


def test_masks_of_other_arguments():
    walk = np.arange(8.0)
    for call, name in (
        (lambda: sliding_windows(walk, hide(walk), window_size=2), "y"),
        (
            lambda: sliding_windows(walk, window_size=2, groups=hide([0, 0, 0, 0, 1, 1, 1, 1])),
            "groups",
        ),
        (lambda: SequenceArray(walk, hide([0, 3, 8])), "offsets"),
        (lambda: SequenceArray.from_padded(np.ones((2, 3)), hide([1, 2])), "lengths"),
        (lambda: WindowScaledRegressor(Ridge()).fit(np.ones((4, 3)), hide(Y)), "y"),
        (lambda: SequenceArray([hide([1.0, 2.0])], [0, 1]), r"values\[0\]"),
        (lambda: SequenceArray.from_list([[hide([1.0, 2.0])]]), r"sequences\[0\]\[0\]"),
    ):
        with pytest.raises(TypeError, match=f"^{name} is a masked array"):
            call()


def test_a_mask_that_hides_nothing_is_no_obstacle():
    X = np.arange(12.0).reshape(4, 3)
    ours = RNNRegressor(max_iter=1, random_state=0, learning_rate="cosine")
    expected = ours.fit(X, Y).predict(X)
    np.testing.assert_array_equal(ours.fit(np.ma.masked_greater(X, 99), Y).predict(X), expected)


BEYOND = 10**400


@pytest.mark.parametrize(
    ("X", "where"),
    [
        ([[BEYOND, 1], [1, 2]], r"X\[0\]"),
        ([np.array([[BEYOND]], object), np.ones((1, 1))], r"X\[0\]"),
        (np.array([[BEYOND, 1], [1, 2]], object), "Column 0 of X"),
        (np.array([[[BEYOND]], [[1]]], object), "X"),
        (SequenceArray(np.array([[BEYOND], [1]], object), [0, 1, 2]), "X.values"),
    ],
    ids=["nested", "item", "2-D", "3-D", "flat"],
)
def test_integers_beyond_every_float(X, where):
    with pytest.raises(ValueError, match=f"^{where} holds integers that are larger than any float"):
        RNNRegressor().fit(X, [0.0, 1.0])


def test_integers_beyond_every_float_in_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": pd.Series([BEYOND, 1], dtype=object), "b": [1.0, 2.0]})
    with pytest.raises(
        ValueError, match="^Column 'a' of X holds integers that are larger than any float"
    ):
        RNNRegressor().fit(frame, [0.0, 1.0])


@pytest.mark.parametrize("form", ["list", "array"])
def test_sequences_in_the_cells_of_a_frame(form):
    pd = pytest.importorskip("pandas")
    cells = [[1.0, 2.0], [3.0]] if form == "list" else [np.ones(2), np.ones(1)]
    with pytest.raises(ValueError, match=r"Column 'x' of X holds a sequence in .*list\(X\['x'\]\)"):
        RNNRegressor().fit(pd.DataFrame({"x": cells}), [0.0, 1.0])


def test_strings_in_a_frame_name_their_column():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0], "word": ["to", "be"]})
    with pytest.raises(ValueError, match="Column 'word' of X holds strings. Encode tokens"):
        RNNRegressor().fit(frame, [0.0, 1.0])


@pytest.mark.parametrize("kind", ["plain", "Float64", "object", "str"])
def test_frames_are_read_as_their_numbers(kind):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"integer": [1, 2], "float32": np.array([2.5, 3.5], np.float32)})
    if kind == "plain":
        frame["boolean"], frame["category"] = [True, False], pd.Categorical([3, 4])
    else:
        frame = frame.astype(kind)
    data, schema = read_sequences(frame, owner="Reader")
    assert schema.feature_names.tolist() == list(frame.columns)
    expected = np.array([[1.0, 2.5, 1.0, 3.0], [2.0, 3.5, 0.0, 4.0]])[:, : frame.shape[1]]
    np.testing.assert_array_equal(data.stacked()[:, :, 0], expected)


def test_missing_values_of_nullable_frames_are_named():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": pd.array([1, None], dtype="Int64")})
    with pytest.raises(ValueError, match=r"contains NaN, first in X\[1\] at step 1"):
        RNNRegressor().fit(frame, [0.0, 1.0])


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({}, ValueError, r"Found array with 0 sample\(s\) \(shape=\(0, 0\)\)"),
        ({"a": []}, ValueError, r"Found array with 0 sample\(s\) \(shape=\(0, 1\)\)"),
        (
            {"a": [{}, {}]},
            TypeError,
            r"Column 'a' of X must hold numbers, .*'dict'",
        ),
        ({"a": [1j, 2j]}, ValueError, "Complex data not supported"),
        ({"a": [b"x", b"y"]}, ValueError, "Column 'a' of X holds strings"),
        ({"a": [1.0, "y"]}, ValueError, "Column 'a' of X holds strings"),
    ],
)
def test_frames_without_numbers(columns, error, message):
    pd = pytest.importorskip("pandas")
    with pytest.raises(error, match=message):
        RNNRegressor().fit(pd.DataFrame(columns), [0.0, 1.0])


def test_a_lazy_frame_is_no_frame_yet():
    pl = pytest.importorskip("polars")
    with pytest.raises(
        TypeError, match=r"X is a LazyFrame, which holds no data: pass X.collect\(\)"
    ):
        RNNRegressor().fit(pl.LazyFrame({"a": [1.0]}), [0.0])


# What other libraries hold ----------------------------------------------------------------------

FEATURES = np.arange(18.0).reshape(6, 3)
LABELS = np.array([0, 1] * 3)
TINY = {"hidden_size": 2, "max_iter": 1, "random_state": 0}
PLACES = {
    "X": lambda wrong: RNNClassifier(**TINY).fit(wrong, LABELS),
    "X[0]": lambda wrong: RNNClassifier(**TINY).fit([wrong] * 6, LABELS),
    "y": lambda wrong: RNNClassifier(**TINY).fit(FEATURES, wrong),
    "y[0]": lambda wrong: SequenceTagger(**TINY).fit(FEATURES, [wrong] * 6),
    "sample_weight": lambda wrong: RNNRegressor(**TINY).fit(FEATURES, LABELS, wrong),
    "groups": lambda wrong: sliding_windows(FEATURES, window_size=2, groups=wrong),
    "y_true": lambda wrong: metrics.token_accuracy_score(wrong, [[0]] * 6),
    "values": lambda wrong: SequenceArray(wrong, [0, 6]),
    "vectors": lambda wrong: WordVectors(list("abcdef"), wrong),
    "embedding_init": lambda wrong: RNNClassifier(
        **TINY, categorical_features=[0], embedding_init=wrong
    ).fit(FEATURES.astype(int), LABELS),
}
at_each_place = pytest.mark.parametrize("place", PLACES)


@at_each_place
def test_what_cannot_become_an_array_is_told_why(place):
    place_and_reason = rf"^{re.escape(place)} is of type Tensor, of which no array .*detach\(\)"
    with pytest.raises(TypeError, match=place_and_reason):
        PLACES[place](Tensor())


@pytest.mark.parametrize("place", ["X", "y", "sample_weight"])
def test_integers_of_polars_that_numpy_has_no_type_for(place):
    pl = pytest.importorskip("polars", minversion="1.18")
    with pytest.raises(TypeError, match=f"^{place} is of type Series, of which no array"):
        PLACES[place](pl.Series([2**70] * 6, dtype=pl.Int128))


@pytest.mark.parametrize("wrong", [list, np], ids=["a class", "a module"])
@pytest.mark.parametrize("place", ["X", "y", "sample_weight", "groups", "y_true", "values"])
def test_what_holds_no_data_is_named(place, wrong):
    with pytest.raises(TypeError, match=f"^{place} is <.*, which holds no data"):
        PLACES[place](wrong)


def test_an_index_of_several_levels_is_told_what_to_pass():
    pd = pytest.importorskip("pandas")
    levels = pd.MultiIndex.from_product([[1, 2], [1, 2, 3]])
    with pytest.raises(TypeError, match=r"y is a MultiIndex, .* pass y.to_frame\(\)"):
        RNNClassifier(**TINY).fit(FEATURES, levels)


def parts_of_frames():
    """Descriptions of groups and windows of rows, by name."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame = pd.DataFrame({"a": [0, 1, 2] * 2, "b": range(6)})
    days = frame.set_index(pd.date_range("2024", periods=6))
    return [
        frame.groupby("a"),
        frame.groupby("a")["b"],
        days.resample("2D"),
        frame.rolling(2),
        frame.expanding(),
        pl.from_pandas(frame).group_by("a"),
    ]


@pytest.mark.parametrize(
    "read",
    [
        *(PLACES[name] for name in ("X", "y", "sample_weight", "groups", "y_true", "values")),
        lambda X: RNNLanguageModel().fit(X),
        lambda X: TokenEncoder().fit(X),
        lambda X: SequenceArray.from_list(X),
    ],
)
def test_groups_and_windows_of_rows_are_no_data_yet(read):
    for parts in parts_of_frames():
        message = rf"^\w+ is a {type(parts).__name__}, which .* a list of tables, as \[part for"
        with pytest.raises(TypeError, match=message):
            read(parts)


def test_what_a_group_makes_and_lists_of_its_tables_are_taken():
    groups = parts_of_frames()[0]
    assert RNNClassifier(**TINY).fit([part for _, part in groups], [0, 1, 0]).n_features_in_ == 2
    assert RNNRegressor(**TINY).fit(FEATURES[:3], groups["b"].mean()).n_features_in_ == 3


def nested_columns():
    """Frames of polars and pandas with a column that has several numbers in each row, by name."""
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    pairs = [[1.0, 2.0]] * 6
    columns = {
        "list": pl.Series(pairs),
        "array": pl.Series(np.array(pairs)),
        "struct": pl.Series([{"b": 1.0, "c": 2.0}] * 6),
    }
    frames = {name: pl.DataFrame({"a": LABELS, "wrong": c}) for name, c in columns.items()}
    return frames | {"pandas": pd.DataFrame({"a": LABELS, "wrong": pairs})}


@pytest.mark.parametrize("kind", ["list", "array", "struct", "pandas"])
def test_columns_of_several_numbers_are_named(kind):
    frame = nested_columns()[kind]
    windows = SlidingWindowTransformer(2, horizon=1, output="2d")
    for transformer in (windows, ForecastOutlierDetector(make_pipeline(windows, Ridge()))):
        with pytest.raises(TypeError, match=r"Column 'wrong' of X .* holds .*1\.0?, .* columns of"):
            transformer.fit(frame)
    with pytest.raises(ValueError, match="Column 'wrong' of X holds a sequence in each cell"):
        RNNClassifier(**TINY).fit(frame, LABELS)
    for X in (frame, [frame, frame]):
        for transformer in (StandardScaler(), OneHotEncoder()):
            message = rf"Column 'wrong' of X holds .*1\.0?.* {re.escape(str(transformer))} does not"
            with pytest.raises(ValueError, match=message):
                TimestepTransformer(transformer).fit(X)
    with pytest.raises(ValueError, match="Feature 'wrong' of dtype .* is not numeric"):
        SequenceArray.from_long(frame, sequence="a")


def test_columns_of_sequences_are_for_transformers_that_take_them():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"pairs": [[1.0, 2.0], [3.0, 4.0]]})
    sums = FunctionTransformer(lambda rows: rows.map(sum))
    assert TimestepTransformer(sums).fit_transform([frame])[0].tolist() == [[3.0], [7.0]]


def test_steps_that_a_transformer_refuses_are_noted():
    with pytest.raises(ValueError, match="could not convert string") as error:
        TimestepTransformer(StandardScaler()).fit([np.array([["a"], ["b"]])])
    assert "StandardScaler() read the steps of X" in error.value.__notes__[0]


def test_an_array_of_one_number_in_a_cell_is_no_number():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [np.ones(1)] * 6, "b": LABELS})
    with pytest.raises(TypeError, match=r"Column 'a' of X .* has shape \(1,\), and is no single"):
        SlidingWindowTransformer(2).fit(frame)
    with pytest.raises(ValueError, match=r"y holds array\(\[1\.\]\), which is no real number"):
        RNNRegressor(**TINY).fit(FEATURES, frame)


@pytest.mark.parametrize("kind", ["array", "struct"])
def test_a_series_of_rows_of_one_size_is_a_table(kind):
    series = nested_columns()[kind]["wrong"]
    windows = SlidingWindowTransformer(2).fit_transform(series)
    assert_array_equal(windows[-1], [[1.0, 2.0]] * 2)
    assert RNNClassifier(**TINY).fit(series, LABELS).n_features_in_ == 2


@pytest.mark.parametrize("wrong", [{"a": [1.0, 2.0]}, {}.values(), None])
@pytest.mark.parametrize(
    "read",
    [SlidingWindowTransformer(2).fit, lambda X: sliding_windows(X, window_size=2)],
    ids=["transformer", "function"],
)
def test_what_is_no_array_is_told_by_its_type(read, wrong):
    message = f"X is of type {type(wrong).__name__}: pass an array, a list or a data frame."
    with pytest.raises(TypeError, match=re.escape(message)):
        read(wrong)


def test_transformers_of_steps_read_columns_of_lists_of_lists():
    pl = pytest.importorskip("polars")
    steps = np.arange(12.0).reshape(2, 3, 2)
    made = TimestepTransformer("passthrough").fit_transform(pl.Series(steps.tolist()))
    assert_array_equal(np.stack(made), steps)


@pytest.mark.parametrize("fill", [0.0, np.nan])
def test_sparse_columns_of_pandas_are_what_they_stand_for(fill):
    pd = pytest.importorskip("pandas")
    dense = pd.DataFrame(FEATURES * (FEATURES % 2), columns=list("abc"))
    sparse = dense.astype(pd.SparseDtype(float, fill))
    windows = [SlidingWindowTransformer(2).fit_transform(X) for X in (dense, sparse)]
    assert_array_equal(*windows)
    networks = [RNNRegressor(**TINY).fit(X, LABELS) for X in (dense, sparse)]
    assert_array_equal(networks[0].predict(dense), networks[1].predict(sparse))
    targets = [RNNRegressor(**TINY).fit(FEATURES, X["a"]) for X in (dense, sparse)]
    assert_array_equal(*(model.predict(FEATURES) for model in targets))


SIGNALLING = Decimal("sNaN")


def test_a_signalling_nan_is_missing_or_no_number():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [Decimal(1)] * 5 + [SIGNALLING], "b": LABELS})
    for X in (frame, [frame] * 6, frame.to_numpy()):
        with pytest.raises(ValueError, match=r"Column .* of X.* holds Decimal\('sNaN'\)"):
            RNNClassifier(**TINY).fit(X, LABELS)
    with pytest.raises(ValueError, match="Column 'a' has 1 missing values, the first in row 5"):
        SequenceArray.from_long(frame, sequence="a")
    with pytest.raises(ValueError, match=r"X\[0\] at step 1 is Decimal.*something is missing"):
        RNNLanguageModel(**TINY).fit([[Decimal(1), SIGNALLING]])
    with pytest.raises(TypeError, match=r"X\[1\] holds Decimal\('sNaN'\)"):
        TokenEncoder().fit([["a"], ["b", SIGNALLING]])
    with pytest.raises(TypeError, match=r"unknown_symbol=.* has no hash"):
        RNNLanguageModel(**TINY, unknown_symbol=SIGNALLING).fit(["ab"])


def test_what_is_nan_or_infinite_has_its_place_in_the_error():
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])
    with pytest.raises(ValueError, match=r"y contains NaN, first in y\[5\]\. Leave out"):
        RNNRegressor(**TINY).fit(FEATURES, y)
    with pytest.raises(ValueError, match=r"y contains infinity.*, first in y\[4, 1\]\. Leave out"):
        RNNRegressor(**TINY).fit(FEATURES, [[1.0, 2.0]] * 4 + [[1.0, np.inf]] * 2)


def endless(n):
    """A list that holds itself n times."""
    items = []
    items += [items] * n
    return items


@pytest.mark.parametrize("n", [1, 2])
@at_each_place
def test_a_list_that_holds_itself_is_refused(place, n):
    with pytest.raises((TypeError, ValueError), match=re.escape(place.split("[")[0])):
        PLACES[place]([endless(n)] * 6)


def test_dates_hide_in_no_categories():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"day": pd.Categorical(pd.date_range("2024", periods=6)), "x": LABELS})
    for X in (frame, frame[["day"]], [frame] * 6):
        with pytest.raises(ValueError, match="Column 'day' of X.* holds times"):
            RNNClassifier(**TINY).fit(X, LABELS)


def test_infinities_of_both_signs_are_no_numbers_and_make_no_warning():
    wrong = np.array([np.inf, -np.inf, 1, 1, 1, 1])
    for place in ("sample_weight", "embedding_init"):
        with pytest.raises(ValueError, match=f"{place} contains infinity"):
            PLACES[place](wrong if place == "sample_weight" else wrong.reshape(3, 2))
    with pytest.raises(ValueError, match="y contains infinity"):
        WindowScaledRegressor(Ridge()).fit(FEATURES, wrong)


# Numbers ----------------------------------------------------------------------------------------

DAYS_3 = np.timedelta64(3, "D")
NO_UNIT = np.array([3]).view("m8")[0]  # NumPy 2.5 warns where one is made by its name
FORECASTER = make_pipeline(SlidingWindowTransformer(2, horizon=1, output="2d"), Ridge())
COUNTED = {
    "window_size": lambda n: sliding_windows(FEATURES, window_size=n),
    "stride": lambda n: sliding_windows(FEATURES, window_size=2, stride=n),
    "horizon": lambda n: SlidingWindowTransformer(2, horizon=n).fit(FEATURES),
    "n_splits": lambda n: PurgedWindowSplit(n, window_size=1),
    "n_rows": lambda n: SlidingWindowTransformer(2).explain_alignment(n),
    "n_steps": lambda n: recursive_forecast(FORECASTER.fit(FEATURES, FEATURES), FEATURES, n),
    "season": lambda n: backtest(FORECASTER, FEATURES, FEATURES[:, 0], season=n),
    "cv": lambda n: backtest(FORECASTER, FEATURES, FEATURES[:, 0], cv=n),
    "max_iter": lambda n: RNNClassifier(max_iter=n).fit(FEATURES, LABELS),
    "n_jobs": lambda n: RNNClassifier(n_jobs=n).fit(FEATURES, LABELS),
    "verbose": lambda n: RNNClassifier(verbose=n).fit(FEATURES, LABELS),
    "n_samples": lambda n: datasets.make_adding_problem(n_samples=n),
    "n_streams": lambda n: RNNRegressor(**TINY).fit(FEATURES, LABELS).stream(n),
    "shape": lambda n: GridScanner(shape=[n, n]).fit(np.ones((2, 9))),
}


@pytest.mark.parametrize("wrong", [DAYS_3, NO_UNIT], ids=str)
@pytest.mark.parametrize("name", COUNTED)
def test_a_duration_is_no_number(name, wrong):
    with pytest.raises((TypeError, ValueError), match=name):
        COUNTED[name](wrong)


def test_a_duration_of_numpy_is_a_step_of_time():
    pd = pytest.importorskip("pandas")
    days = pd.DataFrame({"x": Y}, index=pd.date_range("2024", periods=4, freq="3D"))
    windows = SlidingWindowTransformer(2, freq=DAYS_3).fit_transform(days)
    np.testing.assert_array_equal(windows[:, :, 0], [[0, 0], [0, 1], [1, 2], [2, 3]])


@pytest.mark.parametrize("wrong", [np.array([True, False]), None, 1], ids=repr)
def test_a_choice_of_two_is_true_or_false(wrong):
    with pytest.raises(TypeError, match="refit must be True or False"):
        backtest(FORECASTER, FEATURES, FEATURES[:, 0], refit=wrong)


@pytest.mark.parametrize(
    "name, wrong",
    [
        *(("learning_rate_init", wrong) for wrong in (Fraction(1, 2), 1e308)),
        *(("forget_bias", wrong) for wrong in (Fraction(1, 2), 1e308, -1e308)),
        ("alpha", Fraction(1, 2)),
    ],
    ids=str,
)
def test_numbers_that_no_network_can_use_are_refused(name, wrong):
    with pytest.raises(ValueError, match=f"The '{name}' parameter"):
        RNNClassifier(cell_type="lstm", **TINY, **{name: wrong}).fit(FEATURES, LABELS)


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: RNNClassifier(**TINY).fit(FEATURES, LABELS[:5]), "[6, 5], of X and y."),
        (lambda: WindowScaledRegressor(Ridge()).fit(FEATURES, Y), "[6, 4], of X and y."),
        (
            lambda: sliding_windows(FEATURES, LABELS, window_size=2, groups=LABELS[:5]),
            "[6, 6, 5], of X and y and groups.",
        ),
        (lambda: metrics.symbol_error_rate(["a"], ["b", "c"]), "[1, 2], of y_true and y_pred."),
    ],
    ids=["network", "window scaling", "windows", "symbols"],
)
def test_what_differs_in_length_is_named(call, named):
    with pytest.raises(ValueError, match=f"numbers of samples: {re.escape(named)}$"):
        call()


@pytest.mark.parametrize(
    "place, message",
    [
        ("sample_weight", r" has shape \(6, 3, 2, 1\), but X has 6 sequences"),
        ("embedding_init", ": Found array with dim 4"),
        ("vectors", ": Found array with dim 4"),
    ],
)
def test_what_has_other_dimensions_is_named(place, message):
    with pytest.raises(ValueError, match=f"^{place}{message}"):
        PLACES[place](np.ones((6, 3, 2, 1)))


def test_vectors_without_a_value_are_no_targets():
    with pytest.raises(ValueError, match=r"y\[0\] has shape \(3, 0\)"):
        SequenceRegressor(**TINY).fit(FEATURES[:, :, np.newaxis], np.empty((6, 3, 0)))


@pytest.mark.parametrize("weight", [1.0, 1e300, 1e-300])
def test_the_score_of_values_below_all_predictions_is_finite(weight):
    model = RNNRegressor(**TINY).fit(FEATURES, Y[LABELS])
    assert np.isfinite(model.score(FEATURES, np.full(6, 5e-324), np.full(6, weight)))
