"""Diversity: how different the lists of different users are."""

from __future__ import annotations

import itertools

import pytest
from metric_cases import ListCase, MetricCases
from oracles.item_sets import sets_of


def diversity(lists, k, n_items):
    distances = [
        1 - len(one & other) / len(one | other)
        for one, other in itertools.combinations(sets_of(lists, k, n_items), 2)
        if one | other
    ]
    return sum(distances) / len(distances) if distances else 0.0


CASES = MetricCases(
    "diversity",
    oracle=diversity,
    by_hand=[
        ListCase([[0, 1], [1, 2], [3, 4]], [[5], [6], [7]], k=2, value=(2 / 3 + 1 + 1) / 3, n_items=8),
        ListCase([[0, 0], [0, 1]], [[5], [6]], k=2, value=1 / 2, n_items=8),  # lists are sets
        ListCase([[0, 1], [-1, -1], [-1, -1]], [[5], [6], [7]], k=2, value=1.0, n_items=8),  # no pair is empty twice
        ListCase([[0, 1]], [[5]], k=2, value=0.0, n_items=8),
    ],
    family="diversity",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
