"""F1: the harmonic mean of precision and recall."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags


def f1(ranked, relevant, k):
    hits = sum(flags(ranked, relevant, k))
    precision, recall = hits / k, hits / len(set(relevant))
    return 2 * precision * recall / (precision + recall) if hits else 0.0


CASES = MetricCases(
    "f1",
    oracle=f1,
    by_hand=[
        ListCase([[1, 7]], [[1, 2, 3, 4]], k=2, value=1 / 3),  # precision 1/2, recall 1/4
        ListCase([[7, 8]], [[1]], k=2, value=0.0),
        ListCase([[1, -1]], [[1]], k=2, value=2 / 3),
    ],
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
