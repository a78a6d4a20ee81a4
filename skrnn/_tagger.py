"""SequenceTagger: one label for each time step."""

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.utils import check_array
from sklearn.utils._param_validation import StrOptions

from skrnn._base import BaseRNN, check_sample_weight
from skrnn._callbacks import with_callbacks
from skrnn._core.crf import CRF
from skrnn._core.losses import cross_entropy, log_softmax
from skrnn._data import read_sequences
from skrnn._labels import LabelsMixin
from skrnn._problem import StepProblem, starts
from skrnn._threads import single_blas_thread, thread_map


class SequenceTagger(LabelsMixin, BaseRNN):
    """Label every time step of sequences with a recurrent network."""

    _parameter_constraints = {
        **BaseRNN._parameter_constraints,
        "decoder": [StrOptions({"softmax", "crf"})],
        "transition_constraints": [StrOptions({"bio"}), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        cell_type="lstm",
        hidden_size=64,
        n_layers=1,
        bidirectional=False,
        activation="tanh",
        dropout=0.0,
        recurrent_dropout=0.0,
        forget_bias=1.0,
        categorical_features="auto",
        embedding_dim="auto",
        embedding_init=None,
        freeze_embeddings=False,
        token_dropout=0.0,
        decoder="softmax",
        transition_constraints=None,
        ignore_label=None,
        solver="adam",
        alpha=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=1e-3,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        momentum=0.9,
        nesterovs_momentum=True,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        max_fun=15000,
        max_grad_norm=1.0,
        tbptt_steps=None,
        class_weight=None,
        warm_start=False,
        random_state=None,
        verbose=False,
        dtype="auto",
        n_jobs=None,
    ):
        self.cell_type = cell_type
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.activation = activation
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.forget_bias = forget_bias
        self.categorical_features = categorical_features
        self.embedding_dim = embedding_dim
        self.embedding_init = embedding_init
        self.freeze_embeddings = freeze_embeddings
        self.token_dropout = token_dropout
        self.decoder = decoder
        self.transition_constraints = transition_constraints
        self.ignore_label = ignore_label
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_fun = max_fun
        self.max_grad_norm = max_grad_norm
        self.tbptt_steps = tbptt_steps
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.n_jobs = n_jobs

    @with_callbacks
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def predict(self, X):
        return self._labels_of_steps(X, lambda labels: self.classes_[labels], self._best_labels)

    def predict_proba(self, X):
        return self._labels_of_steps(X, lambda p: p, self._marginals)

    def predict_log_proba(self, X):
        with np.errstate(divide="ignore"):
            return self._labels_of_steps(X, np.log, self._marginals)

    def score(self, X, y, sample_weight=None):
        self._check_fitted()
        data = read_sequences(self, X, reset=False)
        labels, known, weight = self._read_labels(y, sample_weight, data)
        with single_blas_thread(), thread_map(self.n_jobs) as run:
            predicted = self.classes_[self._outputs(data, run, self._best_labels)]
        return accuracy_score(labels[known], predicted[known], sample_weight=weight[known])

    # Targets.

    def _read_data(self, X, y, reset):
        one_step = not hasattr(y, "__len__") or not len(y) or is_scalar(first(y))
        data = super()._read_data(X, y, reset, rows_are_steps=one_step)
        if one_step and not data.is_table:
            raise ValueError(
                "y has one label for each sequence, but SequenceTagger needs one for each step: "
                "pass a list of label sequences, or use RNNClassifier."
            )
        return data

    def _read_target(self, y, sample_weight, data, reset, classes=None):
        labels, known, weight = self._read_labels(y, sample_weight, data)
        if not known.any():
            raise ValueError(f"every label in y is ignore_label={self.ignore_label!r}.")
        target = np.full(len(labels), -1)
        target[known] = self._encode_labels(labels[known], reset, classes)
        if self.decoder == "softmax":
            weight = weight * known
            return StepProblem(data, target, weight * self._class_weight(target, weight))
        self._check_crf(target, weight, data)
        return StepProblem(data, target, weight)

    def _read_labels(self, y, sample_weight, data):
        """Labels, which of them count, and their weights, all steps laid end to end."""
        labels = check_array(
            end_to_end(y, data.lengths, "y"), ensure_2d=False, dtype=None, input_name="y"
        )
        known = np.ones(len(labels), bool)
        if self.ignore_label is not None:
            known = np.array([label != self.ignore_label for label in labels.tolist()])
        if sample_weight is None:
            return labels, known, np.ones(len(labels))
        if is_scalar(first(sample_weight)):
            weight = check_sample_weight(sample_weight, len(data))
            return labels, known, np.repeat(weight, data.lengths)
        weight = end_to_end(sample_weight, data.lengths, "sample_weight")
        return labels, known, check_sample_weight(weight, len(labels))

    def _check_crf(self, target, weight, data):
        """Raise for what a likelihood of whole sequences cannot take into account."""
        if self.class_weight is not None:
            raise ValueError(
                "decoder='crf' scores sequences as a whole and cannot weigh the classes of single "
                f"steps, but class_weight={self.class_weight!r}: set it to None, or "
                "decoder='softmax'."
            )
        sequence = np.repeat(np.arange(len(data)), data.lengths)
        if np.any(weight != weight[starts(data)][sequence]):
            raise ValueError(
                "decoder='crf' scores sequences as a whole, but sample_weight differs between the "
                "steps of one: pass one weight for each sequence, or set decoder='softmax'."
            )
        allowed, allowed_first = self._allowed()
        follows = sequence[1:] == sequence[:-1]
        pairs = follows & (target[1:] >= 0) & (target[:-1] >= 0)
        wrong = np.flatnonzero(pairs & ~allowed[target[:-1], target[1:]]) + 1
        heads = starts(data)
        wrong = [*wrong, *heads[(target[heads] >= 0) & ~allowed_first[target[heads]]]]
        if wrong:
            i = sequence[wrong[0]]
            raise ValueError(
                f"y[{i}] has the label {self.classes_[target[wrong[0]]]!r} at step "
                f"{wrong[0] - heads[i]}, where transition_constraints='bio' does not allow it: an "
                "I- label continues a B- or I- label of the same type. Convert y to BIO, or set "
                "transition_constraints=None."
            )

    def _allowed(self):
        """Which class may follow which (n_classes, n_classes), and which may come first."""
        n_classes = len(self.classes_)
        if self.transition_constraints is None:
            return np.ones((n_classes, n_classes), bool), np.ones(n_classes, bool)
        names = [str(label) for label in self.classes_]
        inside = np.array([name.startswith("I-") for name in names])
        kind = np.array([name[2:] if name[:2] in ("B-", "I-") else "" for name in names])
        return ~inside | (kind[:, None] == kind), ~inside

    # Training and decoding.

    def _describe(self, data):
        return {**super()._describe(data), "crf": self.decoder == "crf"}

    def _crf(self):
        return CRF(*self._allowed())

    def _loss_function(self):
        return self._crf() if self.decoder == "crf" else cross_entropy

    def _score_problem(self, problem, run):
        known = problem.target >= 0
        predicted = self._outputs(problem.data, run, self._best_labels)
        return accuracy_score(
            problem.target[known], predicted[known], sample_weight=problem.weight[known]
        )

    def _best_labels(self, outputs, packing):
        if self._network.crf:
            return self._crf().best_path(self.coefs_, outputs, packing)
        return outputs.argmax(axis=1)

    def _marginals(self, outputs, packing):
        if self._network.crf:
            return self._crf().marginals(self.coefs_, outputs, packing)
        return np.exp(log_softmax(outputs))

    def _labels_of_steps(self, X, finish, read):
        """Decode X and give the result the form of X."""
        self._check_fitted()
        data = read_sequences(self, X, reset=False)
        with single_blas_thread(), thread_map(self.n_jobs) as run:
            steps = finish(self._outputs(data, run, read))
        if data.is_table and self._input_layout_["table"] == "steps":
            return steps
        if data.is_grid:
            return steps.reshape(len(data), -1, *steps.shape[1:])
        result = np.empty(len(data), object)
        result[:] = np.split(steps, np.cumsum(data.lengths)[:-1])
        return result


def is_scalar(value):
    return isinstance(value, (str, bytes)) or np.ndim(value) == 0


def first(values):
    """First item of anything that can be iterated over."""
    return next(iter(values if hasattr(values, "__iter__") else np.asarray(values)))


def end_to_end(values, lengths, name):
    """Concatenate one item a step, given for each sequence, and check that the lengths agree."""
    if is_scalar(first(values)):
        values = np.asarray(values)[:, None]
    parts = [np.asarray(part) for part in values]
    for i, (part, length) in enumerate(zip(parts, lengths, strict=True)):
        if part.shape != (length,):
            raise ValueError(
                f"{name}[{i}] has shape {part.shape}, but X[{i}] has {length} step(s): give one "
                "value for each step."
            )
    return np.concatenate(parts)
