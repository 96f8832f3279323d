"""Rank-biased precision."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags


def rbp(ranked, relevant, k, p=0.8):
    return (1 - p) * sum(p**place for place, hit in enumerate(flags(ranked, relevant, k)) if hit)


CASES = MetricCases(
    "rbp",
    oracle=rbp,
    by_hand=[
        ListCase([[1, 7, 2]], [[1, 2]], k=3, value=0.2 * (1 + 0.64)),
        ListCase([[7, 1]], [[1]], k=2, value=0.2 * 0.8),
        ListCase([[1, 7, 2]], [[1, 2]], k=3, value=0.625, options={"p": 0.5}),
    ],
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
