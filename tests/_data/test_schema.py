"""What is remembered of X: plain values, of old files too."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn._data.schema import Schema


class Estimator:
    """Something to publish on."""


def test_more_categories_make_another_schema():
    schema = Schema(3, n_categories={0: 4, 2: 5})
    assert schema.with_categories({2: 9}).n_categories == {0: 4, 2: 9}
    assert schema.n_categories == {0: 4, 2: 5}


@pytest.mark.parametrize(("table", "n_features"), [("series", 1), ("steps", 3), (None, 3)])
def test_features_of_a_step(table, n_features):
    assert Schema(3, table=table).n_step_features == n_features


def test_what_an_estimator_shows_is_its_own_and_the_newest():
    estimator, names = Estimator(), np.array(["a", "b"], object)
    Schema(2, names).publish(estimator)
    estimator.feature_names_in_[0] = "z"
    assert estimator.n_features_in_ == 2
    assert names[0] == "a"
    Schema(5).publish(estimator)
    assert vars(estimator) == {"n_features_in_": 5}


def test_the_layout_of_format_1():
    layout = {"table": "series", "dtype": "float32", "n_categories": {0: 5}}
    schema = Schema.from_layout(layout, 2, np.array(["a", "b"], object))
    assert (schema.n_features, schema.n_step_features, schema.dtype) == (2, 1, "float32")
    assert schema.n_categories == {0: 5}
    assert_array_equal(schema.feature_names, ["a", "b"])
