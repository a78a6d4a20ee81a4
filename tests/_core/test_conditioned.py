"""A network that says what a vector describes: gradients, states, steps, and torch."""

import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.bridge import Bridge
from skrnn._core.conditioned import Conditioned, Described
from skrnn._core.losses import cross_entropy
from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout
from skrnn._core.passes import Pass
from skrnn._core.stack import Stack

pytestmark = pytest.mark.usefixtures("backend")

H, SYMBOLS, WIDTH = 3, 4, 2


def make(cell="lstm", n_layers=2, feed=True, tables=((1, 5, 2),), **options):
    return Conditioned(
        cell=CELLS[cell],
        hidden_size=H,
        n_outputs=SYMBOLS,
        n_layers=n_layers,
        tables={0: (SYMBOLS, WIDTH)},
        n_condition=3,
        condition_tables={column: (n, size) for column, n, size in tables},
        feed_condition=feed,
        **options,
    )


def problem(net, lengths=(4, 2, 2, 1), seed=0):
    """Parameters, and a batch of sequences that vectors of two numbers and a category describe."""
    rng = np.random.default_rng(seed)
    theta = net.initialise(rng, np.dtype("f8"))
    theta += 0.1 * rng.standard_normal(len(theta))
    packing, condition = Packing(lengths), rng.standard_normal((len(lengths), 3))
    if net.reader.tables:
        condition[:, 1] = rng.integers(5, size=len(lengths))
    x = Described(rng.integers(SYMBOLS, size=(packing.n_rows, 1)), condition)
    target, weight = rng.integers(SYMBOLS, size=packing.n_rows), rng.uniform(size=packing.n_rows)
    return theta, Batch(x, packing, target, weight)


@pytest.mark.parametrize("tables", [(), ((1, 5, 2),)], ids=["numbers", "categories"])
@pytest.mark.parametrize("feed", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_gradient(cell, n_layers, feed, tables):
    net = make(cell, n_layers, feed, tables)
    theta, batch = problem(net)
    _, gradient, _ = net.loss_and_grad(theta, batch, cross_entropy)
    assert_gradient(
        lambda point: net.loss_and_grad(point, batch, cross_entropy)[0],
        theta,
        gradient,
        net.layout.slices,
    )
    for name, block in net.layout.slices.items():
        assert gradient[block].any(), name


def test_gradient_with_dropout():
    net = make(dropout=0.3, recurrent_dropout=0.3)
    theta, batch = problem(net)

    def evaluate(point):
        how = Pass(rng=np.random.default_rng(1))
        return net.loss_and_grad(point, batch, cross_entropy, how)

    gradient = evaluate(theta)[1]
    assert_gradient(lambda point: evaluate(point)[0], theta, gradient, net.layout.slices)


def test_gradient_without_the_vectors_that_a_batch_does_not_touch():
    net = make()
    theta, batch = problem(net)
    batch.x.symbols[batch.x.symbols == 2] = 1
    whole = net.loss_and_grad(theta, batch, cross_entropy)[1]
    small, layout, (x,), tail = net.compact(theta, [batch.x])
    part = net.loss_and_grad(small, batch._replace(x=x), cross_entropy, layout=layout)[1]
    assert len(tail) < SYMBOLS * WIDTH
    assert_allclose(part[: net.n_dense], whole[: net.n_dense], rtol=1e-12)
    assert_allclose(part[net.n_dense :], whole[tail], rtol=1e-12)


@pytest.mark.parametrize("feed", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_chunks_and_steps_give_what_the_whole_gives(cell, feed):
    net = make(cell, feed=feed)
    theta, batch = problem(net, lengths=(3, 3))
    whole, finals, _ = net.forward(theta, batch.x, batch.packing)
    rows = [slice(0, 2), slice(2, 6)]
    first, second = (batch.x._replace(symbols=batch.x.symbols[part]) for part in rows)
    before, states, _ = net.forward(theta, first, Packing([1, 1]))
    after, states, _ = net.forward(theta, second, Packing([2, 2]), states)
    assert_allclose(np.vstack([before, after]), whole, rtol=1e-12)
    for state, final in zip(states, finals, strict=True):
        assert_allclose(state, final, rtol=1e-12)
    params = net.layout.views(theta)
    features, states = net.begin(params, batch.x.condition)
    for t in range(3):
        x = net.join(batch.x.symbols[2 * t : 2 * t + 2], features)
        outputs, states = net.step(params, net.arrange(theta), x, states)
        assert_allclose(outputs, whole[2 * t : 2 * t + 2], rtol=1e-12)


def test_what_is_penalised():
    net = make()
    mask = np.zeros(net.layout.size, bool)
    mask[: net.n_dense] = net.penalised
    penalised = {name for name, block in net.layout.slices.items() if mask[block].any()}
    layers = {f"weight_{kind}_l{i}" for kind in ("ih", "hh") for i in range(2)}
    assert penalised == layers | {"head.weight", "bridge.weight"}
    assert list(net.layout.shapes)[-1] == "embedding_0.weight"


@pytest.mark.parametrize("cell", CELLS)
def test_the_bridge_is_a_dense_layer_for_each_state(cell):
    stack = Stack(2, CELLS[cell], H, n_layers=2, prefix="decoder.")
    bridge, rng = Bridge(4, stack), np.random.default_rng(0)
    params = {name: rng.standard_normal(shape) for name, shape in bridge.shapes.items()}
    features = rng.standard_normal((5, 4))
    states, _ = bridge.forward(params, features)
    weight, bias = params["decoder.bridge.weight"], params["decoder.bridge.bias"]
    blocks = np.split(np.tanh(features @ weight.T + bias), len(weight) // H, axis=1)
    found = [block.T for state in states for block in state[:, :, 0]]
    assert len(found) == len(blocks)
    for ours, block in zip(found, blocks, strict=True):
        assert_allclose(ours, block, rtol=1e-12)


def test_each_block_of_the_bridge_is_drawn_for_its_own_size():
    bridge = Bridge(50, Stack(2, CELLS["lstm"], 100, n_layers=2))
    layout = ParamLayout(bridge.shapes)
    views = layout.views(np.zeros(layout.size))
    bridge.initialise(views, np.random.default_rng(0))
    assert_allclose(views["bridge.weight"].std(), np.sqrt(2 / 150), rtol=0.02)
    assert not views["bridge.bias"].any()


@pytest.mark.parity
@pytest.mark.parametrize("feed", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_torch_gives_the_same_loss_and_gradient(cell, feed):
    torch = pytest.importorskip("torch")
    net = make(cell, feed=feed)
    theta, batch = problem(net, lengths=(3, 3))
    value, gradient, _ = net.loss_and_grad(theta, batch, cross_entropy)
    leaves = {name: torch.tensor(v, requires_grad=True) for name, v in views(net, theta).items()}
    loss = torch_loss(torch, net, cell, leaves, batch)
    loss.backward()
    assert_allclose(value, loss.item(), rtol=1e-12)
    for name, block in views(net, gradient).items():
        assert_allclose(block, leaves[name].grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


def views(net, vector):
    return net.layout.views(vector)


def torch_loss(torch, net, cell, leaves, batch):
    """Compute the loss of a batch of sequences of three steps with torch's layers."""
    condition = torch.tensor(batch.x.condition)
    table = leaves["condition_embedding_1.weight"]
    features = torch.hstack([condition[:, [0, 2]], table[condition[:, 1].long()]])
    values = torch.tanh(features @ leaves["bridge.weight"].T + leaves["bridge.bias"])
    blocks = torch.stack(values.split(H, dim=1))
    states = blocks[::2].contiguous(), blocks[1::2].contiguous()
    symbols = torch.tensor(batch.x.symbols[:, 0]).reshape(3, -1)
    x = leaves["embedding_0.weight"][symbols]
    if net.feed:  # numbers come before vectors
        x = torch.cat([features.expand(3, *features.shape), x], dim=2)
    names = [f"{name}_l{i}" for i in range(2) for name in ("weight_ih", "weight_hh")]
    weights = []
    for i in range(2):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights += [leaves[f"{name}_l{i}"] for name in names]
    options = (True, 2, 0.0, False, False, False)
    if cell == "lstm":
        outputs = torch.lstm(x, states, weights, *options)[0]
    else:
        outputs = torch.gru(x, blocks, weights, *options)[0]
    logits = outputs.reshape(-1, H) @ leaves["head.weight"].T + leaves["head.bias"]
    losses = torch.nn.functional.cross_entropy(logits, torch.tensor(batch.target), reduction="none")
    return (losses * torch.tensor(batch.weight)).sum()


def test_symbols_and_features_are_joined_in_the_precision_of_the_features():
    net = make()
    joined = net.join(np.array([[1], [3]]), np.ones((2, 4), np.float32))
    assert joined.dtype == np.float32
    assert_array_equal(joined[:, 0], [1, 3])
