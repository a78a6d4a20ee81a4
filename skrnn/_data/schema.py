"""Schema: what `fit` learns of X, so that later calls read X in the same way."""

from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class Schema:
    """The features of X as `fit` saw them, in plain values.

    n_features     of a step; of a 2-D X, the number of its columns
    feature_names  (n_features,) strings, or None
    table          what the rows of a 2-D X are, 'series' or 'steps'; None if fit saw another form
    dtype          name of the floating dtype to compute in, or 'auto' for that of each X
    n_categories   {column: number of categories} of the categorical columns
    categories     what the ids of each column stand for, in arrays, or None
    """

    n_features: int
    feature_names: np.ndarray | None = None
    table: str | None = None
    dtype: str = "auto"
    n_categories: dict[int, int] = field(default_factory=dict)
    categories: list[np.ndarray] | None = None

    @classmethod
    def from_layout(cls, layout, n_features, feature_names=None):
        """Read the dict `_input_layout_` that saved models of format 1 hold."""
        return cls(n_features, feature_names, **layout)

    @property
    def n_step_features(self):
        """Number of features of a step, for a table of series too."""
        return 1 if self.table == "series" else self.n_features

    @property
    def step_names(self):
        """Names of the features of a step, or None: the columns of a 2-D X are no such features."""
        return self.feature_names if self.table is None else None

    def with_categories(self, n_categories):
        """Return a schema that takes more categories in these columns."""
        return replace(self, n_categories={**self.n_categories, **n_categories})

    def publish(self, estimator):
        """Set ``n_features_in_`` and ``feature_names_in_``, or remove names of an earlier fit."""
        estimator.n_features_in_ = self.n_features
        if self.feature_names is not None:
            estimator.feature_names_in_ = self.feature_names.copy()
        elif hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
