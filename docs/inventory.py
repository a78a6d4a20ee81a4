"""An inventory of scikit-learn's documentation, made of scikit-learn: links need no network."""

import inspect
import pkgutil
import zlib
from importlib import import_module

import sklearn
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

# What docstrings that we inherit refer to beside names: kind, name and place.
FURTHER = [
    ("std:label", "metadata_routing", "metadata_routing.html"),
    ("std:label", "df_output_transform", "auto_examples/miscellaneous/plot_set_output.html"),
    (
        "std:label",
        "sphx_glr_auto_examples_miscellaneous_plot_set_output.py",
        "auto_examples/miscellaneous/plot_set_output.html",
    ),
    ("std:label", "r2_score", "modules/model_evaluation.html#r2-score"),
    ("std:term", "meta-estimator", "glossary.html#term-meta-estimator"),
]


NESTED = ["sklearn.feature_extraction.text", "sklearn.utils.metadata_routing"]


def entries():
    """Yield kind, name and place of each public name of scikit-learn."""
    yield from FURTHER
    modules = [module.name for module in pkgutil.iter_modules(sklearn.__path__, "sklearn.")]
    modules = [name for name in modules if "._" not in name and not name.endswith("conftest")]
    for name in ["sklearn", *modules, *NESTED]:
        module = import_module(name)
        yield "py:module", name, f"api/{name}.html"
        for member in getattr(module, "__all__", dir(module)):
            thing = getattr(module, member, None)
            if inspect.isclass(thing) or inspect.isroutine(thing):
                kind = "class" if inspect.isclass(thing) else "function"
                yield f"py:{kind}", f"{name}.{member}", f"modules/generated/{name}.{member}.html"


def write_inventory(path):
    """Write the entries in the format of Sphinx's inventories."""
    lines = "".join(f"{name} {kind} 1 {place} -\n" for kind, name, place in entries())
    head = (
        f"# Sphinx inventory version 2\n# Project: scikit-learn\n# Version: {sklearn.__version__}\n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    path.write_bytes(head.encode() + zlib.compress(lines.encode()))
