"""Reciprocal rank of the first relevant item among all candidates."""

from __future__ import annotations

import pytest
from metric_cases import MetricCases, RankCase
from oracles.exact_ranks import rank


def reciprocal_rank(order, relevant):
    return max((1 / rank(order, item) for item in relevant if item in order), default=0.0)


CASES = MetricCases(
    "reciprocal_rank",
    oracle=reciprocal_rank,
    by_hand=[
        RankCase([9, 8, 7, 6], [1, 2], value=1 / 2),
        RankCase([9, 8, 8, 6], [1], value=(1 / 2 + 1 / 3) / 2),
        RankCase([9, None], [1], value=0.0),
    ],
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
