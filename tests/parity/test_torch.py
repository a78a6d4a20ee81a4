"""Parity with torch, computed side by side."""

import numpy as np
import pytest
from estimators import each_case, sequences
from numpy.testing import assert_allclose, assert_array_equal
from parity.compare import assert_parity, flatten, loss, network_like
from sklearn.base import is_regressor

from skrnn._core.network import Batch
from skrnn._core.packing import Packing
from skrnn._optim.batching import batches
from skrnn._optim.minimize import minimize_minibatch
from skrnn._optim.optimizers import Adam
from skrnn._optim.schedules import Schedule

torch = pytest.importorskip("torch")
from parity import make_fixtures as reference  # noqa: E402

pytestmark = pytest.mark.parity

LENGTHS = {"equal": (4, 4, 4), "ragged": (6, 4, 4, 2, 1), "one step": (1, 1)}


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize("cell", reference.MODULES)
def test_recurrent_layers(cell, n_layers, n_directions, lengths):
    numbers = reference.recurrent_numbers(cell, n_layers, n_directions, LENGTHS[lengths])
    assert_parity(numbers)


@pytest.mark.slow
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("loss", reference.LOSSES)
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "none"])
@pytest.mark.parametrize("cell", reference.MODULES)
def test_networks(cell, pooling, loss, n_directions):
    numbers = reference.network_numbers(cell, 2, n_directions, pooling, loss, LENGTHS["ragged"])
    assert_parity(numbers)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("score", ["dot", "general", "additive"])
def test_attention(score, lengths):
    sources = LENGTHS[lengths]
    targets, reads = [n + 2 for n in sources], np.roll(np.arange(len(sources)), 1)
    assert_parity(reference.attention_numbers(score, sources, targets, reads))


@pytest.mark.parametrize(
    "lengths, label_lengths",
    [
        ((6, 4, 4, 2, 1), (3, 2, 0, 1, 1)),
        ((30, 30, 30), (20, 4, 11)),
        ((1, 1), (0, 1)),
        ((3, 2), (0, 0)),
    ],
    ids=str,
)
def test_ctc(lengths, label_lengths):
    assert_parity(reference.ctc_numbers(lengths, label_lengths))


@pytest.mark.slow
@pytest.mark.parametrize("cell", reference.MODULES)
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(
    "score, n_directions",
    [("", 1), ("", 2), ("dot", 1), ("general", 1), ("general", 2), ("additive", 2)],
)
def test_encoder_and_decoder(score, n_directions, n_layers, cell):
    assert_parity(reference.translation_numbers(score, cell, n_layers, n_directions))


def in_detached_chunks(max_steps):
    """Run each sequence alone, `max_steps` at a time, and cut the graph between the chunks."""

    def run(rnn, x, lengths, state0):
        owner = reference.owners(lengths)
        outputs, finals = torch.empty(len(x), reference.H, dtype=x.dtype), []
        for s in range(len(lengths)):
            state, steps = state0[:, :, s : s + 1], []
            for i, chunk in enumerate(x[owner == s].split(max_steps)):
                state = state.detach() if i else state
                out, state = reference.run_packed(rnn, chunk, [len(chunk)], state)
                steps.append(out)
            outputs[owner == s] = torch.cat(steps)
            finals.append(state)
        return outputs, torch.cat(finals, dim=2)

    return run


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("max_steps", [1, 2, 3, 6])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", reference.MODULES)
def test_truncated_gradients(cell, n_layers, max_steps, lengths):
    run = in_detached_chunks(max_steps)
    numbers = reference.recurrent_numbers(cell, n_layers, 1, LENGTHS[lengths], run)
    assert_parity(numbers, max_steps=max_steps)


@pytest.mark.parametrize("lengths", [*LENGTHS.values(), (9, 9, 5, 2, 2, 2, 1)], ids=str)
def test_rows_are_in_the_order_of_a_packed_sequence(lengths):
    packing = Packing(lengths)
    steps = torch.nn.utils.rnn.pack_sequence([torch.arange(n) for n in lengths])
    assert_array_equal(packing.step, steps.data)
    assert_array_equal(packing.sequence, reference.owners(lengths))
    assert_array_equal(packing.batch_sizes, steps.batch_sizes)


N_SEQUENCES, BATCH_SIZE, N_EPOCHS, RATE, MAX_NORM = 20, 4, 4, 0.01, 0.5


class Task:
    """Ragged sequences with labels; a batch is an array of indices, longest first."""

    def __init__(self, rng):
        self.lengths = rng.integers(1, 7, size=N_SEQUENCES)
        self.sequences = [reference.draw_input(rng, n) for n in self.lengths]
        self.labels = rng.integers(reference.OUTPUTS, size=N_SEQUENCES)
        shuffle = np.random.RandomState(0)
        self.epochs = [batches(self.lengths, BATCH_SIZE, shuffle) for _ in range(N_EPOCHS)]

    def take(self, batch):
        x = torch.nn.utils.rnn.pack_sequence([self.sequences[i] for i in batch]).data
        return x, self.lengths[batch], self.labels[batch]


def train_torch(net, task):
    """Update the network in place; return the gradient norms."""
    optimizer, norms = torch.optim.Adam(net.parameters(), lr=RATE), []
    for batch in (batch for epoch in task.epochs for batch in epoch):
        x, lengths, labels = task.take(batch)
        state0 = torch.zeros(reference.state_shape(net.rnn, lengths), dtype=torch.float64)
        outputs, _ = net(x, lengths.tolist(), state0)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(outputs, torch.from_numpy(labels)).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(net.parameters(), MAX_NORM)))
        optimizer.step()
    return norms


def train_skrnn(net, theta, task, loss):
    """Update the parameters in place; return the mean gradient norm of each epoch."""

    def objective(theta, batch):
        x, lengths, labels = task.take(batch)
        weight = np.full(len(batch), 1 / len(batch))
        batch = Batch(x.numpy(), Packing(lengths), labels, weight)
        value, grad, _ = net.loss_and_grad(theta, batch, loss)
        return value, grad, len(batch), None

    schedule = Schedule("constant", RATE)
    steps = minimize_minibatch(objective, theta, task.epochs, Adam(theta), schedule, MAX_NORM)
    return [epoch.grad_norm for epoch in steps]


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("cell", reference.MODULES)
def test_twenty_steps_of_training(cell, pooling):
    numbers = reference.network_numbers(cell, 2, 2, pooling, "cross_entropy")
    rng = np.random.default_rng(0)
    theirs, task = reference.draw_parameters(reference.Net(cell, 2, 2, pooling), rng), Task(rng)
    ours = network_like(numbers)
    theta = flatten(ours, parameters_of(theirs))
    start = theta.copy()
    norms = train_torch(theirs, task)
    means = train_skrnn(ours, theta, task, loss(numbers))
    assert min(norms) < MAX_NORM < max(norms)
    assert len(norms) == 20
    assert_allclose(means, np.reshape(norms, (N_EPOCHS, -1)).mean(axis=1), rtol=1e-10)
    assert_allclose(theta, flatten(ours, parameters_of(theirs)), rtol=1e-10, atol=1e-10)
    assert (np.abs(theta - start) > RATE).mean() > 0.5


def parameters_of(module):
    return reference.arrays(**reference.named_parameters(module))


# Estimators ---------------------------------------------------------------------------------


def torch_modules(model, cell):
    """The recurrent module and the linear layer that load the parameters of an estimator."""
    layers = {"num_layers": model.n_layers, "bidirectional": model.bidirectional}
    if cell in ("tanh", "relu"):
        layers["nonlinearity"] = cell
    width = model.hidden_size * (1 + model.bidirectional)
    options = {"batch_first": True, "dtype": torch.float64}
    rnn = reference.MODULES[cell](model.n_features_in_, model.hidden_size, **layers, **options)
    head = torch.nn.Linear(width, model.n_outputs_, dtype=torch.float64)
    state = {name: torch.from_numpy(value.copy()) for name, value in model.coefs_.items()}
    of_head = {name: state.pop(name) for name in ("head.weight", "head.bias")}
    head.load_state_dict({name.removeprefix("head."): v for name, v in of_head.items()})
    rnn.load_state_dict(state)
    return rnn, head


def torch_answers(model, cell, x):
    """Probabilities, or values, of one sequence or of its steps, computed by torch."""
    rnn, head = torch_modules(model, cell)
    steps, state = rnn(torch.from_numpy(x)[None])
    last = (state[0] if cell == "lstm" else state)[-1 - model.bidirectional :]
    read = {"last": last.transpose(0, 1).flatten(1)[0], "max": steps[0].amax(dim=0)}
    outputs = head(read.get(getattr(model, "pooling", None), steps[0]))
    if is_regressor(model):
        return outputs[..., 0] * model.y_scale_[0] + model.y_mean_[0]
    return torch.softmax(outputs, dim=-1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("cell", reference.MODULES)
@each_case
def test_torch_loads_coefs_and_gives_the_same_answers(case, cell, n_layers, bidirectional):
    kind = {"cell_type": cell}
    if cell in ("tanh", "relu"):
        kind = {"cell_type": "rnn", "activation": cell}
    X = sequences()
    y = case.target(X)
    model = case.make(**kind, n_layers=n_layers, bidirectional=bidirectional).fit(X, y)
    answer = getattr(model, "predict_proba", model.predict)
    for x, ours in zip(X, answer(X), strict=True):
        theirs = torch_answers(model, cell, x).detach().numpy()
        assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
