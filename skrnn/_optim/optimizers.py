"""First-order update rules for one flat parameter vector.

Every optimiser is built for a vector ``theta`` (only its shape and dtype are used) and offers
``step(theta, grad, learning_rate, tail=None)``, which changes ``theta`` in place, leaves ``grad``
alone and computes in the dtype of ``theta``.

`tail` serves large tables of which a batch touches few rows: the last ``len(tail)`` entries of
``grad`` belong to the entries `tail` of ``theta``, those before to its head, and nothing else is
looked at. What a rule remembers of an entry then fades only when the entry is touched, as in
torch's SparseAdam.
"""

import math

import numpy as np


def clip_norm(grad: np.ndarray, max_norm: float | None) -> float:
    """Scale ``grad`` in place so that its Euclidean norm is at most ``max_norm``.

    ``grad *= min(1, max_norm / (norm + 1e-6))``, the factor of torch's ``clip_grad_norm_``.
    Returns the norm before clipping. ``max_norm=None`` only measures, and a gradient whose norm
    is not finite is left as it is.

    References
    ----------
    Pascanu, Mikolov & Bengio (2013). On the difficulty of training recurrent neural networks. ICML.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # the caller reads an infinite norm
        norm = math.sqrt(np.dot(grad, grad))
    if max_norm is not None and max_norm < norm + 1e-6 < math.inf:
        grad *= float(max_norm) / (norm + 1e-6)
    return norm


class _Optimizer:
    """The vectors a rule remembers between steps, and one scratch vector.

    A rule is a method ``_move(grad, rate, scratch, theta, *state)`` on vectors of one size, called
    once ``n_steps`` counts the step.
    Options are stored as Python floats: a NumPy scalar would lift float32 work to float64.
    """

    _scratch = None

    def __init__(self, theta: np.ndarray, n_vectors: int):
        self.n_steps, self.n_vectors = 0, n_vectors
        self.state = tuple(np.zeros(theta.shape, theta.dtype) for _ in range(n_vectors))

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_scratch"}

    def resume(self, earlier):
        """Copy what an optimiser of the same kind remembers, and keep the own options."""
        self.n_steps = earlier.n_steps
        kept = tuple(vector.copy() for vector in earlier.state[: self.n_vectors])
        self.state = kept + self.state[self.n_vectors :]

    def step(
        self,
        theta: np.ndarray,
        grad: np.ndarray,
        learning_rate: float,
        tail: np.ndarray | None = None,
    ) -> None:
        """Move ``theta`` one step down ``grad``."""
        if self._scratch is None:
            # The first step after construction or loading: a memory map may be read-only.
            self.state = tuple(v if v.flags.writeable else np.array(v) for v in self.state)
            self._scratch = np.empty_like(self.state[0])
        self.n_steps += 1
        vectors = (theta, *self.state)
        n_head = len(theta) if tail is None else len(grad) - len(tail)
        self._move(
            grad[:n_head], learning_rate, self._scratch[:n_head], *(v[:n_head] for v in vectors)
        )
        if tail is not None:
            touched = [v[tail] for v in vectors]
            self._move(grad[n_head:], learning_rate, np.empty_like(grad[n_head:]), *touched)
            for vector, part in zip(vectors, touched, strict=True):
                vector[tail] = part


class Adam(_Optimizer):
    """Adaptive moments.

    With t counting steps from 1, ``m`` and ``v`` starting at zero::

        m <- beta_1 m + (1 - beta_1) grad
        v <- beta_2 v + (1 - beta_2) grad^2
        theta <- theta - learning_rate m_hat / (sqrt(v_hat) + epsilon)

    where ``m_hat = m / (1 - beta_1^t)`` and ``v_hat = v / (1 - beta_2^t)``.

    References
    ----------
    Kingma & Ba (2015). Adam: a method for stochastic optimization. ICLR. Algorithm 1, with the
    order of computation given at the end of its section 2.
    """

    def __init__(
        self,
        theta: np.ndarray,
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ):
        super().__init__(theta, n_vectors=2)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)

    def _move(self, grad, learning_rate, scratch, theta, m, v):
        _average(m, grad, self.beta_1, scratch)
        _average_square(v, grad, self.beta_2, scratch)

        # Both bias corrections are numbers: they join epsilon and the rate, off the vectors.
        root = math.sqrt(1.0 - self.beta_2**self.n_steps)
        rate = float(learning_rate) * root / (1.0 - self.beta_1**self.n_steps)
        np.sqrt(v, out=scratch)
        scratch += self.epsilon * root
        np.divide(m, scratch, out=scratch)
        scratch *= rate
        theta -= scratch


class AdamW(Adam):
    """Adam with decoupled weight decay.

    ``theta <- theta - learning_rate weight_decay mask theta`` comes before the step of `Adam`,
    so the decay does not enter the moments. ``mask`` has the shape of ``theta``: 1 or True where
    a parameter decays (weights), 0 or False where it does not (biases).

    References
    ----------
    Loshchilov & Hutter (2019). Decoupled weight decay regularization. ICLR. Algorithm 2, with the
    decay multiplied by the learning rate as in torch.
    """

    def __init__(
        self,
        theta: np.ndarray,
        mask: np.ndarray,
        *,
        weight_decay: float = 0.01,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ):
        super().__init__(theta, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        self.state += (np.multiply(mask, float(weight_decay)).astype(theta.dtype),)

    def _move(self, grad, learning_rate, scratch, theta, m, v, decay):
        np.multiply(theta, decay, out=scratch)
        scratch *= float(learning_rate)
        theta -= scratch
        super()._move(grad, learning_rate, scratch, theta, m, v)


class RMSprop(_Optimizer):
    """Gradients divided by a running root mean square of their recent size.

    With ``v`` starting at zero::

        v <- beta_2 v + (1 - beta_2) grad^2
        theta <- theta - learning_rate grad / (sqrt(v) + epsilon)

    References
    ----------
    Tieleman & Hinton (2012). Lecture 6.5: rmsprop. COURSERA: Neural Networks for Machine Learning.
    """

    def __init__(self, theta: np.ndarray, *, beta_2: float = 0.99, epsilon: float = 1e-8):
        super().__init__(theta, n_vectors=1)
        self.beta_2, self.epsilon = float(beta_2), float(epsilon)

    def _move(self, grad, learning_rate, scratch, theta, v):
        _average_square(v, grad, self.beta_2, scratch)
        np.sqrt(v, out=scratch)
        scratch += self.epsilon
        np.divide(grad, scratch, out=scratch)
        scratch *= float(learning_rate)
        theta -= scratch


class SGD(_Optimizer):
    """Stochastic gradient descent with classical or Nesterov momentum.

    With ``velocity`` starting at zero::

        velocity <- momentum velocity + grad
        direction = grad + momentum velocity  if nesterov  else  velocity
        theta <- theta - learning_rate direction

    The rate multiplies the whole direction, as in torch; scikit-learn keeps it inside the velocity.
    The two agree while the rate is constant.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013). On the importance of initialization and momentum in
    deep learning. ICML.
    """

    def __init__(self, theta: np.ndarray, *, momentum: float = 0.9, nesterov: bool = True):
        super().__init__(theta, n_vectors=1)
        self.momentum, self.nesterov = float(momentum), nesterov

    def _move(self, grad, learning_rate, scratch, theta, velocity):
        velocity *= self.momentum
        velocity += grad
        if self.nesterov:
            np.multiply(velocity, self.momentum, out=scratch)
            scratch += grad
            scratch *= float(learning_rate)
        else:
            np.multiply(velocity, float(learning_rate), out=scratch)
        theta -= scratch


def _average(mean, value, beta, scratch):
    """``mean <- beta mean + (1 - beta) value``, as one correction towards ``value``."""
    np.subtract(value, mean, out=scratch)
    scratch *= 1.0 - beta
    mean += scratch


def _average_square(mean, value, beta, scratch):
    """``mean <- beta mean + (1 - beta) value^2``."""
    np.multiply(value, value, out=scratch)
    scratch *= 1.0 - beta
    mean *= beta
    mean += scratch
