"""Settings that must stand before the first import of SciPy, and an end for worker processes."""

import os

import pytest

# Without it scikit-learn skips its checks of array API input.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# Run by hand, with torch; collecting doctests would import it.
collect_ignore = ["parity/make_fixtures.py"]


@pytest.fixture(autouse=True, scope="module")
def workers_that_do_not_idle():
    """End joblib's worker processes after each file.

    They would end by themselves after five idle minutes; a search that begins in just that moment
    may wait for them for ever.
    """
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
