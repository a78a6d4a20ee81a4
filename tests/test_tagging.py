from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skrnn.metrics import allowed_transitions, extract_spans


@pytest.mark.parametrize(
    "scheme, prefixes", [("bio", "BI"), ("iobes", "BIES"), ("bilou", "BILU"), ("bmes", "BMES")]
)
def test_allowed_sequences_are_those_in_which_every_span_is_well_formed(scheme, prefixes):
    tags = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in "XY")]
    transitions, start, end = allowed_transitions(tags, scheme=scheme)
    paths = np.array(list(product(range(len(tags)), repeat=3)))
    allowed = start[paths[:, 0]] & end[paths[:, -1]]
    allowed &= transitions[paths[:, :-1], paths[:, 1:]].all(axis=1)
    y = np.array(tags)[paths]
    well_formed = [
        a == b for a, b in zip(extract_spans(y), extract_spans(y, scheme=scheme), strict=True)
    ]
    assert_array_equal(allowed, well_formed)


def test_classes_that_are_no_tags_are_refused_in_plain_words():
    with pytest.raises(ValueError, match="^'A' is no tag of scheme='bio'"):
        allowed_transitions(np.array(["A", "O"]))
