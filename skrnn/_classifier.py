"""RNNClassifier: one label for each sequence."""

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_array, column_or_1d, compute_class_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from skrnn._base import BaseRNN, check_sample_weight, is_stochastic
from skrnn._callbacks import with_callbacks
from skrnn._core.losses import cross_entropy
from skrnn._problem import Problem


class RNNClassifier(ClassifierMixin, BaseRNN):
    """Classify sequences with a recurrent network."""

    _parameter_constraints = {
        **BaseRNN._parameter_constraints,
        "pooling": [StrOptions({"last", "mean", "max"})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _stratify = True

    def __init__(
        self,
        *,
        cell_type="lstm",
        hidden_size=64,
        n_layers=1,
        bidirectional=False,
        activation="tanh",
        pooling="last",
        dropout=0.0,
        recurrent_dropout=0.0,
        forget_bias=1.0,
        categorical_features="auto",
        embedding_dim="auto",
        embedding_init=None,
        freeze_embeddings=False,
        token_dropout=0.0,
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
        self.pooling = pooling
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.forget_bias = forget_bias
        self.categorical_features = categorical_features
        self.embedding_dim = embedding_dim
        self.embedding_init = embedding_init
        self.freeze_embeddings = freeze_embeddings
        self.token_dropout = token_dropout
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

    @available_if(is_stochastic)
    @with_callbacks
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        if classes is not None:
            classes = np.unique(classes)
        if not hasattr(self, "_theta"):
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
        elif classes is not None and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"classes={classes} is not the same as on the last call to partial_fit: "
                f"{self.classes_}."
            )
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict(self, X):
        outputs = self._raw_outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X):
        return softmax(self._raw_outputs(X), axis=1)

    def predict_log_proba(self, X):
        return log_softmax(self._raw_outputs(X), axis=1)

    def decision_function(self, X):
        outputs = self._raw_outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def _read_target(self, y, sample_weight, data, reset, classes=None):
        y = column_or_1d(
            check_array(y, ensure_2d=False, dtype=None, input_name="y", allow_nd=True), warn=True
        )
        check_classification_targets(y)
        if reset:
            self.classes_ = LabelEncoder().fit(y).classes_ if classes is None else classes
            self.n_outputs_ = len(self.classes_)
        encoder = LabelEncoder()
        encoder.classes_ = self.classes_
        sample_weight = check_sample_weight(sample_weight, len(data))
        weight = sample_weight * self._class_weight(y, sample_weight)
        return Problem(data, encoder.transform(y), weight)

    def _class_weight(self, y, sample_weight):
        """Weight of each sequence's class."""
        if self.class_weight is None:
            return 1.0
        used = sample_weight > 0
        # A class without weight would be given an infinite balanced one.
        classes = np.unique(y[used]) if self.class_weight == "balanced" else self.classes_
        weights = compute_class_weight(
            self.class_weight, classes=classes, y=y[used], sample_weight=sample_weight[used]
        )
        weight = np.zeros(len(y))
        weight[used] = weights[np.searchsorted(classes, y[used])]
        return weight

    def _loss_function(self):
        return cross_entropy

    def _score_problem(self, problem, run):
        predicted = self._outputs(problem.data, run).argmax(axis=1)
        return accuracy_score(problem.target, predicted, sample_weight=problem.weight)
