"""Series that are still growing, row by row through a Pipeline with windows."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skrnn._data.frames import frame_of, is_frame, readable
from skrnn._data.named_array import with_names
from skrnn._data.values import as_array
from skrnn._estimators.base import BaseRNN
from skrnn._estimators.stream import check_n_streams, check_streams
from skrnn._pipelines import working_steps
from skrnn._series.series import largest_horizon
from skrnn._series.windows import SlidingWindowTransformer


def stream(estimator: Any, n_streams: int = 1) -> Any:
    """Follow sequences that are still growing with any estimator that can.

    Parameters
    ----------
    estimator : estimator
        A fitted recurrent estimator, or a fitted Pipeline that ends in an estimator, with a
        `SlidingWindowTransformer` in front of it and, before that, transformers of single rows,
        such as scalers.
    n_streams : int, default=1
        Number of sequences, or of series, that are followed side by side.

    Returns
    -------
    stream : Stream, SymbolStream, EmissionStream or WindowStream
        ``stream.step(x)`` returns what `predict` would return for the sequence so far or, of a
        Pipeline, for the last row of the series so far. The estimator itself never changes.

    Raises
    ------
    NotFittedError
        Before `fit`.
    TypeError
        If there is nothing that could be followed.
    ValueError
        If answers depend on what follows, or the windows on more than the rows of one series.

    Examples
    --------
    >>> import numpy as np
    >>> import skrnn
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> series = np.sin(np.arange(200.0) / 5).reshape(-1, 1)
    >>> windows = skrnn.SlidingWindowTransformer(window_size=8, horizon=1)
    >>> network = skrnn.RNNRegressor(hidden_size=8, max_iter=10, random_state=0)
    >>> model = make_pipeline(StandardScaler(), windows, network).fit(series, series[:, 0])
    >>> following = skrnn.stream(model)
    >>> forecasts = [following.step(row) for row in series[:50]]
    >>> bool(np.allclose(forecasts, model.predict(series[:50])))
    True
    """
    if hasattr(estimator, "stream") and not isinstance(estimator, type):
        return estimator.stream(n_streams)
    if isinstance(estimator, BaseRNN):
        raise TypeError(
            f"{type(estimator).__name__} answers only when it has read all that it is given, so "
            "that it cannot be followed: call predict for what has come so far."
        )
    if not isinstance(estimator, Pipeline):
        raise TypeError(
            f"{type(estimator).__name__} cannot be followed: pass a recurrent estimator of skrnn, "
            "or a Pipeline with a SlidingWindowTransformer, such as the best_estimator_ of a "
            "search, or the regressor_ of what scales targets."
        )
    check_is_fitted(estimator)
    return WindowStream(estimator, n_streams)


class WindowStream:
    """Growing series, of whose last rows a Pipeline gives its answer at each row.

    It is made by :func:`skrnn.stream`, and keeps of each series the rows that a window can hold, as
    the transformers before the windows have made them. These must treat each row by itself, as
    scalers do. Streams can be pickled, and copied to branch.

    Parameters
    ----------
    pipeline : Pipeline
        A fitted Pipeline with one `SlidingWindowTransformer`.
    n_streams : int, default=1
        Number of series that are followed side by side.

    Raises
    ------
    TypeError
        If the Pipeline has no windows.
    ValueError
        If its windows need more than the rows of one series, or a transformer before them mixes
        rows.
    """

    def __init__(self, pipeline: Pipeline, n_streams: int = 1):
        self.n_streams = check_n_streams(n_streams)
        # A Pipeline knows its features only from its first step, and one that is off has none.
        pipeline = Pipeline(working_steps(pipeline))
        k = place_of_windows(pipeline)
        self._before, self._windows = part(pipeline, slice(k)), without_names(pipeline[k])
        self._window_names = getattr(pipeline[k], "feature_names_in_", None)
        self._after = part(pipeline, slice(k + 1, None))
        self._names = getattr(pipeline, "feature_names_in_", None)
        self._n_features = pipeline.n_features_in_
        # A window holds no older row, and the rows after it are those of the horizon.
        self._size = self._windows.window_size + largest_horizon(self._windows.horizon)
        check_rows_apart(self._before, self._n_features, self._names)
        self.reset()

    def __repr__(self):
        return f"WindowStream({type(self._after).__name__}, n_streams={self.n_streams})"

    def copy(self) -> Self:
        """Return a stream that goes on from here by itself.

        Returns
        -------
        stream : WindowStream
            It shares the Pipeline with this one, and nothing that either changes.
        """
        other = copy.copy(self)
        other._rows = [rows.copy() for rows in self._rows]
        return other

    def step(self, x: ArrayLike, which: ArrayLike | None = None) -> Any:
        """Take one row, and predict as the Pipeline would for the last row of the series so far.

        Parameters
        ----------
        x : array-like or data frame of shape (n_features,) or (n_streams, n_features)
            The row, or one for each stream.
        which : array-like of int, default=None
            The streams that take this step, in the order of `x`; None for all.

        Returns
        -------
        y : label, number or ndarray
            What `predict` returns for the row, for each stream that took it; for a single row
            without the axis of streams.

        Raises
        ------
        ValueError
            If `x` has another shape than the rows that `fit` saw, or a transformer refuses it.
        """
        return self._answer(x, which, "predict")

    def step_proba(self, x: ArrayLike, which: ArrayLike | None = None) -> np.ndarray:
        """Take one row, and predict probabilities for the last row of the series so far.

        Parameters
        ----------
        x : array-like or data frame of shape (n_features,) or (n_streams, n_features)
            As for `step`.
        which : array-like of int, default=None
            As for `step`.

        Returns
        -------
        p : ndarray of shape (n_classes,) or (n_streams, n_classes)
            What `predict_proba` returns, in the form that `step` has.

        Raises
        ------
        AttributeError
            If the Pipeline predicts no probabilities.
        ValueError
            As for `step`.
        """
        return self._answer(x, which, "predict_proba")

    def push(self, chunk: ArrayLike) -> np.ndarray:
        """Take several rows of a single series at once.

        Parameters
        ----------
        chunk : array-like or data frame of shape (n_rows, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_rows, ...)
            What `step` returns after each of them.

        Raises
        ------
        ValueError
            If there are several streams, or the rows cannot be read.
        """
        if self.n_streams > 1:
            raise ValueError(f"push takes the rows of a single series, not of {self.n_streams}.")
        new = self._transformed(self._as_rows(chunk))
        rows = np.concatenate([self._rows[0], new]) if len(self._rows[0]) else new
        answers = self._after.predict(self._named(self._windows.transform(rows)[-len(new) :]))
        self._rows[0] = rows[-self._size :]
        return answers

    @property
    def state(self) -> list[np.ndarray]:
        """A copy of the rows that each stream keeps. Set it to go back to it."""
        return [rows.copy() for rows in self._rows]

    @state.setter
    def state(self, state):
        if len(state) != self.n_streams:
            raise ValueError(
                f"state has the rows of {len(state)} streams, but there are {self.n_streams}: set "
                "a state of a stream of the same Pipeline and n_streams."
            )
        self._rows = [np.array(rows) for rows in state]

    def reset(self, which: ArrayLike | None = None) -> Self:
        """Let series begin anew.

        Parameters
        ----------
        which : array-like of int, default=None
            The streams that begin anew; None for all.

        Returns
        -------
        self : WindowStream
            The same stream.

        Raises
        ------
        ValueError
            If there is no such stream.
        """
        if which is None:
            self._rows = [np.empty((0, 0))] * self.n_streams
            return self
        for i in check_streams(which, self.n_streams):
            self._rows[i] = np.empty((0, 0))
        return self

    def _answer(self, x, which, method):
        """Take a row each, and give what a method of the rest of the Pipeline makes of windows."""
        answer = getattr(self._after, method)
        which = range(self.n_streams) if which is None else check_streams(which, self.n_streams)
        x = readable(x, "x")
        x = x if is_frame(x) else as_array(x, "x")
        is_single = len(which) == 1 and not is_frame(x) and x.ndim < 2
        new = self._transformed(self._as_rows([x] if is_single else x))
        if len(new) != len(which):
            raise ValueError(
                f"x has {len(new)} row(s), but {len(which)} stream(s) take a step: give one for "
                "each."
            )
        rows = [append(self._rows[i], row, self._size) for i, row in zip(which, new, strict=True)]
        answers = answer(self._named(np.concatenate([self._window(each) for each in rows])))
        for i, each in zip(which, rows, strict=True):
            self._rows[i] = each
        return answers[0] if is_single else answers

    def _as_rows(self, x):
        """Return rows in the form that the Pipeline takes."""
        if is_frame(x):
            return x
        rows = as_array(x, "x")
        if rows.ndim != 2 or rows.shape[1] != self._n_features:
            raise ValueError(
                f"x has shape {np.shape(x)}, but a row has {self._n_features} feature(s): pass "
                f"shape ({self._n_features},), or ({self.n_streams}, {self._n_features})."
            )
        return rows if self._names is None else frame_of(rows, self._names)

    def _transformed(self, rows):
        """Return rows as the windows take them."""
        return np.asarray(rows if self._before is None else self._before.transform(rows))

    def _named(self, windows):
        """Return windows with the names of their features, as in `fit`, if they had any."""
        is_named = self._window_names is not None and self._windows.output != "2d"
        return with_names(windows, self._window_names) if is_named else windows

    def _window(self, rows):
        """Return the window that stands for the last row, with an axis for it."""
        if len(rows) < self._size:  # some of it is padding
            return self._windows.transform(rows)[-1:]
        window = rows[np.newaxis, : self._windows.window_size]
        return window.reshape(1, -1) if self._windows.output == "2d" else window


def without_names(windows):
    """Return fitted windows that take the kept rows, which are arrays, whatever `fit` saw."""
    windows = copy.copy(windows)
    vars(windows).pop("feature_names_in_", None)
    return windows


def part(pipeline, places):
    """Return some steps of a Pipeline: None for none, and one by itself, which takes less time."""
    steps = pipeline[places]
    return steps[0] if len(steps) == 1 else steps if len(steps) else None


def append(rows, row, most):
    """Return rows with one more, of which the last `most` are kept."""
    if not len(rows):
        return row[np.newaxis].copy()
    return np.concatenate([rows[len(rows) + 1 - most :] if len(rows) == most else rows, [row]])


def place_of_windows(pipeline):
    """Return the place of the windows in a Pipeline; raise unless they are rows of one series."""
    steps = [step for _, step in pipeline.steps]
    places = [i for i, s in enumerate(steps) if isinstance(s, SlidingWindowTransformer)]
    if len(places) != 1:
        raise TypeError(
            f"This Pipeline has {len(places)} SlidingWindowTransformers, but a stream needs one, "
            "to know which rows to keep. Of a Pipeline without windows pass the network, "
            "pipeline[-1], and transform each step yourself."
        )
    windows = steps[places[0]]
    for name in ("group_feature", "known_features", "time_feature"):
        if getattr(windows, name) is not None:
            raise ValueError(
                f"The windows have {name}={getattr(windows, name)!r}, which a stream does not "
                "know: it follows the rows of each series by themselves, as they come. Fit the "
                f"Pipeline with {name}=None."
            )
    return places[0]


def check_rows_apart(before, n_features, names):
    """Raise if the transformers before the windows do not treat each row by itself."""
    if before is None:
        return
    rows = np.random.default_rng(0).uniform(1, 2, (4, n_features))
    rows = rows if names is None else frame_of(rows, names)
    try:
        together = np.asarray(before.transform(rows))
    except (ValueError, TypeError):  # such as categories, of which these numbers are none
        return
    apart = [np.asarray(before.transform(rows[i : i + 1])) for i in range(len(rows))]
    if together.shape != np.concatenate(apart).shape or not np.allclose(
        together, np.concatenate(apart), equal_nan=True
    ):
        raise ValueError(
            "The transformers before the windows mix rows, so that a row by itself cannot be "
            "transformed: move what looks at several rows behind the windows."
        )
