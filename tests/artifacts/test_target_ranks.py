"""Exact ranks of relevant items."""

import numpy as np

from harness.artifacts import NOT_A_CANDIDATE, TargetRanks


def test_the_ranks_of_some_items_alone_leave_the_users():
    ranks = TargetRanks(np.array([0, 3, NOT_A_CANDIDATE]), np.array([1, 0, NOT_A_CANDIDATE]), np.array([5, 4]))
    part = ranks.of_items(np.array([True, False, True]))
    assert part.above.tolist() == [0, NOT_A_CANDIDATE]
    assert part.tied.tolist() == [1, NOT_A_CANDIDATE]
    assert part.candidates.tolist() == [5, 4]
