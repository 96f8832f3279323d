"""Users whom a model scores together read their own rows of the history."""

import numpy as np
from histories import history_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import UserBatch

HISTORY = history_of([[5, 4, 4], [], [0]], 6)


def test_rows_are_in_the_order_of_the_batch():
    indptr, items = UserBatch(np.array([2, 0]), HISTORY).rows()
    assert (indptr.tolist(), items.tolist()) == ([0, 1, 4], [0, 5, 4, 4])


def test_repeated_items_count_once_in_the_matrix():
    assert UserBatch(np.array([0, 1]), HISTORY).matrix.toarray().tolist() == [[0, 0, 0, 0, 1, 1], [0] * 6]


@given(places=st.lists(st.integers(0, 2), min_size=1, max_size=5))
def test_places_choose_the_rows_for_any_users(places):
    rolling = UserBatch(np.zeros(len(places), dtype=np.int64), HISTORY, np.array(places))
    frozen = UserBatch(np.array(places), HISTORY)
    assert [part.tolist() for part in rolling.rows()] == [part.tolist() for part in frozen.rows()]
    assert (rolling.matrix != frozen.matrix).nnz == 0
