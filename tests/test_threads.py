"""One thread for BLAS, `n_jobs` of our own where there is more than one part to compute."""

import os
import threading
import time

import numpy as np
import pytest
from joblib import Parallel, delayed
from threadpoolctl import threadpool_info, threadpool_limits

import skrnn._threads
from skrnn import RNNRegressor
from skrnn._threads import single_blas_thread, thread_map


def blas_threads():
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


needs_blas = pytest.mark.skipif(not blas_threads(), reason="threadpoolctl knows no BLAS here")


def names_of_threads(n_jobs, n_parts):
    """Names of the threads that compute the parts, each of which waits for `n_jobs` others."""
    barrier = threading.Barrier(min(n_jobs, n_parts), timeout=10)

    def name(_):
        barrier.wait()
        return threading.current_thread().name

    with single_blas_thread(), thread_map(n_jobs) as run:
        return set(run(name, range(n_parts)))


def test_parts_run_side_by_side_but_a_single_one_starts_no_thread():
    assert len(names_of_threads(2, 2)) == 2
    assert names_of_threads(2, 1) == {threading.current_thread().name}


def test_arguments_are_drawn_as_they_are_needed():
    drawn = []

    def draw(n):
        for i in range(n):
            drawn.append(i)
            yield i

    with single_blas_thread(), thread_map(2) as run:
        results = run(lambda i: i**2, draw(100))
        assert next(results) == 0
        assert len(drawn) < 20
        assert list(results) == [i**2 for i in range(1, 100)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_process_forked_while_a_thread_is_inside_begins_anew():
    with single_blas_thread():
        child = os.fork()
        if not child:
            os._exit(skrnn._threads._inside)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert skrnn._threads._inside == 1


def test_error_settings_of_other_threads_are_left_alone():
    x = np.random.default_rng(0).standard_normal((20, 50, 2))
    model = RNNRegressor(hidden_size=4, max_iter=1, learning_rate="cosine").fit(x, x[:, 0, 0])
    training = threading.Thread(target=RNNRegressor(max_iter=20).fit, args=(x, x[:, 0, 0]))
    before = np.geterr()
    training.start()
    while training.is_alive():
        model.predict(x[:1])
        assert np.geterr() == before
        time.sleep(0.005)  # or the two wait for the interpreter's lock most of the time
    training.join()


@pytest.mark.parametrize("n_jobs", [1, None])
def test_one_job_is_the_built_in_map(n_jobs):
    with thread_map(n_jobs) as run:
        assert run is map


def started_in_worker():
    with single_blas_thread(), thread_map(2) as run:
        return run is not map


@needs_blas
@pytest.mark.parametrize("share", [1, 2])
def test_a_worker_of_a_search_takes_no_more_threads_than_its_share_of_the_cores(share):
    with threadpool_limits(share, "blas"):
        assert Parallel(2, "threading")([delayed(started_in_worker)()] * 2) == [share == 2] * 2
        assert started_in_worker()


@needs_blas
def test_blas_gets_its_threads_back_when_the_last_of_several_leaves():
    with threadpool_limits(2, "blas"):
        first, second = single_blas_thread(), single_blas_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == {2}
