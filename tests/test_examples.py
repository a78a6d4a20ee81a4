"""The examples run, and those that promise a score keep their promise."""

import gzip
import re
import runpy
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = {path.stem: path for path in FOLDER.rglob("*.py")}

# Name: what an example prints around a number, and the least and the most that this may be.
SCORES = {
    "activity_labels": {
        r"RNNClassifier +(\S+)": (0.88, 1),
        r"logistic regression, window +(\S+)": (0.75, 0.85),
    },
    "adding_problem": {
        r"rnn +: test MSE (\S+)": (0.1, 0.2),
        r"lstm +: test MSE (\S+)": (0, 0.01),
        r"gru +: test MSE (\S+)": (0, 0.01),
    },
    "first_look": {
        r"most frequent language +accuracy (\S+),": (0.519, 0.519),
        r"RNNClassifier +accuracy (\S+), mean F1": (0.6, 0.8),
        r"last year again +(\S+) to 1955": (0.416, 0.416),
        r"RNNRegressor +(\S+) to 1955": (0.05, 0.4),
        r"RNNClassifier +accuracy (\S+) \+/-": (0.6, 0.9),
    },
    "digits_four_directions": {
        r"rows, one network +accuracy (\S+),": (0.4, 0.8),
        r"four sides, one network +accuracy (\S+),": (0.75, 1),
        r"two networks +accuracy (\S+),": (0.85, 1),
    },
    "digits": {r"RNNClassifier +accuracy (\S+)": (0.94, 1)},
    "forecast_tuning": {
        r"RNNRegressor +(\S+)\n\n": (8, 18),  # one step ahead; the same month of last year: 24.3
        r"repeated +\S+\nRNNRegressor +(\S+)": (5, 25),  # 24 steps; last year repeated: 30.0
    },
    "infections": {
        r"\n1\.0 +\S+ +\S+ +\S+ +(\S+)": (0.1, 0.175),  # last week: 0.299; ridge: 0.171
        r"\n2\.0 +\S+ +\S+ +\S+ +(\S+)": (0.1, 0.22),  # last week: 0.512; ridge: 0.224
    },
    "missing_weeks": {r"\n1\.0 +(\S+)": (0.05, 0.2), r"\n2\.0 +\S+ +\S+ +(\S+)": (0.7, 0.95)},
    "next_three_days": {
        r"\n1\.0 +\S+ +\S+ +(\S+)": (0.008, 0.0102),  # last price: 0.0113; ridge: 0.0106
        r"\n3\.0 +\S+ +\S+ +(\S+)": (0.013, 0.0154),  # last price: 0.0157; ridge: 0.0154
    },
    "many_series": {r"RNNRegressor +(\S+)": (0.1, 0.14)},  # noise alone: 0.1
    "pos_tagging": {r"token accuracy (\S+), .*token_features=\[": (0.98, 1)},
    "slots_and_intent": {r"slot F1 (\S+),": (0.95, 1), r"intent accuracy (\S+)": (0.95, 1)},
    "sentiment": {r"recurrent network: accuracy (\S+)": (0.95, 1)},
    "tagging_search": {r"test F1 of the best: (\S+)": (0.95, 1)},
    "vanishing_gradient": {
        r"rnn: R2 (\S+),": (-0.1, 0.1),
        r"rnn: .* gradient (\S+)": (0, 1e-3),
        r"lstm: R2 (\S+),": (0.9, 1),
        r"lstm: .* gradient (\S+)": (1e-2, 1),
    },
}

# Name: arguments for a short form.
ARGUMENTS = {"digits_four_directions": ["--short"], "first_look": ["--short"]}

# Name: the files of --data, short and repeated until a network can learn them by heart.
FILES = {
    "pos_tagging": "she\tPRON\tx\nsang\tVERB\ty\n\nsongs\tNOUN\tx\nended\tVERB\ty\n\n",
    "slots_and_intent": "# intent = go\nto\tO\nRome\tB-TO\n\n# intent = ask\nwhat\tO\nnow\tO\n\n",
    "sentiment": "pos\tgood\tx\nneg\tnot good\ty\n",
}


def write_data(folder, text):
    for part in ("train", "test"):
        (folder / f"{part}.tsv.gz").write_bytes(gzip.compress(text.encode() * 50))


def check_scores(name, printed):
    for pattern, (least, most) in SCORES.get(name, {}).items():
        assert least <= float(re.search(pattern, printed)[1]) <= most, printed


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run the example of that name, as from the command line, and return what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(name, *arguments):
        path = EXAMPLES[name]
        monkeypatch.syspath_prepend(path.parent)
        monkeypatch.setattr(sys, "argv", [path.name, *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_reaches_its_scores(name, run):
    printed = run(name, *ARGUMENTS.get(name, []))
    assert SCORES[name]
    check_scores(name, printed)
    for path in re.findall(r"picture: (\S+)", printed):
        assert Path(path).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", sorted(FILES))
def test_example_reads_data(name, run, tmp_path):
    write_data(tmp_path, FILES[name])
    check_scores(name, run(name, "--data", tmp_path))


def test_search_loads_the_model_that_it_stored(run, tmp_path):
    write_data(tmp_path, FILES["slots_and_intent"])
    printed = run("tagging_search", "--data", tmp_path)
    assert "loaded again, it predicts the same" in printed
    check_scores("tagging_search", printed)
