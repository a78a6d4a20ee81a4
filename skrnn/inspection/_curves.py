"""Pictures of curves: the flow of the gradient, answers step by step, importances."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrnn._typing import Sequences
from skrnn.inspection._advice import start_of
from skrnn.inspection._axes import legend_above, new_axes, whole_numbers
from skrnn.inspection._gradient_flow import gradient_flow
from skrnn.inspection._importance import permutation_importance
from skrnn.inspection._step_outputs import step_outputs

# Curves that a legend names at most.
MOST_NAMES = 10


class GradientFlowDisplay:
    """Plot of the gradient of the loss on its way back through time.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs. A straight
    line that falls is a gradient that vanishes, one that rises a gradient that explodes.

    Parameters
    ----------
    norm : array-like of shape (n_layers, n_directions, n_lags)
        As :func:`gradient_flow` returns it.
    directions : tuple of str, default=('forward', 'backward')
        Names of the directions.
    name : str, default=None
        What the curves are labelled with.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves, on a logarithmic scale.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : list of matplotlib Line2D
        One for each layer and direction.

    See Also
    --------
    gradient_flow : The numbers, and what they mean.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import GradientFlowDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> y = X[:, :, 0].sum(axis=1)
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, y)
    >>> display = GradientFlowDisplay.from_estimator(model, X, y)  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]

    def __init__(
        self,
        *,
        norm: ArrayLike,
        directions: tuple[str, ...] = ("forward", "backward"),
        name: str | None = None,
    ):
        self.norm = norm
        self.directions = directions
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        y: Any = None,
        *,
        ax: Any = None,
        name: str | None = None,
        **line_kwargs: Any,
    ) -> Self:
        """Measure and draw the flow.

        Parameters
        ----------
        estimator : estimator
            A fitted recurrent estimator.
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw.
        y : array-like, default=None
            Their targets.
        ax : matplotlib Axes, default=None
            Where to draw, for example the ``ax_`` of another display, to compare; None makes a new
            figure.
        name : str, default=None
            What the curves are labelled with; None is the type of the cell.
        **line_kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : GradientFlowDisplay
            The display, drawn.
        """
        flow = gradient_flow(estimator, X, y)
        name = estimator.cell_type if name is None else name
        display = cls(norm=flow.norm, directions=flow.directions, name=name)
        return display.plot(ax, **line_kwargs)

    def plot(self, ax: Any = None, *, name: str | None = None, **line_kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        name : str, default=None
            What the curves are labelled with; None takes the name given before.
        **line_kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : GradientFlowDisplay
            The display, drawn.
        """
        self.ax_ = new_axes(ax)
        self.figure_, self.lines_ = self.ax_.figure, []
        norm = np.asarray(self.norm)
        start = np.where(start_of(norm) > 0, start_of(norm), 1)
        for layer, direction in np.ndindex(norm.shape[:2]):
            parts = [self.name if name is None else name]
            parts += [f"layer {layer}"] if norm.shape[0] > 1 else []
            parts += [self.directions[direction]] if norm.shape[1] > 1 else []
            label = ", ".join(part for part in parts if part) or None
            share = (norm / start)[layer, direction]
            # Zeros have no place on a logarithmic scale.
            share = np.where(share > 0, share, np.nan)
            self.lines_ += self.ax_.plot(share, label=label, **line_kwargs)
        self.ax_.set(yscale="log", xlabel="Steps before the loss", ylabel="|dL/dh|, 1 after a step")
        if self.ax_.get_legend_handles_labels()[0]:
            legend_above(self.ax_)
        return self


class StepOutputsDisplay:
    """Plot of what a network would answer after each step of a sequence.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    outputs : array-like of shape (n_steps,) or (n_steps, n_outputs)
        As :func:`step_outputs` returns them for one sequence.
    names : array-like of str, default=None
        Names of the outputs, such as the classes.
    label : str, default='Prediction'
        What the outputs are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : list of matplotlib Line2D
        One for each output.

    See Also
    --------
    step_outputs : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import StepOutputsDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, X[:, :, 0].sum(axis=1))
    >>> display = StepOutputsDisplay.from_estimator(model, X)  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]

    def __init__(
        self, *, outputs: ArrayLike, names: ArrayLike | None = None, label: str = "Prediction"
    ):
        self.outputs = outputs
        self.names = names
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        *,
        sequence: int = 0,
        ax: Any = None,
        **line_kwargs: Any,
    ) -> Self:
        """Compute and draw the answers.

        Parameters
        ----------
        estimator : estimator
            A fitted recurrent estimator.
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        sequence : int, default=0
            Which of them is drawn.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **line_kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : StepOutputsDisplay
            The display, drawn.
        """
        outputs = step_outputs(estimator, X)[sequence]
        classes = getattr(estimator, "classes_", None)
        names, label = None, "Prediction"
        if classes is not None:
            names, label = [str(name) for name in classes], "Probability"
            if outputs.shape[-1] == len(names) + 1:
                names.append("end")
        return cls(outputs=outputs, names=names, label=label).plot(ax, **line_kwargs)

    def plot(self, ax: Any = None, **line_kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **line_kwargs : dict
            Passed to matplotlib's ``plot``.

        Returns
        -------
        display : StepOutputsDisplay
            The display, drawn.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        outputs = np.asarray(self.outputs)
        outputs = outputs.reshape(len(outputs), -1)
        self.lines_ = self.ax_.plot(outputs, **line_kwargs)
        self.ax_.set(xlabel="Step", ylabel=self.label)
        whole_numbers(self.ax_.xaxis)
        if self.names is not None:
            for line, name in zip(self.lines_, self.names, strict=True):
                line.set_label(name)
            # Of many outputs those are named that are large at some step.
            named = np.sort(outputs.max(axis=0).argsort(kind="stable")[-MOST_NAMES:])
            legend_above(self.ax_, [self.lines_[i] for i in named])
        return self


class PermutationImportanceDisplay:
    """Plot of the importance of features, or of steps.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    importances : array-like of shape (n_groups, n_repeats)
        As :func:`permutation_importance` returns them.
    names : array-like of str
        Names of the groups.
    by : {'feature', 'step', 'block'}, default='feature'
        What they are: features are ordered by their importance, steps as they are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the bars.
    figure_ : matplotlib Figure
        Its figure.
    bars_ : matplotlib BarContainer
        One bar for each group; the lines at their ends are standard deviations.

    See Also
    --------
    permutation_importance : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import PermutationImportanceDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> y = X[:, :, 0].sum(axis=1)
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, y)
    >>> display = PermutationImportanceDisplay.from_estimator(model, X, y)  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    bars_: Any

    def __init__(self, *, importances: ArrayLike, names: ArrayLike, by: str = "feature"):
        self.importances = importances
        self.names = names
        self.by = by

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        y: Any,
        *,
        by: str = "feature",
        ax: Any = None,
        **importance_kwargs: Any,
    ) -> Self:
        """Measure and draw the importances.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator of any kind that reads `X`.
        X : array-like or SequenceArray
            Sequences that were not in training.
        y : array-like
            Their targets.
        by : {'feature', 'step', 'block'}, default='feature'
            What is permuted.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **importance_kwargs : dict
            Passed to :func:`permutation_importance`; several scores cannot be drawn.

        Returns
        -------
        display : PermutationImportanceDisplay
            The display, drawn.
        """
        found = permutation_importance(estimator, X, y, by=by, **importance_kwargs)
        return cls(importances=found["importances"], names=found["names"], by=by).plot(ax)

    def plot(self, ax: Any = None, **bar_kwargs: Any) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **bar_kwargs : dict
            Passed to matplotlib's ``bar``, or ``barh`` for features.

        Returns
        -------
        display : PermutationImportanceDisplay
            The display, drawn.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        importances, names = np.asarray(self.importances), np.asarray(self.names, dtype=object)
        mean, std = importances.mean(axis=1), importances.std(axis=1)
        if self.by == "feature":
            order = mean.argsort(kind="stable")
            self.bars_ = self.ax_.barh(names[order], mean[order], xerr=std[order], **bar_kwargs)
            self.ax_.set(xlabel="Fall of the score", ylabel="Feature")
            return self
        self.bars_ = self.ax_.bar(range(len(mean)), mean, yerr=std, **bar_kwargs)
        every = max(1, -(-len(names) // 10))
        self.ax_.set_xticks(range(0, len(names), every), names[::every])
        self.ax_.set(xlabel=self.by.capitalize(), ylabel="Fall of the score")
        return self
