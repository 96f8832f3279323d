from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.splitting import Row
from oracles.tables import interactions_from
from strategies import INTERACTION_ROWS

from harness.artifacts import Interactions
from harness.data.readers.duplicate_rows import merge_duplicates
from harness.errors import DataError

BY_HAND = [Row(1, 10, 5, 4), Row(2, 10, 1, 1), Row(1, 10, 3, 2), Row(1, 11, 5, 2), Row(1, 10, 5, 1.5)]


def told(interactions: Interactions) -> list[list[float]]:
    return interactions.frame().values.tolist()


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ("keep", [[row.user, row.item, row.time, row.rating] for row in BY_HAND]),
        ("first", [[2, 10, 1, 1], [1, 10, 3, 2], [1, 11, 5, 2]]),
        ("last", [[2, 10, 1, 1], [1, 11, 5, 2], [1, 10, 5, 1.5]]),
        ("sum", [[2, 10, 1, 1], [1, 11, 5, 2], [1, 10, 5, 7.5]]),
    ],
)
def test_by_hand(rule, rows) -> None:
    merged = merge_duplicates(interactions_from(BY_HAND), rule)
    assert told(merged) == rows
    assert len(merged) == len(rows)


def test_without_times_the_file_decides_and_without_ratings_rows_count() -> None:
    bare = replace(interactions_from(BY_HAND), timestamps=None, values=None)
    counted = replace(bare, values=np.arange(5, dtype=np.float32))
    assert told(merge_duplicates(counted, "first")) == [[1, 10, 0], [2, 10, 1], [1, 11, 3]]
    assert told(merge_duplicates(counted, "last")) == [[2, 10, 1], [1, 11, 3], [1, 10, 4]]
    assert told(merge_duplicates(bare, "sum")) == [[2, 10, 1], [1, 11, 1], [1, 10, 3]]


@settings(max_examples=60, deadline=None)
@given(INTERACTION_ROWS, st.sampled_from(["first", "last", "sum"]))
def test_equals_a_loop_over_pairs(rows: list[Row], rule) -> None:
    placed = sorted(enumerate(rows), key=lambda entry: (entry[1].user, entry[1].item, entry[1].time, entry[0]))
    expected = []
    for _, group in groupby(placed, key=lambda entry: (entry[1].user, entry[1].item)):
        pair = list(group)
        place, row = pair[0] if rule == "first" else pair[-1]
        rating = sum(other.rating for _, other in pair) if rule == "sum" else row.rating
        expected.append((place, [row.user, row.item, row.time, np.float32(rating)]))
    merged = merge_duplicates(interactions_from(rows), rule)
    assert told(merged) == [row for _, row in sorted(expected, key=lambda entry: entry[0])]
    assert len(merged) == len(expected)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 10, width=32), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_sum_has_the_same_bits_in_any_order(ratings: list[float], random) -> None:
    shuffled = random.sample(ratings, len(ratings))
    sums = [
        merge_duplicates(interactions_from([Row(1, 1, 0, rating) for rating in some]), "sum").values
        for some in (ratings, shuffled)
    ]
    assert sums[0] is not None
    assert sums[1] is not None
    assert sums[0].tobytes() == sums[1].tobytes()


def test_a_sum_that_is_too_large() -> None:
    with pytest.raises(DataError, match="add up to more than a 32-bit float holds"):
        merge_duplicates(interactions_from([Row(1, 1, 0, 3e38), Row(1, 1, 1, 3e38)]), "sum")
