"""Forecasts on their dates, with what was known and what came."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from skrnn._data.frames import is_frame, readable
from skrnn._series.columns import names_of, position_of
from skrnn.inspection._axes import new_axes


class ForecastPanel(NamedTuple):
    """One series: what was known, what was forecast with its bounds, and what came.

    times, known            (n_known,)
    ahead, forecast         (n_steps,)
    lower, upper, truth     (n_steps,), or None
    """

    times: Any
    known: Any
    ahead: Any
    forecast: Any
    lower: Any = None
    upper: Any = None
    truth: Any = None


class ForecastDisplay:
    """Plot of forecasts on the dates that they are for, a panel for each series.

    Use :meth:`from_tables`. It needs matplotlib, which the extra ``plot`` installs.

    Parameters
    ----------
    panels : dict of ForecastPanel
        For the name of each series what to show of it.

    Attributes
    ----------
    panels : dict of ForecastPanel
        As given.
    axes_ : ndarray of matplotlib Axes
        One for each series.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    skrnn.direct_forecast : Forecasts with their dates, and bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn.inspection import ForecastDisplay
    >>> known, forecast = np.arange(20.0), np.array([20.0, 21.5])
    >>> display = ForecastDisplay.from_tables(known, forecast)  # doctest: +SKIP
    """

    panels: dict[str, ForecastPanel]
    axes_: Any
    figure_: Any

    def __init__(self, panels: dict[str, ForecastPanel]):
        self.panels = panels

    @classmethod
    def from_tables(
        cls,
        X: ArrayLike,
        forecast: ArrayLike,
        *,
        truth: ArrayLike | None = None,
        target: int | str | None = None,
        group_feature: int | str | None = None,
        time_feature: int | str | None = None,
        n_known: int = 50,
        axes: Any = None,
    ) -> Self:
        """Plot what a forecast returned behind the table that it was made from.

        Parameters
        ----------
        X : array-like, Series or DataFrame
            What was known, as :func:`~skrnn.direct_forecast` takes it.
        forecast : array-like, Series or DataFrame
            What it, or :func:`~skrnn.recursive_forecast`, returned. Columns ``lower`` and ``upper``
            are bounds.
        truth : array-like, Series or DataFrame, default=None
            What came: the rows of a table after those of `X`, for as many steps.
        target : int or str, default=None
            Column to show. None takes the first one that `forecast` has beside those of times,
            series and bounds.
        group_feature : int or str, default=None
            Column that tells several series apart.
        time_feature : int or str, default=None
            Column of the times. None takes the index of pandas tables, or counts rows.
        n_known : int, default=50
            Number of known rows to show of each series.
        axes : array-like of matplotlib Axes, default=None
            Where to draw, one for each series; None makes a new figure.

        Returns
        -------
        display : ForecastDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a column is not in a table.
        """
        told = (target, group_feature, time_feature)
        known, ahead = _series_of(X, *told), _series_of(forecast, *told)
        came = {} if truth is None else _series_of(truth, *told)
        panels = {}
        for name, (times, values) in ahead.items():
            past, before = known[name]
            times = times if len(times) else np.arange(len(values["value"]))
            if not _has_times(X, time_feature):
                times = len(past) + np.arange(len(times))
            panels[name] = ForecastPanel(
                past[-n_known:],
                before["value"][-n_known:],
                times,
                values["value"],
                values.get("lower"),
                values.get("upper"),
                came[name][1]["value"] if name in came else None,
            )
        return cls(panels).plot(axes)

    def plot(self, axes: Any = None) -> Self:
        """Draw a panel for each series.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            Where to draw, one for each series; None makes a new figure.

        Returns
        -------
        display : ForecastDisplay
            The display, drawn.
        """
        if axes is None:
            axes = _new_panels(len(self.panels))
        self.axes_ = np.ravel(axes)
        self.figure_ = self.axes_[0].figure
        for ax, (name, panel) in zip(self.axes_, self.panels.items(), strict=False):
            _draw(ax, panel)
            ax.set_title(name)
            _write_dates(ax, panel.times)
        self.axes_[0].legend()
        return self


def _new_panels(n):
    """Return axes in a new figure, one below the other."""
    if n == 1:
        return [new_axes(None)]
    import matplotlib.pyplot as plt

    return plt.subplots(n, figsize=(7, 2.2 * n), sharex=True, layout="constrained")[1]


def _draw(ax, panel):
    """Draw one series; what came joins what was known."""
    ax.plot(panel.times, panel.known, color="0.4", label="known")
    if panel.truth is not None:
        ax.plot(panel.ahead, panel.truth, color="0.4", linestyle=":", label="truth")
    (line,) = ax.plot(panel.ahead, panel.forecast, marker=".", label="forecast")
    if panel.lower is not None:
        ax.fill_between(
            panel.ahead, panel.lower, panel.upper, color=line.get_color(), alpha=0.25,
            label="interval",
        )  # fmt: skip


def _write_dates(ax, times):
    """Let no dates overlap."""
    if np.asarray(times).dtype.kind == "M":
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator()
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _has_times(table, time_feature):
    return time_feature is not None or hasattr(getattr(table, "index", None), "inferred_type")


def _series_of(table, target, group_feature, time_feature):
    """Return for the name of each series its times, and its values with their bounds."""
    table = readable(table, "table")
    if hasattr(table, "to_frame") and not is_frame(table):
        table = table.to_frame()
    table = table if is_frame(table) else np.asarray(table).reshape(len(table), -1)
    names, columns = names_of(table), {}
    apart = [group_feature, time_feature, "lower", "upper"]
    if target is None or target not in names:
        target = next(name for name in names if name not in apart)
    columns["value"] = target
    columns |= {bound: bound for bound in ("lower", "upper") if bound in names}
    values = {key: np.asarray(_column(table, name, "target")) for key, name in columns.items()}
    times = _times_of(table, time_feature)
    if group_feature is None:
        return {"": (times, values)}
    ids = np.asarray(_column(table, group_feature, "group_feature"))
    found = {}
    for one in dict.fromkeys(ids.tolist()):
        rows = np.flatnonzero(ids == one)
        found[str(one)] = (times[rows], {key: column[rows] for key, column in values.items()})
    return found


def _column(table, name, parameter):
    position = position_of(name, names_of(table), parameter)
    return table[names_of(table)[position]] if is_frame(table) else table[:, position]


def _times_of(table, time_feature):
    """Return the times of rows as matplotlib draws them, or their numbers."""
    if time_feature is not None:
        return np.asarray(_column(table, time_feature, "time_feature"))
    index = getattr(table, "index", None)
    if not hasattr(index, "inferred_type"):
        return np.arange(len(table))
    return np.asarray(index.to_timestamp() if hasattr(index, "to_timestamp") else index)
