"""The examples run, and those that promise a score keep their promise."""

import gzip
import re
import runpy
import sys
from pathlib import Path

import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = {path.stem: path for path in FOLDER.rglob("*.py")}

# Name: what an example prints around a number, and the least and the most that this may be.
SCORES = {
    "captions": {
        r"SequenceGenerator +(\S+) right": (0.94, 1),
        r"LogisticRegression +(\S+) right": (0.94, 0.98),
    },
    "commands": {
        r"most similar command +right: (\S+),": (0, 0.05),
        r"attention: None +right: (\S+),": (0.45, 0.85),
        r"attention: general +right: (\S+),": (0.95, 1),
        r"attention: general .* longer ones (\S+)": (0, 0.02),
    },
    "dates": {
        r"right as a whole: (\S+) of": (0.96, 1),
        r"digits by counts: (\S+) right": (0.98, 1),
    },
    "digit_lines": {
        r"each digit by itself +digits wrong: (\S+),": (0, 0.05),
        r"SequenceTranslator +digits wrong: (\S+),": (0, 0.05),
        r"SequenceTranslator .* lines right: (\S+)": (0.8, 1),
    },
    "names": {
        r"Bayes' rule +accuracy (\S+)": (0.6, 0.9),  # most frequent language: 0.52
        r"RNNClassifier +accuracy (\S+)": (0.6, 0.9),
    },
    "melodies": {
        r"SequenceGenerator +(\S+) bits": (2.2, 2.6),
        r"pairs, by genre +(\S+) bits": (2.8, 3),
        r"least possible +(\S+) bits": (1.75, 1.85),
    },
    "pronunciations": {
        r"most similar word +phones wrong: (\S+)": (0.58, 0.62),
        r"SequenceTranslator +phones wrong: (\S+)": (0.16, 0.24),
    },
    "program_text": {
        r"RNNLanguageModel +(\S+) bits": (2, 3.2),
        r"counts +(\S+) bits": (2, 3.5),
    },
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
    "early_stopping": {
        r"all epochs +(\S+)": (0.68, 0.8),
        r"all epochs +\S+ +(\S+)": (1.2, 2),  # log loss of what was learnt by heart
        r"with dropout +\S+ +(\S+)": (0.75, 1),
    },
    "entities": {
        r"the usual tag +F1 (\S+)": (0.3, 0.5),
        r"softmax +F1 (\S+)": (0.75, 0.93),
        r"crf +F1 (\S+)": (0.8, 0.95),
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
    "live_stream": {
        r"logistic regression +accuracy (\S+)": (0.72, 0.84),
        r"SequenceTagger +accuracy (\S+)": (0.86, 0.97),
    },
    "many_series": {r"RNNRegressor +(\S+)": (0.1, 0.14)},  # noise alone: 0.1
    "one_hot_or_embedding": {
        r"letters embedding: .* accuracy (\S+),": (0.6, 0.8),
        r"pairs +embedding: +(\d+) parameters": (15_000, 30_000),
        r"pairs +one-hot *: +(\d+) parameters": (100_000, 200_000),
        r"pairs +one-hot *: .* accuracy (\S+),": (0.6, 0.8),  # the most frequent language: 0.52
    },
    "pos_tagging": {
        r"a noun if new: (\S+)": (0.5, 1),  # on the sentences of --data, all are known
        r"token accuracy (\S+), .*token_features=\[": (0.98, 1),
    },
    "quantiles": {
        r"RNNRegressor +(\S+)": (0.77, 0.83),  # 80 % are to be inside
        r"RNNRegressor +\S+ +\S+ +(\S+)": (0.15, 0.158),  # best possible: 0.1535
    },
    "rare_classes": {
        r"as usual +(\S+)": (0.4, 0.75),
        r"balanced weights +(\S+)": (0.76, 0.95),
        r"as usual +\S+ +\S+ +\S+ +(\S+)": (0.09, 0.13),  # log loss; best possible: 0.083
        r"balanced weights +\S+ +\S+ +\S+ +(\S+)": (0.14, 0.3),
    },
    "smoothing": {
        r"Kalman filter +(\S+)": (0.445, 0.455),
        r"SequenceRegressor +(\S+)": (0.44, 0.465),
        r"both directions +(\S+)": (0.355, 0.38),  # Kalman smoother: 0.357
        r"gross[^$]*SequenceRegressor +(\S+)": (0.45, 0.54),  # Kalman filter: 0.616
    },
    "slots_and_intent": {r"slot F1 (\S+),": (0.95, 1), r"intent accuracy (\S+)": (0.95, 1)},
    "sentiment": {r"recurrent network: accuracy (\S+)": (0.95, 1)},
    "speech_frames": {
        r"eleven frames +accuracy (\S+)": (0.72, 0.8),
        r"SequenceTagger +accuracy (\S+)": (0.84, 0.93),
    },
    "states_as_features": {
        r"counts of letters .* accuracy (\S+)": (0.745, 0.745),
        r"states .* accuracy (\S+)": (0.71, 0.8),
    },
    "tagging_search": {r"test F1 of the best: (\S+)": (0.95, 1)},
    "vanishing_gradient": {
        r"rnn: R2 (\S+),": (-0.1, 0.1),
        r"rnn: .* gradient (\S+)": (0, 2e-3),
        r"lstm: R2 (\S+),": (0.9, 1),
        r"lstm: .* gradient (\S+)": (1e-2, 1),
    },
    "video_frames": {
        r"random forest +accuracy (\S+)": (0.4, 0.7),
        r"RNNClassifier +accuracy (\S+)": (0.95, 1),
    },
    "which_letters": {
        r"largest share: +(\S+)": (0.18, 0.4),
        r"any letter: +(\S+)": (0.02, 0.14),
        r"least share: +(\S+)": (-0.1, 0.03),
    },
    "windows": {
        r"logistic regression +accuracy (\S+)": (0.78, 0.88),
        r"RNNClassifier +accuracy (\S+)": (0.91, 0.98),
    },
    "word_vectors": {
        r"counts of words +accuracy (\S+)": (0.45, 0.62),
        r"vectors given +accuracy (\S+)": (0.9, 1),
    },
}

# Name: arguments for a short form.
ARGUMENTS = {
    "dates": ["--pairs", 2000],
    "digit_lines": ["--lines", 600],
    "digits_four_directions": ["--short"],
    "first_look": ["--short", "first_look.png"],
    "names": ["--names", 1500],
    "program_text": ["--characters", 50_000, "--epochs", 6],
}

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
    pyplot.switch_backend("agg")
    monkeypatch.setattr(pyplot, "show", lambda: None)  # without a screen it would warn

    def run(name, *arguments):
        path = EXAMPLES[name]
        monkeypatch.syspath_prepend(path.parent)
        monkeypatch.setattr(sys, "argv", [path.name, *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    yield run
    pyplot.close("all")


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_reaches_its_scores(name, run):
    arguments = list(map(str, ARGUMENTS.get(name, [])))
    printed = run(name, *arguments)
    assert all(Path(a).stat().st_size for a in arguments if a.endswith(".png"))
    assert SCORES[name]
    check_scores(name, printed)
    assert pyplot.get_fignums(), "no picture"


@pytest.mark.parametrize("name", sorted(FILES))
def test_example_reads_data(name, run, tmp_path):
    write_data(tmp_path, FILES[name])
    check_scores(name, run(name, "--data", tmp_path))


def test_search_loads_the_model_that_it_stored(run, tmp_path):
    write_data(tmp_path, FILES["slots_and_intent"])
    printed = run("tagging_search", "--data", tmp_path)
    assert "loaded again, it predicts the same" in printed
    check_scores("tagging_search", printed)
