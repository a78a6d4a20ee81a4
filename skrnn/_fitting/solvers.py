"""The solvers by name, and what each needs."""

from collections.abc import Callable
from typing import NamedTuple

from skrnn._optim.optimizers import SGD, Adam, AdamW, RMSprop


class Solver(NamedTuple):
    """What a solver is made of, and what it asks of a training.

    optimizer          makes the update rule from theta, settings and the mask of penalised
                       entries; None for a quasi-Newton method
    needs_whole_set    whether every call needs the same, whole training set: no mini-batches, no
                       partial_fit, nothing drawn at random
    decays_weights     whether it applies the penalty itself, apart from the gradient
    """

    optimizer: Callable | None
    needs_whole_set: bool = False
    decays_weights: bool = False


def adam(theta, settings, penalised):
    return Adam(theta, **moments(settings))


def adamw(theta, settings, penalised):
    return AdamW(theta, penalised, weight_decay=settings.alpha, **moments(settings))


def rmsprop(theta, settings, penalised):
    return RMSprop(theta, beta_2=settings.beta_2, epsilon=settings.epsilon)


def sgd(theta, settings, penalised):
    return SGD(theta, momentum=settings.momentum, nesterov=settings.nesterovs_momentum)


def moments(settings):
    return {name: getattr(settings, name) for name in ("beta_1", "beta_2", "epsilon")}


SOLVERS = {
    "adam": Solver(adam),
    "adamw": Solver(adamw, decays_weights=True),
    "rmsprop": Solver(rmsprop),
    "sgd": Solver(sgd),
    "lbfgs": Solver(None, needs_whole_set=True),
}
