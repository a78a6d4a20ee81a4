"""RNNRegressor: one value or vector for each sequence."""

from numbers import Real

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if

from skrnn._base import BaseRNN, check_sample_weight, is_stochastic
from skrnn._callbacks import with_callbacks
from skrnn._core.losses import REGRESSION_LOSSES, regression_loss
from skrnn._problem import Problem


class RNNRegressor(RegressorMixin, BaseRNN):
    """Predict one value or vector for each sequence with a recurrent network."""

    _parameter_constraints = {
        **BaseRNN._parameter_constraints,
        "pooling": [StrOptions({"last", "mean", "max"})],
        "loss": [StrOptions({*REGRESSION_LOSSES, "quantile"})],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
    }

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
        loss="squared_error",
        quantile=0.5,
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
        self.loss = loss
        self.quantile = quantile
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
    def partial_fit(self, X, y, sample_weight=None):
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        outputs = self._to_mean(self._raw_outputs(X))
        values = outputs * self._y_scale + self._y_mean
        return values[:, 0] if self._y_is_flat else values

    def _to_mean(self, outputs):
        """Raw outputs in the scale of the targets that the network sees."""
        return np.exp(outputs) if self._log_link else outputs

    def _read_target(self, y, sample_weight, data, reset, classes=None):
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        flat, y = y.ndim == 1, y.reshape(len(y), -1)
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(
                f"loss='poisson' needs y >= 0, but its smallest value is {y.min():g}: choose "
                "another loss, or shift y."
            )
        sample_weight = check_sample_weight(sample_weight, len(data))
        if reset:
            self._y_is_flat, self.n_outputs_ = flat, y.shape[1]
            self._log_link = self.loss == "poisson"
            self._y_mean, self._y_scale = self._learn_scale(y, sample_weight, data.dtype)
        elif y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {y.shape[1]} output(s), but {type(self).__name__} was fitted with "
                f"{self.n_outputs_}: pass y of shape (n_sequences, {self.n_outputs_})."
            )
        target = (y.astype(data.dtype) - self._y_mean) / self._y_scale
        return Problem(data, target, sample_weight)

    def _learn_scale(self, y, sample_weight, dtype):
        """Mean and scale by which targets of any unit are of order one inside the network."""
        mean = np.average(y, axis=0, weights=sample_weight)
        if self._log_link:  # a shift would not keep the targets positive
            mean, scale = np.zeros_like(mean), mean
        else:
            scale = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=sample_weight))
        scale[scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)] = 1.0
        return mean.astype(dtype), scale.astype(dtype)

    def _loss_function(self):
        return regression_loss(self.loss, self.quantile)

    def _score_problem(self, problem, run):
        predicted = self._to_mean(self._outputs(problem.data, run))
        return r2_score(problem.target, predicted, sample_weight=problem.weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
