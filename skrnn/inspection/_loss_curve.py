"""Plots of a training."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skrnn.inspection._axes import legend_above, new_axes, whole_numbers


class LossCurveDisplay:
    """Plot of the losses of the training and the validation set, and of the score, by epoch.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    loss_curve : array-like of shape (n_epochs,)
        Training loss after each epoch.
    validation_scores : array-like of shape (n_epochs,), default=None
        Validation score after each epoch, drawn on an axis of its own.
    validation_loss_curve : array-like of shape (n_epochs,), default=None
        Loss of the validation set after each epoch, beside that of the training set.
    name : str, default=None
        Label of the training loss; the others are 'validation loss' and 'score'.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the losses, on a logarithmic scale where all of them are positive.
    score_ax_ : matplotlib Axes or None
        Axes with the scores, if there are any.
    figure_ : matplotlib Figure
        Figure of both.
    line_ : matplotlib Line2D
        Curve of the training loss.
    validation_line_ : matplotlib Line2D or None
        Curve of the validation loss, in the colour of the training loss.
    score_line_ : matplotlib Line2D or None
        Curve of the scores.
    best_line_ : matplotlib Line2D or None
        Line at the epoch with the best score, whose parameters are kept.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by the size of the training set.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LossCurveDisplay, RNNRegressor
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 1))
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, X[:, :, 0].sum(axis=1))
    >>> display = LossCurveDisplay.from_estimator(model)  # doctest: +SKIP
    """

    # These are matplotlib's, which may be missing, so they have no types here.
    ax_: Any
    score_ax_: Any
    figure_: Any
    line_: Any
    validation_line_: Any
    score_line_: Any
    best_line_: Any

    def __init__(
        self,
        *,
        loss_curve: ArrayLike,
        validation_scores: ArrayLike | None = None,
        validation_loss_curve: ArrayLike | None = None,
        name: str | None = None,
    ):
        self.loss_curve = loss_curve
        self.validation_scores = validation_scores
        self.validation_loss_curve = validation_loss_curve
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, name: str | None = None, **curve_kwargs: Any
    ) -> Self:
        """Plot the record of a fitted estimator.

        Parameters
        ----------
        estimator : RNNClassifier, RNNRegressor or SequenceTagger
            Fitted estimator.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        name : str, default=None
            Label of the loss; None takes the name of the class.
        **curve_kwargs : dict
            Passed to matplotlib's ``plot`` for the loss, other than ``label``.

        Returns
        -------
        display : LossCurveDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator keeps no losses, as a Pipeline or a search around the network.
        """
        if not hasattr(estimator, "loss_curve_"):
            check_is_fitted(estimator)
            raise TypeError(
                f"{type(estimator).__name__} has no loss_curve_: pass the network inside, such as "
                "pipeline[-1], search.best_estimator_ or the regressor_ of what scales targets."
            )
        display = cls(
            loss_curve=estimator.loss_curve_,
            validation_scores=estimator.validation_scores_,
            validation_loss_curve=estimator.validation_loss_curve_,
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax, **curve_kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **curve_kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        name : str, default=None
            Label of the loss; None takes the one given before.
        **curve_kwargs : dict
            Passed to matplotlib's ``plot`` for the loss, other than ``label``.

        Returns
        -------
        display : LossCurveDisplay
            The display, drawn.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        label = self.name if name is None else name
        (self.line_,) = self.ax_.plot(
            self._epochs(self.loss_curve), self.loss_curve, label=label, **curve_kwargs
        )
        self.validation_line_ = self.score_ax_ = self.score_line_ = self.best_line_ = None
        if _has_any(self.validation_loss_curve):
            self._plot_validation_loss()
        self.ax_.set(xlabel="Epoch", ylabel="Loss", yscale=self._scale())
        whole_numbers(self.ax_.xaxis)
        if _has_any(self.validation_scores):
            self._plot_scores()
        if label is not None:
            lines = self.line_, self.validation_line_, self.score_line_, self.best_line_
            legend_above(self.ax_, [line for line in lines if line])
        return self

    def _epochs(self, curve):
        """Return the epochs of a curve: a warm start may have begun to validate late."""
        last = len(self.loss_curve) + 1
        return range(last - len(curve), last)

    def _scale(self):
        """Return a logarithmic scale where all losses are positive."""
        lines = [line for line in (self.line_, self.validation_line_) if line]
        losses = [loss for line in lines for loss in line.get_ydata() if not np.isnan(loss)]
        return "log" if min(losses, default=0) > 0 else "linear"

    def _plot_validation_loss(self):
        # What the network holds for impossible loses without end: such an epoch has no point.
        losses = np.asarray(self.validation_loss_curve, float)
        (self.validation_line_,) = self.ax_.plot(
            self._epochs(losses),
            np.where(np.isfinite(losses), losses, np.nan),
            color=self.line_.get_color(),
            linestyle="--",
            label="validation loss",
        )

    def _plot_scores(self):
        self.score_ax_ = self.ax_.twinx()
        epochs = self._epochs(self.validation_scores)
        (self.score_line_,) = self.score_ax_.plot(
            epochs,
            self.validation_scores,
            color="tab:orange",
            linestyle="-.",
            label="score",
        )
        self.score_ax_.set_ylabel("Validation score")
        if not np.isnan(self.validation_scores).all():
            best = epochs[int(np.nanargmax(self.validation_scores))]
            self.best_line_ = self.ax_.axvline(
                best, color="gray", linestyle=":", label=f"best: {best}"
            )


def _has_any(curve):
    return curve is not None and len(curve) > 0
