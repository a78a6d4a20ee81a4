from functools import partial

import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.passes import Pass
from skrnn._core.stack import Stack

pytestmark = pytest.mark.usefixtures("backend")

D, H = 3, 2
TABLES = {0: (3, 2), 2: (4, 1)}  # columns 0 and 2 of the input hold ids, column 1 a number
LENGTHS = [4, 2, 1]


class Problem:
    """A stack with parameters, inputs, states, and gradients of all that comes out."""

    def __init__(self, stack, seed=0):
        rng = np.random.default_rng(seed)
        self.stack, self.packing = stack, Packing(LENGTHS)
        n_rows, n = self.packing.n_rows, self.packing.n_sequences
        shapes = {f"state{layer.index}": (*layer.state_shape, n) for layer in stack.layers}
        numbers = {"x": (n_rows, D if stack.embedding is None else 1)}
        self.layout = ParamLayout(stack.shapes | stack.table_shapes | shapes | numbers)
        self.point = rng.normal(size=self.layout.size) / 2
        self.ids = rng.integers(3, size=(n_rows, 2))
        self.doutputs = rng.normal(size=(n_rows, stack.n_outputs))
        self.dfinals = [rng.normal(size=shape) for shape in shapes.values()]

    def forward(self, point, seed=None, **options):
        views = self.layout.views(point)
        states = [view for name, view in views.items() if name.startswith("state")]
        x, rng = views["x"], None if seed is None else np.random.default_rng(seed)
        if self.stack.embedding:
            x = np.column_stack([self.ids[:, 0], x, self.ids[:, 1]])
        return self.stack.forward(views, x, self.packing, states, Pass(rng), **options)

    def value(self, point, seed=None, with_outputs=True):
        outputs, finals, _ = self.forward(point, seed)
        value = sum(map(np.vdot, finals, self.dfinals))
        return value + np.vdot(outputs, self.doutputs) if with_outputs else value

    def gradient(self, seed=None, **options):
        """Gradient by everything in the point; only the numbers of x are in it."""
        outputs, _, backward = self.forward(self.point, seed, **options)
        gradient = np.zeros_like(self.point)
        grads = self.layout.views(gradient)
        doutputs = None if outputs is None else self.doutputs
        dx, dstates = backward(grads, doutputs, self.dfinals, need_dx=True)
        grads["x"][...] = dx[:, : grads["x"].shape[1]]
        for layer, dstate in zip(self.stack.layers, dstates, strict=True):
            grads[f"state{layer.index}"][...] = dstate
        return gradient


def stack(cell="gru", n_layers=2, bidirectional=False, **options):
    return Stack(D, CELLS[cell], H, n_layers, bidirectional, **options)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("tables", [None, TABLES], ids=["numbers", "embeddings"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient(cell, n_layers, bidirectional, tables, dropout):
    rates = {"dropout": dropout, "recurrent_dropout": dropout}
    problem = Problem(stack(cell, n_layers, bidirectional, tables=tables, **rates))
    value = partial(problem.value, seed=3)
    assert_gradient(value, problem.point, problem.gradient(seed=3), problem.layout.slices)


@pytest.mark.parametrize("cell", CELLS)
def test_without_outputs_the_finals_are_the_same_and_have_their_gradient(cell):
    problem = Problem(stack(cell, bidirectional=True))
    outputs, finals, _ = problem.forward(problem.point, return_steps=False)
    assert outputs is None
    for a, b in zip(finals, problem.forward(problem.point)[1], strict=True):
        assert_array_equal(a, b)
    value = partial(problem.value, with_outputs=False)
    gradient = problem.gradient(return_steps=False)
    assert_gradient(value, problem.point, gradient, problem.layout.slices)


def test_the_gradient_of_a_vector_is_the_sum_of_those_of_its_rows():
    problem = Problem(stack(tables=TABLES))
    embedding = problem.stack.embedding
    _, _, backward = problem.forward(problem.point)
    grads = problem.layout.views(np.zeros_like(problem.point))
    dx, _ = backward(grads, problem.doutputs, need_dx=True)
    assert dx.shape == (problem.packing.n_rows, problem.stack.width)
    for column, ids in zip(TABLES, problem.ids.T, strict=True):
        table = np.zeros(TABLES[column])
        np.add.at(table, ids, dx[:, embedding.slices[column]])
        assert_allclose(grads[embedding.names[column]], table, rtol=1e-12)


def test_two_stacks_share_one_vector_by_their_prefixes():
    first = stack(prefix="encoder.", tables=TABLES)
    second = stack("lstm", prefix="decoder.", tables=TABLES)
    shapes = first.shapes | second.shapes | first.table_shapes | second.table_shapes
    layout = ParamLayout(shapes)
    sizes = [ParamLayout(part.shapes | part.table_shapes).size for part in (first, second)]
    assert layout.size == sum(sizes)
    assert {name.split(".")[0] for name in shapes} == {"encoder", "decoder"}
    plain = stack(tables=TABLES)
    assert first.shapes == {f"encoder.{name}": shape for name, shape in plain.shapes.items()}
    # Each reads and writes its own part only.
    theta, rng = np.zeros(layout.size), np.random.default_rng(0)
    views = layout.views(theta)
    second.initialise(views, rng)
    assert not any(views[name].any() for name in first.shapes)
    first.initialise(views, rng)
    alone = Problem(plain)
    views_alone = alone.layout.views(alone.point)
    for name in plain.shapes | plain.table_shapes:
        views_alone[name][...] = views[f"encoder.{name}"]
    expected, _, _ = alone.forward(alone.point)
    states = [view for name, view in views_alone.items() if name.startswith("state")]
    x = np.column_stack([alone.ids[:, 0], views_alone["x"], alone.ids[:, 1]])
    outputs, _, backward = first.forward(views, x, alone.packing, states)
    assert_array_equal(outputs, expected)
    grads = layout.views(np.zeros_like(theta))
    backward(grads, outputs)
    for name, grad in grads.items():
        assert grad.any() == name.startswith("encoder."), name


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_chunks_hand_states_on_and_their_gradients_back(cell, size):
    problem = Problem(stack(cell))
    problem.packing = Packing([3, 3])  # seven rows become six
    views = problem.layout.views(problem.point)
    x, doutputs = views["x"][:6], problem.doutputs[:6]
    states = [view[..., :2] for name, view in views.items() if name.startswith("state")]
    dfinals = [d[..., :2] for d in problem.dfinals]

    def empty_grads():
        return problem.layout.views(np.zeros_like(problem.point))

    whole, finals, backward = problem.stack.forward(views, x, problem.packing, states)
    grads = empty_grads()
    dx, dstates = backward(grads, doutputs, dfinals, need_dx=True)
    outputs, backwards, now = [], [], states
    for chunk in np.split(x, np.arange(size, 3, size) * 2):
        packing = Packing([len(chunk) // 2] * 2)
        output, now, back = problem.stack.forward(views, chunk, packing, now)
        outputs.append(output)
        backwards.append(back)
    summed, d, dinputs = empty_grads(), dfinals, []
    for back, output in zip(reversed(backwards), reversed(outputs), strict=True):
        doutputs, part = np.split(doutputs, [len(doutputs) - len(output)])
        dinput, d = back(summed, part, d, need_dx=True)
        dinputs.insert(0, dinput)
    pairs = [*zip(now, finals, strict=True), *zip(d, dstates, strict=True)]
    pairs += [(np.concatenate(outputs), whole), (np.concatenate(dinputs), dx)]
    pairs += [(summed[name], grads[name]) for name in problem.stack.shapes]
    for ours, expected in pairs:
        assert_allclose(ours, expected, rtol=1e-11, atol=1e-13)


def test_a_pass_without_a_tape_has_no_way_back():
    problem = Problem(stack())
    views = problem.layout.views(problem.point)
    how = Pass(for_backward=False, arranged=problem.stack.arrange(views))
    outputs, _, backward = problem.stack.forward(views, views["x"], problem.packing, how=how)
    assert backward is None
    expected, _, _ = problem.stack.forward(views, views["x"], problem.packing)
    assert_array_equal(outputs, expected)
