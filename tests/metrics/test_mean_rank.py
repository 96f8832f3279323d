"""Mean rank of the relevant items among all candidates."""

from __future__ import annotations

import math

import pytest
from metric_cases import MetricCases, RankCase
from oracles.exact_ranks import rank


def mean_rank(order, relevant):
    return sum(rank(order, item) for item in relevant) / len(relevant)


CASES = MetricCases(
    "mean_rank",
    oracle=mean_rank,
    by_hand=[
        RankCase([9, 8, 7, 6], [0, 2], value=2.0),
        RankCase([9, 8, 8, 6], [1], value=2.5),
        RankCase([9, 8, None, 6], [1, 2], value=3.0),  # 2, and behind all three
    ],
    higher_is_better=False,
    lower=1.0,
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
