"""Fitted networks as modules of torch, and back."""

from __future__ import annotations

from functools import cache, singledispatch
from typing import Any

import numpy as np

from skrnn._core.cells import GRU, LSTM, Elman
from skrnn._targets.labels import Labels, MultiLabels
from skrnn._targets.next_symbol import NextSymbol
from skrnn._targets.steps import CRFLabels
from skrnn._targets.values import Values
from skrnn.export._opening import open_network
from skrnn.export._optional import need

MODULES = {LSTM: "LSTM", GRU: "GRU", Elman: "RNN"}


def to_torch(estimator: Any) -> Any:
    """Make a ``torch.nn.Module`` that computes what a fitted network does.

    The module is built of torch's own layers, so that it can be trained further, moved to a GPU, be
    part of a larger one, or be compiled. Its weights go back by ``set_coefs``.

    Parameters
    ----------
    estimator : estimator
        A fitted `RNNClassifier`, `RNNRegressor`, `SequenceTagger`, `SequenceRegressor` or
        `RNNLanguageModel`.

    Returns
    -------
    module : torch.nn.Module
        In the mode of evaluation and the precision of the estimator. ``module(x, lengths=None)``
        takes sequences (n_sequences, n_steps, n_features) in a tensor, with ids as numbers, and
        lengths (n_sequences,) if they differ; it returns what the loss is computed of: scores of
        labels, as `decision_function` has them before a softmax, or standardised numbers.
        ``module.answers(x, lengths=None)`` returns what `predict_proba` does, or `predict` of
        regressors. Steps behind the length of a sequence count for nothing.
        ``module.coefs()`` returns the weights as arrays by the names that they have in `coefs_`.
        There is no dropout in it. A language model reads positions in `classes_`, the first step of
        a sequence ``len(classes_)``.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is none of these.
    ImportError
        If torch is not installed.

    See Also
    --------
    to_onnx : The network for programs without Python.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> from skrnn.export import to_torch
    >>> X = np.random.default_rng(0).normal(size=(60, 9, 2)).astype("float32")
    >>> y = X[:, :, 0].mean(axis=1) > 0
    >>> model = RNNClassifier(hidden_size=8, max_iter=10, random_state=0).fit(X, y)
    >>> import torch  # doctest: +SKIP
    >>> module = to_torch(model)  # doctest: +SKIP
    >>> p = module.answers(torch.from_numpy(X)).detach().numpy()  # doctest: +SKIP
    >>> bool(np.allclose(p, model.predict_proba(X), atol=1e-6))  # doctest: +SKIP
    True
    >>> model.set_coefs(module.coefs()) is model  # doctest: +SKIP
    True
    """
    inside = open_network(estimator, "a module of torch")
    need("torch", "torch", "to_torch")
    module = network_class()()
    module.build(inside)
    return module


class TorchNetwork:
    """What makes an ``nn.Module`` a network; torch is imported once one is made."""

    def build(self, inside):
        """Add the layers of a fitted network, and its weights."""
        import torch

        network, params = inside.model.network, inside.model.params
        stack, self.target, self.pooling = network.stack, inside.target, network.pooling
        self.numeric, self.names = list(range(stack.n_features)), {}
        if stack.embedding is not None:
            self.numeric = stack.embedding.numeric
            for column, shape in stack.embedding.tables.items():
                self.names[column] = f"embedding_{column}"
                self.add_module(self.names[column], torch.nn.Embedding(*shape))
        self.rnn = recurrent_layers(stack)
        self.head = torch.nn.Linear(stack.n_outputs, network.head.n_outputs)
        if network.head.weight in stack.table_shapes:  # torch lets both share one parameter
            self.head.weight = self.get_submodule(self.names[0]).weight
        names = [name.removeprefix("crf.") for name in params if name.startswith("crf.")]
        if names:
            shapes = {name: torch.empty(params[f"crf.{name}"].shape) for name in names}
            self.crf = torch.nn.ParameterDict(shapes)
        self.to(getattr(torch, inside.model.theta.dtype.name)).eval()
        with torch.no_grad():
            for name, parameter in self.named_coefs().items():
                parameter.copy_(torch.from_numpy(params[name].copy()))

    def named_coefs(self):
        """Return the parameters by the names that they have in `coefs_`."""
        return {name.removeprefix("rnn."): value for name, value in self.named_parameters()}

    def coefs(self):
        """Return copies of the weights as arrays, as `set_coefs` takes them."""
        return {
            name: value.detach().cpu().numpy().copy() for name, value in self.named_coefs().items()
        }

    def forward(self, x, lengths=None):
        """Return outputs of the head, for sequences or for steps."""
        steps, last = self.read(self.embed(x), lengths)
        return self.head(self.pool(steps, last, lengths))

    def answers(self, x, lengths=None):
        """Return probabilities, or numbers in the unit of y."""
        return answer(self.target, self(x, lengths))

    def embed(self, x):
        """Put vectors in the place of ids, behind the numeric columns."""
        import torch

        parts = [x[..., self.numeric].to(self.head.bias.dtype)] if self.numeric else []
        for column, name in self.names.items():
            parts.append(self.get_submodule(name)(x[..., column].long()))
        return torch.cat(parts, dim=-1)

    def read(self, x, lengths):
        """Return the outputs of all steps, and the states after the last ones side by side."""
        from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

        if lengths is not None:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        steps, state = self.rnn(x if lengths is None else packed)
        if lengths is not None:
            steps, _ = pad_packed_sequence(steps, batch_first=True, total_length=x.shape[1])
        h = state[0] if isinstance(state, tuple) else state
        return steps, h[-1 - self.rnn.bidirectional :].transpose(0, 1).flatten(1)

    def pool(self, steps, last, lengths):
        """Return what the head reads."""
        import torch

        if self.pooling in (None, "last"):
            return steps if self.pooling is None else last
        if lengths is None:
            return steps.mean(dim=1) if self.pooling == "mean" else steps.amax(dim=1)
        number = lengths.to(steps.device)[:, None]
        live = torch.arange(steps.shape[1], device=steps.device) < number
        if self.pooling == "mean":
            return steps.where(live[..., None], 0).sum(dim=1) / number.to(steps.dtype)
        return steps.where(live[..., None], -torch.inf).amax(dim=1)


@cache
def network_class():
    """Return `TorchNetwork` as a class of modules."""
    import torch

    return type("TorchNetwork", (TorchNetwork, torch.nn.Module), {"__doc__": TorchNetwork.__doc__})


def recurrent_layers(stack):
    """Return torch's layers of the sizes of a stack."""
    import torch

    cell, options = stack.cell, {"num_layers": stack.n_layers, "batch_first": True}
    if isinstance(cell, Elman):
        options["nonlinearity"] = cell.activation
    kind = getattr(torch.nn, MODULES[type(cell)])
    return kind(stack.width, stack.hidden_size, bidirectional=stack.bidirectional, **options)


# From outputs to answers. -----------------------------------------------------------------------


@singledispatch
def answer(target, outputs):
    """Return what `predict_proba`, or `predict` of numbers, makes of outputs."""
    raise TypeError(f"{target.owner} has answers that a module does not compute.")


@answer.register(Labels)
@answer.register(NextSymbol)
def _(target, outputs):
    return outputs.softmax(dim=-1)


@answer.register
def _(target: MultiLabels, outputs):
    return outputs.sigmoid()


@answer.register
def _(target: CRFLabels, outputs):
    raise NotImplementedError(
        "A module computes the scores of steps that decoder='crf' reads, and holds its parameters "
        "as module.crf, but not the sums over paths: take the scores from module(x), or the "
        "answers from to_onnx."
    )


@answer.register
def _(target: Values, outputs):
    import torch

    def tensor(numbers):
        return torch.as_tensor(np.asarray(numbers, np.float64), device=outputs.device)

    values = (outputs.exp() if target.loss.link == "log" else outputs).double()
    mean, scale = tensor(target.mean), tensor(target.scale)
    if target.quantiles is not None:
        values = values.unflatten(-1, (target.n_values, -1)).sort(dim=-1).values
        mean, scale = mean[:, None], scale[:, None]
    values = values * scale + mean
    if target.is_flat:
        return values.squeeze(-1 if target.quantiles is None else -2)
    return values
