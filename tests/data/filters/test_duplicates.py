"""Remove interactions that repeat a pair of user and item."""

from __future__ import annotations

from dataclasses import replace

from oracles.splitting import Row
from oracles.tables import REPEATED, interactions_from, rows_of

from harness.data import Duplicates


def test_duplicates_by_hand() -> None:
    kept = {
        keep: rows_of(Duplicates(keep=keep).apply(interactions_from(REPEATED))) for keep in ("first", "last", "none")
    }
    assert kept["first"] == [row for row in REPEATED if row != Row(1, 10, 5, 3)]
    assert kept["last"] == [row for row in REPEATED if row != Row(1, 10, 2, 4)]
    assert kept["none"] == REPEATED[2:]


def test_duplicates_without_times_go_by_the_order_of_the_file() -> None:
    rows = replace(interactions_from(REPEATED), timestamps=None)
    kept = [Duplicates(keep=keep).apply(rows).values for keep in ("first", "last")]
    assert [values.tolist() for values in kept if values is not None] == [[3, 5, 1, 2], [4, 5, 1, 2]]
