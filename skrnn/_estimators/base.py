"""The template of every estimator: read, build, train, keep; and raw outputs for new sequences."""

from abc import ABCMeta, abstractmethod
from functools import lru_cache, partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from skrnn._compat import (
    CallbackSupportMixin,
    Interval,
    Options,
    StrOptions,
    check_parameters,
    safe_indexing,
)
from skrnn._core.cells import CELLS, Elman
from skrnn._core.network import Network
from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._data.recognise import read_again, read_sequences
from skrnn._data.schema import Schema
from skrnn._data.values import as_array, check_meaning
from skrnn._fitting.callbacks import FitReport
from skrnn._fitting.trainer import Trainer
from skrnn._optim.batching import length_sorted_batches
from skrnn._targets.training_set import step_rows
from skrnn._threads import single_blas_thread, thread_map
from skrnn._typing import ShortSignature
from skrnn._version import VersionMixin, __version__

# Packed rows of one batch at predict: bounds the memory, whatever the number of sequences.
PREDICT_ROWS = 8192


@lru_cache
def build_network(architecture):
    """Network of an architecture, the (name, value) pairs that a fitted estimator keeps."""
    options = dict(architecture)
    cell_type, activation = options.pop("cell_type"), options.pop("activation")
    cell = Elman(activation) if cell_type == "rnn" else CELLS[cell_type]()
    options["tables"] = {column: (n, size) for column, n, size in options["tables"]}
    return Network(cell=cell, **options)


class BaseRNN(ShortSignature, CallbackSupportMixin, VersionMixin, BaseEstimator, metaclass=ABCMeta):
    """What all recurrent estimators share. See the subclasses for the parameters."""

    # What a fit sets, here or further down. Any stands for None: users know when to expect it, and
    # need not rule it out at every use.
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
    best_validation_score_: float | Any

    _parameter_constraints: dict = {
        "cell_type": [StrOptions(set(CELLS))],
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "activation": [StrOptions({"tanh", "relu"})],
        "forget_bias": [Interval(Real, None, None, closed="neither"), StrOptions({"chrono"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
        "categorical_features": ["array-like", StrOptions({"auto"}), None],
        "embedding_dim": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
            "array-like",
        ],
        "embedding_init": ["array-like", dict, None],
        "freeze_embeddings": ["boolean"],
        "token_dropout": [Interval(Real, 0, 1, closed="left")],
        "solver": [StrOptions({"adam", "adamw", "rmsprop", "sgd", "lbfgs"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [
            StrOptions({"constant", "invscaling", "adaptive", "cosine", "one_cycle"})
        ],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "early_stopping": ["boolean"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "tbptt_steps": [Interval(Integral, 1, None, closed="left"), None],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
        "n_jobs": [Integral, None],
    }

    # What a subclass decides.

    @abstractmethod
    def _read_target(self, y, sample_weight, data, reset, classes=None, held_out=False):
        """Check y, encode it for the loss, and weigh it; returns a `Problem`.

        With `reset` the encoding is learnt, from `classes` if given, and ``n_outputs_`` set; else
        it is applied. With `held_out` the targets are for a score, not for a loss.
        """

    @abstractmethod
    def _loss_function(self):
        """Loss of raw outputs, target and weight, as in `skrnn._core.losses`."""

    @abstractmethod
    def _score_problem(self, problem, run):
        """Validation score of the present parameters without `scoring`; higher is better."""

    _stratify = False  # whether the validation split keeps the proportions of the target

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags

    # Fitting.

    def _fit(
        self,
        X,
        y,
        sample_weight,
        validation=(None, None, None),
        incremental=False,
        classes=None,
    ):
        check_parameters(self)
        self._check_combinations(incremental)
        given = (X, y, sample_weight)
        n_epochs = 1 if incremental else self.max_iter
        with single_blas_thread(), thread_map(self.n_jobs) as run:
            task = self._prepare(given, validation, incremental, classes)
            report = FitReport(self, n_epochs, X, y, {"sample_weight": sample_weight})
            Trainer(self, *task, run, report).fit(n_epochs, incremental)
            self._fused = self._network.arrange(self._theta)
            report.end(self._attributes)
        return self

    def _prepare(self, given, validation, incremental, classes):
        """Read and build all that training needs; what fails here leaves the estimator as it was.

        Returns the `Problem`, the sequences of it to train on, the validation score as a function
        of ``run`` or None, and the generator.
        """
        before = vars(self).copy()
        fresh = not (hasattr(self, "_theta") and (incremental or self.warm_start))
        try:
            train = self._read(*given, fresh, classes)
            rng = self._generator(incremental)
            chosen, score = self._validation(given, train, validation, rng)
            architecture = self._describe(train.data)
            self.__dict__.pop("_fused", None)
            if fresh:
                self._architecture = architecture
                self._start(train.data, rng)
            else:
                self._continue(architecture)
            sizes = {column: n_categories for column, n_categories, _ in architecture["tables"]}
            self._schema = self._schema.with_categories(sizes)
        except BaseException:
            self.__dict__ = before
            raise
        return train, chosen, score, rng

    def _check_combinations(self, incremental):
        """Raise for parameters that are each valid, but not together."""
        if incremental and self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True: it has no later epochs to "
                "compare with. Set early_stopping=False, or call fit."
            )
        rates = {
            name: getattr(self, name) for name in ("dropout", "recurrent_dropout", "token_dropout")
        }
        if self.solver == "lbfgs" and any(rates.values()):
            raise ValueError(
                f"solver='lbfgs' needs the same loss at every call, but {rates} draw at random. "
                "Set them to 0, or choose a stochastic solver."
            )

    def _read(self, X, y, sample_weight, reset, classes=None, held_out=False):
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        data = self._read_data(X, y, reset)
        check_consistent_length(data, y)
        return self._read_target(y, sample_weight, data, reset, classes, held_out)

    def _read_data(self, X, y, reset, **options):
        if not reset:
            return self._read_again(X)
        data, self._schema = read_sequences(
            X,
            owner=type(self).__name__,
            categorical_features=self.categorical_features,
            dtype=self.dtype,
            **options,
        )
        self._schema.publish(self)
        return data

    def _read_again(self, X):
        return read_again(X, self._schema, owner=type(self).__name__)

    def _generator(self, incremental):
        """Draw the one source of randomness of a fit; partial_fit goes on with its last one."""
        if incremental and getattr(self, "_rng", None) is not None:
            return self._rng
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return np.random.default_rng(seed)

    def _validation(self, given, train, validation, rng):
        """Indices to train on, and the validation score as a function of ``run``, or None."""
        # A zero weight leaves a sequence out entirely, so that the batches are the same without it.
        chosen = np.flatnonzero(train.sequence_weight)
        if not len(chosen):
            raise ValueError(
                "No sequence has a weight: sample_weight times class_weight is 0 for all of them."
            )
        X_val, y_val, sample_weight_val = validation
        if X_val is not None:
            if y_val is None:
                raise ValueError("X_val was passed without y_val: pass y_val too.")
            held_out = self._read(*validation, reset=False, held_out=True)
            return chosen, self._validation_score(held_out, *validation)
        if y_val is not None or sample_weight_val is not None:
            raise ValueError("y_val or sample_weight_val was passed without X_val: pass X_val too.")
        if not self.early_stopping:
            return chosen, None
        chosen, indices = train_test_split(
            chosen,
            test_size=float(self.validation_fraction),
            random_state=int(rng.integers(np.iinfo(np.int32).max)),
            stratify=train.target[chosen] if self._stratify else None,
        )
        if self.scoring is not None:
            given = [None if part is None else safe_indexing(part, indices) for part in given]
        return chosen, self._validation_score(train.subset(indices), *given)

    def _validation_score(self, held_out, X, y, sample_weight):
        """Score of the held-out `Problem`; X, y and `sample_weight` are what it was read from."""
        if len(held_out.data) < 2:
            raise ValueError(
                "The validation set has 1 sequence, but a score needs at least 2: increase "
                "validation_fraction, or pass more sequences as X_val."
            )
        if self.scoring is None:
            return partial(self._score_problem, held_out)
        scorer = check_scoring(self, self.scoring)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return lambda run: float(scorer(self, X, y, **weights))

    def _describe(self, data):
        """Architecture of the network for some data: plain values by name."""
        names = ("cell_type", "activation", "bidirectional", "dropout", "recurrent_dropout")
        init = initial_vectors(self.embedding_init, data.n_categories)
        frozen = tuple(init) if self.freeze_embeddings else ()
        return {
            **{name: getattr(self, name) for name in names},
            # Python's integers: a uint8 would overflow where sizes are multiplied.
            "hidden_size": int(self.hidden_size),
            "n_layers": int(self.n_layers),
            "max_steps": None if self.tbptt_steps is None else int(self.tbptt_steps),
            "pooling": getattr(self, "pooling", None),
            "n_features": data.n_features,
            "n_outputs": self.n_outputs_,
            "tables": embedding_tables(data.n_categories, self.embedding_dim, init),
            "frozen": frozen,
        }

    def _start(self, data, rng):
        """Draw the first parameters and begin the record."""
        network = self._network
        n_steps = int(data.lengths.max())
        self._theta = network.initialise(rng, data.dtype, self.forget_bias, n_steps)
        views = network.layout.views(self._theta)
        for column, vectors in initial_vectors(self.embedding_init, data.n_categories).items():
            views[f"embedding_{column}.weight"][...] = vectors
        self.n_parameters_ = self._theta.size
        self.n_iter_, self.t_ = 0, 0
        self.loss_curve_, self.grad_norm_curve_ = [], []
        self.validation_scores_ = self.best_validation_score_ = None
        self._optimizer = self._rng = None

    def _continue(self, architecture):
        """Make the kept parameters ready to be trained on."""
        adjustable = {"dropout", "recurrent_dropout", "max_steps", "frozen"}
        for name in architecture.keys() - adjustable:
            if architecture[name] != self._architecture[name]:
                raise ValueError(
                    f"{name}={architecture[name]!r} differs from {self._architecture[name]!r} of "
                    "the fitted network that training is to go on with: restore it, or fit anew "
                    "with warm_start=False."
                )
        if architecture["frozen"] != self._architecture["frozen"]:
            self._optimizer = None  # whose momentum would go on moving what is frozen now
        self._architecture = architecture
        if not self._theta.flags.writeable:  # loaded with mmap_mode='r'
            self._theta = self._theta.copy()

    @property
    def _network(self):
        return build_network(tuple(self._architecture.items()))

    def _attributes(self):
        """Attributes that a copy of this estimator needs to predict as it would now."""
        return {"_theta": self._theta.copy()}

    # `_fused`, the weights as predictions use them, is kept from the end of training on: to make it
    # takes up to a fifth of the time of predicting one sequence.

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_fused"}

    def __setstate__(self, state):
        # What another version has saved may not be built here, but can be looked at.
        is_ours = state.get("_skrnn_version") == __version__
        super().__setstate__(state)
        if "_input_layout_" in state:  # format 1
            names = state.get("feature_names_in_")
            layout = self.__dict__.pop("_input_layout_")
            self._schema = Schema.from_layout(layout, state["n_features_in_"], names)
        if "_theta" in state and is_ours:
            self._fused = self._network.arrange(self._theta)

    # Prediction.

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_theta")

    def _check_fitted(self):
        # scikit-learn's check builds the estimator's tags, which one sequence would wait for.
        if not hasattr(self, "_theta"):
            check_is_fitted(self, "_theta")

    def _raw_outputs(self, X):
        """Outputs of the head for new sequences, (n_sequences, n_outputs)."""
        self._check_fitted()
        data = self._read_again(X)
        with single_blas_thread(), thread_map(self.n_jobs) as run:
            return self._outputs(data, run)

    def _outputs(self, data, run, read=None):
        """Outputs of the head, or what ``read(outputs, packing)`` makes of each batch of them.

        The first axis is the sequence, or the step of all sequences laid end to end.
        """
        network, theta = self._network, self._theta
        arranged = getattr(self, "_fused", None) or network.arrange(theta)
        how = Pass(for_backward=False, arranged=arranged)
        parts = list(length_sorted_batches(data.lengths, PREDICT_ROWS))

        def compute(part):
            packing = Packing(data.lengths[part])
            x = data.take(part, packing)
            outputs = network.forward(theta, x, packing, how=how)[0]
            rows = part if network.pooling else step_rows(data, part, packing)
            return rows, outputs if read is None else read(outputs, packing)

        results = None
        for rows, outputs in run(compute, parts):
            if results is None:
                n_rows = len(data) if network.pooling else int(data.lengths.sum())
                results = np.empty((n_rows, *outputs.shape[1:]), outputs.dtype)
            results[rows] = outputs
        return results

    @property
    def coefs_(self) -> dict[str, np.ndarray]:
        """Read-only views of the parameters, by the names that torch gives them."""
        self._check_fitted()
        views = self._network.layout.views(self._theta.view())
        for view in views.values():
            view.flags.writeable = False
        return views


def is_stochastic(estimator):
    """Whether the solver learns batch by batch, as partial_fit needs."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is not available with solver='lbfgs', which needs the whole set: choose "
            "'adam', 'adamw', 'rmsprop' or 'sgd'."
        )
    return True


def values_per_sequence(y):
    """Number of values that `y` has for each sequence, (n_sequences,)."""
    items = as_array(y, "y") if hasattr(y, "__array__") else y
    if isinstance(items, np.ndarray) and items.dtype.kind != "O":
        return np.full(len(items), np.size(items[0]))
    if np.ndim(next(iter(items))) == 0:
        return np.ones(len(items), np.intp)
    return np.array([np.size(item) for item in items])


def check_sample_weight(sample_weight, n_sequences):
    """Return weights (n_sequences,) in float64; ones for None."""
    if sample_weight is None:
        return np.ones(n_sequences)
    check_meaning(sample_weight, "sample_weight")
    weight = check_array(
        sample_weight,
        ensure_2d=False,
        ensure_min_samples=0,
        dtype=np.float64,
        input_name="sample_weight",
    )
    if weight.ndim != 1 or len(weight) != n_sequences:
        raise ValueError(
            f"sample_weight has shape {weight.shape}, but X has {n_sequences} sequences: pass one "
            f"weight for each, shape ({n_sequences},)."
        )
    if (weight < 0).any():
        raise ValueError(
            f"sample_weight must not be negative, but its smallest value is {weight.min():g}: "
            "leave sequences out with a weight of 0."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight is zero for every sequence: at least one weight must be positive."
        )
    return weight


def initial_vectors(embedding_init, n_categories):
    """Dict of categorical column -> given first vectors, from the parameter's forms."""
    if embedding_init is None:
        return {}
    if not isinstance(embedding_init, dict):
        if len(n_categories) != 1:
            raise ValueError(
                f"embedding_init is one array, but X has {len(n_categories)} categorical columns: "
                "pass a dict of column -> array."
            )
        embedding_init = dict.fromkeys(n_categories, embedding_init)
    vectors = {}
    for column, init in embedding_init.items():
        if column not in n_categories:
            raise ValueError(
                f"embedding_init has vectors for column {column}, but the categorical columns of "
                f"X are {sorted(n_categories)}."
            )
        init = check_array(init, dtype=[np.float64, np.float32], input_name="embedding_init")
        if len(init) < n_categories[column]:
            raise ValueError(
                f"embedding_init has {len(init)} rows for column {column}, whose ids reach "
                f"{n_categories[column] - 1}: give one row for each id."
            )
        vectors[column] = init
    return vectors


def embedding_tables(n_categories, embedding_dim, init):
    """(column, number of categories, size of their vectors) of each categorical column.

    'auto' grows the size slowly with the number of categories, from 2 to at most 100.
    """
    if isinstance(embedding_dim, (str, Integral)):
        embedding_dim = [embedding_dim] * len(n_categories)
    for size in embedding_dim:
        if not (size == "auto" or (isinstance(size, Integral) and size > 0)):
            raise ValueError(f"embedding_dim lists {size!r}: give positive integers or 'auto'.")
    if len(embedding_dim) != len(n_categories):
        raise ValueError(
            f"embedding_dim lists {len(embedding_dim)} sizes, but X has {len(n_categories)} "
            "categorical columns: give one size for each, or one number for all."
        )
    tables = []
    for (column, n), size in zip(n_categories.items(), embedding_dim, strict=True):
        if column in init:
            n, size = init[column].shape
        elif size == "auto":
            size = min(100, max(2, round(1.6 * n**0.56)))
        tables.append((column, int(n), int(size)))
    return tuple(tables)
