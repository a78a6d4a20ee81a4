"""What dask does for more than one machine, here with two processes: the same as without."""

import joblib
import numpy as np
import pytest
from estimators import TINY, labels, sequences
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_predict

from skrnn import RNNClassifier, RNNRegressor, SequenceArray
from skrnn._threads import single_blas_thread, thread_map

distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # dask's own, in threads that end with the cluster
]

X = SequenceArray.from_list(sequences(60, seed=1))
Y = labels(X)
GRID = np.stack(sequences(120, lengths=(5, 5), seed=2))
LIMIT = 600  # MB of a worker


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(memory_limit=f"{LIMIT}MB", **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_search_finds_the_same(client):
    grid = {"hidden_size": [3, 6], "cell_type": ["rnn", "gru"]}
    search = GridSearchCV(RNNClassifier(**TINY), grid, cv=3)
    expected = search.fit(X, Y).cv_results_["mean_test_score"]
    alone = search.best_estimator_.coefs_
    with joblib.parallel_config("dask"):
        search.fit(X, Y)
    assert_array_equal(search.cv_results_["mean_test_score"], expected)
    for name, value in search.best_estimator_.coefs_.items():
        assert_array_equal(value, alone[name])


def test_a_network_in_a_worker_takes_its_one_thread_and_not_all_of_the_cluster(client):
    def n_threads():
        with single_blas_thread():
            return thread_map(None).n_threads

    with joblib.parallel_config("dask"):
        assert joblib.Parallel()(joblib.delayed(n_threads)() for _ in range(4)) == [1] * 4


def test_labels_by_models_that_were_fitted_without_them(client):
    model = RNNClassifier(**TINY)
    expected = cross_val_predict(model, X, Y, cv=3, method="predict_proba")
    with joblib.parallel_config("dask"):
        found = cross_val_predict(model, X, Y, cv=3, method="predict_proba")
    assert_array_equal(found, expected)


def test_blocks_of_an_array(client):
    model = RNNClassifier(**TINY).fit(GRID, labels(GRID))
    blocks = da.from_array(GRID, chunks=(50, -1, -1))
    p = blocks.map_blocks(
        model.predict_proba,
        drop_axis=[1, 2],
        new_axis=1,
        chunks=(blocks.chunks[0], (3,)),
        dtype=float,
    )
    assert p.shape == (120, 3)
    np.testing.assert_allclose(p.compute(), model.predict_proba(GRID), rtol=1e-10)


def test_partitions_of_a_long_frame(client):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    n, n_steps, _ = GRID.shape
    frame = pd.DataFrame(GRID.reshape(-1, 2), columns=["a", "b"])
    frame.index = pd.Index(np.repeat(np.arange(n), n_steps), name="id")
    model = RNNRegressor(**TINY).fit(GRID, GRID[:, -1, 0])

    def predict(part):
        rows = SequenceArray.from_long(part.reset_index(), sequence="id")
        return pd.Series(model.predict(rows), part.index.unique())

    # The index sorts the rows, so that no sequence is cut.
    parts = dd.from_pandas(frame, npartitions=4)
    found = parts.map_partitions(predict, meta=("y", float)).compute()
    np.testing.assert_allclose(found, model.predict(GRID), rtol=1e-10)
    assert_array_equal(found.index, np.arange(n))


def test_learning_from_partitions_one_after_the_other(client, tmp_path):
    paths = [tmp_path / f"{i}.npy" for i in range(4)]
    for path, block in zip(paths, np.split(GRID, 4), strict=True):
        np.save(path, block)

    def learn(paths):
        model = RNNClassifier(**TINY)
        for block in map(np.load, paths):
            model.partial_fit(block, labels_of(block), classes=["high", "low"])
        return model

    def labels_of(block):
        return np.where(block[:, :, 0].mean(axis=1) > 0, "high", "low")

    there = client.submit(learn, paths).result()
    for name, value in learn(paths).coefs_.items():
        assert_array_equal(there.coefs_[name], value)


def test_a_fleet_of_models(client):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(GRID[:, :, 0]).assign(unit=np.arange(120) % 4)

    def fit(group):
        values = group.drop(columns="unit").to_numpy()
        return RNNRegressor(**TINY).fit(values, values[:, -1])

    units = dict(iter(table.groupby("unit")))
    fleet = dict(zip(units, client.gather(client.map(fit, list(units.values()))), strict=True))
    assert list(fleet) == [0, 1, 2, 3]
    for unit, group in units.items():
        values = group.drop(columns="unit").to_numpy()
        assert_array_equal(fleet[unit].predict(values), fit(group).predict(values))


def test_a_set_that_is_larger_than_the_memory_of_a_worker(client, tmp_path):
    # The file has holes, so that it takes no room on the disk: 1.2 GB of zeros and some ones.
    path, shape = tmp_path / "X.npy", (12_000, 25, 1024)
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    X[::100, :, 0] = 1
    model = RNNClassifier(cell_type="rnn", hidden_size=2, max_iter=1, bidirectional=False)
    model.fit(X[:200], np.arange(200) % 2)

    def predict(start):
        part = np.load(path, mmap_mode="r")[start : start + 500]
        return model.predict_proba(part)[:, 1], anonymous_memory()

    parts = client.gather(client.map(predict, range(0, len(X), 500)))
    p, memory = (list(column) for column in zip(*parts, strict=True))
    assert len(np.concatenate(p)) == len(X)
    np.testing.assert_allclose(
        np.concatenate(p)[:300], model.predict_proba(X[:300])[:, 1], atol=1e-6
    )
    assert X.nbytes / 1e6 > 2 * LIMIT - 1
    assert max(memory) < LIMIT


def anonymous_memory():
    """MB of memory that are no pages of files; the peak of all where that is not told."""
    try:
        with open("/proc/self/status") as status:
            (line,) = [line for line in status if line.startswith("RssAnon")]
        return int(line.split()[1]) / 1000
    except (OSError, ValueError):
        return 0.0
