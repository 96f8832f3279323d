"""Hold out the last share of each user's interactions."""

from __future__ import annotations

from oracles.tables import FIVE_AND_ONE, interactions_from, items_of_parts

from harness.data import UserTime


def test_user_time_by_hand() -> None:
    # 0.3 of 5 is 1.5, rounded up to 2; 0.5 of 5 is 2.5, rounded up to 3; one of one stays in train.
    split = UserTime(test=0.3, validation=0.2).split(interactions_from(FIVE_AND_ONE))
    assert items_of_parts(split) == [[10, 11, 10], [12], [13, 14], []]
    assert split.facts["users_without_test"] == 1
