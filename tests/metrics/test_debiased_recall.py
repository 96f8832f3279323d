"""Recall, corrected for popularity bias in the data."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, weight


def debiased_recall(ranked, relevant, user, k, known, gamma=2.0):
    found = set(items(ranked, k, known)) & set(relevant)
    return sum(weight(item, known, gamma) for item in found) / sum(weight(item, known, gamma) for item in set(relevant))


CASES = MetricCases(
    "debiased_recall",
    oracle=debiased_recall,
    by_hand=[
        ListCase([[0, -1]], [[0, 2]], k=2, value=(1 / 8) / (1 / 8 + 1), options={"gamma": 1.0}),
        ListCase([[0, 2]], [[0, 2]], k=2, value=1.0),
        ListCase([[1]], [[1, 5]], k=1, value=0.5 / 1.5, options={"gamma": 0.0}),
    ],
    family="debiased",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
