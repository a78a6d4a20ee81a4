"""scikit-learn's callbacks (1.9 and later), or nothing in their place."""

from skrnn._compat import callback_context


class FitReport:
    """Tell an estimator's callbacks how a fit goes on; silent without callback support.

    X, y and `metadata` are the user's own, so that callbacks can score on them.
    """

    def __init__(self, estimator, X, y, metadata):
        self.task_info = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self.context = callback_context(estimator)

    def begin(self, max_epochs):
        """Report the begin of the training, all input having been read."""
        if self.context is not None:
            self.context.max_subtasks = max_epochs
            self.context.call_on_fit_task_begin(**self.task_info)

    def epoch(self, attributes):
        """Report an epoch; `attributes` makes what a copy needs to predict. True means stop."""
        if self.context is None:
            return False
        epoch = self.context.subcontext(task_name="epoch")
        epoch.call_on_fit_task_begin(**self.task_info)
        return epoch.call_on_fit_task_end(**self.task_info, reconstruction_attributes=attributes)

    def end(self, attributes):
        """Report the end of the fit."""
        if self.context is not None:
            self.context.call_on_fit_task_end(
                **self.task_info, reconstruction_attributes=attributes
            )
