"""Unexpectedness: the share of a list that the popularity baseline would not have shown."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.catalogue import expected, items


def unexpectedness(ranked, relevant, user, k, known):
    return len(set(items(ranked, k, known)) - expected(user, k, known)) / k


CASES = MetricCases(
    "unexpectedness",
    oracle=unexpectedness,
    by_hand=[
        ListCase([[1], [4]], [[5], [5]], k=1, value=0.0),
        ListCase([[2], [5]], [[5], [5]], k=1, value=1.0),
    ],
    family="novelty",
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
