"""Expected popularity complement."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import discounted

LOG3 = math.log2(3)


def epc(ranked, relevant, user, k, known, of="items"):
    return discounted(ranked, relevant, k, known, lambda item: 1 - known["popularity"][item] / known["users"], of)


CASES = MetricCases(
    "epc",
    oracle=epc,
    by_hand=[
        ListCase([[1, 0]], [[5]], k=2, value=0.5 / (1 + 1 / LOG3)),
        ListCase([[5, -1]], [[5]], k=2, value=1 / (1 + 1 / LOG3)),
        ListCase([[2, 1]], [[1]], k=2, value=(0.5 / LOG3) / (1 + 1 / LOG3), options={"of": "hits"}),
    ],
    family="novelty",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
