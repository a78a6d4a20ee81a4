"""The version, the format of saved models, and estimators that carry both."""

import warnings

from sklearn.exceptions import InconsistentVersionWarning

from skrnn._compat import DocumentationLinkMixin

__version__ = "0.1.0.dev0"

# The format of what pickle and joblib store. Whoever changes what a fitted object holds raises it,
# lets `_estimators.saved` (or a `__setstate__`) bring the format before to the new one, and adds
# files of the new one with tests/saved/make_models.py; the files of earlier ones stay. An attribute
# that is merely new needs no new format, if loading gives it a value.
#
# 1  parameters, layout of the input and scale of the targets each in attributes of their own
# 2  schema, target and model
FORMAT = 2


def saved_format(state):
    """Format of a pickled state; the first one did not say."""
    return state.get("_skrnn_format", 1)


class VersionMixin(DocumentationLinkMixin):
    """Warn when an estimator is loaded that another version of skrnn has saved.

    scikit-learn does so of its own estimators only. Its warning is used, so that one filter is
    enough for both. What comes from skrnn and is shown in a notebook links to its documentation.
    """

    def __getstate__(self):
        return {**super().__getstate__(), "_skrnn_version": __version__, "_skrnn_format": FORMAT}

    def __setstate__(self, state):
        name = type(self).__name__
        if saved_format(state) > FORMAT:
            raise ValueError(
                f"This {name} was saved by skrnn {state['_skrnn_version']} in format "
                f"{saved_format(state)}, but skrnn {__version__} reads formats up to {FORMAT}: "
                "install the version that saved it, or a newer one."
            )
        saved_by = state.get("_skrnn_version", "unknown")
        if saved_by != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=name,
                    current_sklearn_version=f"{__version__} of skrnn",
                    original_sklearn_version=f"{saved_by} of skrnn",
                ),
                stacklevel=2,
            )
        about = ("_skrnn_version", "_skrnn_format")
        super().__setstate__({key: value for key, value in state.items() if key not in about})
