"""Architectures of small networks, see `skrnn._model`, for tests that build them by themselves."""

PLAIN = {
    "cell_type": "lstm",
    "activation": "tanh",
    "bidirectional": False,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "hidden_size": 4,
    "n_layers": 2,
    "max_steps": None,
    "pooling": "last",
    "n_features": 2,
    "n_outputs": 3,
    "tables": (),
    "frozen": (),
}
# It reads the symbols of three kinds, and the end, and tells which is the next.
OF_SYMBOLS = PLAIN | {"pooling": None, "n_features": 1, "n_outputs": 4, "hidden_size": 5}
