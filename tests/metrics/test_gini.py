"""Gini coefficient of how often each item is recommended."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.item_sets import counts_of


def gini(lists, k, n_items):
    """Half the mean absolute difference of all pairs of items, over the mean."""
    counts = counts_of(lists, k, n_items)
    every = [counts[item] for item in range(n_items)]
    differences = sum(abs(one - other) for one in every for other in every)
    return differences / (2 * n_items * sum(every)) if sum(every) else 0.0


CASES = MetricCases(
    "gini",
    oracle=gini,
    by_hand=[
        ListCase([[0, 1], [0, -1], [0, -1]], [[2], [2], [2]], k=2, value=(3 * 3 + 1 * 1) / (4 * 4), n_items=4),
        ListCase([[0, 0], [1, 1]], [[0], [1]], k=2, value=0.0, n_items=2),  # a list holds an item once
        ListCase([[-1, -1]], [[0]], k=2, value=0.0, n_items=2),
    ],
    family="concentration",
    higher_is_better=False,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
