"""Novelty: the mean self-information of the recommended items."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean


def novelty(ranked, relevant, user, k, known):
    return mean([-math.log2(max(known["popularity"][item], 1) / known["users"]) for item in items(ranked, k, known)])


CASES = MetricCases(
    "novelty",
    oracle=novelty,
    by_hand=[
        ListCase([[1, 2]], [[5]], k=2, value=(1 + 3) / 2),
        ListCase([[5, -1]], [[5]], k=2, value=3.0),
        ListCase([[-1, -1]], [[5]], k=2, value=0.0),
    ],
    family="novelty",
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
