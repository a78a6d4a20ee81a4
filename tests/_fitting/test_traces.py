"""A fit prints, writes and keeps what it should, and nothing else."""

import copy
import tempfile
import tracemalloc

import numpy as np
import pytest
from estimators import TOKENS, each_case, equal_sequences, numbers, sequences
from training import brief, fitted

from skrnn import SequenceArray


@brief
@each_case
def test_one_line_for_each_epoch_if_verbose(case, capsys):
    model = fitted(case, verbose=True)
    lines = [f"Iteration {i}, loss = {x:.8f}" for i, x in enumerate(model.loss_curve_, 1)]
    assert capsys.readouterr().out.splitlines() == lines


@brief
@each_case
def test_verbose_shows_the_validation_score(case, capsys):
    model = fitted(case, verbose=True, early_stopping=True)
    for line, score in zip(
        capsys.readouterr().out.splitlines(), model.validation_scores_, strict=True
    ):
        assert line.endswith(f"validation score = {score:.6f}")


INPUTS = {
    "array": np.stack(equal_sequences()),
    "list": sequences(),
    "SequenceArray": SequenceArray.from_list(sequences()),
    "tokens": TOKENS,
}


def lock(values):
    """Make every array among `values` read-only."""
    for array in values.values if isinstance(values, SequenceArray) else values:
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    if isinstance(values, np.ndarray):
        values.flags.writeable = False


@brief
@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@each_case
def test_fit_is_silent_and_writes_neither_files_nor_input(
    case, solver, name, capfd, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    X = copy.deepcopy(INPUTS[name])
    y, weight = case.target(numbers(X) if name == "tokens" else X), np.ones(len(X))
    before = copy.deepcopy((X, y, weight))
    for values in (X, y, weight):
        lock(values)
    model = case.make(solver=solver, early_stopping=True, validation_fraction=0.3, n_jobs=2)
    model.set_params(token_dropout=0.3 if solver == "adam" else 0.0)
    model.fit(X, y, sample_weight=weight).predict(X)
    for old, new in zip(before, (X, y, weight), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(old, new, strict=True))
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@brief
@pytest.mark.parametrize("dtype", ["auto", "float32"])
@each_case
def test_a_memory_map_is_trained_on_batch_by_batch(case, dtype, tmp_path):
    n, n_steps, n_features = 800, 100, 50
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.standard_normal((n, n_steps, n_features)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    y = case.target(X)
    model = case.make(hidden_size=1, bidirectional=False, batch_size=20, max_iter=1, dtype=dtype)
    model.set_params(early_stopping=True)
    tracemalloc.start()
    model.fit(X, y).predict(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 3  # 32 MB, of which predict takes some 8192 rows at a time
