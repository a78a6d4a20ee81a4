"""RNNClassifier: one label for each sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from skrnn._compat import StrOptions, with_callbacks
from skrnn._data.values import check_same_length
from skrnn._data.weights import weights_of_sequences
from skrnn._estimators.base import BaseRNN
from skrnn._estimators.labels import LabelsMixin
from skrnn._estimators.reading import ReadingMixin
from skrnn._preprocessing.word_vectors import WordVectors
from skrnn._targets.labels import Labels, MultiLabels, is_multilabel
from skrnn._typing import Prediction, Sequences, State


class RNNClassifier(LabelsMixin, ClassifierMixin, ReadingMixin, BaseRNN):
    """Recurrent network that predicts one label for each sequence.

    For sequences of steps with one or more features each (recordings, series, texts as token
    ids), of equal or different lengths. Scale numeric features to order one first. Where
    :class:`~sklearn.neural_network.MLPClassifier` has a parameter or attribute of the same name,
    it means the same here, but for `activation`, `batch_size`, `learning_rate` and `coefs_`.

    The output layer is linear in the pooled states, with one output for each class, and softmax
    makes probabilities of them; the loss is the cross-entropy, weighted by `sample_weight` and
    `class_weight`.

    Parameters
    ----------
    cell_type : {'lstm', 'gru', 'rnn'}, default='gru'
        Recurrent cell. 'lstm' and 'gru' learn what to keep over many steps; 'gru' does so with a
        quarter fewer parameters. 'rnn' is the Elman network: the fastest, with a short memory.
    hidden_size : int, default=64
        Units of each layer and direction. More can represent more; time per step and number of
        parameters grow with the square.
    n_layers : int, default=1
        Recurrent layers, each of which reads the outputs of the one before at every step.
    bidirectional : bool, default=True
        Whether each layer has a second one that reads the sequence from its last step to its first.
        This doubles the time that a step takes. It is the default where sequences are mostly known
        whole and labels may rest on any step, but not in the regressors, which often forecast:
        there the last steps count most. Set False to label prefixes: sequences that are still
        growing.
    activation : {'tanh', 'relu'}, default='tanh'
        Nonlinearity of ``cell_type='rnn'``; the other cells do not use it.
    pooling : {'last', 'mean', 'max'}, default='max'
        What the output layer reads of a sequence. 'last' is the hidden state after its last step
        (with ``bidirectional=True`` beside the backward state after its first step); 'mean' and
        'max' are taken over all of its steps, unit by unit, and make long sequences easier to learn
        from if what matters may stand anywhere in them.
    dropout : float in [0, 1), default=0.0
        Share of values that are set to zero in training (Srivastava et al., 2014): of the
        embeddings, of what each layer passes to the next, and of what the output layer reads. Each
        of these is drawn separately. Numeric features are never hidden.
    recurrent_dropout : float in [0, 1), default=0.0
        Share of the hidden units that is hidden from the recurrence in training, the same units at
        all steps of a sequence (Gal & Ghahramani, 2016).
    forget_bias : float or 'chrono', default=1.0
        Initial bias of the gate that keeps the state: the LSTM's forget gate, the GRU's update
        gate. At 1 the cell starts out remembering (Gers et al., 2000). 'chrono' draws these biases,
        with their negative for the LSTM's input gate, for memories of up to the length of the
        longest sequence in training (Tallec & Ollivier, 2018); try it where what matters lies many
        steps back. All other biases start at zero.
    categorical_features : 'auto', array-like of int, bool or str, or None, default='auto'
        Columns of `X` that hold categories, integers from 0, and are embedded: column indices, a
        boolean mask, or names if `X` has feature names. 'auto' embeds sequences given as 1-D
        integer arrays, such as token ids, and every column of what a `TokenEncoder` returns. None
        takes everything as numbers.
    embedding_dim : int, 'auto', array-like or dict, default='auto'
        Size of the vectors that stand for categories: one for all categorical columns, a list with
        one for each, in the order of the columns in `X`, or a dict of column index to size. 'auto',
        also for columns that the dict leaves out, is ``1.6 * n_categories**0.56``, rounded, and
        between 2 and 100.
    embedding_init : WordVectors, array-like of shape (n_categories, size) or dict, default=None
        First vectors of the categories: :class:`WordVectors`, which find the ids of their tokens in
        the first column that a `TokenEncoder` makes; an array with one row for each id, if there is
        one categorical column; or a dict of column index to these. Their size takes precedence over
        `embedding_dim`. None draws vectors at random.
    freeze_embeddings : bool, default=False
        Keep the vectors of `embedding_init` as they are instead of training them.
    token_dropout : float in [0, 1), default=0.0
        Share of the categories that are replaced by category 0 in training, so that the network
        learns what to make of unknown ones. Use it where 0 stands for unknown categories, as it
        does in what a `TokenEncoder` returns.
    solver : {'adam', 'adamw', 'rmsprop', 'sgd', 'lbfgs'}, default='adam'
        Optimiser. 'adam' (Kingma & Ba, 2015) suits nearly everything; 'adamw' (Loshchilov & Hutter,
        2019) decays weights separately from the gradient; 'rmsprop' and 'sgd' are classical;
        'lbfgs' takes the whole set at each iteration, and can be quicker and more exact on small
        sets.
    alpha : float, default=1e-4
        Strength of the L2 penalty. ``alpha / 2`` times the sum of squared weights (not of biases
        and embeddings), divided by the summed weights of the targets in the batch, is added to the
        loss. For 'adamw' it is the decoupled weight decay, multiplied by the learning rate.
    batch_size : int or 'auto', default='auto'
        Sequences in a mini-batch. 'auto' is a tenth of the training set, but at least 8 and at most
        32. With more than 32,000 sequences it is a thousandth of them, up to 256; a set of at most
        32 is one batch. 'lbfgs' does not use it. Larger batches are computed faster, but take fewer
        steps in an epoch.
    learning_rate : {'constant', 'invscaling', 'adaptive', 'cosine', 'one_cycle'}, default='cosine'
        How the learning rate changes from `learning_rate_init`. 'cosine' lowers it to zero over
        `max_iter` epochs along half a cosine (Loshchilov & Hutter, 2017); 'one_cycle' first raises
        it from ``learning_rate_init / 25`` over a tenth of them (Smith & Topin, 2019). These two
        are plans for `max_iter` epochs, the number you can afford: they are carried out to their
        end, unless a validation set stops them. 'constant' keeps the rate; 'invscaling' divides it
        by ``(t_ + 1)**power_t``; 'adaptive' divides it by 5 instead of stopping for lack of
        improvement, until it is 1e-6 or less. `partial_fit` has no last epoch to plan for, and
        keeps the rate where a plan is named.
    learning_rate_init : float, default=5e-3
        Initial learning rate; for 'one_cycle', its peak. 'lbfgs' does not use it.
    power_t : float, default=0.5
        Exponent of ``learning_rate='invscaling'``.
    max_iter : int or 'auto', default='auto'
        Maximum number of epochs (passes over the training set) or, for 'lbfgs', of iterations.
        'auto' is the number of epochs that makes about 1000 mini-batches, but at least 10 and at
        most 100, so that small sets get many epochs and large ones few; for 'lbfgs' it is 100. With
        'auto', `RNNClassifier` ends sooner where the loss without penalty has been below a
        hundredth of that of a constant prediction for more than `n_iter_no_change` epochs in a row:
        it has learnt its labels. `n_iter_` tells how many epochs were done.
    shuffle : bool, default=True
        Draw new mini-batches in each epoch. They are random, but gather sequences of similar
        length, which are computed faster together.
    tol : float, default=1e-4
        Change of the loss, or of the validation score, below which an epoch does not count as an
        improvement. For 'lbfgs' it is the largest gradient entry at which it has converged.
    n_iter_no_change : int or np.inf, default=10
        Training stops after more than this number of epochs in a row without an improvement of the
        validation score or, if there is no validation set, of the loss. A planned `learning_rate`
        goes on whatever the loss does, for it may improve only when the rate falls.
    early_stopping : bool or 'time', default=False
        Hold out `validation_fraction` of the training set, score it after each epoch, stop when
        this score no longer improves, and keep the parameters of the best epoch. True holds out
        sequences at random. 'time' is meant for windows of one series in order of time, which
        overlap: it holds out the last ones, and does not use those just before them, one fewer than
        the longest sequence has steps. Where neither is right, as for several recordings of one
        person, pass `X_val` to `fit`. The proportions of the classes are kept.
    scoring : str, callable or None, default=None
        Validation score, of which higher is better: a name out of
        :func:`~sklearn.metrics.get_scorer_names`, or a callable ``scorer(estimator, X, y)``, which
        is given `sample_weight` as well if there are validation weights. 'neg_log_loss' also judges
        probabilities. What needs every class in the validation set, as 'roc_auc_ovr' does, is
        refused before training begins if one is missing there. None is accuracy, with the
        `class_weight` of the true classes.
    validation_fraction : float in (0, 1), default=0.1
        Share of the training set to hold out for early stopping.
    momentum : float in [0, 1], default=0.9
        Momentum of 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether the momentum of 'sgd' is Nesterov's.
    beta_1 : float in [0, 1), default=0.9
        Decay rate of the mean of gradients, for 'adam' and 'adamw'.
    beta_2 : float in [0, 1), default=0.999
        Decay rate of the mean of squared gradients, for 'adam', 'adamw' and 'rmsprop'.
    epsilon : float, default=1e-8
        Added to the root of that mean, to keep the quotient finite.
    max_fun : int, default=15000
        Largest number of evaluations of the loss, for 'lbfgs'.
    max_grad_norm : float or None, default=0.5
        Gradients with a larger Euclidean norm, over all parameters, are scaled down to it, which
        keeps one exploding gradient from ruining the training (Pascanu et al., 2013): with 1, an
        LSTM whose last state is read may not begin to learn. None does not clip; `grad_norm_curve_`
        shows what is usual. With 'sgd' a larger value may be faster; 'lbfgs' does not use it.
    tbptt_steps : int or None, default=None
        Truncate backpropagation through time: gradients do not cross multiples of this number of
        steps, but the state does. The backward pass then keeps what it needs for this many steps at
        a time, and computes it a second time, which takes much less memory and up to half more
        time. Truncation makes training on very long sequences steadier, and limits what can be
        learnt to such distances. None does not truncate.
    class_weight : dict, list of dicts, 'balanced' or None, default=None
        Weights of the classes in the loss, by label; multiplied with `sample_weight`. 'balanced'
        gives every class the same total weight, among the labels of one call. For several labels a
        list with one dict of the weights of 0 and 1 for each: a sequence has the product of those
        of its labels.
    warm_start : bool, default=False
        Let `fit` go on from the parameters of the last fit instead of drawing new ones.
    random_state : int, RandomState instance or None, default=None
        Seed of all that is drawn: initial parameters, mini-batches, the validation set and dropout.
        With an int, the same fit on the same machine gives the same result, bit by bit, for any
        `n_jobs`.
    verbose : bool or int, default=False
        Print the loss, and the validation score, after each epoch.
    dtype : {'auto', 'float32', 'float64'}, default='auto'
        Precision of parameters and computation. 'auto' follows `X`: float32 if it is float32 or
        holds categories only, else float64. 'float32' is two to three times as fast.
    n_jobs : int or None, default=None
        Threads, for many sequences in `predict` and, in `fit`, for batches of which sequences times
        `hidden_size` is 16384 or more; -1 means one for each processor. None means 1 unless in a
        :class:`joblib.parallel_config` context.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; columns of probabilities follow them.
    n_outputs_ : int
        Number of classes.
    n_features_in_ : int
        Number of features of a step; for a 2-D `X` its number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features. They are there only if `X` has names, all of which are strings.
    backend_ : str
        What computes the network at present, 'numpy' or 'numba'; see `skrnn.set_config`.
    n_parameters_ : int
        Number of parameters, embeddings included.
    n_iter_ : int
        Epochs, or 'lbfgs' iterations, of the last call that trained.
    t_ : int
        Training sequences seen since the first epoch; equal ones of a full batch count once.
    loss_ : float
        Loss of the last epoch, as in `loss_curve_`; NaN if none was completed.
    best_loss_ : float or None
        Smallest loss of an epoch; None with a validation set.
    loss_curve_ : list of float
        Mean training loss of each epoch, weighted, and the L2 penalty. Later `partial_fit` calls
        and warm starts are appended, here and below. The loss is a cross-entropy, in nats.
    grad_norm_curve_ : list of float
        Mean Euclidean norm of the gradient in each epoch, before clipping.
    validation_scores_ : list of float or None
        Validation score after each epoch, see `scoring`; None without a validation set.
    validation_loss_curve_ : list of float or None
        Mean loss of the validation set after each epoch, weighted, without the L2 penalty and
        without dropout; None without a validation set. Labels that training lacks do not count in
        it.
    best_validation_score_ : float or None
        Best validation score of the last fit; the parameters of its epoch were kept. NaN if no
        epoch had one, None without a validation set.
    coefs_ : dict of str to ndarray
        Read-only views of the parameters, by the names and with the shapes that ``torch.nn.LSTM``,
        ``GRU`` and ``RNN`` give them, such as ``'weight_ih_l0'`` or ``'bias_hh_l1_reverse'``; the
        output layer is ``'head.weight'`` and ``'head.bias'``, and the vectors of categorical column
        0 are ``'embedding_0.weight'``.

    See Also
    --------
    RNNRegressor : One value or vector for each sequence.
    SequenceArray : Container for sequences of different lengths.
    sklearn.neural_network.MLPClassifier : Feed-forward network, for inputs of fixed size.

    Notes
    -----
    With x the input of a step, h the hidden state and ``*`` the product unit by unit, a step of the
    Elman network (Elman, 1990) is ``h = tanh(W_x x + W_h h + b)``, or the same with relu. With
    weights and biases of its own for each gate, a step of the LSTM (Hochreiter & Schmidhuber, 1997;
    Gers et al., 2000) is ::

        i, f, o = sigmoid(W_x x + W_h h + b)
        g = tanh(W_x x + W_h h + b)
        c = f * c + i * g
        h = o * tanh(c)

    and one of the GRU (Cho et al., 2014), in the form that cuDNN and torch use, ::

        r, z = sigmoid(W_x x + W_h h + b)
        n = tanh(W_x x + b + r * (W_h h + b_h))
        h = (1 - z) * n + z * h

    Bidirectional layers (Schuster & Paliwal, 1997) put the states of both directions side by side.
    States start at zero. Recurrent weights start orthogonal (Saxe et al., 2014), the other weights
    Glorot-uniform.

    Sequences are never padded: the prediction for one depends neither on the others in its batch
    nor on their lengths.

    References
    ----------
    Papers are named by authors and year; docs/references.md lists them.

    Examples
    --------
    Tell fast from slow oscillations, in recordings of different lengths:

    >>> import numpy as np
    >>> from skrnn import RNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile(["slow", "fast"], 50)
    >>> X = []
    >>> for frequency in np.where(y == "slow", 0.3, 0.6):
    ...     steps = np.arange(rng.integers(20, 40))
    ...     X.append(np.sin(frequency * steps + rng.uniform(0, 6))[:, np.newaxis])
    >>> model = RNNClassifier(hidden_size=16, max_iter=50, random_state=0)
    >>> model.fit(X[:80], y[:80]).score(X[80:], y[80:]) > 0.9
    True
    >>> model.predict_proba(X[80:]).shape
    (20, 2)
    """

    _parameter_constraints = {
        **BaseRNN._parameter_constraints,
        "pooling": [StrOptions({"last", "mean", "max"})],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        cell_type: str = "gru",
        hidden_size: int = 64,
        n_layers: int = 1,
        bidirectional: bool = True,
        activation: str = "tanh",
        pooling: str = "max",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        forget_bias: float | str = 1.0,
        categorical_features: ArrayLike | None = "auto",
        embedding_dim: int | str | Sequence[Any] | ArrayLike = "auto",
        embedding_init: ArrayLike | WordVectors | dict[Any, Any] | None = None,
        freeze_embeddings: bool = False,
        token_dropout: float = 0.0,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate: str = "cosine",
        learning_rate_init: float = 5e-3,
        power_t: float = 0.5,
        max_iter: int | str = "auto",
        shuffle: bool = True,
        tol: float = 1e-4,
        n_iter_no_change: int | float = 10,
        early_stopping: bool | str = False,
        scoring: str | Callable[..., Any] | None = None,
        validation_fraction: float = 0.1,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        max_fun: int = 15000,
        max_grad_norm: float | None = 0.5,
        tbptt_steps: int | None = None,
        class_weight: dict[Any, Any] | list[dict[Any, Any]] | str | None = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        dtype: str = "auto",
        n_jobs: int | None = None,
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
        self.scoring = scoring
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
    def fit(
        self,
        X: Sequences,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Sequences = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences: an array of shape (n_sequences, n_steps, n_features), a list of arrays of
            shape (n_steps_i, n_features), an array or data frame of shape (n_sequences, n_steps)
            with one univariate sequence in each row, or a list of 1-D integer arrays (token ids).
            It is not changed, and numeric arrays are not copied.
        y : array-like of shape (n_sequences,) or (n_sequences, n_labels)
            One label for each sequence: integers, booleans or strings. Or 0 and 1 for each of
            several labels, any number of which may hold: each then has a logistic output.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence in the loss; zero leaves it out. None weighs all equally.
        X_val : array-like or SequenceArray, default=None
            Validation sequences, in a form that `predict` would accept. They take the place of a
            held-out part: the score on them decides when to stop, and the parameters of the best
            epoch are kept, even with ``early_stopping=False``.
        y_val : array-like, default=None
            Labels of `X_val`. Those that `y` lacks count as wrong.
        sample_weight_val : array-like of shape (n_val_sequences,), default=None
            Weights of `X_val` in the validation score.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not valid, `X`, `y` or the weights cannot be read, or the loss is no
            longer finite. The message says what was found, and what to do.
        TypeError
            If `X` is of a type that holds no sequences of numbers.

        Warns
        -----
        ConvergenceWarning
            If the loss is still that of a constant prediction, so that nothing has been learnt from
            `X`. Or if `max_iter` is reached before convergence; never for 'cosine' and 'one_cycle',
            which are meant to run all epochs.
        UserWarning
            With ``early_stopping=True``, if the sequences overlap as windows of one series do.

        Notes
        -----
        Ctrl-C ends training with a warning, and keeps what has been learnt.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def predict(
        self, X: Sequences, *, initial_state: State = None, return_state: bool = False
    ) -> Prediction:
        """Predict the label of each sequence.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.
        initial_state : list of ndarray or None, default=None
            Go on from this state, as ``return_state=True`` or the `state` of a stream has given it
            for as many sequences, in place of beginning anew. Only networks that read forward take
            one.
        return_state : bool, default=False
            Whether to return the state after the last step as well: ``(predictions, state)``. Only
            networks that read forward have one.

        Returns
        -------
        y : ndarray of shape (n_sequences,) or (n_sequences, n_labels)
            The most probable labels, out of `classes_`. For several labels 1 for those that are
            more probable than not, else 0.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        outputs, state = self._read_on(X, initial_state, return_state)
        y = self._target.predict({}, outputs, None)
        return (y, state) if return_state else y

    def predict_proba(
        self, X: Sequences, *, initial_state: State = None, return_state: bool = False
    ) -> Prediction:
        """Predict the probability of each label.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.
        initial_state : list of ndarray or None, default=None
            Go on from this state, as ``return_state=True`` or the `state` of a stream has given it
            for as many sequences, in place of beginning anew. Only networks that read forward take
            one.
        return_state : bool, default=False
            Whether to return the state after the last step as well: ``(predictions, state)``. Only
            networks that read forward have one.

        Returns
        -------
        p : ndarray of shape (n_sequences, n_classes)
            Each row sums to 1, unless `y` had several labels; the columns are in the order of
            `classes_`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        outputs, state = self._read_on(X, initial_state, return_state)
        p = self._target.marginals({}, outputs, None)
        return (p, state) if return_state else p

    def predict_log_proba(self, X: Sequences) -> np.ndarray:
        """Predict the logarithm of the probability of each label.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.

        Returns
        -------
        log_p : ndarray of shape (n_sequences, n_classes)
            Finite also where the probability is too small to be represented.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        outputs = self._outputs(self._read_new(X))
        return self._target.log_marginals({}, outputs, None)

    def decision_function(self, X: Sequences) -> np.ndarray:
        """Compute the scores from which probabilities are made.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.

        Returns
        -------
        scores : ndarray of shape (n_sequences,) or (n_sequences, n_classes)
            The logits, whose softmax is `predict_proba`. For two classes their difference: the log
            odds of ``classes_[1]``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        outputs = self._outputs(self._read_new(X))
        return self._target.scores(outputs)

    def score(self, X: Sequences, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy: the share of sequences that are classified right.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.
        y : array-like of shape (n_sequences,) or (n_sequences, n_labels)
            True labels. Of several labels all must be right.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence. None weighs all equally.

        Returns
        -------
        score : float
            Weighted share of sequences.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        data, target, y = self._read_new(X), self._target, self._as_given(X, y)
        check_same_length(X=data, y=y)
        labels, weight = target.check(y, data), weights_of_sequences(sample_weight, len(data))
        return accuracy_score(labels, self._decoded(data, target.predict), sample_weight=weight)

    def _make_target(self, classes=None, y=None):
        kind = MultiLabels if is_multilabel(y) else Labels
        return kind(type(self).__name__, self.class_weight, classes)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
