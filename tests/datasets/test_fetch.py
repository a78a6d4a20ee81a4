"""The script that makes the files of the sets, on a small folder of the form that it reads."""

import gzip
import sys

import numpy as np
import pytest

from skrnn.datasets import _fetch, _load


@pytest.fixture
def folder(tmp_path):
    def write(name, text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(text.encode()))

    for set_, start in ("fc_sunspots", "1700"), ("fc_airline", "1949-11"):
        parts = {part: np.float32([[i + 0.1]]) for i, part in enumerate(("train", "valid", "test"))}
        np.savez(tmp_path / f"{set_}.npz", **parts, start=np.array(start))
    for i, part in enumerate(("train", "valid", "test")):
        write(f"txt_names/{part}.tsv.gz", f"Czech\tNový{i}\n")
        write(f"s2s_cmudict/{part}.tsv.gz", f"a t\tAE T\no{' o' * i}\tOW\n")
    return tmp_path


def test_files_hold_the_sets_in_their_order(folder):
    files = dict(_fetch.files(folder))
    assert files["sunspots.csv"] == b"time,sunspots\n1700,0.1\n1701,1.1\n1702,2.1\n"
    assert files["airline.csv"] == b"time,passengers\n1949-11,0\n1949-12,1\n1950-01,2\n"
    text = {name: gzip.decompress(files[name]).decode() for name in files if name.endswith("gz")}
    assert text["surnames_train.tsv.gz"] == "Czech\tNový0\nCzech\tNový1\n"
    assert text["surnames_test.tsv.gz"] == "Czech\tNový2\n"
    assert text["pronunciations.tsv.gz"] == "at\tAE T\no\tOW\n"


def test_the_same_sets_give_the_same_bytes_without_name_or_time(folder, monkeypatch):
    files = dict(_fetch.files(folder))
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert dict(_fetch.files(folder)) == files
    for name in files:
        if name.endswith(".gz"):
            assert files[name][3] == 0 and files[name][4:8] == bytes(4)  # no flags, no time


def test_the_script_writes_what_the_loaders_read(folder, monkeypatch, capsys):
    out = folder / "made"
    monkeypatch.setattr(sys, "argv", ["_fetch", "--data", str(folder), "--out", str(out)])
    _fetch.main()
    assert {path.name for path in out.iterdir()} == dict(_fetch.files(folder)).keys()
    assert "sunspots.csv" in capsys.readouterr().out


def test_the_files_that_are_shipped_are_as_the_script_writes_them():
    for name in ("surnames_train.tsv.gz", "surnames_test.tsv.gz", "pronunciations.tsv.gz"):
        shipped = _load.files(_load._MODULE).joinpath("data", name).read_bytes()
        assert shipped[3] == 0 and shipped[4:8] == bytes(4)
        made = _fetch.compress(_load._read(name))
        assert gzip.decompress(made) == gzip.decompress(shipped)
