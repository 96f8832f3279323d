"""Apply filters one after another."""

from __future__ import annotations

from typing import Any

import pytest
from oracles.tables import DISTINCT, REPEATED, interactions_from

from harness import registry
from harness.data import (
    KCore,
    MinRating,
    SourceData,
    UserFilter,
    apply_filters,
)
from harness.errors import DataError


def test_steps_tell_what_each_filter_did() -> None:
    result = apply_filters(interactions_from(DISTINCT), [MinRating(value=3), KCore(users=2, items=1)])
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
    rows = interactions_from(DISTINCT)
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
        apply_filters(interactions_from(DISTINCT), [MinRating(value=3), KCore(users=4, items=1)])


@pytest.mark.parametrize("group", ["filters", "splits"])
def test_components_know_their_registered_names(group: str) -> None:
    kinds: list[Any] = [registry.load(group, name).kind for name in registry.BUILT_IN[group]]
    assert kinds == list(registry.BUILT_IN[group])


def test_what_was_asked_is_short_in_the_error() -> None:
    with pytest.raises(DataError, match=r"filter users \(allow: 2 ids\) removed all 5"):
        apply_filters(interactions_from(REPEATED), [UserFilter(allow=(8, 9))])
