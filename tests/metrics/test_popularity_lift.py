"""Popularity lift: how much more popular the lists are than the histories."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean


def popularity_lift(users, k, known):
    both = [
        (
            mean([known["popularity"][item] for item in items(ranked, k, known)]),
            mean([known["popularity"][item] for item in known["history"][user]]),
        )
        for ranked, _, user in users
        if items(ranked, k, known) and known["history"][user]
    ]
    before = sum(history for _, history in both)
    return sum(listed for listed, _ in both) / before - 1 if before else 0.0


CASES = MetricCases(
    "popularity_lift",
    oracle=popularity_lift,
    by_hand=[
        ListCase([[1], [2]], [[5], [5]], k=1, value=5 / 14 - 1),
        ListCase([[-1]], [[5]], k=1, value=0.0),
    ],
    family="popularity_bias",
    higher_is_better=False,
    lower=-1.0,
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
