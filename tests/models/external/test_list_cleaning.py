"""Lists as strangers give them, cleaned: by hand, and against plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from harness.artifacts import CandidateLists, ListRequest
from harness.errors import HarnessError
from harness.models.external.list_cleaning import cleaned

N_ITEMS = 6


def plain(items, scores, k, seen, allowed):
    """Return one list cleaned in plain Python: items, scores, and how many were invalid, repeated, barred."""
    entries = list(zip(items, scores if scores is not None else [0] * len(items), strict=True))
    if scores is not None:
        entries.sort(key=lambda entry: -entry[1])
    kept, met, counts = [], set(), [0, 0, 0]
    for item, score in entries:
        if not 0 <= item < N_ITEMS or score == -np.inf:
            counts[0] += 1
        elif item in met:
            counts[1] += 1
        else:
            met.add(item)
            if item in seen or (allowed is not None and not allowed[item]):
                counts[2] += 1
            else:
                kept.append((item, score if scores is not None else -float(len(kept))))
    kept = kept[:k] + [(-1, -np.inf)] * max(0, k - len(kept))
    return [item for item, _ in kept], [score for _, score in kept], counts


@given(
    items=arrays.arrays(
        np.int64, st.tuples(st.integers(1, 4), st.integers(0, 8)), elements=st.integers(-2, N_ITEMS + 1)
    ),
    data=st.data(),
)
def test_as_plain_python_does(items, data):
    k = data.draw(st.integers(1, 9))
    scores = data.draw(
        st.none() | arrays.arrays(np.float32, items.shape, elements=st.sampled_from([-np.inf, -1.0, 0.5, 2.0]))
    )
    seen = [sorted(data.draw(st.sets(st.integers(0, N_ITEMS - 1)))) for _ in items]
    allowed = data.draw(st.none() | arrays.arrays(bool, N_ITEMS))
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in seen])]).astype(np.int64)
    barred = CandidateLists(indptr, np.array([item for row in seen for item in row], dtype=np.int32))
    made = cleaned(items, scores, ListRequest(k, seen=barred, allowed=allowed), N_ITEMS)
    for row in range(len(items)):
        expected = plain(items[row], None if scores is None else scores[row], k, seen[row], allowed)
        assert made.items[row].tolist() == expected[0]
        assert made.scores[row].tolist() == expected[1]
        assert [made.invalid[row], made.repeated[row], made.barred[row]] == expected[2]
        assert made.given[row] == items.shape[1]


def test_lists_of_candidates_and_lengths():
    lists = CandidateLists(np.array([0, 2, 3]), np.array([1, 4, 0], dtype=np.int32))
    items = np.array([[0, 4, 1], [0, 9, 9]])
    made = cleaned(items, None, ListRequest(2, lists=lists), N_ITEMS, lengths=np.array([3, 1]))
    assert made.items.tolist() == [[4, 1], [0, -1]]
    assert made.given.tolist() == [3, 1]
    assert (made.invalid.tolist(), made.barred.tolist()) == ([0, 0], [1, 0])


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_scores_that_are_no_numbers(score):
    with pytest.raises(HarnessError, match=f"gave the score {score} for place 2 of a list"):
        cleaned(np.array([[1, 2]]), np.array([[0.5, score]], dtype=np.float32), ListRequest(2), N_ITEMS)
