"""Settings of the documentation's site: ``sphinx-build -W -n docs build/site``.

The pages are Markdown that reads well without Sphinx, so what only the site needs is added here,
while it is built: pages for what lies outside of this folder, one for each public name, the menus,
and a picture for each example.
"""

import html
import inspect
import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

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
html_sidebars = {"benchmarks": []}  # which has no pages below it
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
    "navbar_align": "left",  # so that all of it stands in one line
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
}

toc_object_entries_show_parents = "hide"  # the menu of a page is narrow
default_role = "literal"
smartquotes = False  # options of commands and values in quotes are there to be copied
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
    "backreferences_dir": "auto_examples/of",  # which examples use a public name
    "doc_module": ("skrnn",),
    "reference_url": {"skrnn": None},
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
EXAMPLE = re.compile(r"\]\(\.\./examples/([\w/]+)\.py\)")
# Methods and functions of scikit-learn have these names, too: only the list of names links them.
AMBIGUOUS = {"cross_val_predict", "hidden_states", "permutation_importance", "stream"}
NO_LINKS = nodes.reference, nodes.title, pending_xref
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


def places_in_the_guide():
    """Return the links that reference.md has in the row of each public name, or in its section."""
    places, link = {}, re.compile(r"\]\((\w+)\.md(#[\w-]+)?\)")
    for section in (HERE / "reference.md").read_text("utf-8").split("\n## ")[1:]:
        for row in re.findall(r"^\| `.*", section, re.MULTILINE):
            found = link.findall(row) or link.findall(section)[:1]
            places |= dict.fromkeys(re.findall(r"`(\w+)`", row.split("|")[1]), found)
    return places


def title_of(page):
    """Return the title of a page."""
    return (HERE / f"{page}.md").read_text("utf-8").partition("\n")[0].removeprefix("# ")


def page_of(module, name, thing, places):
    """Return the page of a public name, which numpydoc fills from the docstring."""
    directive = f"autofunction:: {name}"
    if inspect.isclass(thing):
        directive = f"autoclass:: {name}\n   :members:\n   :inherited-members:"
    elif inspect.ismodule(thing):
        directive = f"automodule:: {module}.{name}"
    head = f"{name}\n{'=' * len(name)}\n\n"
    more = ", ".join(f"`{title_of(page)} <../{page}.html{part}>`__" for page, part in places)
    examples = (
        f"minigallery:: {module}.{name}\n   :add-heading: In the gallery\n   :heading-level: -"
    )
    body = f".. currentmodule:: {module}\n\n.. {directive}\n\n.. {examples}\n"
    return f"{head}In the user guide: {more}\n\n{body}"


def write_pages_of_public_names(app):
    """Write a page for each public name."""
    folder = HERE / "api"
    folder.mkdir(exist_ok=True)
    places = places_in_the_guide()
    for module, name, thing in public_things():
        path, page = folder / f"{name}.rst", page_of(module, name, thing, places[name])
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
    text = EXAMPLE.sub(r"](auto_examples/\1.rst)", draw_examples(text))
    if page == "reference":
        text += "\n```{toctree}\n:hidden:\n:glob:\n\napi/*\n```\n"
    source[0] = text


def draw_examples(text):
    """Put the picture of each example behind the first paragraph that links to it."""
    blocks, drawn = text.split("\n\n"), set()
    for i, block in enumerate(blocks):
        new = [place for place in EXAMPLE.findall(block) if place not in drawn]
        if new and re.match(r"\w|\[|\*\*", block):  # neither a list nor a table, which it would cut
            drawn |= set(new)
            blocks[i] = block + "\n\n" + "\n".join(map(picture_of, new))
    return "\n\n".join(blocks)


def picture_of(example):
    """Return the thumbnail of an example, with its title, as a link to its page."""
    title = (HERE / f"../examples/{example}.py").read_text("utf-8").partition("\n")[0].strip('"')
    folder, _, name = f"auto_examples/{example}".rpartition("/")
    return f"[![{title}]({folder}/images/thumb/sphx_glr_{name}_thumb.png)]({folder}/{name}.rst)"


def link_names(app, doctree):
    """Lead public names to their pages, wherever they stand in text that is no link yet."""
    page = app.env.docname
    pages = {name: f"api/{name}" for _, name, _ in public_things()}
    if page == "design":  # names of files stand there
        return
    if page != "reference":
        pages = {name: there for name, there in pages.items() if name not in AMBIGUOUS}
    for literal in list(doctree.findall(nodes.literal)):
        there = pages.get(literal.astext(), page)
        if there != page and not is_inside(literal, NO_LINKS):
            address = app.builder.get_relative_uri(page, there)
            link = nodes.reference("", "", refuri=address, internal=True)
            literal.replace_self(link)
            link += literal


def describe_thumbnails(app, doctree):
    """Give thumbnails what appears over them as text, for those who do not see them."""
    for raw in list(doctree.findall(nodes.raw)):
        if tip := re.search('tooltip="(.*?)">', raw.astext()):
            raw.next_node(nodes.image, siblings=True)["alt"] = html.unescape(tip[1])


def is_inside(node, kinds):
    """Whether a node around this one is of these kinds, or a card, which is a link itself."""
    while node := node.parent:
        if isinstance(node, kinds) or "sd-card" in node.get("classes", ()):
            return True
    return False


def sign(app, what, name, thing, options, signature, returns):
    """Show the parameters of a class as `help` does, though scikit-learn gives it a ``__new__``."""
    if what == "class" and signature:
        own = inspect.signature(thing).replace(return_annotation=inspect.Signature.empty)
        bare = [each.replace(annotation=each.empty) for each in own.parameters.values()]
        return str(own.replace(parameters=bare)), returns


def leave_out_versions(app, what, name, thing, options, lines):
    """Leave out in which version scikit-learn got what we inherit: it would be taken for ours."""
    note = re.compile(r"^( *)\.\. version(?:added|changed)::.*\n(?:\1 +.*\n|\n)*", re.MULTILINE)
    lines[:] = note.sub("", "\n".join(lines) + "\n").split("\n")


def setup(app):
    """Connect what this file adds to the building of the site."""
    app.connect("builder-inited", write_pages_of_public_names)
    app.connect("source-read", adapt)
    app.connect("doctree-read", link_names)
    app.connect("doctree-read", describe_thumbnails)
    app.connect("autodoc-process-signature", sign)
    app.connect("autodoc-process-docstring", leave_out_versions)
