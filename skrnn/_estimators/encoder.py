"""SequenceEncoder: the states of a recurrent network as features for other estimators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import StrOptions, check_parameters
from skrnn._twin import all_or_nothing
from skrnn._typing import Sequences
from skrnn._version import VersionMixin


class SequenceEncoder(
    ClassNamePrefixFeaturesOutMixin,
    VersionMixin,
    TransformerMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Transform sequences into the hidden states of a recurrent network, one vector for each.

    So clustering, PCA, nearest neighbours, SVC and whatever else reads a table of features works on
    sequences of any length, in a Pipeline or beside other features in a FeatureUnion.

    Parameters
    ----------
    estimator : estimator
        A recurrent estimator of skrnn, such as `RNNClassifier`, whose task teaches the network what
        to keep of a sequence. It is cloned and fitted by `fit`.
    pooling : {'auto', 'last', 'mean', 'max'}, default='auto'
        How the states of a sequence become one vector: 'last' is the state after its last step,
        'mean' and 'max' are taken over all of its steps, unit by unit. 'auto' is the pooling of the
        estimator, or 'last' if it answers at every step.
    prefit : bool, default=False
        Take `estimator` as it is, fitted before, perhaps on other data or another task: `fit` then
        checks only that it is fitted.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator.
    n_features_in_ : int
        Number of features of a step; for a 2-D `X` its number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features. They are there only if `X` has names, all of which are strings.

    See Also
    --------
    RNNClassifier.hidden_states : The states at every step.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import RNNClassifier, SequenceEncoder
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(n, 2)) for n in rng.integers(5, 15, 80)]
    >>> y = [int(x[:, 0].mean() > 0) for x in X]
    >>> network = RNNClassifier(
    ...     cell_type="gru", pooling="mean", hidden_size=8, max_iter=30, random_state=0
    ... )
    >>> model = make_pipeline(SequenceEncoder(network), KNeighborsClassifier())
    >>> model.fit(X[:60], y[:60]).score(X[60:], y[60:]) > 0.8
    True
    """

    estimator_: Any
    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints: dict = {
        "estimator": "no_validation",
        "pooling": [StrOptions({"auto", "last", "mean", "max"})],
        "prefit": ["boolean"],
    }

    def __init__(self, estimator: Any, *, pooling: str = "auto", prefit: bool = False):
        self.estimator = estimator
        self.pooling = pooling
        self.prefit = prefit

    @all_or_nothing
    def fit(self, X: Sequences, y: Any = None, **fit_params: Any) -> Self:
        """Fit the network to its task, unless it is fitted already.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences in a form that the estimator takes.
        y : array-like, default=None
            The targets of the estimator.
        **fit_params
            Further arguments of its `fit`, such as `sample_weight`.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        NotFittedError
            If ``prefit=True`` and the estimator is not fitted.
        ValueError
            If a parameter is not valid, `X`, `y` or the weights cannot be read, or the loss is no
            longer finite. The message says what was found, and what to do.
        """
        check_parameters(self)
        if not hasattr(self.estimator, "hidden_states"):
            raise TypeError(
                f"estimator={self.estimator!r} has no hidden states: pass a recurrent estimator of "
                "skrnn, such as RNNClassifier()."
            )
        if self.prefit:
            check_is_fitted(self.estimator)
            fitted = self.estimator
        else:
            fitted = clone(self.estimator).fit(X, y, **fit_params)
        self.estimator_, self.n_features_in_ = fitted, fitted.n_features_in_
        if hasattr(fitted, "feature_names_in_"):
            self.feature_names_in_ = fitted.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def transform(self, X: Sequences) -> np.ndarray:
        """Return the pooled states of each sequence.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences in a form that the estimator takes.

        Returns
        -------
        states : ndarray of shape (n_sequences, width)
            `width` is `hidden_size`, or twice that for both directions.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        check_is_fitted(self, "estimator_")
        pooling = self.pooling
        if pooling == "auto":
            pooling = getattr(self.estimator_, "pooling", "last")
        return self.estimator_.pooled_states(X, pooling)

    @property
    def _n_features_out(self):
        width = self.estimator_.hidden_size
        return 2 * width if self.estimator_.bidirectional else width

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = not self.prefit
        return tags
