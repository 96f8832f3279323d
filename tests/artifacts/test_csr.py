"""Rows of CSR arrays, against lists of lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import History, Truth

ROWS = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=6)


@given(lists=ROWS, data=st.data())
def test_rows_are_those_of_the_lists(lists, data):
    chosen = np.array(data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=8)), dtype=np.int64)
    names = np.array([f"user {row}" for row in range(len(lists))], dtype=object)
    whole = Truth.from_lists(lists, users=names)
    truth = Truth(whole.indptr, whole.items, np.arange(len(whole.items)) / 4, names)
    expected = [lists[row] for row in chosen]
    taken, history = truth.rows(chosen), History(truth.indptr, truth.items, 10).rows(chosen)
    for found in (taken, history):
        assert [row.tolist() for row in np.split(found.items, found.indptr[1:-1])][: len(chosen)] == expected
        assert found.indptr.tolist() == [0, *np.cumsum([len(row) for row in expected]).tolist()]
    gains = [gain for row in chosen for gain in truth.gains[truth.indptr[row] : truth.indptr[row + 1]].tolist()]
    assert taken.gains.tolist() == gains
    assert taken.users.tolist() == names[chosen].tolist()
    assert history.n_items == 10
