"""A network with its parameters: what predicts, streams, is inspected and exported."""

from functools import lru_cache

import numpy as np

from skrnn._config import backend_for, stepper_for, unroll_for
from skrnn._core.cells import CELLS, Elman
from skrnn._core.conditioned import Conditioned
from skrnn._core.encoder_decoder import EncoderDecoder
from skrnn._core.network import Network
from skrnn._core.packing import Packing
from skrnn._core.passes import Pass
from skrnn._core.pooling import POOLINGS
from skrnn._core.states import choose, join
from skrnn._data.values import as_floats, check_range
from skrnn._optim.batching import length_sorted_batches
from skrnn._targets.training_set import step_rows

# Packed rows of one batch at predict: they bound the memory, whatever the number of sequences.
PREDICT_ROWS = 8192
# Entries of an architecture that list embedded columns.
TABLES = {"tables", "condition_tables"}


@lru_cache
def build_network(architecture):
    """Network of an architecture, given as its (name, value) pairs."""
    options = dict(architecture)
    cell_type, activation = options.pop("cell_type"), options.pop("activation")
    cell = Elman(activation) if cell_type == "rnn" else CELLS[cell_type]()
    for name in TABLES & options.keys():
        options[name] = {column: (n, size) for column, n, size in options[name]}
    return kind_of(options)(cell=cell, **options)


def kind_of(architecture):
    """Return the class of networks for an architecture, by an option that it alone has."""
    if "attention" in architecture:
        return EncoderDecoder
    return Conditioned if "n_condition" in architecture else Network


class Model:
    """An architecture and its parameters, neither of which is changed any more.

    Parameters
    ----------
    architecture : dict
        Plain values by name: the arguments of `Network`, with the cell as ``cell_type`` and
        ``activation``, and the embedded columns as a tuple of (column, n_categories, size).
    theta : ndarray of shape (n_parameters,)
        The parameters, in the order of the network's layout.

    Attributes
    ----------
    network : Network
    params : dict of str -> ndarray
        Views of theta by name.
    """

    def __init__(self, architecture, theta):
        self.architecture, self.theta = architecture, theta
        self.network = build_network(tuple(architecture.items()))
        # They are kept, for to make them takes a third of the time of predicting one sequence.
        self.params = self.network.layout.views(theta)
        arranged = self.network.arrange(theta)
        self._arranged = Pass(for_backward=False, arranged=arranged, params=self.params)

    def __getstate__(self):
        return {"architecture": self.architecture, "theta": self.theta}

    def __setstate__(self, state):
        self.__init__(**state)

    @property
    def _how(self):
        """A pass by the backend that is chosen now, in the thread that asks."""
        unroll = unroll_for(self.network.stack.cell, self.theta.dtype)
        return self._arranged._replace(unroll=unroll) if unroll else self._arranged

    @property
    def backend(self):
        """Name of the backend that computes now."""
        return backend_for(self.network.stack.cell)

    @property
    def coefs(self):
        """Read-only views of the parameters, by the names that torch gives them."""
        views = self.network.layout.views(self.theta.view())
        for view in views.values():
            view.flags.writeable = False
        return views

    def outputs(self, data, states=None, *, parallel_map=map, decode=None):
        """Outputs of the head for some sequences, and the states after their last steps.

        data          SequenceData
        states        states before the first step, as they are returned; None for none
        parallel_map  ``map`` or its like over threads
        decode        ``decode(outputs, packing)`` is returned in place of the outputs, if given

        Returns outputs, whose first axis is the sequence, or the step of all sequences laid end to
        end, and a list of states, whose last axis is the sequence.
        """
        network, how = self.network, self._how

        def compute(part):
            packing = Packing(data.lengths[part])
            before, x = choose(states, part), data.take(part, packing)
            outputs, finals, _ = network.forward(self.theta, x, packing, before, how)
            return packing, decode(outputs, packing) if decode else outputs, finals

        parts, results, finals = self.parts(data), None, []
        computed = parallel_map(compute, parts)
        if len(data) == 1:  # which needs no order
            _, results, finals = next(iter(computed))
            return results, finals
        n_rows = int(data.lengths.sum()) if network.pool.per_step else len(data)
        for part, (packing, outputs, last) in zip(parts, computed, strict=True):
            if results is None:
                results = np.empty((n_rows, *outputs.shape[1:]), outputs.dtype)
            results[step_rows(data, part, packing) if network.pool.per_step else part] = outputs
            finals.append(last)
        return results, join(parts, finals, len(data))

    def features(self, data, pooling, *, parallel_map=map):
        """States of the last layer, pooled over each sequence by the pooling of that name.

        Returns (n_sequences, width) or, where pooling is None, the states of all steps laid end to
        end, (n_rows, width); the directions stand side by side.
        """
        stack, pool, how = self.network.stack, POOLINGS[pooling], self._how

        def compute(part):
            packing = Packing(data.lengths[part])
            outputs, finals, _ = stack.forward(
                self.params, data.take(part, packing), packing, None, how, pool.reads_steps
            )
            rows = step_rows(data, part, packing) if pool.per_step else part
            return rows, pool.forward(outputs, finals[-1], packing)[0]

        n_rows = int(data.lengths.sum()) if pool.per_step else len(data)
        result = np.empty((n_rows, stack.n_outputs), self.theta.dtype)
        for rows, features in parallel_map(compute, self.parts(data)):
            result[rows] = features
        return result

    def differentiate(self, x, packing, watch=None):
        """Outputs for packed rows, and ``backward(doutputs)`` for as often as it is wanted.

        It returns the gradient (n_rows, stack.width) by what the first layer reads, and tells
        `watch` that of the hidden states, as a `Pass` says.
        """
        # The loop of NumPy is the one that can be watched.
        how = self._arranged._replace(for_backward=True, watch=watch)
        outputs, _, backward = self.network.forward(self.theta, x, packing, None, how)
        return outputs, lambda doutputs: backward(doutputs, need_dx=True)[2]

    def each_layer(self, x, packing):
        """Yield each layer with the packed rows that it reads, and those that it puts out."""
        return self.network.stack.each_layer(self.params, x, packing, self._how)

    def embed(self, x):
        """Return the rows that the first layer reads: vectors in the place of ids."""
        embedding = self.network.stack.embedding
        return embedding.forward(self.params, x)[0] if embedding else x

    def on_vectors(self):
        """Return the model that reads what `embed` returns."""
        network = self.network
        if network.stack.embedding is None:
            return self
        options = {"n_features": network.stack.width, "tables": (), "frozen": (), "tied": False}
        coefs = {name: self.params[name] for name in network.layout.shapes}
        for name in network.stack.table_shapes:
            del coefs[name]
        # Where the head reads a table, that is a weight of its own now.
        weight = f"{network.stack.prefix}head.weight"
        coefs = {weight: self.params[network.head.weight]} | coefs
        architecture = {k: v for k, v in self.architecture.items() if k != "tied"} | options
        return Model.from_coefs(architecture, coefs, self.theta.dtype)

    @staticmethod
    def parts(data):
        """Cut the sequences into batches of bounded size, longest first."""
        if len(data) == 1:
            return [np.zeros(1, np.intp)]
        return list(length_sorted_batches(data.lengths, PREDICT_ROWS))

    def forward(self, x, packing, states=None):
        """Compute outputs, and the states after the last steps, for packed rows; see `Network`."""
        return self.network.forward(self.theta, x, packing, states, self._how)[:2]

    def advance(self, x, packing, states=None):
        """Compute the states after the last steps only, of a network without a pooling."""
        stack = self.network.stack
        return stack.forward(self.params, x, packing, states, self._how, return_steps=False)[1]

    def step(self, x, states=None):
        """Take one step of some sequences: x (n_sequences, n_features).

        Returns outputs (n_sequences, n_outputs) and the states after the step. It costs little more
        than the cells and the head do.
        """
        return self.network.step(self.params, self._arranged.arranged, x, states)

    def stepper(self, n_sequences):
        """Return a `Stepper`, which keeps the states of so many sequences."""
        stepper = stepper_for(self.network.stack.cell, self.theta.dtype)
        return stepper(self.network, self.params, self._arranged.arranged, n_sequences)

    def begin(self, x, packing):
        """Read sources, of an `EncoderDecoder`: its memory, and the states to begin with."""
        return self.network.begin(self.params, x, packing, self._how)

    def weights(self, x, packing):
        """Return the weights of the attention of an `EncoderDecoder`, for its `Pairs`."""
        return self.network.weights(self.params, x, packing, self._how)

    def initial_states(self, n_sequences):
        """States of so many sequences before their first step."""
        return self.network.initial_states(n_sequences, self.theta.dtype)

    def to_dict(self):
        """Return plain data: the architecture, and the parameters by name."""
        architecture = dict(self.architecture)
        for name in TABLES & architecture.keys():
            architecture[name] = [list(table) for table in architecture[name]]
        architecture["frozen"] = list(architecture["frozen"])
        return {
            "architecture": architecture,
            "coefs": {name: value.copy() for name, value in self.coefs.items()},
        }

    @classmethod
    def from_dict(cls, content):
        """Build the model that `to_dict` described."""
        architecture = dict(content["architecture"])
        for name in TABLES & architecture.keys():
            architecture[name] = tuple(tuple(table) for table in architecture[name])
        architecture["frozen"] = tuple(architecture["frozen"])
        return cls.from_coefs(architecture, content["coefs"])

    @classmethod
    def from_coefs(cls, architecture, coefs, dtype=None):
        """Build a model of parameters by name, whose names and shapes must be the network's."""
        layout = build_network(tuple(architecture.items())).layout
        shapes = {name: np.shape(value) for name, value in coefs.items()}
        if shapes != layout.shapes:
            raise ValueError(
                f"The parameters have the names and shapes {shapes}, but the network has "
                f"{layout.shapes}."
            )
        theta = np.empty(layout.size, dtype or np.result_type(*coefs.values()))
        for name, view in layout.views(theta).items():
            view[...] = coefs[name]
        return cls(architecture, theta)

    def with_coefs(self, coefs):
        """Return a model in which some parameters, by name, have other finite values."""
        if not isinstance(coefs, dict):
            raise TypeError(f"coefs must be a dict of arrays by name, got {type(coefs).__name__}.")
        old, dtype = self.coefs, self.theta.dtype
        new = {name: as_floats(value, f"coefs[{name!r}]") for name, value in coefs.items()}
        for name, value in new.items():
            shape = getattr(old.get(name), "shape", None)
            if shape != value.shape:
                raise ValueError(
                    f"coefs has {name!r} of shape {value.shape}, but the network has "
                    + (f"it with {shape}." if shape else f"only {list(old)}.")
                )
            check_range(value, f"coefs[{name!r}]", dtype)
        return self.from_coefs(self.architecture, {**old, **new}, dtype)
