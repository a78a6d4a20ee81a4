"""The sides that quality.py compares, as what each changes in an estimator's defaults."""

from itertools import product

SIDES = ["defaults", "stated", "torch"]
# The former defaults with another cell or pooling, such as 'gru/max'.
VARIANTS = ["/".join(pair) for pair in product(["lstm", "gru"], ["last", "max", "mean"])]
# The defaults before they were chosen by measurement. The stated settings say what they change in
# these.
FORMER = {
    "cell_type": "lstm",
    "bidirectional": False,
    "pooling": "last",
    "batch_size": 32,
    "max_iter": 100,
    "max_grad_norm": 1.0,
}


def changes(side, stated):
    """Parameters in which a side differs from the defaults, given the stated setting of the set."""
    if side == "defaults":
        return {}
    if side in VARIANTS:
        return FORMER | dict(zip(["cell_type", "pooling"], side.split("/"), strict=True))
    return FORMER if side == "former" else FORMER | stated
