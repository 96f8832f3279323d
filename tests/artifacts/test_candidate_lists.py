"""Candidates per user: rows, in order or chosen, and a digest that tells lists apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import CandidateLists

LISTS = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=5)


def candidate_lists(lists):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
    return CandidateLists(indptr, np.array([item for row in lists for item in row], dtype=np.int32))


def plain(lists):
    return [lists.items[start:stop].tolist() for start, stop in zip(lists.indptr, lists.indptr[1:], strict=False)]


@given(lists=LISTS, data=st.data())
def test_rows_are_those_of_the_lists(lists, data):
    whole = candidate_lists(lists)
    start = data.draw(st.integers(0, len(lists)))
    stop = data.draw(st.integers(start, len(lists)))
    assert plain(whole.rows(start, stop)) == lists[start:stop]
    chosen = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=6))
    assert plain(whole.of(np.array(chosen, dtype=np.int64))) == [lists[row] for row in chosen]


def test_the_digest_tells_the_same_items_of_other_users_apart():
    assert candidate_lists([[1, 2], [3]]).digest == candidate_lists([[1, 2], [3]]).digest
    assert len({candidate_lists(lists).digest for lists in ([[1, 2], [3]], [[1], [2, 3]], [[1, 2], [4]])}) == 3
