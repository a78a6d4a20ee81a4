"""First vectors and sizes of the embedded columns, from the parameters that tell them."""

from numbers import Integral

from skrnn._data.values import as_floats, as_list, checked_array, is_integer
from skrnn._preprocessing.tokens import UNKNOWN
from skrnn._preprocessing.word_vectors import WordVectors


def initial_vectors(embedding_init, schema):
    """Dict of categorical column -> given first vectors, from the parameter's forms."""
    n_categories = schema.n_categories
    if embedding_init is None:
        return {}
    if not isinstance(embedding_init, dict):
        columns = list(n_categories)
        if isinstance(embedding_init, WordVectors) and schema.categories is not None:
            columns = columns[:1]  # Of what a TokenEncoder makes, the tokens' own ids come first.
        if len(columns) != 1:
            raise ValueError(
                f"embedding_init is one set of vectors, but X has {len(columns)} categorical "
                "columns: pass a dict of column -> vectors."
            )
        embedding_init = dict.fromkeys(columns, embedding_init)
    vectors = {}
    for column, init in embedding_init.items():
        if column not in n_categories:
            raise ValueError(
                f"embedding_init has vectors for column {column}, but the categorical columns of "
                f"X are {sorted(n_categories)}."
            )
        names = None if schema.categories is None else schema.categories[column]
        if isinstance(init, WordVectors):
            init = _aligned(init, names, column)
        init = checked_array(as_floats(init, "embedding_init"), "embedding_init")
        if len(init) < n_categories[column]:
            raise ValueError(
                f"embedding_init has {len(init)} rows for column {column}, whose ids reach "
                f"{n_categories[column] - 1}: give one row for each id."
            )
        if names is not None and len(init) != len(names):
            raise ValueError(
                f"embedding_init has {len(init)} rows for column {column}, but X has {len(names)} "
                "ids there, from that of unknown tokens on: the rows are those of other tokens. "
                "WordVectors, which load_word_vectors returns, align themselves."
            )
        vectors[column] = init
    return vectors


def _aligned(vectors, names, column):
    """Return the vectors of what the ids of a column stand for, (n_ids, size)."""
    if names is None:
        raise ValueError(
            f"embedding_init is {vectors!r} for column {column}, but X does not say which tokens "
            "its ids stand for: pass it as TokenEncoder returns it, in one Pipeline, or the array "
            "`vectors` of the WordVectors with one row for each id."
        )
    is_encoded = names[0] == UNKNOWN
    return vectors.align(names[is_encoded:]).vectors[not is_encoded :]


def embedding_tables(n_categories, embedding_dim, init):
    """(column, number of categories, size of their vectors) of each categorical column.

    'auto' grows the size slowly with the number of categories, from 2 to at most 100.
    """
    sizes, tables = sizes_of_vectors(embedding_dim, list(n_categories)), []
    for (column, n), size in zip(n_categories.items(), sizes, strict=True):
        if column in init:
            n, size = init[column].shape
        elif size == "auto":
            size = min(100, max(2, round(1.6 * n**0.56)))
        tables.append((column, int(n), int(size)))
    return tuple(tables)


def sizes_of_vectors(embedding_dim, columns):
    """Return the size, or 'auto', for each categorical column, from the parameter's forms."""
    if isinstance(embedding_dim, dict):
        for column in embedding_dim:
            if column not in columns:
                raise ValueError(
                    f"embedding_dim has a size for column {column!r}, but the categorical columns "
                    f"of X are {columns}."
                )
        sizes = [embedding_dim.get(column, "auto") for column in columns]
    elif isinstance(embedding_dim, (str, Integral)):
        sizes = [embedding_dim] * len(columns)
    else:
        sizes = as_list(embedding_dim, "embedding_dim")
    for size in sizes:
        is_size = is_integer(size) and 0 < size < 2**31
        if not (is_size or (isinstance(size, str) and size == "auto")):
            raise ValueError(
                f"embedding_dim lists {size!r}: give integers from 1 to 2**31 - 1, or 'auto'."
            )
    if len(sizes) != len(columns):
        raise ValueError(
            f"embedding_dim lists {len(sizes)} sizes, but X has {len(columns)} categorical "
            "columns: give one size for each, or one number for all."
        )
    return sizes
