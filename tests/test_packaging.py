"""What is said about the package in several places agrees."""

import ast
import json
import re
import runpy
import tomllib
from pathlib import Path

import skrnn

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def texts():
    """Files that users read: source, pages and the README."""
    for pattern in ("skrnn/**/*.py", "docs/*.md", "*.md"):
        for path in ROOT.glob(pattern):
            yield path, path.read_text("utf-8")


def test_the_switcher_of_the_site_has_this_version():
    listed = json.loads((ROOT / "docs" / "_static" / "switcher.json").read_text("utf-8"))
    assert skrnn.__version__ in [entry["version"] for entry in listed]
    assert all({"version", "url"} <= entry.keys() for entry in listed)


def test_extras_that_are_named_exist():
    named = {extra for _, text in texts() for extra in re.findall(r"skrnn\[(\w+)\]", text)}
    assert named >= {"onnx", "skl2onnx"}
    # Errors name the extra of the package that is missing.
    sources = {path.name: text for path, text in texts() if path.parent.name == "export"}
    named |= set(re.findall(r'need\("\w+", "(\w+)"', " ".join(sources.values())))
    assert named >= {"torch"}
    assert named <= PROJECT["optional-dependencies"].keys()


def test_every_data_set_carries_its_notice():
    folder = Path(skrnn.__file__).parent / "datasets" / "data"
    sets = {re.split(r"[._]", path.name)[0] for path in folder.iterdir()}
    notices = {
        path.relative_to(ROOT)
        for pattern in PROJECT["license-files"]
        for path in ROOT.glob(pattern)
    }
    assert len(sets) == 4
    for name in sets:
        notice = folder / f"{name}.txt"
        assert notice.relative_to(ROOT) in notices
        assert re.search(r"^Licence\n-+\n\S", notice.read_text("utf-8"), re.MULTILINE)


def test_each_version_of_python_that_is_named_has_its_tests():
    (pythons,) = [
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "noxfile.py").read_text("utf-8")).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PYTHONS"
    ]
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    named = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert named
    assert set(named) <= set(pythons) & set(re.findall(r'"(3\.\d+)"', workflow))
    assert PROJECT["requires-python"] == f">={min(named)}"


def test_a_release_leads_the_links_of_the_readme_to_its_files():
    absolute = runpy.run_path(str(ROOT / ".ci" / "links.py"))["absolute"]
    readme, link = (ROOT / "README.md").read_text("utf-8"), re.compile(r"(!?)\[[^]]*\]\(([^)]*)\)")
    before = link.findall(readme)
    after = link.findall(absolute(readme, "https://forge/me/skrnn", "v1"))
    assert ("!", "docs/_static/gradient_flow.png") in before
    for (picture, old), (_, new) in zip(before, after, strict=True):
        place = f"https://forge/me/skrnn/{'raw' if picture else 'blob'}/v1/"
        assert new == (old if old.startswith("https:") else place + old)
