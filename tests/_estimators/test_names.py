"""Parameters are hinted at where they are asked for by the names of other libraries."""

import copy
import inspect
import pickle

import pytest
from estimators import CASES, each_case
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skrnn import RNNClassifier, RNNRegressor
from skrnn._estimators.names import ELSEWHERE, LEARNT

PARAMETERS = {name for case in CASES for name in case.make().get_params()}


@pytest.mark.parametrize(
    "name, hint",
    [
        ("units", "it is called hidden_size here."),
        ("hidden_layer_sizes", "it is called hidden_size and n_layers here."),
        ("num_layers", "it is called n_layers here."),
        ("epochs", "it is called max_iter here."),
        ("lr", "it is called learning_rate_init here."),
        ("hiden_size", "did you mean hidden_size?"),
        ("input_size", "it is not needed, for fit learns it from X and y."),
    ],
)
@each_case
def test_a_parameter_of_another_library_is_hinted_at(case, name, hint):
    with pytest.raises(TypeError) as error:
        case.estimator(**{name: 3})
    assert str(error.value) == (
        f"{case}.__init__() got an unexpected keyword argument {name!r}: {hint}"
    )
    model = case.make()
    with pytest.raises(ValueError) as error:
        model.set_params(**{name: 3})
    assert str(error.value) == f"Invalid parameter {name!r} for {case}: {hint}"
    with pytest.raises(ValueError, match=hint.rstrip("?")):
        GridSearchCV(model, {name: [1, 2]}, error_score="raise").fit([[[1.0]]] * 20, [0, 1] * 10)


def test_hints_lead_to_parameters_and_hide_none():
    assert {part for here in ELSEWHERE.values() for part in here.split(" and ")} <= PARAMETERS
    assert not (ELSEWHERE.keys() | LEARNT) & PARAMETERS
    assert not ELSEWHERE.keys() & LEARNT


@each_case
def test_a_name_that_nobody_knows_is_refused_as_ever(case):
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'$"):
        case.estimator(foo=3)
    with pytest.raises(ValueError, match="Invalid parameter 'foo' for estimator"):
        case.make().set_params(foo=3)
    with pytest.raises(ValueError, match="Invalid parameter 'units' for estimator"):
        case.make().set_params(units__a=3)


def test_a_hint_names_only_parameters_that_the_estimator_has():
    with pytest.raises(TypeError, match="it is called loss here"):
        RNNRegressor(criterion="huber")
    with pytest.raises(TypeError, match="unexpected keyword argument 'criterion'$"):
        RNNClassifier(criterion="log_loss")


class WithUnits(RNNClassifier):
    """A subclass with a name of its own."""

    def __init__(self, units=3):
        super().__init__(hidden_size=units)
        self.units = units


class WithAnything(RNNClassifier):
    """A subclass that hands its parameters on."""

    def __init__(self, **params):
        super().__init__(**params)


def test_subclasses_have_names_of_their_own():
    assert WithUnits(units=5).hidden_size == 5
    assert clone(WithUnits(units=5)).units == 5
    assert WithAnything(hidden_size=5).hidden_size == 5
    with pytest.raises(TypeError, match="units"):
        WithAnything(units=5)


@each_case
def test_copies_and_signatures_are_as_ever(case):
    model = case.make(hidden_size=5)
    for other in (clone(model), copy.copy(model), copy.deepcopy(model)):
        assert other.get_params() == model.get_params()
    assert pickle.loads(pickle.dumps(model)).get_params() == model.get_params()
    assert (
        list(inspect.signature(case.estimator).parameters)
        == list(inspect.signature(case.estimator.__init__).parameters)[1:]
    )
