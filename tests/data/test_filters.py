from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from oracles.splitting import Row, k_core
from oracles.tables import ROWS, interactions_from, rows_of
from pydantic import TypeAdapter, ValidationError

from harness import registry
from harness.artifacts import Interactions, Vocabulary
from harness.data import KCore, MinRating, SourceData, apply_filters
from harness.errors import DataError

BY_HAND = [Row(1, 10, 0, 5), Row(1, 11, 1, 3), Row(2, 10, 2, 4), Row(2, 11, 3, 4), Row(3, 10, 4, 2), Row(3, 12, 5, 5)]


def test_k_core_by_hand_removes_in_turns() -> None:
    # Item 12 has one row; without it user 3 has one; the rest is a 2-core.
    left = KCore(users=2, items=2).apply(interactions_from(BY_HAND))
    assert [(row.user, row.item) for row in rows_of(left)] == [(1, 10), (1, 11), (2, 10), (2, 11)]
    assert left.user_ids.ids.tolist() == [1, 2]
    assert left.item_ids.ids.tolist() == [10, 11]


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_k_core_equals_removal_one_by_one(rows: list[Row]) -> None:
    for users, items in ((1, 1), (2, 2), (3, 1), (1, 4), (2, 3)):
        left = KCore(users=users, items=items).apply(interactions_from(rows))
        assert rows_of(left) == k_core(rows, users, items)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_k_core_again_changes_nothing(rows: list[Row]) -> None:
    core = KCore(users=2, items=2)
    once = core.apply(interactions_from(rows))
    assert rows_of(core.apply(once)) == rows_of(once)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_min_rating_keeps_what_reaches_it(rows: list[Row]) -> None:
    left = MinRating(value=3).apply(interactions_from(rows))
    assert rows_of(left) == [row for row in rows if row.rating >= 3]
    assert set(left.item_ids.ids) == {row.item for row in rows if row.rating >= 3}


def test_min_rating_compares_in_the_precision_of_ratings() -> None:
    rows = interactions_from([Row(1, 10, 0, 4.1), Row(1, 11, 0, 4.0)])
    assert [row.item for row in rows_of(MinRating(value=4.1).apply(rows))] == [10]


def test_steps_tell_what_each_filter_did() -> None:
    result = apply_filters(interactions_from(BY_HAND), [MinRating(value=3), KCore(users=2, items=1)])
    assert [dict(step) for step in result.steps] == [
        {
            "kind": "min_rating",
            "options": {"value": 3.0},
            "interactions_before": 6,
            "users_before": 3,
            "items_before": 3,
            "interactions_after": 5,
            "users_after": 3,
            "items_after": 3,
        },
        {
            "kind": "k_core",
            "options": {"users": 2, "items": 1},
            "interactions_before": 5,
            "users_before": 3,
            "items_before": 3,
            "interactions_after": 4,
            "users_after": 2,
            "items_after": 2,
        },
    ]
    assert len(result.interactions) == 4


def test_no_filters_leave_everything() -> None:
    rows = interactions_from(BY_HAND)
    result = apply_filters(rows, [])
    assert result.interactions is rows
    assert result.steps == ()


def test_attributes_follow_their_users_and_items(ml_100k: SourceData) -> None:
    result = apply_filters(ml_100k.interactions, [MinRating(value=4), KCore(users=5, items=5)])
    left, before = result.interactions, ml_100k.interactions
    assert before.item_table is not None
    assert left.item_table is not None
    places = before.item_ids.indices(left.item_ids.ids)
    assert left.item_table["title"].tolist() == before.item_table["title"].iloc[places].tolist()
    assert left.user_table is not None
    assert len(left.user_table) == len(left.user_ids) == 938
    assert len(left.item_ids) == 1_008
    assert len(left) == 54_413


def test_a_filter_that_leaves_nothing_is_named() -> None:
    with pytest.raises(DataError, match=r"filter k_core \(users: 4, items: 1\) removed all 5 .*Loosen it"):
        apply_filters(interactions_from(BY_HAND), [MinRating(value=3), KCore(users=4, items=1)])


def test_min_rating_without_ratings() -> None:
    ids = Vocabulary.of([1])
    zero = np.zeros(1, dtype=np.int32)
    with pytest.raises(DataError, match=r"min_rating needs ratings.*dataset\.columns\.rating"):
        MinRating(value=4).apply(Interactions(users=zero, items=zero, user_ids=ids, item_ids=ids))


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("min_rating", '{"value": "4"}', "valid number"),
        ("min_rating", '{"value": true}', "valid number"),
        ("min_rating", '{"value": NaN}', "finite rating"),
        ("min_rating", "{}", "value"),
        ("k_core", '{"users": 0, "items": 5}', "users is 0; use 1 or more"),
        ("k_core", '{"users": 5, "items": -1}', "items is -1"),
        ("k_core", '{"users": 5.5, "items": 5}', "valid integer"),
        ("k_core", '{"users": 5, "items": 5, "k": 5}', "k"),
    ],
)
def test_bad_options(kind: str, options: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(registry.load("filters", kind)).validate_json(options)


@pytest.mark.parametrize("group", ["filters", "splits"])
def test_components_know_their_registered_names(group: str) -> None:
    kinds: list[Any] = [registry.load(group, name).kind for name in registry.BUILT_IN[group]]
    assert kinds == list(registry.BUILT_IN[group])
