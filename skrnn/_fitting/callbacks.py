"""scikit-learn's callbacks (1.9 and later), or nothing in their place."""

from skrnn._compat import callback_context


class FitReport:
    """Tell an estimator's callbacks how a fit goes on; silent without callback support.

    X, y and `metadata` are the user's own, so that callbacks can score on them.
    """

    def __init__(self, estimator, max_epochs, X, y, metadata):
        self.told = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self.context = callback_context(estimator, max_epochs)
        if self.context is not None:
            self.context.call_on_fit_task_begin(**self.told)

    def epoch(self, attributes):
        """Report an epoch; `attributes` makes what a copy needs to predict. True means stop."""
        if self.context is None:
            return False
        epoch = self.context.subcontext(task_name="epoch")
        epoch.call_on_fit_task_begin(**self.told)
        return epoch.call_on_fit_task_end(**self.told, reconstruction_attributes=attributes)

    def end(self, attributes):
        """Report the end of the fit."""
        if self.context is not None:
            self.context.call_on_fit_task_end(**self.told, reconstruction_attributes=attributes)
