"""Share of all recommendations that go to long-tail items."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import items, mean, tail


def tail_share(users, k, known, head=0.8):
    every = [item for ranked, _, _ in users for item in items(ranked, k, known)]
    return mean([float(item in tail(known, head)) for item in every])


CASES = MetricCases(
    "tail_share",
    oracle=tail_share,
    by_hand=[
        ListCase([[0, 2], [0, -1]], [[5], [5]], k=2, value=1 / 3),
        ListCase([[-1]], [[5]], k=1, value=0.0),
    ],
    family="concentration",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
