"""Keep users and items whose number of interactions is within limits."""

from __future__ import annotations

from oracles.tables import REPEATED, interactions_from, pairs_of

from harness.data import Counts


def test_counts_by_hand() -> None:
    # User 1 has three, items 11 and 12 one each, all counted once: item 10 stays below its minimum after.
    assert pairs_of(Counts(max_per_user=2, min_per_item=3).apply(interactions_from(REPEATED))) == [(2, 10)]
