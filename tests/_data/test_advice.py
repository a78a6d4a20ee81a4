"""Warnings of X from which a network hardly learns, once for each fit, and none without reason."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skrnn import RNNRegressor, SequenceArray, WindowScaledRegressor
from skrnn._data.recognise import read_again, read_sequences

RNG = np.random.default_rng(0)


def read(X, **options):
    return read_sequences(X, owner="Reader", **options)


@pytest.mark.parametrize("form", [np.array, list, SequenceArray.from_list])
@pytest.mark.parametrize("sign", [1, -1])
def test_large_values_are_named_with_the_remedy(form, sign):
    X = RNG.normal(size=(8, 5, 3))
    X[:, :, 1] = 1e6 * sign
    with pytest.warns(UserWarning, match=r"feature 1 of X are about 1e\+06 .*StandardScaler"):
        schema = read(form(X))[1]
    read_again(form(X), schema, owner="Reader")  # fit has told it


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.float32])
def test_large_values_of_every_type(dtype):
    with pytest.warns(UserWarning, match=r"feature 0 of X are about 2e\+03"):
        read(np.full((2, 3, 1), 2024).astype(dtype))


@pytest.mark.parametrize("size", [1.0, 300.0, 999.0])
def test_values_of_a_usual_size_are_no_news(size):
    read(np.full((4, 3, 2), size))


def test_one_outlier_is_not_the_scale_of_a_feature():
    X = RNG.normal(size=(200, 10, 1))
    X[0, 0] = 1e6
    read(X)


def test_ids_have_no_scale():
    X = np.zeros((3000, 1, 2))
    X[:, 0, 0] = np.arange(3000)
    read(X, categorical_features=[0])
    read([np.arange(5000)])


def test_windows_that_are_scaled_later_may_be_large():
    X = 1e6 + RNG.normal(size=(8, 5, 1))
    model = RNNRegressor(max_iter=1, learning_rate="cosine")
    WindowScaledRegressor(model).fit(X, X[:, -1, 0])
    with pytest.warns(UserWarning, match="RNNRegressor hardly learns"):
        model.fit(X, X[:, -1, 0])


def test_a_fit_warns_once():
    X = 1e6 + RNG.normal(size=(8, 5, 1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        RNNRegressor(max_iter=3, early_stopping=True).fit(X, X[:, -1, 0], X_val=X, y_val=X[:, 0, 0])
    assert len([w for w in caught if w.category is not ConvergenceWarning]) == 1


def test_ids_with_gaps_are_named_with_the_remedy():
    X = [np.array([644_108, 644_090]), np.array([644_090])]
    with pytest.warns(UserWarning, match=r"ids up to 644108, of which 2 occur.*OrdinalEncoder"):
        read(X)
    read(X, has_vectors=True)


@pytest.mark.parametrize("ids", [np.arange(20_000), np.arange(0, 20_000, 5), np.array([9_000])])
def test_ids_of_which_many_occur_or_there_are_few(ids):
    read([ids])
