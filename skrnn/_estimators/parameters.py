"""Parameters of the recurrent estimators: what is valid, alone and together."""

import warnings
from collections.abc import Callable
from functools import wraps
from numbers import Integral, Real
from typing import Any, TypeVar, cast

import numpy as np
from sklearn.metrics import get_scorer_names
from sklearn.utils import check_random_state

from skrnn._compat import Interval, Options, StrOptions
from skrnn._core.cells import CELLS
from skrnn._data.values import as_floats
from skrnn._estimators.embeddings import embedding_tables, initial_vectors
from skrnn._fitting.solvers import SOLVERS
from skrnn._model import kind_of
from skrnn._preprocessing.word_vectors import WordVectors

Init = TypeVar("Init", bound=Callable[..., Any])

COMMON_CONSTRAINTS = {
    "cell_type": [StrOptions(set(CELLS))],
    "hidden_size": [Interval(Integral, 1, None, closed="left")],
    "n_layers": [Interval(Integral, 1, None, closed="left")],
    "bidirectional": ["boolean"],
    "activation": [StrOptions({"tanh", "relu"})],
    "forget_bias": [Interval(Real, -1e30, 1e30, closed="neither"), StrOptions({"chrono"})],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "recurrent_dropout": [Interval(Real, 0, 1, closed="left")],
    "categorical_features": ["array-like", StrOptions({"auto"}), None],
    "embedding_dim": [
        Interval(Integral, 1, None, closed="left"),
        StrOptions({"auto"}),
        "array-like",
        dict,
    ],
    "embedding_init": ["array-like", WordVectors, dict, None],
    "freeze_embeddings": ["boolean"],
    "token_dropout": [Interval(Real, 0, 1, closed="left")],
    "solver": [StrOptions(set(SOLVERS))],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", "cosine", "one_cycle"})],
    "learning_rate_init": [Interval(Real, 0, 1e300, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "n_iter_no_change": [
        Interval(Integral, 1, None, closed="left"),
        Options(Real, {np.inf}),
    ],
    "early_stopping": ["boolean", StrOptions({"time"})],
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


# Parameters that concern features of X.
OF_FEATURES = "categorical_features", "embedding_dim", "embedding_init", "freeze_embeddings"


def without(constraints, *names):
    """Leave out the constraints of parameters that an estimator does not have."""
    return {name: value for name, value in constraints.items() if name not in names}


# Rates by which something is drawn at random.
DROPOUTS = ("dropout", "recurrent_dropout", "token_dropout")


def check_combinations(params, incremental):
    """Raise for parameters that are each valid, but not together."""
    if incremental and params["early_stopping"]:
        raise ValueError(
            "partial_fit does not support early_stopping=True: it has no later epochs to "
            "compare with. Set early_stopping=False, or call fit."
        )
    rates = {name: params[name] for name in DROPOUTS if name in params}
    if SOLVERS[params["solver"]].needs_whole_set and any(rates.values()):
        raise ValueError(
            f"solver={params['solver']!r} needs the same loss at every call, but {rates} draw at "
            "random. Set them to 0, or choose a stochastic solver."
        )


def warn_of_unused(params):
    """Warn of parameters that have no effect beside the others."""
    if params["activation"] != "tanh" and params["cell_type"] != "rnn":
        warnings.warn(
            f"activation={params['activation']!r} has no effect with "
            f"cell_type={params['cell_type']!r}, whose gates and states have functions of their "
            "own: set cell_type='rnn', or leave activation='tanh'.",
            stacklevel=2,
        )


def check_quantiles(quantile):
    """Raise unless several quantiles are increasing numbers between 0 and 1."""
    if isinstance(quantile, Real):
        return
    try:
        values = as_floats(quantile, "quantile")
    except ValueError:
        values = np.empty(0)
    in_order = values.ndim == 1 and (np.diff(values) > 0).all()
    if not (in_order and values.size and 0 < values[0] and values[-1] < 1):
        raise ValueError(
            f"quantile={quantile!r} must be one number, or several in increasing order, between 0 "
            "and 1: for example [0.1, 0.5, 0.9]."
        )


def draw_seed(random_state):
    """Draw a seed for a Generator from what scikit-learn takes as `random_state`."""
    return check_random_state(random_state).randint(np.iinfo(np.int32).max)


def is_stochastic(estimator):
    """Whether the solver learns batch by batch, as partial_fit needs."""
    solver = SOLVERS.get(estimator.solver)
    if solver is not None and solver.needs_whole_set:
        raise AttributeError(
            f"partial_fit is not available with solver={estimator.solver!r}, which needs the whole "
            "set: choose 'adam', 'adamw', 'rmsprop' or 'sgd'."
        )
    return True


def reads_forward(init: Init) -> Init:
    """Let an ``__init__`` without `bidirectional` say why there is none."""

    @wraps(init)
    def checked(self, *args, **params):
        if "bidirectional" in params:
            raise TypeError(
                f"{type(self).__name__} has no parameter bidirectional, but "
                f"bidirectional={params['bidirectional']!r}: it reads in one direction only, for a "
                "network that had read what it is to predict could not be wrong. Leave it out."
            )
        init(self, *args, **params)

    return cast(Init, checked)


def describe_layers(params):
    """The part of an architecture that concerns the recurrent layers."""
    names = ("cell_type", "activation", "dropout", "recurrent_dropout")
    return {
        **{name: params[name] for name in names},
        "bidirectional": params.get("bidirectional", False),
        # Python's integers are taken: a uint8 would overflow where sizes are multiplied.
        "hidden_size": int(params["hidden_size"]),
        "n_layers": int(params["n_layers"]),
    }


def describe(params, schema, n_outputs):
    """Architecture of the network for some parameters and features: plain values by name."""
    init = initial_vectors(params["embedding_init"], schema)
    tbptt_steps = params["tbptt_steps"]
    return {
        **describe_layers(params),
        "max_steps": None if tbptt_steps is None else int(tbptt_steps),
        "pooling": params.get("pooling"),
        "n_features": schema.n_step_features,
        "n_outputs": n_outputs,
        "tables": embedding_tables(schema.n_categories, params["embedding_dim"], init),
        "frozen": tuple(init) if params["freeze_embeddings"] else (),
    }


# These may change from one training of a network to the next.
ADJUSTABLE = {"dropout", "recurrent_dropout", "max_steps", "frozen"}


def check_same_network(new, old):
    """Raise if training cannot go on with another architecture."""
    if kind_of(new) is not kind_of(old):
        raise ValueError(
            "The parameters ask for another kind of network than the fitted one that training is "
            "to go on with: restore decoder, or fit anew with warm_start=False."
        )
    for name in new.keys() - ADJUSTABLE:
        if new[name] != old[name]:
            raise ValueError(
                f"{name}={new[name]!r} differs from {old[name]!r} of the fitted network that "
                "training is to go on with: restore it, or fit anew with warm_start=False."
            )


def check_same_dtype(dtype, last):
    """Raise if training cannot go on in another precision."""
    if dtype not in ("auto", last):
        raise ValueError(
            f"dtype={dtype!r} differs from {last!r} of the fitted network that training is to go "
            "on with: restore it, or fit anew with warm_start=False."
        )
