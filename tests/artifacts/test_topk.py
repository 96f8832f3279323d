"""Ranked lists: checked when they are made, and emptied where a score is minus infinity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.artifacts import NO_ITEM, TopK
from harness.errors import DataError


def test_two_lists_by_hand():
    topk = TopK(np.array([[4, 2], [3, -1]]), np.array([[0.5, 0.25], [1.0, -np.inf]]), np.array(["ann", "bob"]))
    assert (topk.n_users, topk.k, topk.highest, topk.masked) == (2, 2, 4, 0)
    assert (topk.items.dtype, topk.scores.dtype) == (np.int32, np.float32)
    assert topk.row_name(1) == "row 1 of the TopK (user 'bob')"


def test_an_item_with_a_score_of_minus_infinity_is_not_recommended():
    topk = TopK(np.array([[4, 2, 3]]), np.array([[0.5, -np.inf, 0.1]]))
    assert topk.items.tolist() == [[4, NO_ITEM, 3]]
    assert topk.masked == 1


@given(
    items=hnp.arrays(np.int64, st.tuples(st.integers(0, 4), st.integers(1, 4)), elements=st.integers(-1, 9)),
    data=st.data(),
)
def test_a_slot_is_empty_where_it_was_or_where_its_score_is_minus_infinity(items, data):
    scores = data.draw(hnp.arrays(np.float32, items.shape, elements=st.sampled_from([-np.inf, 0.0, 1.5])))
    topk = TopK(items, scores)
    expected = np.where(scores == -np.inf, NO_ITEM, items)
    assert topk.items.tolist() == expected.tolist()
    assert topk.highest == max([NO_ITEM, *expected.ravel().tolist()])
    assert topk.masked == int(((scores == -np.inf) & (items != NO_ITEM)).sum())


@pytest.mark.parametrize(
    ("items", "scores", "users", "words"),
    [
        ([1, 2], None, None, r"TopK\.items has shape \(2,\); \(users, k\) is needed"),
        ([[1, -2]], None, None, r"row 0 of the TopK holds the item index -2"),
        ([[1.5]], None, None, r"TopK\.items holds float64; item indices are whole numbers"),
        ([[2**31]], None, None, r"beyond int32"),
        ([[1, 2]], [[0.5]], None, r"TopK\.scores has shape \(1, 1\), items \(1, 2\)"),
        ([[1, 2]], [[0.5, np.nan]], None, r"the score at rank 2 in row 0 of the TopK is NaN"),
        ([[1, 2]], [[np.inf, 0]], ["ann"], r"the score at rank 1 in row 0 of the TopK \(user 'ann'\) is plus infinity"),
        ([[1]], None, ["ann", "bob"], r"TopK\.users has 2 ids for 1 rows"),
    ],
)
def test_what_does_not_fit_is_an_error(items, scores, users, words):
    with pytest.raises(DataError, match=words):
        TopK(
            np.array(items),
            None if scores is None else np.array(scores),
            None if users is None else np.array(users, dtype=object),
        )
