"""Shannon entropy of how often each item is recommended."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.item_sets import counts_of


def shannon_entropy(lists, k, n_items, base="e"):
    counts = counts_of(lists, k, n_items)
    total = sum(counts.values())
    return sum(count / total * math.log(total / count, {"e": math.e, "2": 2}[base]) for count in counts.values())


CASES = MetricCases(
    "shannon_entropy",
    oracle=shannon_entropy,
    by_hand=[
        ListCase([[0, 1], [2, 3]], [[5], [6]], k=2, value=math.log(4), n_items=8),
        ListCase([[0, 0], [0, -1]], [[5], [6]], k=2, value=0.0, n_items=8),
        ListCase([[1, 2], [3, 4]], [[1], [1]], k=2, value=2.0, options={"base": "2"}),
    ],
    family="concentration",
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
