"""Warnings of X from which a network can learn, but badly: numbers without scale, ids with gaps."""

import warnings

import numpy as np

# A cell sees sums of some inputs; where these are in the thousands, its gates are shut for good.
_LARGE = 1e3
# Below this, a table of vectors costs little, however few of them are used.
_MANY_CATEGORIES = 10_000
_SMALL_SHARE = 0.1


def warn_of_large_values(source, n_categories, owner):
    """Warn if the values of a numeric feature are large on average."""
    if all(block.max() < _LARGE and block.min() > -_LARGE for block in source.blocks()):
        return
    total, n_rows = np.zeros(source.n_features), 0
    for block in source.blocks():
        with np.errstate(over="ignore"):  # infinity is large, too
            total += np.abs(block, dtype=np.float64).sum(axis=0)
        n_rows += len(block)
    magnitude = total / n_rows
    magnitude[list(n_categories)] = 0
    column = int(magnitude.argmax())
    if magnitude[column] >= _LARGE:
        warnings.warn(
            f"The values of feature {source.called(column)} of X are about "
            f"{magnitude[column]:.2g} in magnitude, from which {owner} hardly learns: scale X, for "
            "example with make_pipeline(TimestepTransformer(StandardScaler()), model).",
            stacklevel=2,
        )


def warn_of_gaps(source, n_categories, owner):
    """Warn if only a few of very many ids occur: each has a vector, and most are never used."""
    for column, n in n_categories.items():
        if n < _MANY_CATEGORIES:
            continue
        occurs = np.zeros(n, bool)
        for block in source.blocks():
            occurs[block[:, column].astype(np.intp)] = True
        if occurs.mean() < _SMALL_SHARE:
            warnings.warn(
                f"The categorical column {source.called(column)} of X has ids up to {n - 1}, of "
                f"which {occurs.sum()} occur, but {owner} keeps a vector for every id: number the "
                "categories without gaps, with TokenEncoder or OrdinalEncoder.",
                stacklevel=2,
            )
