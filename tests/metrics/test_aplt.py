"""Average percentage of long-tail items."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean, tail


def aplt(ranked, relevant, user, k, known, head=0.8):
    return mean([float(item in tail(known, head)) for item in items(ranked, k, known)])


CASES = MetricCases(
    "aplt",
    oracle=aplt,
    by_hand=[
        ListCase([[0, 2]], [[5]], k=2, value=0.5),
        ListCase([[0, 1]], [[5]], k=2, value=0.5, options={"head": 0.5}),
        ListCase([[2, 2]], [[5]], k=2, value=1.0),
    ],
    family="popularity_bias",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
