"""Hit rate: whether a list finds any relevant item."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags


def hit_rate(ranked, relevant, k):
    return 1.0 if any(flags(ranked, relevant, k)) else 0.0


CASES = MetricCases(
    "hit_rate",
    oracle=hit_rate,
    by_hand=[
        ListCase([[7, 1, 2], [3, 4, 5]], [[1, 2, 3], [6]], k=3, value=1 / 2),
        ListCase([[7, 1]], [[1]], k=1, value=0.0),
    ],
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
