"""What all displays ask of matplotlib, which is optional and takes long to import."""

# Characters beside each other above an inch of axes, and those that a piece of a line takes.
PER_INCH, HANDLE = 13.3, 6


def new_axes(ax=None):
    """Return the given axes, or those of a new figure."""
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1] if ax is None else ax


def whole_numbers(*axes):
    """Mark these axes of a picture, which count something, at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    for axis in axes:
        axis.set_major_locator(MaxNLocator(integer=True))


def legend_above(ax, handles=None):
    """Put a legend above the axes, where it covers nothing."""
    if handles is None:
        handles = ax.get_legend_handles_labels()[0]
    longest = max(len(handle.get_label()) for handle in handles)
    line = PER_INCH * ax.bbox.width / ax.figure.dpi
    n_columns = max(1, min(len(handles), int(line // (longest + HANDLE))))
    where = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.3}
    return ax.legend(handles=handles, ncols=n_columns, frameon=False, **where)
