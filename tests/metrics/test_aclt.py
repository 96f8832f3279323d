"""Average coverage of long-tail items."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, tail


def aclt(ranked, relevant, user, k, known, head=0.8):
    return float(sum(item in tail(known, head) for item in items(ranked, k, known)))


CASES = MetricCases(
    "aclt",
    oracle=aclt,
    by_hand=[
        ListCase([[3, 2]], [[5]], k=2, value=2.0),
        ListCase([[3, 3]], [[5]], k=2, value=1.0),
    ],
    family="popularity_bias",
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
