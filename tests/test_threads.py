"""One thread for BLAS, `n_jobs` of our own where there is more than one part, forks in between."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from joblib.parallel import SequentialBackend
from thread_scenarios import forked

import skrnn._threads
from skrnn import RNNRegressor
from skrnn._threads import _LIMITS, single_blas_thread, thread_map

pytestmark = pytest.mark.slow  # all of it together

SCENARIOS = Path(__file__).with_name("thread_scenarios.py")
needs_blas = pytest.mark.skipif(not _LIMITS, reason="no function is known that limits this BLAS")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
forks = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


def blas_threads():
    return {limit.get() for limit in _LIMITS}


def set_blas_threads(n_threads):
    for limit in _LIMITS:
        limit.set(n_threads)


@pytest.fixture
def two_blas_threads():
    before = [limit.get() for limit in _LIMITS]
    set_blas_threads(2)
    yield
    for limit, n_threads in zip(_LIMITS, before, strict=True):
        limit.set(n_threads)


def in_thread(function):
    """Start a function in a thread; returns one that waits for its end."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()

    def join():
        thread.join(60)
        assert not thread.is_alive()

    return join


# Whole processes, which may hang: what users have, and with the numbers that they set -----------


def run_scenarios(n_threads, n_forks, timeout):
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(SCENARIOS.parents[1]), environment.get("PYTHONPATH", "")]
    )
    if n_threads:
        environment["OPENBLAS_NUM_THREADS"] = n_threads
    command = [sys.executable, SCENARIOS, str(n_forks)]
    done = subprocess.run(command, env=environment, timeout=timeout, capture_output=True, text=True)
    assert done.stdout.endswith("threads are safe\n"), done.stdout + done.stderr


@pytest.mark.parametrize("n_threads", [None, "1", "2"])
def test_fits_in_threads_and_forks_beside_them(n_threads):
    run_scenarios(n_threads, n_forks=30, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("n_threads", [None, "1", "2"])
def test_many_forks(n_threads):
    run_scenarios(n_threads, n_forks=300, timeout=600)


# The limit --------------------------------------------------------------------------------------


@needs_blas
def test_blas_gets_its_threads_back_when_the_last_of_several_leaves(two_blas_threads):
    first, second = single_blas_thread(), single_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == {2}


@needs_blas
def test_a_limit_that_others_lift_is_set_for_the_next_part(two_blas_threads):
    def parts():
        yield "first"
        set_blas_threads(2)
        yield "second"

    with single_blas_thread(), thread_map(1) as run:
        assert list(run(lambda _: blas_threads(), parts())) == [{1}, {1}]
    assert blas_threads() == {2}


@needs_blas
def test_a_limit_that_others_have_set_before_stays(two_blas_threads):
    set_blas_threads(1)
    with single_blas_thread():
        pass
    assert blas_threads() == {1}


class Interruption(BaseException):
    pass


def interrupt_at(number):
    """Return a tracer that raises where that many lines of `_threads` have run.

    Python looks for interruptions at calls and jumps, so never between the end of a block and what
    follows it under finally, or what a with statement does there.
    """
    lines = Path(skrnn._threads.__file__).read_text().splitlines()
    n_run = 0

    def can_be_interrupted(number):
        return "with _lock" not in lines[number - 1] and "finally:" not in lines[number - 2]

    def trace(frame, event, argument):
        nonlocal n_run
        if frame.f_code.co_filename != skrnn._threads.__file__:
            return None
        if event == "line" and can_be_interrupted(frame.f_lineno):
            n_run += 1
            if n_run == number:
                raise Interruption
        return trace

    return trace


@needs_blas
def test_an_interruption_anywhere_leaves_no_limit_and_holds_up_no_fork(two_blas_threads):
    before = sys.gettrace()
    for number in count(1):
        sys.settrace(interrupt_at(number))
        try:
            with single_blas_thread(), thread_map(1) as run:
                list(run(abs, [-1, -2]))
        except Interruption:
            pass
        else:
            break
        finally:
            sys.settrace(before)
        assert blas_threads() == {2}, number
        assert not any(limit.holders for limit in _LIMITS)
        assert not skrnn._threads._computing
    assert number > 30


class LibraryOfEachThread:
    """Like MKL: a number of threads for each thread, 4 at first."""

    def __init__(self):
        self.numbers = threading.local()

    def get(self):
        return getattr(self.numbers, "n", 4)

    def set(self, n):
        self.numbers.n = n


def test_a_lock_that_an_error_kept_is_given_back_by_the_next_call():
    skrnn._threads._lock.acquire()
    skrnn._threads._lock.acquire()
    with single_blas_thread(), thread_map(2) as parallel_map:
        assert list(parallel_map(lambda part: 2 * part, range(4))) == [0, 2, 4, 6]


def test_a_library_with_a_number_for_each_thread_is_held_in_each(monkeypatch):
    library = LibraryOfEachThread()
    limit = skrnn._threads._ThreadLimit(library.get, library.set)
    monkeypatch.setattr(skrnn._threads, "_LIMITS", [limit])
    seen = []

    def other():
        seen.append(library.get())
        with single_blas_thread():
            seen.append(library.get())
        seen.append(library.get())

    with single_blas_thread(), thread_map(2) as run:
        in_thread(other)()
        assert seen == [4, 1, 4]
        assert list(run(lambda _: library.get(), range(4))) == [1] * 4
        assert library.get() == 1
    assert library.get() == 4


class Cluster(SequentialBackend):
    """A backend of joblib that counts the cores of other machines, as dask's and Ray's do."""

    def effective_n_jobs(self, n_jobs):
        return 64


@needs_blas
@pytest.mark.parametrize("n_jobs", [None, -1, 3])
def test_cores_of_other_machines_are_no_threads_of_this_process(n_jobs, two_blas_threads):
    with parallel_config(backend=Cluster()):
        for share in (2, 1):
            set_blas_threads(share)
            with single_blas_thread():
                assert thread_map(n_jobs).n_threads == share


# Parts in threads -------------------------------------------------------------------------------


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


@pytest.mark.parametrize("n_jobs", [1, None])
def test_one_job_starts_no_thread(n_jobs):
    with single_blas_thread(), thread_map(n_jobs) as run:
        assert set(run(lambda _: threading.get_ident(), range(9))) == {threading.get_ident()}


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


def started_in_worker():
    with single_blas_thread(), thread_map(2) as run:
        return threading.get_ident() not in set(run(lambda _: threading.get_ident(), range(2)))


@needs_blas
@pytest.mark.parametrize("share", [1, 2])
def test_a_worker_of_a_search_takes_no_more_threads_than_its_share_of_the_cores(
    two_blas_threads, share
):
    set_blas_threads(share)
    assert Parallel(2, "threading")([delayed(started_in_worker)()] * 2) == [share == 2] * 2
    assert started_in_worker()


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


# Forks ------------------------------------------------------------------------------------------


@contextmanager
def thread_inside(function):
    """Another thread that is in the midst of a function, which yields once."""
    inside, leave = threading.Event(), threading.Event()

    def work():
        for _ in function():
            inside.set()
            leave.wait(60)

    join = in_thread(work)
    inside.wait(60)
    yield leave
    leave.set()
    join()


def hold():
    with single_blas_thread():
        yield


@needs_fork
@forks
@needs_blas
def test_a_process_forked_while_a_thread_is_inside_has_its_blas_threads(two_blas_threads):
    with thread_inside(hold):
        assert forked(lambda: blas_threads() == {2}) == 0
        assert blas_threads() == {1}
    assert blas_threads() == {2}


@needs_fork
@forks
@needs_blas
def test_a_process_forked_inside_holds_what_the_forking_thread_does(two_blas_threads):
    own = single_blas_thread()

    def leave():
        before = blas_threads()
        own.__exit__()
        return before == {1} and blas_threads() == {2}

    with thread_inside(hold):
        own.__enter__()
        assert forked(leave) == 0
        own.__exit__()
        assert blas_threads() == {1}
    assert blas_threads() == {2}


@needs_fork
@forks
def test_a_fork_waits_for_the_products_of_other_threads(monkeypatch):
    ended = []

    def part(_):
        started.set()
        time.sleep(0.1)
        ended.append(True)

    def compute():
        with single_blas_thread(), thread_map(1) as run:
            list(run(part, [0]))

    for longest, waits in (10.0, True), (0.01, False):
        monkeypatch.setattr(skrnn._threads, "_LONGEST_WAIT", longest)
        started = threading.Event()
        ended.clear()
        join = in_thread(compute)
        started.wait(10)
        assert forked(lambda waits=waits: bool(ended) == waits) == 0
        join()
