"""SequenceTranslator: sequences of symbols from sequences, of any other length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skrnn._compat import Interval, StrOptions, validate_params, with_callbacks
from skrnn._core.attention import SCORES
from skrnn._data.ragged import object_array
from skrnn._data.values import check_same_length, is_integer
from skrnn._estimators.base import BaseRNN
from skrnn._estimators.decoders import DECODERS
from skrnn._estimators.emission_stream import EmissionStream
from skrnn._estimators.parameters import COMMON_CONSTRAINTS, draw_seed, is_stochastic
from skrnn._estimators.symbols import SAMPLE_CONSTRAINTS, SymbolsMixin
from skrnn._preprocessing.word_vectors import WordVectors
from skrnn._threads import single_blas_thread, thread_map
from skrnn._typing import Sequences, available_if


def has_attention(estimator):
    """Whether there are weights of an attention."""
    if estimator.decoder != "recurrent" or estimator.attention is None:
        raise AttributeError(
            f"attention_weights is not available with decoder={estimator.decoder!r} and "
            f"attention={estimator.attention!r}: there is no attention. With decoder='ctc', align "
            "says what each step emits."
        )
    return True


def emits(estimator):
    """Whether each step emits a symbol or nothing."""
    if estimator.decoder != "ctc":
        raise AttributeError(
            f"align is not available with decoder={estimator.decoder!r}, whose symbols belong to "
            "no step: see attention_weights, or set decoder='ctc'."
        )
    return True


def can_be_followed(estimator):
    """Whether symbols are there before all of `X` has been read."""
    if estimator.decoder != "ctc":
        raise AttributeError(
            f"stream is not available with decoder={estimator.decoder!r}, which begins to write "
            "only when it has read all of a sequence: set decoder='ctc' and bidirectional=False."
        )
    return True


class SequenceTranslator(SymbolsMixin, BaseRNN):
    """Recurrent networks that make a sequence of symbols of another sequence.

    From many to many, delayed: words to those of another language, letters to phones, commands to
    actions, frames of speech or columns of handwriting to what they say. The two sequences need not
    be of the same length, nor of the same kind. Symbols are any hashable labels, such as
    characters, words or integers. Where :class:`~sklearn.neural_network.MLPClassifier` has a
    parameter or attribute of the same name, it means the same here, but for `activation`,
    `batch_size`, `learning_rate` and `coefs_`.

    With ``decoder='recurrent'`` a network, the encoder, reads the whole sequence before another one
    begins to write, which reads its own last symbol at each step. With ``decoder='ctc'`` there is
    one network, each step of which emits a symbol or nothing.

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
    bidirectional : bool, default=True
        Whether each layer has a second one that reads the sequence from its last step to its first.
        This doubles the time that a step takes. It is the default where sequences are mostly known
        whole and labels may rest on any step, but not in the regressors, which often forecast:
        there the last steps count most. Set False to label prefixes: sequences that are still
        growing. A decoder writes in one direction.
    activation : {'tanh', 'relu'}, default='tanh'
        Nonlinearity of ``cell_type='rnn'``; the other cells do not use it.
    decoder : {'recurrent', 'ctc'}, default='recurrent'
        Where the symbols come from. 'recurrent' is a second network, which writes any number of
        them in any order. 'ctc' (connectionist temporal classification; Graves et al., 2006) lets
        the steps of `X` emit them: for symbols that are no more than the steps and in their order,
        as those of speech and handwriting. It is faster, and says at which step each symbol was.
    attention : {'dot', 'general', 'additive'} or None, default='general'
        How well a step of `X` fits what the decoder is about to write, see Notes. 'dot' has no
        weights, and needs ``bidirectional=False``; 'general' has a matrix; 'additive' a hidden
        layer, and takes much longer. With None the final state of the encoder must hold all that is
        to be written, which is enough for short sequences. 'ctc' does not use it.
    dropout : float in [0, 1), default=0.0
        Share of values that are set to zero in training (Srivastava et al., 2014): of the
        embeddings, of what each layer passes to the next, and of what the output layer reads. Each
        of these is drawn separately. Numeric features are never hidden.
    recurrent_dropout : float in [0, 1), default=0.0
        Share of the hidden units that is hidden from the recurrence in training, the same units at
        all steps of a sequence (Gal & Ghahramani, 2016).
    token_dropout : float in [0, 1), default=0.0
        Share of the categories that are replaced by category 0 in training, so that the network
        learns what to make of unknown ones. Use it where 0 stands for unknown categories, as it
        does in what a `TokenEncoder` returns.
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
    symbol_dim : int or 'auto', default='auto'
        Size of the vectors of the symbols that the decoder reads. 'auto' is
        ``1.6 * n_symbols**0.56``, rounded, and between 2 and 100, the end counted as a symbol.
        'ctc' does not use it.
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
        ones; 1 by the mean over symbols. 'ctc' does not use it.
    max_length : int or 'auto', default='auto'
        Largest number of symbols in what `predict` returns. 'auto' is the largest number for each
        step of `X` in training, but no more than the longest sequence had, unless `X` is longer
        than all of training. 'ctc' does not use it.
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
        log-likelihood of a symbol. :mod:`skrnn.metrics` has ``neg_symbol_error_rate_scorer``.
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
        Threads, for many sequences in `predict` and, in `fit`, for batches of which sequences times
        `hidden_size` is 16384 or more; -1 means one for each processor. None means 1 unless in a
        :class:`joblib.parallel_config` context.

    Attributes
    ----------
    classes_ : ndarray of shape (n_symbols,)
        The symbols, sorted. The end of a sequence is not among them.
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
        and warm starts are appended, here and below. The loss is the negative log-likelihood in
        nats, divided by the number of symbols and ends.
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
        0 are ``'embedding_0.weight'``. Those names have ``'encoder.'`` in front, and the decoder's
        ``'decoder.'``, the output layer included. Vectors of symbols,
        ``'decoder.embedding_0.weight'``, are in the order of `classes_`; the last is that of the
        end, which also stands for what comes before the first symbol. The decoder's first states,
        of each layer in turn h and, for the LSTM, c, are made by ``'decoder.bridge.weight'`` and
        ``'decoder.bridge.bias'`` of the encoder's final ones, of each layer in turn h of both
        directions and, for the LSTM, c of both. Of ``'decoder.attention.*'``, ``'combine.weight'``
        makes the output, and the others the score. With ``decoder='ctc'`` nothing stands in front
        of the names, and the output layer has the blank in the last place.

    See Also
    --------
    SequenceTagger : One label for each step.
    SequenceGenerator : A sequence of symbols from a vector.

    Notes
    -----
    The decoder has as many layers and units as the encoder has in one direction. A dense layer with
    tanh makes its first states of the final ones of the encoder. In training each step reads the
    true symbol before it (teacher forcing). With the output q of a step as the query and the
    outputs k of the encoder as keys, the attention is that of Luong, Pham & Manning (2015), ::

        score = q . k                         'dot'
                q . (W k)                     'general'
                w . tanh(W_q q + W_k k)       'additive' (Bahdanau et al., 2015)
        a = softmax(score)                    over the steps of one sequence
        output = tanh(W_c [sum of a k; q])

    The decoder itself does not read this output ("input feeding"), so that all its steps are
    computed at once. The probability of the symbols of 'ctc' is the sum over all ways to emit them,
    with equal neighbours merged and blanks left out.

    References
    ----------
    Papers are named by authors and year; docs/references.md lists them.

    Examples
    --------
    Words read backwards:

    >>> from skrnn import SequenceTranslator, TokenEncoder
    >>> from sklearn.pipeline import make_pipeline
    >>> words = ["star", "evil", "loop", "part", "deer", "stop", "tram", "flow", "pals", "draw"]
    >>> model = make_pipeline(
    ...     TokenEncoder(analyzer="char"),
    ...     SequenceTranslator(hidden_size=32, batch_size=2, max_iter=40, random_state=0),
    ... ).fit(words, [word[::-1] for word in words])
    >>> model.predict(["star", "deer"])
    array(['rats', 'reed'], dtype=object)
    """

    _parameter_constraints = {
        **COMMON_CONSTRAINTS,
        "decoder": [StrOptions(set(DECODERS))],
        "attention": [StrOptions(set(SCORES)), None],
        "symbol_dim": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "unknown_symbol": "no_validation",
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "beam_width": [Interval(Integral, 1, None, closed="left")],
        "length_penalty": [Interval(Real, 0, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "scoring": [callable, None],
    }

    def __init__(
        self,
        *,
        cell_type: str = "gru",
        hidden_size: int = 128,
        n_layers: int = 1,
        bidirectional: bool = True,
        activation: str = "tanh",
        decoder: str = "recurrent",
        attention: str | None = "general",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        token_dropout: float = 0.0,
        forget_bias: float | str = 1.0,
        categorical_features: ArrayLike | None = "auto",
        embedding_dim: int | str | Sequence[Any] | ArrayLike = "auto",
        embedding_init: ArrayLike | WordVectors | dict[Any, Any] | None = None,
        freeze_embeddings: bool = False,
        symbol_dim: int | str = "auto",
        unknown_symbol: Any = None,
        min_count: int = 1,
        beam_width: int = 4,
        length_penalty: float = 0.0,
        max_length: int | str = "auto",
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
        self.bidirectional = bidirectional
        self.activation = activation
        self.decoder = decoder
        self.attention = attention
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.token_dropout = token_dropout
        self.forget_bias = forget_bias
        self.categorical_features = categorical_features
        self.embedding_dim = embedding_dim
        self.embedding_init = embedding_init
        self.freeze_embeddings = freeze_embeddings
        self.symbol_dim = symbol_dim
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
        X: Sequences,
        y: Sequences,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Sequences = None,
        y_val: Sequences = None,
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
        y : list or array of sequences of symbols
            Each a string, whose symbols are its characters, or a list, tuple or 1-D array of
            hashable symbols that can be sorted, such as words or integers; floats that are no
            integers are values, not symbols. Characters are code points: flags and joined emoji are
            several, which a list of symbols keeps whole.
        sample_weight : array-like of shape (n_sequences,), default=None
            Weight of each sequence in the loss; zero leaves it out. None weighs all equally.
        X_val : array-like or SequenceArray, default=None
            Validation sequences, in a form that `predict` would accept. They take the place of a
            held-out part: the score on them decides when to stop, and the parameters of the best
            epoch are kept, even with ``early_stopping=False``.
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
            longer finite. The message says what was found, and what to do. With ``decoder='ctc'``
            also if a sequence of symbols needs more steps than there are in `X`.

        TypeError
            If `X` is of a type that holds no sequences of numbers, or `y` of one that holds no
            sequences of symbols.

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

    @available_if(is_stochastic)
    @with_callbacks
    def partial_fit(
        self,
        X: Sequences,
        y: Sequences,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on more data, going on from where the last call has left off.

        Parameters
        ----------
        X : array-like or SequenceArray
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

    def predict(self, X: Sequences) -> np.ndarray:
        """Predict the best sequence of symbols for each sequence.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps; if `fit` saw 2-D
            input, 2-D input needs as many columns.

        Returns
        -------
        y : ndarray of shape (n_sequences,)
            What `fit` was given as targets: strings, lists, tuples or arrays. It is the most
            probable sequence that a search with `beam_width` beginnings finds or, with a
            `length_penalty`, that of the highest score. With ``beam_width=1`` it takes the most
            probable symbol, or blank, at every step.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If `X` cannot be read, or its features are not those that `fit` saw.

        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        found = self._search(self._read_new(X), 1)
        return self._target.decode([symbols_of(own) for own in found])

    def predict_n_best(
        self, X: Sequences, n_best: int | None = None
    ) -> list[list[tuple[Any, float]]]:
        """Find several sequences of symbols for each sequence, the best first.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps.
        n_best : int or None, default=None
            Number of sequences to find, at most `beam_width`, which None takes.

        Returns
        -------
        found : list of lists of (y, score)
            For each sequence what was found and its score: the logarithm of the probability in
            nats, divided by the power of the length that `length_penalty` asks for. There are fewer
            where fewer are possible. With ``decoder='ctc'`` the logarithm is not divided, and only
            the ways to emit them that the search has kept are counted: `score_samples` may say
            more.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If `n_best` is not between 1 and `beam_width`, `X` cannot be read, or its features are
            not those that `fit` saw.

        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        self._check_fitted()
        n_best = self.beam_width if n_best is None else n_best
        if not is_integer(n_best) or not 1 <= n_best <= self.beam_width:
            raise ValueError(
                f"n_best={n_best!r} must be an integer from 1 to beam_width={self.beam_width}, the "
                "number of beginnings that the search keeps: set a larger beam_width."
            )
        result = []
        for own in self._search(self._read_new(X), int(n_best)):
            decoded = self._target.decode([hypothesis.symbols for hypothesis in own])
            scores = [float(hypothesis.score) for hypothesis in own]
            result.append(list(zip(decoded, scores, strict=True)))
        return result

    @validate_params(SAMPLE_CONSTRAINTS)
    def sample(
        self,
        X: Sequences,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        max_length: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Draw a sequence of symbols for each sequence.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps.
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
            Largest number of symbols to draw. None is what the parameter of the same name says;
            with ``decoder='ctc'`` it is as many as the steps of `X` emit.
        random_state : int, RandomState instance or None, default=None
            Seed of what is drawn; None draws differently at every call.

        Returns
        -------
        y : ndarray of shape (n_sequences,)
            What `fit` was given as targets: strings, lists, tuples or arrays.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If an argument is not valid, `X` cannot be read, or its features are not those that
            `fit` saw.

        TypeError
            If `X` is of a type that holds no sequences of numbers.
        """
        data, rng = self._read_new(X), np.random.default_rng(draw_seed(random_state))
        options = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        with single_blas_thread():
            drawn = self._decoder.sample(
                self._model, data, self._target, vars(self), rng, max_length, options
            )
        return self._target.decode(drawn)

    def score_samples(self, X: Sequences, y: Sequences) -> np.ndarray:
        """Compute the log-likelihood of each sequence of symbols, given its sequence in X.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps.
        y : list or array of sequences of symbols
            A sequence of symbols for each entry of `X`: strings, if `fit` saw strings, else lists,
            tuples or arrays. They may be empty.

        Returns
        -------
        log_likelihood : ndarray of shape (n_sequences,)
            Logarithm of the probability of the symbols, and of the end that a recurrent decoder
            writes, in nats; -inf with ``decoder='ctc'`` for what does not fit into the steps.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.

        TypeError
            If `X` is of a type that holds no sequences of numbers, or `y` of one that holds no
            sequences of symbols of the kind that `fit` saw.
        """
        return self._of_pairs("log_likelihood", X, y)

    def score(self, X: Sequences, y: Sequences, sample_weight: ArrayLike | None = None) -> float:
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
            Between 0 and 1, which is best. :func:`skrnn.metrics.symbol_error_rate` counts single
            errors.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.

        TypeError
            If `X` is of a type that holds no sequences of numbers, or `y` of one that holds no
            sequences of symbols of the kind that `fit` saw.
        """
        return self._share_of_equal(X, y, sample_weight)

    @available_if(has_attention)
    def attention_weights(self, X: Sequences, y: Sequences = None) -> np.ndarray:
        """Compute how much each symbol has read of each step.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps.
        y : list or array of sequences of symbols, default=None
            The symbols that are written. None takes what `predict` returns.

        Returns
        -------
        weights : ndarray of shape (n_sequences,)
            Arrays (n_symbols_i + 1, n_steps_i) whose rows sum to 1; the last row is that of the
            end. :class:`skrnn.inspection.AlignmentDisplay` plots one.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.

        TypeError
            If `X` is of a type that holds no sequences of numbers, or `y` of one that holds no
            sequences of symbols of the kind that `fit` saw.
        """
        return object_array(self._of_pairs("weights", X, self.predict(X) if y is None else y))

    @available_if(emits)
    def align(self, X: Sequences, y: Sequences = None) -> np.ndarray:
        """Find out which symbol each step emits, along the most probable path.

        Parameters
        ----------
        X : array-like or SequenceArray
            Sequences with the features that `fit` saw, and any number of steps.
        y : list or array of sequences of symbols, default=None
            The symbols that are emitted. None takes what `predict` returns.

        Returns
        -------
        positions : ndarray of shape (n_sequences,)
            Arrays (n_steps_i,) of the number, counted from 0, of the symbol that the step emits;
            -1 for none. A symbol may be emitted at several steps in a row.

        Raises
        ------
        NotFittedError
            Before `fit`.

        ValueError
            If `X` or `y` cannot be read, the features are not those that `fit` saw, or there are
            symbols that were not learnt and none stands for them.

        TypeError
            If `X` is of a type that holds no sequences of numbers, or `y` of one that holds no
            sequences of symbols of the kind that `fit` saw.
        """
        y = self.predict(X) if y is None else y
        return object_array(self._of_pairs("align", X, y, may_be_impossible=False))

    @available_if(can_be_followed)
    def stream(self, n_streams: int = 1) -> EmissionStream:
        """Follow sequences that are still growing, step by step.

        Parameters
        ----------
        n_streams : int, default=1
            Number of sequences that are followed side by side.

        Returns
        -------
        stream : EmissionStream
            ``stream.step(x)`` takes a step and returns the symbol that it emits, or None. All of
            them together are what `predict` with ``beam_width=1`` would return for the sequence so
            far. The estimator itself never changes.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If `n_streams` is no positive integer, or the network reads both directions.
        """
        self._check_fitted()
        return EmissionStream(self, n_streams)

    # What the base class asks for.

    def _check_combinations(self, incremental):
        super()._check_combinations(incremental)
        if self.decoder == "recurrent" and self.attention == "dot" and self.bidirectional:
            raise ValueError(
                f"attention='dot' compares the units of the decoder, {self.hidden_size}, with "
                f"those of the encoder, {2 * self.hidden_size} in both directions: set "
                "bidirectional=False, or attention='general'."
            )

    @property
    def _decoder(self):
        return DECODERS[self.decoder]

    def _make_target(self, classes=None, y=None):
        options = self.unknown_symbol, self.min_count
        return self._decoder.target(type(self).__name__, "y", *options, classes=classes)

    def _describe(self):
        return self._decoder.describe(vars(self), self._schema, self._target.n_outputs)

    def _begin_embeddings(self, embedding, views):
        # The embedded columns are those of X here, of which users may have vectors.
        BaseRNN._begin_embeddings(self, embedding, views)

    def _likelihood_of(self, held_out, parallel_map):
        return self._decoder.log_likelihood(self._model, held_out, parallel_map)

    # Prediction.

    def _search(self, data, n_best):
        """Search for the best symbols: a list of hypotheses for each sequence."""
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            return self._decoder.search(
                self._model, data, self._target, vars(self), n_best, parallel_map
            )

    def _of_pairs(self, method, X, y, may_be_impossible=True):
        """Let a method of the decoder say something of sequences and their symbols."""
        data, y = self._read_new(X), self._as_given(X, y)
        check_same_length(X=data, y=y)
        pairs = self._target.read(y, None, data, held_out=True, may_be_impossible=may_be_impossible)
        compute = partial(getattr(self._decoder, method), self._model, pairs)
        with single_blas_thread(), thread_map(self.n_jobs) as parallel_map:
            return compute(parallel_map)


def symbols_of(hypotheses):
    """Symbols of the best hypothesis; none if nothing is possible."""
    return hypotheses[0].symbols if hypotheses else np.empty(0, np.intp)
