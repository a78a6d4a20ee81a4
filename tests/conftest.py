"""Settings that stand before the first import of SciPy, and what tests of several folders need.

There is one such file only: pytest collects the doctests of each under the same name.
"""

import os
from importlib.util import find_spec

import pytest

# Without it scikit-learn skips its checks of array API input.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# Tests compute with NumPy but where they say otherwise; set to numba, all of them use that.
os.environ.setdefault("SKRNN_BACKEND", "numpy")

# Run by hand, with torch; collecting doctests would import it.
collect_ignore = ["parity/make_fixtures.py"]

# Examples of docstrings that need a package of an extra.
NEEDS = {"skrnn.export._onnx.to_onnx": "onnxruntime"}


def pytest_collection_modifyitems(items):
    """Skip the examples whose packages are not installed."""
    for item in items:
        package = NEEDS.get(item.name)
        if package and find_spec(package) is None:
            item.add_marker(pytest.mark.skip(reason=f"{package} is not installed"))


@pytest.fixture(autouse=True, scope="module")
def workers_that_do_not_idle():
    """End joblib's worker processes after each file.

    They would end by themselves after five idle minutes; a search that begins in just that moment
    may wait for them for ever.
    """
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


@pytest.fixture(autouse=True)
def backend_as_it_was():
    """Undo what a test, or an example, chooses by `set_config`."""
    before = os.environ["SKRNN_BACKEND"]
    yield
    os.environ["SKRNN_BACKEND"] = before


@pytest.fixture
def epochs_done(monkeypatch):
    """A function that tells how many epochs the present training has done."""
    from skrnn._fitting.trainer import Trainer

    trainers, begin = [], Trainer.__init__

    def watched(self, *arguments, **options):
        begin(self, *arguments, **options)
        trainers.append(self)

    monkeypatch.setattr(Trainer, "__init__", watched)
    return lambda: trainers[-1].history.n_iter


@pytest.fixture(params=["numpy", "numba"])
def backend(request, monkeypatch):
    """Both loops over time in turn, where nothing is said of the loop."""
    from skrnn._core import recurrent

    if request.param == "numba":
        pytest.importorskip("numba")
        from skrnn._config import _unroll

        def compiled(layer, *arguments):
            if layer.cell.vectors:
                return by_numpy(layer, *arguments)
            how = arguments[4]
            return _unroll("numba", layer.cell, how.arranged.W_T.dtype)(layer, *arguments)

        by_numpy = recurrent.unroll
        monkeypatch.setattr(recurrent, "unroll", compiled)
    return request.param
