"""The version, and estimators that carry it."""

import warnings

from sklearn.exceptions import InconsistentVersionWarning

__version__ = "0.1.0.dev0"


class VersionMixin:
    """Warn when an estimator is loaded that another version of skrnn has saved.

    scikit-learn does so of its own estimators only. Its warning is used, so that one filter is
    enough for both.
    """

    def __getstate__(self):
        return {**super().__getstate__(), "_skrnn_version": __version__}

    def __setstate__(self, state):
        saved_by = state.pop("_skrnn_version", "unknown")
        if saved_by != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=f"{__version__} of skrnn",
                    original_sklearn_version=f"{saved_by} of skrnn",
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
