"""Make the files of ``data/`` anew from a folder with the sets as they were collected.

    python -m skrnn.datasets._fetch --data DIR [--out DIR]

For those who maintain the package. The same input gives the same bytes at any time: no file holds
a date, and nothing is drawn at random. `DIR` has ``fc_sunspots.npz`` and ``fc_airline.npz`` with
the parts of each series in order of time, and the folders ``txt_names`` and ``s2s_cmudict`` with
``train``, ``valid`` and ``test`` as gzipped, tab-separated text.
"""

import argparse
import gzip
import io
from pathlib import Path

import numpy as np

N_PRONUNCIATIONS = 10_000
PARTS = ("train", "valid", "test")


def compress(text):
    """Return `text` gzipped, with neither a name nor a time in the header."""
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def read_lines(path):
    """Return the lines of a gzipped text."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def series(path, column, decimals):
    """Return a series as comma-separated text, with one row for each time."""
    with np.load(path, allow_pickle=False) as parts:
        values = np.concatenate([parts[part] for part in PARTS]).ravel()
        times = np.datetime64(str(parts["start"])) + np.arange(len(values))
    rows = (f"{t},{value:.{decimals}f}" for t, value in zip(times, values, strict=True))
    return "\n".join([f"time,{column}", *rows, ""])


def surnames(folder, parts):
    """Return surnames and their languages, the language first in every line, as collected."""
    lines = (line for part in parts for line in read_lines(folder / f"{part}.tsv.gz"))
    return "\n".join([*lines, ""])


def pronunciations(folder):
    """Return the first of the shuffled words with their phones, the letters closed up."""
    lines = read_lines(folder / "train.tsv.gz")[:N_PRONUNCIATIONS]
    pairs = (line.split("\t") for line in lines)
    return "\n".join([*(f"{word.replace(' ', '')}\t{phones}" for word, phones in pairs), ""])


def files(folder):
    """Yield the name and the content of every file that is made from `folder`."""
    yield "sunspots.csv", series(folder / "fc_sunspots.npz", "sunspots", 1).encode()
    yield "airline.csv", series(folder / "fc_airline.npz", "passengers", 0).encode()
    names = folder / "txt_names"
    yield "surnames_train.tsv.gz", compress(surnames(names, ["train", "valid"]))
    yield "surnames_test.tsv.gz", compress(surnames(names, ["test"]))
    yield "pronunciations.tsv.gz", compress(pronunciations(folder / "s2s_cmudict"))


def main():
    """Write the files and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder to read")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, content in files(arguments.data):
        (arguments.out / name).write_bytes(content)
        print(f"{name:<24} {len(content):>7} bytes")


if __name__ == "__main__":
    main()
