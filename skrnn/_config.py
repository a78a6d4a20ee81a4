"""Which code computes the loop over time: NumPy, or what numba compiles."""

import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from skrnn._core.stepper import Stepper
from skrnn._threads import single_blas_thread, thread_map
from skrnn._version import __version__

BACKENDS = ("auto", "numpy", "numba")
VARIABLE = "SKRNN_BACKEND"
# Versions of numba with which the compiled loop has been tested: from the first to before the last.
TESTED = (0, 61), (0, 69)

_here: ContextVar[str | None] = ContextVar("skrnn_backend", default=None)
_prepared = set()  # what has been compiled or loaded in this process


def set_config(*, backend: str | None = None) -> None:
    """Choose what computes networks, for the process and for those that it starts later.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'numba'} or None, default=None
        'numpy' computes with NumPy alone. 'numba' runs the loop over time as compiled code: it
        needs ``pip install "skrnn[fast]"``, and compiles for some seconds when a cell and a
        precision are used for the first time on a machine; later processes load the result. 'auto',
        which holds if nothing is chosen, is 'numba' where a tested version of numba is installed,
        else 'numpy'. None leaves the choice as it is.

    Raises
    ------
    ValueError
        If there is no such backend.
    ImportError
        If `backend` is 'numba' and it cannot be used; the message says why.

    See Also
    --------
    config_context : Choose for a block of code.
    show_versions : Tell what runs.

    Notes
    -----
    The environment variable ``SKRNN_BACKEND`` does the same from outside; this function sets it, so
    that worker processes that start later compute alike. The two backends agree closely but not to
    the last bit: in float32 to about 1e-6, in float64 to 1e-12. Each by itself gives the same bits
    on the same machine, whatever `n_jobs` is.

    Examples
    --------
    >>> import skrnn
    >>> before = skrnn.get_config()
    >>> skrnn.set_config(backend="numpy")
    >>> skrnn.get_config()
    {'backend': 'numpy'}
    >>> skrnn.set_config(**before)
    """
    if backend is not None:
        os.environ[VARIABLE] = check_backend(backend)


def get_config() -> dict[str, str]:
    """Return what `set_config` and `config_context` have chosen.

    Returns
    -------
    config : dict
        ``{"backend": name}``, see `set_config`.

    Examples
    --------
    >>> import skrnn
    >>> with skrnn.config_context(backend="numpy"):
    ...     skrnn.get_config()
    {'backend': 'numpy'}
    """
    return {"backend": _here.get() or os.environ.get(VARIABLE) or "auto"}


@contextmanager
def config_context(*, backend: str | None = None) -> Iterator[None]:
    """Choose what computes networks in a ``with`` block, in the present thread.

    Parameters
    ----------
    backend : {'auto', 'numpy', 'numba'} or None, default=None
        As in `set_config`. A fit that begins in the block ends as it began; worker processes do
        not know of the block.

    Raises
    ------
    ValueError, ImportError
        As in `set_config`.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier, config_context
    >>> X, y = np.zeros((4, 3, 1)), [0, 1, 0, 1]
    >>> with config_context(backend="numpy"):
    ...     clf = RNNClassifier(hidden_size=2, max_iter=1).fit(X, y)
    ...     clf.backend_
    'numpy'
    """
    token = _here.set(_here.get() if backend is None else check_backend(backend))
    try:
        yield
    finally:
        _here.reset(token)


def show_versions() -> None:
    """Print the versions of what skrnn stands on, and which backend computes here and why.

    Examples
    --------
    >>> import skrnn
    >>> skrnn.show_versions()  # doctest: +SKIP
    """
    print(f"python: {sys.version.split()[0]} ({platform.platform()})")
    print(f"skrnn: {__version__}")
    for name in ("numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl", "numba"):
        print(f"{name}: {installed_version(name) or 'not installed'}")
    reason = why_not_numba()
    chosen = get_config()["backend"]
    print(f"backend: {backend_for()} ({chosen!r} is chosen{reason and f'; {reason}'})")


def check_backend(backend):
    """Return a backend that exists and can be used, or raise."""
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}; got {backend!r}.")
    reason = why_not_numba() if backend == "numba" else ""
    if reason:
        raise ImportError(f"backend='numba' cannot be used: {reason}.")
    return backend


@lru_cache
def why_not_numba():
    """Say why compiled code cannot be used here; '' if it can."""
    version = installed_version("numba")
    if version is None:
        return 'numba is not installed; pip install "skrnn[fast]" brings it'
    if not TESTED[0] <= tuple(map(int, version.split(".")[:2])) < TESTED[1]:
        first, last = (".".join(map(str, bound)) for bound in TESTED)
        return f"numba {version} is installed, and what is tested is {first} to before {last}"
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return "NUMBA_DISABLE_JIT is set"
    # numba is imported only where it is to be used: that takes a while.
    try:
        from skrnn._core.compiled.blas import takes_int
    except ImportError as error:
        return f"numba {version} cannot be imported: {error}"
    return "" if takes_int() else "SciPy's BLAS counts by other numbers than int"


@lru_cache
def installed_version(name):
    """Version of an installed package, or None; it is looked up once, for that takes long."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def backend_for(cell=None):
    """Return the name of the backend that computes now, for a cell if there is one."""
    return _backend(get_config()["backend"], cell)


def unroll_for(cell, dtype, verbose=False):
    """Return the loop over time for a cell and a type of numbers, as a `Pass` takes it."""
    backend, key = backend_for(cell), (type(cell).__name__, dtype)
    if verbose and backend == "numba" and key not in _prepared:
        print(f"Preparing compiled code for {key[0]}, {dtype}: some seconds the first time.")
    return _unroll(backend, cell, dtype)


def stepper_for(cell, dtype):
    """Return the class of steppers for a cell and a type of numbers."""
    return _stepper(backend_for(cell), cell, dtype)


@lru_cache
def _backend(chosen, cell):
    check_backend(chosen)
    # Vectors have no place in compiled code.
    if chosen == "numpy" or why_not_numba() or (cell is not None and cell.vectors):
        return "numpy"
    return "numba"


@lru_cache
def _unroll(backend, cell, dtype):
    if backend == "numpy":
        return None
    from skrnn._core.compiled import unroll

    compiled = compile_now(unroll.unroll_for, cell, dtype)
    _prepared.add((type(cell).__name__, dtype))
    return compiled


@lru_cache
def _stepper(backend, cell, dtype):
    if backend == "numpy":
        return Stepper
    from skrnn._core.compiled import stepper

    compile_now(stepper.step_for, cell, dtype)
    return stepper.CompiledStepper


def compile_now(make, cell, dtype):
    """Compile kernels while no fork is under way: numba's locks would stay locked in the fork."""
    with single_blas_thread(), thread_map(1) as in_turn:
        [made] = in_turn(make, [cell], [dtype])
    return made
