"""Truncated backpropagation through time: the loop over time in spans of steps.

No gradient passes from one span to the one before. So one tape at a time is enough: on the way
back, the steps of all spans but the last are taken again.
"""

from functools import partial

import numpy as np

from skrnn._core.unroll import unroll


def unroll_spans(layer, xs, packing, state, mask, how, return_steps=True):
    """Do what `unroll` does, in spans of ``layer.max_steps`` if a gradient is to go back."""
    go_over, size = partial(how.unroll or unroll, layer), layer.max_steps
    if not (how.for_backward and size and size < packing.n_steps):
        return go_over(xs, packing, state, mask, how, return_steps)
    take, (*earlier, last) = partial(take_span, go_over, xs, mask), packing.spans(size)
    outputs = np.empty((packing.n_rows, layer.n_outputs), state.dtype) if return_steps else None
    how_again, starts = how._replace(empty=np.empty), []
    without_tape = how_again._replace(for_backward=False)
    for span in earlier:
        starts.append((span, state.copy()))
        take(without_tape, span, state, outputs)
    way_back = last, take(how, last, state, outputs)
    return outputs, partial(go_back, partial(take, how_again), starts, way_back)


def take_span(go_over, xs, mask, how, span, state, outputs=None):
    """Take the steps of a span; write to outputs if there are any, and return its ``backward``."""
    if how.watch:  # Who watches is told the numbers of steps among all.
        first, watch = span.first_step, how.watch
        how = how._replace(watch=lambda layer, step, dh: watch(layer, first + step, dh))
    own_xs, return_steps = [x[span.rows] for x in xs], outputs is not None
    own, backward = go_over(own_xs, span.packing, state, mask, how, return_steps)
    if return_steps:
        outputs[span.rows] = own
    return backward


def go_back(take_again, starts, way_back, gradient, dstate, doutputs=None, need_dx=False):
    """Do what `unroll` says of ``backward``, from the last span to the first.

    take_again  makes the tape of a span again, from the state before it
    starts      pairs of each span but the last, and this state
    way_back    the last span, and the ``backward`` through it
    """
    dxs = []
    for span, backward in ways_back(take_again, starts, way_back):
        own = None if doutputs is None else doutputs[span.rows]
        dxs.insert(0, backward(gradient, dstate, own, need_dx))
        if span.first_step:
            dstate[..., : span.packing.n_sequences] = 0
    return np.concatenate(dxs, axis=1) if need_dx else None


def ways_back(take_again, starts, way_back):
    """Yield each span, the last one first, and the ``backward`` through it."""
    yield way_back
    for span, start in reversed(starts):
        yield span, take_again(span, start.copy())
