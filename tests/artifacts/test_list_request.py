"""The request for lists of some users of a batch."""

import numpy as np

from harness.artifacts import CandidateLists, ListRequest


def test_the_rows_of_some_users_keep_all_else():
    lists = CandidateLists(np.array([0, 1, 3]), np.array([7, 8, 9], dtype=np.int32))
    allowed = np.ones(10, dtype=bool)
    part = ListRequest(k=5, seen=lists, lists=lists, allowed=allowed, seed=3).of(np.array([1, 0]))
    assert part.seen.items.tolist() == part.lists.items.tolist() == [8, 9, 7]
    assert (part.k, part.seed) == (5, 3)
    assert part.allowed is allowed


def test_nothing_excluded_stays_nothing():
    part = ListRequest(k=1).of(np.array([0]))
    assert part == ListRequest(k=1) or (part.seen is None and part.lists is None and part.allowed is None)
