"""The tests with several versions of Python and of the dependencies: ``nox``, or ``nox -s NAME``.

Versions of Python that are not installed are skipped. What follows ``--`` goes to pytest.
"""

import nox

nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests", "wheel", "style"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
ONE_THREAD = {"SCIPY_ARRAY_API": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@nox.session(python=PYTHONS)
def tests(session):
    """Run all tests with the newest releases of the dependencies."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", *(session.posargs or ["-n", "2"]), env=ONE_THREAD)


@nox.session(python=PYTHONS)
def upcoming(session):
    """Run all tests with releases of the dependencies that are still to come."""
    session.install("--pre", "--only-binary", "numpy,scipy,scikit-learn", ".[test]")
    session.run("python", "-m", "pytest", *(session.posargs or ["-n", "2"]), env=ONE_THREAD)


@nox.session(venv_backend="none")
def oldest(session):
    """Run the tests with the oldest versions that pyproject.toml admits."""
    session.run("bash", ".ci/oldest", *session.posargs, external=True)


@nox.session(python="3.11")
def wheel(session):
    """Build wheel and sdist, check them, and use the wheel."""
    session.install("build", "twine")
    session.run("bash", ".ci/wheel", external=True)


@nox.session(python="3.11")
def style(session):
    """Check the style."""
    session.install(".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python="3.11")
def site(session):
    """Build the documentation's site, the gallery's examples run."""
    session.install(".[site]")
    session.run("python", "-m", "sphinx", "-W", "-n", "docs", "build/site")
