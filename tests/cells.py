"""Every cell, by the names that tests and stored numbers have for them."""

from skrnn._core import cells

CELLS = {
    "tanh": cells.Elman("tanh"),
    "relu": cells.Elman("relu"),
    **{name: cell() for name, cell in cells.CELLS.items() if name != "rnn"},
}
