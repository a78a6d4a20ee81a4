"""Vectors for integer columns of the input."""

import numpy as np
from scipy.sparse import csr_array


class Embedding:
    """Vectors for the integer columns, beside the numeric columns as they are.

    Parameters
    ----------
    n_features : int
        Columns of the input.
    tables : dict of int -> (int, int)
        Column -> number of categories and size of their vectors. Parameter
        ``embedding_{column}.weight`` has that shape.
    frozen : sequence of int
        Columns whose vectors receive no gradient.
    prefix : str
        Stands before the names of the parameters.

    Attributes
    ----------
    numeric : list of int
        Columns of the input that come first in the outputs.
    slices : dict of int -> slice
        Columns of the outputs that hold the vectors of an embedded column.
    width : int
        Columns of the outputs.
    """

    def __init__(self, n_features, tables, frozen=(), prefix=""):
        self.tables, self.frozen = dict(tables), frozenset(frozen)
        self.names = {column: f"{prefix}embedding_{column}.weight" for column in self.tables}
        self.numeric = [column for column in range(n_features) if column not in self.tables]
        self.slices, self.width = {}, len(self.numeric)
        for column, (_, size) in self.tables.items():
            self.slices[column] = slice(self.width, self.width + size)
            self.width += size

    @property
    def shapes(self):
        return {self.names[column]: shape for column, shape in self.tables.items()}

    def initialise(self, views, rng):
        """Draw the vectors into a dict of views."""
        for name, shape in self.shapes.items():
            views[name][...] = rng.standard_normal(shape) / np.sqrt(shape[1])

    def replace_with_unknown(self, x, rate, rng):
        """Overwrite a share of the ids in x with 0, the id of what is unknown."""
        for column in self.tables:
            x[rng.random(len(x)) < rate, column] = 0

    def renumber(self, xs):
        """Number the ids that occur in the inputs `xs` from 0 on.

        Returns copies of the inputs with the new ids, and the old ids in the order of the new, as
        a dict by parameter.
        """
        xs, touched = [x.copy() for x in xs], {}
        cuts = np.cumsum([len(x) for x in xs])[:-1]
        for column, name in self.names.items():
            ids = np.concatenate([x[:, column] for x in xs]).astype(np.intp)
            touched[name], ids = np.unique(ids, return_inverse=True)
            for x, new in zip(xs, np.split(ids, cuts), strict=True):
                x[:, column] = new
        return xs, touched

    def by_column(self, values):
        """Sum values (n_rows, width) of what `forward` returns to the columns of its input."""
        result = np.empty((len(values), len(self.numeric) + len(self.tables)), values.dtype)
        result[:, self.numeric] = values[:, : len(self.numeric)]
        for column, where in self.slices.items():
            result[:, column] = values[:, where].sum(axis=1)
        return result

    def forward(self, params, x):
        """x (n_rows, n_features) -> outputs (n_rows, width), backward(grads, doutputs)."""
        ids = {column: x[:, column].astype(np.intp) for column in self.tables}
        vectors = [params[self.names[column]][chosen] for column, chosen in ids.items()]
        # Tables decide the dtype: an input of ids alone may be one of integers.
        dtype = vectors[0].dtype if vectors else x.dtype
        if self.numeric:
            vectors.insert(0, x[:, self.numeric].astype(dtype, copy=False))

        def backward(grads, doutputs):
            for column, chosen in ids.items():
                if column not in self.frozen:
                    add_at(grads[self.names[column]], chosen, doutputs[:, self.slices[column]])

        return np.hstack(vectors) if len(vectors) > 1 else vectors[0], backward


def add_at(table, ids, values):
    """``np.add.at(table, ids, values)``, as one sparse product."""
    # NumPy's own adds number by number; a product with a matrix of ones adds whole vectors.
    ones, shape = np.ones(len(ids), values.dtype), (len(table), len(ids))
    table += csr_array((ones, (ids, np.arange(len(ids)))), shape) @ values
