"""Hold out a random share of each user's interactions."""

from __future__ import annotations

from oracles.splitting import Row
from oracles.tables import interactions_from, parts_of

from harness.data import RandomSplit


def test_random_by_hand() -> None:
    # Plays of one item have one hash, so that their order in time is left to decide.
    rows = [Row(1, 10, time, 1) for time in (4, 1, 3, 2)] + [Row(2, 10, 1, 1)]
    split = RandomSplit(test=0.25, validation=0.25).split(interactions_from(rows))
    told = {part: [row.time for row in chosen] for part, chosen in parts_of(split).items()}
    assert told == {"train": [1, 2, 1], "validation": [3], "test": [4]}
