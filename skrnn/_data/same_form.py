"""Rows, one for each step of some sequences, as sequences in the same form."""

from skrnn._data.frames import frame_of
from skrnn._data.named_array import with_names
from skrnn._data.ragged import object_array, offsets_of, split_sequences
from skrnn._data.sequence_array import SequenceArray
from skrnn._data.sources import Grid


def in_form_of(X, source, rows, names=None, categories=None):
    """Return `rows`, one for each step, in the kind of container that X is.

    Sequences without a feature axis stay so where a step has one feature, and 2-D input becomes an
    array. Windows, a `SequenceArray` and data frames have the `names` of their features; ids stand
    for `categories`.
    """
    rows = rows if source.has_feature_axis or rows.shape[1] > 1 else rows[:, 0]
    if isinstance(X, SequenceArray):
        # Ids stay ids where they stay integers.
        categorical = X.categorical if rows.dtype.kind in "iu" else None
        result = SequenceArray(rows, X.offsets, categorical, names, categories=categories)
        result.without_steps = X.without_steps
        return result
    if isinstance(source, Grid):
        steps = rows.reshape(len(source), -1, *rows.shape[1:])
        return with_names(steps, names) if steps.ndim == 3 else steps
    items = split_sequences(rows, offsets_of(source.lengths))
    if source.frame is not None and names is not None:
        items = [frame_of(item, names, like=source.frame) for item in items]
    return items if isinstance(X, list | tuple) else object_array(items)
