"""Mean percentile rank of the relevant items among all candidates."""

from __future__ import annotations

import pytest
from metric_cases import MetricCases, RankCase


def mean_percentile_rank(order, relevant):
    shares = [1.0 if item not in order else order.index(item) / max(len(order) - 1, 1) for item in relevant]
    return sum(shares) / len(shares)


CASES = MetricCases(
    "mean_percentile_rank",
    oracle=mean_percentile_rank,
    by_hand=[
        RankCase([9, 8, 7, 6, 5], [0, 2], value=1 / 4),
        RankCase([3, 3, 3], [1], value=1 / 2),
        RankCase([None, 2], [0, 1], value=1 / 2),  # 1, and 0 as the one candidate
    ],
    higher_is_better=False,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
