"""Expected free discovery."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import discounted


def efd(ranked, relevant, user, k, known, of="items"):
    total = max(1, sum(known["popularity"]))
    value = lambda item: max(0.0, -math.log2(max(known["popularity"][item], 1) / total))  # noqa: E731
    return discounted(ranked, relevant, k, known, value, of)


CASES = MetricCases(
    "efd",
    oracle=efd,
    by_hand=[
        ListCase([[2]], [[5]], k=1, value=math.log2(15)),
        ListCase([[5]], [[5]], k=1, value=math.log2(15)),
        ListCase([[2, 1]], [[2]], k=1, value=math.log2(15), options={"of": "hits"}),
    ],
    family="novelty",
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
