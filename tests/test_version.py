"""What another version has saved is loaded with a warning; nothing else is."""

import copy
import inspect
import pickle

import joblib
import numpy as np
import pytest
from estimators import each_case, sequences
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import Ridge
from sklearn.utils import estimator_html_repr

import skrnn
from skrnn import _compat, _version

X = sequences()
REQUIRED = {
    "TimestepTransformer": [Ridge()],
    "ConformalForecaster": [Ridge()],
    "ForecastOutlierDetector": [Ridge()],
    "WindowScaledRegressor": [Ridge()],
    "SequenceEncoder": [Ridge()],
}
ESTIMATORS = [
    value(*REQUIRED.get(name, []))
    for name, value in vars(skrnn).items()
    if inspect.isclass(value) and issubclass(value, BaseEstimator)
]


class Metadata:
    """What importlib.metadata tells of a package with such addresses."""

    def __init__(self, urls):
        self.urls = urls

    def get_all(self, name):
        assert name == "Project-URL"
        return self.urls


@pytest.fixture(autouse=True)
def forget_the_site():
    yield
    _compat.documentation_site.cache_clear()


def saved_by_another(estimator, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(_version, "__version__", "0.0.7")
        return pickle.dumps(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_every_estimator_says_that_another_version_has_saved_it(estimator, monkeypatch):
    saved = saved_by_another(estimator, monkeypatch)
    with pytest.warns(InconsistentVersionWarning) as warned:
        loaded = pickle.loads(saved)
    assert len(warned) == 1
    assert (
        f"estimator {type(estimator).__name__} from version 0.0.7 of skrnn when using version "
        f"{skrnn.__version__} of skrnn"
    ) in str(warned[0].message)
    assert vars(loaded).keys() == vars(estimator).keys()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_the_html_view_links_to_the_site_once_its_address_is_known(estimator, monkeypatch):
    page = f"https://skrnn.example/stable/api/{type(estimator).__name__}.html"
    for urls in (["Source, https://code.example"], None):
        monkeypatch.setattr(_compat, "metadata", lambda name, u=urls: Metadata(u))
        _compat.documentation_site.cache_clear()
        assert "/api/" not in estimator_html_repr(estimator)
    urls = ["Source, https://code.example", "Documentation, https://skrnn.example/stable/"]
    monkeypatch.setattr(_compat, "metadata", lambda name: Metadata(urls))
    _compat.documentation_site.cache_clear()
    assert page in estimator_html_repr(estimator)
    assert "scikit-learn.org" in estimator_html_repr(Ridge())


@each_case
def test_a_model_of_another_version_predicts(case, monkeypatch):
    model = case.make(learning_rate="cosine").fit(X, case.target(X))
    saved = saved_by_another(model, monkeypatch)
    with pytest.warns(InconsistentVersionWarning):
        loaded = pickle.loads(saved)
    assert_array_equal(case.outputs(loaded, X), case.outputs(model, X))


def test_what_was_saved_without_a_version_warns(monkeypatch):
    network = skrnn.RNNRegressor()
    state = {name: value for name, value in network.__getstate__().items() if name[0] != "_"}
    with pytest.warns(InconsistentVersionWarning, match="from version unknown of skrnn"):
        network.__setstate__(state)


@each_case
def test_copies_and_the_present_version_do_not_warn(case, tmp_path):
    model = case.make(learning_rate="cosine").fit(X, case.target(X))
    joblib.dump(model, tmp_path / "model.joblib")
    copies = [copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    copies.append(joblib.load(tmp_path / "model.joblib", mmap_mode="r"))
    for other in copies:
        assert vars(other).keys() == vars(model).keys()
        assert np.array_equal(case.outputs(other, X), case.outputs(model, X))
    assert clone(model).get_params() == model.get_params()
