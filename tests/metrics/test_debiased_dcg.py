"""Discounted cumulative gain, corrected for popularity bias in the data."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import clean, weight

LOG3 = math.log2(3)


def debiased_dcg(ranked, relevant, user, k, known, gamma=2.0):
    places = clean(ranked, k, len(known["popularity"]))
    found = sum(
        weight(item, known, gamma) / math.log2(place + 2) for place, item in enumerate(places) if item in set(relevant)
    )
    return found / sum(weight(item, known, gamma) for item in set(relevant))


CASES = MetricCases(
    "debiased_dcg",
    oracle=debiased_dcg,
    by_hand=[
        ListCase([[-1, 0]], [[0, 2]], k=2, value=(1 / 8 / LOG3) / (1 / 8 + 1), options={"gamma": 1.0}),
        ListCase([[2, -1]], [[2]], k=2, value=1.0),
    ],
    family="debiased",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
