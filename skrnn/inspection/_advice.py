"""What the figures of a gradient flow mean, in words."""

import numpy as np

# How many times the gradient may grow on its way back before it is said to explode.
LARGEST_GROWTH = 100
# Share of the gradient below which what lies so far back is learnt by some networks only; see
# docs/inspection.md for how many.
LITTLE = 0.1
# Share of saturated activations that is too large for a gate that should move.
MOSTLY = 0.5
# Poolings that give every step a way of its own to the output.
EVERY_STEP = ("mean", "max")
# Gates that keep the state, and the input gate beside them, may well stand still.
LETTERS = {"g": "candidate", "o": "output gate", "n": "candidate", "r": "reset gate"}


def advise(flow, architecture, estimator):
    """Say what a flow means, and what to try.

    flow          what `gradient_flow` returns, without the advice
    architecture  dict, that of the `Model`
    estimator     its parameters tell what has been tried
    """
    rules = no_gradient, fading, growth, saturation
    found = [rule(flow, architecture, estimator) for rule in rules]
    return [text for text in found if text] or [healthy(flow, architecture, estimator)]


def no_gradient(flow, architecture, estimator):
    if flow.norm[..., 0].any() or flow.norm.any():
        return None
    reason = "The loss has no gradient by any hidden state, so that nothing is learnt."
    if architecture["activation"] == "relu" and architecture["cell_type"] == "rnn":
        return f"{reason} All units of the relu are off: fit anew with a lower learning_rate_init."
    return f"{reason} If all targets are predicted exactly, all is well."


def fading(flow, architecture, estimator):
    """Advice if little of the gradient reaches the other end of the longest sequences."""
    n_steps = flow.norm.shape[-1]
    # One layer that remembers is enough, but each direction should.
    memory = flow.memory.max(axis=0).min()
    if 0 < memory < n_steps:
        half_life = flow.half_life.max(axis=0).min()
        text = (
            f"The gradient falls to 1 % within {memory:.0f} of {n_steps} steps (half-life: "
            f"{half_life:.0f}), so that what lies further back is hardly learnt"
        )
    elif share_left(flow) < LITTLE and architecture["pooling"] not in EVERY_STEP:
        text = (
            f"The gradient reaches all {n_steps} steps, but {share_left(flow):.0%} of what one "
            "step leaves is left after all of them, so that what lies so far back is learnt "
            "slowly, or not at all"
        )
    else:
        return None
    return f"{text}. If it matters, {' or '.join(remedies(architecture, estimator))}."


def start_of(norm):
    """Norm after one step of the recurrence, or at the loss if there is none, (..., 1)."""
    return norm[..., 1:2] if norm.shape[-1] > 1 else norm


def share_left(flow):
    """Share of what one step of the recurrence leaves that reaches the other end, at the least."""
    norm = flow.norm.sum(axis=0)
    start, end = start_of(norm), norm[:, -1:]
    return np.divide(end, start, where=start > 0, out=np.ones_like(end)).min()


def remedies(architecture, estimator):
    """Name what lengthens a memory and has not been tried yet."""
    found, forget_bias = [], getattr(estimator, "forget_bias", "chrono")
    if architecture["cell_type"] == "rnn":
        with_bias = "" if forget_bias == "chrono" else ", and forget_bias='chrono'"
        found.append(f"set cell_type='lstm' or 'gru'{with_bias}")
    elif forget_bias != "chrono":
        found.append(f"set forget_bias='chrono' (it is {forget_bias!r})")
    if architecture["max_steps"]:
        found.append(f"set tbptt_steps=None (it is {architecture['max_steps']})")
    if architecture["pooling"] == "last":
        found.append("let pooling='mean' or 'max' read every step directly")
    return found or ["shorten the sequences"]


def growth(flow, architecture, estimator):
    """Advice if the gradient explodes."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        grown = flow.norm[..., 1:] / start_of(flow.norm)
    most = np.nan_to_num(grown, nan=1, posinf=np.inf).max(initial=1)
    if most <= LARGEST_GROWTH or architecture["pooling"] in EVERY_STEP:
        return None
    radius = flow.spectral_radius.max()
    text = (
        f"The gradient grows {most:.1e} times on its way back (largest spectral radius: "
        f"{radius:.2f}), and the first steps drown the others: lower learning_rate_init, "
    )
    if getattr(estimator, "max_grad_norm", None) is None:
        text += "set max_grad_norm=0.5 (it is None), "
    return text + "raise alpha, or set tbptt_steps."


def saturation(flow, architecture, estimator):
    """Advice if gates that should move stand still."""
    for g, gate in enumerate(flow.gates):
        share = flow.saturation[..., g].max()
        if gate in LETTERS and share > MOSTLY:
            return (
                f"{share:.0%} of the activations of the {LETTERS[gate]} ({gate}) are "
                "saturated, and pass no gradient on: scale the features to unit variance, as "
                "TimestepTransformer(StandardScaler()) does, or lower learning_rate_init."
            )
        if gate == "h" and share > MOSTLY:
            return (
                f"{share:.0%} of the hidden states are saturated, and pass no gradient on: scale "
                "the features to unit variance, as TimestepTransformer(StandardScaler()) does, or "
                "lower learning_rate_init."
            )
    return None


def healthy(flow, architecture, estimator):
    text = f"The gradient reaches all {flow.norm.shape[-1]} steps"
    if architecture["pooling"] in EVERY_STEP:
        return (
            f"{text}, each of which pooling={architecture['pooling']!r} reads: nothing to change."
        )
    return (
        f"{text}: {share_left(flow):.0%} of what one step leaves is left after all of them. "
        "Nothing to change."
    )
