"""Relevant items per user: a CSR that is checked when it is made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import Truth
from harness.errors import DataError

LISTS = st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=5)


def test_lists_by_hand():
    truth = Truth.from_lists([[3, 5], [], [7]], users=np.array(["ann", "bob", "cy"], dtype=object))
    assert truth.indptr.tolist() == [0, 2, 2, 3]
    assert truth.items.tolist() == [3, 5, 7]
    assert (truth.n_users, truth.gains) == (3, None)
    assert (truth.indptr.dtype, truth.items.dtype) == (np.int64, np.int32)


@given(lists=LISTS, data=st.data())
def test_some_items_alone_leave_the_users(lists, data):
    whole = Truth.from_lists(lists)
    kept = np.array([data.draw(st.booleans()) for _ in whole.items], dtype=bool)
    part = Truth(whole.indptr, whole.items, np.arange(len(kept)) + 1).of_items(kept)
    flags = iter(kept.tolist())
    expected = [[item for item in items if next(flags)] for items in lists]
    assert [row.tolist() for row in np.split(part.items, part.indptr[1:-1])][: len(lists)] == expected
    assert part.n_users == len(lists)
    assert part.gains.tolist() == (np.flatnonzero(kept) + 1).tolist()


@pytest.mark.parametrize(
    ("indptr", "items", "gains", "words"),
    [
        ([0, 1], [[1]], None, r"Truth has indptr \(2,\) and items \(1, 1\)"),
        ([], [], None, r"\(users \+ 1,\) and \(n,\) are needed"),
        ([0, 2], [1], None, r"must rise from 0 to the number of items, 1"),
        ([0, 2, 1], [1], None, r"must rise from 0"),
        ([0, 1], [1], [1.0, 2.0], r"Truth\.gains has shape \(2,\), items \(1,\)"),
        ([0, 1], [1], [np.inf], r"Truth\.gains holds plus infinity in row 0"),
        ([0, 1], [0.5], None, r"Truth\.items holds float64"),
    ],
)
def test_what_is_not_csr_is_an_error(indptr, items, gains, words):
    with pytest.raises(DataError, match=words):
        Truth(np.array(indptr), np.array(items), None if gains is None else np.array(gains))


def test_users_and_lists_have_to_fit():
    with pytest.raises(DataError, match=r"Truth\.users has 1 ids for 2 rows"):
        Truth.from_lists([[1], [2]], users=np.array(["ann"], dtype=object))
    with pytest.raises(DataError, match=r"Truth\.from_lists takes one list of item indices per user"):
        Truth.from_lists([[[1]], [2]])
