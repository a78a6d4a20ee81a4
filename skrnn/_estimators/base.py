"""The template of every estimator: read, build, train, publish; and outputs for new sequences."""

from __future__ import annotations

import copy
from abc import ABCMeta, abstractmethod
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import CallbackSupportMixin, check_parameters
from skrnn._data.frames import readable
from skrnn._data.recognise import read_again, read_sequences
from skrnn._data.values import check_range, check_same_length
from skrnn._estimators.embeddings import initial_vectors
from skrnn._estimators.names import NamesMixin
from skrnn._estimators.opened import Opened, check_is_network
from skrnn._estimators.parameters import (
    COMMON_CONSTRAINTS,
    check_combinations,
    check_same_dtype,
    check_same_network,
    describe,
    draw_seed,
    warn_of_unused,
)
from skrnn._estimators.saved import completed, from_format_1, is_format_1
from skrnn._estimators.scoring import GivenScore
from skrnn._estimators.validation import ValidationMixin
from skrnn._fitting.callbacks import FitReport
from skrnn._fitting.history import History
from skrnn._fitting.objective import Objective
from skrnn._fitting.settings import Settings
from skrnn._fitting.trainer import Trainer
from skrnn._model import Model, build_network
from skrnn._threads import single_blas_thread, thread_map
from skrnn._twin import become, twin_of
from skrnn._typing import ShortSignature
from skrnn._version import VersionMixin


class BaseRNN(
    ShortSignature,
    NamesMixin,
    ValidationMixin,
    CallbackSupportMixin,
    VersionMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """What all recurrent estimators share. See the subclasses for the parameters.

    A fitted estimator holds three things, none of which is written to any more: ``_schema``, how X
    is read; ``_target``, how y is; and ``_model``, the network with its parameters. Whatever it
    publishes is taken from them and from the `History` of its training.
    """

    # The attributes that a fit sets. Any stands for None: users know when to expect it, and need
    # not rule it out at every use.
    feature_names_in_: np.ndarray
    n_features_in_: int
    n_outputs_: int
    n_parameters_: int
    n_iter_: int
    t_: int
    loss_: float
    best_loss_: float | Any
    loss_curve_: list[float]
    grad_norm_curve_: list[float]
    validation_scores_: list[float] | Any
    validation_loss_curve_: list[float] | Any
    best_validation_score_: float | Any

    _parameter_constraints: dict = COMMON_CONSTRAINTS

    _schema: Any = None

    @abstractmethod
    def _make_target(self, classes=None, y=None):
        """Return the `Target` that the parameters, and the form of y, ask for."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags

    # Fitting.

    def _fit(self, X, y, sample_weight, validation=(None, None, None), **how):
        """Train a twin, and become what it is: a failure leaves the estimator as it was."""
        check_parameters(self)
        incremental = how.get("incremental", False)
        self._check_combinations(incremental)
        report = FitReport(self, X, y, {"sample_weight": sample_weight})
        twin = twin_of(self)
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            twin._learn((X, y, sample_weight), validation, report, parallel_map, **how)
            report.end(twin._learnt)
        return become(self, twin)

    def _check_combinations(self, incremental):
        """Raise for parameters that are each valid, but not together."""
        check_combinations(vars(self), incremental)

    def _learn(self, given, validation, report, parallel_map, incremental=False, classes=None):
        """Read what is given, build the network or take over the last one, and train it."""
        goes_on = self.__sklearn_is_fitted__() and (incremental or self.warm_start)
        train = self._read(*given, goes_on, classes)
        rng = self._generator(incremental)
        train, score = self._validation(given, train, validation, rng, parallel_map)
        history = self._begin(train.data, goes_on, rng).continued(is_scored=score is not None)
        if isinstance(score, GivenScore):
            self._publish(self._model.theta, history)
            score.try_out()
        settings = Settings.of(vars(self))
        train = train.for_batches(settings)
        settings = settings.for_set(train, is_classifier(self) and not incremental)
        network, loss = self._model.network, self._target.loss
        objective = Objective(network, loss, train, settings, rng, parallel_map)
        n_epochs = 1 if incremental else settings.max_iter
        report.begin(n_epochs)
        trainer = Trainer(
            objective,
            settings,
            history,
            score and partial(self._validate, score),
            lambda *state: report.epoch(partial(self._learnt_at, *state)),
        )
        theta = self._model.theta.copy()
        self._publish(theta, trainer.fit(theta, n_epochs, incremental))

    def _read(self, X, y, sample_weight, goes_on, classes):
        """Return the training set; set the schema of X and the target."""
        y = self._as_given(X, y)
        data = self._read_data(X, y, self._schema if goes_on else None)
        check_same_length(X=data, y=y)
        target = self._make_target(classes, y)
        if goes_on:
            target.resume(self._target)
        train = target.read(y, sample_weight, data)
        self._target = target
        return train

    def _as_given(self, X, y):
        """Return y in the form that goes with X."""
        return readable(y, "y")

    def _read_data(self, X, y, schema, **options):
        """Read X as `schema` tells, or learn a schema and set it."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        if schema is not None:
            return read_again(X, schema, owner=type(self).__name__)
        data, self._schema = read_sequences(
            X,
            owner=type(self).__name__,
            categorical_features=self.categorical_features,
            dtype=self.dtype,
            has_vectors=self.embedding_init is not None,
            **options,
        )
        return data

    def _read_more(self, X, y, sample_weight=None, held_out=False):
        """Return other sequences as a training set, read as those of the fit."""
        y = self._as_given(X, y)
        data = self._read_data(X, y, self._schema)
        check_same_length(X=data, y=y)
        return self._target.read(y, sample_weight, data, held_out)

    def _generator(self, incremental):
        """Draw the one source of randomness of a fit; partial_fit goes on with its last one."""
        if incremental and getattr(self, "_rng", None) is not None:
            return copy.deepcopy(self._rng)
        return np.random.default_rng(draw_seed(self.random_state))

    def _describe(self):
        """Architecture of the network that the parameters, X and y ask for."""
        return describe(vars(self), self._schema, self._target.n_outputs)

    def _begin(self, data, goes_on, rng):
        """Set the model to begin with; return the history to go on with."""
        architecture = self._describe()
        if goes_on:
            return self._take_over(architecture)
        warn_of_unused(vars(self))
        network = build_network(tuple(architecture.items()))
        n_steps = int(data.lengths.max())
        theta = network.initialise(rng, data.dtype, self.forget_bias, n_steps)
        self._begin_embeddings(network.stack.embedding, network.layout.views(theta))
        self._model = Model(architecture, theta)
        return History()

    def _begin_embeddings(self, embedding, views):
        """Write the first vectors that are given; let X have all categories that have one."""
        vectors = initial_vectors(self.embedding_init, self._schema)
        for column, vectors_of_column in vectors.items():
            check_range(vectors_of_column, "embedding_init", self._schema.dtype)
            views[embedding.names[column]][...] = vectors_of_column
        tables = embedding.tables.items() if embedding else ()
        n_categories = {column: n_categories for column, (n_categories, _) in tables}
        self._schema = self._schema.with_categories(n_categories)

    def _take_over(self, architecture):
        """Make the last model ready to be trained on; return its history."""
        last = self._model.architecture
        check_same_network(architecture, last)
        check_same_dtype(self.dtype, self._model.theta.dtype.name)
        history = History.of(vars(self))
        if architecture["frozen"] != last["frozen"]:
            # Its momentum would keep moving the vectors just frozen.
            history.optimizer = None
        self._model = Model(architecture, self._model.theta)
        return history

    def _publish(self, theta, history):
        """Become an estimator with these parameters and this record."""
        self._model = Model(self._model.architecture, theta)
        if self._schema is not None:
            self._schema.publish(self)
        self.n_parameters_ = theta.size
        vars(self).update(self._target.attributes() | history.attributes())

    def _validate(self, score, theta, history):
        """Score the parameters of an epoch, and say what they lose."""
        self._publish(theta, history)
        return score()

    def _learnt_at(self, theta, history):
        """What makes a copy of the estimator predict as it would after an epoch."""
        self._publish(theta.copy(), history.snapshot())
        return self._learnt()

    def _learnt(self):
        """All attributes that a fit sets."""
        private = ("_schema", "_target", "_model", "_optimizer", "_rng")
        return {
            name: value
            for name, value in vars(self).items()
            if name in private or (name.endswith("_") and not name.startswith("_"))
        }

    def __setstate__(self, state):
        if is_format_1(state):
            vars(self).update(state)  # among it the parameters, which say what the target is
            state = from_format_1(state, self._make_target(), type(self).__name__)
            vars(self).clear()
        super().__setstate__(completed(state))

    # Prediction.

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_model")

    def _check_fitted(self):
        # check_is_fitted builds tags, which takes longer than predicting one short sequence.
        if not hasattr(self, "_model"):
            check_is_fitted(self, "_model")

    def _read_new(self, X):
        """Read X for prediction."""
        self._check_fitted()
        return read_again(X, self._schema, owner=type(self).__name__)

    def _outputs(self, data, decode=None):
        """Outputs of the head, or what ``decode(outputs, packing)`` makes of them."""
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            return self._model.outputs(data, parallel_map=parallel_map, decode=decode)[0]

    def _decoded(self, data, method):
        """What a method of the target, ``method(params, outputs, packing)``, makes of outputs."""
        return self._outputs(data, partial(method, self._model.params))

    @property
    def backend_(self) -> str:
        """What computes the network at present: 'numpy' or 'numba', see `skrnn.set_config`."""
        self._check_fitted()
        return self._model.backend

    @property
    def coefs_(self) -> dict[str, np.ndarray]:
        """Read-only views of the parameters, by the names that torch gives them."""
        self._check_fitted()
        return self._model.coefs

    def set_coefs(self, coefs: dict[str, ArrayLike]) -> Self:
        """Replace parameters of the fitted network, for example by weights trained with torch.

        Parameters
        ----------
        coefs : dict of str to array-like
            New values by name, as in `coefs_` and with the shapes there. Parameters that are not
            named stay as they are. The values are copied, in the precision of the network.

        Returns
        -------
        self : estimator
            The same estimator; its record of the training stays.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the network has no parameter of that name, or one of another shape, or a value is not
            a finite number.
        """
        self._check_fitted()
        self._model = self._model.with_coefs(coefs)
        return self


def open_up(estimator: Any) -> Opened:
    """Return what a fitted estimator is made of; raise if it is none of skrnn's."""
    check_is_network(estimator, BaseRNN)
    parts = estimator._model, estimator._target, estimator._schema
    return Opened(type(estimator).__name__, *parts, estimator._read_new, estimator._read_more)
