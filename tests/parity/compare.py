"""What skrnn computes from the numbers of `make_fixtures`, and the comparison."""

import numpy as np
from cells import CELLS
from numpy.testing import assert_allclose

from skrnn._core.attention import Attention
from skrnn._core.ctc import ctc_loss
from skrnn._core.encoder_decoder import EncoderDecoder, Pairs
from skrnn._core.losses import cross_entropy, regression_loss
from skrnn._core.network import Network
from skrnn._core.packing import Packing
from skrnn._core.recurrent import Recurrent

RESULTS = ("outputs", "final", "value", "weights", "dx", "dstate0", "dqueries", "dkeys", "grad.")


def assert_parity(numbers, **options):
    """Compute every result among `numbers` from the rest, and compare to 1e-10."""
    ours = kind(numbers)(numbers, **options)
    assert ours.keys() == {name for name in numbers if name.startswith(RESULTS)}
    for name, number in ours.items():
        assert_allclose(number, numbers[name], rtol=1e-10, atol=1e-12, err_msg=name)


def kind(numbers):
    """The function that computes the results of such numbers."""
    if "translates" in numbers:
        return translation
    if "score" in numbers:
        return attention
    if "labels" in numbers:
        return ctc
    return network if "pooling" in numbers else recurrent


def recurrent(numbers, max_steps=None):
    """Run a stack of recurrent layers both ways, down to the gradient of its input."""
    layers, params = stack(numbers, max_steps), parameters(numbers)
    x, finals, backwards = numbers["x"], [], []
    packing = Packing(numbers["lengths"])
    for layer, state0 in zip(layers, by_layer(numbers["state0"], layers), strict=True):
        x, final, backward = layer.forward(params, x, packing, state0)
        finals.append(final)
        backwards.append(backward)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    d, dstates, dfinals = numbers["doutputs"], [], by_layer(numbers["dfinal"], layers)
    for backward, dfinal in zip(reversed(backwards), reversed(dfinals), strict=True):
        d, dstate0 = backward(grads, d, dfinal, need_dx=True)
        dstates.insert(0, dstate0)
    results = {"outputs": x, "final": finals, "dx": d, "dstate0": dstates}
    return in_torch_shape(results, grads)


def network(numbers):
    """Run a network and its loss both ways."""
    net = network_like(numbers)
    theta = flatten(net, parameters(numbers))
    packing, state0 = Packing(numbers["lengths"]), by_layer(numbers["state0"], net.stack.layers)
    outputs, finals, backward = net.forward(theta, numbers["x"], packing, state0)
    value, doutputs, _ = loss(numbers)({}, outputs, numbers["target"], numbers["weight"], packing)
    grad, dstates = backward(doutputs)
    n_layers = len(net.stack.layers)  # a pooling's state comes behind those of the layers
    finals, dstates = finals[:n_layers], dstates[:n_layers]
    results = {"outputs": outputs, "value": value, "final": finals, "dstate0": dstates}
    return in_torch_shape(results, net.layout.views(grad))


def attention(numbers):
    """Let targets read sources, and go back to the gradients of both."""
    params, queries = parameters(numbers), numbers["queries"]
    layer = Attention(str(numbers["score"]), queries.shape[1], numbers["keys"].shape[1])
    source = numbers["reads"][Packing(numbers["target_lengths"]).sequence]
    memory, memory_back = layer.memorise(params, numbers["keys"], Packing(numbers["lengths"]))
    outputs, weights, backward = layer.forward(params, queries, memory, source)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dqueries, dmemory = backward(grads, numbers["doutputs"])
    results = {"outputs": outputs, "weights": weights, "dqueries": dqueries}
    results["dkeys"] = memory_back(grads, dmemory)
    return results | gradients(grads)


def translation(numbers):
    """Run an encoder and a decoder, and the loss, both ways."""
    params, score = parameters(numbers), str(numbers["translates"])
    net = EncoderDecoder(
        numbers["x"].shape[1],
        CELLS[str(numbers["cell"])],
        params["decoder.weight_hh_l0"].shape[1],
        len(params["decoder.head.bias"]),
        n_layers=int(numbers["n_layers"]),
        bidirectional=int(numbers["n_directions"]) == 2,
        attention=None if score == "none" else score,
        tables={0: params["encoder.embedding_0.weight"].shape},
        symbol_size=params["decoder.embedding_0.weight"].shape[1],
    )
    packing, symbols = Packing(numbers["target_lengths"]), numbers["symbols"][:, None]
    x = Pairs(numbers["x"], Packing(numbers["lengths"]), symbols, np.asarray(numbers["reads"]))
    outputs, _, backward = net.forward(flatten(net, params), x, packing)
    value, doutputs, _ = cross_entropy({}, outputs, numbers["target"], numbers["weight"], packing)
    grads = net.layout.views(backward(doutputs)[0])
    return {"outputs": outputs, "value": value} | gradients(grads)


def ctc(numbers):
    """Loss of a connectionist temporal classification, and its gradient."""
    packing, weight = Packing(numbers["lengths"]), numbers["weight"]
    targets = numbers["labels"], np.asarray(numbers["label_lengths"])
    value, dx = ctc_loss(numbers["x"], *targets, weight, packing)
    return {"value": value, "dx": dx}


def stack(numbers, max_steps):
    cell, n_layers = CELLS[str(numbers["cell"])], int(numbers["n_layers"])
    K, H = int(numbers["n_directions"]), numbers["state0"].shape[3]
    widths = [numbers["x"].shape[1]] + [K * H] * n_layers
    return [Recurrent(cell, widths[i], H, K, i, max_steps) for i in range(n_layers)]


def network_like(numbers):
    """A network of the cell, sizes and pooling that `numbers` name, its first column embedded."""
    pooling, params = str(numbers["pooling"]), parameters(numbers)
    return Network(
        numbers["x"].shape[1],
        CELLS[str(numbers["cell"])],
        params["weight_hh_l0"].shape[1],
        len(params["head.bias"]),
        n_layers=int(numbers["n_layers"]),
        bidirectional=int(numbers["n_directions"]) == 2,
        pooling=None if pooling == "none" else pooling,
        tables={0: params["embedding_0.weight"].shape},
    )


def loss(numbers):
    name = str(numbers["loss"])
    if name == "cross_entropy":
        return cross_entropy
    return regression_loss(name, float(numbers["quantile"]))


def parameters(numbers):
    prefix = "param."
    return {name.removeprefix(prefix): numbers[name] for name in numbers if name.startswith(prefix)}


def flatten(net, params):
    return np.concatenate([params[name].ravel() for name in net.layout.shapes])


def by_layer(state, layers):
    """Split a state in torch's shape into those of the layers (n_states, H, K, n_sequences)."""
    return [part.transpose(0, 3, 1, 2) for part in np.split(state, len(layers), axis=1)]


def in_torch_shape(results, grads):
    for name in ("final", "dstate0"):
        results[name] = np.concatenate(
            [part.transpose(0, 2, 3, 1) for part in results[name]], axis=1
        )
    return results | gradients(grads)


def gradients(grads):
    return {f"grad.{name}": grad for name, grad in grads.items()}
