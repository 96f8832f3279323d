"""Models that make lists themselves: what they give is checked as a stranger's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from histories import history_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import CandidateLists, RankedLists, RecommendationTask, Truth, Vocabulary
from harness.errors import HarnessError
from harness.runner import Options, predict


@dataclass
class Given:
    """The same list for everyone."""

    items: list
    scores: list
    users_at_once: int = 4

    def __post_init__(self):
        self.asked = []

    def recommend(self, batch, asked):
        self.asked.append((batch.users.tolist(), asked))
        n = len(batch.users)
        none = np.zeros(n, dtype=np.int32)
        items, scores = np.tile(np.int32(self.items), (n, 1)), np.tile(np.float32(self.scores), (n, 1))
        return RankedLists(items, scores, np.full(n, 3, dtype=np.int32), none, none, none)


def task(**options):
    rows = [[0], [1, 2], [], [3], [4], [0, 1]]
    history = history_of(rows, 5)
    users = np.array([1, 0, 5, 3, 2])
    return RecommendationTask(
        users=users,
        truth=Truth.from_lists([[0], [1], [2], [0], [4]]),
        history=history,
        user_ids=Vocabulary(np.arange(6) + 100),
        item_ids=Vocabulary(np.arange(5) + 10),
        k=3,
        scored=False,
        **options,
    )


def test_lists_are_taken_as_they_are():
    model = Given([4, 2, -1], [1.5, 0.5, -np.inf])
    found = predict(model, task(), quiet=True)
    assert found.topk.items.tolist() == [[4, 2, -1]] * 5
    assert found.topk.users.tolist() == [101, 100, 105, 103, 102]
    assert found.target_ranks is None
    assert found.short_lists == 5


def test_lists_that_do_not_fit_into_memory_are_refused_before_any_is_made():
    model, needed = Given([4, 2, -1], [1.5, 0.5, -np.inf]), 3 * (5 * 3 * 8 + 5 * 8) + 32 * 6
    with pytest.raises(HarnessError, match=rf"keeping lists of 3 items for 5 users needs {needed} B of memory"):
        predict(model, task(), Options(memory=needed - 1), quiet=True)
    assert model.asked == []
    predict(model, task(), Options(memory=needed), quiet=True)


@given(st.integers(0, 10_000))
def test_candidates_are_counted_as_sets_count_them(seed):
    rng = np.random.default_rng(seed)
    whole = task()
    allowed = rng.random(5) < 0.7 if rng.random() < 0.5 else None
    rows = [sorted(rng.choice(5, rng.integers(0, 6), replace=False).tolist()) for _ in range(5)]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    lists = CandidateLists(indptr, np.array([item for row in rows for item in row], dtype=np.int32))
    exclude, listed = bool(rng.integers(2)), bool(rng.integers(2))
    options = {"candidates": allowed, "exclude_seen": exclude, "lists": lists if listed else None}
    seen = [set(row) if exclude else set() for row in ([1, 2], [0], [0, 1], [3], [])]
    expected = [
        len(
            (set(row) if listed else set(range(5)))
            & {item for item in range(5) if allowed is None or allowed[item]} - out
        )
        for row, out in zip(rows, seen, strict=True)
    ]
    assert replace(whole, **options).n_candidates().tolist() == expected


def test_each_batch_is_asked_with_its_own_rows():
    lists = CandidateLists(np.array([0, 1, 3, 3, 4, 5]), np.array([0, 1, 2, 3, 4], dtype=np.int32))
    model = Given([-1, -1, -1], [-np.inf] * 3)
    predict(model, task(lists=lists), Options(batch_size=2), quiet=True)
    assert [users for users, _ in model.asked] == [[1, 0], [5, 3], [2]]
    assert [asked.seen.items.tolist() for _, asked in model.asked] == [[1, 2, 0], [0, 1, 3], []]
    assert [asked.lists.items.tolist() for _, asked in model.asked] == [[0, 1, 2], [3], [4]]


def test_the_last_batch_is_filled_where_its_shape_matters():
    model = Given([0, -1, -1], [0, -np.inf, -np.inf])
    found = predict(model, task(), Options(batch_size=4, fixed_batches=True), quiet=True)
    assert [users for users, _ in model.asked] == [[1, 0, 5, 3], [2, 2, 2, 2]]
    assert model.asked[1][1].seen.indptr.tolist() == [0, 0, 0, 0, 0]
    assert found.topk.items.shape == (5, 3)


@pytest.mark.parametrize(
    ("items", "scores", "message"),
    [
        ([0, -1, 2], [1, -np.inf, 0], "a list with a gap"),
        ([0, 5, -1], [1, 0, -np.inf], "an item outside 0 to 4"),
        ([0, -2, -1], [1, 0, -np.inf], "an item outside 0 to 4"),
        ([3, 3, -1], [1, 0, -np.inf], "holds an item twice"),
        ([3, 1, -1], [np.nan, 0, -np.inf], "gave user '101' the score nan for item '13'"),
        ([3, 1], [1, 0], r"lists of shape \(4, 2\) .*\(4, 3\) is needed"),
    ],
)
def test_what_is_not_a_list_is_an_error(items, scores, message):
    with pytest.raises(HarnessError, match=message):
        predict(Given(items, scores), task(), quiet=True)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (
            4,
            r"lists for 4 users at once .* Set runner\.batch_size, such as to 1, or ask for shorter ones \(runner\.k\)",
        ),
        (1, r"lists for 1 user at once do not fit into the memory of cpu\. Ask for shorter ones \(runner\.k\)\.$"),
    ],
)
def test_what_does_not_fit_into_memory_says_what_helps(size, message):
    class Hungry(Given):
        def recommend(self, batch, asked):
            return np.empty((len(batch.users), 1 << 55))

    with pytest.raises(HarnessError, match=message):
        predict(Hungry([0], [0]), task(), Options(batch_size=size), quiet=True)


def test_the_order_of_ties_is_asked_for_by_its_seed():
    model = Given([-1, -1, -1], [-np.inf] * 3)
    predict(model, task(seed=7), Options(batch_size=2, fixed_batches=True), quiet=True)
    assert [asked.seed for _, asked in model.asked] == [7, 7, 7]
