"""One training: settings, objective, loop and record; it never sees an estimator."""
