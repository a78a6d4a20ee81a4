"""What public functions are given: an error of ours for what is wrong, and the same for the same.

The fuzzer tries a fixed sample. `FUZZ_EXAMPLES=20000 python -m pytest tests/test_fuzz.py` tries as
many as that at random, and every wrong value in every place.
"""

import linecache
import os
import traceback
import warnings
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sklearn
from entry_points import COUNTS, DATA, WITHOUT_DATA, entries, public_calls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from other_forms import forms
from wrong_values import containers, plain, spoilt

import skrnn
from skrnn import SequenceArray

HOMES = tuple(str(Path(package.__file__).parent) for package in (skrnn, sklearn))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 0))


def sample(n_examples):
    """Settings of hypothesis: so many examples, the same at each run, or those asked for."""
    return settings(
        max_examples=EXAMPLES or n_examples,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_every_public_name_takes_part():
    known = {name.split(" (")[0] for name in entries()}
    missing = [
        name
        for name in public_calls()
        if name not in known and not any(fnmatch(name, pattern) for pattern in WITHOUT_DATA)
    ]
    assert not missing, "add them to the entries in tests/entry_points.py"


def carry_out(call, arguments):
    """Return what a call returns and the error that it raises, one of them None.

    Warnings for users pass, and those of Python and NumPy are errors.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", np.exceptions.VisibleDeprecationWarning)
        try:
            return call(**arguments), None
        except Exception as error:
            return None, error


def is_of_ours(error):
    """Whether an error is of a kind that is promised, and raised on purpose: not by a built-in."""
    frame, line = list(traceback.walk_tb(error.__traceback__))[-1]
    file = frame.f_code.co_filename
    on_purpose = linecache.getline(file, line).lstrip().startswith("raise ")
    return isinstance(error, ValueError | TypeError) and file.startswith(HOMES) and on_purpose


def content(value):
    """Return what a value holds, in a form that can be compared."""
    for method in ("toarray", "to_numpy", "to_list"):
        if hasattr(value, method) and not isinstance(value, type):
            value = getattr(value, method)()
    if isinstance(value, np.ma.MaskedArray):
        return content(value.data), content(value.mask)
    if isinstance(value, np.ndarray):
        return repr(value.dtype), value.shape, repr(value.tolist())
    if isinstance(value, dict):
        return {name: content(part) for name, part in value.items()}
    return list(map(content, value)) if isinstance(value, list | tuple) else repr(value)


def wrong_values(name, argument):
    """Return values, by name, that are wrong for an argument or at least hardly right."""
    found = plain() | spoilt(entries()[name].good[argument])
    if argument in COUNTS:
        del found["huge int"]
    if argument == "scoring":
        del found["function"], found["class"]  # what a user's function raises is not ours
    return found | (containers() if argument in DATA else {})


@cache
def ways(name, argument):
    """Return the names of wrong values."""
    return sorted(wrong_values(name, argument))


def fault(name, wrong):
    """Call an entry with wrong values, named by argument, and return what is not as promised."""
    entry = entries()[name]
    bad = {argument: wrong_values(name, argument)[how] for argument, how in wrong.items()}
    arguments = entry.good | bad
    before = content(arguments)
    _, error = carry_out(entry.call, arguments)
    if content(arguments) != before:
        return "an argument was written to"
    return None if error is None or is_of_ours(error) else error


def test_what_is_right_is_taken():
    errors = {name: carry_out(entry.call, entry.good)[1] for name, entry in entries().items()}
    assert not {name: error for name, error in errors.items() if error is not None}


@pytest.mark.slow
@sample(400)
@given(st.data())
def test_what_is_wrong_raises_an_error_of_ours_and_nothing_is_written_to(data):
    name = data.draw(st.sampled_from([name for name, entry in entries().items() if entry.good]))
    names = sorted(entries()[name].good)
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    wrong = {argument: data.draw(st.sampled_from(ways(name, argument))) for argument in chosen}
    found = fault(name, wrong)
    assert found is None, (name, wrong)


@pytest.mark.skipif(not EXAMPLES, reason="set FUZZ_EXAMPLES: takes some minutes")
def test_every_wrong_value_in_every_place():
    faults = {
        (name, argument, how): found
        for name, entry in entries().items()
        for argument in entry.good
        for how in wrong_values(name, argument)
        if (found := fault(name, {argument: how})) is not None
    }
    assert not faults


def flat(result):
    """Return all that a result holds in a list, whatever holds it."""
    if isinstance(result, dict):
        result = list(result.values())
    if hasattr(result, "to_numpy"):
        result = result.to_numpy()
    is_nested = isinstance(result, np.ndarray) and result.dtype.kind == "O"
    if is_nested or isinstance(result, list | tuple | SequenceArray):
        return [value for item in list(result) for value in flat(item)]
    return np.ravel(result).tolist()


@cache
def expected(name):
    """Return all that an entry makes of its good values."""
    entry = entries()[name]
    return flat(carry_out(entry.call, entry.good)[0])


def difference(name, argument, form):
    """Say what an entry makes of another form, if it is neither the same nor an error of ours."""
    entry = entries()[name]
    other = forms(entry.good[argument])[form]
    found, error = carry_out(entry.call, entry.good | {argument: other})
    if error is not None:
        return None if is_of_ours(error) else error
    return None if flat(found) == expected(name) else f"{found} instead of {expected(name)}"


@cache
def several_forms():
    """The other forms of good values: the entry, the argument and the form."""
    return [
        (name, argument, form)
        for name, entry in entries().items()
        for argument, good in entry.good.items()
        for form in sorted(forms(good))
    ]


@pytest.mark.slow
@sample(250)
@given(st.data())
def test_equal_data_in_other_forms_give_equal_results(data):
    name, argument, form = data.draw(st.sampled_from(several_forms()))
    assert difference(name, argument, form) is None, form


@pytest.mark.skipif(not EXAMPLES, reason="set FUZZ_EXAMPLES: takes some minutes")
def test_every_form_in_every_place():
    faults = {form: found for form in several_forms() if (found := difference(*form)) is not None}
    assert not faults
