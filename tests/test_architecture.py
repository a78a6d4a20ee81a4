"""Imports point down, and what is documented is what there is."""

import ast
import inspect
import re
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pytest
from sklearn import base

import skrnn
from skrnn import _compat
from skrnn._core.cells import CELLS

ROOT = Path(skrnn.__file__).parent
MODULES = {
    ".".join(["skrnn", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(
        ".__init__"
    ): path
    for path in sorted(ROOT.rglob("*.py"))
}

# Floors of the house, as docs/design.md draws them. Imports stay on their floor or go down; the
# longest name that fits a module counts.
FLOORS = {
    "skrnn": 9,
    "skrnn.datasets": 8,
    "skrnn.export": 8,
    "skrnn.inspection": 8,
    "skrnn._estimators": 7,
    "skrnn._estimators.base": 6,
    "skrnn._estimators.decoders": 6,
    "skrnn._estimators.embeddings": 6,
    "skrnn._estimators.emission_stream": 6,
    "skrnn._estimators.labels": 6,
    "skrnn._estimators.likelihoods": 6,
    "skrnn._estimators.names": 6,
    "skrnn._estimators.opened": 6,
    "skrnn._estimators.parameters": 6,
    "skrnn._estimators.reading": 6,
    "skrnn._estimators.saved": 6,
    "skrnn._estimators.scoring": 6,
    "skrnn._estimators.stream": 6,
    "skrnn._estimators.symbol_stream": 6,
    "skrnn._estimators.symbols": 6,
    "skrnn._estimators.validation": 6,
    "skrnn._fitting": 5,
    "skrnn._model": 4,
    "skrnn._targets": 4,
    "skrnn.metrics": 3,
    "skrnn._preprocessing": 3,
    "skrnn._series": 3,
    "skrnn._data": 2,
    "skrnn._tagging": 1,
    "skrnn._core": 1,
    "skrnn._optim": 1,
    "skrnn._compat": 1,
    "skrnn._config": 1,
    "skrnn._pipelines": 1,
    "skrnn._twin": 1,
    "skrnn._threads": 1,
    "skrnn._typing": 1,
    "skrnn._version": 1,
    "skrnn._legacy": 9,  # it names modules of every floor
}
DEPENDENCIES = {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl"}
# What needs an extra: imported by a function that has asked whether it is there.
COMPILED, COMPILER = "skrnn._core.compiled", {"numba", "llvmlite"}


def imports(module, tree=None):
    """Absolute names of all modules that a module imports, anywhere in its code."""
    tree = tree or ast.parse(MODULES[module].read_text(encoding="utf-8"))
    is_package = MODULES[module].name == "__init__.py"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) + is_package - node.level]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                name = f"{source}.{alias.name}"
                yield name if name in MODULES else source


def own_imports(module):
    return {name for name in imports(module) if name.split(".")[0] == "skrnn"}


def is_part_of(module, package):
    return f"{module}.".startswith(f"{package}.")


def floor(module):
    return FLOORS[max((name for name in FLOORS if is_part_of(module, name)), key=len)]


@pytest.mark.parametrize("name", ["RNNClassifier", "RNNRegressor", "SequenceTagger"])
def test_every_cell_is_documented(name):
    (choices,) = re.findall(r"cell_type : \{(.*?)\}", getattr(skrnn, name).__doc__)
    assert {choice.strip(" '") for choice in choices.split(",")} == CELLS.keys()


@pytest.mark.parametrize("package", ["skrnn._core", "skrnn._optim"])
def test_the_core_knows_numpy_scipy_and_itself(package):
    modules = [module for module in MODULES if is_part_of(module, package)]
    assert len(modules) > 5
    for module in modules:
        for name in imports(module):
            allowed = name.split(".")[0] in {"numpy", "scipy", *sys.stdlib_module_names}
            allowed |= is_part_of(module, COMPILED) and name.split(".")[0] in COMPILER
            assert allowed or is_part_of(name, package), f"{module} imports {name}"


def test_imports_point_down():
    for module in MODULES:
        for name in own_imports(module):
            assert floor(name) <= floor(module), f"{module} imports {name}"


def test_imports_have_no_cycles():
    graph = {module: own_imports(module) - {module} for module in MODULES}
    TopologicalSorter(graph).prepare()


def test_importing_the_package_needs_no_more_than_its_dependencies():
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        for name in imports(module, tree):
            top = name.split(".")[0]
            if is_part_of(module, COMPILED):
                continue
            assert top in {"skrnn", *DEPENDENCIES, *sys.stdlib_module_names}, f"{module}: {name}"
            assert not is_part_of(name, COMPILED), f"{module}: {name}"


def private_names_of_sklearn(module):
    """Yield the private names of scikit-learn that a module imports, calls or asks for."""
    bases = (base.BaseEstimator, base.TransformerMixin, _compat.CallbackSupportMixin)
    inherited = {name for cls in bases for c in cls.__mro__ for name in vars(c)}
    inherited = {name for name in inherited if is_private(name)}
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sklearn":
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield from filter(is_private, names)
        elif isinstance(node, ast.Attribute) and node.attr in inherited:
            yield node.attr
        elif isinstance(node, ast.Constant) and node.value in inherited:
            yield node.value


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


@pytest.mark.parametrize("module", MODULES)
def test_private_names_of_scikit_learn_are_in_one_module(module):
    private = set(private_names_of_sklearn(module))
    if module == "skrnn._compat":
        assert private >= {"_validate_params", "_safe_indexing", "_param_validation"}
    else:
        assert not private


def test_the_public_names_are_all_there_is_to_see():
    visible = {
        name
        for name, value in vars(skrnn).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert visible == {name for name in skrnn.__all__ if not inspect.ismodule(getattr(skrnn, name))}
    assert skrnn.__all__ == sorted(skrnn.__all__)
    public = {module for module in MODULES if "._" not in module} - {"skrnn"}
    assert public == {"skrnn.datasets", "skrnn.export", "skrnn.inspection", "skrnn.metrics"}


def test_the_reference_page_lists_the_public_names():
    page = (ROOT.parent / "docs" / "reference.md").read_text("utf-8")
    listed = {
        name
        for row in re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    modules = (skrnn, skrnn.datasets, skrnn.export, skrnn.inspection, skrnn.metrics)
    assert listed == {name for module in modules for name in module.__all__}


def functions():
    """Every function, class and method that skrnn defines, by its full name."""
    for module in map(import_module, MODULES):
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) == module.__name__ and callable(value):
                yield f"{module.__name__}.{name}", value
                if inspect.isclass(value):
                    yield from methods(f"{module.__name__}.{name}", value)


def methods(owner, cls):
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", value)  # of a class method
        if inspect.isfunction(function) and not name.startswith("__"):
            yield f"{owner}.{name}", function


def public_functions():
    """What users call: public functions, classes, and their methods, inherited ones included.

    Named tuples are left out: their fields are their documentation.
    """
    for module in (skrnn, skrnn.datasets, skrnn.export, skrnn.inspection, skrnn.metrics):
        for name in getattr(module, "__all__", []):
            value = getattr(module, name)
            if inspect.isfunction(value) or inspect.isfunction(getattr(value, "__init__", None)):
                yield f"{module.__name__}.{name}", value
            if inspect.isclass(value):
                for method, function in inspect.getmembers(value, is_python_function):
                    if not method.startswith("_") and function.__module__.startswith("skrnn"):
                        yield f"{module.__name__}.{name}.{method}", function


def is_python_function(value):
    return inspect.isfunction(value) or inspect.ismethod(value)


def parameters(function):
    """Parameters of a signature; those of a class are its constructor's."""
    signature = inspect.signature(function).parameters.values()
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(p.kind, "") + p.name for p in signature if p.name not in ("self", "cls")]


def documented(function, section="Parameters"):
    """Parameters, or attributes, of a numpydoc docstring, or None if it has no such section."""
    doc = inspect.getdoc(function) or ""
    section = re.search(rf"^{section}\n-+\n((?:(?!.*\n---).*\n?)*)", doc, re.MULTILINE)
    if section is None:
        return None
    entries = re.findall(r"^\S.*", section[1], re.MULTILINE)
    return [name for entry in entries for name in entry.split(" :")[0].split(", ")]


def descriptions(estimator):
    """Each parameter of a class with its default and its entry in the docstring."""
    entry = r"^{} :(.*\n(?:(?: .*)?\n)*)"
    for name, parameter in inspect.signature(estimator).parameters.items():
        text = re.search(entry.format(name), inspect.getdoc(estimator), re.MULTILINE)[1]
        yield name, (parameter.default, text.strip())


def admits(annotation, value):
    """Whether a value is of the annotated type or, of a union, of one of its types."""
    annotation = getattr(annotation, "__value__", annotation)  # of an alias, as NumPy 2.5 has
    if get_origin(annotation) in (Union, UnionType):
        return any(admits(kind, value) for kind in get_args(annotation))
    kind = get_origin(annotation) or annotation
    return kind in (Any, object) or isinstance(kind, TypeVar) or isinstance(value, kind)


PUBLIC = dict(public_functions())
DOCUMENTED = {name: f for name, f in functions() if documented(f) is not None}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_docstrings_name_every_parameter_in_order(name):
    function = PUBLIC[name]
    assert inspect.getdoc(function)
    assert (documented(function) or []) == parameters(function)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_parameters_have_types_that_admit_their_defaults(name):
    is_class = inspect.isclass(PUBLIC[name])
    types = get_type_hints(PUBLIC[name].__init__ if is_class else PUBLIC[name])
    for parameter in inspect.signature(PUBLIC[name]).parameters.values():
        if parameter.name not in ("self", "cls"):
            assert parameter.name in types, parameter
            assert parameter.default is parameter.empty or admits(
                types[parameter.name], parameter.default
            ), parameter
    assert is_class or "return" in types


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if inspect.isclass(value)])
def test_help_begins_with_a_signature_that_can_be_read(name):
    assert len(f"{name}{inspect.signature(PUBLIC[name])}") <= 1000
    for method, function in PUBLIC.items():
        if method.startswith(f"{name}."):
            assert len(f"{function.__name__}{inspect.signature(function)}") <= 300, method


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if inspect.isclass(value)])
def test_documented_attributes_have_types(name):
    typed = set()
    for cls in PUBLIC[name].__mro__:
        properties = {n: v.fget for n, v in vars(cls).items() if isinstance(v, property)}
        typed |= inspect.get_annotations(cls).keys()
        typed |= {n for n, f in properties.items() if "return" in inspect.get_annotations(f)}
    assert set(documented(PUBLIC[name], "Attributes") or []) <= typed


@pytest.mark.parametrize("name", DOCUMENTED)
def test_private_docstrings_name_no_parameter_that_is_not_there(name):
    assert set(documented(DOCUMENTED[name])) <= set(parameters(DOCUMENTED[name]))


@pytest.mark.parametrize("other", [skrnn.RNNRegressor, skrnn.SequenceTagger])
def test_the_estimators_describe_their_common_parameters_alike(other):
    in_own_words = {"early_stopping", "scoring", "class_weight"}
    own_default = {"bidirectional", "pooling"}
    ours, theirs = dict(descriptions(skrnn.RNNClassifier)), dict(descriptions(other))
    for name in (ours.keys() & theirs.keys()) - in_own_words:
        (own, description), (default, expected) = ours[name], theirs[name]
        assert own == default or name in own_default
        assert description.replace(f"default={own!r}", f"default={default!r}") == expected
