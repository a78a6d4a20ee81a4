"""Threads: one for BLAS inside fit and predict, `n_jobs` of our own across parts of a batch."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from threading import Lock

from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from threadpoolctl import ThreadpoolController

_lock = Lock()
_inside = 0
_limits = []  # (library, number of threads to go back to)


def _after_fork():
    """Begin anew in a forked process, in which the threads that were inside are not."""
    global _lock, _inside
    _lock, _inside = Lock(), 0


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork)


@lru_cache(maxsize=1)
def _blas_libraries():
    libraries = ThreadpoolController().lib_controllers
    return [library for library in libraries if library.user_api == "blas"]


@contextmanager
def single_blas_thread():
    """Hold BLAS to one thread: on products as small as a time step's, more only slow it down.

    The limit is the process's. The first to enter sets it and the last to leave lifts it, so that
    fits in several threads do not undo each other's. threadpoolctl's own context costs 20
    microseconds, a tenth of the time that a short sequence takes to predict.
    """
    global _inside, _limits
    with _lock:
        if not _inside:
            _limits = [(library, library.get_num_threads()) for library in _blas_libraries()]
            _limits = [(library, n) for library, n in _limits if n != 1]
            for library, _ in _limits:
                library.set_num_threads(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                for library, n_threads in _limits:
                    library.set_num_threads(n_threads)


@contextmanager
def thread_map(n_jobs):
    """A ``map`` over `n_jobs` threads (in joblib's sense), or the built-in one for one thread."""
    n_threads = effective_n_jobs(n_jobs)
    if get_active_backend()[0].nesting_level:
        # In a worker of a search, to which joblib gives a share of the cores by BLAS's limit.
        n_threads = min(n_threads, max((n for _, n in _limits), default=1))
    if n_threads == 1:
        yield map
        return
    with ThreadPoolExecutor(n_threads) as pool:

        def run(function, *arguments):
            calls = zip(*arguments, strict=True)
            # A few at a time: arguments are made when drawn, and may be as large as the data.
            while some := list(islice(calls, 4 * n_threads)):
                # To start a thread would take as long as a short sequence.
                apply = map if len(some) == 1 else pool.map
                yield from apply(function, *zip(*some, strict=True))

        yield run
