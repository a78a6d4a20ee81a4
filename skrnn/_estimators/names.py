"""Names of parameters that people bring from other libraries, and what they are called here."""

import inspect
from difflib import get_close_matches
from typing import Any, Self

# Keras, PyTorch, Lightning, skorch, scikit-learn's MLPClassifier and gradient boosting.
NAMES = {
    "hidden_size": "units hidden n_units num_units hidden_units n_hidden num_hidden hidden_dim",
    "hidden_size and n_layers": "hidden_layer_sizes hidden_sizes layers layer_sizes",
    "n_layers": "num_layers n_hidden_layers num_hidden_layers nlayers depth",
    "cell_type": "cell rnn rnn_type cell_class layer_type",
    "activation": "nonlinearity act activation_function",
    "dropout": "dropout_rate dropout_p drop",
    "max_iter": "epochs n_epochs num_epochs max_epochs nb_epoch n_iter n_iterations",
    "learning_rate_init": "lr eta eta0 step_size",
    "learning_rate": "scheduler lr_scheduler lr_schedule schedule",
    "solver": "optimizer optim optimiser",
    "alpha": "weight_decay l2 l2_regularization reg_lambda",
    "max_grad_norm": "clipnorm gradient_clip_val clip clip_norm grad_clip clip_grad_norm",
    "n_iter_no_change": "patience",
    "validation_fraction": "validation_split val_split validation_size",
    "batch_size": "minibatch_size bs",
    "loss": "criterion objective loss_function",
    "random_state": "seed random_seed",
    "embedding_dim": "embedding_size emb_dim embed_dim output_dim",
    "embedding_init": "embeddings embedding_weights word_vectors vectors",
    "categorical_features": "cat_features categorical_feature categorical_columns",
    "ignore_label": "ignore_index ignore_class",
    "tbptt_steps": "tbptt bptt truncated_bptt_steps",
    "dtype": "precision",
    "n_jobs": "num_workers workers n_threads num_threads",
}
ELSEWHERE = {name: here for here, names in NAMES.items() for name in names.split()}
# What a network need not be told.
LEARNT = set(
    "input_size input_shape input_dim n_features num_features batch_first return_sequences "
    "mask_value padding_value padding_idx n_classes num_classes output_size n_outputs".split()
)


class NamesMixin:
    """Say what a parameter is called, where it is not known by the name that was given."""

    def __new__(cls, *args: Any, **params: Any) -> Self:
        # An __init__ that is called with a wrong name has no word in what Python raises.
        for name in params:
            hint = hint_for(name, cls)
            if hint:
                raise TypeError(
                    f"{cls.__name__}.__init__() got an unexpected keyword argument {name!r}: {hint}"
                )
        return super().__new__(cls)

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name, as all scikit-learn estimators do.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        self : estimator
            The same estimator.

        Raises
        ------
        ValueError
            If the estimator has no parameter of that name.
        """
        for name in params:
            hint = hint_for(name, type(self))
            if hint:
                raise ValueError(f"Invalid parameter {name!r} for {type(self).__name__}: {hint}")
        return super().set_params(**params)


def hint_for(name, estimator):
    """Say what a parameter is called that an estimator does not know; "" if it knows, or no one."""
    parameters = inspect.signature(estimator.__init__).parameters
    if name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return ""
    if name in LEARNT:
        return "it is not needed, for fit learns it from X and y."
    meant = ELSEWHERE.get(name.lower(), "")
    if meant and all(part in parameters for part in meant.split(" and ")):
        return f"it is called {meant} here."
    similar = get_close_matches(name, parameters, n=1, cutoff=0.75)
    return f"did you mean {similar[0]}?" if similar else ""
