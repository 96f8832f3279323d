"""Keep interactions with a minimum rating."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from oracles.splitting import Row
from oracles.tables import REPEATED, interactions_from, pairs_of, rows_of
from strategies import INTERACTION_ROWS

from harness.artifacts import Interactions, Vocabulary
from harness.data import (
    MinRating,
)
from harness.errors import DataError


def test_min_rating_by_hand() -> None:
    assert pairs_of(MinRating(value=3).apply(interactions_from(REPEATED))) == [(1, 10), (1, 10), (1, 11)]


@settings(max_examples=40, deadline=None)
@given(INTERACTION_ROWS)
def test_min_rating_keeps_what_reaches_it(rows: list[Row]) -> None:
    left = MinRating(value=3).apply(interactions_from(rows))
    assert rows_of(left) == [row for row in rows if row.rating >= 3]
    assert set(left.item_ids.ids) == {row.item for row in rows if row.rating >= 3}


def test_min_rating_compares_in_the_precision_of_ratings() -> None:
    rows = interactions_from([Row(1, 10, 0, 4.1), Row(1, 11, 0, 4.0)])
    assert [row.item for row in rows_of(MinRating(value=4.1).apply(rows))] == [10]


def test_min_rating_without_ratings() -> None:
    ids = Vocabulary.of([1])
    zero = np.zeros(1, dtype=np.int32)
    with pytest.raises(DataError, match=r"min_rating needs ratings.*dataset\.columns\.rating"):
        MinRating(value=4).apply(Interactions(users=zero, items=zero, user_ids=ids, item_ids=ids))
