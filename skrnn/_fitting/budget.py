"""How many sequences a mini-batch has, and how many epochs a training, if the user does not say.

The sets of ``benchmarks/README.md`` have decided the numbers: small sets need small batches to
get enough updates out of their epochs, and on large sets ten epochs score as well as a hundred.
"""

import numpy as np

SMALLEST_BATCH, USUAL_BATCH, LARGEST_BATCH = 8, 32, 256
FEWEST_EPOCHS, MOST_EPOCHS = 10, 100
UPDATES = 1000  # of a training whose number of epochs is between these bounds


def auto_batch_size(n_sequences):
    """A tenth of the set, from 8 to 32; beyond 32,000 sequences a thousandth of it, up to 256.

    A set of at most 32 is one batch, so that weights and repetitions of its sequences have the same
    result.
    """
    if n_sequences <= USUAL_BATCH:
        return n_sequences
    largest = np.clip(n_sequences // 1000, USUAL_BATCH, LARGEST_BATCH)
    return int(np.clip(n_sequences // 10, SMALLEST_BATCH, largest))


def auto_epochs(n_batches):
    """So many epochs of so many batches that about a thousand updates are made, from 10 to 100."""
    return int(np.clip(round(UPDATES / n_batches), FEWEST_EPOCHS, MOST_EPOCHS))
