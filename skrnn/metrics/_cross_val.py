"""Cross-validated predictions of what has a length of its own for each sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import model_selection
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags

from skrnn._data.frames import readable
from skrnn._data.labels import are_known, as_labels, check_labels, take_known
from skrnn._data.ragged import object_array
from skrnn._data.steps import concatenate_steps, is_flat
from skrnn._data.values import check_choice
from skrnn._series.split import as_splits
from skrnn._typing import Label, Sequences
from skrnn.metrics._scorers import ignore_label_of

_METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")


def cross_val_predict(
    estimator: Any,
    X: Sequences,
    y: Sequences = None,
    *,
    groups: ArrayLike | None = None,
    cv: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    params: dict[str, Any] | None = None,
    pre_dispatch: int | str = "2*n_jobs",
    method: str = "predict",
    ignore_label: Label = None,
) -> np.ndarray:
    """Predict every sequence with a model that was fitted without it.

    :func:`sklearn.model_selection.cross_val_predict` for one label per time step, where that
    function cannot return probabilities. With one label per sequence, it is that function. Values
    of steps and sequences of symbols are predicted, too.

    Parameters
    ----------
    estimator : estimator
        It is cloned for each split.
    X : sequences
        As `estimator` accepts them.
    y : sequences of labels, values or symbols, or array-like of shape (n_sequences,)
        The target.
    groups : array-like of shape (n_sequences,), default=None
        Groups for `cv` to keep together.
    cv : int, splitter or iterable, default=None
        Number of folds, or what makes them; None means 5.
    n_jobs : int, default=None
        Processes; None means 1 unless in a :class:`joblib.parallel_config` context.
    verbose : int, default=0
        How much is printed.
    params : dict, default=None
        Passed to `fit` of the estimator and `split` of the splitter.
    pre_dispatch : int or str, default='2*n_jobs'
        Jobs that are dispatched ahead.
    method : str, default='predict'
        Method to call: 'predict', 'predict_proba', 'predict_log_proba' or 'decision_function'.
    ignore_label : label, default=None
        A label that is none of the classes. None takes the `ignore_label` of `estimator`.

    Returns
    -------
    predictions : ndarray of shape (n_sequences,) of arrays, or (n_sequences, n_steps, ...)
        The result of `method` for each sequence; one array if X is one. Columns are the sorted
        labels of y. Where a label does not occur in what a model was fitted to, its
        probability is 0, its log-probability and decision the lowest finite number.

    Raises
    ------
    ValueError
        If y and the estimator differ in what they ignore, or as scikit-learn's function does.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from skrnn.metrics import cross_val_predict
    >>> class Shares(BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.classes_, counts = np.unique(np.concatenate(y), return_counts=True)
    ...         self.shares_ = counts / counts.sum()
    ...         return self
    ...     def predict_proba(self, X):
    ...         return [np.tile(self.shares_, (len(x), 1)) for x in X]
    >>> X = [np.zeros((2, 1)), np.zeros((1, 1))]
    >>> y = [["N", "V"], ["N"]]
    >>> cross_val_predict(Shares(), X, y, cv=2, method="predict_proba").tolist()
    [array([[1., 0.],
           [1., 0.]]), array([[0.5, 0.5]])]
    """
    X, y, groups = readable(X, "X"), readable(y, "y"), readable(groups, "groups")
    options = {
        "groups": groups,
        "cv": as_splits(cv),
        "n_jobs": n_jobs,
        "verbose": verbose,
        "params": params,
        "pre_dispatch": pre_dispatch,
    }
    if not hasattr(estimator, "fit"):
        raise TypeError(f"estimator must be an estimator, got {estimator!r}.")
    if y is None and get_tags(estimator).target_tags.required:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but y is None.")
    if y is None or is_flat(y, "y"):
        y = as_labels(y, "y") if isinstance(y, list) else y
        return model_selection.cross_val_predict(estimator, X, y, method=method, **options)
    check_choice(method, "method", _METHODS)
    if method == "predict":  # y may also hold values of steps, or symbols: no column is a class
        return model_selection.cross_val_predict(_Predictor(estimator, method), X, y, **options)
    ignored = ignore_label_of(estimator) if ignore_label is None else ignore_label
    classes = _classes_of_steps(y, ignored)
    predictions = model_selection.cross_val_predict(
        _Predictor(estimator, method, classes), X, y, **options
    )
    return np.stack(predictions) if getattr(X, "ndim", 1) > 1 else predictions


def _classes_of_steps(y, ignored):
    """Return the different labels of all steps but those to ignore."""
    labels, _ = concatenate_steps(y, "y")
    known = take_known(labels, are_known(labels, ignored))
    return np.unique(check_labels(known, "y", "give all labels the same type."))


class _Predictor(BaseEstimator):
    """`estimator` with `method` as its predict: one array per sequence, a column per class."""

    def __init__(self, estimator, method, classes=None):
        self.estimator = estimator
        self.method = method
        self.classes = classes

    def get_metadata_routing(self):
        return self.estimator.get_metadata_routing()

    def fit(self, X, y, **params):
        self.estimator_ = clone(self.estimator).fit(X, y, **params)
        return self

    def predict(self, X):
        outputs = getattr(self.estimator_, self.method)(X)
        if self.method == "predict":
            return outputs if isinstance(outputs, np.ndarray) else object_array(outputs)
        predictions = np.empty(len(outputs), dtype=object)
        for i, output in enumerate(outputs):
            predictions[i] = output if output.ndim == 1 else self._with_all_classes(output)
        return predictions

    def _with_all_classes(self, output):
        if not np.isin(self.estimator_.classes_, self.classes).all():
            raise ValueError(
                f"The estimator has the classes {self.estimator_.classes_}, but y without "
                f"ignore_label has {self.classes}: give both the same ignore_label."
            )
        lowest = 0 if self.method == "predict_proba" else np.finfo(output.dtype).min
        full = np.full((len(output), len(self.classes)), lowest, output.dtype)
        full[:, np.searchsorted(self.classes, self.estimator_.classes_)] = output
        return full
