"""Packages that are needed for an export only."""

from importlib import import_module


def need(package, extra, caller):
    """Import a package, or say how to install it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{caller} needs {package}, which cannot be imported ({error}): install it by "
            f"pip install 'skrnn[{extra}]'."
        ) from error
