"""What users do with threads and forks; `test_threads.py` runs it in processes that may hang.

``python tests/thread_scenarios.py N_FORKS`` fails or ends; each scenario prints its name first.
"""

import multiprocessing
import os
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

import numpy as np
from threadpoolctl import threadpool_info

from skrnn import RNNClassifier, RNNRegressor
from skrnn._threads import _LIMITS, single_blas_thread

X = np.random.default_rng(0).normal(size=(64, 20, 3))
Y = np.arange(64) % 2
CHILD_MAY_TAKE = 20.0  # seconds


def blas_threads():
    return [limit.get() for limit in _LIMITS]


AT_START = blas_threads()
SMALL = RNNRegressor(hidden_size=8, max_iter=1).fit(X[:20], X[:20, 0, 0])
PREDICTED = SMALL.predict(X)


def fit(seen=None, **params):
    """Fit; `seen` gets BLAS's numbers of threads from inside."""

    def score(model, X, y):
        seen.append(blas_threads())
        return 0.0

    if seen is not None:
        params |= {"early_stopping": True, "scoring": score}
    RNNClassifier(hidden_size=64, max_iter=2, **params).fit(X, Y)


def in_thread(function, **arguments):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, **arguments).result()


@contextmanager
def fits_in_threads(*each):
    """Fit over and over in a thread for each set of parameters."""
    ended = Event()

    def work(params):
        while not ended.is_set():
            fit(**params)

    threads = [Thread(target=work, args=(params,)) for params in each]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def works_as_ever(_=None):
    """Whether BLAS has its threads, and products of several threads and predictions are right."""
    ones = np.ones((300, 300))
    numbers = blas_threads()
    return (
        numbers == AT_START
        and (ones @ ones == 300).all()
        and np.array_equal(SMALL.predict(X), PREDICTED)
        and numbers == blas_threads()
    )


def exit_code(pid):
    """Code with which a child has ended; one that hangs is killed, and has -9."""
    last = time.monotonic() + CHILD_MAY_TAKE
    while time.monotonic() < last:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def forked(function):
    """Exit code of a child that ends with whether a function is true."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            code = 0 if function() else 2
        finally:
            os._exit(code)
    return exit_code(pid)


# The scenarios.


def no_blas_is_forgotten(n_forks):
    def all_threads():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    # NumPy's and SciPy's; threadpoolctl before 3.5 does not know those of their wheels.
    assert len(_LIMITS) == len(all_threads()) or not all_threads()
    with single_blas_thread():
        assert set(all_threads()) <= {1}


def every_thread_has_one_blas_thread_in_turn(n_forks):
    for run in fit, in_thread, fit, in_thread:
        seen = []
        fit(seen) if run is fit else in_thread(fit, seen=seen)
        assert seen and all(set(numbers) == {1} for numbers in seen), seen
        assert blas_threads() == AT_START


def fits_that_overlap_leave_no_limit(n_forks):
    for last in 0.0, 0.05:
        seen = []
        with fits_in_threads({"seen": seen}):
            fit(seen)
            time.sleep(last)
        assert all(set(numbers) == {1} for numbers in seen), seen
        assert works_as_ever()


def one_model_predicts_in_several_threads(n_forks):
    with fits_in_threads({}), ThreadPoolExecutor(4) as pool:
        for predicted in pool.map(SMALL.predict, [X] * 100):
            np.testing.assert_array_equal(predicted, PREDICTED)


def forks_beside_fits(n_forks):
    with fits_in_threads({}, {"n_jobs": 2, "solver": "lbfgs"}):
        codes = [forked(works_as_ever) for _ in range(n_forks)]
    assert not any(codes), codes
    assert works_as_ever()


def fit_and_fork_in_a_forked_process(n_forks):
    def work():
        with fits_in_threads({}):
            code = forked(works_as_ever)
        return not code and works_as_ever()

    with fits_in_threads({}):
        codes = [forked(work) for _ in range(n_forks // 10)]
    assert not any(codes), codes


def forks_from_within_a_fit(n_forks):
    codes = []

    def score(model, X, y):
        codes.append(forked(lambda: model.predict(X).size and set(blas_threads()) == {1}))
        return 0.0

    with fits_in_threads({}):
        RNNClassifier(max_iter=3, early_stopping=True, scoring=score).fit(X, Y)
    assert codes and not any(codes), codes
    assert works_as_ever()


def pool_of_forked_processes_beside_fits(n_forks):
    with fits_in_threads({}), multiprocessing.get_context("fork").Pool(2) as pool:
        assert all(pool.map_async(works_as_ever, range(8)).get(CHILD_MAY_TAKE))


SCENARIOS = [
    no_blas_is_forgotten,
    every_thread_has_one_blas_thread_in_turn,
    fits_that_overlap_leave_no_limit,
    one_model_predicts_in_several_threads,
    forks_beside_fits,
    fit_and_fork_in_a_forked_process,
    forks_from_within_a_fit,
    pool_of_forked_processes_beside_fits,
]

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # ConvergenceWarning; Python's own about forks and threads
    has_fork = hasattr(os, "fork")
    for scenario in SCENARIOS if has_fork else SCENARIOS[:4]:
        print(scenario.__name__, flush=True)
        scenario(int(sys.argv[1]))
    print("threads are safe")
