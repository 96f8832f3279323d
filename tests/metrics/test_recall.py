"""Recall: the share of the relevant items that a list finds."""

from __future__ import annotations

import pytest
from metric_cases import ListCase, MetricCases
from oracles.ranking import flags


def recall(ranked, relevant, k, denominator="relevant"):
    whole = len(set(relevant))
    return sum(flags(ranked, relevant, k)) / (min(whole, k) if denominator == "min_k" else whole)


CASES = MetricCases(
    "recall",
    oracle=recall,
    by_hand=[
        ListCase([[7, 1, 2]], [[1, 2, 3]], k=3, value=2 / 3),
        ListCase([[1, 1, 2]], [[1, 2]], k=2, value=1 / 2),  # the second 1 is a miss, and 2 stays at rank 3
        ListCase([[1, -1], [4, 5]], [[1], [6]], k=2, value=1 / 2),
        ListCase([[7, 1]], [[1, 2, 3]], k=2, value=1 / 2, options={"denominator": "min_k"}),
    ],
    rises_with_k=True,
)


@pytest.mark.parametrize("case", CASES.by_hand)
def test_worked_by_hand(case):
    CASES.check(case)


def test_equals_the_oracle_on_random_lists():
    CASES.check_random()
