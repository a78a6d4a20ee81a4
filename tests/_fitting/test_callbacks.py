"""scikit-learn's callbacks: told of every epoch, able to stop, in pipelines and in searches."""

import numpy as np
import pytest
from estimators import equal_sequences, every_case, sequences
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

pytest.importorskip("sklearn.callback", reason="callbacks came with scikit-learn 1.9")

from sklearn.callback import ProgressBar, ScoringMonitor  # noqa: E402

pytestmark = pytest.mark.slow  # all of it together

brief = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = sequences(30)
X_VAL = sequences(20, seed=1)


class Recorder:
    """Keep all that a fit tells, and ask it to stop after so many epochs."""

    def __init__(self, stop_after=np.inf):
        self.stop_after = stop_after
        self.begun, self.ended, self.copies, self.told = [], [], [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(
        self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None
    ):
        self.ended.append(context.task_name)
        self.copies.append(fitted_estimator)
        self.told.append((X, y, metadata))
        return context.task_name == "epoch" and self.ended.count("epoch") >= self.stop_after


def monitor_of(scoring):
    """A ScoringMonitor; it takes single callables only if scikit-learn has made them."""
    return ScoringMonitor(scoring=scoring if isinstance(scoring, str) else {"score": scoring})


def scores(monitor, scoring):
    """Scores of the epochs of a ScoringMonitor's last run."""
    name = scoring if isinstance(scoring, str) else "score"
    return [row[name] for row in monitor.get_logs().data if row["task_name"] == "epoch"]


@brief
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@every_case
def test_every_epoch_is_told_with_the_model_as_it_is_then(case, solver):
    recorder, y, weight = Recorder(), case.target(X), np.ones(len(X))
    model = case.make(solver=solver, max_iter=4).set_callbacks(recorder)
    model.fit(X, y, sample_weight=weight)
    assert recorder.begun == ["fit"] + ["epoch"] * 4
    assert recorder.ended == ["epoch"] * 4 + ["fit"]
    for n_epochs, copy in enumerate(recorder.copies[:4], 1):
        expected = case.make(solver=solver, max_iter=n_epochs).fit(X, y)
        assert_array_equal(case.outputs(copy, X), case.outputs(expected, X))
    for told_X, told_y, metadata in recorder.told:
        assert told_X is X and told_y is y and metadata["sample_weight"] is weight


@brief
@every_case
def test_callbacks_change_no_bit(case):
    plain = case.make().fit(X, case.target(X))
    watched = case.make().set_callbacks(Recorder()).fit(X, case.target(X))
    assert watched.loss_curve_ == plain.loss_curve_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@every_case
def test_a_callback_stops_training_without_a_warning(case, solver):
    model = case.make(solver=solver, max_iter=50).set_callbacks(Recorder(stop_after=3))
    assert model.fit(X, case.target(X)).n_iter_ == 3
    assert len(model.loss_curve_) == 3


@every_case
def test_an_adaptive_rate_does_not_overrule_a_callback(case):
    model = case.make(learning_rate="adaptive", max_iter=50).set_callbacks(Recorder(stop_after=3))
    assert model.fit(X, case.target(X)).n_iter_ == 3


@every_case
def test_a_stopped_fit_keeps_the_best_weights(case):
    model = case.make(max_iter=50, learning_rate_init=1.0).set_callbacks(Recorder(stop_after=9))
    model.fit(X, case.target(X), X_val=X_VAL, y_val=case.target(X_VAL))
    best = max(model.validation_scores_)
    assert best > model.validation_scores_[-1]
    assert_allclose(model.score(X_VAL, case.target(X_VAL)), best, rtol=1e-12)


@brief
@every_case
def test_partial_fit_is_one_epoch(case):
    recorder = Recorder()
    model = case.make().set_callbacks(recorder)
    for _ in range(2):
        case.partial_fit(model, X, case.target(X))
    assert recorder.ended == ["epoch", "fit"] * 2


@brief
@every_case
def test_scoring_monitor_scores_every_epoch(case):
    monitor, y = monitor_of(case.scoring), case.target(X)
    model = case.make(max_iter=4).set_callbacks(monitor).fit(X, y)
    expected = [case.make(max_iter=n).fit(X, y).score(X, y) for n in (1, 2, 3, 4)]
    assert_allclose(scores(monitor, case.scoring), expected)
    assert scores(monitor, case.scoring)[-1] == model.score(X, y)


@brief
@every_case
def test_scoring_monitor_in_a_pipeline(case):
    monitor, y = monitor_of(case.scoring), case.target(X)
    model = case.make().set_callbacks(monitor)
    make_pipeline("passthrough", model).fit(X, y)
    expected = [case.make(max_iter=n).fit(X, y).score(X, y) for n in (1, 2, 3)]
    assert_allclose(scores(monitor, case.scoring), expected)


@brief
@pytest.mark.parametrize("n_jobs", [None, 2])
@every_case
def test_scoring_monitor_in_a_search(case, n_jobs):
    X = np.stack(equal_sequences(30))
    monitor, y = monitor_of(case.scoring), case.target(X)
    model = case.make().set_callbacks(monitor)
    cv = list(KFold(2).split(X))
    search = GridSearchCV(model, {"hidden_size": [2, 3]}, cv=cv, n_jobs=n_jobs).fit(X, y)
    fits = [(size, train) for size in (2, 3) for train, _ in cv]
    fits.append((search.best_params_["hidden_size"], np.arange(30)))
    expected = [
        case.make(hidden_size=size, max_iter=n).fit(X[rows], y[rows]).score(X[rows], y[rows])
        for size, rows in fits
        for n in (1, 2, 3)
    ]
    assert_allclose(sorted(scores(monitor, case.scoring)), sorted(expected))


@brief
@every_case
def test_progress_bar_counts_the_epochs(case, capsys):
    pytest.importorskip("rich")
    case.make().set_callbacks(ProgressBar()).fit(X, case.target(X))
    shown = capsys.readouterr().out
    assert f"{case} - fit" in shown and "100%" in shown


class Failing(Recorder):
    """Fail instead of stopping."""

    def on_fit_task_end(self, estimator, context, **told):
        if super().on_fit_task_end(estimator, context, **told):
            raise RuntimeError("enough")


@pytest.mark.parametrize("n_epochs", [1, 3])
@every_case
def test_progress_bar_stands_at_the_share_of_the_epochs(case, n_epochs, capsys):
    pytest.importorskip("rich")
    model = case.make(max_iter=4).set_callbacks(ProgressBar(), Failing(stop_after=n_epochs))
    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X, case.target(X))
    assert f"{25 * n_epochs}%" in capsys.readouterr().out


@every_case
def test_callbacks_leave_the_warning_of_the_last_epoch(case):
    with pytest.warns(ConvergenceWarning):
        case.make().set_callbacks(Recorder()).fit(X, case.target(X))
