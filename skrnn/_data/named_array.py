"""Arrays of windows that know the names of their features."""

import numpy as np


class NamedArray(np.ndarray):
    """An array (n, n_steps, n_features) with the names of its features.

    Sequences that are chosen from it keep the names; whatever else is made of it has none, and so
    none that are wrong.
    """

    feature_names = None

    def __getitem__(self, key):
        """Choose as an array does; with the names, if it is whole sequences that are chosen."""
        chosen = super().__getitem__(key)
        whole = not isinstance(key, tuple) or (len(key) == 2 and key[1] is Ellipsis)
        if whole and getattr(chosen, "shape", ())[1:] == self.shape[1:]:
            chosen.feature_names = self.feature_names
        return chosen

    def __repr__(self):
        return repr(np.asarray(self))


def with_names(values, names):
    """Return an array with the names of its features, or as it is if there are none."""
    if names is None:
        return values
    named = values.view(NamedArray)
    named.feature_names = np.array(names, dtype=object)
    return named
