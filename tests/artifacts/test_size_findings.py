"""Findings about runs that are too small, and the number of candidates."""

import numpy as np
import pytest
from histories import history_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import CandidateLists, candidate_counts, cutoff_beyond_candidates, few_users

ROWS = st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=3, max_size=3)


@given(allowed=st.lists(st.booleans(), min_size=6, max_size=6), lists=st.none() | ROWS, seen=st.none() | ROWS)
def test_candidates_are_counted_as_sets_are(allowed, lists, seen):
    def csr(rows):
        return history_of(rows, 6)

    found = candidate_counts(
        allowed=np.array(allowed),
        lists=None if lists is None else CandidateLists(csr(lists).indptr, csr(lists).items),
        seen=None if seen is None else csr(seen),
        n_users=3,
    )
    everything = {item for item in range(6) if allowed[item]}
    expected = [
        len(
            (everything if lists is None else everything & set(lists[user]))
            - (set() if seen is None else set(seen[user]))
        )
        for user in range(3)
    ]
    assert found.tolist() == expected


@pytest.mark.parametrize(("n_users", "count"), [(1, 1), (29, 29), (30, 0)])
def test_fewer_than_thirty_users_are_few(n_users, count):
    finding = few_users(n_users)
    assert (finding.name, finding.count, finding.of) == ("few_users", count, n_users)
    assert ("Only" in finding.sentence) == (count > 0)


def test_a_cutoff_that_reaches_all_candidates_is_counted():
    finding = cutoff_beyond_candidates(20, np.array([19, 12]), 4)
    assert (finding.count, finding.of) == (2, 4)
    assert "12 to 19 items" in finding.sentence
    assert cutoff_beyond_candidates(20, np.array([], dtype=np.int64), 4).count == 0
