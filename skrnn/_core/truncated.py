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
    spans, starts = packing.spans(size), []
    take, how_again = partial(take_span, go_over, xs, mask), how._replace(empty=np.empty)
    without_tape = how_again._replace(for_backward=False)
    outputs = np.empty((packing.n_rows, layer.n_outputs), state.dtype) if return_steps else None
    for span in spans:
        is_last = span is spans[-1]
        starts.append(None if is_last else state.copy())
        own, last_back = take(span, state, how if is_last else without_tape, return_steps)
        if return_steps:
            outputs[span.rows] = own

    def backward(gradient, dstate, doutputs=None, need_dx=False):
        dxs, back = [], last_back
        for span, start in zip(reversed(spans), reversed(starts), strict=True):
            if start is not None:
                back = take(span, start.copy(), how_again, return_steps=False)[1]
            own = None if doutputs is None else doutputs[span.rows]
            dxs.insert(0, back(gradient, dstate, own, need_dx))
            if span.first_step:
                dstate[..., : span.packing.n_sequences] = 0
        return np.concatenate(dxs, axis=1) if need_dx else None

    return outputs, backward


def take_span(go_over, xs, mask, span, state, how, return_steps):
    """Take the steps of a span; who watches is told their numbers among all steps."""
    if how.watch:
        first, watch = span.first_step, how.watch
        how = how._replace(watch=lambda layer, step, dh: watch(layer, first + step, dh))
    own_xs = [x[span.rows] for x in xs]
    return go_over(own_xs, span.packing, state, mask, how, return_steps)
