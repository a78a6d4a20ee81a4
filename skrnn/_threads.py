"""Threads: one for BLAS inside fit and predict, `n_jobs` of our own across parts of a batch."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock

from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController

_controller = lru_cache(maxsize=1)(ThreadpoolController)
_lock = Lock()
_inside = 0
_limiter = None


@contextmanager
def single_blas_thread():
    """Hold BLAS to one thread: on products as small as a time step's, more only slow it down.

    The limit is the process's. The first to enter sets it and the last to leave lifts it, so that
    fits in several threads do not undo each other's.
    """
    global _inside, _limiter
    with _lock:
        if not _inside:
            _limiter = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limiter.restore_original_limits()


@contextmanager
def thread_map(n_jobs):
    """A ``map`` over `n_jobs` threads (in joblib's sense), or the built-in one for one thread."""
    n_threads = effective_n_jobs(n_jobs)
    if n_threads == 1:
        yield map
        return
    with ThreadPoolExecutor(n_threads) as pool:
        yield pool.map
