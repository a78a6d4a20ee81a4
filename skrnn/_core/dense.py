"""The dense layer: the head of a network."""


class Dense:
    """outputs = x W^T + b.

    Parameters
    ----------
    n_features, n_outputs : int
    name : str
        The parameters are ``{name}.weight`` and ``{name}.bias``.
    prefix : str
        Stands before these names.
    weight : str or None
        Name of a parameter of the same shape, which takes the place of the weight.
    """

    def __init__(self, n_features, n_outputs, name="head", prefix="", weight=None):
        self.weight, self.bias = weight or f"{prefix}{name}.weight", f"{prefix}{name}.bias"
        self.n_outputs = n_outputs
        self.shapes = {self.weight: (n_outputs, n_features), self.bias: (n_outputs,)}

    def forward(self, params, x):
        """x (n, n_features) -> outputs (n, n_outputs), backward(grads, doutputs) -> dx."""
        W = params[self.weight]

        def backward(grads, doutputs):
            grads[self.weight] += doutputs.T @ x
            grads[self.bias] += doutputs.sum(axis=0)
            return doutputs @ W

        outputs = x @ W.T
        outputs += params[self.bias]
        return outputs, backward
