import math
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skrnn._optim.schedules import Schedule


def test_constant():
    schedule = Schedule("constant", 0.02, n_epochs=10)
    assert [schedule.rate(p, 1000) for p in (0, 3.7, 10, 25)] == [0.02] * 4


def test_invscaling_is_mlps():
    schedule = Schedule("invscaling", 0.5, n_epochs=10, power_t=0.25)
    assert schedule.rate(0, 0) == 0.5  # the whole first epoch
    assert schedule.rate(2.5, 15) == 0.25
    assert schedule.rate(9.0, 255) == 0.125


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0, 1), (2, (2 + math.sqrt(2)) / 4), (8 / 3, 0.75), (4, 0.5), (6, (2 - math.sqrt(2)) / 4),
     (8, 0), (9, 0)],
)  # fmt: skip
def test_cosine(progress, factor):
    assert_allclose(Schedule("cosine", 0.3, n_epochs=8).rate(progress), 0.3 * factor, atol=1e-16)


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0, 0.04), (1, 0.52), (2, 1), (8, 0.75), (11, 0.5), (14, 0.25), (20, 0), (21, 0)],
)
def test_one_cycle(progress, factor):
    assert_allclose(
        Schedule("one_cycle", 0.3, n_epochs=20).rate(progress), 0.3 * factor, atol=1e-16
    )


@pytest.mark.slow
def test_cosine_per_step_is_torchs():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
    schedule = Schedule("cosine", 0.3, n_epochs=3)  # of 4 steps each
    for step in range(12):
        assert_allclose(schedule.rate(step / 4), optimizer.param_groups[0]["lr"], rtol=1e-12)
        optimizer.step()
        scheduler.step()


def test_adaptive_divides_by_five_until_it_is_too_small():
    schedule = Schedule("adaptive", 1e-4)
    rates, ends = [], []
    for _ in range(4):
        rates.append(schedule.rate(1.0, 10))
        ends.append(schedule.plateau())
    assert_allclose(rates, [1e-4, 2e-5, 4e-6, 8e-7], rtol=1e-15)
    assert ends == [False, False, False, True]
    assert schedule.rate(2.0) == rates[-1]


@pytest.mark.parametrize("name", ["constant", "invscaling", "cosine", "one_cycle"])
def test_every_other_schedule_ends_on_a_plateau(name):
    schedule = Schedule(name, 0.1)
    before = schedule.rate(1.0, 1)
    assert schedule.plateau()
    assert schedule.rate(1.0, 1) == before


@pytest.mark.parametrize("name", ["constant", "invscaling", "adaptive", "cosine", "one_cycle"])
def test_rate_is_a_python_float(name):
    # A NumPy scalar would turn float32 arithmetic into float64.
    assert type(Schedule(name, np.float32(0.1), 5, np.float64(0.5)).rate(1.0, 1)) is float


def test_a_pickled_schedule_keeps_its_lowered_rate():
    schedule = Schedule("adaptive", 1.0)
    schedule.plateau()
    assert pickle.loads(pickle.dumps(schedule)).rate(0.0) == 0.2


def test_unknown_name():
    with pytest.raises(ValueError, match="'cosin'"):
        Schedule("cosin", 0.1).rate(0.0)
