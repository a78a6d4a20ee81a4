"""The steps of a Pipeline that do something."""


def working_steps(estimator):
    """Return names and steps of a Pipeline, but those that are switched off; [] of anything else.

    A search switches steps off, to find out whether they are of use.
    """
    steps = getattr(estimator, "steps", ())
    return [(name, step) for name, step in steps if step not in (None, "passthrough")]
