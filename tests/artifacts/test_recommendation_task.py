"""The one task: parts of it, requests from it, and what has to fit together."""

from dataclasses import replace

import numpy as np
import pytest
from histories import history_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import CandidateLists, RecommendationTask, Truth, Vocabulary
from harness.errors import HarnessError

HISTORY = history_of([[0, 1], [], [3], [2, 2]], 5)


def task(**options):
    """Return a task for the users 2, 0 and 3 of four, with five items."""
    return RecommendationTask(
        users=np.array([2, 0, 3]),
        truth=Truth.from_lists([[0, 4], [], [1]]),
        history=HISTORY,
        user_ids=Vocabulary.of([10, 11, 12, 13]),
        item_ids=Vocabulary.of(list("abcde")),
        **options,
    )


def lists(*rows):
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return CandidateLists(indptr, np.array([item for row in rows for item in row], dtype=np.int32))


def test_candidates_by_hand():
    assert (task().n_users, task().n_items) == (3, 5)
    assert task().n_candidates().tolist() == [4, 3, 4]
    assert task(exclude_seen=False).n_candidates().tolist() == [5, 5, 5]
    allowed = np.array([True, False, False, True, True])
    assert task(candidates=allowed).n_candidates().tolist() == [2, 2, 3]
    assert task(candidates=allowed, lists=lists([3, 4], [1, 2], [0, 4])).n_candidates().tolist() == [1, 0, 2]


def test_a_list_request_holds_what_each_user_may_not_get():
    request = task(k=3, seed=7, lists=lists([4], [0], [1, 2])).list_request(1, 3)
    assert (request.k, request.seed) == (3, 7)
    assert (request.seen.indptr.tolist(), request.seen.items.tolist()) == ([0, 2, 4], [0, 1, 2, 2])
    assert request.lists.items.tolist() == [0, 1, 2]
    assert task(exclude_seen=False).list_request(0, 3).seen is None


@given(chosen=st.lists(st.integers(0, 2), max_size=4))
def test_the_task_of_some_rows_is_that_of_each_row_in_turn(chosen):
    rolling = replace(task(lists=lists([4], [0], [1, 2])), places=np.array([3, 1, 1]), times=np.array([5, 6, 7]))
    part = rolling.of_users(np.array(chosen, dtype=np.int64))
    ones = [rolling.rows(row, row + 1) for row in chosen]
    assert part.users.tolist() == [one.users[0] for one in ones]
    assert part.history_rows.tolist() == [one.history_rows[0] for one in ones]
    assert part.times.tolist() == [one.times[0] for one in ones]
    assert part.truth.items.tolist() == [item for one in ones for item in one.truth.items]
    assert part.lists.items.tolist() == [item for one in ones for item in one.lists.items]
    assert part.n_candidates().tolist() == [one.n_candidates()[0] for one in ones]


def test_a_batch_reads_the_rows_of_the_history():
    assert task().batch(0, 2).rows()[1].tolist() == [3, 0, 1]
    assert task(places=np.array([3, 3, 0])).batch(0, 1).rows()[1].tolist() == [2, 2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": 0}, r"k is 0; lists need 1 item or more \(runner\.k\)"),
        ({"users": np.array([0, 1])}, "the truth has 3 rows for 2 users"),
        ({"users": np.array([0, 1, 4])}, "users holds 0 to 4; indices from 0 to 3 are needed"),
        ({"history": history_of([[0]], 5)}, "the history has 1 users and 5 items, the vocabularies 4 and 5"),
        ({"places": np.array([0, 1, 4])}, "places holds 0 to 4"),
        ({"truth": Truth.from_lists([[5], [], []])}, r"truth\.items holds 5 to 5"),
        ({"candidates": np.ones(4, dtype=bool)}, r"candidates has shape \(4,\); \(5,\) is needed"),
        ({"candidates": np.zeros(5, dtype=bool)}, "no item may be recommended"),
        ({"lists": lists([0])}, "there are 1 lists of candidates for 3 users"),
        ({"lists": lists([0], [1], [5])}, r"lists\.items holds 0 to 5"),
    ],
)
def test_parts_that_do_not_fit_are_an_error(change, words):
    task().check()
    with pytest.raises(HarnessError, match=words):
        replace(task(), **change).check()
