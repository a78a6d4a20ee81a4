"""Which features and steps the score of an estimator rests on."""

from __future__ import annotations

from collections.abc import Callable, ValuesView
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.parallel import Parallel, delayed

from skrnn._compat import Interval, StrOptions, validate_params
from skrnn._data.frames import check_columns, frame_of, readable
from skrnn._data.labels import as_labels, check_labels
from skrnn._data.ragged import sequence_starts
from skrnn._data.recognise import recognise
from skrnn._data.same_form import in_form_of
from skrnn._data.steps import concatenate_numbers, is_flat
from skrnn._data.values import check_same_length
from skrnn._data.weights import weights_of_sequences
from skrnn._series.windows import SlidingWindowTransformer
from skrnn._typing import Sequences

CONSTRAINTS = {
    "by": [StrOptions({"feature", "step", "block"})],
    "block_size": [Interval(Integral, 1, None, closed="left"), None],
    "n_repeats": [Interval(Integral, 1, None, closed="left")],
    "n_jobs": [Integral, None],
    "random_state": ["random_state"],
}


@validate_params(CONSTRAINTS)
def permutation_importance(
    estimator: Any,
    X: Sequences,
    y: Any,
    *,
    by: str = "feature",
    block_size: int | None = None,
    scoring: str | Callable[..., Any] | list[str] | dict[str, Any] | None = None,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    sample_weight: ArrayLike | None = None,
) -> Bunch:
    """Measure by how much a score falls if a feature, or some steps, are those of other sequences.

    It is scikit-learn's `permutation_importance` (Breiman, 2001) for sequences: what is permuted
    changes hands between whole sequences, so that it stays a plausible course of a feature, or
    stretch of steps. A sequence that is longer than the one whose values it is given reads these
    over again.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of any kind that reads `X`, such as a Pipeline.
    X : array-like or SequenceArray
        Sequences that were not in training, in any form but that of a single long series.
    y : array-like
        Their targets.
    by : {'feature', 'step', 'block'}, default='feature'
        What is permuted: one feature at all steps, all features at one step, or at some that follow
        each other. Steps are counted from the first; sequences that are too short for one keep
        their own.
    block_size : int, default=None
        Number of steps in a block. None takes a tenth of the longest sequence. Only for
        ``by='block'``.
    scoring : str, callable, list, dict or None, default=None
        As in scikit-learn; None is the score of the estimator. Several make the result a dict of
        results.
    n_repeats : int, default=5
        Number of permutations of each.
    n_jobs : int, default=None
        Number of processes, in joblib's sense.
    random_state : int, RandomState instance or None, default=None
        Seed of the permutations.
    sample_weight : array-like of shape (n_sequences,), default=None
        Weights for the scores.

    Returns
    -------
    importance : Bunch, or dict of str to Bunch
        - importances : ndarray of shape (n_groups, n_repeats). Score of `X` less that of the
          permuted `X`.
        - importances_mean, importances_std : ndarray of shape (n_groups,). Over the repeats.
        - names : ndarray of shape (n_groups,). Names of the features, or 'x0', 'x1', ..., or the
          steps, such as '3' or '10-19'.

    Raises
    ------
    ValueError
        If an argument is not valid, `X` or `y` cannot be read, or `X` is one series that a Pipeline
        cuts into windows.
    TypeError
        If `X` is of a type that holds no sequences.

    See Also
    --------
    PermutationImportanceDisplay : The picture of it.
    saliency : What a single answer rests on.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> from skrnn.inspection import permutation_importance
    >>> X = np.random.default_rng(0).normal(size=(150, 6, 3))
    >>> y = X[:, :, 1].sum(axis=1) > 0
    >>> model = RNNClassifier(hidden_size=8, max_iter=15, random_state=0).fit(X, y)
    >>> importance = permutation_importance(model, X, y, random_state=0)
    >>> importance.names[importance.importances_mean.argmax()]
    'x1'
    """
    if not hasattr(estimator, "predict"):
        raise TypeError(f"estimator must be a fitted estimator, got {estimator!r}.")
    X, y = readable(X, "X"), readable(y, "y")
    sample_weight = readable(sample_weight, "sample_weight")
    _check_target(estimator, y)
    _check_scoring(scoring)
    _refuse_windows(estimator)
    shuffled = Shuffled(X, type(estimator).__name__)
    check_same_length(X=shuffled.source, y=y, sample_weight=sample_weight)
    if sample_weight is not None:
        sample_weight = _check_weights(estimator, sample_weight, len(shuffled.source))
    groups, names = shuffled.groups(by, block_size)
    scorer = check_scoring(estimator, scoring)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    seeds = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=len(groups))
    baseline = scorer(estimator, X, y, **weights)

    def scores(group, seed):
        rng = np.random.RandomState(seed)
        return [
            scorer(estimator, shuffled.permuted(group, rng), y, **weights) for _ in range(n_repeats)
        ]

    found = Parallel(n_jobs=n_jobs)(
        delayed(scores)(group, seed) for group, seed in zip(groups, seeds, strict=True)
    )
    if not isinstance(baseline, dict):
        return _summary(baseline, found, names)
    return {
        name: _summary(score, [[each[name] for each in row] for row in found], names)
        for name, score in baseline.items()
    }


def _check_target(estimator, y):
    """Raise for what a scorer stumbles over."""
    check_columns(y, "y")
    if is_classifier(estimator) and not issparse(y):
        check_labels(as_labels(y, "y"), "y", "give every sequence a label.")


def _check_weights(estimator, sample_weight, n_sequences):
    """Return a weight for each sequence, or those of the steps of a tagger as they are."""
    if is_classifier(estimator) or is_flat(sample_weight, "sample_weight"):
        return weights_of_sequences(sample_weight, n_sequences)
    check_columns(sample_weight, "sample_weight")
    concatenate_numbers(sample_weight, "sample_weight")
    return sample_weight


def _check_scoring(scoring):
    """Raise for what scikit-learn takes for the names of scorers, and fails to call."""
    names = scoring.values() if isinstance(scoring, dict) else scoring
    names = names if isinstance(names, (list, tuple, set, ValuesView)) else [names]
    for name in names:
        if not (name is None or isinstance(name, str) or callable(name)):
            raise TypeError(f"scoring={scoring!r} must hold names of scorers, or callables.")
    if isinstance(scoring, (list, tuple, set)) and not all(isinstance(n, str) for n in names):
        raise TypeError(f"scoring={scoring!r} lists what is no name of a scorer.")


class Shuffled:
    """Sequences of which some values change hands.

    A group is what does so together: columns of the features, and the first step and the step
    behind the last.
    """

    def __init__(self, X, owner):
        self.X, self.source = X, recognise(X, owner, numeric=False)
        self.rows = np.asarray(self.source.rows())
        self.starts = sequence_starts(self.source.lengths)

    def groups(self, by, block_size):
        """Return the groups that `by` names, and their names."""
        longest, n_features = int(self.source.lengths.max()), self.source.n_features
        if by == "feature":
            groups = [([column], 0, longest) for column in range(n_features)]
            return groups, self.feature_names()
        size = 1 if by == "step" else block_size or -(-longest // 10)
        first = range(0, longest, size)
        groups = [(list(range(n_features)), t, min(t + size, longest)) for t in first]
        names = [str(a) if b == a + 1 else f"{a}-{b - 1}" for _, a, b in groups]
        return groups, np.array(names, dtype=object)

    def feature_names(self):
        names = self.source.feature_names
        if names is None:
            names = [f"x{column}" for column in range(self.source.n_features)]
        return np.array(names, dtype=object)

    def permuted(self, group, rng):
        """Return X with the values of a group permuted."""
        columns, first, last = group
        lengths = self.source.lengths
        taking = np.flatnonzero(lengths > first)
        giving = rng.permutation(taking)
        n_steps, n_given = (np.minimum(lengths[i], last) - first for i in (taking, giving))
        step = np.arange(n_steps.sum()) - np.repeat(sequence_starts(n_steps), n_steps)
        taken = np.repeat(self.starts[taking] + first, n_steps) + step
        given = np.repeat(self.starts[giving] + first, n_steps) + step % np.repeat(n_given, n_steps)
        rows = self.rows.copy()
        rows[np.ix_(taken, columns)] = self.rows[np.ix_(given, columns)]
        return self.in_form(rows)

    def in_form(self, rows):
        """Give rows, all sequences laid end to end, the form of X."""
        X, source = self.X, self.source
        result = in_form_of(X, source, rows, source.feature_names, source.categories)
        if source.table and source.frame is not None:
            return frame_of(result, X.columns, X)
        return result.tolist() if source.table and isinstance(X, (list, tuple)) else result


def _refuse_windows(estimator):
    steps = [step for _, step in getattr(estimator, "steps", ())]
    if any(isinstance(step, SlidingWindowTransformer) for step in steps):
        raise ValueError(
            "This Pipeline cuts one series into windows, whose rows are no sequences to be "
            "permuted: pass pipeline[-1] with the windows pipeline[:-1].transform(X), or use "
            "sklearn.inspection.permutation_importance for the columns of the series."
        )


def _summary(baseline, scores, names):
    importances = baseline - np.array(scores)
    return Bunch(
        importances=importances,
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        names=names,
    )
