"""First vectors and sizes of the embedded columns, from the parameters that tell them."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_array


def initial_vectors(embedding_init, n_categories):
    """Dict of categorical column -> given first vectors, from the parameter's forms."""
    if embedding_init is None:
        return {}
    if not isinstance(embedding_init, dict):
        if len(n_categories) != 1:
            raise ValueError(
                f"embedding_init is one array, but X has {len(n_categories)} categorical columns: "
                "pass a dict of column -> array."
            )
        embedding_init = dict.fromkeys(n_categories, embedding_init)
    vectors = {}
    for column, init in embedding_init.items():
        if column not in n_categories:
            raise ValueError(
                f"embedding_init has vectors for column {column}, but the categorical columns of "
                f"X are {sorted(n_categories)}."
            )
        init = check_array(init, dtype=[np.float64, np.float32], input_name="embedding_init")
        if len(init) < n_categories[column]:
            raise ValueError(
                f"embedding_init has {len(init)} rows for column {column}, whose ids reach "
                f"{n_categories[column] - 1}: give one row for each id."
            )
        vectors[column] = init
    return vectors


def embedding_tables(n_categories, embedding_dim, init):
    """(column, number of categories, size of their vectors) of each categorical column.

    'auto' grows the size slowly with the number of categories, from 2 to at most 100.
    """
    if isinstance(embedding_dim, (str, Integral)):
        embedding_dim = [embedding_dim] * len(n_categories)
    for size in embedding_dim:
        if not (size == "auto" or (isinstance(size, Integral) and size > 0)):
            raise ValueError(f"embedding_dim lists {size!r}: give positive integers or 'auto'.")
    if len(embedding_dim) != len(n_categories):
        raise ValueError(
            f"embedding_dim lists {len(embedding_dim)} sizes, but X has {len(n_categories)} "
            "categorical columns: give one size for each, or one number for all."
        )
    tables = []
    for (column, n), size in zip(n_categories.items(), embedding_dim, strict=True):
        if column in init:
            n, size = init[column].shape
        elif size == "auto":
            size = min(100, max(2, round(1.6 * n**0.56)))
        tables.append((column, int(n), int(size)))
    return tuple(tables)
