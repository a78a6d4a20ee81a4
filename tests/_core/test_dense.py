import numpy as np
from gradcheck import assert_gradient_entries
from numpy.testing import assert_allclose

from skrnn._core.dense import Dense
from skrnn._core.params import ParamLayout


def test_dense():
    layer = Dense(3, 2)
    rng = np.random.default_rng(0)
    layout = ParamLayout({**layer.shapes, "x": (4, 3)})
    point, doutputs = rng.normal(size=layout.size), rng.normal(size=(4, 2))

    def forward(point):
        views = layout.views(point)
        return layer.forward(views, views["x"])

    views = layout.views(point)
    outputs, backward = forward(point)
    for x, output in zip(views["x"], outputs, strict=True):
        assert_allclose(output, views["head.weight"] @ x + views["head.bias"], rtol=1e-14)
    gradient = np.zeros_like(point)
    grads = layout.views(gradient)
    grads["x"][...] = backward(grads, doutputs)
    assert_gradient_entries(lambda p: np.vdot(forward(p)[0], doutputs), point, gradient)
