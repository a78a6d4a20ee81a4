"""Threads: one for BLAS inside fit and predict, `n_jobs` of our own, and forks between products.

OpenBLAS has one number of threads for the whole process. Through threadpoolctl from 3.8 on a single
thread can change it, the first living one that has tried, and before 3.5 the library in NumPy's
wheels is unknown to it: the functions that change the number are called directly here.
"""

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from itertools import islice, product
from operator import length_hint
from threading import RLock, get_ident, local
from time import monotonic, sleep
from weakref import ref

import scipy.linalg  # noqa: F401 (it loads the BLAS that SciPy brings along)
from joblib import effective_n_jobs
from joblib.parallel import SequentialBackend, get_active_backend
from threadpoolctl import threadpool_info

from skrnn._core.cached import cached_property

_OPENMP = 2  # what OpenBLAS says if it was built with OpenMP
_NAMES = [  # of the functions of all other libraries; the last are such an OpenBLAS's
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads_Local"),
    ("bli_thread_get_num_threads", "bli_thread_set_num_threads"),
    ("flexiblas_get_num_threads", "flexiblas_set_num_threads"),
    ("omp_get_max_threads", "omp_set_num_threads"),
]
_LOCAL_BACKENDS = SequentialBackend.__module__  # all of joblib's for one machine
_LONGEST_WAIT = 10.0  # seconds that a fork waits for the products of other threads

_lock = RLock()  # for all that is written below; a fork holds it
_computing = set()  # threads that are in the midst of products


class _Limit:
    """One thread for a BLAS library while there are holders; the last to leave lifts the limit.

    A holder that dies leaves by itself, as after an interruption that kept it from `release`.
    """

    def __init__(self, get, set):
        self.get, self.set = get, set  # the library's number of threads
        self.before, self.holders = 1, {}

    def enforce(self):
        n_threads = self.get()
        if n_threads > 1:  # so it is too if others have lifted the limit; BLIS may say -1 for 1
            self.before = n_threads
            self.set(1)

    def hold(self, holder):
        self.holders[ref(holder, self.leave)] = get_ident()
        self.enforce()

    def release(self, holder):
        self.leave(ref(holder))

    def leave(self, reference=None):
        with _lock:
            if self.before > 1 and self.holders.keys() <= {reference}:
                self.set(self.before)
                self.before = 1
            self.holders.pop(reference, None)

    def after_fork(self):
        """Leave for the threads that the new process does not have."""
        own = get_ident()
        self.holders = {holder: thread for holder, thread in self.holders.items() if thread == own}
        self.leave()


class _ThreadLimit(_Limit, local):
    """The same for a library that has a number for each thread."""


def _limit(library):
    """Return the limit for the BLAS that a library is or is linked with, or None."""

    def functions(*names):
        return [getattr(library, name, None) for name in names]

    for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
        names = "get_num_threads", "set_num_threads", "get_parallel"
        get, set, parallel = functions(*(f"{prefix}openblas_{name}{suffix}" for name in names))
        if get and parallel() != _OPENMP:
            return _Limit(get, set)
    for get, set in (functions(*names) for names in _NAMES):
        if get:
            return _ThreadLimit(get, set)
    return None


def _limits(paths):
    """Return the limits for the BLAS libraries of these files, one for each library."""
    limits = {}
    for path in paths:
        with suppress(OSError):
            # PyDLL does not give up the interpreter's lock, which would take long to get back.
            limit = _limit(ctypes.PyDLL(path))
            if limit:
                limits[ctypes.cast(limit.get, ctypes.c_void_p).value] = limit
    return list(limits.values())


def _blas_of_numpy_and_scipy():
    extensions = map(sys.modules.get, ("numpy.linalg._umath_linalg", "scipy.linalg._fblas"))
    linked = _limits(getattr(module, "__file__", None) for module in extensions if module)
    # Windows does not look through what a module is linked with.
    return linked or _limits(
        library["filepath"] for library in threadpool_info() if library["user_api"] == "blas"
    )


_LIMITS = _blas_of_numpy_and_scipy()


class single_blas_thread:
    """Hold BLAS to one thread: on products as small as a time step's, more only slow it down.

    The limit is the process's. The first to enter sets it and the last to leave lifts it, so that
    fits in several threads do not undo each other's. threadpoolctl's own context costs 20
    microseconds, a tenth of the time that a short sequence takes to predict.
    """

    def __enter__(self):
        _give_back_what_was_kept()
        with _lock:
            for limit in _LIMITS:
                limit.hold(self)

    def __exit__(self, *_):
        for limit in _LIMITS:
            limit.release(self)


def _give_back_what_was_kept():
    """Release the lock if this thread has it still: an error came when it was about to release it.

    Debuggers and tests raise such errors between two lines; other threads would wait for ever.
    """
    try:
        while True:
            _lock.release()
    except RuntimeError:  # The lock is not this thread's, as it should be.
        pass


def step_in_one_blas_thread(uses_blas=True):
    """Return a context for a step of a few microseconds.

    Where BLAS has one thread anyway there is nothing to do: if another thread lifts its limit just
    now, a single step is slower.
    """
    for limit in _LIMITS if uses_blas else ():
        if limit.get() != 1:
            return single_blas_thread()
    return _NOTHING


_NOTHING = nullcontext()


def _compute(function, *arguments):
    """Call a function that multiplies matrices, while no fork is under way and BLAS is limited."""
    thread = get_ident()
    try:
        with _lock:
            _computing.add(thread)
            for limit in _LIMITS:
                limit.enforce()
        return function(*arguments)
    finally:
        _computing.discard(thread)


class thread_map:
    """A context with a ``map`` over `n_jobs` threads (in joblib's sense), or in the present alone.

    It is for functions that multiply matrices, within `single_blas_thread`: a fork waits for the
    calls that have begun, and each call renews a limit that others have lifted.
    """

    def __init__(self, n_jobs):
        self.n_jobs, self.pool = n_jobs, None
        if n_jobs == 0:
            raise ValueError(f"n_jobs == {n_jobs!r} runs nothing: give a number, or None.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pool is not None:
            self.pool.shutdown()

    def __call__(self, function, *arguments):
        """Map over the arguments, the last of which tells how many there are, if any does."""
        compute = partial(_compute, function)
        # A single call starts no thread, nor asks how many there are: both would take as long as
        # a short sequence.
        if length_hint(arguments[-1], 2) == 1 or self.n_threads == 1:
            return map(compute, *arguments)
        return self.side_by_side(compute, zip(*arguments, strict=True))

    @cached_property
    def n_threads(self):
        n_threads, backend = effective_n_jobs(self.n_jobs), get_active_backend()[0]
        if backend.nesting_level or type(backend).__module__ != _LOCAL_BACKENDS:
            # A worker of a search is given a share of the cores by BLAS's limit, and dask or Ray
            # count those of the whole cluster, of which this process is a part.
            n_threads = min(n_threads, max((limit.before for limit in _LIMITS), default=1))
        return n_threads

    def side_by_side(self, compute, calls):
        self.pool = self.pool or ThreadPoolExecutor(self.n_threads)
        # A few at a time: arguments are made when drawn, and may be as large as the data.
        while some := list(islice(calls, 4 * self.n_threads)):
            apply = map if len(some) == 1 else self.pool.map
            yield from apply(compute, *zip(*some, strict=True))


def _before_fork():
    """Wait for the products that other threads have begun, and hold up further ones.

    OpenBLAS takes locks in each product, and a lock that another thread holds while the process
    forks stays locked in the new process: there the next product would wait for ever.
    """
    _lock.acquire()
    last = monotonic() + _LONGEST_WAIT
    while _computing - {get_ident()} and monotonic() < last:
        sleep(1e-4)


def _after_fork_in_child():
    global _lock
    _lock = RLock()
    _computing.intersection_update({get_ident()})
    for limit in _LIMITS:
        limit.after_fork()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _lock.release(),
        after_in_child=_after_fork_in_child,
    )
