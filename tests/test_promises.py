"""The page of promises names tests that exist, and what no other test holds is held here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skrnn._core.cells import CELLS

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "promises.md").read_text("utf-8")


def test_every_test_that_the_page_names_exists():
    sources = "".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 25
    assert named <= set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))


def test_the_slabs_of_the_page_are_those_of_the_cells():
    numbers = re.search(r"(\d) slabs for the LSTM, (\d) for the GRU and (\d) for the plain", PAGE)
    slabs = [CELLS[cell].n_slabs for cell in ("lstm", "gru", "rnn")]
    assert list(map(int, numbers.groups())) == slabs


# Every entry is called once for the imports that come late, and once under the eye of a hook.
WATCH = """
import sys, warnings
warnings.simplefilter("ignore")
from entry_points import entries

WATCHED = ("socket", "subprocess", "tempfile", "shutil", "os", "exec", "compile", "open", "ctypes")
seen, watching = set(), False

def hook(event, arguments):
    reads = event == "open" and not set(arguments[1] or "w") & set("wax+")
    if watching and event.split(".")[0] in WATCHED and not reads:
        seen.add((event, str(arguments)[:200]))

def call_all():
    for entry in entries().values():
        entry.call(**entry.good)

call_all()
sys.addaudithook(hook)
watching = True
call_all()
watching = False
assert not seen, seen
print("nothing seen")
"""


@pytest.mark.slow
def test_nothing_is_written_sent_started_or_compiled():
    paths = [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", WATCH]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.endswith("nothing seen\n"), done.stdout + done.stderr
