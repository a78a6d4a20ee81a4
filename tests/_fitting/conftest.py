"""What the tests of training watch."""

import pytest

from skrnn._fitting.trainer import Trainer


@pytest.fixture
def epochs_done(monkeypatch):
    """A function that tells how many epochs the present training has done."""
    trainers, begin = [], Trainer.__init__

    def watched(self, *arguments, **options):
        begin(self, *arguments, **options)
        trainers.append(self)

    monkeypatch.setattr(Trainer, "__init__", watched)
    return lambda: trainers[-1].history.n_iter
