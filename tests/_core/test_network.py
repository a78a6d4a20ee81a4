import re
from functools import partial

import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.crf import CRF, ObservedLabels
from skrnn._core.losses import REGRESSION_LOSSES, cross_entropy, regression_loss
from skrnn._core.network import Batch, Network
from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.passes import Pass

pytestmark = pytest.mark.usefixtures("backend")

LENGTHS = {"equal": [3, 3], "ragged": [4, 2, 1], "one step": [1, 1]}
POOLINGS = ["last", "mean", "max", None]
LOSSES = [cross_entropy, *(regression_loss(name, 0.3) for name in (*REGRESSION_LOSSES, "quantile"))]
D, H, OUTPUTS = 3, 3, 2
TABLES = {0: (3, 2), 2: (4, 1)}  # columns 0 and 2 of the input hold ids, column 1 a number


def network(cell, n_layers=1, bidirectional=False, **options):
    return Network(
        D, CELLS[cell], H, OUTPUTS, n_layers=n_layers, bidirectional=bidirectional, **options
    )


class Problem:
    """A network with inputs, targets, and a point: everything that has a gradient, in one vector.

    These are the parameters, the initial states and the numeric columns of x.
    """

    def __init__(self, net, lengths, seed=0):
        rng = np.random.default_rng(seed)
        self.net, self.packing = net, Packing(lengths)
        self.tables = net.stack.embedding.tables if net.stack.embedding else {}
        self.numeric = [column for column in range(D) if column not in self.tables]
        states, numbers = self.state_shapes(), (self.packing.n_rows, len(self.numeric))
        self.layout = ParamLayout(net.layout.shapes | states | {"x": numbers})
        self.point = rng.normal(size=self.layout.size) / 2
        if net.pooling == "mean":
            self.layout.views(self.point)["state0_pool"][-1] += 3  # a number of steps
        self.ids = np.zeros((self.packing.n_rows, D))
        for column, (n_categories, _) in self.tables.items():
            self.ids[:, column] = rng.integers(n_categories, size=len(self.ids))
        self.x, self.states = self.inputs(self.point)
        self.dfinals = [rng.normal(size=shape) for shape in states.values()]
        rows = self.packing.n_sequences if net.pooling else self.packing.n_rows
        self.labels, self.target = rng.integers(OUTPUTS, size=rows), rng.poisson(1, (rows, OUTPUTS))
        self.weights = np.full(rows, 1 / rows), rng.uniform(size=rows)

    def state_shapes(self):
        """Shapes of the states of the layers and of the pooling, by name."""
        stack, n = self.net.stack, self.packing.n_sequences
        shapes = {f"state0_l{layer.index}": (*layer.state_shape, n) for layer in stack.layers}
        carried = {"mean": stack.n_outputs + 1, "max": stack.n_outputs}
        if self.net.pooling in carried:
            shapes["state0_pool"] = carried[self.net.pooling], n
        return shapes

    @property
    def theta(self):
        return self.point[: self.net.layout.size]

    def inputs(self, point):
        """Input and states of a point."""
        views = self.layout.views(point)
        x = self.ids.astype(point.dtype)
        x[:, self.numeric] = views["x"]
        return x, [view for name, view in views.items() if name.startswith("state0")]

    def forward(self, point, seed=None):
        how = Pass(rng=None if seed is None else np.random.default_rng(seed))
        theta = point[: self.net.layout.size]
        x, states = self.inputs(point)
        return self.net.forward(theta, x, self.packing, states, how)

    def losses(self, outputs):
        """Every loss with equal and with unequal weights: value and gradient."""
        for weight in self.weights:
            for loss in LOSSES:
                target = self.labels if loss is cross_entropy else self.target
                yield loss({}, outputs, target, weight, self.packing)[:2]

    def values(self, point, seed=None):
        """Every loss, each with a share of the final states."""
        outputs, finals, _ = self.forward(point, seed)
        share = sum(map(np.vdot, finals, self.dfinals))
        return np.array([value + share for value, _ in self.losses(outputs)])

    def gradients(self, seed=None):
        outputs, _, backward = self.forward(self.point, seed)
        for _, doutputs in self.losses(outputs):
            grad, dstates, dx = backward(doutputs, self.dfinals, need_dx=True)
            dnumbers = dx[:, : len(self.numeric)]
            yield np.concatenate([grad, *map(np.ravel, dstates), dnumbers.ravel()])

    def check(self, seed=None):
        """Gradients of all losses by all that has one, block by block."""
        gradients = np.array(list(self.gradients(seed)))
        values = partial(self.values, seed=seed)
        assert_gradient(values, self.point, gradients, self.layout.slices)


@pytest.mark.slow
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient(cell, n_layers, bidirectional, lengths, pooling):
    net = network(cell, n_layers, bidirectional, pooling=pooling)
    Problem(net, LENGTHS[lengths]).check()


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_three_layers(cell, bidirectional):
    Problem(network(cell, 3, bidirectional, pooling="mean"), LENGTHS["ragged"]).check()


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["last", None])
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_with_dropout_and_embeddings(cell, rates, pooling):
    dropout, recurrent_dropout = rates
    options = {"dropout": dropout, "recurrent_dropout": recurrent_dropout, "pooling": pooling}
    Problem(network(cell, 2, True, tables=TABLES, **options), LENGTHS["ragged"]).check(seed=5)


def test_the_check_of_the_gradient_notices_one_block_that_is_slightly_wrong():
    problem = Problem(network("lstm"), LENGTHS["ragged"])
    gradients = np.array(list(problem.gradients()))
    for name, block in problem.layout.slices.items():
        wrong = gradients.copy()
        wrong[:, block] *= 1 + 1e-4
        with pytest.raises(AssertionError, match=name):
            assert_gradient(problem.values, problem.point, wrong, {name: block})


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_parameter_block_and_state_receives_a_gradient(cell, bidirectional, pooling):
    net = network(cell, 2, bidirectional, pooling=pooling, tables=TABLES)
    problem = Problem(net, LENGTHS["ragged"])
    outputs, _, backward = problem.forward(problem.point)
    grad, dstates = backward(np.ones_like(outputs))
    for name, block in net.layout.views(grad).items():
        assert np.abs(block).max() > 1e-6, name
    for dstate in dstates[:2]:
        assert (np.abs(dstate).max(axis=(1, 3)) > 1e-6).all()
    for dstate in dstates[2:]:  # that of the pooling
        assert np.abs(dstate).max() > 1e-6


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_from_zero_teaches_the_recurrent_weights_nothing(cell, pooling):
    net = network(cell, 2, True, pooling=pooling)
    problem = Problem(net, [1] * 5)
    outputs, _, backward = net.forward(problem.theta, problem.x, problem.packing)
    grad, _ = backward(np.ones_like(outputs))
    for name, block in net.layout.views(grad).items():
        if name.startswith("weight_hh"):
            assert_array_equal(block, np.zeros_like(block), err_msg=name)
        else:
            assert np.abs(block).max() > 1e-6, name


@pytest.mark.parametrize("cell", CELLS)
def test_no_states_are_zero_states(cell):
    problem = Problem(network(cell, 2, True), LENGTHS["ragged"])
    theta, x, packing = problem.theta, problem.x, problem.packing
    zeros = [np.zeros_like(state) for state in problem.states]  # of layers; 'last' has no other
    (outputs, finals, backward), (expected, final_states, back) = (
        problem.net.forward(theta, x, packing, states) for states in (None, zeros)
    )
    assert_array_equal(outputs, expected)
    (grad, dstates), (dtheta, dzeros) = backward(outputs), back(outputs)
    assert_array_equal(grad, dtheta)
    for a, b in zip([*finals, *dstates], [*final_states, *dzeros], strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_alone_gives_the_outputs_it_gives_in_a_ragged_batch(cell, pooling):
    net = network(cell, 2, True, pooling=pooling, tables=TABLES)
    problem = Problem(net, LENGTHS["ragged"])
    packing = problem.packing
    together, finals, _ = problem.forward(problem.point)
    for s, length in enumerate(packing.lengths):
        rows = packing.sequence == s
        states = [state[..., s : s + 1] for state in problem.states]
        alone, final, _ = net.forward(problem.theta, problem.x[rows], Packing([length]), states)
        expected = together[s : s + 1] if pooling else together[rows]
        assert_allclose(alone, expected, rtol=1e-12)
        for a, b in zip(final, finals, strict=True):
            assert_allclose(a, b[..., s : s + 1], rtol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_a_stream_in_chunks_gives_the_outputs_of_the_whole(cell, size):
    problem = Problem(network(cell, 2, pooling=None), [5, 5])
    whole, finals, _ = problem.forward(problem.point)
    outputs, states, how = [], problem.states, Pass(for_backward=False)
    for chunk in np.split(problem.x, np.arange(size, 5, size) * 2):
        packing = Packing([len(chunk) // 2] * 2)
        output, states, _ = problem.net.forward(problem.theta, chunk, packing, states, how)
        outputs.append(output)
    assert_allclose(np.concatenate(outputs), whole, rtol=1e-12)
    for state, final in zip(states, finals, strict=True):
        assert_allclose(state, final, rtol=1e-12)


@pytest.mark.parametrize("tables", [None, TABLES], ids=["numbers", "embeddings"])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_step_is_a_pass_over_one_step(cell, bidirectional, pooling, tables):
    net = network(cell, 2, bidirectional, pooling=pooling, tables=tables)
    problem = Problem(net, [1] * 4)
    params, arranged = net.layout.views(problem.theta), net.arrange(problem.theta)
    for states in (None, problem.states):
        outputs, finals = net.step(params, arranged, problem.x, states)
        expected = net.forward(problem.theta, problem.x, problem.packing, states)
        for a, b in zip([outputs, *finals], [expected[0], *expected[1]], strict=True):
            assert_allclose(a, b, rtol=1e-13)


def swap_directions(net, theta):
    """Parameters of the network that reads every sequence from the other end."""
    views, swapped = net.layout.views(theta), theta.copy()
    for name, view in net.layout.views(swapped).items():
        twin = re.sub(r"(_l\d)(_reverse)?$", lambda m: m[1] + ("" if m[2] else "_reverse"), name)
        value = views[twin]
        if name == "head.weight" or re.match(r"weight_ih_l[1-9]", name):
            value = np.roll(value, H, axis=1)  # its input holds both directions, side by side
        view[...] = value
    return swapped


def swap_state(state):
    """Swap the directions of a layer's state, or of a pooling's."""
    if state.ndim == 4:
        return state[:, :, ::-1]
    return np.concatenate([state[H : 2 * H], state[:H], state[2 * H :]])


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_reversed_input_and_swapped_directions_reverse_the_outputs(cell, pooling):
    net = network(cell, 2, bidirectional=True, pooling=pooling)
    problem = Problem(net, LENGTHS["ragged"])
    mirror = problem.packing.mirror
    outputs, finals, _ = problem.forward(problem.point)
    swapped, swapped_finals, _ = net.forward(
        swap_directions(net, problem.theta),
        problem.x[mirror],
        problem.packing,
        [swap_state(state) for state in problem.states],
    )
    assert_allclose(swapped, outputs if pooling else outputs[mirror], rtol=1e-12)
    for a, b in zip(swapped_finals, finals, strict=True):
        assert_allclose(a, swap_state(b), rtol=1e-12)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_truncation_shortens_the_reach_of_the_gradient_only(pooling):
    full, cut, long = (
        Problem(network("lstm", 2, True, pooling=pooling, max_steps=steps), [5, 3, 1])
        for steps in (None, 2, 5)
    )
    (outputs, _, backward), (same, _, back), (_, _, long_back) = (
        problem.forward(problem.point) for problem in (full, cut, long)
    )
    assert_allclose(same, outputs, rtol=1e-13)
    grad = backward(outputs)[0]
    assert_array_equal(long_back(outputs)[0], grad)
    assert np.abs(back(outputs)[0] - grad).max() > 1e-3


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_prediction_is_training_without_a_tape(cell, pooling):
    net = network(cell, 2, True, pooling=pooling, dropout=0.5, recurrent_dropout=0.5)
    problem = Problem(net, LENGTHS["ragged"])
    before = problem.point.copy(), problem.x.copy()
    inputs = problem.theta, problem.x, problem.packing, problem.states
    outputs, finals, _ = net.forward(*inputs, Pass(for_backward=False))
    kept, kept_finals, backward = net.forward(*inputs)
    backward(np.ones_like(kept), problem.dfinals)
    assert_array_equal(outputs, kept)
    for a, b in zip(finals, kept_finals, strict=True):
        assert_array_equal(a, b)
    assert_array_equal(problem.point, before[0])
    assert_array_equal(problem.x, before[1])


@pytest.mark.parametrize("cell", CELLS)
def test_single_precision_stays_single_and_agrees(cell):
    problem = Problem(network(cell, 2, True, tables=TABLES, pooling="mean"), LENGTHS["ragged"])

    def run(dtype):
        outputs, finals, backward = problem.forward(problem.point.astype(dtype))
        grad, dstates = backward(np.ones_like(outputs))
        return [outputs, *finals[:2], grad, *dstates]  # a sum over steps stays in float64

    for single, double in zip(run(np.float32), run(np.float64), strict=True):
        assert single.dtype == np.float32
        assert_allclose(single, double, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("crf", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_value_and_gradient_of_one_loss(cell, crf):
    problem = Problem(network(cell, pooling=None, tables=TABLES, crf=crf), LENGTHS["ragged"])
    packing, net = problem.packing, problem.net
    # All labels may follow each other but 0 after 1; weights are those of whole sequences.
    allowed = np.array([[True, True], [False, True]])
    loss = CRF(allowed, first=[True, True], last=[True, True]) if crf else cross_entropy
    target = np.zeros(packing.n_rows, int)
    target = ObservedLabels(target) if crf else target
    weight = np.array([0.5, 1.5, 0.2])[packing.sequence]
    batch = Batch(problem.x, packing, target, weight)

    def evaluate(theta):
        return net.loss_and_grad(theta, batch, loss)[:2]

    gradient = evaluate(problem.theta)[1]
    assert_gradient(lambda p: evaluate(p)[0], problem.theta, gradient, net.layout.slices)


@pytest.mark.parametrize("cell", CELLS)
def test_weights_arranged_beforehand_change_nothing(cell):
    problem = Problem(network(cell, 2, True), LENGTHS["ragged"])
    inputs = problem.theta, problem.x, problem.packing, problem.states
    outputs, finals, _ = problem.net.forward(*inputs)
    how = Pass(for_backward=False, arranged=problem.net.arrange(problem.theta))
    for _ in range(2):
        same, same_finals, _ = problem.net.forward(*inputs, how)
        for a, b in zip([same, *same_finals], [outputs, *finals], strict=True):
            assert_array_equal(a, b)


def test_the_weights_of_products_are_penalised_and_nothing_else():
    net = network("lstm", 2, True, pooling=None, tables=TABLES, crf=True)
    flags = np.zeros(net.layout.size, int)
    flags[: net.n_dense] = net.penalised
    of_products = {"weight_ih", "weight_hh", "head.weight"}
    for name, view in net.layout.views(flags).items():
        assert_array_equal(view, int(name.split("_l")[0] in of_products), err_msg=name)


def test_names_and_shapes_are_those_of_torch():
    net = network("lstm", 2, True, tables=TABLES)
    expected = {}
    for layer, width in enumerate([4, 2 * H]):
        for suffix in ("", "_reverse"):
            expected |= {
                f"weight_ih_l{layer}{suffix}": (4 * H, width),
                f"weight_hh_l{layer}{suffix}": (4 * H, H),
                f"bias_ih_l{layer}{suffix}": (4 * H,),
                f"bias_hh_l{layer}{suffix}": (4 * H,),
            }
    expected |= {"head.weight": (OUTPUTS, 2 * H), "head.bias": (OUTPUTS,)}
    expected |= {"embedding_0.weight": (3, 2), "embedding_2.weight": (4, 1)}
    assert net.layout.shapes == expected


def test_a_batch_without_the_rows_it_does_not_touch():
    net = network("gru", 2, True, tables=TABLES)
    problem = Problem(net, LENGTHS["ragged"])
    problem.x[:, 0] = [2, 0, 2, 0, 0, 2, 2]  # 1 is missing
    problem.x[:, 2] = [3, 3, 3, 3, 3, 3, 3]
    before = problem.x.copy()
    outputs, _, backward = net.forward(problem.theta, problem.x, problem.packing)
    parts = np.split(problem.x, [3])
    small, layout, renumbered, tail = net.compact(problem.theta, parts)
    x = np.concatenate(renumbered)
    assert small.size == problem.theta.size - 1 * 2 - 3 * 1
    same, _, back = net.forward(small, x, problem.packing, layout=layout)
    assert_array_equal(same, outputs)
    grad = np.zeros_like(problem.theta)
    compact = back(np.ones_like(outputs))[0]
    grad[: net.n_dense], grad[tail] = compact[: net.n_dense], compact[net.n_dense :]
    assert_allclose(grad, backward(np.ones_like(outputs))[0], rtol=1e-12)
    assert_array_equal(problem.x, before)


def test_frozen_tables_receive_no_gradient_and_change_no_other():
    free, frozen = (
        Problem(network("gru", tables=TABLES, frozen=frozen), LENGTHS["ragged"])
        for frozen in ((), (0,))
    )
    (outputs, _, backward), (same, _, back) = (p.forward(p.point) for p in (free, frozen))
    assert_array_equal(same, outputs)
    grads, frozen_grads = (free.net.layout.views(b(outputs)[0]) for b in (backward, back))
    assert_array_equal(frozen_grads.pop("embedding_0.weight"), np.zeros((3, 2)))
    for name, grad in frozen_grads.items():
        assert_array_equal(grad, grads[name])


def test_dropout_leaves_the_expected_output_as_it_is():
    # With one layer and mean pooling only the head's input is dropped, so the output is linear in
    # the mask.
    problem = Problem(network("tanh", pooling="mean", dropout=0.5), LENGTHS["ragged"])
    draws = np.array([problem.forward(problem.point, seed)[0] for seed in range(1000)])
    standard_error = draws.std(axis=0) / np.sqrt(len(draws))
    error = draws.mean(axis=0) - problem.forward(problem.point)[0]
    assert (standard_error > 0.001).all()
    assert (np.abs(error) < 4 * standard_error).all()


def test_recurrent_dropout_draws_one_mask_a_sequence():
    # With weights of one and no input, relu counts: h = sum(mask * h) + sum(mask * h0) over units,
    # so that units dropped at the first step must be those dropped at every step.
    net = Network(1, CELLS["relu"], H, H, pooling=None, recurrent_dropout=0.5)
    theta = np.zeros(net.layout.size)
    views = net.layout.views(theta)
    views["weight_hh_l0"][...] = views["head.weight"][...] = np.eye(H)
    packing, n_steps, n = Packing([4] * 20), 4, 20
    state0, how = [np.ones((1, H, 1, n))], Pass(np.random.default_rng(0))
    outputs, _, _ = net.forward(theta, np.zeros((n_steps * n, 1)), packing, state0, how)
    outputs = outputs.reshape(n_steps, n, H)
    kept = outputs[0] == 2
    assert 0.3 < kept.mean() < 0.7
    assert len(np.unique(kept, axis=0)) > 1
    for t, output in enumerate(outputs):
        assert_array_equal(output, np.where(kept, 2.0 ** (t + 1), 0))


@pytest.mark.parametrize("cell", CELLS)
def test_gradient_of_a_table_that_is_also_the_head(cell):
    net = Network(2, CELLS[cell], H, 4, pooling=None, tables={0: (4, H)}, tied=True)
    assert [name for name in net.layout.shapes if "weight" in name][-1] == "embedding_0.weight"
    assert "head.weight" not in net.layout.shapes and not net.has_tables
    rng = np.random.default_rng(0)
    packing, theta = Packing([3, 2]), net.initialise(rng, np.dtype("f8"))
    x = np.column_stack([rng.integers(4, size=5), rng.standard_normal(5)])
    states = [rng.standard_normal((*layer.state_shape, 2)) for layer in net.stack.layers]
    batch = Batch(x, packing, rng.integers(4, size=5), np.full(5, 0.2), states)
    _, gradient, finals = net.loss_and_grad(theta, batch, cross_entropy)
    assert_gradient(
        lambda point: net.loss_and_grad(point, batch, cross_entropy)[0],
        theta,
        gradient,
        net.layout.slices,
    )
    outputs, expected, _ = net.forward(theta, x, packing, states)
    assert_array_equal(finals[0], expected[0])
    table = net.layout.views(theta)["embedding_0.weight"]
    assert_allclose(outputs[[4, 3]], expected[0][0, :, 0].T @ table.T, rtol=1e-12)
