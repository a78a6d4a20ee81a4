"""The learning rate as a function of training progress."""

import math

WARM_UP = 0.1  # share of the training that 'one_cycle' climbs
START = 1 / 25  # where 'one_cycle' starts, as a share of learning_rate_init; torch's div_factor
SHRINK = 5.0  # divisor of 'adaptive'
SMALLEST = 1e-6  # a rate at or below which 'adaptive' gives up


class Schedule:
    """A named learning rate schedule.

    With ``p = min(epoch_progress / n_epochs, 1)``:

    =============  =================================================================
    'constant'     learning_rate_init
    'invscaling'   learning_rate_init / (samples_seen + 1)**power_t
    'adaptive'     learning_rate_init, divided by 5 at every `plateau`
    'cosine'       learning_rate_init (1 + cos(pi p)) / 2
    'one_cycle'    from learning_rate_init / 25 linearly up to learning_rate_init at
                   p = 0.1, then half a cosine down to zero at p = 1
    =============  =================================================================

    The first three have the meaning they have in scikit-learn's ``MLPClassifier``.

    References
    ----------
    Loshchilov & Hutter (2017). SGDR: stochastic gradient descent with warm restarts. ICLR.
    Smith & Topin (2019). Super-convergence: very fast training of neural networks using large
    learning rates. SPIE.
    """

    def __init__(
        self, name: str, learning_rate_init: float, n_epochs: int = 200, power_t: float = 0.5
    ):
        self.name = name
        self.learning_rate = float(learning_rate_init)
        self.n_epochs = n_epochs
        self.power_t = float(power_t)

    def rate(self, epoch_progress: float, samples_seen: int = 0) -> float:
        """Return the rate for the next step.

        ``epoch_progress`` counts epochs, with the fraction of the current one that is done (the
        first step of all has 0); ``samples_seen`` counts samples up to the start of this epoch.
        """
        progress = min(epoch_progress / self.n_epochs, 1.0)
        match self.name:
            case "constant" | "adaptive":
                return self.learning_rate
            case "invscaling":
                return self.learning_rate / (samples_seen + 1) ** self.power_t
            case "cosine":
                return self.learning_rate * _cosine(progress)
            case "one_cycle":
                return self.learning_rate * _one_cycle(progress)
        raise ValueError(f"Unknown learning rate schedule {self.name!r}.")

    def plateau(self) -> bool:
        """Answer a loss that has stopped improving: return True if training should end.

        'adaptive' lowers its rate and goes on until the rate is 1e-6 or less; every other
        schedule ends.
        """
        if self.name != "adaptive" or self.learning_rate <= SMALLEST:
            return True
        self.learning_rate /= SHRINK
        return False


def _cosine(progress):
    return (1.0 + math.cos(math.pi * progress)) / 2.0


def _one_cycle(progress):
    if progress < WARM_UP:
        return START + (1.0 - START) * progress / WARM_UP
    return _cosine((progress - WARM_UP) / (1.0 - WARM_UP))
