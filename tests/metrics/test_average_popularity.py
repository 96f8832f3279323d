"""Average popularity of the recommended items."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean


def average_popularity(ranked, relevant, user, k, known):
    return mean([known["popularity"][item] for item in items(ranked, k, known)])


CASES = MetricCases(
    "average_popularity",
    oracle=average_popularity,
    by_hand=[
        ListCase([[0, 2]], [[5]], k=2, value=4.5),
        ListCase([[5, 5]], [[5]], k=2, value=0.0),
    ],
    family="popularity_bias",
    higher_is_better=False,
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
