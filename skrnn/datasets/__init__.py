"""Problems with a known answer, and small real sets whose licences let us ship them.

Functions ``make_*`` generate sequences, after scikit-learn's; where there is one, the best possible
prediction comes with them. Functions ``load_*`` read sets that come with the package.
"""

from skrnn.datasets._grammar import make_symbol_grammar
from skrnn.datasets._load import load_airline, load_pronunciations, load_sunspots, load_surnames
from skrnn.datasets._memory import make_adding_problem, make_copy_memory
from skrnn.datasets._signals import make_motif_sequences, make_sines

__all__ = [
    "load_airline",
    "load_pronunciations",
    "load_sunspots",
    "load_surnames",
    "make_adding_problem",
    "make_copy_memory",
    "make_motif_sequences",
    "make_sines",
    "make_symbol_grammar",
]
