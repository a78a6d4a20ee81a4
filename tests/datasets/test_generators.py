"""What all generators share."""

import numpy as np
import pytest

from skrnn import datasets

GENERATORS = [getattr(datasets, name) for name in datasets.__all__ if name.startswith("make_")]


def same(first, second):
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return np.array_equal(first, second)


@pytest.mark.parametrize("make", GENERATORS)
def test_a_seed_gives_the_same_sequences_again_and_another_gives_others(make):
    X, y = make(7, random_state=3)
    for again in (make(7, random_state=3), make(7, random_state=np.random.RandomState(3))):
        assert same(X, again[0]) and same(y, again[1])
    assert not same(X, make(7, random_state=4)[0])


@pytest.mark.parametrize("make", GENERATORS)
def test_the_bunch_has_the_same_sequences(make):
    X, y = make(7, random_state=3)
    bunch = make(7, random_state=3, return_X_y=False)
    assert same(X, bunch.X) and same(y, bunch.y)
    assert len(X) == len(y) == 7 and len(bunch) > 2


@pytest.mark.parametrize("make", GENERATORS)
@pytest.mark.parametrize("n_samples", [0, 1.5, "all"])
def test_the_number_of_sequences_is_checked(make, n_samples):
    with pytest.raises(ValueError, match=f"'n_samples' parameter of {make.__name__}"):
        make(n_samples)
