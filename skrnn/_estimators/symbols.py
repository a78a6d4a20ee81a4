"""What estimators that put out sequences of symbols share: likelihoods, and how to draw."""

from numbers import Integral, Real

import numpy as np

from skrnn._compat import Interval
from skrnn._core.search import Search
from skrnn._data.frames import readable
from skrnn._data.values import check_same_length
from skrnn._data.weights import weights_of_sequences
from skrnn._estimators.likelihoods import log_likelihood
from skrnn._estimators.parameters import draw_seed
from skrnn._threads import single_blas_thread, thread_map

# Symbols that are drawn at most where no `max_length` is given.
LONGEST_SAMPLE = 1000

SAMPLE_CONSTRAINTS = {
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "temperature": [Interval(Real, 0, None, closed="left")],
    "top_k": [Interval(Integral, 1, None, closed="left"), None],
    "top_p": [Interval(Real, 0, 1, closed="right"), None],
    "max_length": [Interval(Integral, 1, None, closed="left"), None],
    "random_state": ["random_state"],
}


class SymbolsMixin:
    """What estimators that put out sequences of symbols share."""

    _least_held_out = 1
    embedding_init = None  # vectors of symbols, whose numbers nobody knows before, are not given

    classes_: np.ndarray

    def _begin_embeddings(self, embedding, views):
        """Leave the vectors of symbols as they were drawn."""

    def _judge(self, held_out, parallel_map):
        score = self._target.score(held_out, self._likelihood_of(held_out, parallel_map))
        return score, -score  # the loss is the mean over symbols as well

    def _likelihood_of(self, held_out, parallel_map):
        return log_likelihood(self._model, held_out, parallel_map)

    def _log_likelihood(self, held_out):
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            return self._likelihood_of(held_out, parallel_map)

    def _share_of_equal(self, X, y, sample_weight):
        """Share of sequences that are predicted exactly."""
        self._check_fitted()
        predicted, y = self.predict(X), readable(y, "y")
        check_same_length(X=predicted, y=y)
        weight = weights_of_sequences(sample_weight, len(predicted))
        return float(np.average(self._target.are_equal(y, predicted), weights=weight))

    def _draw(self, step, states, start, max_length, random_state, **options):
        """Draw a sequence for each start and column of the states, as `Search` does.

        The other arguments are those of ``sample``. Returns the numbers of the symbols.
        """
        rng = np.random.default_rng(draw_seed(random_state))
        longest = max_length or min(self._target.longest, LONGEST_SAMPLE)
        search = Search(step, self._target.end)
        return [found.symbols for found in search.sample(states, start, longest, rng, **options)]
