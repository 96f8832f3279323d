"""Statistical parity between popular and long-tail items."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import disparity, halves, items


def pop_rsp(users, k, known, head=0.8):
    chances = []
    for group in halves(known, head):
        listed = sum(len(group & set(items(ranked, k, known))) for ranked, _, _ in users)
        chances.append((listed, sum(len(group - set(known["history"][user])) for _, _, user in users)))
    return disparity(chances)


CASES = MetricCases(
    "pop_rsp",
    oracle=pop_rsp,
    by_hand=[
        ListCase([[1], [2]], [[5], [5]], k=1, value=(1 - 1 / 8) / (1 + 1 / 8)),
        ListCase([[-1]], [[5]], k=1, value=0.0),
    ],
    family="popularity_bias",
    higher_is_better=False,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
