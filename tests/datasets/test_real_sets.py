"""Sets that come with the package: what they hold, their licences, their size."""

from importlib.resources import files

import numpy as np
import pytest

from skrnn import datasets
from skrnn.datasets import load_airline, load_pronunciations, load_sunspots, load_surnames

pd = pytest.importorskip("pandas")

LOADERS = {
    "airline": load_airline,
    "pronunciations": load_pronunciations,
    "sunspots": load_sunspots,
    "surnames": load_surnames,
}
LICENCES = {
    "airline": "Public domain",
    "pronunciations": "Copyright (C) 1993-2015 Carnegie Mellon University. All rights reserved.",
    "sunspots": "Public domain",
    "surnames": "Copyright (c) 2017 Sean Robertson",
}
DATA = files("skrnn.datasets").joinpath("data")


def test_sunspots():
    sunspots = load_sunspots()
    assert sunspots.data.shape == (309, 1) and sunspots.data.dtype == np.float64
    assert (sunspots.time == np.arange("1700", "2009", dtype="datetime64[Y]")).all()
    by_year = dict(zip(sunspots.time.astype(int) + 1970, sunspots.target, strict=True))
    assert [by_year[year] for year in (1700, 1712, 1957, 2008)] == [5.0, 0.0, 190.2, 2.9]
    assert sunspots.target.min() == 0 and sunspots.target.max() == 190.2


def test_repeating_the_last_sunspots_has_the_error_that_the_description_names():
    bunch = load_sunspots()
    error = np.diff(bunch.target, prepend=0) ** 2
    year = bunch.time.astype(int) + 1970
    for first, last, score in ((1921, 1955, "0.416"), (1956, 1979, "0.940")):
        chosen = (year >= first) & (year <= last)
        assert f"{error[chosen].mean() / 1535:.3f}" == score and score in bunch.DESCR


def test_airline_passengers():
    bunch = load_airline()
    assert bunch.data.shape == (144, 1)
    assert bunch.time[0] == np.datetime64("1949-01") and bunch.time[-1] == np.datetime64("1960-12")
    assert bunch.target[[0, 1, 138, 143]].tolist() == [112, 118, 622, 432]
    error = bunch.target[96:] - bunch.target[84:-12]
    assert f"{np.sqrt(np.mean(error**2)):.2f}" == "41.85" and "41.85" in bunch.DESCR


@pytest.mark.parametrize("load", [load_sunspots, load_airline])
def test_series_are_a_column_and_their_own_target(load):
    X, y = load(return_X_y=True)
    np.testing.assert_array_equal(X[:, 0], y)
    bunch = load(as_frame=True)
    assert bunch.frame is bunch.data and list(bunch.data.columns) == bunch.feature_names
    np.testing.assert_array_equal(bunch.data.to_numpy(), X)
    assert bunch.target.name == bunch.target_names[0]
    assert bunch.target.index.equals(bunch.data.index)
    assert (bunch.data.index.to_numpy() == bunch.time).all()
    assert bunch.data.index.inferred_type == "datetime64"


def test_surnames():
    names = load_surnames()
    assert len(names.data) == 18012 and names.target.shape == (18012,)
    assert names.target_names.shape == (18,) and list(names.target_names) == sorted(
        names.target_names
    )
    language = dict(zip(names.data, names.target_names[names.target], strict=True))
    assert language["Baimakoff"] == "Russian" and language["Eoghan"] == "Irish"
    assert sorted(np.bincount(names.target))[::17] == [71, 9340]
    assert {len(name) for name in names.data} == set(range(2, 21))


@pytest.mark.slow
def test_parts_of_the_surnames_make_up_all_and_share_none():
    (X, y), (X_train, y_train), (X_test, y_test) = (
        load_surnames(subset=subset, return_X_y=True) for subset in ("all", "train", "test")
    )
    assert (len(X_train), len(X_test)) == (16217, 1795)
    assert X == X_train + X_test and not set(X_train) & set(X_test)
    np.testing.assert_array_equal(y, np.concatenate([y_train, y_test]))
    assert (
        f"{100 * np.mean(y_test == np.bincount(y_train).argmax()):.1f} %" in load_surnames().DESCR
    )


def test_pronunciations():
    words = load_pronunciations()
    assert len(words.data) == len(words.target) == len(set(words.data)) == 10_000
    assert dict(zip(words.data, words.target, strict=True))["dioxide"] == "D AY AA K S AY D".split()
    assert words.target_names.shape == (39,)
    assert set(np.concatenate(words.target)) == set(words.target_names)
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words.data)
    assert words.data != sorted(words.data)


@pytest.mark.parametrize("load", [load_surnames, load_pronunciations])
def test_texts_come_as_frames_as_well(load):
    bunch, framed = load(), load(as_frame=True)
    assert framed.frame.shape == (len(bunch.data), 2) and bunch.frame is None
    assert list(framed.data.columns) == bunch.feature_names
    assert framed.data.iloc[:, 0].to_list() == bunch.data
    assert framed.target.to_list() == list(bunch.target)
    X, y = load(as_frame=True, return_X_y=True)
    assert X.equals(framed.data) and y.equals(framed.target)


@pytest.mark.parametrize("name", LOADERS)
def test_every_set_has_its_source_and_its_licence_beside_it(name):
    text = LOADERS[name]().DESCR
    assert text == DATA.joinpath(f"{name}.txt").read_text("utf-8")
    for heading in ("Source\n------\n", "Licence\n-------\n"):
        assert heading in text
    assert LICENCES[name] in text.split("Licence\n-------\n")[1]
    assert ("WITHOUT WARRANTY" in text) == (name == "surnames")
    assert ("REDISTRIBUTION" in text.upper()) == (name == "pronunciations")


def test_nothing_else_is_shipped_and_all_of_it_is_small():
    sizes = {path.name: len(path.read_bytes()) for path in DATA.iterdir()}
    assert {name.split(".")[0].split("_")[0] for name in sizes} == LOADERS.keys()
    assert sum(sizes.values()) < 400_000
    assert LOADERS.keys() == {n.removeprefix("load_") for n in datasets.__all__ if "load_" in n}


@pytest.mark.parametrize("load", LOADERS.values())
@pytest.mark.parametrize("parameter", ["return_X_y", "as_frame"])
def test_flags_are_checked(load, parameter):
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of {load.__name__}"):
        load(**{parameter: "yes"})


def test_unknown_subset_is_refused():
    with pytest.raises(ValueError, match="'subset' parameter of load_surnames"):
        load_surnames(subset="valid")
