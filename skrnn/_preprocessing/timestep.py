"""Any scikit-learn transformer, applied to every time step of sequences."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from skrnn._data.checks import check_features, learn_features
from skrnn._data.frames import string_names
from skrnn._data.recognise import recognise
from skrnn._data.same_form import in_form_of
from skrnn._data.schema import Schema
from skrnn._data.tables import nested_column
from skrnn._data.values import as_list, check_choice, check_same_length, shorten
from skrnn._preprocessing.sequence_transformer import SequenceTransformerMixin
from skrnn._preprocessing.step_tables import (
    apply,
    apply_by_sequence,
    names_made_by,
    table_of,
    takes_each_row_alone,
)
from skrnn._twin import all_or_nothing
from skrnn._typing import Sequences, available_if
from skrnn._version import VersionMixin


def _inner_has(method):
    """Make a check for `available_if`: the transformer has this method."""

    def check(self):
        getattr(self.transformer_ if hasattr(self, "transformer_") else self._stands_for(), method)
        return True

    return check


@contextmanager
def _noting_steps(transformer, table, source):
    """Say at errors of a transformer what it has read."""
    try:
        yield
    except (TypeError, ValueError) as error:
        nested = nested_column(_columns_of_X(table, source))
        if nested is not None:
            column, sequence = nested
            raise ValueError(
                f"Column {column!r} of X holds sequences in its cells, such as "
                f"{shorten(sequence)}, which {transformer!r} does not take ({error}): give each of "
                "their values a column of its own, or leave the column out."
            ) from error
        error.add_note(f"{transformer!r} read the steps of X, those of all sequences in one table.")
        raise


def _columns_of_X(table, source):
    """Return a table with the columns that X has: those of 2-D input are the steps."""
    if source.table is None:
        return table
    return source.rows().reshape(len(source), -1) if source.frame is None else source.frame


def _is_invertible(self):
    if self.scope == "sequence":
        raise AttributeError("scope='sequence' keeps no transformer to invert.")
    return _inner_has("inverse_transform")(self)


def _check_same_names(found, expected):
    if list(found) != list(expected):
        differ = sorted({*found} ^ {*expected})
        raise ValueError(
            f"scope='sequence': of one sequence the transformer makes {len(found)} features, of "
            f"all training sequences {len(expected)}; they differ in {differ}. A column would hold "
            "different features in different sequences: use scope='dataset', or fix the features, "
            "such as by SimpleImputer(keep_empty_features=True) or OneHotEncoder(categories=...)."
        )


class TimestepTransformer(VersionMixin, SequenceTransformerMixin, BaseEstimator):
    """Apply a scikit-learn transformer to every time step of sequences.

    The steps of all sequences become the rows of one table, which the transformer reads as any
    other table: a data frame, if they have names. What it returns is cut into sequences again, in
    an array, a list, a 1-D object array or a `SequenceArray`, as they came; a tuple becomes a list.
    Data frames stay data frames where the transformer names its features, and become arrays
    otherwise.

    Parameters
    ----------
    transformer : transformer or 'passthrough'
        What to apply: a scaler, PCA, an imputer, an encoder, or a Pipeline or ColumnTransformer of
        them. It must return one row for each row. What is not scikit-learn's own may shift or sum
        rows, as ``SlidingWindowTransformer(output='2d')`` and functions do, and so transforms the
        rows of one sequence at a time. 'passthrough' leaves the steps as they are, for a search
        over several.

    scope : {'dataset', 'sequence'}, default='dataset'
        'dataset' fits one transformer to the steps of all training sequences. 'sequence' fits a
        fresh one to each sequence that is transformed, so that a scaler removes the level and
        the spread of every sequence by itself; a step then depends on the later steps of its
        own sequence. What is made of one sequence must be the features that are made of all.

    Attributes
    ----------
    transformer_ : transformer
        Fitted to the steps of all training sequences; with ``scope='sequence'`` it only
        checks them and names the features.

    n_features_in_ : int
        Number of features of a step; for a 2-D `X`, whose sequences have one feature, its
        number of columns.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
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

    @all_or_nothing
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
        source, schema = self._learn(X)
        params = self._repeat_for_steps("fit", params, source)
        table, transformer = table_of(X, source, schema.step_names), self._new()
        with _noting_steps(transformer, table, source):
            transformer.fit(table, **params)
        return self._keep(transformer, schema)

    @available_if(_inner_has("partial_fit"))
    @all_or_nothing
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
        source, schema = self._learn(X) if is_first else (self._read(X), self._schema)
        params = self._repeat_for_steps("partial_fit", params, source)
        transformer = self._new() if is_first else copy.deepcopy(self.transformer_)
        table = table_of(X, source, schema.step_names)
        with _noting_steps(transformer, table, source):
            transformer.partial_fit(table, **params)
        return self._keep(transformer, schema)

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
            If the features are not those that `fit` saw, the transformer does not return one row
            for each or, with ``scope='sequence'``, makes other features of one sequence than of all
            training sequences.
        """
        check_is_fitted(self)
        source = self._read(X)
        table = table_of(X, source, self._schema.step_names)
        if self.scope == "dataset":
            rows = self._apply("transform", table, source)
        else:
            rows = apply_by_sequence(self._fit_transform_anew(), table, source)
        categories = source.categories if self._is_passthrough else None
        return in_form_of(X, source, rows, self._names_of(source), categories)

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
        rows = self._apply("inverse_transform", table_of(X, source, None), source)
        return in_form_of(X, source, rows)

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
        if input_features is None:
            input_features = self._schema.step_names
        if input_features is not None:
            input_features = as_list(input_features, "input_features", "a list of names")
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
        return MetadataRouter(owner=self).add(
            transformer=self._stands_for(), method_mapping=mapping
        )

    def _repeat_for_steps(self, method, params, source):
        """Repeat the metadata of each sequence for each of its steps."""
        if params and not get_config()["enable_metadata_routing"]:
            raise ValueError(
                f"{type(self).__name__}.{method} got {sorted(params)}, which is only supported if "
                "enable_metadata_routing=True: set it by sklearn.set_config, and request the "
                "metadata from the transformer."
            )
        routed = process_routing(self, method, **params)["transformer"][method]
        check_same_length(X=source, **routed)
        return {name: np.repeat(values, source.lengths) for name, values in routed.items()}

    def _names_of(self, source):
        """Return the names of what the transformer makes of named features, or None."""
        names = source.feature_names
        names = None if names is None else string_names(names)
        return None if names is None else names_made_by(self.transformer_, names)

    def _apply(self, method, table, source):
        """Return what a method of the fitted transformer makes of every step."""
        function = getattr(self.transformer_, method)
        is_rowwise = takes_each_row_alone(self.transformer_)
        with _noting_steps(self.transformer_, table, source):
            return (apply if is_rowwise else apply_by_sequence)(function, table, source)

    def _fit_transform_anew(self):
        """Return a function that fits a new transformer to the steps of a sequence.

        It must make of them the features that it makes of all training sequences.
        """
        expected = names_made_by(self.transformer_)

        def fit_transform(table):
            transformer = self._new()
            rows = transformer.fit_transform(table)
            if expected is not None:
                _check_same_names(names_made_by(transformer), expected)
            return rows

        return fit_transform

    @property
    def _is_passthrough(self):
        return isinstance(self.transformer, str) and self.transformer == "passthrough"

    def _stands_for(self):
        """Return the transformer that `transformer` stands for."""
        if self._is_passthrough:
            return FunctionTransformer(feature_names_out="one-to-one")
        return self.transformer

    def _new(self):
        """Return an unfitted copy of the transformer; raise if there is none."""
        inner = self._stands_for()
        has_methods = hasattr(inner, "fit") and hasattr(inner, "transform")
        if isinstance(inner, type) or not has_methods:
            raise ValueError(
                "transformer must be a transformer or 'passthrough', got "
                f"{self.transformer!r}: pass an object with the methods fit and transform, such as "
                "StandardScaler()."
            )
        return clone(inner)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self._stands_for())
        tags.input_tags = replace(inner.input_tags, three_d_array=True, sparse=False)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.non_deterministic = inner.non_deterministic
        return tags

    def _recognise(self, X):
        """Return X as a source; its values may be of any type that the transformer takes."""
        check_choice(self.scope, "scope", ("dataset", "sequence"))
        return recognise(X, type(self).__name__, numeric=False)

    def _learn(self, X):
        """Return X as a source, and the schema of its features."""
        source = self._recognise(X)
        return source, learn_features(source, type(self).__name__)

    def _read(self, X):
        """Return X as a source, whose features are those that `fit` saw."""
        source = self._recognise(X)
        check_features(source, self._schema, type(self).__name__)
        return source

    def _keep(self, transformer, schema):
        """Hold what a fit has learnt, once nothing can fail any more."""
        self.transformer_, self._schema = transformer, schema
        schema.publish(self)
        return self

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_fitted_on_table" in state:  # format 1
            table = "series" if self.__dict__.pop("_fitted_on_table") else None
            names = state.get("feature_names_in_")
            self._schema = Schema(state["n_features_in_"], names, table)
