"""The sides that quality.py compares, as what each changes in an estimator's defaults."""

from itertools import product

SIDES = ["defaults", "stated", "torch"]
# The defaults with another cell or pooling, such as 'gru/max'.
VARIANTS = ["/".join(pair) for pair in product(["lstm", "gru"], ["last", "max", "mean"])]


def changes(side, stated):
    """Parameters in which a side differs from the defaults, given the stated setting of the set."""
    if side in VARIANTS:
        return dict(zip(["cell_type", "pooling"], side.split("/"), strict=True))
    return {} if side == "defaults" else stated
