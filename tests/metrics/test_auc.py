"""Area under the ROC curve: how often a relevant item scores above another candidate."""

from __future__ import annotations

import pytest
from metric_cases import MetricCases, RankCase


def auc(order, relevant):
    others = [item for item in order if item not in relevant]
    total = 0.0
    for item in relevant:
        if item in order:
            below = sum(order.index(other) > order.index(item) for other in others)
            total += below / len(others) if others else 0.5
    return total / len(relevant)


CASES = MetricCases(
    "auc",
    oracle=auc,
    by_hand=[
        RankCase([9, 8, 7, 6], [0, 2], value=3 / 4),
        RankCase([9, 8, 8, 6], [1], value=1 / 2),  # below one, ties with one, above one
        RankCase([9, None, 7], [1], value=0.0),
        RankCase([5, 5], [0, 1], value=1 / 2),  # all are relevant
    ],
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
