"""Keep the k-core."""

from __future__ import annotations

from hypothesis import given, settings
from oracles.splitting import Row, k_core
from oracles.tables import DISTINCT, REPEATED, interactions_from, pairs_of, rows_of
from strategies import INTERACTION_ROWS

from harness.data import (
    KCore,
)


def test_k_core_by_hand() -> None:
    # Item 11 and user 3 have one each; without 11 user 1 still has two, user 2 has one.
    assert pairs_of(KCore(users=2, items=2).apply(interactions_from(REPEATED))) == [(1, 10), (1, 10)]


def test_k_core_by_hand_removes_in_turns() -> None:
    # Item 12 has one row; without it user 3 has one; the rest is a 2-core.
    left = KCore(users=2, items=2).apply(interactions_from(DISTINCT))
    assert [(row.user, row.item) for row in rows_of(left)] == [(1, 10), (1, 11), (2, 10), (2, 11)]
    assert left.user_ids.ids.tolist() == [1, 2]
    assert left.item_ids.ids.tolist() == [10, 11]


@settings(max_examples=60, deadline=None)
@given(INTERACTION_ROWS)
def test_k_core_equals_removal_one_by_one(rows: list[Row]) -> None:
    for users, items in ((1, 1), (2, 2), (3, 1), (1, 4), (2, 3)):
        left = KCore(users=users, items=items).apply(interactions_from(rows))
        assert rows_of(left) == k_core(rows, users, items)


@settings(max_examples=40, deadline=None)
@given(INTERACTION_ROWS)
def test_k_core_again_changes_nothing(rows: list[Row]) -> None:
    core = KCore(users=2, items=2)
    once = core.apply(interactions_from(rows))
    assert rows_of(core.apply(once)) == rows_of(once)
