"""Categorical columns: which they are, and whether their values are ids."""

import numpy as np

from skrnn._data.checks import as_read, first_place
from skrnn._data.values import converted

MAX_CATEGORIES = 2**24  # larger ids are not exact in float32, and their table would fill memory

TOO_MANY = (
    "fit takes ids below {}: number the categories from 0, with TokenEncoder or OrdinalEncoder."
)
UNSEEN = (
    "fit saw ids below {} only: map unseen categories to an id that was seen, as TokenEncoder does "
    "with the unknown token, or make numbers of them by OneHotEncoder(handle_unknown='ignore')."
)


def categorical_columns(categorical_features, source, names):
    """Return the sorted columns that `categorical_features` selects."""
    if categorical_features is None:
        return []
    if isinstance(categorical_features, str) and categorical_features == "auto":
        return list(range(source.n_features)) if source.are_ids else []
    chosen = converted(categorical_features, "categorical_features")
    columns = _chosen_columns(chosen, source.n_features, names) if chosen.ndim == 1 else None
    if columns is None:
        raise ValueError(
            "categorical_features must be 'auto', None, a list of column indices from 0 to "
            f"{source.n_features - 1}, a boolean mask of length {source.n_features}, or a list of "
            "names out of "
            f"{'none (steps of this X have no feature names)' if names is None else list(names)}; "
            f"got {categorical_features!r}."
        )
    return columns


def _chosen_columns(chosen, n_features, names):
    """Return the columns that a mask, a list of indices or one of names chooses, or None."""
    kind = chosen.dtype.kind if chosen.size else "i"
    if kind == "b" and len(chosen) == n_features:
        return np.flatnonzero(chosen).tolist()
    if kind in "iu" and not np.setdiff1d(chosen, np.arange(n_features)).size:
        return np.unique(chosen).astype(np.intp).tolist()
    if kind in "UTO" and names is not None and np.isin(chosen, names).all():
        return sorted(list(names).index(name) for name in set(chosen))
    return None


def check_same_categories(found, known, owner):
    """Raise if the ids of a column, where both sides name them, stand for different things."""
    for column, (ours, theirs) in enumerate(zip(found or (), known or (), strict=False)):
        if ours is theirs or (len(ours) == len(theirs) and (ours == theirs).all()):
            continue
        n = min(len(ours), len(theirs))
        i = next((i for i in range(n) if ours[i] != theirs[i]), n)
        one, other = (repr(names[i]) if i < len(names) else "nothing" for names in (ours, theirs))
        raise ValueError(
            f"The ids in column {column} stand for other categories than those that {owner} "
            f"knows: id {i} is {one} here and {other} there. Encode with the same TokenEncoder."
        )


def count_categories(source, limits, reason):
    """Return {column: highest id + 1}; raise if an id is not a whole number in [0, limit)."""
    n_categories = dict.fromkeys(limits, 0)
    for block in source.blocks() if limits else ():
        for column, limit in limits.items():
            ids = block[:, column]
            highest = ids.max()
            if ids.min() < 0 or highest >= limit or not _are_whole(ids):
                raise _id_error(source, column, limit, reason)
            n_categories[column] = max(n_categories[column], int(highest) + 1)
    return n_categories


def _are_whole(ids):
    return ids.dtype.kind != "f" or (ids == np.floor(ids)).all()


def _id_error(source, column, limit, reason):
    def is_wrong(steps):
        ids = steps[:, [column]]
        return (ids < 0) | (ids >= limit) | (ids != np.floor(ids))

    i, step, _ = first_place(source, is_wrong)
    value = source[i][step, column]
    name = source.called(column)
    message = f"X[{i}] holds {value} at step {step} of the categorical column {name}"
    if value >= limit:
        return ValueError(f"{message}, but {reason.format(limit)} {as_read(source)}")
    return ValueError(
        f"{message}, but categories are non-negative integers: encode them with TokenEncoder or "
        f"OrdinalEncoder, or leave the column out of categorical_features. If they are numbers, "
        f"pass floats or categorical_features=None. {as_read(source)}"
    )
