"""Lists that a model made itself, and the counts of what was removed from them."""

import numpy as np

from harness.artifacts import RankedLists


def test_rows_are_chosen_in_every_array():
    counts = np.array([3, 4, 5], dtype=np.int32)
    lists = RankedLists(np.arange(6).reshape(3, 2), np.ones((3, 2)), counts, counts + 1, counts + 2, counts + 3)
    part = lists.of(np.array([2, 0]))
    assert part.items.tolist() == [[4, 5], [0, 1]]
    assert part.scores.shape == (2, 2)
    assert [part.given.tolist(), part.invalid.tolist(), part.repeated.tolist(), part.barred.tolist()] == [
        [5, 3],
        [6, 4],
        [7, 5],
        [8, 6],
    ]
