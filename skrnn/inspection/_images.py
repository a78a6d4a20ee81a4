"""Pictures of one sequence: gates, hidden states and saliency, step by step."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrnn._typing import Sequences
from skrnn.inspection._axes import new_axes, whole_numbers
from skrnn.inspection._reading import look_into
from skrnn.inspection._saliency import saliency
from skrnn.inspection._states import gate_activations, hidden_states


class StepImageDisplay:
    """What the displays of one sequence share: an image whose columns are its steps.

    Parameters
    ----------
    values : array-like of shape (n_steps, n_rows)
        What is drawn.
    limits : tuple of float, default=None
        The values that the first and the last colour stand for; None takes the largest absolute
        value and its negative.
    title, row_label : str, default=None
        What is drawn, and what its rows are.
    row_names, step_names : array-like of str, default=None
        Names of the rows and of the steps; None numbers them.
    """

    values: np.ndarray
    ax_: Any
    figure_: Any
    image_: Any
    colorbar_: Any

    def __init__(
        self,
        *,
        values: ArrayLike,
        limits: tuple[float, float] | None = None,
        title: str | None = None,
        row_label: str | None = None,
        row_names: ArrayLike | None = None,
        step_names: ArrayLike | None = None,
    ):
        self.values = values
        self.limits = limits
        self.title = title
        self.row_label = row_label
        self.row_names = row_names
        self.step_names = step_names

    def plot(self, ax: Any = None, **image_kwargs: Any) -> Self:
        """Draw the image.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **image_kwargs : dict
            Passed to matplotlib's ``imshow``.

        Returns
        -------
        display : StepImageDisplay
            The display, drawn.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        values = np.asarray(self.values).T
        most = np.abs(values).max(initial=0) or 1.0
        low, high = (-most, most) if self.limits is None else self.limits
        options = {"cmap": "viridis" if low >= 0 else "RdBu_r", "vmin": low, "vmax": high}
        options |= {"aspect": "auto", "interpolation": "nearest"}
        self.image_ = self.ax_.imshow(values, **options | image_kwargs)
        self.colorbar_ = self.figure_.colorbar(self.image_, ax=self.ax_)
        self.ax_.set(xlabel="Step", ylabel=self.row_label, title=self.title)
        whole_numbers(self.ax_.xaxis, self.ax_.yaxis)
        if self.row_names is not None:
            self.ax_.set_yticks(range(len(values)), self.row_names)
        if self.step_names is not None:
            check_names(self.step_names, values.shape[1])
            self.ax_.set_xticks(range(values.shape[1]), self.step_names, rotation=90)
        return self


def check_names(step_names, n_steps):
    """Refuse names of other steps than those that are drawn."""
    if len(step_names) != n_steps:
        raise ValueError(
            f"step_names holds {len(step_names)} names, but the sequence has {n_steps} steps: pass "
            "one for each, or None."
        )


class GateActivationsDisplay(StepImageDisplay):
    """Picture of a gate while a sequence is read: one row for each unit.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    values : array-like of shape (n_steps, hidden_size)
        What is drawn.
    limits : tuple of float, default=None
        The values that the first and the last colour stand for; None takes the largest absolute
        value and its negative.
    title, row_label : str, default=None
        What is drawn, and what its rows are.
    row_names, step_names : array-like of str, default=None
        Names of the rows and of the steps; None numbers them.

    Attributes
    ----------
    values : ndarray of shape (n_steps, hidden_size)
        What is drawn.
    ax_ : matplotlib Axes
        Axes with the image.
    figure_ : matplotlib Figure
        Its figure.
    image_ : matplotlib AxesImage
        The image.
    colorbar_ : matplotlib Colorbar
        What the colours stand for.

    See Also
    --------
    gate_activations : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import GateActivationsDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, X[:, :, 0].sum(axis=1))
    >>> display = GateActivationsDisplay.from_estimator(model, X, gate="z")  # doctest: +SKIP
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        *,
        sequence: int = 0,
        gate: str | None = None,
        layer: int = -1,
        direction: str = "forward",
        ax: Any = None,
        **image_kwargs: Any,
    ) -> Self:
        """Draw the activations of a gate.

        Parameters
        ----------
        estimator : estimator
            A fitted recurrent estimator.
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        sequence : int, default=0
            Which of them is drawn.
        gate : str, default=None
            Letter of the gate, as in :func:`gate_activations`. None is the one that keeps the
            state: 'f' of an LSTM, 'z' of a GRU.
        layer : int, default=-1
            Number of the layer from 0, or from -1 for the last.
        direction : {'forward', 'backward'}, default='forward'
            Direction in which the layer reads.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **image_kwargs : dict
            Passed to matplotlib's ``imshow``.

        Returns
        -------
        display : GateActivationsDisplay
            The display, drawn.
        """
        cell = look_into(estimator).model.network.stack.cell
        gates = gate_activations(estimator, X, layer=layer, direction=direction)
        gate = cell.gate_names[cell.memory_gate or 0] if gate is None else gate
        if gate not in gates:
            raise ValueError(f"gate={gate!r} must be one of {', '.join(map(repr, gates))}.")
        values = gates[gate][sequence]
        limits = (0, 1) if cell.n_sigmoid and gate not in ("g", "n") else None
        display = cls(values=values, limits=limits, title=f"Gate {gate}", row_label="Unit")
        return display.plot(ax, **image_kwargs)


class HiddenStatesDisplay(StepImageDisplay):
    """Picture of the hidden state while a sequence is read: one row for each unit.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    values : array-like of shape (n_steps, width)
        What is drawn.
    limits : tuple of float, default=None
        The values that the first and the last colour stand for; None takes the largest absolute
        value and its negative.
    title, row_label : str, default=None
        What is drawn, and what its rows are.
    row_names, step_names : array-like of str, default=None
        Names of the rows and of the steps; None numbers them.

    Attributes
    ----------
    values : ndarray of shape (n_steps, width)
        What is drawn.
    ax_ : matplotlib Axes
        Axes with the image.
    figure_ : matplotlib Figure
        Its figure.
    image_ : matplotlib AxesImage
        The image.
    colorbar_ : matplotlib Colorbar
        What the colours stand for.

    See Also
    --------
    hidden_states : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import HiddenStatesDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, X[:, :, 0].sum(axis=1))
    >>> display = HiddenStatesDisplay.from_estimator(model, X)  # doctest: +SKIP
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        *,
        sequence: int = 0,
        layer: int = -1,
        ax: Any = None,
        **image_kwargs: Any,
    ) -> Self:
        """Draw the hidden states of a layer.

        Parameters
        ----------
        estimator : estimator
            A fitted recurrent estimator.
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        sequence : int, default=0
            Which of them is drawn.
        layer : int, default=-1
            Number of the layer from 0, or from -1 for the last.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **image_kwargs : dict
            Passed to matplotlib's ``imshow``.

        Returns
        -------
        display : HiddenStatesDisplay
            The display, drawn. The units of the backward direction are below those of the forward
            one.
        """
        values = hidden_states(estimator, X, layer=layer)[sequence]
        return cls(values=values, title="Hidden state", row_label="Unit").plot(ax, **image_kwargs)


class SaliencyDisplay(StepImageDisplay):
    """Picture of what an answer rests on: one row for each feature.

    Use :meth:`from_estimator`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    values : array-like of shape (n_steps, n_features)
        What is drawn.
    limits : tuple of float, default=None
        The values that the first and the last colour stand for; None takes the largest absolute
        value and its negative.
    title, row_label : str, default=None
        What is drawn, and what its rows are.
    row_names, step_names : array-like of str, default=None
        Names of the rows and of the steps; None numbers them.

    Attributes
    ----------
    values : ndarray of shape (n_steps, n_features)
        What is drawn.
    ax_ : matplotlib Axes
        Axes with the image.
    figure_ : matplotlib Figure
        Its figure.
    image_ : matplotlib AxesImage
        The image.
    colorbar_ : matplotlib Colorbar
        What the colours stand for.

    See Also
    --------
    saliency : The numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNRegressor
    >>> from skrnn.inspection import SaliencyDisplay
    >>> X = np.random.default_rng(0).normal(size=(20, 5, 2))
    >>> model = RNNRegressor(hidden_size=4, max_iter=3).fit(X, X[:, :, 0].sum(axis=1))
    >>> display = SaliencyDisplay.from_estimator(model, X)  # doctest: +SKIP
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Sequences,
        target: Any = None,
        *,
        sequence: int = 0,
        method: str = "integrated_gradients",
        baseline: ArrayLike | None = None,
        step_names: ArrayLike | None = None,
        ax: Any = None,
        **image_kwargs: Any,
    ) -> Self:
        """Draw the saliency of one sequence.

        Parameters
        ----------
        estimator : estimator
            A fitted recurrent estimator.
        X : array-like or SequenceArray
            Sequences in a form that `predict` takes.
        target : label or int, default=None
            As for :func:`saliency`.
        sequence : int, default=0
            Which of the sequences is drawn.
        method : {'integrated_gradients', 'gradient'}, default='integrated_gradients'
            As for :func:`saliency`.
        baseline : array-like of shape (n_features,), default=None
            As for :func:`saliency`.
        step_names : array-like of str, default=None
            Names of the steps, such as the tokens; None numbers them.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **image_kwargs : dict
            Passed to matplotlib's ``imshow``.

        Returns
        -------
        display : SaliencyDisplay
            The display, drawn.
        """
        values = saliency(estimator, X, target, method=method, baseline=baseline)[sequence]
        values = values.reshape(len(values), -1)
        names = getattr(estimator, "feature_names_in_", None)
        if names is not None and len(names) != values.shape[1]:
            names = None
        display = cls(
            values=values,
            title="Saliency",
            row_label="Feature",
            row_names=names,
            step_names=step_names,
        )
        return display.plot(ax, **image_kwargs)
