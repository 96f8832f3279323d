"""Shares of interactions are rounded to the nearest whole number, halves up."""

import numpy as np
import pytest

from harness.artifacts import Interactions, Vocabulary
from harness.data import UserTime


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.145, 15),  # 100 times 0.145 is 14.499999999999998 in floating point
        (0.144, 14),
        (0.146, 15),
    ],
)
def test_a_half_is_rounded_up(share, expected):
    interactions = Interactions(
        users=np.zeros(100, dtype=np.int32),
        items=np.arange(100, dtype=np.int32),
        timestamps=np.arange(100),
        user_ids=Vocabulary.of([7]),
        item_ids=Vocabulary.of(np.arange(100)),
    )
    assert len(UserTime(test=share).split(interactions).part("test")) == expected
