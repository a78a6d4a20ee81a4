import numpy as np
import pytest
from gradcheck import assert_gradient
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from skrnn._core.attention import SCORES, Attention
from skrnn._core.packing import Packing
from skrnn._core.params import ParamLayout

# Lengths of sources and of targets, and the source that each target reads.
PAIRS = {
    "equal": ([4, 4, 4], [2, 2, 2], [1, 2, 0]),
    "ragged": ([5, 3, 3, 1], [6, 4, 2, 1], [2, 3, 0, 1]),
    "one step": ([1, 1], [1, 1], [0, 1]),
    "shared and unread": ([5, 4, 2], [4, 3, 3], [2, 0, 2]),
}
N_QUERY = 3
PARTS = ("outputs", "weights", "dqueries", "dkeys")

each_score = pytest.mark.parametrize("score", SCORES)
each_pairing = pytest.mark.parametrize("pairs", PAIRS)


def make(score):
    return Attention(score, N_QUERY, N_QUERY if score == "dot" else 4, "look")


def draw(layer, pairs, seed=0):
    """Random parameters, queries, keys, and gradient of what comes out."""
    rng = np.random.default_rng(seed)
    packing, targets = Packing(PAIRS[pairs][0]), Packing(PAIRS[pairs][1])
    return {
        "params": {name: rng.normal(size=shape) for name, shape in layer.shapes.items()},
        "queries": rng.normal(size=(targets.n_rows, N_QUERY)),
        "keys": rng.normal(size=(packing.n_rows, layer.n_key)),
        "doutputs": rng.normal(size=(targets.n_rows, N_QUERY)),
        "source": np.array(PAIRS[pairs][2])[targets.sequence],
        "packing": packing,
    }


def run(layer, params, queries, keys, doutputs, source, packing):
    """Everything a layer computes, by name."""
    memory, memory_back = layer.memorise(params, keys, packing)
    outputs, weights, backward = layer.forward(params, queries, memory, source)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    dqueries, dmemory = backward(grads, doutputs)
    dkeys = memory_back(grads, dmemory)
    parts = dict(zip(PARTS, (outputs, weights, dqueries, dkeys), strict=True))
    return parts | {f"grad.{name}": grad for name, grad in grads.items()}


def score_as_printed(score, W, q, k):
    if score == "dot":
        return q @ k
    if score == "general":
        return q @ W["query"].T @ k
    return (W["score"] @ np.tanh(W["query"] @ q + W["key"] @ k))[0]


@each_pairing
@each_score
def test_outputs_and_weights_are_the_equations_query_by_query(score, pairs):
    layer = make(score)
    drawn = draw(layer, pairs)
    found, packing = run(layer, **drawn), drawn["packing"]
    W = {name.split(".")[1]: value for name, value in drawn["params"].items()}
    assert found["weights"].shape == (len(drawn["queries"]), packing.n_steps)
    rows = zip(drawn["queries"], drawn["source"], found["outputs"], found["weights"], strict=True)
    for q, source, output, weights in rows:
        keys = drawn["keys"][packing.sequence == source]
        a = softmax([score_as_printed(score, W, q, k) for k in keys])
        assert_allclose(weights[: len(keys)], a, rtol=1e-12)
        assert_array_equal(weights[len(keys) :], 0)
        expected = np.tanh(W["combine"] @ np.concatenate([a @ keys, q]))
        assert_allclose(output, expected, rtol=1e-12)


@each_pairing
@each_score
def test_gradient_of_parameters_queries_and_keys(score, pairs):
    layer = make(score)
    drawn = draw(layer, pairs)
    inputs = drawn["params"] | {name: drawn[name] for name in ("queries", "keys")}
    layout = ParamLayout({name: value.shape for name, value in inputs.items()})
    point = np.concatenate([value.ravel() for value in inputs.values()])

    def value(point):
        views = layout.views(point)
        memory, _ = layer.memorise(views, views["keys"], drawn["packing"])
        outputs, _, _ = layer.forward(views, views["queries"], memory, drawn["source"])
        return np.vdot(outputs, drawn["doutputs"])

    found = run(layer, **drawn)
    names = [f"grad.{name}" for name in drawn["params"]] + ["dqueries", "dkeys"]
    gradient = np.concatenate([found[name].ravel() for name in names])
    assert_gradient(value, point, gradient, layout.slices)


@each_pairing
@each_score
def test_a_source_alone_gives_what_it_does_in_a_batch(score, pairs):
    layer = make(score)
    drawn = draw(layer, pairs)
    together, packing = run(layer, **drawn), drawn["packing"]
    summed = {name: 0 for name in together if name.startswith("grad.")}
    for s, length in enumerate(packing.lengths):
        queries, keys = drawn["source"] == s, packing.sequence == s
        if not queries.any():
            assert_array_equal(together["dkeys"][keys], 0)
            continue
        alone = run(
            layer,
            drawn["params"],
            drawn["queries"][queries],
            drawn["keys"][keys],
            drawn["doutputs"][queries],
            np.zeros(queries.sum(), int),
            Packing([length]),
        )
        expected = {name: together[name][queries] for name in ("outputs", "dqueries")}
        expected |= {"weights": together["weights"][queries, :length]}
        expected |= {"dkeys": together["dkeys"][keys]}
        for name, number in expected.items():
            assert_allclose(alone[name], number, rtol=1e-12, atol=1e-14, err_msg=name)
        for name in summed:
            summed[name] = summed[name] + alone[name]
    for name, total in summed.items():
        assert_allclose(total, together[name], rtol=1e-12, atol=1e-14, err_msg=name)


@each_score
def test_a_query_never_sees_the_steps_of_another_source(score):
    layer = make(score)
    drawn = draw(layer, "ragged")
    before = run(layer, **drawn)
    for s in range(4):
        others = drawn["packing"].sequence != s
        changed = drawn | {"keys": np.where(others[:, None], 1e6, drawn["keys"])}
        after, own = run(layer, **changed), drawn["source"] == s
        for name in ("outputs", "weights", "dqueries"):
            assert_array_equal(after[name][own], before[name][own], err_msg=name)
        assert_array_equal(after["dkeys"][~others], before["dkeys"][~others])


@each_score
def test_one_step_at_a_time_gives_what_all_at_once_do(score):
    layer = make(score)
    drawn = draw(layer, "ragged")
    found, targets = run(layer, **drawn), Packing(PAIRS["ragged"][1])
    memory, _ = layer.memorise(drawn["params"], drawn["keys"], drawn["packing"])
    for t in range(targets.n_steps):
        rows = targets.step == t
        step = drawn["queries"][rows], memory, drawn["source"][rows]
        outputs, weights, _ = layer.forward(drawn["params"], *step)
        assert_allclose(outputs, found["outputs"][rows], rtol=1e-12)
        assert_allclose(weights, found["weights"][rows], rtol=1e-12)


@each_score
def test_the_memory_of_some_sources_gives_what_that_of_all_does(score):
    layer = make(score)
    drawn = draw(layer, "ragged")
    memory, _ = layer.memorise(drawn["params"], drawn["keys"], drawn["packing"])
    kept = memory.take(np.array([1, 3]))
    assert_array_equal(kept.lengths, [3, 1])
    assert kept.keys.shape == (2, 3, layer.n_key)
    queries, source = drawn["queries"][:3], np.array([1, 0, 1])
    outputs, weights, _ = layer.forward(drawn["params"], queries, kept, source)
    expected = layer.forward(drawn["params"], queries, memory, np.array([3, 1, 3]))
    assert_allclose(outputs, expected[0], rtol=1e-12)
    assert_allclose(weights, expected[1][:, :3], rtol=1e-12)


@each_score
def test_float32_stays_float32(score):
    layer = make(score)
    drawn = draw(layer, "ragged")
    single = {name: value.astype(np.float32) for name, value in drawn["params"].items()}
    rows = ("queries", "keys", "doutputs")
    numbers = drawn | {"params": single} | {n: drawn[n].astype(np.float32) for n in rows}
    expected = run(layer, **drawn)
    for name, number in run(layer, **numbers).items():
        assert number.dtype == np.float32
        assert_allclose(number, expected[name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_score
def test_large_scores_do_not_overflow_but_leave_all_to_the_best_step(score, dtype):
    layer = make(score)
    drawn = draw(layer, "ragged")
    best = run(layer, **drawn)["weights"].argmax(axis=1)
    scaled = drawn["params"]["look.score.weight"] if score == "additive" else drawn["queries"]
    scaled *= 1e6
    for name in ("queries", "keys", "doutputs"):
        drawn[name] = drawn[name].astype(dtype)
    drawn["params"] = {name: value.astype(dtype) for name, value in drawn["params"].items()}
    found = run(layer, **drawn)
    assert all(np.isfinite(number).all() for number in found.values())
    assert_allclose(found["weights"], np.arange(5) == best[:, None], atol=1e-6)


@each_score
def test_backward_adds_to_the_gradients_and_nothing_is_written_to_the_inputs(score):
    layer = make(score)
    drawn = draw(layer, "shared and unread")
    arrays = [*drawn["params"].values(), *(drawn[n] for n in ("queries", "keys", "doutputs"))]
    kept = [array.copy() for array in arrays]
    memory, memory_back = layer.memorise(drawn["params"], drawn["keys"], drawn["packing"])
    _, _, backward = layer.forward(drawn["params"], drawn["queries"], memory, drawn["source"])
    grads = {name: np.zeros(shape) for name, shape in layer.shapes.items()}
    for _ in range(2):
        memory_back(grads, backward(grads, drawn["doutputs"])[1])
    once = run(layer, **drawn)
    for name, grad in grads.items():
        assert_allclose(grad, 2 * once[f"grad.{name}"], rtol=1e-12)
    for array, before in zip(arrays, kept, strict=True):
        assert_array_equal(array, before)


def test_parameters_are_named_after_the_layer():
    shapes = Attention("additive", 2, 3, "decoder.attention").shapes
    assert shapes == {
        "decoder.attention.query.weight": (2, 2),
        "decoder.attention.key.weight": (2, 3),
        "decoder.attention.combine.weight": (2, 5),
        "decoder.attention.score.weight": (1, 2),
    }
    assert Attention("general", 2, 3).shapes == {
        "attention.query.weight": (3, 2),
        "attention.combine.weight": (2, 5),
    }
    assert Attention("dot", 2, 2).shapes == {"attention.combine.weight": (2, 4)}


def test_sizes_and_names_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="score='dot' needs .* one size, got 2 and 3; 'general'"):
        Attention("dot", 2, 3)
    with pytest.raises(ValueError, match="score must be one of .*'general'.*, got 'cosine'"):
        Attention("cosine", 2, 2)
