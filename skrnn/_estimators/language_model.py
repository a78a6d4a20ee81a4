"""RNNLanguageModel: the next symbol of sequences of symbols."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import DensityMixin

from skrnn._compat import Interval, StrOptions, validate_params, with_callbacks
from skrnn._core.losses import log_softmax
from skrnn._estimators.base import BaseRNN
from skrnn._estimators.embeddings import embedding_tables
from skrnn._estimators.likelihoods import states_before_last
from skrnn._estimators.parameters import (
    COMMON_CONSTRAINTS,
    OF_FEATURES,
    describe_layers,
    is_stochastic,
    reads_forward,
    without,
)
from skrnn._estimators.reading import STATES_NOT_ROUTED
from skrnn._estimators.stream import check_state
from skrnn._estimators.symbol_stream import SymbolStream
from skrnn._estimators.symbols import SAMPLE_CONSTRAINTS, SymbolsMixin
from skrnn._targets.next_symbol import NextSymbol
from skrnn._threads import single_blas_thread
from skrnn._typing import Prediction, Sequences, State, available_if


class RNNLanguageModel(SymbolsMixin, DensityMixin, BaseRNN):
    """Recurrent network that predicts the next symbol of a sequence of symbols.

    A density of texts, names, melodies or programs: it tells how probable a sequence is, what
    comes next, and draws new ones. Symbols are any hashable labels, such as characters, words or
    integers. The probability of a sequence is the product of the probabilities of its symbols, each
    given those before it, and of its end. Where
    :class:`~sklearn.neural_network.MLPClassifier` has a parameter or attribute of the same name,
    it means the same here, but for `activation`, `batch_size`, `learning_rate` and `coefs_`.

    The network reads one direction only, and there is no parameter for another: a network that
    had read what it is to predict could not be wrong.

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
    embedding_dim : int or 'auto', default='auto'
        Size of the vectors that stand for symbols. 'auto' is ``1.6 * n_symbols**0.56``, rounded,
        and between 2 and 100, the end counted as a symbol. With ``tie_embeddings=True`` it is
        `hidden_size`.
    tie_embeddings : bool, default=False
        Whether the output layer has the vectors of the symbols for its weights (Press & Wolf,
        2017), which needs vectors of `hidden_size` numbers. This saves parameters, and is often
        better, where there are many symbols, such as words.
    unknown_symbol : symbol, default=None
        The symbol that stands for all that were not learnt, such as '<unk>'. None refuses these.
    min_count : int, default=1
        Symbols that occur fewer times than this in training are left to `unknown_symbol`, which
        learns from them what unknown ones are like.
    solver : {'adam', 'adamw', 'rmsprop', 'sgd', 'lbfgs'}, default='adam'
        Optimiser. 'adam' (Kingma & Ba, 2015) suits nearly everything; 'adamw' (Loshchilov & Hutter,
        2019) decays weights separately from the gradient; 'rmsprop' and 'sgd' are classical;
        'lbfgs' takes the whole set at each iteration, and can be quicker and more exact on small
        sets.
    alpha : float, default=1e-4
        Strength of the L2 penalty. ``alpha / 2`` times the sum of squared weights (not of biases
        and embeddings), divided by the summed weights of the targets in the batch, is added to the
        loss. For 'adamw' it is the decoupled weight decay, multiplied by the learning rate.
    batch_size : int or 'auto', default=32
        Sequences in a mini-batch. 'auto' is a tenth of the training set, but at least 8 and at most
        32. With more than 32,000 sequences it is a thousandth of them, up to 256; a set of at most
        32 is one batch. 'lbfgs' does not use it. Larger batches are computed faster, but take fewer
        steps in an epoch. Of texts that are cut into pieces, see `tbptt_steps`, it is the number of
        pieces that are read side by side.
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
    max_iter : int or 'auto', default=20
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
        person, pass `X_val` to `fit`. One long text cannot be divided so: pass another as `X_val`.
    scoring : callable or None, default=None
        Validation score, of which higher is better: a callable ``scorer(estimator, X, y)``, which
        is given `sample_weight` as well if there are validation weights. None is the mean
        log-likelihood of a symbol. There is no y: it is None.
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
    tbptt_steps : int or None, default=64
        Steps of a chunk. A longer sequence is trained chunk by chunk, with one update of the
        parameters for each, the state being carried over but not the gradient (truncated
        backpropagation through time). What is longer than its share of a mini-batch is cut into
        pieces, which are read side by side: one long text into `batch_size` of them. So the memory
        is that of one chunk, however long the texts are. More steps let more distant things be
        learnt, fewer give more updates in an epoch. None trains sequences as a whole, as 'lbfgs'
        does.
    warm_start : bool, default=False
        Let `fit` go on from the parameters of the last fit instead of drawing new ones.
    random_state : int, RandomState instance or None, default=None
        Seed of all that is drawn: initial parameters, mini-batches, the validation set and dropout.
        With an int, the same fit on the same machine gives the same result, bit by bit, for any
        `n_jobs`.
    verbose : bool or int, default=False
        Print the loss, and the validation score, after each epoch.
    dtype : {'auto', 'float32', 'float64'}, default='auto'
        Precision of parameters and computation. 'auto' is float32, which is two to three times as
        fast.
    n_jobs : int or None, default=None
        Threads, for many sequences in `score_samples` and, in `fit`, for batches of which sequences
        times `hidden_size` is 16384 or more; -1 means one for each processor. None means 1 unless
        in a :class:`joblib.parallel_config` context.

    Attributes
    ----------
    classes_ : ndarray of shape (n_symbols,)
        The symbols, sorted. The end of a sequence is not among them.
    backend_ : str
        What computes the network at present, 'numpy' or 'numba'; see `skrnn.set_config`.
    n_parameters_ : int
        Number of parameters, embeddings included.
    n_iter_ : int
        Epochs, or 'lbfgs' iterations, of the last call that trained.
    t_ : int
        Training sequences, and pieces of long ones, seen since the first epoch; equal ones of a
        full batch count once.
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
        is that of the end, which also stands for what comes before the first symbol.

    See Also
    --------
    SequenceTagger : One label for each step of a sequence.
    TokenEncoder : Texts and tokens as integer ids.

    Notes
    -----
    A sequence of L symbols is L + 1 steps: the first reads the end symbol, as if another sequence
    had ended there, and the last predicts the end. States start at zero, and are carried over
    within a sequence only.

    References
    ----------
    Papers are named by authors and year; docs/references.md lists them.

    Examples
    --------
    Names that are spelled as in some language, one character at a time:

    >>> from skrnn import RNNLanguageModel
    >>> names = ["anna", "hanna", "johanna", "susanna", "marianna", "joanna"] * 5
    >>> model = RNNLanguageModel(hidden_size=32, batch_size=4, random_state=0).fit(names)
    >>> model.predict(["joh", "susa"])
    array(['a', 'n'], dtype='<U1')
    >>> model.perplexity(["hanna"]) < model.perplexity(["hnnaa"])
    True
    >>> names = model.sample(3, temperature=0.5, random_state=0)
    >>> all(name.endswith("anna") for name in names)
    True
    """

    _parameter_constraints = {
        **without(COMMON_CONSTRAINTS, "bidirectional", "token_dropout", *OF_FEATURES),
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "scoring": [callable, None],
        "tie_embeddings": ["boolean"],
        "unknown_symbol": "no_validation",
        "min_count": [Interval(Integral, 1, None, closed="left")],
    }
    _needs_target = False

    @reads_forward
    def __init__(
        self,
        *,
        cell_type: str = "gru",
        hidden_size: int = 128,
        n_layers: int = 1,
        activation: str = "tanh",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        forget_bias: float | str = 1.0,
        embedding_dim: int | str = "auto",
        tie_embeddings: bool = False,
        unknown_symbol: Any = None,
        min_count: int = 1,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = 32,
        learning_rate: str = "cosine",
        learning_rate_init: float = 5e-3,
        power_t: float = 0.5,
        max_iter: int | str = 20,
        shuffle: bool = True,
        tol: float = 1e-4,
        n_iter_no_change: int | float = 10,
        early_stopping: bool | str = False,
        scoring: Callable[..., Any] | None = None,
        validation_fraction: float = 0.1,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        max_fun: int = 15000,
        max_grad_norm: float | None = 1.0,
        tbptt_steps: int | None = 64,
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
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.forget_bias = forget_bias
        self.embedding_dim = embedding_dim
        self.tie_embeddings = tie_embeddings
        self.unknown_symbol = unknown_symbol
        self.min_count = min_count
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
        X: Sequences,
        y: object = None,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Sequences = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : list or array of sequences of symbols
            Each a string, whose symbols are its characters, or a list, tuple or 1-D array of
            hashable symbols that can be sorted, such as words or integers; floats that are no
            integers are values, not symbols. One long text is ``[text]``. Characters are code
            points: flags and joined emoji are several, which a list of symbols keeps whole.
        y : None, default=None
            Ignored.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence in the loss; zero leaves it out. None weighs all equally.
        X_val : list or array of sequences of symbols, default=None
            Validation sequences, in a form that `score` would accept. They take the place of a
            held-out part: the score on them decides when to stop, and the parameters of the best
            epoch are kept, even with ``early_stopping=False``.
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
            If `X` is of a type that holds no sequences of symbols.

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
        return self._fit(X, y, sample_weight, (X_val, None, sample_weight_val))

    @available_if(is_stochastic)
    @with_callbacks
    def partial_fit(
        self,
        X: Sequences,
        y: object = None,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on more data, going on from where the last call has left off.

        Parameters
        ----------
        X : list or array of sequences of symbols
            As for `fit`.
        y : None, default=None
            Ignored.
        classes : array-like of shape (n_symbols,), default=None
            All symbols that will ever occur, at the first call. None takes those of its `X`.
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
            If `X` is of a type that holds no sequences of symbols, or of another than before.
        """
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def score_samples(self, X: Sequences) -> np.ndarray:
        """Compute the log-likelihood of each sequence.

        Parameters
        ----------
        X : list or array of sequences of symbols
            Strings, if `fit` saw strings, else lists, tuples or arrays. They may be empty.

        Returns
        -------
        log_likelihood : ndarray of shape (n_sequences,)
            Logarithm of the probability of the symbols and of the end, in nats.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or has symbols that were not learnt and none stands for them.
        TypeError
            If `X` is of a type that holds no sequences of symbols, or of another than `fit` saw.
        """
        self._check_fitted()
        return self._log_likelihood(self._target.read(X, held_out=True))

    def score(
        self, X: Sequences, y: object = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Compute the mean log-likelihood of a symbol, which is higher for a better model.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.
        y : None, default=None
            Ignored.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence, and so of its symbols. None weighs all symbols equally.

        Returns
        -------
        score : float
            Sum of `score_samples`, divided by the number of symbols, with an end for each sequence.
            In nats: divided by ``-log(2)`` it is the number of bits of a symbol.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or has symbols that were not learnt and none stands for them.
        TypeError
            If `X` is of a type that holds no sequences of symbols, or of another than `fit` saw.
        """
        self._check_fitted()
        held_out = self._target.read(X, sample_weight, held_out=True)
        return self._target.score(held_out, self._log_likelihood(held_out))

    def perplexity(self, X: Sequences, sample_weight: ArrayLike | None = None) -> float:
        """Compute the perplexity, ``exp(-score(X))``: lower is better.

        Parameters
        ----------
        X : list or array of sequences of symbols
            Strings, if `fit` saw strings, else lists, tuples or arrays. They may be empty.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence, and so of its symbols. None weighs all symbols equally.

        Returns
        -------
        perplexity : float
            A model that had to choose among so many equally probable symbols would be as unsure.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or has symbols that were not learnt and none stands for them.
        TypeError
            If `X` is of a type that holds no sequences of symbols, or of another than `fit` saw.
        """
        return float(np.exp(-self.score(X, sample_weight=sample_weight)))

    def predict(
        self, X: Sequences, *, initial_state: State = None, return_state: bool = False
    ) -> Prediction:
        """Predict the symbol that follows each sequence.

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
        symbols : ndarray of shape (n_sequences,)
            The most probable symbols, out of `classes_`; the end is never one, however probable.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or has symbols that were not learnt and none stands for them.
        TypeError
            If `X` is of a type that holds no sequences of symbols, or of another than `fit` saw.
        """
        outputs, state = self._next_outputs(X, initial_state)
        y = self._target.next_symbols(outputs)
        return (y, state) if return_state else y

    def predict_proba(
        self, X: Sequences, *, initial_state: State = None, return_state: bool = False
    ) -> Prediction:
        """Predict the probability of each symbol, and of the end, after each sequence.

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
        p : ndarray of shape (n_sequences, n_symbols + 1)
            Each row sums to 1. The columns are in the order of `classes_`; the last is the end.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or has symbols that were not learnt and none stands for them.
        TypeError
            If `X` is of a type that holds no sequences of symbols, or of another than `fit` saw.
        """
        outputs, state = self._next_outputs(X, initial_state)
        p = self._target.marginals({}, outputs, None)
        return (p, state) if return_state else p

    def predict_log_proba(self, X: Sequences) -> np.ndarray:
        """Predict the logarithm of the probability of each symbol and of the end.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.

        Returns
        -------
        log_p : ndarray of shape (n_sequences, n_symbols + 1)
            Finite also where the probability is too small to be represented.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `X` cannot be read, or has symbols that were not learnt and none stands for them.
        TypeError
            If `X` is of a type that holds no sequences of symbols, or of another than `fit` saw.
        """
        return log_softmax(self._next_outputs(X)[0])

    @validate_params(SAMPLE_CONSTRAINTS)
    def sample(
        self,
        n_samples: int = 1,
        *,
        prompt: Any = None,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        max_length: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Draw sequences, symbol by symbol.

        Parameters
        ----------
        n_samples : int, default=1
            Number of sequences. They take each step together, and far less time than one by one.
        prompt : str, list, tuple or array, default=None
            One sequence of symbols, with which all of them begin. None begins with nothing.
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
        sequences : ndarray of shape (n_samples,)
            What `fit` was given: strings, lists, tuples or arrays. The prompt is part of them, and
            the end is not.

        Raises
        ------
        NotFittedError
        ValueError
            If an argument is not valid, or the prompt has symbols that were not learnt.
        TypeError
            If the prompt is no sequence of symbols.
        """
        self._check_fitted()
        beginning = self._target.read_prompt(prompt)
        given, options = beginning[0][1:-1], {"temperature": temperature}
        options |= {"top_k": top_k, "top_p": top_p}
        with single_blas_thread():
            states, start = states_before_last(self._model, beginning)
            states = [np.repeat(state, n_samples, axis=-1) for state in states]
            step = StepInPlace(self._model, states)
            begin = step, np.arange(n_samples), np.repeat(start, n_samples)
            drawn = self._draw(*begin, max_length, random_state, **options)
        return self._target.decode([np.append(given, symbols) for symbols in drawn])

    def stream(self, n_streams: int = 1) -> SymbolStream:
        """Follow sequences that are still growing, symbol by symbol.

        Parameters
        ----------
        n_streams : int, default=1
            Number of sequences that are followed side by side.

        Returns
        -------
        stream : SymbolStream
            ``stream.step(symbol)`` reads a symbol and returns what `predict` would return for the
            sequence so far. The estimator itself never changes.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `n_streams` is no positive integer.
        """
        self._check_fitted()
        return SymbolStream(self, n_streams)

    # What the base class asks for.

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = tags.input_tags.three_d_array = False
        return tags

    def _make_target(self, classes=None, y=None):
        return NextSymbol(
            type(self).__name__,
            "X",
            self.unknown_symbol,
            self.min_count,
            chunk_steps=self.tbptt_steps,
            classes=classes,
            dtype="float32" if self.dtype == "auto" else self.dtype,
        )

    def _read(self, X, y, sample_weight, goes_on, classes):
        target = self._make_target(classes)
        if goes_on:
            target.resume(self._target)
        train = target.read(X, sample_weight)
        self._target = target
        return train

    def _read_more(self, X, y, sample_weight=None, held_out=False):
        return self._target.read(X, sample_weight, held_out=held_out)

    def _read_new(self, X):
        self._check_fitted()
        return self._target.read(X, held_out=True).data

    def _describe(self):
        n_symbols, size = self._target.n_outputs, self.embedding_dim
        if self.tie_embeddings:
            if size not in ("auto", self.hidden_size):
                raise ValueError(
                    f"tie_embeddings=True needs vectors of hidden_size={self.hidden_size} numbers, "
                    f"but embedding_dim={size!r}: set it to 'auto', or tie_embeddings=False."
                )
            size = self.hidden_size
        return {
            **describe_layers(vars(self)),
            "max_steps": None,  # chunks of tbptt_steps end where the gradient is to end
            "pooling": None,
            "n_features": 1,
            "n_outputs": n_symbols,
            "tables": embedding_tables({0: n_symbols}, size, {}),
            "frozen": (),
            "tied": bool(self.tie_embeddings),
        }

    # Prediction.

    __metadata_request__predict = __metadata_request__predict_proba = STATES_NOT_ROUTED

    def _next_outputs(self, X, initial_state=None):
        """Compute the outputs of the head after each sequence, (n_sequences, n_outputs); states."""
        data = self._read_new(X)
        if initial_state is not None:
            expected = self._model.initial_states(len(data))
            initial_state = check_state(initial_state, expected, "initial_state")
            data = data.without_first()
        with single_blas_thread():
            states, last = states_before_last(self._model, data, initial_state)
            return self._model.step(last[:, np.newaxis], states)


class StepInPlace:
    """The step function of a search whose states are those of a `Stepper`, which writes over them.

    What the search holds in their place are the rows of the hypotheses among them.
    """

    def __init__(self, model, states):
        self.model = model
        self.begin(states)

    def begin(self, states):
        self.stepper = self.model.stepper(states[0].shape[-1])
        self.stepper.put(states)
        self.rows = np.arange(self.stepper.n_sequences)

    def __call__(self, symbols, rows):
        if len(rows) < len(self.rows):
            self.begin(self.stepper.take(rows))
        outputs = self.stepper.step(symbols[:, np.newaxis])
        return log_softmax(outputs), self.rows
