"""Hold out a share of the users."""

from __future__ import annotations

from oracles.tables import FIVE_AND_ONE, interactions_from, items_of_parts

from harness.data import UserHoldout


def test_user_holdout_by_hand() -> None:
    # Only user 1 has more than three.
    split = UserHoldout(test=0.5, fold_in=3).split(interactions_from(FIVE_AND_ONE))
    assert items_of_parts(split) == [[10], [], [13, 14], [10, 11, 12]]
    assert split.facts["users_too_short_to_hold_out"] == 1
    assert split.facts["fold_in"]["interactions"] == 3
    # Item 10 alone is in train; 13 and 14 are in nobody's history.
    assert split.facts["test_unseen_in_history"] == {"interactions": 2, "items": 2}
