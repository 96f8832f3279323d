"""Calibration: whether a list has the user's interests in the shares that the history has."""

from __future__ import annotations

import math

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean


def shares(some, known):
    found = [known["categories"][item] for item in some if known["categories"][item]]
    names = {name for names in known["categories"] for name in names}
    return {name: mean([(name in one) / len(one) for one in found]) for name in names} if found else None


def calibration(ranked, relevant, user, k, known, divergence="kl", alpha=0.01):
    p, q = shares(known["history"][user], known), shares(items(ranked, k, known), known)
    if p is None:
        return 0.0
    if divergence == "js":
        if q is None:
            return 1.0
        middle = {name: (p[name] + q[name]) / 2 for name in p}
        return sum(
            0.5 * side[name] * math.log2(side[name] / middle[name]) for side in (p, q) for name in p if side[name]
        )
    q = q or dict.fromkeys(p, 0.0)
    return sum(p[name] * math.log(p[name] / ((1 - alpha) * q[name] + alpha * p[name])) for name in p if p[name])


CASES = MetricCases(
    "calibration",
    oracle=calibration,
    by_hand=[
        ListCase([[0]], [[5]], k=1, value=0.0),
        ListCase([[4]], [[5]], k=1, value=math.log(100)),
        ListCase([[1]], [[5]], k=1, value=math.log(1 / 0.75), options={"alpha": 0.5}),
        ListCase([[2]], [[5]], k=1, value=1.0, options={"divergence": "js"}),
        ListCase([[4]], [[5]], k=1, value=1.0, options={"divergence": "js"}),
    ],
    family="calibration",
    higher_is_better=False,
    upper=math.inf,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
