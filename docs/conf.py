"""Settings of the documentation's site: ``sphinx-build -W -n docs build/site``.

The pages are Markdown that reads well without Sphinx, so what only the site needs is added here,
while it is built: pages for what lies outside of this folder, one for each public name, the menus,
and a picture for each example.
"""

import inspect
import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import skrnn
from skrnn._compat import documentation_site

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from inventory import write_inventory  # noqa: E402

MODULES = ("skrnn", "skrnn.datasets", "skrnn.export", "skrnn.inspection", "skrnn.metrics")

project, author, version = "skrnn", "the skrnn developers", skrnn.__version__
release = version
copyright = author
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["docstrings", "_static"]

html_theme = "pydata_sphinx_theme"
html_title = "skrnn"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_logo = html_favicon = "_static/skrnn.svg"
html_context = {"default_mode": "auto"}
SITE = documentation_site()
html_theme_options = {
    "logo": {"text": "skrnn"},
    # Every version reads the list of the newest one, so that it knows of those after it.
    "switcher": {
        "json_url": f"{SITE}/_static/switcher.json" if SITE else "_static/switcher.json",
        "version_match": version,
    },
    "check_switcher": False,  # the site is built offline, too
    "navbar_end": ["version-switcher", "theme-switcher", "navbar-icon-links"],
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
}

default_role = "literal"
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
numpydoc_show_class_members = True
numpydoc_show_inherited_class_members = True
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
autodoc_typehints = "none"
SKLEARN = Path(tempfile.mkdtemp()) / "sklearn.inv"
write_inventory(SKLEARN)
intersphinx_mapping = {"sklearn": ("https://scikit-learn.org/stable", str(SKLEARN))}
nitpick_ignore_regex = [("py:.*", "joblib.*")]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "subsection_order": [
        f"../examples/{folder}" for folder in ("classify", "forecast", "tag", "generate", "inside")
    ],
    "within_subsection_order": "ExampleTitleSortKey",
    "download_all_examples": False,
    "show_memory": False,
}

# What the pages link to outside of this folder, and its page of the site.
OUTSIDE = {
    "../README.md": "index.md",
    "../CHANGELOG.md": "changelog.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "../LICENSE",
    "CODE_OF_CONDUCT.md": "code_of_conduct.md",
    "../CONTRIBUTING.md": "contributing.md",
    "../benchmarks/README.md": "benchmarks.md",
    "../examples)": "auto_examples/index.rst)",
}
# Pages that are files of the folder above.
COPIES = {
    "changelog": "../CHANGELOG.md",
    "code_of_conduct": "../CODE_OF_CONDUCT.md",
    "contributing": "../CONTRIBUTING.md",
    "benchmarks": "../benchmarks/README.md",
}


def public_things():
    """Yield a module, a public name of it, and what bears the name."""
    for module in MODULES:
        for name in import_module(module).__all__:
            yield module, name, getattr(import_module(module), name)


def page_of(module, name, thing):
    """Return the page of a public name, which numpydoc fills from the docstring."""
    directive = f"autofunction:: {name}"
    if inspect.isclass(thing):
        directive = f"autoclass:: {name}\n   :members:\n   :inherited-members:"
    elif inspect.ismodule(thing):
        directive = f"automodule:: {module}.{name}"
    head = f"{name}\n{'=' * len(name)}\n\n"
    return f"{head}.. currentmodule:: {module}\n\n.. {directive}\n"


def write_pages_of_public_names(app):
    """Write a page for each public name."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    for module, name, thing in public_things():
        path, page = folder / f"{name}.rst", page_of(module, name, thing)
        if not path.exists() or path.read_text("utf-8") != page:  # else it would be read again
            path.write_text(page, "utf-8")


def adapt(app, page, source):
    """Lead the links of a page of Markdown to pages of the site."""
    text = source[0]
    if page in COPIES:
        text = (HERE / COPIES[page]).read_text("utf-8")
        text = re.sub(r"\]\((\.\./)?docs/", "](", text)
    for there, here in OUTSIDE.items():
        text = text.replace(f"]({there}", f"]({here}")
    text = re.sub(r"\]\(\.\./examples/([\w/]+)\.py\)", r"](auto_examples/\1.rst)", text)
    if page in ("index", "reference"):
        names = {name for _, name, _ in public_things()}
        text = re.sub(
            r"(?<=[|,] )`(\w+)`",
            lambda match: f"[`{match[1]}`](api/{match[1]}.rst)" if match[1] in names else match[0],
            text,
        )
    if page == "reference":
        text += "\n```{toctree}\n:hidden:\n:glob:\n\napi/*\n```\n"
    source[0] = text


def sign(app, what, name, thing, options, signature, returns):
    """Show the parameters of a class as `help` does, though scikit-learn gives it a ``__new__``."""
    if what == "class" and signature:
        return str(inspect.signature(thing)), returns


def setup(app):
    """Connect what this file adds to the building of the site."""
    app.connect("builder-inited", write_pages_of_public_names)
    app.connect("source-read", adapt)
    app.connect("autodoc-process-signature", sign)
