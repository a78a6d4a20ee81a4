"""Which backend computes, who is told, and that both compute the same."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest
from estimators import CASES, every_case, sequences
from numpy.testing import assert_allclose, assert_array_equal

import skrnn
from skrnn import _config, config_context, get_config, set_config, show_versions

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")


@pytest.fixture(autouse=True)
def nothing_is_chosen(monkeypatch):
    monkeypatch.setenv("SKRNN_BACKEND", "")
    _config._backend.cache_clear()
    yield
    _config._backend.cache_clear()


@pytest.fixture
def without(monkeypatch):
    """A function that makes numba another version than it is, or None."""

    def make(version):
        monkeypatch.setattr(_config, "installed_version", lambda name: version)
        for function in (_config.why_not_numba, _config._backend):
            function.cache_clear()

    yield make
    monkeypatch.undo()
    _config.why_not_numba.cache_clear()


def fitted(case, backend, X, **parameters):
    with config_context(backend=backend):
        return case.make(**parameters).fit(X, case.target(X))


def test_a_choice_holds_for_the_process_and_its_children(monkeypatch):
    assert get_config() == {"backend": "auto"}
    set_config(backend="numpy")
    assert get_config() == {"backend": "numpy"} and os.environ["SKRNN_BACKEND"] == "numpy"
    set_config()
    assert get_config() == {"backend": "numpy"}


def test_a_block_ends_with_its_choice_and_other_threads_do_not_see_it():
    set_config(backend="auto")
    with ThreadPoolExecutor(1) as other:
        with pytest.raises(RuntimeError, match="^out$"), config_context(backend="numpy"):
            with config_context():
                assert get_config() == {"backend": "numpy"}
            assert other.submit(get_config).result() == {"backend": "auto"}
            raise RuntimeError("out")
    assert get_config() == {"backend": "auto"}


@pytest.mark.parametrize("choose", [set_config, config_context])
@pytest.mark.parametrize("wrong", ["torch", "NumPy", 1, ""])
def test_a_backend_that_does_not_exist(choose, wrong):
    with pytest.raises(ValueError, match="backend must be one of auto, numpy, numba; got"):
        with choose(backend=wrong) or config_context():
            pass
    assert get_config() == {"backend": "auto"}


def test_an_environment_with_a_wrong_name_is_refused(monkeypatch):
    monkeypatch.setenv("SKRNN_BACKEND", "cython")
    with pytest.raises(ValueError, match="backend must be one of .* got 'cython'"):
        skrnn.RNNClassifier(max_iter=1).fit(np.zeros((4, 3, 1)), [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        (None, r'numba is not installed; pip install "skrnn\[fast\]" brings it'),
        ("0.58.1", "numba 0.58.1 is installed, and what is tested is 0.61 to before 0.69"),
        ("1.2.0rc1", "numba 1.2.0rc1 is installed"),
    ],
)
def test_without_a_tested_numba_numpy_computes_and_says_why_if_asked(version, reason, without):
    without(version)
    assert _config.backend_for() == "numpy"
    with pytest.raises(ImportError, match=f"backend='numba' cannot be used: {reason}"):
        set_config(backend="numba")
    assert get_config() == {"backend": "auto"}


def test_versions_are_printed(capsys, without):
    without(None)
    show_versions()
    printed = capsys.readouterr().out
    assert f"skrnn: {skrnn.__version__}" in printed and "numba: not installed" in printed
    assert printed.splitlines()[-1].startswith("backend: numpy ('auto' is chosen; numba is not")


@pytest.mark.slow
def test_importing_the_package_does_not_import_numba():
    code = "import sys, skrnn; print('numba' in sys.modules, 'llvmlite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@needs_numba
@pytest.mark.parametrize("cell_type", ["rnn", "lstm", "gru"])
@every_case
def test_both_backends_train_and_predict_alike(case, cell_type):
    X = sequences()
    models = [
        fitted(case, name, X, dtype="float64", cell_type=cell_type) for name in ("numpy", "numba")
    ]
    assert_allclose(models[1].loss_curve_, models[0].loss_curve_, rtol=1e-8)
    for name, value in models[0].coefs_.items():
        assert_allclose(models[1].coefs_[name], value, rtol=1e-6, atol=1e-8, err_msg=name)
    answers = []
    for name in ("numpy", "numba"):
        with config_context(backend=name):
            assert models[0].backend_ == name
            answers.append(case.outputs(models[0], X))
    assert_allclose(answers[1], answers[0], rtol=1e-9, atol=1e-12)


@needs_numba
def test_a_model_of_one_backend_is_read_by_the_other():
    X = sequences()
    clf = fitted(CASES[0], "numba", X)
    with config_context(backend="numpy"):
        again = pickle.loads(pickle.dumps(clf))
        assert again.backend_ == "numpy"
        by_numpy = again.predict_proba(X)
    with config_context(backend="numba"):
        assert_allclose(clf.predict_proba(X), by_numpy, rtol=1e-5)


@needs_numba
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_code_gives_the_same_bits_for_any_n_jobs(dtype):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 9, 2)), rng.integers(0, 3, 300)
    results = []
    for n_jobs in (1, 2, 1):
        clf = skrnn.RNNClassifier(
            hidden_size=64, batch_size=300, max_iter=2, dtype=dtype, random_state=0, n_jobs=n_jobs
        )
        with config_context(backend="numba"):
            results.append(clf.fit(X, y).predict_proba(X))
    assert_array_equal(results[1], results[0])
    assert_array_equal(results[2], results[0])


@needs_numba
def test_nothing_is_compiled_twice_and_one_line_says_so(capsys):
    from skrnn._core.compiled import build

    X, y = np.zeros((4, 3, 1)), [0, 1, 0, 1]
    clf = skrnn.RNNClassifier(hidden_size=2, max_iter=1, verbose=1, dtype="float32")
    with config_context(backend="numba"):
        clf.fit(X, y)
        capsys.readouterr()
        _config._prepared.clear()
        before = build._build.cache_info().misses
        clf.fit(X, y).predict(X)
        assert build._build.cache_info().misses == before
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Preparing compiled code for GRU, float32: some seconds the first time."
    assert [line.split()[0] for line in lines[1:]] == ["Iteration"]
