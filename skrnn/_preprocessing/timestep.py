"""Any scikit-learn transformer, applied to every time step of sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_consistent_length, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from skrnn._data.checks import check_features, learn_features
from skrnn._data.ragged import object_array, offsets_of, split_sequences
from skrnn._data.recognise import recognise
from skrnn._data.schema import Schema
from skrnn._data.sequence_array import SequenceArray
from skrnn._data.sources import Grid
from skrnn._preprocessing.sequence_transformer import SequenceTransformerMixin
from skrnn._typing import Sequences, available_if
from skrnn._version import VersionMixin


def _rows(source):
    """Return the steps as rows (sum T_i, D), read-only.

    A transformer with ``copy=False`` then makes its own copy and spares the caller's array.
    """
    rows = source.rows().view()
    rows.flags.writeable = False
    return rows


def _like(X, source, rows, names=None):
    """Return `rows`, one for each step, in the kind of container that X is.

    Sequences without a feature axis stay so where a step has one feature. A `SequenceArray` keeps
    the `names` of their columns.
    """
    n_steps = source.lengths.sum()
    if len(rows) != n_steps:
        raise ValueError(
            f"The transformer returned {len(rows)} rows for {n_steps} steps, but "
            "TimestepTransformer needs one for each: choose a transformer that keeps the rows."
        )
    rows = rows if source.has_feature_axis or rows.shape[1] > 1 else rows[:, 0]
    if isinstance(X, SequenceArray):
        # Ids stay ids where they stay integers.
        categorical = X.categorical if rows.dtype.kind in "iu" else None
        return SequenceArray(rows, X.offsets, categorical, names)
    if isinstance(source, Grid):
        return rows.reshape(len(source), -1, *rows.shape[1:])
    items = split_sequences(rows, offsets_of(source.lengths))
    return items if isinstance(X, list | tuple) else object_array(items)


def _dense(rows, dtype):
    """Return what a transformer made of rows of `dtype` as an array; float32 stays float32."""
    rows = rows.toarray() if issparse(rows) else np.asarray(rows)
    is_wider = dtype == np.float32 and rows.dtype == np.float64
    return rows.astype(dtype) if is_wider else rows


def _inner_has(method):
    """Make a check for `available_if`: the transformer has this method."""

    def check(self):
        getattr(self.transformer_ if hasattr(self, "transformer_") else self._inner(), method)
        return True

    return check


def _is_invertible(self):
    if self.scope == "sequence":
        raise AttributeError("scope='sequence' keeps no transformer to invert.")
    return _inner_has("inverse_transform")(self)


class TimestepTransformer(VersionMixin, SequenceTransformerMixin, BaseEstimator):
    """Apply a scikit-learn transformer to every time step of sequences.

    The steps of all sequences become the rows of one table, which the transformer reads as any
    other table. What it returns is cut into sequences again, in an array, a list, a 1-D object
    array or a `SequenceArray`, as they came; a tuple becomes a list, and data frames become arrays.

    Parameters
    ----------
    transformer : transformer or 'passthrough'
        What to apply: a scaler, PCA, an imputer, an encoder, or a Pipeline of them. It sees the
        features of one step at a time and must return one row for each row. 'passthrough' leaves
        the steps as they are, for a search over several.

    scope : {'dataset', 'sequence'}, default='dataset'
        'dataset' fits one transformer to the steps of all training sequences. 'sequence' fits a
        fresh one to each sequence that is transformed, so that a scaler removes the level and
        the spread of every sequence by itself; a step then depends on the later steps of its
        own sequence.

    Attributes
    ----------
    transformer_ : transformer
        Fitted to the steps of all training sequences; with ``scope='sequence'`` it only
        checks them and names the features.

    n_features_in_ : int
        Number of features of a step; for a 2-D `X`, whose sequences have one feature, its
        number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names of a 2-D data frame, or of the sequences of a list of data frames, where all of
        them are strings.

    Notes
    -----
    `X` is an array (n_sequences, n_steps, n_features), a list, tuple or 1-D object array of
    (n_steps_i, n_features) arrays, or a :class:`SequenceArray`. A 2-D `X` (n_sequences, n_steps)
    holds sequences of one feature, and stays 2-D if the transformer returns one feature. `X` is
    never written to, a float32 `X` gives a float32 result, and sparse results become dense.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skrnn import TimestepTransformer
    >>> X = [np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[4.0, 5.0]])]
    >>> TimestepTransformer(StandardScaler(with_std=False)).fit_transform(X)
    [array([[-2., -2.],
           [ 0.,  0.]]), array([[2., 2.]])]
    """

    feature_names_in_: np.ndarray
    n_features_in_: int
    transformer_: Any

    def __init__(self, transformer: Any, *, scope: str = "dataset"):
        self.transformer = transformer
        self.scope = scope

    def fit(self, X: Sequences, y: object = None, **params: Any) -> Self:
        """Fit the transformer to the steps of all sequences.

        Parameters
        ----------
        X : sequences
            See the notes of the class.
        y : None
            Ignored: a step has no target of its own.
        **params : dict
            Metadata that the transformer requests, with metadata routing enabled: one value for
            each sequence, such as `sample_weight`, which holds for all of its steps.

        Returns
        -------
        self : TimestepTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If `X` holds no sequences of equal features, the transformer refuses their steps, is
            some other string, or `params` are passed without metadata routing.
        """
        source = self._read(X, reset=True)
        params = self._repeat_for_steps("fit", params, source)
        self.transformer_ = clone(self._inner()).fit(_rows(source), **params)
        return self

    @available_if(_inner_has("partial_fit"))
    def partial_fit(self, X: Sequences, y: object = None, **params: Any) -> Self:
        """Go on fitting the transformer with more sequences.

        Parameters
        ----------
        X : sequences
            See the notes of the class.
        y : None
            Ignored.
        **params : dict
            As for `fit`.

        Returns
        -------
        self : TimestepTransformer
            The transformer.

        Raises
        ------
        ValueError
            As `fit`, or if the features are not those that the first call saw.
        """
        is_first = not hasattr(self, "transformer_")
        source = self._read(X, reset=is_first)
        params = self._repeat_for_steps("partial_fit", params, source)
        if is_first:
            self.transformer_ = clone(self._inner())
        self.transformer_.partial_fit(_rows(source), **params)
        return self

    def transform(self, X: Sequences) -> Sequences:
        """Transform every step.

        Parameters
        ----------
        X : sequences
            See the notes of the class.

        Returns
        -------
        X_out : sequences
            In the form of `X`, with the features that the transformer returns.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the features are not those that `fit` saw, or the transformer does not return one row
            for each.
        """
        check_is_fitted(self)
        source = self._read(X, reset=False)
        rows = _rows(source)
        if self.scope == "dataset":
            names, rows_out = self._names_of(source), self.transformer_.transform(rows)
            return _like(X, source, _dense(rows_out, rows.dtype), names)
        parts = [
            _dense(clone(self._inner()).fit_transform(part), rows.dtype)
            for part in split_sequences(rows, offsets_of(source.lengths))
        ]
        return _like(X, source, np.concatenate(parts), self._names_of(source))

    if TYPE_CHECKING:  # scikit-learn's own: third-party stubs of it know no lists of sequences

        def fit_transform(self, X: Sequences, y: object = None, **params: Any) -> Sequences: ...

    @available_if(_is_invertible)
    def inverse_transform(self, X: Sequences) -> Sequences:
        """Undo `transform`, where the transformer can; not with ``scope='sequence'``.

        Parameters
        ----------
        X : sequences
            As `transform` returns them.

        Returns
        -------
        X_out : sequences
            In the form of `X`, with the features seen in `fit`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` holds no sequences, or the transformer refuses their steps.
        """
        check_is_fitted(self)
        source = recognise(X, type(self).__name__, numeric=False)
        rows = _rows(source)
        return _like(X, source, _dense(self.transformer_.inverse_transform(rows), rows.dtype))

    @available_if(_inner_has("get_feature_names_out"))
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the features of a step.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features of a step in `X`; `feature_names_in_` if None, or
            ``x0, x1, ...`` where there are none.

        Returns
        -------
        feature_names_out : ndarray of str
            Names of the last axis of the result, as the transformer gives them.
        """
        check_is_fitted(self)
        if input_features is None and self._schema.table is None:
            input_features = getattr(self, "feature_names_in_", None)
        return self.transformer_.get_feature_names_out(input_features)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what metadata the transformer requests.

        Returns
        -------
        routing : MetadataRouter
            The requests, which scikit-learn's Pipeline and searches ask for.
        """
        callers = {"fit": "fit", "fit_transform": "fit", "partial_fit": "partial_fit"}
        mapping = MethodMapping()
        for caller, callee in callers.items():
            mapping.add(caller=caller, callee=callee)
        return MetadataRouter(owner=self).add(transformer=self._inner(), method_mapping=mapping)

    def _repeat_for_steps(self, method, params, source):
        """Repeat the metadata of each sequence for each of its steps."""
        if params and not get_config()["enable_metadata_routing"]:
            raise ValueError(
                f"{type(self).__name__}.{method} got {sorted(params)}, which is only supported if "
                "enable_metadata_routing=True: set it by sklearn.set_config, and request the "
                "metadata from the transformer."
            )
        routed = process_routing(self, method, **params)["transformer"][method]
        check_consistent_length(source, *routed.values())
        return {name: np.repeat(values, source.lengths) for name, values in routed.items()}

    def _names_of(self, source):
        """Return the names of what the transformer makes of named features, or None."""
        if source.names is None or not hasattr(self, "get_feature_names_out"):
            return None
        return self.transformer_.get_feature_names_out(source.names)

    def _inner(self):
        """Return the transformer that `transformer` stands for."""
        if not isinstance(self.transformer, str):
            return self.transformer
        if self.transformer != "passthrough":
            raise ValueError(
                f"transformer must be a transformer or 'passthrough', got {self.transformer!r}."
            )
        return FunctionTransformer(feature_names_out="one-to-one")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self._inner())
        tags.input_tags = replace(inner.input_tags, three_d_array=True, sparse=False)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.non_deterministic = inner.non_deterministic
        return tags

    def _read(self, X, *, reset):
        """Return X as a source; its values may be of any type that the transformer takes."""
        if self.scope not in ("dataset", "sequence"):
            raise ValueError(f"scope must be 'dataset' or 'sequence', got {self.scope!r}.")
        owner = type(self).__name__
        source = recognise(X, owner, numeric=False)
        if reset:
            self._schema = learn_features(source, owner)
            self._schema.publish(self)
        else:
            check_features(source, self._schema, owner)
        return source

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_fitted_on_table" in state:  # format 1
            table = "series" if self.__dict__.pop("_fitted_on_table") else None
            names = state.get("feature_names_in_")
            self._schema = Schema(state["n_features_in_"], names, table)
