"""Equal opportunity for popular and long-tail items."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import disparity, halves, items


def pop_reo(users, k, known, head=0.8):
    chances = []
    for group in halves(known, head):
        found = sum(len(group & set(relevant) & set(items(ranked, k, known))) for ranked, relevant, _ in users)
        chances.append((found, sum(len(group & set(relevant)) for _, relevant, _ in users)))
    return disparity(chances)


CASES = MetricCases(
    "pop_reo",
    oracle=pop_reo,
    by_hand=[
        ListCase([[0, 2], [0, 5]], [[0, 2], [0, 3]], k=2, value=(1 - 0.5) / 1.5),
        ListCase([[1]], [[5]], k=1, value=0.0),
    ],
    family="popularity_bias",
    higher_is_better=False,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
