"""Encoder and decoder: gradients, one sequence and many, steps of decoding, what is penalised."""

from itertools import product

import numpy as np
import pytest
from cells import CELLS
from gradcheck import assert_gradient
from numpy.testing import assert_allclose, assert_array_equal

from skrnn._core.encoder_decoder import EncoderDecoder, Hypotheses, Pairs
from skrnn._core.losses import cross_entropy
from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._core.passes import Pass

pytestmark = pytest.mark.usefixtures("backend")

H, SYMBOLS, CATEGORIES = 3, 4, 5
# Lengths of sources and of targets, and the source that each target reads.
PAIRS = {
    "ragged": ([5, 3, 3, 1], [6, 4, 2, 1], [2, 3, 0, 1]),
    "equal": ([3, 3], [2, 2], [1, 0]),
}
ATTENTIONS = (None, "dot", "general", "additive")

each_attention = pytest.mark.parametrize("attention", ATTENTIONS, ids=str)


def make(cell="gru", attention="general", tokens=True, **options):
    options = {"bidirectional": attention != "dot", "n_layers": 1} | options
    return EncoderDecoder(
        2,
        CELLS[cell],
        H,
        SYMBOLS,
        symbol_size=2,
        attention=attention,
        tables={0: (CATEGORIES, 2)} if tokens else None,
        **options,
    )


def problem(net, pairs="ragged", seed=0):
    """Parameters, and a batch of pairs whose sources have a token and a number at each step."""
    rng = np.random.default_rng(seed)
    theta = net.initialise(rng, np.dtype("f8"))
    theta += 0.3 * rng.standard_normal(len(theta))
    sources, packing, reads = Packing(PAIRS[pairs][0]), Packing(PAIRS[pairs][1]), PAIRS[pairs][2]
    numbers, ids = rng.standard_normal((2, sources.n_rows))
    if net.stack.embedding:
        ids = rng.integers(CATEGORIES, size=sources.n_rows)
    symbols = rng.integers(SYMBOLS, size=(packing.n_rows, 1))
    x = Pairs(np.column_stack([ids, numbers]), sources, symbols, np.array(reads))
    target, weight = rng.integers(SYMBOLS, size=packing.n_rows), rng.uniform(size=packing.n_rows)
    return theta, Batch(x, packing, target, weight)


def check_gradient(net, theta, batch, how=Pass, nonzero=True):
    gradient = net.loss_and_grad(theta, batch, cross_entropy, how())[1]
    assert_gradient(
        lambda point: net.loss_and_grad(point, batch, cross_entropy, how())[0],
        theta,
        gradient,
        net.layout.slices,
    )
    for name, block in net.layout.slices.items():
        assert gradient[block].any() or not nonzero, name


@pytest.mark.slow
@pytest.mark.parametrize("tokens", [False, True], ids=["numbers", "tokens"])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    "attention, bidirectional",
    [*product(ATTENTIONS, [False]), *product([None, "general", "additive"], [True])],
)
def test_gradient(attention, cell, bidirectional, n_layers, tokens):
    net = make(cell, attention, tokens, bidirectional=bidirectional, n_layers=n_layers)
    # Units of relu may be dead in all of so few steps.
    check_gradient(net, *problem(net), nonzero=cell != "relu")


@each_attention
def test_gradient_of_equal_lengths(attention):
    net = make("lstm", attention)
    check_gradient(net, *problem(net, "equal"))


@pytest.mark.slow
@each_attention
@pytest.mark.parametrize("cell", CELLS)
def test_gradient_with_dropout(cell, attention):
    net = make(cell, attention, dropout=0.3, recurrent_dropout=0.3, n_layers=2)
    how = lambda: Pass(rng=np.random.default_rng(1))  # noqa: E731
    theta, batch = problem(net)
    check_gradient(net, theta, batch, how, nonzero=False)
    values = [net.loss_and_grad(theta, batch, cross_entropy, each)[0] for each in (how(), Pass())]
    assert abs(values[0] - values[1]) > 1e-3


def test_frozen_vectors_get_no_gradient():
    net = make(frozen=(0,))
    theta, batch = problem(net)
    gradient = net.layout.views(net.loss_and_grad(theta, batch, cross_entropy)[1])
    assert not gradient["encoder.embedding_0.weight"].any()
    assert gradient["decoder.embedding_0.weight"].any()


@pytest.mark.parametrize("tokens", [False, True], ids=["numbers", "tokens"])
def test_gradient_without_the_vectors_that_a_batch_does_not_touch(tokens):
    net = make(tokens=tokens)
    theta, batch = problem(net)
    batch.x.symbols[batch.x.symbols == 2] = 1
    batch.x.rows[batch.x.rows == 3] = 1
    whole = net.loss_and_grad(theta, batch, cross_entropy)[1]
    small, layout, (x,), tail = net.compact(theta, [batch.x])
    part = net.loss_and_grad(small, batch._replace(x=x), cross_entropy, layout=layout)[1]
    assert len(small) == len(theta) - 2 - 2 * tokens
    assert_allclose(part[: net.n_dense], whole[: net.n_dense], rtol=1e-12)
    assert_allclose(part[net.n_dense :], whole[tail], rtol=1e-12)


def test_a_share_of_the_tokens_is_hidden():
    net = make()
    _, batch = problem(net)
    before = batch.x.rows.copy()
    net.hide_tokens(batch.x, 0.5, np.random.default_rng(0))
    changed = batch.x.rows != before
    assert changed[:, 0].any() and not changed[:, 1].any()
    assert not batch.x.rows[changed].any()


def alone(batch, target):
    """The batch of one pair."""
    x, source = batch.x, batch.x.source[target]
    rows = batch.packing.sequence == target
    single = Pairs(
        x.rows[x.packing.sequence == source],
        Packing([x.packing.lengths[source]]),
        x.symbols[rows],
        np.array([0]),
    )
    return Batch(single, Packing([rows.sum()]), batch.target[rows], batch.weight[rows])


@pytest.mark.parametrize("cell", CELLS)
@each_attention
def test_a_pair_alone_gives_what_it_does_in_a_batch(attention, cell):
    net = make(cell, attention, n_layers=2)
    theta, batch = problem(net)
    params, total = net.layout.views(theta), np.zeros_like(theta)
    outputs, _, _ = net.forward(theta, batch.x, batch.packing)
    for target in range(batch.packing.n_sequences):
        single = alone(batch, target)
        rows = batch.packing.sequence == target
        assert_allclose(net.forward(theta, single.x, single.packing)[0], outputs[rows], rtol=1e-11)
        total += net.loss_and_grad(theta, single, cross_entropy)[1]
        if attention:
            weights = net.weights(params, batch.x, batch.packing)[rows]
            own = net.weights(params, single.x, single.packing)
            assert_allclose(own, weights[:, : own.shape[1]], rtol=1e-11)
            assert_allclose(own.sum(axis=1), 1, rtol=1e-12)
            assert not weights[:, own.shape[1] :].any()
    assert_allclose(total, net.loss_and_grad(theta, batch, cross_entropy)[1], atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
@each_attention
def test_steps_of_decoding_give_what_the_whole_gives(attention, cell):
    net = make(cell, attention, n_layers=2)
    theta, batch = problem(net, "equal")
    whole, finals, _ = net.forward(theta, batch.x, batch.packing)
    params, arranged, x = net.layout.views(theta), net.arrange(theta), batch.x
    memory, states = net.begin(params, x.rows, x.packing)
    states = [state[..., x.source] for state in states]
    for t in range(2):
        read = Hypotheses(x.symbols[2 * t : 2 * t + 2, 0], memory, x.source)
        outputs, states = net.step(params, arranged, read, states)
        assert_allclose(outputs, whole[2 * t : 2 * t + 2], rtol=1e-12)
    for state, final in zip(states, finals, strict=True):
        assert_allclose(state, final, rtol=1e-12)


def test_several_hypotheses_read_one_source():
    net = make()
    theta, batch = problem(net, "equal")
    params, arranged = net.layout.views(theta), net.arrange(theta)
    memory, states = net.begin(params, batch.x.rows, batch.x.packing)
    source, symbols = np.array([0, 0, 1]), np.array([2, 1, 2])
    chosen = [state[..., source] for state in states]
    together, _ = net.step(params, arranged, Hypotheses(symbols, memory, source), chosen)
    for i in range(3):
        read = Hypotheses(symbols[[i]], memory, source[[i]])
        own, _ = net.step(params, arranged, read, [state[..., [i]] for state in chosen])
        assert_allclose(own[0], together[i], rtol=1e-12)
    assert_array_equal(together[0] == together[2], False)


def test_names_and_what_is_penalised():
    net = make(attention="additive", n_layers=1)
    mask = np.zeros(net.layout.size, bool)
    mask[: net.n_dense] = net.penalised
    penalised = {name for name, block in net.layout.slices.items() if mask[block].any()}
    suffixes = ("encoder.{}_l0", "encoder.{}_l0_reverse", "decoder.{}_l0")
    layers = {name.format(kind) for name in suffixes for kind in ("weight_ih", "weight_hh")}
    parts = ("bridge", "head", *(f"attention.{part}" for part in ("query", "key", "score")))
    parts = {f"decoder.{part}.weight" for part in (*parts, "attention.combine")}
    assert penalised == layers | parts
    tables = [f"{side}.embedding_0.weight" for side in ("encoder", "decoder")]
    assert list(net.layout.shapes)[-2:] == tables
    views = net.layout.views(net.initialise(np.random.default_rng(0), np.dtype("f8")))
    assert all(view.any() for name, view in views.items() if "bias" not in name)


def test_a_dot_needs_queries_and_keys_of_one_size():
    with pytest.raises(ValueError, match="'general' and 'additive' take any"):
        make(attention="dot", bidirectional=True)
