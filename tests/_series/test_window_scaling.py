"""Scaling by the window itself: what the regressor inside sees, and what is put back."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import estimator_checks

from skrnn import SequenceArray, SlidingWindowTransformer, WindowScaledRegressor, sliding_windows


class Recorder(RegressorMixin, BaseEstimator):
    """Keep what `fit` gets, and predict what the target was."""

    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None):
        self.seen_, self.validation_ = (X, y, sample_weight), (X_val, y_val)
        return self

    def predict(self, X):
        return self.seen_[1]


WINDOWS = np.array([[[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]], [[8.0, 1.0], [0.0, 2.0], [4.0, 3.0]]])


def test_last_value_is_subtracted_and_put_back():
    y = np.array([7.0, 1.0])
    model = WindowScaledRegressor(Recorder()).fit(WINDOWS, y, sample_weight=[1, 2])
    scaled, target, weight = model.regressor_.seen_
    np.testing.assert_array_equal(scaled[0], [[-5, 0], [-4, 0], [0, 0]])
    np.testing.assert_array_equal(scaled[1], [[4, -2], [-4, -1], [0, 0]])
    np.testing.assert_array_equal(target, [1, -3])
    assert weight == [1, 2]
    np.testing.assert_array_equal(model.predict(WINDOWS), y)


def test_standard_scaling_takes_mean_and_deviation_of_each_window():
    y = np.array([7.0, 1.0])
    model = WindowScaledRegressor(Recorder(), scaling="standard").fit(WINDOWS, y)
    scaled, target, _ = model.regressor_.seen_
    deviation = np.sqrt([14 / 3, 32 / 3])
    np.testing.assert_allclose(scaled[1, :, 0], np.array([4, -4, 0]) / deviation[1])
    np.testing.assert_array_equal(scaled[0, :, 1], [0, 0, 0])  # constant: a scale of 1
    np.testing.assert_allclose(target, [4 / deviation[0], -3 / deviation[1]])
    np.testing.assert_allclose(model.predict(WINDOWS), y)


@pytest.mark.parametrize(
    "target_feature, levels",
    [(0, [[6, 6], [4, 4]]), (1, [[5, 5], [3, 3]]), ([1, 0], [[5, 6], [3, 4]])],
)
def test_columns_of_the_target_name_their_feature(target_feature, levels):
    y = np.array([[7.0, 8.0], [1.0, 2.0]])
    model = WindowScaledRegressor(Recorder(), target_feature=target_feature).fit(WINDOWS, y)
    np.testing.assert_array_equal(model.regressor_.seen_[1], y - levels)
    np.testing.assert_array_equal(model.predict(WINDOWS), y)


def test_every_column_of_the_target_has_its_own_scale():
    y = np.array([[7.0, 8.0], [1.0, 2.0]])
    model = WindowScaledRegressor(Recorder(), scaling="standard", target_feature=[1, 0])
    target = model.fit(WINDOWS, y).regressor_.seen_[1]
    np.testing.assert_allclose(target[1], [-1 / np.sqrt(2 / 3), -2 / np.sqrt(32 / 3)])
    np.testing.assert_allclose(model.predict(WINDOWS), y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [3, 13, 100])
def test_a_constant_window_of_any_value_has_a_scale_of_one(size, dtype):
    windows = np.full((99, size), np.arange(0.1, 10, 0.1)[:, None], dtype)
    y = windows[:, 0] + 2
    model = WindowScaledRegressor(Recorder(), scaling="standard").fit(windows, y)
    scaled, target, _ = model.regressor_.seen_
    np.testing.assert_allclose(scaled, 0, atol=1e-5)
    np.testing.assert_allclose(target, 2, rtol=1e-5)


def test_a_validation_set_is_scaled_as_the_training_set_is():
    X, y = WINDOWS[::-1], np.array([7.0, 1.0])
    model = WindowScaledRegressor(Recorder()).fit(WINDOWS, y, X_val=X, y_val=y[::-1])
    for ours, theirs in zip(model.regressor_.validation_, model.regressor_.seen_, strict=False):
        np.testing.assert_array_equal(ours, theirs[::-1])


@pytest.mark.parametrize("regressor", [None, "mean", LogisticRegression()])
def test_what_is_not_a_regressor_is_refused(regressor):
    with pytest.raises(ValueError, match="regressor=.* is not a regressor"):
        WindowScaledRegressor(regressor).fit(WINDOWS, np.array([7.0, 1.0]))


def test_features_are_not_chosen_by_a_mask():
    model = WindowScaledRegressor(Recorder(), scaled_features=[True, False])
    with pytest.raises(ValueError, match="number them from 0"):
        model.fit(WINDOWS, np.array([7.0, 1.0]))


@pytest.mark.parametrize("features", [0, [0], [-2]])
def test_other_features_keep_their_values(features):
    y = np.array([7.0, 1.0])
    model = WindowScaledRegressor(Recorder(), scaling="standard", scaled_features=features)
    scaled, target, _ = model.fit(WINDOWS, y).regressor_.seen_
    everything = WindowScaledRegressor(Recorder(), scaling="standard").fit(WINDOWS, y)
    np.testing.assert_array_equal(scaled[:, :, 0], everything.regressor_.seen_[0][:, :, 0])
    np.testing.assert_array_equal(scaled[:, :, 1], WINDOWS[:, :, 1])
    np.testing.assert_array_equal(target, everything.regressor_.seen_[1])


def test_the_target_may_continue_a_feature_that_is_not_scaled():
    model = WindowScaledRegressor(Recorder(), target_feature=1, scaled_features=[])
    scaled, target, _ = model.fit(WINDOWS, np.array([7.0, 1.0])).regressor_.seen_
    np.testing.assert_array_equal(scaled, WINDOWS)
    np.testing.assert_array_equal(target, [2, -2])


def test_2d_windows_have_one_feature():
    y = np.array([7.0, 1.0])
    flat = WindowScaledRegressor(Recorder()).fit(WINDOWS[:, :, 0], y)
    deep = WindowScaledRegressor(Recorder()).fit(WINDOWS[:, :, :1], y)
    np.testing.assert_array_equal(flat.regressor_.seen_[0], deep.regressor_.seen_[0][:, :, 0])
    np.testing.assert_array_equal(flat.regressor_.seen_[1], deep.regressor_.seen_[1])


@pytest.mark.parametrize("scaling", ["last", "standard"])
def test_predictions_move_with_the_level_of_the_window(scaling):
    """A tree cannot extrapolate, but the change from the last value needs no extrapolation."""
    x = np.sin(np.arange(200) / 4).reshape(-1, 1)
    model = make_pipeline(
        SlidingWindowTransformer(8, horizon=1),
        WindowScaledRegressor(
            make_pipeline(
                FunctionTransformer(np.squeeze, kw_args={"axis": 2}),
                DecisionTreeRegressor(random_state=0),
            ),
            scaling=scaling,
        ),
    ).fit(x, x[:, 0])
    np.testing.assert_allclose(model.predict(x + 1024), model.predict(x) + 1024, atol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("scaling", ["last", "standard"])
def test_check_estimator_passes_window_scaling(scaling):
    estimator_checks.check_estimator(WindowScaledRegressor(Ridge(), scaling=scaling))


def test_window_scaling_never_writes_to_the_windows():
    series = np.arange(18.0).reshape(9, 2)
    windows, y, _ = sliding_windows(series, series[:, 0], window_size=3, horizon=1)
    WindowScaledRegressor(Recorder()).fit(windows, y)
    np.testing.assert_array_equal(series.ravel(), np.arange(18))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"scaling": "first"}, "scaling must be one of .* got 'first'"),
        ({"target_feature": [0, 1, 0]}, "names 3 features, but y has 1 columns"),
        ({"target_feature": 2}, "target_feature=2 .* 2 features"),
        ({"scaled_features": [0, -3]}, r"scaled_features=\[0, -3\] .* 2 features"),
    ],
)
def test_window_scaling_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        WindowScaledRegressor(Recorder(), **settings).fit(WINDOWS, [7.0, 1.0])


def in_objects(windows):
    array = np.empty(len(windows), object)
    array[:] = windows
    return array


FORMS = {"list": list, "objects": in_objects, "SequenceArray": SequenceArray.from_list}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_windows_may_come_one_by_one_if_they_are_of_one_length(form):
    y = np.array([7.0, 1.0])
    model = WindowScaledRegressor(Recorder()).fit(form(list(WINDOWS)), y)
    expected = WindowScaledRegressor(Recorder()).fit(WINDOWS, y)
    np.testing.assert_array_equal(model.regressor_.seen_[0], expected.regressor_.seen_[0])
    for ragged in ([WINDOWS[0], WINDOWS[1][:2]], [WINDOWS[0][:1], WINDOWS[1]]):
        for call in (lambda X: model.fit(X, y), model.predict):
            with pytest.raises(ValueError, match="The 2 windows of X differ in length.*one length"):
                call(form(ragged))


def test_window_scaling_checks_the_number_of_features():
    model = WindowScaledRegressor(Recorder()).fit(WINDOWS, [7.0, 1.0])
    with pytest.raises(ValueError, match="X has 1 features, but .* is expecting 2 features"):
        model.predict(WINDOWS[:, :, :1])


@pytest.mark.parametrize("form", [np.array, lambda X: [*X], lambda X: X.tolist()])
def test_windows_of_one_feature_reach_the_regressor_as_they_came(form):
    series = WINDOWS[:, :, 0]
    model = WindowScaledRegressor(Recorder()).fit(form(series), [7.0, 1.0])
    np.testing.assert_array_equal(model.regressor_.seen_[0], series - series[:, -1:])
    np.testing.assert_array_equal(model.predict(form(series)), [7.0, 1.0])


def test_a_fit_that_fails_changes_nothing_of_window_scaling():
    model = WindowScaledRegressor(Ridge()).fit(WINDOWS[:, :, 0], [7.0, 1.0])
    expected = model.predict(WINDOWS[:, :, 0])
    with pytest.raises(ValueError):
        model.fit(WINDOWS, [7.0, 1.0])
    assert model.n_features_in_ == 3
    np.testing.assert_array_equal(model.predict(WINDOWS[:, :, 0]), expected)


def test_targets_beyond_floats_are_refused():
    for X, y in ((np.ones((4, 2)), [1, 2, 3, 10**400]), ([[1, 10**400]] * 4, [1, 2, 3, 4])):
        with pytest.raises(ValueError, match="holds integers that are larger than any float"):
            WindowScaledRegressor(Ridge()).fit(X, y)


DATES = np.array(["2024-01-01", "2024-01-02"], "datetime64[D]")


@pytest.mark.parametrize(
    "values, remedy",
    [
        (DATES, "holds times .* count them in a unit"),
        (DATES.tolist(), "holds times .* count them in a unit"),
        (DATES - DATES[0], "holds times .* count them in a unit"),
        (["high", "low"], "holds 'high', which is no real number: give"),
        ([1j, 2j], "holds 1j, which is no real number: give"),
        ([{}, 1], "holds {}, which is no real number: give"),
    ],
)
def test_what_is_no_number_is_told_what_to_do_about_it(values, remedy):
    model, validation = WindowScaledRegressor(Ridge()), {"X_val": WINDOWS[:, :, 0]}
    with pytest.raises(ValueError, match=f"^y {remedy}"):
        model.fit(WINDOWS[:, :, 0], values)
    with pytest.raises(ValueError, match=f"^sample_weight {remedy}"):
        model.fit(WINDOWS[:, :, 0], [7.0, 1.0], sample_weight=values)
    with pytest.raises(ValueError, match=f"^y_val {remedy}"):
        model.fit(WINDOWS[:, :, 0], [7.0, 1.0], y_val=values, **validation)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_without_columns_are_no_targets(library):
    empty = pytest.importorskip(library).DataFrame()
    with pytest.raises(ValueError, match="y is empty"):
        WindowScaledRegressor(Ridge()).fit(WINDOWS[:, :, 0], empty)


def test_a_column_that_stands_twice_is_named():
    pd = pytest.importorskip("pandas")
    twice = pd.DataFrame([[7.0, 1.0], [2.0, 3.0]], columns=["a", "a"])
    with pytest.raises(ValueError, match="y has two columns 'a'"):
        WindowScaledRegressor(Ridge()).fit(WINDOWS[:, :, 0], twice)
