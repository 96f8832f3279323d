"""Catalogue coverage: the share of the catalogue that is recommended to anyone."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.item_sets import sets_of


def coverage(lists, k, n_items):
    return len(set().union(*sets_of(lists, k, n_items))) / n_items


CASES = MetricCases(
    "coverage",
    oracle=coverage,
    by_hand=[
        ListCase([[0, 1], [1, 2]], [[5], [6]], k=2, value=3 / 8, n_items=8),
        ListCase([[0, 1], [1, -1]], [[5], [6]], k=1, value=2 / 8, n_items=8),
        ListCase([[0, -1], [-1, -1]], [[5], [6]], k=2, value=1 / 8, n_items=8),
    ],
    family="coverage",
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
