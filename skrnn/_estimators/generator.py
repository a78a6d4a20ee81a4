"""SequenceGenerator: a sequence of symbols from a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrnn._compat import Interval, StrOptions, validate_params, with_callbacks
from skrnn._core.losses import log_softmax
from skrnn._core.search import Search
from skrnn._data.checks import as_read
from skrnn._data.frames import readable_items
from skrnn._estimators.base import BaseRNN
from skrnn._estimators.embeddings import embedding_tables
from skrnn._estimators.parameters import (
    COMMON_CONSTRAINTS,
    OF_FEATURES,
    describe_layers,
    is_stochastic,
    reads_forward,
    without,
)
from skrnn._estimators.symbols import SAMPLE_CONSTRAINTS, SymbolsMixin
from skrnn._targets.described import DescribedSymbol, vectors
from skrnn._threads import single_blas_thread, thread_map
from skrnn._typing import Sequences, available_if

# Descriptions whose sequences are searched for at a time.
N_AT_ONCE = 256


class SequenceGenerator(SymbolsMixin, BaseRNN):
    """Recurrent network that writes a sequence of symbols from a vector that describes it.

    From one to many: names of a language, captions of the features of an image, melodies of a
    genre. Symbols are any hashable labels, such as characters, words or integers. The probability
    of a sequence, given its description, is the product of the probabilities of its symbols, each
    given those before it, and of its end. Where
    :class:`~sklearn.neural_network.MLPClassifier` has a parameter or attribute of the same name,
    it means the same here, but for `activation`, `batch_size`, `learning_rate` and `coefs_`.

    A dense layer with tanh makes the first states of the recurrent layers of the description; with
    `feed_condition` each step reads it too, beside the last symbol.

    Parameters
    ----------
    cell_type : {'lstm', 'gru', 'rnn'}, default='gru'
        Recurrent cell. 'lstm' and 'gru' learn what to keep over many steps; 'gru' does so with a
        quarter fewer parameters. 'rnn' is the Elman network: the fastest, with a short memory.
    hidden_size : int, default=128
        Units of each layer and direction. More can represent more; time per step and number of
        parameters grow with the square.
    n_layers : int, default=1
        Recurrent layers, each of which reads the outputs of the one before at every step.
    activation : {'tanh', 'relu'}, default='tanh'
        Nonlinearity of ``cell_type='rnn'``; the other cells do not use it.
    feed_condition : bool, default=True
        Whether each step reads the description beside the last symbol. Without it, the first states
        alone know what is described, and have to remember it.
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
        boolean mask, or names if `X` has feature names. 'auto' and None take everything as numbers.
    condition_dim : int, 'auto' or array-like, default='auto'
        Size of the vectors that stand for categories in `X`: one for all categorical columns, or a
        list with one for each, in their order. 'auto' is ``1.6 * n_categories**0.56``, rounded, and
        between 2 and 100.
    embedding_dim : int or 'auto', default='auto'
        Size of the vectors that stand for symbols. 'auto' is ``1.6 * n_symbols**0.56``, rounded,
        and between 2 and 100, the end counted as a symbol.
    unknown_symbol : symbol, default=None
        The symbol that stands for all that were not learnt, such as '<unk>'. None refuses these.
    min_count : int, default=1
        Symbols that occur fewer times than this in training are left to `unknown_symbol`, which
        learns from them what unknown ones are like.
    beam_width : int, default=4
        Beginnings that `predict` keeps at each step. 1 takes the most probable symbol; more find
        more probable sequences, and take longer.
    length_penalty : float, default=0.0
        `predict` ranks sequences by the logarithm of their probability, divided by this power of
        their length, the end counted (Wu et al., 2016). 0 ranks by probability, which prefers short
        ones; 1 by the mean over symbols.
    max_length : int or None, default=None
        Largest number of symbols in what `predict` returns. None is the length of the longest
        sequence in training.
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
        person, pass `X_val` to `fit`.
    scoring : callable or None, default=None
        Validation score, of which higher is better: a callable ``scorer(estimator, X, y)``, which
        is given `sample_weight` as well if there are validation weights. None is the mean
        log-likelihood of a symbol.
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
    max_grad_norm : float or None, default=1.0
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
        Threads, for many sequences in `score_samples` and, in `fit`, for batches of which sequences
        times `hidden_size` is 16384 or more; -1 means one for each processor. None means 1 unless
        in a :class:`joblib.parallel_config` context. `predict` uses them as well.

    Attributes
    ----------
    classes_ : ndarray of shape (n_symbols,)
        The symbols, sorted. The end of a sequence is not among them.
    n_features_in_ : int
        Number of features of a description.
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
        and warm starts are appended, here and below. The loss is a cross-entropy, in nats for each
        symbol and end.
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
        0 are ``'embedding_0.weight'``. Vectors of symbols are in the order of `classes_`; the last
        is that of the end, which also stands for what comes before the first symbol. The first
        states are made by ``'bridge.weight'`` and ``'bridge.bias'``: of each layer in turn h and,
        for the LSTM, c. Vectors of categories in `X` are ``'condition_embedding_0.weight'`` and so
        on.

    See Also
    --------
    RNNLanguageModel : Sequences of symbols that nothing describes.
    RNNRegressor : A vector of numbers for each sequence.

    Notes
    -----
    A sequence of L symbols is L + 1 steps: the first reads the end symbol, and the last predicts
    the end. In training each step reads the true symbol before it (teacher forcing). The beam
    search of `predict` keeps the `beam_width` most probable beginnings at every step.

    ``score_samples`` makes a classifier of it by Bayes' rule: of several descriptions the one under
    which a sequence is most probable, times the share of each.

    References
    ----------
    Papers are named by authors and year; docs/references.md lists them.

    Examples
    --------
    Numbers spelled out, from their digits:

    >>> import numpy as np
    >>> from skrnn import SequenceGenerator
    >>> words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    >>> X = np.arange(10)[:, np.newaxis]
    >>> model = SequenceGenerator(
    ...     hidden_size=32, categorical_features=[0], batch_size=2, max_iter=60, random_state=0
    ... ).fit(X, words)
    >>> model.predict([[7], [2]])
    array(['seven', 'two'], dtype=object)
    >>> model.score(X, words)
    1.0
    """

    _parameter_constraints = {
        **without(COMMON_CONSTRAINTS, "bidirectional", "token_dropout", *OF_FEATURES),
        "feed_condition": ["boolean"],
        "categorical_features": COMMON_CONSTRAINTS["categorical_features"],
        "condition_dim": COMMON_CONSTRAINTS["embedding_dim"],
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "unknown_symbol": "no_validation",
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "beam_width": [Interval(Integral, 1, None, closed="left")],
        "length_penalty": [Interval(Real, 0, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "scoring": [callable, None],
    }

    @reads_forward
    def __init__(
        self,
        *,
        cell_type: str = "gru",
        hidden_size: int = 128,
        n_layers: int = 1,
        activation: str = "tanh",
        feed_condition: bool = True,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        forget_bias: float | str = 1.0,
        categorical_features: ArrayLike | None = "auto",
        condition_dim: int | str | Sequence[Any] | ArrayLike = "auto",
        embedding_dim: int | str = "auto",
        unknown_symbol: Any = None,
        min_count: int = 1,
        beam_width: int = 4,
        length_penalty: float = 0.0,
        max_length: int | None = None,
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
        early_stopping: bool = False,
        scoring: Callable[..., Any] | None = None,
        validation_fraction: float = 0.1,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        max_fun: int = 15000,
        max_grad_norm: float | None = 1.0,
        tbptt_steps: int | None = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
        dtype: str = "auto",
        n_jobs: int | None = None,
    ):
        self.cell_type = cell_type
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.activation = activation
        self.feed_condition = feed_condition
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.forget_bias = forget_bias
        self.categorical_features = categorical_features
        self.condition_dim = condition_dim
        self.embedding_dim = embedding_dim
        self.unknown_symbol = unknown_symbol
        self.min_count = min_count
        self.beam_width = beam_width
        self.length_penalty = length_penalty
        self.max_length = max_length
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
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.dtype = dtype
        self.n_jobs = n_jobs

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: Sequences,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: Sequences = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_sequences, n_features)
            A description of each sequence, in numbers, or in categories where
            `categorical_features` says so. It is not changed.
        y : list or array of sequences of symbols
            Each a string, whose symbols are its characters, or a list, tuple or 1-D array of
            hashable symbols that can be sorted, such as words or integers; floats that are no
            integers are values, not symbols. Characters are code points: flags and joined emoji are
            several, which a list of symbols keeps whole.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence in the loss; zero leaves it out. None weighs all equally.
        X_val : array-like of shape (n_val_sequences, n_features), default=None
            Validation descriptions. They take the place of a held-out part: the score on them
            decides when to stop, and the parameters of the best epoch are kept, even with
            ``early_stopping=False``.
        y_val : list or array of sequences of symbols, default=None
            Sequences of symbols for `X_val`.
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
            If `X` holds no numbers, or `y` no sequences of symbols.

        Warns
        -----
        ConvergenceWarning
            If the loss is still that of a constant prediction, so that nothing has been learnt from
            `X`. Or if `max_iter` is reached before convergence; never for 'cosine' and 'one_cycle',
            which are meant to run all epochs.

        Notes
        -----
        Ctrl-C ends training with a warning, and keeps what has been learnt.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(is_stochastic)
    @with_callbacks
    def partial_fit(
        self,
        X: ArrayLike,
        y: Sequences,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on more data, going on from where the last call has left off.

        Parameters
        ----------
        X : array-like of shape (n_sequences, n_features)
            As for `fit`.
        y : list or array of sequences of symbols
            As for `fit`.
        classes : array-like of shape (n_symbols,), default=None
            All symbols that will ever occur, at the first call. None takes those of its `y`.
        sample_weight : array-like, default=None
            As for `fit`.

        Returns
        -------
        self : estimator
            The trained estimator.

        Raises
        ------
        ValueError
            If a parameter is not valid, `X`, `y` or the weights cannot be read or do not fit what
            was learnt before, or the loss is no longer finite.
        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the best sequence for each description, by beam search.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.

        Returns
        -------
        y : ndarray of shape (n_sequences,)
            What `fit` was given as targets: strings, lists, tuples or arrays. It is the most
            probable sequence that the search finds or, with a `length_penalty`, that of the highest
            score; with ``beam_width=1`` it takes the most probable symbol at every step.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.
        TypeError
            If `X` holds no numbers, or `y` no sequences of symbols of the kind that `fit` saw.
        """
        condition, longest = self._conditions(X), self.max_length or self._target.longest

        def search(rows):
            step, states, start = self._begin_search(condition[rows])
            found = Search(step, self._target.end).beam(
                states, start, longest, self.beam_width, self.length_penalty
            )
            return [best.symbols for best, *_ in found]

        parts = [slice(i, i + N_AT_ONCE) for i in range(0, len(condition), N_AT_ONCE)]
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            found = [symbols for part in parallel_map(search, parts) for symbols in part]
        return self._target.decode(found)

    @validate_params(SAMPLE_CONSTRAINTS)
    def sample(
        self,
        X: ArrayLike,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        max_length: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Draw a sequence for each description, symbol by symbol.

        Parameters
        ----------
        X : array-like of shape (n_sequences, n_features)
            Descriptions, with the features that `fit` saw.
        temperature : float, default=1.0
            Probabilities are raised to the power of ``1 / temperature`` before a symbol is drawn:
            below 1 the probable is drawn more often, above 1 less. 0 always takes the most
            probable.
        top_k : int or None, default=None
            Draw out of the k most probable symbols only (Fan, Lewis & Dauphin, 2018). None draws
            out of all.
        top_p : float in (0, 1] or None, default=None
            Draw out of the fewest most probable symbols that have at least this probability
            together, of what `top_k` has left (Holtzman et al., 2020). None draws out of all.
        max_length : int or None, default=None
            Largest number of symbols to draw, without those of a prompt. None is the length of the
            longest sequence in training, but at most 1000.
        random_state : int, RandomState instance or None, default=None
            Seed of what is drawn; None draws differently at every call.

        Returns
        -------
        sequences : ndarray of shape (n_sequences,)
            What `fit` was given as targets: strings, lists, tuples or arrays.

        Raises
        ------
        NotFittedError
        ValueError
            If an argument is not valid, `X` cannot be read, or its features are not those that
            `fit` saw.
        TypeError
            If `X` holds no numbers.
        """
        condition = self._conditions(X)
        options = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        with single_blas_thread():
            begin = self._begin_search(condition)
            drawn = self._draw(*begin, max_length, random_state, **options)
        return self._target.decode(drawn)

    def score_samples(self, X: ArrayLike, y: Sequences) -> np.ndarray:
        """Compute the log-likelihood of each sequence, given its description.

        Parameters
        ----------
        X : array-like of shape (n_sequences, n_features)
            Descriptions, with the features that `fit` saw.
        y : list or array of sequences of symbols
            A sequence of symbols for each entry of `X`: strings, if `fit` saw strings, else lists,
            tuples or arrays. They may be empty.

        Returns
        -------
        log_likelihood : ndarray of shape (n_sequences,)
            Logarithm of the probability of the symbols and of the end, in nats.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.
        TypeError
            If `X` holds no numbers, or `y` no sequences of symbols of the kind that `fit` saw.
        """
        self._check_fitted()
        return self._log_likelihood(self._read_more(X, y, held_out=True))

    def score(self, X: ArrayLike, y: Sequences, sample_weight: ArrayLike | None = None) -> float:
        """Compute the share of sequences that are predicted exactly.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.
        y : list or array of sequences of symbols
            A sequence of symbols for each entry of `X`: strings, if `fit` saw strings, else lists,
            tuples or arrays. They may be empty.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence. None weighs all equally.

        Returns
        -------
        score : float
            Between 0 and 1, which is best.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.
        TypeError
            If `X` holds no numbers, or `y` no sequences of symbols of the kind that `fit` saw.
        """
        return self._share_of_equal(X, y, sample_weight)

    # What the base class asks for.

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = False
        return tags

    def _make_target(self, classes=None, y=None):
        options = self.unknown_symbol, self.min_count
        return DescribedSymbol(type(self).__name__, "y", *options, classes=classes)

    def _read_data(self, X, y, schema):
        return self._check_rows(super()._read_data(as_table(X), y, schema, rows_are_steps=True))

    def _read_new(self, X):
        return self._check_rows(super()._read_new(as_table(X)))

    def _check_rows(self, data):
        """Raise unless X is a table with one vector in each row."""
        if not data.is_table:
            raise ValueError(
                f"{type(self).__name__} takes one vector for each target: pass an array of shape "
                f"(n_sequences, n_features). {as_read(data)}"
            )
        return data

    def _describe(self):
        schema, n_symbols = self._schema, self._target.n_outputs
        return {
            **describe_layers(vars(self)),
            "max_steps": self.tbptt_steps and int(self.tbptt_steps),
            "n_outputs": n_symbols,
            "tables": embedding_tables({0: n_symbols}, self.embedding_dim, {}),
            "frozen": (),
            "n_condition": schema.n_step_features,
            "condition_tables": embedding_tables(schema.n_categories, self.condition_dim, {}),
            "feed_condition": bool(self.feed_condition),
        }

    # Prediction.

    def _conditions(self, X):
        """Read descriptions, (n_sequences, n_features)."""
        return vectors(self._read_new(X))

    def _begin_search(self, condition):
        """Return a step function, the states before the first step, and what this step reads."""
        model, network = self._model, self._model.network
        features, states = network.begin(model.params, condition)

        def step(symbols, state):
            *states, source = state
            x = network.join(symbols[:, np.newaxis], features[source])
            outputs, states = model.step(x, states)
            return log_softmax(outputs), [*states, source]

        start = np.full(len(condition), self._target.end)
        return step, [*states, np.arange(len(condition))], start


def as_table(X):
    """Return lists as an array, if that has rows: lists of integers would be read as tokens."""
    if not isinstance(X, list | tuple):
        return X
    try:
        array = np.array(readable_items(X, "X"))
    except ValueError:  # some are longer than others, which the reader says
        return X
    return array if array.ndim == 2 else X
