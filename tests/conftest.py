"""Settings that must stand before the first import of SciPy."""

import os

# Without it scikit-learn skips its checks of array API input.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# Run by hand, with torch; collecting doctests would import it.
collect_ignore = ["parity/make_fixtures.py"]
